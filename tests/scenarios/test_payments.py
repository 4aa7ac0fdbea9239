"""Stories of payments: bills that are paid in full, in part, too much, by debit, twice, and not after all."""

from __future__ import annotations

from tests.scenarios.billing import BILLS_V4
from tests.scenarios.cashier import APRIL, DUE, FEBRUARY, MARCH, Cashier, cashier, collecting_stage, postgres_server
from tests.scenarios.kit import found
from tests.tmf676_payment.kit import PAYMENTS, REFUNDS, paying

__all__ = ["cashier", "collecting_stage", "postgres_server"]


def test_a_bill_is_paid_in_full_and_shows_it_in_both_majors(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(FEBRUARY)

    paid = cashier.pay("100")

    (bill,) = cashier.bills("ann")
    assert cashier.stand() == ["settled 0"]
    assert [(one["payment"]["id"], one["appliedAmount"]["value"]) for one in bill["appliedPayment"]] == [
        (paid["id"], 100)
    ]
    earlier = found(cashier.shop.suite.get(f"{BILLS_V4}/{bill['id']}"))
    assert (earlier["state"], earlier["appliedPayment"][0]["payment"]["id"]) == ("settled", paid["id"])


def test_money_in_another_currency_than_the_account_is_billed_in_is_refused(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(FEBRUARY)

    answer = cashier.shop.suite.post(PAYMENTS, paying("100", "ann", "GBP"))

    assert (answer.status, answer.json["code"]) == (409, "currency.other")
    assert "billed in EUR; pay it in EUR, not in GBP" in answer.json["message"]
    assert (cashier.stand(), found(cashier.shop.suite.get(PAYMENTS))) == (["sent 100"], [])


def test_a_bill_is_paid_in_parts(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(FEBRUARY)

    cashier.pay("30")
    assert cashier.stand() == ["partiallyPaid 70"]
    cashier.pay("70")

    assert cashier.stand() == ["settled 0"]


def test_what_is_paid_too_much_pays_the_next_bill(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(FEBRUARY)
    paid = cashier.pay("140")
    assert (cashier.stand(), cashier.credit()) == (["settled 0"], "40")

    cashier.shop.wait_until(MARCH)

    assert (cashier.stand(), cashier.credit()) == (["settled 0", "partiallyPaid 60"], "0")
    (_, march) = cashier.bills("ann")
    assert march["appliedPayment"][0]["payment"]["id"] == paid["id"]


def test_two_bills_are_paid_the_oldest_first(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(MARCH)

    cashier.pay("130")

    assert cashier.stand() == ["settled 0", "partiallyPaid 70"]


def test_a_payment_pays_the_bill_that_it_names(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(MARCH)

    cashier.pay("80", cashier.bills("ann")[1])

    assert cashier.stand() == ["sent 100", "partiallyPaid 20"]


def test_a_refund_opens_the_bill_again(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(FEBRUARY)
    paid = cashier.pay("100")

    back = cashier.refund(paid, "25")

    assert (back["status"], cashier.stand(), cashier.credit()) == ("done", ["partiallyPaid 25"], "0")


def test_what_is_owed_again_is_paid_by_other_credit_that_is_there(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(FEBRUARY)
    first, _ = cashier.pay("100"), cashier.pay("30")

    cashier.refund(first, "100")

    assert (cashier.stand(), cashier.credit()) == (["partiallyPaid 70"], "0")


def test_a_charge_back_is_paid_by_other_credit_before_it_is_dunned(cashier: Cashier) -> None:
    cashier.customer()
    cashier.pays_by()
    cashier.provider({"when": {"operation": "capture"}, "chargeBack": "P5D"})
    cashier.shop.wait_until(DUE)
    cashier.pay("100")

    cashier.shop.wait_until("2026-02-21T00:00:00Z")

    assert (cashier.stand(), cashier.credit(), cashier.listed()) == (["settled 0"], "0", [])


def test_a_debit_is_made_on_the_due_date(cashier: Cashier) -> None:
    cashier.customer()
    cashier.pays_by()
    cashier.shop.wait_until("2026-02-14T23:59:59Z")
    assert (cashier.payments(), cashier.stand()) == ([], ["sent 100"])

    cashier.shop.wait_until(DUE)

    assert cashier.payments() == ["2026-02-15 100 done"]
    assert (cashier.stand(), cashier.taken()) == (["settled 0"], ["100"])


def test_a_debit_that_fails_is_made_again_by_the_policy(cashier: Cashier) -> None:
    cashier.provider({"outcome": "declined", "code": "insufficientFunds", "times": 2})
    cashier.customer()
    cashier.pays_by()

    cashier.shop.wait_until("2026-02-28T00:00:00Z")

    # 15 February, 3 days later, 7 days after that.
    assert cashier.payments() == ["2026-02-15 100 denied", "2026-02-18 100 denied", "2026-02-25 100 done"]
    assert (cashier.stand(), cashier.taken()) == (["settled 0"], ["100"])


def test_a_debit_that_always_fails_ends_after_the_last_attempt(cashier: Cashier) -> None:
    cashier.provider({"outcome": "declined", "code": "insufficientFunds"})
    cashier.customer()
    cashier.pays_by()

    cashier.shop.wait_until("2026-03-14T00:00:00Z")

    assert cashier.payments() == [
        *("2026-02-15 100 denied", "2026-02-18 100 denied", "2026-02-25 100 denied", "2026-03-11 100 denied")
    ]
    assert (cashier.stand(), cashier.taken()) == (["sent 100", "sent 100"], [])


def test_a_debit_that_is_declined_for_good_is_not_made_again(cashier: Cashier) -> None:
    cashier.provider({"outcome": "declined", "code": "mandateRevoked"})
    cashier.customer()
    cashier.pays_by()

    cashier.shop.wait_until("2026-03-14T00:00:00Z")

    assert cashier.payments() == ["2026-02-15 100 denied"]


def test_who_has_paid_before_is_not_debited_and_who_paid_a_part_for_the_rest(cashier: Cashier) -> None:
    cashier.customer()
    cashier.pays_by()
    cashier.shop.wait_until(FEBRUARY)
    cashier.pay("100")
    cashier.shop.wait_until(MARCH)
    cashier.pay("35")

    cashier.shop.wait_until(APRIL)

    assert cashier.stand() == ["settled 0", "settled 0", "sent 100"]
    assert cashier.taken() == ["65"]


def test_a_debit_whose_answer_is_lost_takes_the_money_once(cashier: Cashier) -> None:
    cashier.provider({"when": {"operation": "capture"}, "lost": 4})
    cashier.customer()
    cashier.pays_by()

    cashier.shop.wait_until(MARCH)

    assert cashier.payments() == ["2026-02-15 100 done"]
    assert (cashier.stand(), cashier.taken()) == (["settled 0", "sent 100"], ["100"])


def test_a_debit_is_told_by_webhooks_that_come_twice(cashier: Cashier) -> None:
    cashier.provider({"when": {"operation": "capture"}, "delay": "P3D", "webhooks": 2})
    cashier.customer()
    cashier.pays_by()

    cashier.shop.wait_until("2026-02-17T00:00:00Z")
    assert cashier.payments() == ["2026-02-15 100 authorized"]
    cashier.shop.wait_until(MARCH)

    assert cashier.payments() == ["2026-02-18 100 done"]
    assert (cashier.stand(), cashier.credit()) == (["settled 0", "sent 100"], "0")


def test_a_charge_back_opens_the_bill_and_the_account_is_in_arrears(cashier: Cashier) -> None:
    cashier.provider({"when": {"operation": "capture"}, "chargeBack": "P10D", "times": 1})
    cashier.customer()
    cashier.pays_by()
    cashier.shop.wait_until(DUE)
    assert cashier.stand() == ["settled 0"]

    cashier.shop.wait_until("2026-02-25T00:00:00Z")

    assert (cashier.stand(), cashier.status()) == (["sent 100"], "inArrears")
    (back,) = found(cashier.shop.suite.get(f"{REFUNDS}?account.id=ann"))
    assert (back["name"], back["totalAmount"]["value"]) == ("chargeBack", 100)


def test_the_method_that_is_preferred_last_is_debited(cashier: Cashier) -> None:
    cashier.provider({"when": {"token": "old"}, "outcome": "declined", "code": "accountClosed"})
    cashier.customer()
    cashier.pays_by("old")
    cashier.pays_by("new")

    cashier.shop.wait_until(DUE)

    assert (cashier.payments(), cashier.taken()) == (["2026-02-15 100 done"], ["100"])
