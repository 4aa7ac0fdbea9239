"""Stories of who does not pay: reminded, restricted, suspended, ended, written off; and taken back when they do."""

from __future__ import annotations

import pytest

from tests.scenarios.cashier import ARREARS, FEBRUARY, Cashier, cashier, collecting_stage, postgres_server
from tests.scenarios.charging import ACCOUNTS, ANNA
from tests.scenarios.kit import ORDERS, found

__all__ = ["cashier", "collecting_stage", "postgres_server"]


@pytest.fixture
def product(cashier: Cashier) -> str:
    """Of an account whose first bill of 100 EUR is due on 15 February."""
    return cashier.customer()


def test_an_account_is_in_arrears_a_day_after_the_due_date(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-15T23:59:59Z")
    assert (cashier.status(), cashier.listed()) == ("None", [])

    cashier.shop.wait_until(ARREARS)

    assert (cashier.status(), cashier.steps()) == ("inArrears", [])
    (case,) = cashier.listed()
    assert (case["account"], case["since"], case["next"]) == (
        "ann",
        "2026-02-16T00:00:00.000Z",
        "2026-02-18T00:00:00.000Z",
    )


def test_reminders_restriction_suspension_and_recovery(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-03-10T00:00:00Z")
    assert cashier.steps() == ["2026-02-18 reminder 100", "2026-02-25 reminder 100", "2026-03-04 restrict 100"]
    assert (cashier.status(), cashier.product_status(product)) == ("restricted", "active")

    cashier.shop.wait_until("2026-03-11T00:00:00Z")

    assert cashier.steps()[-1] == "2026-03-11 suspend 100"
    assert (cashier.status(), cashier.product_status(product)) == ("suspended", "suspended")
    assert found(cashier.shop.suite.get(f"{ACCOUNTS}/ann"))["state"] == "Suspended"

    cashier.shop.wait_until("2026-03-12T00:00:00Z")
    cashier.pay("100")

    assert (cashier.status(), cashier.product_status(product), cashier.listed()) == ("inGoodStanding", "active", [])
    account = found(cashier.shop.suite.get(f"{ACCOUNTS}/ann"))
    assert (account["state"], "dunningStep" in account) == ("Active", False)
    orders = found(cashier.shop.suite.get(f"{ORDERS}?category=dunning&sort=id"))
    assert sorted((one["state"], one["productOrderItem"][0]["product"]["status"]) for one in orders) == [
        ("completed", "active"),
        ("completed", "suspended"),
    ]


def test_a_step_is_told_to_listeners_of_the_account(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until(ARREARS)
    cashier.shop.told()

    cashier.shop.wait_until("2026-02-18T00:00:00Z")
    account = found(cashier.shop.suite.get(f"{ACCOUNTS}/ann"))

    assert cashier.shop.told() == ["ann changed: dunningStep"]
    assert (account["dunningStep"]["step"], account["dunningStep"]["amount"]["value"]) == ("reminder", 100)


def test_who_pays_after_a_reminder_is_left_alone(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-20T00:00:00Z")
    cashier.pay("100")
    cashier.shop.wait_until("2026-03-14T00:00:00Z")

    assert cashier.steps() == ["2026-02-18 reminder 100"]
    assert (cashier.status(), cashier.product_status(product)) == ("inGoodStanding", "active")


def test_the_next_bill_begins_a_case_of_its_own(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-20T00:00:00Z")
    cashier.pay("100")

    cashier.shop.wait_until("2026-03-19T00:00:00Z")

    # The bill of 1 March is due on the 15th.
    assert cashier.steps() == ["2026-02-18 reminder 100", "2026-03-18 reminder 100"]


def test_a_part_of_the_debt_does_not_stop_dunning(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-20T00:00:00Z")
    cashier.pay("40")
    cashier.shop.wait_until("2026-02-25T00:00:00Z")

    assert cashier.steps() == ["2026-02-18 reminder 100", "2026-02-25 reminder 60"]


def test_termination_is_ordered_and_the_debt_is_written_off(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-04-09T00:00:00Z")
    assert cashier.product_status(product) == "suspended"

    cashier.shop.wait_until("2026-04-10T00:00:00Z")
    assert (cashier.product_status(product), cashier.status()) == ("terminated", "terminated")
    cashier.shop.wait_until("2026-05-16T00:00:00Z")

    assert [line.split()[1] for line in cashier.steps()] == [
        *("reminder", "reminder", "restrict", "suspend", "terminate", "writeOff")
    ]
    assert cashier.steps()[-1].startswith("2026-05-16 writeOff")
    assert {line.split()[0] for line in cashier.stand()} == {"settled"}
    assert (cashier.status(), cashier.listed()) == ("writtenOff", [])


def test_a_promise_to_pay_holds_dunning_until_its_date(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-20T00:00:00Z")
    cashier.hold("2026-03-20T00:00:00Z")
    cashier.shop.wait_until("2026-03-19T00:00:00Z")
    assert cashier.steps() == ["2026-02-18 reminder 100"]

    cashier.shop.wait_until("2026-03-20T00:00:00Z")

    # The bill of March is in arrears as well by then.
    assert cashier.steps() == ["2026-02-18 reminder 100", "2026-03-20 reminder 200"]


def test_a_hold_that_is_taken_back_goes_on_at_once(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-20T00:00:00Z")
    cashier.hold("2026-03-20T00:00:00Z")
    cashier.shop.wait_until("2026-02-27T00:00:00Z")

    cashier.hold(None)

    assert cashier.steps() == ["2026-02-18 reminder 100", "2026-02-27 reminder 100"]


def test_steps_that_were_held_do_not_come_all_at_once(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-02-16T00:00:00Z")
    cashier.hold("2026-04-16T00:00:00Z")

    cashier.shop.wait_until("2026-04-24T00:00:00Z")

    assert [line[:19] for line in cashier.steps()] == ["2026-04-16 reminder", "2026-04-23 reminder"]


def test_what_is_disputed_is_not_dunned(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until(FEBRUARY)
    cashier.dispute(cashier.bills("ann")[0], "100")

    cashier.shop.wait_until("2026-03-10T00:00:00Z")
    assert (cashier.steps(), cashier.listed()) == ([], [])

    cashier.dispute(cashier.bills("ann")[0], "0")
    cashier.shop.wait_until("2026-03-16T00:00:00Z")
    assert cashier.steps() == ["2026-03-16 reminder 200"]


def test_less_than_the_least_amount_is_left_alone(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until(FEBRUARY)
    cashier.pay("99.50")

    cashier.shop.wait_until("2026-03-10T00:00:00Z")

    assert (cashier.stand(), cashier.steps(), cashier.listed()) == (["partiallyPaid 0.5", "sent 100"], [], [])


def test_a_debit_under_way_is_not_dunned_and_a_failed_one_is(cashier: Cashier, product: str) -> None:
    rule = {"when": {"operation": "capture"}, "outcome": "declined", "code": "mandateRevoked", "delay": "P10D"}
    cashier.provider({**rule, "webhooks": 1})
    cashier.pays_by()

    cashier.shop.wait_until("2026-02-24T00:00:00Z")
    assert (cashier.payments(), cashier.steps(), cashier.listed()) == (["2026-02-15 100 authorized"], [], [])
    cashier.shop.wait_until("2026-02-25T00:00:00Z")

    assert (cashier.status(), cashier.steps()) == ("inArrears", ["2026-02-25 reminder 100"])


def test_a_suspension_under_way_is_waited_for_before_it_is_taken_back(cashier: Cashier, product: str) -> None:
    cashier.shop.script({"when": {"kind": "suspend"}, "delay": "P1D"})
    cashier.shop.wait_until("2026-03-11T00:00:00Z")
    assert cashier.product_status(product) == "active"

    cashier.pay("100")
    assert [case["state"] for case in cashier.listed()] == ["recovering"]
    cashier.shop.wait_until("2026-03-12T02:00:00Z")

    assert (cashier.product_status(product), cashier.status(), cashier.listed()) == ("active", "inGoodStanding", [])


def test_every_product_of_the_account_is_suspended_by_an_order_of_its_own(cashier: Cashier, product: str) -> None:
    other = cashier.sell("plan", ANNA + "1", "ann")
    cashier.customer("ben", ANNA + "2")
    cashier.shop.wait_until(FEBRUARY)
    cashier.pay("100", account="ben")

    cashier.shop.wait_until("2026-03-11T00:00:00Z")

    assert [cashier.product_status(one) for one in (product, other)] == ["suspended", "suspended"]
    assert (cashier.status("ben"), cashier.steps("ben")) == ("None", [])
    orders = found(cashier.shop.suite.get(f"{ORDERS}?category=dunning"))
    assert sorted(one["productOrderItem"][0]["product"]["id"] for one in orders) == sorted([product, other])


def test_a_debit_under_way_of_a_bill_that_is_not_late_ends_no_case(cashier: Cashier, product: str) -> None:
    cashier.shop.wait_until("2026-03-12T00:00:00Z")
    cashier.provider({"when": {"operation": "capture"}, "delay": "P10D"})
    cashier.pays_by()

    cashier.shop.wait_until("2026-03-15T12:00:00Z")
    cashier.hold(None)  # it is looked at

    assert cashier.payments() == ["2026-03-15 100 authorized"]
    assert (cashier.status(), cashier.product_status(product)) == ("suspended", "suspended")
