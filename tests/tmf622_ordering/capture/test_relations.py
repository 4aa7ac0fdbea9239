"""TMF622 capture: what is required, excluded and migrated to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import rule_context
from tests.tmf622_ordering.capture.orders import SERVED, around, found, item, merged, offering, order, related

CUSTOMER = {"id": "C", "engagedParty": {"id": "J", "@referredType": "Individual"}}


def to(kind: str, *targets: str, **more: Any) -> dict[str, Any]:
    return {"productOfferingRelationship": [{"id": id, "relationshipType": kind, **more} for id in targets]}


def product(id: str, sold_as: str, owner: str = "C", **more: Any) -> dict[str, Any]:
    return {"id": id, "status": "active", "productOffering": {"id": sold_as}, **related(owner), **more}


def shop(*offerings: dict[str, Any], has: tuple[dict[str, Any], ...] = ()) -> Any:
    return around(productOffering=list(offerings), product=list(has), customer=[CUSTOMER], individual=[{"id": "J"}])


def at(index: int, code: str, place: str = "productOffering/id") -> list[tuple[str, str]]:
    return [(f"/productOrderItem/{index}/{place}", code)]


BY_CUSTOMER = related("C")
LINE, ADDON = offering("L"), offering("A", **to("requires", "L"))


@pytest.mark.parametrize("kind", ["requires", "Prerequisite", "dependency", "DependsOn", "reliesOn"])
def test_what_is_required_is_ordered_too_or_had_already(kind: str) -> None:
    addon = offering("A", **to(kind, "L"))
    wanted = order(item(sells="A"), **BY_CUSTOMER)

    assert found(wanted, shop(LINE, addon)) == at(0, "relation.required")
    assert found(wanted, shop(LINE, addon, has=(product("P", "L"),))) == []
    assert found(wanted, shop(LINE, addon, has=(product("P", "L", "J"),))) == []
    assert found(order(item("2", sells="L"), item(sells="A"), **BY_CUSTOMER), shop(LINE, addon)) == []


@pytest.mark.parametrize(
    "has",
    [product("P", "L", status="terminated"), product("P", "L", status="aborted "), product("P", "L", "somebody else")],
)
def test_what_has_ended_or_is_another_customers_does_not_count(has: dict[str, Any]) -> None:
    assert found(order(item(sells="A"), **BY_CUSTOMER), shop(LINE, ADDON, has=(has,))) == at(0, "relation.required")


def test_a_customer_is_known_by_the_billing_account_too() -> None:
    documents = {"productOffering": [LINE, ADDON], "billingAccount": [{"id": "B"}]}
    has = {"id": "P", "status": "active", "productOffering": {"id": "L"}, "billingAccount": {"id": "B"}}
    wanted = order(item(sells="A"), billingAccount={"id": "B"})

    assert found(wanted, around(product=[has], **documents)) == []
    assert found(wanted, around(product=[], **documents)) == at(0, "relation.required")


def test_of_a_customer_nobody_knows_nothing_is_missing() -> None:
    assert found(order(item(sells="A")), shop(LINE, ADDON)) == []
    without = {name: [] for name in SERVED if name != "product"}
    context = rule_context("productOrder", {**without, "productOffering": [LINE, ADDON], "customer": [CUSTOMER]})
    assert found(order(item(sells="A"), **BY_CUSTOMER), context) == []


def test_every_requirement_counts_and_of_what_is_relied_on_any_one() -> None:
    requiring, relying = offering("A", **to("requires", "L", "M")), offering("A", **to("reliesOn", "L", "M"))
    wanted, has = order(item(sells="A"), **BY_CUSTOMER), (product("P", "L"),)

    assert found(wanted, shop(LINE, requiring, has=has)) == at(0, "relation.required")
    assert found(wanted, shop(LINE, relying, has=has)) == []


@pytest.mark.parametrize("kind", ["optionalFor", "brings"])
def test_other_kinds_and_relationships_not_valid_now_say_nothing(kind: str) -> None:
    over = to("requires", "L", validFor={"endDateTime": "2026-01-01T00:00:00Z"})

    assert found(order(item(sells="A"), **BY_CUSTOMER), shop(offering("A", **to(kind, "L")))) == []
    assert found(order(item(sells="A"), **BY_CUSTOMER), shop(offering("A", **over))) == []


@pytest.mark.parametrize("is_declared_by_new", [True, False])
def test_what_excludes_each_other_is_not_had_together(is_declared_by_new: bool) -> None:
    one, other = offering("A"), offering("B")
    (one if is_declared_by_new else other).update(to("excludes", "B" if is_declared_by_new else "A"))
    wanted, has = item(sells="A"), (product("P", "B"),)

    assert found(order(wanted, **BY_CUSTOMER), shop(one, other, has=has)) == at(0, "relation.excluded")
    assert found(order(wanted, **BY_CUSTOMER), shop(one, other)) == []
    ended = item("2", "delete", None, product={"id": "P"})
    assert found(order(wanted, ended, **BY_CUSTOMER), shop(one, other, has=has)) == []
    holder = 0 if is_declared_by_new else 1
    assert found(order(wanted, item("2", sells="B")), shop(one, other)) == at(holder, "relation.excluded")


def test_what_is_had_together_already_is_left_alone() -> None:
    one = offering("A", **to("excludes", "B"))
    has = (product("P", "A"), product("Q", "B"))
    kept = item(action="modify", sells=None, product={"id": "P"})

    assert found(order(kept, **BY_CUSTOMER), shop(one, offering("B"), has=has)) == []


def test_what_is_needed_by_what_stays_does_not_end() -> None:
    has = (product("P", "L"), product("Q", "A"))
    ended = item(action="delete", sells=None, product={"id": "P"})
    both = item("2", "delete", None, product={"id": "Q"})

    assert found(order(ended, **BY_CUSTOMER), shop(LINE, ADDON, has=has)) == at(0, "relation.needed", "product/id")
    assert found(order(ended, both, **BY_CUSTOMER), shop(LINE, ADDON, has=has)) == []
    assert found(order(ended, **BY_CUSTOMER), shop(LINE, ADDON, has=(*has, product("R", "L")))) == []
    changed = item(action="modify", sells="N", product={"id": "P"})
    assert found(order(changed, **BY_CUSTOMER), shop(LINE, ADDON, offering("N"), has=has)) == at(
        0, "relation.needed", "product/id"
    )


def test_specifications_require_and_exclude_as_offerings_do() -> None:
    needing = {
        "id": "S",
        "productSpecificationRelationship": [{"id": "T", "relationshipType": "requires"}],
    }
    specified = {"productSpecification": {"id": "S"}}
    documents = {"productSpecification": [needing, {"id": "T"}], "customer": [CUSTOMER], "individual": [{"id": "J"}]}
    documents["productOffering"] = [offering(**specified), offering("L", productSpecification={"id": "T"})]
    wanted = order(item(), **BY_CUSTOMER)

    assert found(wanted, around(**documents)) == at(0, "relation.required")
    has = [product("P", "L", productSpecification={"id": "T"})]
    assert found(wanted, around(**documents, product=has)) == []
    assert found(order(item(), item("2", sells="L"), **BY_CUSTOMER), around(**documents)) == []


@pytest.mark.parametrize(
    ("present", "wanted", "is_wrong"),
    [
        ({}, {}, False),
        (to("migratesTo", "N"), {}, False),
        ({}, to("migration", "L"), False),
        (to("migratesTo", "M"), {}, True),
        ({}, to("substitution", "M"), True),
        (to("exchangableTo", "M"), to("migration", "L"), False),
    ],
)
def test_a_product_becomes_what_is_declared(present: dict[str, Any], wanted: dict[str, Any], is_wrong: bool) -> None:
    context = shop(offering("L", **present), offering("N", **wanted), has=(product("P", "L"),))
    changed = item(action="modify", sells="N", product={"id": "P"})

    assert found(order(changed), context) == (at(0, "relation.migration") if is_wrong else [])
    assert found(order(merged(changed, productOffering={"id": "L"})), context) == []
