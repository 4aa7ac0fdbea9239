"""Stories of bills that nobody is asked to pay: on hold, or not approved yet. They are due once they are sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.cashier import DUE, FEBRUARY, Cashier, cashier, collecting_stage, postgres_server
from tests.scenarios.conftest import Stage, staged
from tests.scenarios.kit import found
from tests.tmf676_payment.kit import COLLECTION

__all__ = ["cashier", "collecting_stage", "postgres_server"]


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def approving_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One where a person approves every bill."""
    script = tmp_path_factory.mktemp("sandbox") / "script.json"
    script.write_text('{"rules": []}')
    of = {"billing": "automatic", "bill_approval": "manual", "payment_sandbox_file": str(script)}
    with staged(request, tmp_path_factory, **of) as opened:
        yield opened


@pytest.fixture
def approver(approving_stage: Stage) -> Iterator[Cashier]:
    approver = Cashier(approving_stage.open())
    yield approver
    try:
        approver.check()
        approver.check_payments()
    finally:
        approving_stage.tidy()


def put(cashier: Cashier, state: str) -> None:
    """The account's first bill is put into this state by a person."""
    assert cashier.send(cashier.bills("ann")[0], state=state).status == 200
    cashier.shop.run()


def due(cashier: Cashier) -> list[str]:
    """When the open bills of the account are due."""
    return [one["due"] for one in found(cashier.shop.suite.get(f"{COLLECTION}/ann"))["openBill"]]


def test_a_bill_on_hold_is_not_debited_before_it_is_let_go_on(cashier: Cashier) -> None:
    cashier.customer()
    cashier.pays_by()
    cashier.shop.wait_until(FEBRUARY)
    put(cashier, "onHold")
    cashier.shop.wait_until("2026-02-25T00:00:00Z")
    assert (cashier.stand(), cashier.payments()) == (["onHold 100"], [])

    put(cashier, "validated")
    assert (cashier.stand(), due(cashier)) == (["sent 100"], ["2026-03-11T00:00:00.000Z"])
    cashier.shop.wait_until("2026-03-11T00:00:00Z")

    assert cashier.payments() == ["2026-03-11 100 done"]
    assert cashier.stand() == ["settled 0", "sent 100"]


def test_a_bill_on_hold_is_not_dunned_before_it_is_let_go_on(cashier: Cashier) -> None:
    product = cashier.customer()
    cashier.shop.wait_until(FEBRUARY)
    put(cashier, "onHold")
    cashier.shop.wait_until("2026-02-27T12:00:00Z")
    assert (cashier.status(), cashier.steps()) == ("None", [])

    put(cashier, "validated")
    cashier.shop.wait_until("2026-03-14T12:00:00Z")

    assert (cashier.status(), cashier.product_status(product)) == ("inArrears", "active")
    cashier.shop.wait_until("2026-03-17T00:00:00Z")
    assert cashier.steps() == ["2026-03-16 reminder 200"]  # the bill of March is overdue too, by then


def test_a_case_ends_when_its_bill_is_put_on_hold(cashier: Cashier) -> None:
    product = cashier.customer()
    cashier.shop.wait_until("2026-03-11T00:00:00Z")
    assert (cashier.status(), cashier.product_status(product)) == ("suspended", "suspended")

    put(cashier, "onHold")

    assert (cashier.status(), cashier.product_status(product)) == ("inGoodStanding", "active")


def test_a_bill_that_is_let_go_on_before_it_is_due_is_not_due_sooner(cashier: Cashier) -> None:
    cashier.customer()
    cashier.pays_by()
    cashier.shop.wait_until(FEBRUARY)

    put(cashier, "onHold")
    put(cashier, "validated")
    cashier.shop.wait_until(DUE)

    assert cashier.payments() == ["2026-02-15 100 done"]


def test_money_that_names_no_bill_pays_none_on_hold(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until("2026-03-01T00:00:00Z")
    put(cashier, "onHold")

    cashier.pay("130")
    assert (cashier.stand(), cashier.credit()) == (["onHold 100", "settled 0"], "30")
    cashier.pay("20", cashier.bills("ann")[0])
    assert (cashier.stand(), cashier.credit()) == (["onHold 80", "settled 0"], "30")

    put(cashier, "validated")
    assert (cashier.stand(), cashier.credit()) == (["partiallyPaid 50", "settled 0"], "0")


def test_a_bill_that_nobody_approved_is_neither_debited_nor_dunned(approver: Cashier) -> None:
    product = approver.customer()
    approver.shop.wait_until("2026-02-27T12:00:00Z")
    assert (approver.stand(), approver.status(), approver.steps()) == (["new 100"], "None", [])

    approver.pays_by()
    put(approver, "validated")
    assert due(approver) == ["2026-03-13T00:00:00.000Z"]
    approver.shop.wait_until("2026-03-13T00:00:00Z")

    assert approver.payments() == ["2026-03-13 100 done"]
    assert (approver.stand(), approver.product_status(product)) == (["settled 0", "new 100"], "active")
