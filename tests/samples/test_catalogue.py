"""The catalogue hangs together: what is promised, priced, ordered and kept in the inventory is the same."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.samples.larkwing import nodes, of

CENT = Decimal("0.01")
UNITS = {"dataAllowance": "GB", "voiceAllowance": "min", "smsAllowance": "message", "dataVolume": "GB"}


def prices_of(offering):
    return [of("productOfferingPrice")[reference["id"]] for reference in offering.get("productOfferingPrice", [])]


def test_there_is_a_range_to_sell():
    offerings = of("productOffering")

    assert {"plan-s", "plan-m", "plan-l"} <= offerings.keys()
    assert {price["priceType"] for price in of("productOfferingPrice").values()} == {
        *("oneTime", "recurring", "usage", "allowance", "discount")
    }
    assert [id for id, one in offerings.items() if one["isBundle"]] == ["family-l", "home-bundle"]
    segments = {segment["id"] for one in offerings.values() for segment in one["marketSegment"]}
    assert segments == {"segment-consumer", "segment-business"}


@pytest.mark.parametrize("id", of("productOffering"))
def test_an_offering_costs_the_same_things_in_both_countries(id):
    kinds = {"EUR": [], "GBP": []}
    for price in prices_of(of("productOffering")[id]):
        if "price" in price:
            kinds[price["price"]["unit"]].append((price["name"], price["priceType"]))
            place = {"EUR": "country-de", "GBP": "country-gb"}[price["price"]["unit"]]
            assert [one["id"] for one in price["place"]] == [place]

    assert kinds["EUR"] == kinds["GBP"]


@pytest.mark.parametrize("id", of("productOffering"))
def test_allowances_are_what_the_characteristics_promise(id):
    offering = of("productOffering")[id]
    promised = sorted(
        (value["value"], value["unitOfMeasure"])
        for use in offering.get("prodSpecCharValueUse", [])
        if use["name"] in UNITS and offering["lifecycleStatus"] == "Launched"
        for value in use["productSpecCharacteristicValue"]
    )
    priced = sorted(
        (price["unitOfMeasure"]["amount"], price["unitOfMeasure"]["units"])
        for price in prices_of(offering)
        if price["priceType"] == "allowance"
    )

    assert promised == priced


def test_a_family_is_five_lines_at_most():
    family = of("productOffering")["family-l"]
    limits = [one["bundledProductOfferingOption"] for one in family["bundledProductOffering"]]
    (sharing,) = [
        use for use in of("productOffering")["plan-l"]["prodSpecCharValueUse"] if use["name"].endswith("Members")
    ]

    assert sum(limit["numberRelOfferUpperLimit"] for limit in limits) == 5
    assert [value["value"] for value in sharing["productSpecCharacteristicValue"]] == [5]


@pytest.mark.parametrize("id", of("productOffering"))
def test_the_characteristics_used_are_those_of_the_specification(id):
    for use in of("productOffering")[id].get("prodSpecCharValueUse", []):
        assert_allowed(
            use["productSpecification"]["id"], use["name"], use["productSpecCharacteristicValue"][0]["value"]
        )


ORDERED = [
    (item["product"]["productSpecification"]["id"], one["name"], one["value"])
    for order in of("productOrder").values()
    for _, item in nodes(order)
    if item.get("@type") == "ProductOrderItem" and "product" in item
    for one in item["product"]["productCharacteristic"]
]
KEPT = [
    (product["productSpecification"]["id"], one["name"], one["value"])
    for product in of("product").values()
    for one in product.get("productCharacteristic", [])
]


@pytest.mark.parametrize(("specification", "name", "value"), [*ORDERED, *KEPT])
def test_ordered_and_kept_values_are_allowed(specification, name, value):
    assert_allowed(specification, name, value)


def assert_allowed(specification, name, value):
    (characteristic,) = [
        one for one in of("productSpecification")[specification]["productSpecCharacteristic"] if one["name"] == name
    ]
    choices = characteristic.get("characteristicValueSpecification", [])
    if "regex" in characteristic:
        assert re.fullmatch(characteristic["regex"], value)
    elif "valueFrom" in choices[0]:
        assert choices[0]["valueFrom"] <= value <= choices[0]["valueTo"]
    else:
        assert value in [choice["value"] for choice in choices]


# What a unit of usage costs is a rate and is not rounded; what a usage came to is.
PRICED = [
    pytest.param(
        node["price"], node["priceType"] == "usage" and resource != "productUsage", id=f"{resource}-{id}{place}"
    )
    for resource in ("productOrder", "product", "productUsage")
    for id, document in of(resource).items()
    for place, node in nodes(document)
    if {"taxRate", "dutyFreeAmount"} <= node.get("price", {}).keys()
]


@pytest.mark.parametrize(("price", "is_rate"), PRICED)
def test_prices_with_tax_are_prices_without_and_the_tax(price, is_rate):
    net, gross = price["dutyFreeAmount"], price["taxIncludedAmount"]

    whole = net["value"] * (1 + Decimal(price["taxRate"]) / 100)
    assert gross["value"] == (whole if is_rate else whole.quantize(CENT, ROUND_HALF_UP))
    assert gross["unit"] == net["unit"]


@pytest.mark.parametrize("resource", ["productOrder", "product"])
def test_what_was_agreed_is_the_catalogue_price(resource):
    for document in of(resource).values():
        for _, node in nodes(document):
            if "productOfferingPrice" in node and "dutyFreeAmount" in node.get("price", {}):
                assert (
                    node["price"]["dutyFreeAmount"]
                    == of("productOfferingPrice")[node["productOfferingPrice"]["id"]]["price"]
                )
