"""TMF666: states and rules of accounts and billing cycle specifications."""

import copy

import pytest

from common.errors import Conflict
from tests.fakes import merged, refusals, rule_context
from tmf666_account import COMPONENT
from tmf666_account.rules import (
    ACCOUNTS,
    on_create_account,
    on_create_cycle_specification,
    on_patch_account,
    on_patch_cycle_specification,
)

ACCOUNT = {"@type": "BillingAccount", "id": "a1", "name": "Home", "state": "Active"}
EARLY, PAST, FUTURE = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"
REVERSED = {"startDateTime": PAST, "endDateTime": EARLY}
LIFECYCLE = COMPONENT.resource("billingAccount").lifecycle


def created(account, documents=None, mode="process", resource="billingAccount"):
    account, context = copy.deepcopy(account), rule_context(resource, documents, mode=mode)
    on_create_account(account, context)
    return refusals(context)


def patched(before, after, documents=None, mode="process", resource="billingAccount"):
    kept, context = copy.deepcopy((before, after)), rule_context(resource, documents, mode=mode)
    try:
        on_patch_account(before, after, context)
    finally:
        assert (before, after) == kept
    return refusals(context)


@pytest.mark.parametrize("resource", ACCOUNTS)
def test_accounts_of_every_kind_share_one_open_table(resource):
    lifecycle = COMPONENT.resource(resource).lifecycle
    assert lifecycle is LIFECYCLE
    assert (lifecycle.attribute, lifecycle.initial, lifecycle.open) == ("state", "Active", True)


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("Defined", "Active", True),
        ("Defined", "Suspended", False),
        ("Active", "Suspended", True),
        ("Suspended", "Active", True),
        ("Active", "Pending closed", True),
        ("Pending closed", "Closed", True),
        ("Active", "Defined", False),
        ("Closed", "Active", False),
        ("Closed", "Inactive", True),
        ("Inactive", "Defined", True),
    ],
)
def test_states_of_the_table_move_by_it_and_others_pass(before, after, allowed):
    assert LIFECYCLE.may_move(before, after) is allowed


def test_every_follower_is_a_state_of_the_table():
    assert {state for followers in LIFECYCLE.moves.values() for state in followers} | {"Defined"} == set(
        LIFECYCLE.moves
    )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"accountBalance": [{"validFor": REVERSED}]}, "/accountBalance/0/validFor/endDateTime"),
        ({"accountRelationship": [{"validFor": REVERSED}]}, "/accountRelationship/0/validFor/endDateTime"),
        ({"contact": [{"validFor": REVERSED}]}, "/contact/0/validFor/endDateTime"),
        (
            {"contact": [{"contactMedium": [{"validFor": REVERSED}]}]},
            "/contact/0/contactMedium/0/validFor/endDateTime",
        ),
        ({"paymentPlan": [{"validFor": REVERSED}]}, "/paymentPlan/0/validFor/endDateTime"),
        ({"taxExemption": [{"validFor": REVERSED}]}, "/taxExemption/0/validFor/endDateTime"),
    ],
)
def test_reversed_periods_are_refused(changes, pointer):
    after = merged(ACCOUNT, **changes)
    assert created(after) == [(pointer, "period")]
    assert patched(ACCOUNT, after) == [(pointer, "period")]


def test_reversed_periods_of_a_cycle_specification_are_refused():
    specification = {"id": "c1", "name": "Monthly", "validFor": REVERSED}
    creating, patching = rule_context("billingCycleSpecification"), rule_context("billingCycleSpecification")
    on_create_cycle_specification(specification, creating)
    on_patch_cycle_specification({"id": "c1"}, specification, patching)
    assert refusals(creating) == refusals(patching) == [("/validFor/endDateTime", "period")]


def containing(id, kind, other, **period):
    related = {"relationshipType": kind, "account": {"id": other}, **({"validFor": period} if period else {})}
    return {**ACCOUNT, "id": id, "accountRelationship": [related]}


CYCLE = [("/accountRelationship/0/account/id", "cycle")]


@pytest.mark.parametrize(
    ("account", "stored", "expected"),
    [
        (containing("a", "contains", "b"), {"partyAccount": [containing("b", "containedIn", "a")]}, []),
        (containing("a", "contains", "a"), {}, CYCLE),
        (containing("a", "contains", "b"), {"partyAccount": [containing("b", "contains", "a")]}, CYCLE),
        (containing("a", "containedIn", "b"), {"financialAccount": [containing("b", "containedIn", "a")]}, CYCLE),
        (containing("a", "sibling", "b"), {"partyAccount": [containing("b", "sibling", "a")]}, []),
        (
            containing("a", "contains", "b"),
            {"partyAccount": [containing("b", "contains", "a", startDateTime=EARLY, endDateTime=PAST)]},
            [],
        ),
        (
            containing("a", "contains", "b"),
            {"partyAccount": [containing("b", "contains", "a", startDateTime=EARLY, endDateTime=FUTURE)]},
            CYCLE,
        ),
    ],
)
def test_no_account_contains_itself(account, stored, expected):
    assert created(account, stored) == expected
    assert created(account, stored, mode="off") == []


