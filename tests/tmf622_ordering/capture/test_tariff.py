"""TMF622 capture: which prices of an offering apply."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes import NOW
from tmf622_ordering.capture.eligibility import Circumstances
from tmf622_ordering.capture.tariff import CatalogPrice, Selection, Wanted, kind_of, select


def price(id: str, value: str = "1", unit: str = "EUR", **more: Any) -> CatalogPrice:
    return CatalogPrice(
        {
            **{"id": id, "name": "Monthly", "priceType": "recurring", "recurringChargePeriodType": "month"},
            **{"price": {"unit": unit, "value": Decimal(value)}, **more},
        }
    )


def chosen(*prices: CatalogPrice, **wanted: Any) -> tuple[list[str | None], list[str]]:
    found: Selection = select(list(prices), Wanted(**wanted), NOW)
    return [one.id for one in found.prices], found.tied


def at(*ids: str) -> dict[str, Any]:
    return {"place": [{"id": id} for id in ids]}


def where(id: str) -> Circumstances:
    return Circumstances(places=({"id": id},))


@pytest.mark.parametrize(
    ("more", "is_chosen"),
    [
        ({"lifecycleStatus": "Active"}, True),
        ({"lifecycleStatus": "Pilot"}, True),
        ({"lifecycleStatus": "Retired"}, False),
        ({"validFor": {"endDateTime": "2026-03-01T12:00:00Z"}}, False),
        ({"validFor": {"startDateTime": "2026-03-01T12:00:00Z"}}, True),
    ],
)
def test_a_price_is_in_use_and_valid_now(more: dict[str, Any], is_chosen: bool) -> None:
    assert chosen(price("p", **more)) == (["p"] if is_chosen else [], [])


def test_the_most_specific_price_wins() -> None:
    general, german, british = price("g"), price("d", "2", **at("de")), price("b", "3", **at("gb"))

    assert chosen(general, german, british, around=where("de")) == (["d"], [])
    assert chosen(general, german, british, around=where("fr")) == (["g"], [])
    assert chosen(german, british, around=where("fr")) == ([], [])
    # Where the place is not known, a price for everywhere is surer than one for somewhere.
    assert chosen(general, german, british) == (["g"], [])
    assert chosen(german) == (["d"], [])


def test_segments_and_channels_select_as_places_do() -> None:
    known = Circumstances(channels=frozenset({"shop"}), segments=frozenset({"business"}))
    both = price("both", "3", channel=[{"id": "shop"}], marketSegment=[{"id": "business"}])
    one, other = price("one", "2", channel=[{"id": "shop"}]), price("other", "1", marketSegment=[{"id": "consumer"}])

    assert chosen(both, one, other, price("any"), around=known) == (["both"], [])


def test_two_equally_specific_prices_need_a_decision() -> None:
    euro, pound = price("e", **at("de")), price("p", "1", "GBP", **at("gb"))

    assert chosen(euro, pound) == (["e"], ["Monthly"])
    assert chosen(euro, pound, named=frozenset({"p"})) == (["p"], [])
    assert chosen(euro, pound, currency="EUR") == (["e"], [])
    assert chosen(euro, pound, around=where("gb"), currency="EUR") == (["p"], [])
    assert chosen(price("a"), price("b", "2")) == (["a"], ["Monthly"])
    assert chosen(price("a"), price("b")) == (["a"], [])


def test_prices_for_different_things_are_all_asked() -> None:
    monthly, once = price("m"), price("o", priceType="oneTime", recurringChargePeriodType=None)
    other = price("x", name="Insurance")
    yearly = price("y", recurringChargePeriodType="year")

    assert chosen(monthly, once, other, yearly) == (["m", "o", "x", "y"], [])


def test_an_item_has_one_currency() -> None:
    euro, pound = price("e"), price("p", "1", "GBP", name="Insurance")

    assert chosen(euro, pound, currency="GBP") == (["p"], [])
    assert chosen(euro, pound) == (["e", "p"], ["Insurance", "Monthly"])


def test_a_price_for_a_characteristic_value_needs_that_value() -> None:
    def use(value: int) -> dict[str, Any]:
        values = [{"value": value}]
        return {"prodSpecCharValueUse": [{"name": "storage", "productSpecCharacteristicValue": values}]}

    small, large = price("s", name="128", **use(128)), price("l", name="256", **use(256))

    assert chosen(small, large, characteristics={"storage": (256,)}) == (["l"], [])
    assert chosen(small, large, characteristics={"storage": (512,)}) == ([], [])
    assert chosen(small, large) == ([], [])


def test_a_price_for_a_commitment_needs_that_commitment() -> None:
    def term(amount: int) -> dict[str, Any]:
        return {"name": f"{amount} months", "duration": {"amount": amount, "units": "month"}}

    year, free = price("y", productOfferingTerm=[term(12)]), price("f", "2")

    assert chosen(year, free, terms=({"name": "One year", **term(12), "@type": "OrderTerm"},)) == (["y"], [])
    assert chosen(year, free, terms=(term(24),)) == (["f"], [])
    assert chosen(year, free) == (["f"], [])


def test_a_price_that_another_overrides_goes() -> None:
    special = price("s", name="Special", popRelationship=[{"id": "p", "relationshipType": "override"}])

    assert chosen(price("p"), special) == (["s"], [])
    assert chosen(price("p"), replace(special, document={**special.document, "lifecycleStatus": "Retired"})) == (
        ["p"],
        [],
    )


def test_every_discount_that_fits_applies() -> None:
    discounts = [price(id, priceType="discount", **more) for id, more in (("d", {}), ("e", at("gb")))]

    assert chosen(*discounts, around=where("gb")) == (["d", "e"], [])
    assert chosen(*discounts, around=where("de")) == (["d"], [])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("oneTime", "oneTime"),
        ("one time", "oneTime"),
        ("Non-Recurring", "oneTime"),
        ("recurring", "recurring"),
        ("usage", "usage"),
        ("allowance", "allowance"),
        ("discount", "discount"),
        ("commitment", ""),
        (None, ""),
    ],
)
def test_price_types_are_read_however_they_are_written(text: str | None, kind: str) -> None:
    assert kind_of(text) == kind
