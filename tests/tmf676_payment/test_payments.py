"""Payments that were made: what they pay, what they leave, and what is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.tmf676_payment.kit import PAYMENTS, account, bill, check, issue, item, left, paying, payment

DUE = "2026-04-01T00:00:00Z"
LATER = "2026-05-01T00:00:00Z"


@pytest.fixture
def suite(paid):
    account(paid)
    return paid


def test_a_payment_in_full_settles_the_bill(suite):
    issue(suite, "b1", "100.00", DUE)

    made = suite.created(PAYMENTS, paying("100.00"))

    assert (made["status"], made["paymentDate"]) == ("done", made["statusDate"])
    assert [(one["item"]["id"], one["totalAmount"]["value"]) for one in made["paymentItem"]] == [("b1", 100)]
    assert bill(suite, "b1") == ("settled", 0)
    assert left(suite) == 0
    check(suite)


def test_a_payment_in_part_leaves_the_bill_partially_paid(suite):
    issue(suite, "b1", "100.00", DUE)

    suite.created(PAYMENTS, paying("30.50"))

    assert bill(suite, "b1") == ("partiallyPaid", Decimal("69.50"))
    check(suite)


def test_what_is_paid_too_much_is_credit_and_pays_the_next_bill(suite):
    issue(suite, "b1", "100.00", DUE)
    made = suite.created(PAYMENTS, paying("120.00"))
    assert left(suite) == 20

    issue(suite, "b2", "50.00", LATER)

    assert left(suite) == 0
    assert bill(suite, "b2") == ("partiallyPaid", 30)
    assert payment(suite, made["id"]) == made, "a payment never changes"
    check(suite)


def test_the_longest_due_bill_is_paid_first(suite):
    issue(suite, "b1", "40.00", LATER)
    issue(suite, "b2", "60.00", DUE)

    suite.created(PAYMENTS, paying("70.00"))

    assert (bill(suite, "b2"), bill(suite, "b1")) == (("settled", 0), ("partiallyPaid", 30))
    check(suite)


def test_a_payment_pays_what_it_names_and_the_rest_the_longest_due(suite):
    issue(suite, "b1", "40.00", DUE)
    issue(suite, "b2", "60.00", LATER)

    suite.created(PAYMENTS, paying("70.00", paymentItem=[item("b2", "50.00")]))

    assert (bill(suite, "b1"), bill(suite, "b2")) == (("partiallyPaid", 20), ("partiallyPaid", 10))
    check(suite)


def test_an_item_without_an_amount_pays_what_is_open(suite):
    issue(suite, "b1", "40.00", DUE)
    issue(suite, "b2", "60.00", LATER)

    suite.created(PAYMENTS, paying("70.00", paymentItem=[item("b2")]))

    assert (bill(suite, "b2"), bill(suite, "b1")) == (("settled", 0), ("partiallyPaid", 30))
    check(suite)


def test_a_named_bill_that_is_not_here_leaves_credit(suite):
    made = suite.created(PAYMENTS, paying("70.00", paymentItem=[item("nowhere")]))

    assert (made["status"], left(suite)) == ("done", 70)
    check(suite)


def test_money_for_an_account_that_is_not_here_waits_for_it(suite):
    suite.created(PAYMENTS, paying("70.00", account="a2"))
    account(suite, "a2")

    issue(suite, "b1", "60.00", DUE, account="a2")

    assert (bill(suite, "b1"), left(suite, "a2")) == (("settled", 0), 10)
    check(suite)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"totalAmount": {"unit": "EUR", "value": 0}}, "/totalAmount/value"),
        ({"totalAmount": {"unit": "EUR", "value": -5}}, "/totalAmount/value"),
        ({"totalAmount": {"unit": "EUR", "value": Decimal("1.001")}}, "/totalAmount/value"),
        ({"totalAmount": {"unit": "JPY", "value": Decimal("1.5")}}, "/totalAmount/value"),
        ({"totalAmount": {"value": 5}}, "/totalAmount"),
        ({"totalAmount": {"unit": "eur", "value": 5}}, "/totalAmount/unit"),
        ({"totalAmount": {"unit": "euros", "value": 5}}, "/totalAmount/unit"),
        ({"paymentItem": [item("b1", "1.00", "eur")]}, "/paymentItem/0/totalAmount/unit"),
        ({"totalAmount": {"unit": "USD", "value": 5}, "paymentItem": [item("b1")]}, "/totalAmount/unit"),
        ({"paymentItem": [item("b1", "70.00")]}, "/paymentItem"),
        ({"paymentItem": [item("b1", "0")]}, "/paymentItem/0/totalAmount/value"),
        ({"paymentItem": [item("b1", "1.00", "USD")]}, "/paymentItem/0/totalAmount"),
        ({"paymentItem": [item("b2")]}, "/paymentItem/0/item/id"),
        ({"paymentMethod": {"@type": "bankCard", "cardNumber": "4111 1111 1111 1111"}}, "/paymentMethod/cardNumber"),
        ({"paymentMethod": {"@type": "bankCard", "cvv": "123"}}, "/paymentMethod/cvv"),
    ],
)
def test_what_cannot_be_paid_is_400_and_changes_nothing(suite, change, pointer):
    account(suite, "a2")
    issue(suite, "b1", "60.00", DUE)
    issue(suite, "b2", "60.00", DUE, account="a2")
    events = suite.changes

    answer = suite.post(PAYMENTS, {**paying("50.00"), **change})

    assert (answer.status, answer.json["code"]) == (400, "body.invalid")
    assert f"{pointer}: " in answer.json["message"]
    assert b"4111" not in answer.content
    assert suite.get(PAYMENTS).json == []
    assert bill(suite, "b1") == ("sent", 60)
    assert suite.changes == events
    check(suite)


def test_an_account_that_says_its_currency_is_paid_in_it(suite):
    account(suite, "a2", creditLimit={"unit": "EUR", "value": 100})
    events = suite.changes

    answer = suite.post(PAYMENTS, paying("5.00", "a2", "QQQ"))

    assert (answer.status, answer.json["code"]) == (409, "currency.other")
    assert (suite.get(PAYMENTS).json, suite.changes) == ([], events)
    assert suite.created(PAYMENTS, paying("5.00", "a2"))["status"] == "done"
    check(suite)


def test_a_bill_in_another_currency_is_paid_in_its_own(suite):
    account(suite, "a2", creditLimit={"unit": "EUR", "value": 100})
    issue(suite, "b1", "60.00", DUE, "a2", "GBP")

    made = suite.created(PAYMENTS, paying("60.00", "a2", "GBP"))

    assert (made["status"], bill(suite, "b1")) == ("done", ("settled", 0))
    check(suite)


def test_a_correlator_id_counts_once(suite):
    issue(suite, "b1", "60.00", DUE)
    first = suite.created(PAYMENTS, paying("50.00", correlatorId="bank-1"))

    again = suite.post(PAYMENTS, paying("50.00", correlatorId="bank-1"))

    assert (again.status, again.json["code"]) == (409, "payment.duplicate")
    assert first["id"] in again.json["message"]
    assert bill(suite, "b1") == ("partiallyPaid", 10)
    check(suite)


def test_an_idempotency_key_pays_once(suite):
    issue(suite, "b1", "60.00", DUE)
    key = {"idempotency-key": "k1"}

    first, again = (suite.post(PAYMENTS, paying("50.00"), headers=key) for _ in range(2))

    assert (first.status, again.status, first.content) == (201, 201, again.content)
    assert bill(suite, "b1") == ("partiallyPaid", 10)
    check(suite)


def test_payments_are_neither_changed_nor_deleted(suite):
    made = suite.created(PAYMENTS, paying("50.00"))

    assert suite.patch(f"{PAYMENTS}/{made['id']}", {"description": "x"}).status == 405
    assert suite.delete(f"{PAYMENTS}/{made['id']}").status == 405


def test_eight_payments_at_once_never_pay_a_bill_twice(suite):
    issue(suite, "b1", "50.00", DUE)
    barrier = threading.Barrier(8)

    def pay():
        barrier.wait()
        return suite.post(PAYMENTS, paying("10.00", paymentItem=[item("b1")])).status

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(pay) for _ in range(8)]]

    assert answers == [201] * 8
    assert bill(suite, "b1") == ("settled", 0)
    assert left(suite) == 30
    check(suite)


def test_the_same_payment_eight_times_at_once_is_made_once(suite):
    issue(suite, "b1", "50.00", DUE)
    barrier = threading.Barrier(8)

    def pay():
        barrier.wait()
        return suite.post(PAYMENTS, paying("10.00", correlatorId="once")).status

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(pay) for _ in range(8)]]

    assert sorted(answers) == [201] + [409] * 7
    assert bill(suite, "b1") == ("partiallyPaid", 40)
    check(suite)
