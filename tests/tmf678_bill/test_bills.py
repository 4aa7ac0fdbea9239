"""TMF678: states and rules of bills and of requests for them."""

import copy
from decimal import Decimal
from itertools import product as pairs

import pytest

from common.errors import Conflict, IllegalTransition
from tests.fakes import merged, refusals, rule_context
from tmf678_bill import COMPONENT
from tmf678_bill.rules import on_create_request, on_patch_bill

BILL = {"@type": "CustomerBill", "id": "b1", "state": "sent", "billCycle": {"id": "y1"}}


def money(value, unit="EUR"):
    return {"unit": unit, "value": value if isinstance(value, int) else Decimal(value)}


def payments(*amounts):
    return [{"@type": "AppliedPayment", "appliedAmount": amount} for amount in amounts]


def patched(before, **changes):
    after = merged(before, **changes)
    kept, context = copy.deepcopy((before, after)), rule_context("customerBill")
    try:
        on_patch_bill(before, after, context)
    finally:
        assert (before, after) == kept
    assert refusals(context) == []


def moves(resource):
    lifecycle = COMPONENT.resource(resource).lifecycle
    return {(a, b) for a, b in pairs(lifecycle.moves, repeat=2) if a != b and lifecycle.may_move(a, b)}


def test_the_moves_of_a_bill_are_those_of_the_table():
    assert moves("customerBill") == {
        ("new", "validated"),
        ("new", "onHold"),
        ("onHold", "new"),
        ("onHold", "validated"),
        ("validated", "sent"),
        ("validated", "onHold"),
        ("sent", "partiallyPaid"),
        ("sent", "settled"),
        ("sent", "onHold"),
        ("partiallyPaid", "settled"),
        ("partiallyPaid", "onHold"),
        ("partiallyPaid", "sent"),
        ("settled", "partiallyPaid"),
        ("settled", "sent"),
    }


@pytest.mark.parametrize(
    ("first", "then"), [("partiallyPaid", "sent"), ("settled", "partiallyPaid"), ("settled", "sent")]
)
def test_only_payments_move_a_bill_back(first, then):
    with pytest.raises(IllegalTransition, match=f"cannot go from '{first}' to '{then}'"):
        patched(merged(BILL, state=first, remainingAmount=money(0)), state=then)


def test_a_request_for_a_bill_starts_in_progress_and_ends_once():
    lifecycle = COMPONENT.resource("customerBillOnDemand").lifecycle
    assert moves("customerBillOnDemand") == {
        ("inProgress", "rejected"),
        ("inProgress", "done"),
        ("inProgress", "terminatedWithError"),
    }
    assert [state for state in lifecycle.moves if lifecycle.may_create(state)] == ["inProgress"]


@pytest.mark.parametrize(
    "amounts",
    [
        {"remainingAmount": money("0.00")},
        {"remainingAmount": money(0)},
        {"amountDue": money("10.10"), "appliedPayment": payments(money("10.00"), money("0.10"))},
        {"amountDue": money(0)},
        {},
    ],
)
def test_a_bill_of_which_nothing_remains_is_settled(amounts):
    patched(merged(BILL, **amounts), state="settled")


@pytest.mark.parametrize(
    ("amounts", "left"),
    [
        ({"remainingAmount": money("0.01")}, "0.01 EUR"),
        ({"remainingAmount": money("-5")}, "-5 EUR"),
        ({"remainingAmount": money("0.0000000000000000000000001")}, "1E-25 EUR"),
        ({"remainingAmount": money(50), "amountDue": money(0), "appliedPayment": payments(money(50))}, "50 EUR"),
        ({"amountDue": money("10.10"), "appliedPayment": payments(money("10"))}, "0.10 EUR"),
        ({"amountDue": money(10), "appliedPayment": payments(money(10, "USD"))}, "10 EUR"),
    ],
)
def test_a_bill_of_which_something_remains_is_not_settled_by_hand(amounts, left):
    with pytest.raises(Conflict, match=f"cannot be settled: {left} remain"):
        patched(merged(BILL, **amounts), state="settled")


@pytest.mark.parametrize(
    "amounts",
    [
        {"remainingAmount": money(5), "appliedPayment": payments(money(5))},
        {"remainingAmount": money(5), "amountDue": money(10)},
        {"amountDue": money(10), "appliedPayment": payments(money("0.01"))},
    ],
)
def test_a_bill_that_something_was_paid_on_is_partially_paid(amounts):
    patched(merged(BILL, **amounts), state="partiallyPaid")


@pytest.mark.parametrize(
    ("amounts", "reason"),
    [
        ({}, "no payment is applied"),
        ({"amountDue": money(10), "remainingAmount": money("10.00")}, "no payment is applied"),
        ({"amountDue": money(10), "remainingAmount": money(5, "USD")}, "no payment is applied"),
        ({"appliedPayment": payments(money(0))}, "no payment is applied"),
        ({"amountDue": money(10), "remainingAmount": money("0.0")}, "nothing remains"),
        ({"amountDue": money(10), "appliedPayment": payments(money(10))}, "nothing remains"),
    ],
)
def test_a_bill_that_nothing_or_all_was_paid_of_is_not_partially_paid(amounts, reason):
    with pytest.raises(Conflict, match=reason):
        patched(merged(BILL, **amounts), state="partiallyPaid")


@pytest.mark.parametrize("state", ["sent", "partiallyPaid", "settled"])
@pytest.mark.parametrize("cycle", [{"id": "y2"}, None])
def test_a_bill_that_was_sent_stays_in_its_cycle(state, cycle):
    with pytest.raises(Conflict, match="was sent; its billCycle"):
        patched(merged(BILL, state=state), billCycle=cycle)


@pytest.mark.parametrize("state", ["new", "onHold", "validated"])
def test_a_bill_that_was_not_sent_may_change_its_cycle(state):
    patched(merged(BILL, state=state), billCycle={"id": "y2"})


def test_a_bill_that_stays_settled_is_not_judged_again():
    patched(merged(BILL, state="settled", remainingAmount=money(5)), name="x")


def requested(documents, mode="process", **given):
    request = {"@type": "CustomerBillOnDemand", "id": "r1", "billingAccount": {"id": "a1"}, **given}
    context = rule_context("customerBillOnDemand", documents, mode=mode)
    on_create_request(request, context)
    assert refusals(context) == []
    return request


@pytest.mark.parametrize(
    ("documents", "mode", "state"),
    [
        ({"billingAccount": [{"id": "a1", "state": "Active"}]}, "process", "inProgress"),
        ({"billingAccount": [{"id": "a1", "state": "Suspended"}]}, "process", "inProgress"),
        ({"billingAccount": [{"id": "a1", "state": "Closed"}]}, "process", "rejected"),
        ({"billingAccount": [{"id": "a1", "state": "closed"}]}, "strict", "rejected"),
        ({"billingAccount": [{"id": "a1", "state": "Closed"}]}, "off", "inProgress"),
        ({"billingAccount": []}, "process", "inProgress"),
        ({}, "process", "inProgress"),
    ],
)
def test_the_server_decides_about_a_request(documents, mode, state):
    assert requested(documents, mode)["state"] == state


def test_the_bill_of_a_request_is_the_servers_to_set():
    request = requested({}, customerBill={"id": "b1"}, name="Bill for the move")
    assert request == {
        "@type": "CustomerBillOnDemand",
        "id": "r1",
        "billingAccount": {"id": "a1"},
        "name": "Bill for the move",
        "state": "inProgress",
    }
