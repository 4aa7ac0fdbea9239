"""TMF622: which orders can be delivered, and what becomes of the others."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from common.component import RuleContext
from tests import official
from tests.fakes import merged, refusals, rule_context
from tmf622_ordering.capture import problems
from tmf622_ordering.rules import create_order

SPECIFICATION = {"id": "S1", "productSpecCharacteristic": [{"name": "color", "valueType": "string"}]}
OFFERING = {"id": "O1", "lifecycleStatus": "Active", "productSpecification": {"id": "S1"}}
PRODUCT = {"id": "P1", "status": "active", "productOffering": {"id": "O0"}, "productSpecification": {"id": "S1"}}
ORDER: dict[str, Any] = {
    "id": "1",
    "@type": "ProductOrder",
    "state": "acknowledged",
    "productOrderItem": [{"id": "a", "action": "add", "quantity": 1, "productOffering": {"id": "O1"}}],
}
EMPTY: dict[str, list[dict[str, Any]]] = {
    name: [] for name in ("productOffering", "productSpecification", "product", "billingAccount", "individual")
}


def around(mode: str = "process", **changed: dict[str, Any] | None) -> RuleContext:
    kept = {"productSpecification": SPECIFICATION, "productOffering": OFFERING, "product": PRODUCT, **changed}
    documents = {**EMPTY, **{name: [one] if one else [] for name, one in kept.items()}}
    return rule_context("productOrder", documents, mode)


def order(**item: Any) -> dict[str, Any]:
    return merged(ORDER, productOrderItem=[merged(ORDER["productOrderItem"][0], **item)])


def found(document: dict[str, Any], context: RuleContext) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in problems(document, context)]


def test_an_order_that_can_be_delivered_is_acknowledged_with_its_items() -> None:
    for mode in ("process", "strict", "off"):
        document, context = order(state="completed"), around(mode)

        create_order(document, context)

        assert document == merged(order(state="acknowledged"), state="acknowledged")
        assert (refusals(context), context.extra_events) == ([], [])


def test_an_order_for_an_unknown_offering_is_rejected_with_a_message_and_an_event() -> None:
    document, context = order(), around(productOffering=None)

    create_order(document, context)

    assert (document["state"], document["productOrderItem"][0]["state"]) == ("rejected", "rejected")
    assert document["productOrderErrorMessage"] == [
        {
            "@type": "ProductOrderErrorMessage",
            "code": "offering.unknown",
            "reason": "The offering does not exist",
            "message": "/productOrderItem/0/productOffering/id: there is no productOffering 'O1'",
            "status": "rejected",
            "timestamp": "2026-03-01T12:00:00.000Z",
            "productOrderItem": [{"@type": "ProductOrderItemRef", "productOrderId": "1", "productOrderItemId": "a"}],
        }
    ]
    told = {"productOrderErrorMessage": document["productOrderErrorMessage"]}
    assert context.extra_events == [("ProductOrderErrorMessageEvent", told)]
    assert refusals(context) == []


def test_strict_refuses_with_every_problem_and_leaves_the_order_alone() -> None:
    document = merged(order(), billingAccount={"id": "gone"})
    context, sent = around("strict", productOffering=None), copy.deepcopy(document)

    create_order(document, context)

    assert refusals(context) == [
        ("/billingAccount/id", "account.unknown"),
        ("/productOrderItem/0/productOffering/id", "offering.unknown"),
    ]
    assert document == sent
    assert context.extra_events == []


def test_off_looks_nothing_up() -> None:
    document, context = merged(order(), billingAccount={"id": "gone"}), around("off", productOffering=None)

    create_order(document, context)

    assert document["state"] == "acknowledged"


def test_what_is_not_served_here_proves_nothing() -> None:
    assert found(merged(order(), billingAccount={"id": "x"}), rule_context("productOrder", {"productOrder": []})) == []


@pytest.mark.parametrize(
    ("offering", "codes"),
    [
        ({"lifecycleStatus": "Launched"}, []),
        ({"lifecycleStatus": "Pilot"}, []),
        ({"lifecycleStatus": "In Test"}, ["offering.not-on-sale"]),
        ({"lifecycleStatus": "Retired"}, ["offering.not-on-sale"]),
        ({"isSellable": True}, []),
        ({"isSellable": False}, ["offering.not-sellable"]),
        ({"validFor": {"startDateTime": "2026-03-01T12:00:00Z"}}, []),
        ({"validFor": {"startDateTime": "2026-03-01T12:00:00.001Z"}}, ["offering.not-valid"]),
        ({"validFor": {"endDateTime": "2026-03-01T12:00:00Z"}}, ["offering.not-valid"]),
        (
            {"lifecycleStatus": "Obsolete", "isSellable": False, "validFor": {"endDateTime": "2020-01-01T00:00:00Z"}},
            ["offering.not-on-sale", "offering.not-sellable", "offering.not-valid"],
        ),
    ],
)
def test_an_offering_is_on_sale_sellable_and_valid_now(offering: dict[str, Any], codes: list[str]) -> None:
    context = around(productOffering=merged(OFFERING, **offering))

    assert found(order(), context) == [("/productOrderItem/0/productOffering/id", code) for code in codes]


def test_what_is_sold_in_bundles_only_may_be_part_of_one() -> None:
    context = around(productOffering=merged(OFFERING, isSellable=False))
    part = {"id": "b", "action": "add", "productOffering": {"id": "O1"}}
    whole = {"id": "w", "action": "add", "product": {"productSpecification": {"id": "S1"}}}
    related = merged(whole, productOrderItemRelationship=[{"id": "b", "relationshipType": "bundles"}])

    assert found(merged(ORDER, productOrderItem=[merged(whole, productOrderItem=[part])]), context) == []
    assert found(merged(ORDER, productOrderItem=[related, part]), context) == []
    assert found(merged(ORDER, productOrderItem=[whole, part]), context) == [
        ("/productOrderItem/1/productOffering/id", "offering.not-sellable")
    ]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"productOffering": None}, [("", "item.incomplete")]),
        ({"quantity": 101}, [("/quantity", "quantity.too-many")]),
        ({"quantity": 100}, []),
        ({"productOffering": None, "product": {"name": "x"}}, [("", "item.incomplete")]),
        ({"productOffering": None, "product": {"productSpecification": {"id": "S1"}}}, []),
        ({"action": "modify"}, [("/product", "item.incomplete")]),
        ({"action": "delete", "product": {"name": "x"}}, [("/product", "item.incomplete")]),
        ({"action": "noChange", "product": {"id": "P1"}}, []),
        ({"action": "delete", "product": {"id": "P9"}}, [("/product/id", "product.unknown")]),
    ],
)
def test_an_item_has_what_its_action_needs(item: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(order(**item), around()) == [(f"/productOrderItem/0{at}", code) for at, code in expected]


@pytest.mark.parametrize(("action", "is_wrong"), [("modify", True), ("delete", True), ("noChange", False)])
@pytest.mark.parametrize("status", ["terminated", "cancelled", "aborted", "aborted "])
def test_a_product_that_has_ended_is_left_alone(action: str, is_wrong: bool, status: str) -> None:
    context = around(product=merged(PRODUCT, status=status))
    document = order(action=action, product={"id": "P1"}, productOffering=None)

    assert found(document, context) == ([("/productOrderItem/0/product/id", "product.ended")] if is_wrong else [])


def test_a_customer_keeps_an_offering_that_is_off_sale_and_cannot_change_to_one() -> None:
    context = around(productOffering=merged(OFFERING, lifecycleStatus="Retired"))
    document = order(action="modify", product={"id": "P1"})

    assert found(document, context) == [("/productOrderItem/0/productOffering/id", "offering.not-on-sale")]

    has_it = around(
        productOffering=merged(OFFERING, lifecycleStatus="Retired"),
        product=merged(PRODUCT, productOffering={"id": "O1"}),
    )
    assert found(document, has_it) == []


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ({"productCharacteristic": [{"name": "color", "value": "red"}]}, []),
        (
            {"productCharacteristic": [{"name": "colour", "value": "red"}, {"name": "color", "value": 1}]},
            [
                ("productCharacteristic/0/name", "characteristic.invalid"),
                ("productCharacteristic/1/value", "characteristic.invalid"),
            ],
        ),
        (
            {"productSpecification": {"id": "S2"}},
            [("productSpecification/id", "specification.unknown"), ("productSpecification/id", "specification.other")],
        ),
    ],
)
def test_a_product_fits_its_specification(product: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(order(product=product), around()) == [
        (f"/productOrderItem/0/product/{at}", code) for at, code in expected
    ]


def test_parties_and_accounts_are_here() -> None:
    party = {"id": "J", "@referredType": "Individual"}
    elsewhere = {"id": "K", "@referredType": "Robot"}
    document = merged(
        order(billingAccount={"id": "B"}),
        relatedParty=[{"role": "customer", "partyOrPartyRole": one} for one in (elsewhere, party)],
    )

    assert found(document, around()) == [
        ("/relatedParty/1/partyOrPartyRole/id", "party.unknown"),
        ("/productOrderItem/0/billingAccount/id", "account.unknown"),
    ]
    assert found(document, around(individual={"id": "J"}, billingAccount={"id": "B"})) == []


def test_structure_is_refused_in_every_mode_before_anything_else() -> None:
    for mode in ("process", "strict", "off"):
        document, context = merged(ORDER, productOrderItem=ORDER["productOrderItem"] * 2), around(mode)
        sent = copy.deepcopy(document)

        create_order(document, context)

        assert refusals(context) == [("/productOrderItem/1/id", "unique")]
        assert (document, context.extra_events) == (sent, [])


FILE = official.core_v5().get("TMF622")
EXAMPLES = [one for one in official.create_examples(FILE) if one.path == "/productOrder"] if FILE else []


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_official_example_is_created_and_rejected_for_what_is_not_here(example: official.Example) -> None:
    document = {**copy.deepcopy(example.body), "id": "1", "state": "acknowledged"}
    context = rule_context("productOrder", EMPTY)

    create_order(document, context)

    assert refusals(context) == []
    assert document["state"] == "rejected"
    assert {message["code"].split(".")[1] for message in document["productOrderErrorMessage"]} == {"unknown"}