def test_a_bill_structure_lists_no_medium_twice():
    media = [{"id": "m1"}, {"id": "m2"}, {"id": "m1"}, {"name": "by value"}, {"name": "by value"}]
    account = merged(ACCOUNT, billStructure={"presentationMedia": media})
    assert created(account) == [("/billStructure/presentationMedia/2/id", "unique")]


@pytest.mark.parametrize(
    ("period", "mode", "expected"),
    [
        ({"startDateTime": EARLY}, "process", []),
        ({"endDateTime": PAST}, "process", [("/billStructure/cycleSpecification/id", "validity")]),
        ({"startDateTime": FUTURE}, "strict", [("/billStructure/cycleSpecification/id", "validity")]),
        ({"endDateTime": PAST}, "off", []),
    ],
)
def test_a_cycle_specification_that_is_here_is_valid_now(period, mode, expected):
    documents = {"billingCycleSpecification": [{"id": "c1", "validFor": period}]}
    account = merged(ACCOUNT, billStructure={"cycleSpecification": {"id": "c1"}})
    assert created(account, documents, mode) == expected
    assert created(account, {}, mode) == []
    assert patched(ACCOUNT, account, documents, mode) == expected
    assert patched(account, merged(account, name="Flat"), documents, mode) == []


@pytest.mark.parametrize(
    ("state", "mode", "expected"),
    [
        ("Active", "process", []),
        ("Closed", "process", [("/financialAccount/id", "account")]),
        ("CLOSED", "strict", [("/financialAccount/id", "account")]),
        ("Closed", "off", []),
    ],
)
def test_an_account_is_not_put_on_a_closed_financial_account(state, mode, expected):
    documents = {"financialAccount": [{"id": "f1", "state": state}]}
    account = merged(ACCOUNT, financialAccount={"id": "f1"})
    assert created(account, documents, mode) == expected
    assert patched(ACCOUNT, account, documents, mode) == expected
    assert patched(account, merged(account, name="Flat"), documents, mode) == []


def product(id, status):
    return {"id": id, "status": status, "billingAccount": {"id": "a1"}}


def bill(id, state, account="billingAccount"):
    return {"id": id, "state": state, account: {"id": "a1"}}


@pytest.mark.parametrize("state", ["Closed", "closed"])
@pytest.mark.parametrize(
    ("resource", "documents", "named"),
    [
        ("billingAccount", {"product": [product("p1", "active")]}, "product p1 is still open"),
        ("billingAccount", {"product": [product("p1", "created")]}, "product p1 is still open"),
        ("billingAccount", {"customerBill": [bill("b1", "sent")]}, "customerBill b1 is still open"),
        (
            "billingAccount",
            {"product": [product("p1", "suspended")], "customerBill": [bill("b1", "new")]},
            "product p1, customerBill b1 are still open",
        ),
        (
            "financialAccount",
            {"customerBill": [bill("b1", "new", "financialAccount")]},
            "customerBill b1 is still open",
        ),
        (
            "financialAccount",
            {"billingAccount": [bill("x1", "Active", "financialAccount")]},
            "billingAccount x1 is still open",
        ),
    ],
)
def test_an_account_that_something_runs_on_is_not_closed(resource, documents, named, state):
    with pytest.raises(Conflict, match=named):
        patched(ACCOUNT, merged(ACCOUNT, state=state), documents, resource=resource)
    assert patched(ACCOUNT, merged(ACCOUNT, state=state), documents, "off", resource) == []
    assert patched(ACCOUNT, merged(ACCOUNT, state="Pending closed"), documents, resource=resource) == []


@pytest.mark.parametrize("resource", ACCOUNTS)
def test_an_account_that_nothing_runs_on_any_more_is_closed(resource):
    ended = [product(status, status) for status in ("aborted", "cancelled", "terminated")]
    other = {"id": "p9", "status": "active", "billingAccount": {"id": "a2"}}
    documents = {
        "product": [*ended, other],
        "customerBill": [bill("b1", "settled"), bill("b2", "settled", "financialAccount")],
        "billingAccount": [bill("x1", "Closed", "financialAccount"), bill("x2", "closed", "financialAccount")],
    }
    assert patched(ACCOUNT, merged(ACCOUNT, state="Closed"), documents, resource=resource) == []
    assert patched(ACCOUNT, merged(ACCOUNT, state="Closed"), {}, resource=resource) == []


def test_a_closed_account_may_still_be_described():
    closed = merged(ACCOUNT, state="Closed")
    assert patched(closed, merged(closed, name="Old"), {"customerBill": [bill("b1", "sent")]}) == []
