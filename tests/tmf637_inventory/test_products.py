"""TMF637: states and rules of products."""

import copy
from itertools import product as pairs

import pytest

from common.errors import Conflict
from tests.fakes import merged, refusals, rule_context
from tmf637_inventory import COMPONENT
from tmf637_inventory.rules import on_create, on_delete, on_patch

NOW = "2026-03-01T12:00:00.000Z"  # of tests.fakes
EARLIER, LATER = "2026-02-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"
PRODUCT = {"@type": "Product", "id": "p1", "status": "created"}
LIFECYCLE = COMPONENT.resource("product").lifecycle


def created(product, documents=None, mode="process"):
    """The product after the rules, and what they refused."""
    product, context = copy.deepcopy(product), rule_context("product", documents, mode=mode)
    on_create(product, context)
    return product, refusals(context)


def patched(before, after, documents=None, mode="process"):
    after, context = copy.deepcopy(after), rule_context("product", documents, mode=mode)
    on_patch(before, after, context)
    return after, refusals(context)


def test_the_moves_are_those_of_the_diagram_and_the_way_out_of_suspended():
    allowed = {(a, b) for a, b in pairs(LIFECYCLE.moves, repeat=2) if a != b and LIFECYCLE.may_move(a, b)}
    assert allowed == {
        ("created", "pendingActive"),
        ("created", "active"),
        ("pendingActive", "active"),
        ("pendingActive", "aborted"),
        ("pendingActive", "cancelled"),
        ("active", "suspended"),
        ("active", "pendingTerminate"),
        ("active", "terminated"),
        ("suspended", "active"),
        ("suspended", "pendingTerminate"),
        ("pendingTerminate", "terminated"),
    }


def test_a_product_starts_in_any_state_that_is_not_final():
    starts = {state for state in LIFECYCLE.moves if LIFECYCLE.may_create(state)}
    assert starts == {"created", "pendingActive", "active", "suspended", "pendingTerminate"}
    assert starts == {state for state in LIFECYCLE.moves if not LIFECYCLE.is_final(state)}
    assert LIFECYCLE.initial == "created"


def test_aborted_is_known_in_the_official_spelling_and_stored_in_ours():
    assert LIFECYCLE.may_move("pendingActive", "aborted ")
    assert not LIFECYCLE.may_move("active", "aborted ")
    assert not LIFECYCLE.may_create("aborted ")

    before = merged(PRODUCT, status="pendingActive")
    after = merged(before, status="aborted ", product=[{"@type": "Product", "status": "aborted "}])
    stored, refused = patched(before, after)

    assert refused == []
    assert stored["status"] == "aborted"
    assert stored["product"][0]["status"] == "aborted"


@pytest.mark.parametrize(
    ("given", "start"), [({}, None), ({"status": "active"}, NOW), ({"status": "active", "startDate": EARLIER}, EARLIER)]
)
def test_a_product_created_active_has_started(given, start):
    stored, refused = created(merged(PRODUCT, **given))
    assert refused == []
    assert stored.get("startDate") == start


@pytest.mark.parametrize(
    ("before", "after", "start", "end"),
    [
        ({"status": "pendingActive"}, {"status": "active"}, NOW, None),
        ({"status": "pendingActive", "startDate": LATER}, {"status": "active"}, LATER, None),
        ({"status": "suspended", "startDate": EARLIER}, {"status": "active"}, EARLIER, None),
        ({"status": "active", "startDate": EARLIER}, {"status": "terminated"}, EARLIER, NOW),
        ({"status": "active", "terminationDate": LATER}, {"status": "terminated"}, None, NOW),
        ({"status": "active"}, {"status": "terminated", "terminationDate": EARLIER}, None, EARLIER),
        ({"status": "active", "startDate": LATER}, {"status": "terminated"}, LATER, LATER),
        ({"status": "active"}, {"name": "other"}, None, None),
        ({"status": "active"}, {"status": "pendingTerminate", "terminationDate": LATER}, None, LATER),
    ],
)
def test_moves_stamp_start_and_termination(before, after, start, end):
    before = merged(PRODUCT, **before)
    stored, refused = patched(before, merged(before, **after))
    assert refused == []
    assert (stored.get("startDate"), stored.get("terminationDate")) == (start, end)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"startDate": LATER, "terminationDate": EARLIER}, "/terminationDate"),
        (
            {"productTerm": [{"validFor": {"startDateTime": LATER, "endDateTime": EARLIER}}]},
            "/productTerm/0/validFor/endDateTime",
        ),
    ],
)
def test_what_ends_before_it_starts_is_refused(changes, pointer):
    assert created(merged(PRODUCT, **changes))[1] == [(pointer, "period")]
    assert patched(PRODUCT, merged(PRODUCT, **changes))[1] == [(pointer, "period")]


def test_a_refused_move_is_not_stamped():
    after = merged(
        PRODUCT, status="active", productTerm=[{"validFor": {"startDateTime": LATER, "endDateTime": EARLIER}}]
    )
    stored, _ = patched(PRODUCT, after)
    assert stored == after


