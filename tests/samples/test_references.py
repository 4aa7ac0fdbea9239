"""References lead to samples, by id and by name; those that leave the suite are known."""

from __future__ import annotations

import pytest

from tests.samples.larkwing import contracts, nodes, of, samples

# What the samples refer to and no API of the suite keeps.
ELSEWHERE = {
    *("Channel", "LogicalResource", "MarketSegment", "Payment", "PaymentMethod", "Place", "ProductUsageSpecification"),
}
OWNERS = {resource.type_name: name for (_, name), resource in contracts().items()}
# Schemas that refer without being called a reference.
REFERRING = {
    *("BundledProductOffering", "ProductOfferingRelationship", "ProductOfferingPriceRelationship"),
    *("ProductSpecificationRelationship", "ProductRelationship"),
}


# One that is, and refers by what it holds.
HOLDING = "RelatedPartyRefOrPartyRoleRef"


def references(document):
    for place, node in nodes(document):
        kind = node.get("@type", "")
        if (kind.endswith("Ref") and kind != HOLDING) or kind in REFERRING:
            yield place, node


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_references_resolve(sample):
    dangling = []
    for place, node in references(sample.document):
        target = node["@referredType"]
        found = of(OWNERS[target]).get(node["id"]) if target in OWNERS else None
        if found is None and target not in ELSEWHERE:
            dangling.append(place)
        if found is not None:
            assert node["name"] == found.get("name", found.get("billNo")), f"{place} names it differently"

    assert dangling == []


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_references_say_what_they_lead_to(sample):
    incomplete = [
        place
        for place, node in references(sample.document)
        if not {"id", "name", "@type", "@referredType"} <= set(node)
    ]

    assert incomplete == []


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_the_contract_sees_the_same_references(sample):
    """What the engine checks and orders by is what a reader sees."""
    seen = {found.pointer for found in sample.contract.fields.references(sample.document)}

    assert {place for place, _ in references(sample.document)} <= seen


def test_products_and_orders_name_each_other():
    orders, products = of("productOrder"), of("product")
    origins = {
        (link["orderId"], link["orderItemId"], product["id"])
        for product in products.values()
        for link in product.get("productOrderItem", [])
    }
    results = {
        (order["id"], item["id"], item["product"]["id"])
        for order in orders.values()
        if order.get("state") == "completed"
        for item in order["productOrderItem"]
    }

    assert origins == results
    assert len(results) == 2
