"""TMF622: structure of items, and how the states of orders and items follow each other."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import IllegalTransition
from tests.fakes import refusals, rule_context
from tmf622_ordering.items import aggregate, check_moves, check_structure, follow, item_states


def item(id: str, *related: tuple[str, str], **more: Any) -> dict[str, Any]:
    relationships = [{"id": target, "relationshipType": kind} for kind, target in related]
    return {"id": id, "action": "add", "productOrderItemRelationship": relationships, **more}


def refused(*items: dict[str, Any]) -> list[tuple[str, str]]:
    context = rule_context("productOrder")
    check_structure({"id": "1", "productOrderItem": list(items)}, context)
    return refusals(context)


def test_ids_are_unique_in_the_whole_order() -> None:
    nested = item("1", productOrderItem=[item("2"), item("1")])

    assert refused(nested, item("2"), item("3")) == [
        ("/productOrderItem/0/productOrderItem/1/id", "unique"),
        ("/productOrderItem/1/id", "unique"),
    ]


@pytest.mark.parametrize(("quantity", "is_fine"), [(1, True), (0, False), (-1, False)])
def test_a_quantity_is_positive(quantity: int, is_fine: bool) -> None:
    assert refused(item("1", quantity=quantity)) == ([] if is_fine else [("/productOrderItem/0/quantity", "quantity")])


def test_relationships_lead_to_other_items_of_the_order() -> None:
    assert refused(item("1", ("reliesOn", "9"), ("bundles", "1"))) == [
        ("/productOrderItem/0/productOrderItemRelationship/0/id", "reference"),
        ("/productOrderItem/0/productOrderItemRelationship/1/id", "cycle"),
    ]


@pytest.mark.parametrize(
    "items",
    [
        [item("1", ("bundles", "2")), item("2", ("bundles", "1"))],
        [item("1", ("bundledBy", "2")), item("2", ("bundledBy", "1"))],
        [item("1", ("reliesOn", "2")), item("2", ("requires", "3")), item("3", ("dependsOn", "1"))],
        [item("1", ("reliesOn", "2")), item("2", ("reliesOn", "1"))],
        [item("1", ("enables", "2"), ("reliesOn", "2")), item("2")],
        [item("1", productOrderItem=[item("2", ("bundles", "1"))])],
    ],
)
def test_a_circle_of_items_is_refused(items: list[dict[str, Any]]) -> None:
    assert refused(*items) == [("/productOrderItem/0/productOrderItemRelationship", "cycle")]


@pytest.mark.parametrize(
    "items",
    [
        [item("1", ("bundles", "2")), item("2", ("bundledBy", "1"), ("reliesOn", "1"))],
        [item("1", ("enables", "2")), item("2", ("reliesOn", "1"))],
        [item("1", ("migratesTo", "2")), item("2", ("migratesTo", "1"))],
    ],
)
def test_relationships_told_from_both_sides_are_no_circle(items: list[dict[str, Any]]) -> None:
    assert refused(*items) == []


@pytest.mark.parametrize(
    ("order", "items", "expected"),
    [
        ("acknowledged", ["acknowledged", "acknowledged"], "acknowledged"),
        ("acknowledged", ["inProgress", "acknowledged"], "inProgress"),
        ("acknowledged", ["pending", "acknowledged"], "pending"),
        ("acknowledged", ["completed", "acknowledged"], "inProgress"),
        ("acknowledged", ["failed", "failed"], "failed"),
        ("inProgress", ["completed", "completed"], "completed"),
        ("inProgress", ["failed", "failed"], "failed"),
        ("inProgress", ["completed", "failed"], "partial"),
        ("inProgress", ["completed", "cancelled"], "partial"),
        ("inProgress", ["partial"], "partial"),
        ("inProgress", ["held", "completed"], "held"),
        ("inProgress", ["pending", "held"], "held"),
        ("inProgress", ["pending", "held", "inProgress"], "inProgress"),
        ("inProgress.accepted", ["inProgress", "acknowledged"], "inProgress.accepted"),
        ("pending", ["cancelled", "cancelled"], "cancelled"),
        ("pending", ["cancelled", "completed"], "partial"),
        ("held", ["pending", "acknowledged"], "pending"),
        ("inProgress", ["assessingCancellation", "inProgress"], "inProgress"),
        ("acknowledged", [], "acknowledged"),
    ],
)
def test_the_state_of_an_order_follows_from_its_items(order: str, items: list[str], expected: str) -> None:
    assert aggregate(order, items) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("acknowledged", "inProgress", ["inProgress", "held", "completed"]),
        ("acknowledged", "inProgress.accepted", ["inProgress", "held", "completed"]),
        ("held", "cancelled", ["acknowledged", "cancelled", "completed"]),
        ("inProgress", "completed", ["acknowledged", "held", "completed"]),
    ],
)
def test_items_that_stand_where_the_order_stands_follow_it(before: str, after: str, expected: list[str]) -> None:
    states = ("acknowledged", "held", "completed")
    order = {"productOrderItem": [{"id": str(n), "state": state} for n, state in enumerate(states)]}

    follow(order, before, after)

    assert list(item_states(order).values()) == expected


def test_an_item_moves_by_its_table_and_keeps_a_state_that_a_patch_leaves_out() -> None:
    before = {"productOrderItem": [{"id": "1", "state": "inProgress"}, {"id": "2", "state": "acknowledged"}]}
    after: dict[str, Any] = {"productOrderItem": [{"id": "1"}, {"id": "2", "state": "completed"}]}

    with pytest.raises(IllegalTransition, match="cannot go from 'acknowledged' to 'completed'"):
        check_moves(before, after)

    after["productOrderItem"][1]["state"] = "inProgress"
    assert check_moves(before, after) is True
    assert item_states(after) == {"1": "inProgress", "2": "inProgress"}
    assert check_moves(after, after) is False
