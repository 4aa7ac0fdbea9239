"""TMF620: an offering goes on sale only with what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from common.component import RuleContext
from tests.fakes import merged, refusals, rule_context
from tmf620_catalog.rules import create_offering, patch_offering

SPECIFICATION = {"id": "S1", "name": "Line", "lifecycleStatus": "Active"}
PRICE = {"id": "P1", "name": "Fee", "lifecycleStatus": "Active", "priceType": "recurring"}
OTHER = {"id": "O2", "name": "Add-on", "lifecycleStatus": "Launched"}
SOLD: dict[str, Any] = {
    "id": "O1",
    "@type": "ProductOffering",
    "name": "Plan",
    "lifecycleStatus": "Active",
    "productSpecification": {"id": "S1"},
    "productOfferingPrice": [{"id": "P1"}],
}
BUNDLE: dict[str, Any] = {
    "id": "O1",
    "name": "Bundle",
    "lifecycleStatus": "Active",
    "isBundle": True,
    "bundledProductOffering": [{"id": "O2"}],
}


def catalogue(mode: str = "process", **changed: dict[str, Any] | None) -> RuleContext:
    kept = {"productSpecification": SPECIFICATION, "productOfferingPrice": PRICE, "productOffering": OTHER, **changed}
    return rule_context("productOffering", {name: [one] if one else [] for name, one in kept.items()}, mode)


def test_an_offering_with_usable_parts_goes_on_sale_in_every_mode() -> None:
    for mode in ("process", "strict", "off"):
        context = catalogue(mode)

        create_offering(merged(SOLD), context)
        create_offering(merged(BUNDLE), context)

        assert refusals(context) == []


@pytest.mark.parametrize(
    ("status", "is_usable"),
    [
        ("In Study", False),
        ("In Design", False),
        ("In Test", False),
        ("Active", True),
        ("Launched", True),
        ("Retired", False),
        ("Obsolete", False),
        ("Rejected", False),
        ("Pilot", True),
    ],
)
def test_the_specification_is_on_sale_or_in_a_state_of_its_owners_own(status: str, is_usable: bool) -> None:
    context = catalogue(productSpecification=merged(SPECIFICATION, lifecycleStatus=status))

    create_offering(merged(SOLD), context)

    assert refusals(context) == ([] if is_usable else [("/productSpecification/id", "on-sale")])


@pytest.mark.parametrize(
    ("price", "is_usable"),
    [
        ({"lifecycleStatus": "In Design"}, True),
        ({"lifecycleStatus": "Retired"}, False),
        ({"lifecycleStatus": "Obsolete"}, False),
        ({"lifecycleStatus": "Rejected"}, False),
        ({"validFor": {"endDateTime": "2026-03-01T12:00:00.000Z"}}, False),
        ({"validFor": {"endDateTime": "2026-03-01T12:00:00.001Z"}}, True),
        ({"validFor": {"endDateTime": "2026-03-01T13:00:00+02:00"}}, False),
        ({"validFor": {"startDateTime": "2030-01-01T00:00:00Z"}}, True),
    ],
)
def test_a_price_is_in_use_and_not_over(price: dict[str, Any], is_usable: bool) -> None:
    context = catalogue(productOfferingPrice=merged(PRICE, **price))

    create_offering(merged(SOLD), context)

    assert refusals(context) == ([] if is_usable else [("/productOfferingPrice/0/id", "on-sale")])


def test_a_price_is_valid_at_some_time_when_the_offering_is() -> None:
    context = catalogue(productOfferingPrice=merged(PRICE, validFor={"startDateTime": "2030-01-01T00:00:00Z"}))

    create_offering(merged(SOLD, validFor={"endDateTime": "2029-01-01T00:00:00Z"}), context)

    assert refusals(context) == [("/productOfferingPrice/0/id", "on-sale")]


def test_an_offering_that_is_over_itself_may_keep_an_expired_price() -> None:
    over = {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2021-01-01T00:00:00Z"}
    context = catalogue(productOfferingPrice=merged(PRICE, validFor=over))

    create_offering(merged(SOLD, validFor=over), context)

    assert refusals(context) == []


def test_a_price_by_value_is_judged_by_what_it_says_itself() -> None:
    context = catalogue()
    by_value = [{"name": "own", "priceType": "oneTime", "lifecycleStatus": "Retired"}]

    create_offering(merged(SOLD, productOfferingPrice=by_value), context)

    assert refusals(context) == [("/productOfferingPrice/0", "on-sale")]


@pytest.mark.parametrize(
    ("mode", "refused"),
    [
        ("process", []),
        ("off", []),
        ("strict", [("/productSpecification/id", "reference"), ("/productOfferingPrice/0/id", "reference")]),
    ],
)
def test_what_is_not_here_stops_a_sale_in_strict_mode_only(mode: str, refused: list[tuple[str, str]]) -> None:
    context = catalogue(mode, productSpecification=None, productOfferingPrice=None)

    create_offering(merged(SOLD), context)

    assert refusals(context) == refused


def test_a_specification_kept_elsewhere_never_stops_a_sale() -> None:
    context = rule_context("productOffering", {"productOffering": []}, "strict")

    create_offering(merged(SOLD), context)

    assert refusals(context) == []


def test_mode_off_looks_at_nothing() -> None:
    context = catalogue("off", productSpecification=merged(SPECIFICATION, lifecycleStatus="Retired"))

    create_offering(merged(SOLD), context)

    assert refusals(context) == []


def test_a_bundle_needs_its_parts_on_sale_those_in_groups_too() -> None:
    context = catalogue(productOffering=merged(OTHER, lifecycleStatus="In Test"))
    group = {"name": "choice", "bundledProductOffering": [{"id": "O2"}]}

    create_offering(merged(BUNDLE, bundledGroupProductOffering=[group]), context)

    pointers = ["/bundledProductOffering/0/id", "/bundledGroupProductOffering/0/bundledProductOffering/0/id"]
    assert refusals(context) == [(pointer, "on-sale") for pointer in pointers]


def test_a_bundle_without_parts_is_refused_in_strict_mode() -> None:
    for mode, refused in (("process", []), ("strict", [("/bundledProductOffering", "on-sale")])):
        context = catalogue(mode)

        create_offering(merged(BUNDLE, bundledProductOffering=None), context)

        assert refusals(context) == refused


@pytest.mark.parametrize("status", ["In Study", "In Design", "In Test", "Pilot"])
def test_an_offering_that_is_not_on_sale_may_name_anything(status: str) -> None:
    context = catalogue("strict", productSpecification=None)

    create_offering(merged(SOLD, lifecycleStatus=status), context)

    assert refusals(context) == []


def test_a_patch_that_puts_on_sale_is_judged_and_one_of_the_name_is_not() -> None:
    context = catalogue(productSpecification=merged(SPECIFICATION, lifecycleStatus="Retired"))

    patch_offering(merged(SOLD), merged(SOLD, name="Plan M"), context)
    assert refusals(context) == []

    patch_offering(merged(SOLD), merged(SOLD, lifecycleStatus="Launched"), context)
    assert refusals(context) == [("/productSpecification/id", "on-sale")]


def test_a_patch_that_gives_an_offering_on_sale_a_retired_price_is_refused() -> None:
    context = catalogue(productOfferingPrice=merged(PRICE, lifecycleStatus="Retired"))
    before = merged(SOLD, productOfferingPrice=None)

    patch_offering(before, merged(SOLD), context)

    assert refusals(context) == [("/productOfferingPrice/0/id", "on-sale")]
    assert before == merged(SOLD, productOfferingPrice=None)
