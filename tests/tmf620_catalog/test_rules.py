"""TMF620: periods, prices, characteristics, jobs, deletion."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from common.component import Resource
from common.errors import StillInUse
from tests.fakes import refusals, rule_context
from tmf620_catalog import COMPONENT, rules
from tmf620_catalog.price_plans import PRICE_TYPES

DAY_ONE, DAY_TWO = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.mark.parametrize("resource", COMPONENT.resources[:5], ids=lambda resource: resource.name)
@pytest.mark.parametrize(
    ("period", "is_fine"),
    [
        ({"startDateTime": DAY_ONE, "endDateTime": DAY_TWO}, True),
        ({"startDateTime": DAY_ONE, "endDateTime": DAY_ONE}, True),
        ({"startDateTime": DAY_TWO, "endDateTime": DAY_ONE}, False),
        ({"startDateTime": "2026-01-01T01:30:00+02:00", "endDateTime": DAY_ONE}, True),
        ({"startDateTime": DAY_TWO}, True),
        ({"endDateTime": DAY_ONE}, True),
    ],
)
def test_a_period_does_not_end_before_it_starts(resource: Resource, period: dict[str, str], is_fine: bool) -> None:
    context = rule_context("x")

    assert resource.on_create is not None
    assert resource.on_patch is not None
    resource.on_create({"id": "1", "validFor": period}, context)
    resource.on_patch({"id": "1"}, {"id": "1", "validFor": period}, context)

    assert refusals(context) == ([] if is_fine else [("/validFor/endDateTime", "period")] * 2)


def test_periods_inside_a_document_count_too() -> None:
    context = rule_context("productOffering")
    term = {"name": "12 months", "validFor": {"startDateTime": DAY_TWO, "endDateTime": DAY_ONE}}

    rules.create_offering({"id": "1", "productOfferingTerm": [{"name": "none"}, term]}, context)

    assert refusals(context) == [("/productOfferingTerm/1/validFor/endDateTime", "period")]


@pytest.mark.parametrize(
    ("price", "refused"),
    [
        ({"price": {"unit": "EUR", "value": 50}, "percentage": 0}, []),
        ({"price": {"unit": "EUR", "value": Decimal("-5.00")}}, []),
        ({"percentage": Decimal("12.5")}, []),
        ({"price": {"value": 5}}, []),
        ({"price": {"unit": "eur", "value": 5}}, [("/price/unit", "currency")]),
        ({"price": {"unit": "EURO", "value": 5}}, [("/price/unit", "currency")]),
        ({"price": {"unit": "EUR", "value": 5}, "percentage": 10}, [("/percentage", "price")]),
        ({"unitOfMeasure": {"amount": 1, "units": "GB"}}, []),
        ({"unitOfMeasure": {"amount": 0, "units": "GB"}}, [("/unitOfMeasure/amount", "price")]),
        ({"priceType": "recurring", "recurringChargePeriodLength": 1}, []),
        ({"priceType": "oneTime", "recurringChargePeriodLength": 0}, []),
        ({"priceType": "recurring", "recurringChargePeriodLength": 0}, [("/recurringChargePeriodLength", "price")]),
        ({"priceType": "oneTime", "recurringChargePeriodLength": -1}, [("/recurringChargePeriodLength", "price")]),
        ({"priceType": "recurring", "recurringChargePeriodType": "Bi-Weekly"}, []),
        ({"priceType": "recurring", "recurringChargePeriodType": "3 months"}, []),
        ({"priceType": "recurring", "recurringChargePeriodType": "hour"}, [("/recurringChargePeriodType", "price")]),
        ({"priceType": "Recurring Fee", "recurringChargePeriodType": "1"}, [("/recurringChargePeriodType", "price")]),
        ({"priceType": "discount", "recurringChargePeriodType": "decade"}, [("/recurringChargePeriodType", "price")]),
        ({"priceType": "non-recurring", "recurringChargePeriodType": "never"}, []),
        ({"priceType": "usage", "recurringChargePeriodType": "hour"}, []),
    ],
)
def test_a_price_can_be_charged(price: dict[str, Any], refused: list[tuple[str, str]]) -> None:
    alone, within = rule_context("productOfferingPrice"), rule_context("productOffering")

    rules.create_price({"id": "1", **price}, alone)
    rules.create_offering({"id": "1", "productOfferingPrice": [price]}, within)

    assert refusals(alone) == refused
    assert refusals(within) == [(f"/productOfferingPrice/0{pointer}", rule) for pointer, rule in refused]


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ({"@type": "RecurringPrice"}, {"name": "other"}, []),
        ({"@type": "RecurringPrice"}, {"recurringChargePeriodType": "quarter"}, []),
        (
            {"@type": "RecurringPrice"},
            {"recurringChargePeriodType": "trimesters"},
            [("/recurringChargePeriodType", "price")],
        ),
        (
            {"@type": "RecurringPrice", "recurringChargePeriodType": "month"},
            {"recurringChargePeriodType": "quarter"},
            [("/recurringChargePeriodType", "in-use")],
        ),
        ({"@type": "CommitmentPrice", "period": {"units": "pass"}}, {"period": {"units": "month"}}, []),
    ],
)
def test_words_that_mean_no_period_are_mended_on_a_price_that_was_sold(
    before: dict[str, Any], after: dict[str, Any], refused: list[tuple[str, str]]
) -> None:
    amount = {"price": {"unit": "EUR", "value": 60}}
    shared = {"id": "1", "lifecycleStatus": "Active", "recurringChargePeriodType": "trimester", **amount}
    context = rule_context("productOfferingPrice")
    stored = {**shared, "priceType": PRICE_TYPES[before["@type"]], **before}

    rules.patch_price(stored, {**stored, **after}, context)

    assert refusals(context) == refused


@pytest.mark.parametrize(
    ("characteristic", "refused"),
    [
        ({"minCardinality": 1, "maxCardinality": 1}, []),
        ({"minCardinality": 2, "maxCardinality": 0}, []),
        ({"minCardinality": 2, "maxCardinality": 1}, [("/minCardinality", "cardinality")]),
        ({"characteristicValueSpecification": [{"valueFrom": 1, "valueTo": 1}]}, []),
        (
            {"characteristicValueSpecification": [{"value": 1}, {"valueFrom": 2, "valueTo": 1}]},
            [("/characteristicValueSpecification/1/valueTo", "range")],
        ),
    ],
)
def test_a_characteristic_can_be_satisfied(characteristic: dict[str, Any], refused: list[tuple[str, str]]) -> None:
    context = rule_context("productSpecification")

    rules.create_specification({"id": "1", "productSpecCharacteristic": [characteristic]}, context)
    rules.create_offering({"id": "1", "productOfferingCharacteristic": [characteristic]}, context)

    names = ("productSpecCharacteristic", "productOfferingCharacteristic")
    assert refusals(context) == [(f"/{name}/0{pointer}", rule) for name in names for pointer, rule in refused]


def bundled(**part: str) -> dict[str, list[dict[str, Any]]]:
    bundle = {"id": "2", "bundledProductSpecification": [{"id": "1"}]}
    return {"productSpecification": [{"id": "1", "lifecycleStatus": "Active", **part}, bundle]}


@pytest.mark.parametrize("part", [{}, {"version": "1.0"}])
def test_what_a_bundle_is_made_of_is_not_deleted(part: dict[str, str]) -> None:
    kept, bundle = bundled(**part)["productSpecification"]

    with pytest.raises(StillInUse, match="productSpecification '1' is used by productSpecification 2"):
        rules.delete_specification(kept, rule_context("productSpecification", bundled(**part)))

    rules.delete_specification(bundle, rule_context("productSpecification", bundled(**part)))


@pytest.mark.parametrize("gone", [{"id": "1", "version": "0.9"}, {"id": "1"}])
def test_an_old_version_of_a_part_may_go(gone: dict[str, str]) -> None:
    rules.delete_specification(gone, rule_context("productSpecification", bundled(version="1.0")))