CATALOG = {"productOffering": [{"id": "o1", "productSpecification": {"id": "s1"}}, {"id": "bundle", "isBundle": True}]}


@pytest.mark.parametrize(
    ("offering", "specification", "mode", "expected"),
    [
        ("o1", "s1", "process", []),
        ("o1", "s2", "process", [("/productSpecification/id", "specification")]),
        ("o1", "s2", "strict", [("/productSpecification/id", "specification")]),
        ("o1", "s2", "off", []),
        ("elsewhere", "s2", "process", []),
        ("bundle", "s2", "process", []),
        ("o1", None, "process", []),
        (None, "s2", "process", []),
    ],
)
def test_offering_and_specification_fit_where_both_are_known(offering, specification, mode, expected):
    product = merged(
        PRODUCT,
        productOffering={"id": offering} if offering else None,
        productSpecification={"id": specification} if specification else None,
    )
    assert created(product, CATALOG, mode)[1] == expected
    assert patched(PRODUCT, product, CATALOG, mode)[1] == expected
    assert patched(product, merged(product, name="other"), CATALOG, mode)[1] == []


@pytest.mark.parametrize(
    ("state", "mode", "expected"),
    [
        ("Active", "process", []),
        ("Closed", "process", [("/billingAccount/id", "account")]),
        ("closed", "strict", [("/billingAccount/id", "account")]),
        ("Closed", "off", []),
        (None, "process", []),
    ],
)
def test_a_product_is_not_put_on_a_closed_account(state, mode, expected):
    documents = {"billingAccount": [{"id": "a1", "state": state}] if state else []}
    product = merged(PRODUCT, billingAccount={"id": "a1"})
    assert created(product, documents, mode)[1] == expected
    assert patched(PRODUCT, product, documents, mode)[1] == expected
    assert patched(product, merged(product, name="other"), documents, mode)[1] == []


def related(id, **others):
    return {
        **PRODUCT,
        "id": id,
        "productRelationship": [{"relationshipType": kind, "id": other} for kind, other in others.items()],
    }


@pytest.mark.parametrize(
    ("product", "stored", "expected"),
    [
        (related("a", bundles="b"), [related("b", bundledBy="a")], []),
        (related("a", bundles="a"), [], [("/productRelationship/0/id", "cycle")]),
        (related("a", bundles="b"), [related("b", bundles="a")], [("/productRelationship/0/id", "cycle")]),
        (related("a", bundledBy="b"), [related("b", bundledBy="a")], [("/productRelationship/0/id", "cycle")]),
        (related("a", reliesOn="b"), [related("b", reliesOn="a")], []),
        ({"id": "a", "product": [{"id": "x"}, {"id": "b"}]}, [{"id": "b", "product": [{"id": "c"}]}], []),
        ({"id": "a", "product": [{"id": "x"}, {"id": "b"}]}, [related("b", bundles="a")], [("/product/1/id", "cycle")]),
        (
            {"id": "a", "product": [{"name": "part", "product": [{"id": "a"}]}]},
            [],
            [("/product/0/product/0/id", "cycle")],
        ),
    ],
)
def test_no_product_is_a_part_of_itself(product, stored, expected):
    assert created(product, {"product": stored})[1] == expected
    assert created(product, {"product": stored}, mode="off")[1] == []


@pytest.mark.parametrize("status", ["created", "aborted", "cancelled", "terminated"])
def test_what_never_ran_or_has_ended_may_be_deleted(status):
    on_delete(merged(PRODUCT, status=status), rule_context("product"))


@pytest.mark.parametrize("status", ["pendingActive", "active", "suspended", "pendingTerminate"])
def test_what_runs_is_terminated_first(status):
    with pytest.raises(Conflict, match=f"'p1' is {status}; terminate it first"):
        on_delete(merged(PRODUCT, status=status), rule_context("product"))


def test_what_a_product_is_sold_and_billed_by_is_held():
    assert COMPONENT.resource("product").holds == (
        "productOffering.id",
        "productSpecification.id",
        "billingAccount.id",
    )


UNREAD = {"@type": "ProductPrice", "name": "base", "priceType": "recurring", "recurringChargePeriod": "bimonthly"}
NAMED = {"productOfferingPrice": {"@type": "ProductOfferingPriceRef", "id": "base"}}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, [("/productPrice/0/recurringChargePeriod", "price")]),
        ({"priceType": "discount"}, [("/productPrice/0/recurringChargePeriod", "price")]),
        ({"recurringChargePeriod": "2 months"}, []),
        ({"priceType": "oneTime"}, []),
        (NAMED, []),
    ],
)
def test_a_price_by_value_recurs_in_periods_that_can_be_billed(changes, refused):
    product = PRODUCT | {"productPrice": [UNREAD | changes]}

    assert created(product)[1] == refused
    assert patched(PRODUCT, product)[1] == refused
    assert patched(product, product | {"name": "other"})[1] == [], "what stands already is not judged again"
