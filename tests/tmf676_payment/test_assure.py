"""The books of payments are held against each other: nothing is found where all is well, and what is amiss is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.assurance import assure
from tests.tmf676_payment.kit import PAYMENTS, REFUNDS, account, by_card, card, issue, paying
from tmf676_payment.tables import ALLOCATIONS, CHARGES, COLLECTIONS, CREDITS, RETURNS

DUE = "2027-04-01T00:00:00Z"
CHECKS = ("payment.left", "payment.received", "payment.returned", "payment.credit", "payment.collection")


@pytest.fixture
def suite(paid):
    account(paid)
    card(paid)
    issue(paid, "b1", "50.00", DUE)
    made = by_card(paid, "70.00")
    paid.settle()
    paid.created(REFUNDS, {**paying("5.00"), "payment": {"id": made["id"]}})
    paid.created(PAYMENTS, paying("9.00"))
    paid.settle()
    return paid


def found(suite):
    """Records of the findings, by check."""
    results = assure(suite.installation, CHECKS)
    return {one.check.name: [each.records[0] for each in one.findings] for one in results if one.count}


def spoil(suite, table, where, **values):
    with suite.installation.database.write() as uow:
        rows = uow.records(table.name)
        if values:
            assert rows.update(where, values) > 0
        else:
            assert rows.find(where, limit=1)
            rows.delete(where)
        uow.commit()


def test_nothing_is_found_where_all_is_well(suite):
    assert found(suite) == {}


def test_credit_that_does_not_add_up_is_found(suite):
    [made] = suite.get(f"{PAYMENTS}?totalAmount.value=9").json

    spoil(suite, CREDITS, {"id": made["id"]}, left=Decimal("8.00"))

    assert found(suite) == {"payment.left": [f"credit {made['id']}"], "payment.credit": ["billingAccount a1"]}


def test_an_allocation_of_nothing_is_found(suite):
    spoil(suite, ALLOCATIONS, {"bill": "b1"}, credit="nobody")

    assert "credit nobody" in found(suite)["payment.left"]


def test_money_that_was_taken_and_did_not_come_in_is_found(suite):
    [made] = suite.get(f"{PAYMENTS}?totalAmount.value=70").json

    spoil(suite, CREDITS, {"id": made["id"]})

    assert found(suite)["payment.received"] == [f"payment {made['id']}"]


def test_a_refund_that_is_not_shown_is_found(suite):
    spoil(suite, RETURNS, {"state": "done"}, refund="nobody")

    assert found(suite)["payment.returned"] == ["refund nobody"]


def test_a_bill_that_nobody_is_asked_for_is_found(suite):
    spoil(suite, COLLECTIONS, {"bill": "b1"}, state="asked")
    spoil(suite, CHARGES, {"resource": "payment"}, bill=None)

    assert found(suite) == {"payment.collection": ["customerBill b1"]}
