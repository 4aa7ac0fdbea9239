"""Money: exact until it is rounded, and rounded as ISO 4217 says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.money import Money, Taxed, minor_units, money_of, taxed

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
RATES = st.decimals(min_value=0, max_value=100, places=3)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(
    ("currency", "units"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0), ("TND", 3), ("XYZ", 2)]
)
def test_minor_units_are_those_of_iso_4217(currency: str, units: int) -> None:
    assert minor_units(currency) == units


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.005", "EUR", "1.00"),
        ("1.015", "EUR", "1.02"),
        ("-1.005", "EUR", "-1.00"),
        ("1.0051", "EUR", "1.01"),
        ("0.5", "JPY", "0"),
        ("1.5", "JPY", "2"),
        ("1.0005", "KWD", "1.000"),
        ("7", "EUR", "7.00"),
        ("1e40", "EUR", "1e40"),
    ],
)
def test_rounding_is_half_even_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert Money(Decimal(amount), currency).rounded() == Money(Decimal(rounded), currency)


def test_nothing_else_rounds() -> None:
    long = Decimal("1." + "3" * 33)

    assert Money(long, "EUR").times(long).amount.as_tuple().exponent == -66
    assert Money(long, "EUR").share(long) == Money(long, "EUR").times(long).times(Decimal("0.01"))
    assert (Money(Decimal("1e30"), "EUR") + Money(Decimal("1e-30"), "EUR")).amount == Decimal(
        "1" + "0" * 30 + "." + "0" * 29 + "1"
    )


def test_nothing_has_no_sign() -> None:
    assert str((-Money(Decimal("0.00"), "EUR")).amount) == str((-Money(Decimal("-0.00"), "EUR")).amount) == "0.00"


def test_two_currencies_have_no_sum() -> None:
    with pytest.raises(AssertionError):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "GBP")


def test_money_is_read_and_written_as_tmf_does() -> None:
    assert money_of({"unit": "EUR", "value": 7}) == Money(Decimal(7), "EUR")
    assert Money(Decimal("7.10"), "EUR").document() == {"unit": "EUR", "value": Decimal("7.10")}
    for broken in (None, {}, {"unit": "EUR"}, {"value": 1}, {"unit": "EUR", "value": "1"}, {"unit": "", "value": 1}):
        assert money_of(broken) is None
    assert money_of({"unit": "EUR", "value": True}) is None


@pytest.mark.parametrize(
    ("amount", "rate", "is_inclusive", "net", "tax"),
    [
        ("8.40", "19", False, "8.40", "1.60"),
        ("15.12", "19", False, "15.12", "2.87"),
        ("60", "20", True, "50.00", "10.00"),
        ("9.99", "19", True, "8.39", "1.60"),
        ("10", "0", False, "10.00", "0.00"),
    ],
)
def test_tax_is_on_top_or_inside(amount: str, rate: str, is_inclusive: bool, net: str, tax: str) -> None:
    price = Money(Decimal(amount), "EUR")

    assert taxed(price, Decimal(rate), is_inclusive=is_inclusive, is_rounded=True) == Taxed(
        Money(Decimal(net), "EUR"), Money(Decimal(tax), "EUR")
    )


def test_without_a_rate_there_is_no_gross_price() -> None:
    assert taxed(Money(Decimal(1), "EUR"), None, is_inclusive=False, is_rounded=True).gross is None


@given(AMOUNTS, RATES, CURRENCIES, st.booleans())
def test_net_and_tax_are_the_gross_price_in_minor_units(
    amount: Decimal, rate: Decimal, currency: str, is_inclusive: bool
) -> None:
    price = taxed(Money(amount, currency), rate, is_inclusive=is_inclusive, is_rounded=True)

    assert price.tax is not None
    assert price.gross == price.net + price.tax
    assert all(one == one.rounded() for one in (price.net, price.tax))
    assert (price.gross if is_inclusive else price.net) == Money(amount, currency).rounded()


@given(AMOUNTS, RATES, CURRENCIES)
def test_a_price_with_its_tax_taken_out_is_the_price_without(amount: Decimal, rate: Decimal, currency: str) -> None:
    gross = taxed(Money(amount, currency), rate, is_inclusive=False, is_rounded=False).gross

    assert gross is not None
    assert gross.without_share(rate).rounded() == Money(amount, currency).rounded()
