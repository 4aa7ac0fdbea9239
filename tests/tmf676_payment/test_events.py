"""What listeners are told of payments, refunds and the bills that they move."""

from __future__ import annotations

import pytest

from common.store import outbox
from tests.tmf676_payment.kit import PAYMENTS, REFUNDS, account, by_card, issue, paying, script, tell

DUE = "2028-04-01T00:00:00Z"


@pytest.fixture
def suite(paid):
    account(paid)
    issue(paid, "b1", "50.00", DUE)
    with paid.installation.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM outbox")
    return paid


def told(suite):
    """Type and state of the events about money, in order."""
    with suite.installation.database.engine.connect() as connection:
        entries = outbox.unrelayed(connection, 100)
    return [
        (entry.event.type, entry.event.document.get("status") or entry.event.document.get("state"))
        for entry in entries
        if entry.event.type.startswith(("Payment", "Refund", "CustomerBill"))
    ]


def test_a_transfer_is_created_done_and_its_bill_moves(suite):
    suite.created(PAYMENTS, paying("50.00"))

    assert told(suite) == [("CustomerBillStateChangeEvent", "settled"), ("PaymentCreateEvent", "done")]


def test_a_card_is_told_in_every_state(suite):
    by_card(suite, "20.00")
    suite.settle()

    assert [one for one in told(suite) if one[0].startswith("Payment")] == [
        ("PaymentCreateEvent", "pendingAuthorization"),
        ("PaymentAttributeValueChangeEvent", "authorized"),
        ("PaymentStateChangeEvent", "authorized"),
        ("PaymentAttributeValueChangeEvent", "done"),
        ("PaymentStateChangeEvent", "done"),
    ]


def test_a_decline_is_told(suite):
    script(suite, {"outcome": "declined"})

    by_card(suite, "20.00")
    suite.settle()

    assert told(suite)[-1] == ("PaymentStateChangeEvent", "denied")


def test_a_refund_and_a_charge_back_are_told_and_the_payment_is_not(suite):
    made = by_card(suite, "50.00")
    suite.settle()
    before = len(told(suite))

    suite.created(REFUNDS, {**paying("20.00"), "payment": {"id": made["id"]}})
    suite.settle()
    tell(suite, {"id": "n1", "key": made["id"], "type": "chargeBack"})

    assert told(suite)[before:] == [
        ("CustomerBillStateChangeEvent", "partiallyPaid"),
        ("RefundCreateEvent", "pendingAuthorization"),
        ("RefundAttributeValueChangeEvent", "done"),
        ("RefundStateChangeEvent", "done"),
        ("CustomerBillStateChangeEvent", "sent"),
        ("RefundCreateEvent", "done"),
    ]
