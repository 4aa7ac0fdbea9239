"""Rates, exemptions, rounding, totals; and what cannot be made."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from common.domain.money import Money
from tests.tmf678_bill.billing.accounts import VAT, VAT_INSIDE, D, account, day, money, monthly, product, span
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.rates import RateTable, applied
from tmf678_bill.billing.rounding import rounded, shares, total
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import (
    Charge,
    Exemption,
    Item,
    OtherCurrency,
    Policy,
    RateSource,
    RatesOverlap,
    Rounding,
    Statement,
    TaxClass,
    TaxGroup,
    TaxRate,
    TaxRounding,
)

PER_RATE = Policy(tax_rounding=TaxRounding.PER_RATE)


@pytest.mark.parametrize(
    ("exact", "currency", "half_even", "half_up"),
    [
        ("0.125", "EUR", "0.12", "0.13"),
        ("0.135", "EUR", "0.14", "0.14"),
        ("-0.125", "EUR", "-0.12", "-0.13"),
        ("0.1250000000000000000000000000000000000000000000000001", "EUR", "0.13", "0.13"),
        ("0.1249999999999999999999999999999999999999999999999999", "EUR", "0.12", "0.12"),
        ("0.004", "EUR", "0.00", "0.00"),
        ("-0.004", "EUR", "0.00", "0.00"),
        ("10.5", "JPY", "10", "11"),
        ("11.5", "JPY", "12", "12"),
        ("1.0005", "KWD", "1.000", "1.001"),
        ("7", "KWD", "7.000", "7.000"),
        ("1.00005", "CLF", "1.0000", "1.0001"),
    ],
)
def test_the_middle_goes_to_the_even_unit_or_away_from_zero(
    exact: str, currency: str, half_even: str, half_up: str
) -> None:
    found = [rounded(Fraction(exact), currency, mode).amount for mode in (Rounding.HALF_EVEN, Rounding.HALF_UP)]

    assert [str(one) for one in found] == [half_even, half_up]


def test_shares_are_differences_of_the_rounded_sums() -> None:
    third = Fraction(1, 3)

    assert [str(one.amount) for one in shares([third] * 4, "EUR", Rounding.HALF_EVEN)] == [
        "0.33", "0.34", "0.33", "0.33",
    ]  # fmt: skip
    assert [str(one.amount) for one in shares([third, -third], "EUR", Rounding.HALF_EVEN)] == ["0.33", "-0.33"]
    assert list(shares([], "EUR", Rounding.HALF_EVEN)) == []


def test_a_total_is_the_sum() -> None:
    assert total([Fraction(1, 3), Fraction(2, 3), Fraction(1, 7)]) == Fraction(8, 7)


def charge(tax: TaxClass = VAT, amount: str = "100.00", place: str | None = "US-NY", **more: Any) -> Charge:
    facts = account(product("line", ("2026-03-01", [monthly("Plan", amount, tax=tax)])), place=place)
    (made,) = propose(facts, day("2026-03-01"))
    return replace(made, **more)


TABLE = RateTable(
    [
        TaxRate("VAT", "US-NY", D(4), None, day("2026-03-01")),
        TaxRate("VAT", "US-NY", D(5), day("2026-03-01"), day("2026-03-02")),
        TaxRate("VAT", "US", D(6), day("2026-01-01")),
        TaxRate("GST", "", D(7)),
    ]
)
GST, NONE = TaxClass("GST", D(1)), TaxClass()
LATER = span("2026-03-02", "2026-04-01")
BEFORE = span("2026-02-28", "2026-04-01")


@pytest.mark.parametrize(
    ("of", "rate", "source"),
    [
        (charge(), "5", RateSource.TABLE),
        (charge(span=BEFORE), "4", RateSource.TABLE),
        (charge(span=LATER), "6", RateSource.TABLE),
        (charge(place="US-NY-ALBANY"), "5", RateSource.TABLE),
        (charge(place="US-NYX"), "6", RateSource.TABLE),
        (charge(place="DE"), "20", RateSource.PRICE),
        (charge(place=None), "20", RateSource.PRICE),
        (charge(GST, place=None), "7", RateSource.TABLE),
        (charge(GST, place="DE-BY"), "7", RateSource.TABLE),
        (charge(TaxClass("VAT"), place="DE"), "0", RateSource.NONE),
        (charge(TaxClass("VAT"), place="US"), "6", RateSource.TABLE),
        (charge(TaxClass(None, D(3))), "3", RateSource.PRICE),
        (charge(NONE), "0", RateSource.NONE),
    ],
)
def test_the_rate_of_the_place_and_the_day_else_that_of_the_price(of: Charge, rate: str, source: RateSource) -> None:
    found = applied(of, TABLE, ())

    assert (found.rate, found.source, found.certificate) == (D(rate), source, None)


@pytest.mark.parametrize(
    ("exemption", "is_exempt"),
    [
        (Exemption("X"), True),
        (Exemption("X", "VAT"), True),
        (Exemption("X", "GST"), False),
        (Exemption("X", place="US"), True),
        (Exemption("X", place="US-NY"), True),
        (Exemption("X", place="US-N"), False),
        (Exemption("X", place="DE"), False),
        (Exemption("X", start=day("2026-03-01"), end=day("2026-03-02")), True),
        (Exemption("X", start=day("2026-03-02")), False),
        (Exemption("X", end=day("2026-03-01")), False),
    ],
)
def test_a_certificate_exempts_what_it_is_for_where_and_while_it_holds(exemption: Exemption, is_exempt: bool) -> None:
    found = applied(charge(), TABLE, [Exemption("other", "GST"), exemption])

    expected = (D(0), RateSource.EXEMPT, "X") if is_exempt else (D(5), RateSource.TABLE, None)
    assert (found.rate, found.source, found.certificate) == expected


def test_what_is_not_taxed_needs_no_exemption() -> None:
    assert applied(charge(NONE), TABLE, [Exemption("X")]).source is RateSource.NONE


@pytest.mark.parametrize(
    ("rows", "is_refused"),
    [
        ([TaxRate("VAT", "DE", D(1)), TaxRate("VAT", "DE", D(2))], True),
        ([TaxRate("VAT", "DE", D(1)), TaxRate("VAT", "DE", D(2), day("2026-01-01"))], True),
        ([TaxRate("VAT", "DE", D(2), day("2026-01-01")), TaxRate("VAT", "DE", D(1), None, day("2026-01-02"))], True),
        ([TaxRate("VAT", "DE", D(2), day("2026-01-01")), TaxRate("VAT", "DE", D(1), None, day("2026-01-01"))], False),
        ([TaxRate("VAT", "DE", D(1)), TaxRate("VAT", "AT", D(2)), TaxRate("GST", "DE", D(3))], False),
    ],
)
def test_two_rates_on_one_day_are_refused(rows: list[TaxRate], is_refused: bool) -> None:
    if not is_refused:
        RateTable(rows)
        return
    with pytest.raises(RatesOverlap) as refused:
        RateTable(rows)
    assert refused.value.code == "tax.overlap"


def test_groups_are_by_category_rate_inclusive_and_certificate() -> None:
    exempt = applied(charge(), TABLE, [Exemption("X-1")])
    made = state(
        [
            charge(amount="1.00"),
            charge(VAT_INSIDE, "1.00"),
            charge(GST, "1.00"),
            charge(amount="2.00"),
            charge(NONE, "3.00"),
            charge(amount="5.00", applied=exempt),
        ],
        rates=TABLE,
    )

    shown = [(one.category, one.rate, one.is_inclusive, one.certificate, one.items) for one in made.groups]
    assert shown == [
        (None, D(0), False, None, 1),
        ("GST", D(7), False, None, 1),
        ("VAT", D(0), False, "X-1", 1),
        ("VAT", D(5), False, None, 2),
        ("VAT", D(5), True, None, 1),
    ]
    assert (made.net, made.tax, made.gross) == (money("12.95"), money("0.27"), money("13.22"))
    assert not made.is_credit


def test_by_rate_lines_of_both_signs_share_the_tax_of_their_sum() -> None:
    made = state([charge(amount="0.34"), charge(amount="0.34"), charge(amount="-0.34")], PER_RATE)

    # 20 % of 0.34 is 0.068, of 0.68 0.136.
    assert [str(one.tax.amount) for one in made.items] == ["0.07", "0.07", "-0.07"]
    assert made.groups[0].tax == money("0.07")


def test_inclusive_by_rate_rounds_the_net_price_of_the_sum() -> None:
    by_line = state([charge(VAT_INSIDE, "0.10")] * 3)
    by_rate = state([charge(VAT_INSIDE, "0.10")] * 3, PER_RATE)

    assert [str(one.net.amount) for one in by_line.items] == ["0.08", "0.08", "0.08"]
    assert [str(one.net.amount) for one in by_rate.items] == ["0.08", "0.09", "0.08"]
    assert (by_line.net, by_rate.net, by_rate.gross) == (money("0.24"), money("0.25"), money("0.30"))


def test_amounts_beyond_28_digits_add_up() -> None:
    large = "123456789012345678901234567890.12"
    made = state([charge(amount=large), charge(amount="0.01")])

    assert str(made.gross.amount) == "148148146814814814681481481468.15"


def test_a_negative_total_is_a_credit() -> None:
    assert state([charge(amount="-1.00")]).is_credit
    assert not state([charge(amount="1.00"), charge(amount="-1.00")]).is_credit


def test_a_statement_has_one_currency_and_at_least_one_item() -> None:
    with pytest.raises(OtherCurrency) as refused:
        state([charge(), replace(charge(), amount=money("1.00", "USD"))])
    assert (refused.value.expected, refused.value.found) == ("EUR", (("line", "Plan", "USD"),))
    with pytest.raises(AssertionError, match="has items"):
        state([])


def test_what_does_not_add_up_cannot_be_made() -> None:
    made = state([charge()])
    item, group = made.items[0], made.groups[0]
    wrong = money("0.01")

    for make in (
        lambda: replace(item, tax=wrong),
        lambda: replace(item, net=money("99.00"), gross=money("119.00")),
        lambda: replace(group, gross=wrong),
        lambda: replace(made, net=wrong),
        lambda: replace(made, items=()),
        lambda: replace(made, groups=()),
        lambda: TaxGroup("VAT", D(0), False, None, money("0.001"), money("0"), money("0.001"), 1),
        lambda: Item(charge(), item.applied, Money(D("100.00"), "EUR"), money("0.005"), money("100.005")),
    ):
        with pytest.raises(AssertionError):
            make()
    assert isinstance(made, Statement)
