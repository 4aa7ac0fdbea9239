"""What is new of a proposal: which amount, about which days, and taxed as what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from common.domain.cycles import Span
from tests.tmf678_bill.billing.accounts import D, day, money
from tmf678_bill.billing.difference import settle, taxed_then
from tmf678_bill.billing.values import AppliedTax, Charge, Existing, Kind, Purpose, RateSource, TaxClass, TaxedAmount

MARCH = Span(day("2026-03-01"), day("2026-04-01"))
TAX_16 = AppliedTax("VAT", D(16), False, RateSource.TABLE, None, "DE")
EXEMPT = AppliedTax("VAT", D(0), False, RateSource.EXEMPT, "X-1", "DE")


def march(text: str) -> tuple[Span, ...]:
    """Days of March: `1-11 21-32`, the last not among them; 32 is 1 April."""
    found = []
    for part in text.split():
        start, end = (int(number) for number in part.split("-"))
        found.append(Span(date_of(start), date_of(end)))
    return tuple(found)


def date_of(number: int) -> object:
    return MARCH.start.fromordinal(MARCH.start.toordinal() + number - 1)


def purpose(key: str = "k", kind: Kind = Kind.RECURRING) -> Purpose:
    return Purpose(key, kind, "line", "plan", "1", "Plan", TaxClass("VAT"), MARCH)


def charge(amount: str, days: str = "1-32", key: str = "k", **more: object) -> Charge:
    covers = march(days)
    span = Span(covers[0].start, covers[-1].end)
    return Charge(purpose(key), money(amount), span, covers, MARCH.start, **more)  # type: ignore[arg-type]


def existing(amount: str, days: str = "1-32", key: str = "k", **more: object) -> Existing:
    taxed = (TaxedAmount(TAX_16, money(amount)),)
    return Existing(purpose(key), money(amount), march(days), taxed=taxed, **more)  # type: ignore[arg-type]


def told(charges: Iterable[Charge]) -> list[tuple[str, AppliedTax | None]]:
    return [(f"{one.amount.amount}", one.applied) for one in charges]


@pytest.mark.parametrize(
    ("proposed", "before", "amount", "about", "is_taxed_as_before"),
    [
        (charge("31"), None, "31", "1-32", False),
        (charge("10", "1-11"), existing("31"), "-21", "11-32", True),
        (charge("21", "1-11 21-32"), existing("31"), "-10", "11-21", True),
        (charge("11", "1-6 11-17"), existing("31"), "-20", "6-32", True),
        (charge("31"), existing("21", "11-32"), "10", "1-11", False),
        (charge("31"), existing("11", "1-6 21-27"), "20", "6-32", False),
        (charge("29"), existing("31"), "-2", "1-32", True),
        (charge("35"), existing("31"), "4", "1-32", False),
        # More for fewer days, less for more: about the days that there are.
        (charge("40", "1-11"), existing("31"), "9", "1-11", False),
        (charge("20"), existing("31", "1-11"), "-11", "1-32", True),
        # A discount that is less now is undone; one that is more is new.
        (charge("-1.50", "1-16"), existing("-3"), "1.50", "16-32", True),
        (charge("-4"), existing("-3"), "-1", "1-32", False),
        (charge("5"), existing("0"), "5", "1-32", False),
    ],
)
def test_the_difference_is_about_the_days_that_changed(
    proposed: Charge, before: Existing | None, amount: str, about: str, is_taxed_as_before: bool
) -> None:
    (new,) = settle([proposed], [] if before is None else [before])

    assert new.amount == money(amount)
    assert (new.span,) == march(about)
    assert new.covers == proposed.covers
    assert new.before == (money("0") if before is None else before.amount)
    assert new.applied == (TAX_16 if is_taxed_as_before else None)


@pytest.mark.parametrize(
    ("proposed", "before"), [(charge("31"), existing("31.00")), (charge("0"), None), (charge("0"), existing("0"))]
)
def test_no_difference_is_no_charge(proposed: Charge, before: Existing | None) -> None:
    assert settle([proposed], [] if before is None else [before]) == ()


def test_what_is_not_proposed_is_given_back_whole_with_its_days_tax_and_quantity() -> None:
    old = existing("31", "1-11 21-32", quantity=D(60), unit="s", place="DE")

    (back,) = settle([], [old, existing("0", key="settled")])

    assert (back.amount, back.span, back.covers) == (money("-31"), MARCH, ())
    assert (back.before, back.applied, back.place) == (money("31"), TAX_16, "DE")
    assert (back.quantity, back.unit, back.purpose) == (D(-60), "s", old.purpose)


def test_what_undoes_items_that_were_taxed_otherwise_is_taxed_as_each_was() -> None:
    """What was charged last is undone first, as far as it goes."""
    both = replace(
        existing("101", quantity=D(60), unit="s"),
        taxed=(TaxedAmount(TAX_16, money("100")), TaxedAmount(EXEMPT, money("1"))),
    )

    back = settle([], [both])
    assert told(back) == [("-1", EXEMPT), ("-100", TAX_16)]
    assert [(one.before, one.quantity) for one in back] == [(money("101"), D(-60)), (money("100"), None)]
    assert told(settle([charge("100")], [both])) == [("-1", EXEMPT)]
    assert told(settle([charge("60")], [both])) == [("-1", EXEMPT), ("-40", TAX_16)]


def test_how_a_key_is_taxed_follows_its_items_in_their_order() -> None:
    taxed: tuple[TaxedAmount, ...] = ()
    for applied, amount in [
        (TAX_16, "100"),
        (EXEMPT, "1"),
        (EXEMPT, "-1"),
        (TAX_16, "-40"),
        (EXEMPT, "5"),
        (TAX_16, "2"),
    ]:
        taxed = taxed_then(taxed, applied, money(amount))

    assert taxed == (TaxedAmount(EXEMPT, money("5")), TaxedAmount(TAX_16, money("62")))


def test_what_was_undone_at_another_tax_is_made_up_for_when_all_of_it_is_given_back() -> None:
    mixed = replace(existing("80"), taxed=(TaxedAmount(TAX_16, money("100")), TaxedAmount(EXEMPT, money("-20"))))

    assert told(settle([], [mixed])) == [("20", EXEMPT), ("-100", TAX_16)]


def test_newly_claimed_lines_have_an_item_even_of_nothing() -> None:
    same = charge("0.33", quantity=D(120), unit="s", lines=2, claimed=1)

    (new,) = settle([same], [existing("0.33", quantity=D(60))])

    assert (new.amount, new.quantity, new.claimed, new.lines) == (money("0"), D(60), 1, 2)


def test_quantities_of_34_digits_keep_every_digit() -> None:
    large = D("1234567890123456789012345678901234")

    (new,) = settle([charge("2", quantity=large)], [existing("1", quantity=Decimal(1))])

    assert str(new.quantity) == "1234567890123456789012345678901233"


def test_charges_come_in_the_order_of_product_kind_period_and_key() -> None:
    found = settle([charge("1", key="c"), charge("1", key="a")], [existing("1", key="b")])

    assert [one.key for one in found] == ["a", "b", "c"]


def test_a_key_proposed_twice_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="proposed once"):
        settle([charge("1"), charge("2")], [])
