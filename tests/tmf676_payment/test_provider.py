"""What is asked of the provider, and what its answers, its silence and its webhooks lead to: nobody pays twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from common.jobs.inline import Inline
from tests.tmf676_payment.kit import (
    PAYMENTS,
    REFUNDS,
    account,
    bill,
    by_card,
    card,
    check,
    issue,
    left,
    paying,
    payment,
    script,
    tell,
)
from tmf676_payment.providers.sandbox import captured

DUE = "2028-04-01T00:00:00Z"
TEN = Decimal("10.00")


@pytest.fixture
def suite(paid):
    account(paid)
    issue(paid, "b1", "50.00", DUE)
    return paid


def took(suite):
    """What the provider took in all, by currency unit."""
    return sorted(money.amount for money in captured(suite.installation).values())


def refund(suite, made, amount, **more):
    body = {**paying(amount), "payment": {"id": made["id"]}, **more}
    return suite.created(REFUNDS, body)


def returned(suite, id):
    return suite.get(f"{REFUNDS}/{id}").json


def test_a_card_is_authorised_and_captured_after_the_answer(suite):
    made = by_card(suite, "10.00")
    assert (made["status"], bill(suite, "b1")) == ("pendingAuthorization", ("sent", 50))

    suite.settle()

    done = payment(suite, made["id"])
    assert (done["status"], done["authorizationCode"]) == ("done", f"sandbox-capture-{made['id']}")
    assert [(one["item"]["id"], one["totalAmount"]["value"]) for one in done["paymentItem"]] == [("b1", 10)]
    assert (bill(suite, "b1"), took(suite)) == (("partiallyPaid", 40), [TEN])
    check(suite)


def test_a_method_that_is_kept_is_charged_by_its_token(suite):
    script(suite, {"when": {"token": "tok-9"}, "outcome": "declined", "code": "cardExpired", "reason": "expired"})
    method = card(suite, "tok-9")

    made = by_card(suite, "10.00", paymentMethod={"id": method})
    suite.settle()

    assert (payment(suite, made["id"])["status"], took(suite)) == ("denied", [])
    check(suite)


def test_a_decline_says_why_and_changes_no_bill(suite):
    script(suite, {"outcome": "declined", "code": "insufficientFunds", "reason": "not enough money"})

    made = by_card(suite, "10.00")
    suite.settle()

    shown = payment(suite, made["id"])
    assert (shown["status"], shown["statusReason"]) == ("denied", "insufficientFunds: not enough money")
    assert (bill(suite, "b1"), left(suite), took(suite)) == (("sent", 50), 0, [])
    check(suite)


def test_an_authorised_payment_may_be_declined_at_capture(suite):
    script(suite, {"when": {"operation": "capture"}, "outcome": "declined", "code": "fraud", "reason": "no"})

    made = by_card(suite, "10.00")
    suite.settle()

    assert (payment(suite, made["id"])["status"], took(suite)) == ("denied", [])
    check(suite)


def test_a_lost_answer_is_asked_for_and_charged_once(suite):
    script(suite, {"when": {"operation": "capture"}, "lost": 3})

    made = by_card(suite, "10.00")
    suite.settle()
    assert (payment(suite, made["id"])["status"], took(suite)) == ("authorized", [TEN])
    suite.advance(timedelta(minutes=1))

    assert payment(suite, made["id"])["status"] == "done"
    assert (bill(suite, "b1"), took(suite)) == (("partiallyPaid", 40), [TEN])
    assert _asked(suite, made["id"], "capture") == 1
    check(suite)


def test_a_question_that_did_not_arrive_is_asked_again_with_the_same_key(suite):
    script(suite, {"when": {"operation": "capture"}, "unheard": 2})

    made = by_card(suite, "10.00")
    suite.settle()
    suite.advance(timedelta(minutes=10))

    assert payment(suite, made["id"])["status"] == "done"
    assert (_asked(suite, made["id"], "capture"), took(suite)) == (3, [TEN])
    check(suite)


@pytest.mark.parametrize("step", ["prepare", "perform", "settle"])
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_crash_before_any_step_charges_once(suite, step, goes_on):
    """`goes_on`: another worker takes over what was noted; else it begins anew."""
    made = by_card(suite, "10.00")
    steps = []

    class Stopped(BaseException):
        pass

    def crash(name, kind, key):
        if kind == "payment.provider":
            steps.append(name)
            if steps.count(step) == 2 and name == step:
                raise Stopped

    first = Inline(suite.installation, crash)
    with pytest.raises(Stopped):
        first.run_due()
    (first if goes_on else Inline(suite.installation)).run_due()
    suite.advance(timedelta(minutes=10))

    assert payment(suite, made["id"])["status"] == "done"
    assert (bill(suite, "b1"), took(suite)) == (("partiallyPaid", 40), [TEN])
    assert _asked(suite, made["id"], "capture") == 1
    check(suite)


def test_a_debit_that_is_decided_later_is_told_by_webhook(suite):
    script(suite, {"when": {"operation": "capture"}, "delay": "P2D", "webhooks": 1})

    made = by_card(suite, "10.00")
    suite.settle()
    assert (payment(suite, made["id"])["status"], bill(suite, "b1")) == ("authorized", ("sent", 50))
    suite.advance(timedelta(days=2))

    assert (payment(suite, made["id"])["status"], bill(suite, "b1")) == ("done", ("partiallyPaid", 40))
    check(suite)


def test_a_debit_that_is_decided_later_is_asked_for_when_no_webhook_comes(suite):
    script(suite, {"when": {"operation": "capture"}, "delay": "P2D"})

    made = by_card(suite, "10.00")
    suite.settle()
    suite.advance(timedelta(days=2, hours=6))

    assert (payment(suite, made["id"])["status"], bill(suite, "b1")) == ("done", ("partiallyPaid", 40))
    check(suite)


def test_a_webhook_that_comes_twice_counts_once(suite):
    script(suite, {"when": {"operation": "capture"}, "delay": "PT1H", "webhooks": 3})

    by_card(suite, "10.00")
    suite.settle()
    suite.advance(timedelta(hours=2))

    assert (bill(suite, "b1"), left(suite), took(suite)) == (("partiallyPaid", 40), 0, [TEN])
    check(suite)


def test_a_webhook_before_the_answer_counts_once(suite):
    script(suite, {"when": {"operation": "capture"}, "isEarly": True})

    made = by_card(suite, "10.00")
    suite.settle()

    assert payment(suite, made["id"])["status"] == "done"
    assert (bill(suite, "b1"), left(suite), took(suite)) == (("partiallyPaid", 40), 0, [TEN])
    check(suite)


def test_a_webhook_before_a_lost_answer_counts_once(suite):
    script(suite, {"when": {"operation": "capture"}, "isEarly": True, "lost": 5})

    made = by_card(suite, "10.00")
    suite.settle()
    suite.advance(timedelta(days=1))

    assert payment(suite, made["id"])["status"] == "done"
    assert (bill(suite, "b1"), left(suite), took(suite)) == (("partiallyPaid", 40), 0, [TEN])
    check(suite)


def test_a_late_charge_back_opens_the_bill_again(suite):
    script(suite, {"when": {"operation": "capture"}, "chargeBack": "P40D"})
    made = by_card(suite, "50.00")
    suite.settle()
    assert bill(suite, "b1") == ("settled", 0)

    suite.advance(timedelta(days=40))

    assert bill(suite, "b1") == ("sent", 50)
    [back] = suite.get(f"{REFUNDS}?payment.id={made['id']}").json
    assert (back["name"], back["status"], back["totalAmount"]["value"]) == ("chargeBack", "done", 50)
    assert payment(suite, made["id"])["status"] == "done", "a payment never changes"
    check(suite)


def test_a_webhook_is_taken_with_its_signature_only(suite):
    made = by_card(suite, "10.00")
    told = {"id": "n1", "key": made["id"], "type": "capture", "outcome": "captured", "reference": "r1"}

    refused = tell(suite, told, secret="another one")
    assert (refused.status, refused.json["code"]) == (401, "payment.signature")
    assert payment(suite, made["id"])["status"] == "pendingAuthorization"

    assert (tell(suite, told).status, tell(suite, told).status) == (204, 204)
    suite.settle()
    assert payment(suite, made["id"])["authorizationCode"] == "r1"
    assert (bill(suite, "b1"), took(suite)) == (("partiallyPaid", 40), [])
    check(suite)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": "nobody"}, 404),
        ({"id": ""}, 400),
        ({"type": "other"}, 400),
        ({"outcome": "unknown"}, 400),
        ({"type": "chargeBack", "amount": 5}, 400),
    ],
)
def test_a_webhook_that_says_nothing_of_ours_is_refused(suite, change, status):
    made = by_card(suite, "10.00")

    answer = tell(suite, {"id": "n1", "key": made["id"], "type": "capture", "outcome": "captured", **change})

    assert answer.status == status
    assert payment(suite, made["id"])["status"] == "pendingAuthorization"


def test_a_refund_of_a_card_goes_through_the_provider_and_opens_the_bill(suite):
    made = by_card(suite, "50.00")
    suite.settle()

    back = refund(suite, made, "20.00")
    assert back["status"] == "pendingAuthorization"
    assert bill(suite, "b1") == ("partiallyPaid", 20)
    suite.settle()

    assert returned(suite, back["id"])["status"] == "done"
    assert payment(suite, made["id"])["status"] == "done"
    check(suite)


def test_a_refund_that_the_provider_declines_pays_the_bill_again(suite):
    script(suite, {"when": {"operation": "refund"}, "outcome": "declined", "code": "accountClosed", "reason": "gone"})
    made = by_card(suite, "50.00")
    suite.settle()

    back = refund(suite, made, "20.00")
    suite.settle()

    shown = returned(suite, back["id"])
    assert (shown["status"], shown["statusReason"]) == ("failed", "accountClosed: gone")
    assert bill(suite, "b1") == ("settled", 0)
    check(suite)


def test_a_lost_answer_to_a_refund_is_paid_back_once(suite):
    script(suite, {"when": {"operation": "refund"}, "lost": 2})
    made = by_card(suite, "50.00")
    suite.settle()

    back = refund(suite, made, "20.00")
    suite.settle()
    suite.advance(timedelta(minutes=5))

    assert (returned(suite, back["id"])["status"], _asked(suite, back["id"], "refund")) == ("done", 1)
    check(suite)


def test_an_over_payment_is_refunded_from_credit_first(suite):
    made = suite.created(PAYMENTS, paying("70.00"))

    back = refund(suite, made, "20.00")

    assert (back["status"], bill(suite, "b1"), left(suite)) == ("done", ("settled", 0), 0)
    check(suite)


def test_credit_of_the_account_is_refunded_without_naming_a_payment(suite):
    suite.created(PAYMENTS, paying("60.00"))
    suite.created(PAYMENTS, paying("5.00"))

    back = suite.created(REFUNDS, paying("12.00"))

    assert (back["status"], bill(suite, "b1"), left(suite)) == ("done", ("settled", 0), 3)
    check(suite)


@pytest.mark.parametrize(
    ("of", "amount", "reason"),
    [
        ("payment", "50.01", "of payment '{id}' 50.00 EUR can be refunded at most"),
        ("account", "0.01", "of the credit of account 'a1' 0.00 EUR can be refunded at most"),
        ("nobody", "1.00", "payment 'nobody' brought no money to account 'a1'"),
    ],
)
def test_a_refund_of_more_than_there_is_fails_and_changes_nothing(suite, of, amount, reason):
    made = suite.created(PAYMENTS, paying("50.00"))
    named = {"payment": {"id": made["id"]}, "account": None, "nobody": {"id": "nobody"}}[of]

    back = suite.created(REFUNDS, {**paying(amount), "payment": named})

    assert (back["status"], back["statusReason"]) == ("failed", reason.format(id=made["id"]))
    assert bill(suite, "b1") == ("settled", 0)
    check(suite)


def test_refunds_and_charge_back_together_return_no_more_than_was_paid(suite):
    made = by_card(suite, "50.00")
    suite.settle()
    refund(suite, made, "20.00")
    suite.settle()

    told = {"id": "n1", "key": made["id"], "type": "chargeBack", "reason": "disputed"}
    assert tell(suite, told).status == 204
    assert tell(suite, {**told, "id": "n2"}).status == 204

    listed = suite.get(f"{REFUNDS}?payment.id={made['id']}").json
    assert sorted(one["totalAmount"]["value"] for one in listed) == [20, 30]
    assert bill(suite, "b1") == ("sent", 50)
    check(suite)


def test_a_means_that_is_not_here_pays_nothing(suite):
    made = by_card(suite, "10.00", paymentMethod={"id": "nowhere"})
    suite.settle()

    assert (made["status"], made["statusReason"]) == (
        "failed",
        "paymentMethod 'nowhere' is not here; make it first, or say it whole",
    )
    assert (bill(suite, "b1"), took(suite)) == (("sent", 50), [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "Inactive"}, "the tokenizedCard is Inactive"),
        ({"expirationDate": "2020-01-01T00:00:00Z"}, "the tokenizedCard has expired"),
        ({"token": None}, "the tokenizedCard has no token that the provider knows it by"),
    ],
)
def test_a_method_that_cannot_be_used_fails_the_payment(suite, change, reason):
    method = card(suite, **{"token": "tok-1", **change})

    made = by_card(suite, "10.00", paymentMethod={"id": method})

    assert (made["status"], made["statusReason"]) == ("failed", reason)


def test_a_payment_with_its_authorisation_was_made_already(suite):
    made = by_card(suite, "10.00", authorizationCode="terminal-7")
    suite.settle()

    assert (made["status"], bill(suite, "b1"), took(suite)) == ("done", ("partiallyPaid", 40), [])
    check(suite)


def _asked(suite, key, operation):
    """How often the provider heard this question asked, its status apart."""
    with suite.installation.database.read() as uow:
        row = uow.records("tmf676_sandbox").get(key, operation)
    return row["asked"]
