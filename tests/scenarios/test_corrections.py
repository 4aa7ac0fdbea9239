"""Stories of corrections: bills credited, disputed, adjusted, written off and paid after all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import pytest

from tests.scenarios.billing import BILLS, BILLS_V4
from tests.scenarios.cashier import FEBRUARY, MARCH
from tests.scenarios.charging import ACCOUNTS, plain
from tests.scenarios.corrections import (
    ADJUSTMENTS,
    CREDIT_NOTES,
    DISPUTES,
    WRITE_OFFS,
    Clerk,
    clerk,
    collecting_stage,
    postgres_server,
)
from tests.scenarios.kit import found
from tests.tmf676_payment.kit import COLLECTION, PAYMENTS, paying
from tmf678_bill.tables import BILLING

__all__ = ["clerk", "collecting_stage", "postgres_server"]


@pytest.fixture
def bill(clerk: Clerk) -> dict:
    """Of 1 February: 31.00 for January in arrears, 10.00 for the set-up, with 19 % on both: 48.79."""
    clerk.plan("plan", clerk.recurring("base", "31"), clerk.one_time("setup", "10"))
    clerk.account("ann")
    clerk.sell("plan", account="ann")
    clerk.shop.wait_until(FEBRUARY)
    (issued,) = clerk.bills("ann")
    return issued


def test_a_bill_is_credited_whole_and_stays_as_it_was(clerk: Clerk, bill: dict) -> None:
    note = clerk.credits(bill, reason="billed twice")

    after = found(clerk.shop.suite.get(f"{BILLS}/{bill['id']}"))
    changed = {name for name in bill.keys() | after.keys() if bill.get(name) != after.get(name)}
    assert changed == {"state", "remainingAmount"}
    assert clerk.told("ann") == [
        "B-00000001 2026-02-01 41 + 7.79 = 48.79 EUR settled",
        "C-00000001 2026-02-01 -41 + -7.79 = -48.79 EUR settled",
    ]
    assert clerk.last("ann") == [
        "recurring base 2026-01-01/2026-02-01 -31 + -5.89",
        "oneTime setup 2026-01-01/2026-01-02 -10 + -1.9",
    ]
    assert (plain(note["amount"]["value"]), plain(note["appliedAmount"]["value"])) == ("48.79", "48.79")
    assert clerk.books() == {}


def test_a_credit_note_is_told_of_as_a_bill_and_a_change_of_state(clerk: Clerk, bill: dict) -> None:
    clerk.shop.told()

    clerk.credits(bill, amount="10")

    assert clerk.shop.told() == [
        "customerBill created: new",
        "customerBill: partiallyPaid",
        "ann changed: accountBalance",
        *("customerBill: validated", "customerBill: sent", "customerBill: settled"),
    ]


def test_a_credit_note_is_a_bill_that_names_the_one_it_corrects_in_both_majors(clerk: Clerk, bill: dict) -> None:
    note = clerk.credits(bill, percentage=10)

    for base in (BILLS, BILLS_V4):
        shown = found(clerk.shop.suite.get(f"{base}/{note['customerBill']['id']}"))
        assert (shown["category"], shown["billNo"]) == ("creditNote", "C-00000001")
        assert (shown["correctedBill"]["id"], shown["correctedBill"]["name"]) == (bill["id"], "B-00000001")
    assert found(clerk.shop.suite.get(f"{CREDIT_NOTES}/{note['id']}"))["bill"]["id"] == bill["id"]
    assert [one["id"] for one in found(clerk.shop.suite.get(f"{CREDIT_NOTES}?bill.id={bill['id']}"))] == [note["id"]]


def test_parts_of_a_bill_sum_to_the_bill(clerk: Clerk, bill: dict) -> None:
    """48.79 in three: 16.26, 16.26 and what is left, each with its share of tax; one cent more is refused.

    Of the fee 12.29, 12.30 and 12.30 with tax of 1.96, 1.97 and 1.96; of the set-up 3.97, 3.96 and 3.97 with 0.63,
    0.64 and 0.63.
    """
    notes = [clerk.credits(bill, amount="16.26"), clerk.credits(bill, amount="16.26"), clerk.credits(bill)]

    assert [plain(one["amount"]["value"]) for one in notes] == ["16.26", "16.26", "16.27"]
    assert [plain(one["taxAmount"]["value"]) for one in notes] == ["2.59", "2.61", "2.59"]
    assert clerk.stand()[0] == "settled 0"
    refused = clerk.asks(CREDIT_NOTES, bill={"id": bill["id"]}, amount="0.01", reason="more")
    assert (refused.status, refused.json["code"]) == (409, "bill.over-credited")
    assert len(clerk.bills("ann")) == 4


def test_an_item_is_credited_and_the_rest_is_still_owed(clerk: Clerk, bill: dict) -> None:
    setup = clerk.item_ids(bill)["setup"]

    clerk.credits(bill, item=[{"id": setup, "amount": {"unit": "EUR", "value": Decimal("5.95")}}])

    assert clerk.last("ann") == ["oneTime setup 2026-01-01/2026-01-02 -5 + -0.95"]
    assert clerk.stand()[0] == "partiallyPaid 42.84"
    assert clerk.books() == {"receivable": "42.84", "revenue": "-36", "taxPayable": "-6.84"}
    refused = clerk.asks(
        CREDIT_NOTES, bill={"id": bill["id"]}, item=[{"id": setup, "amount": money("5.96")}], reason="more"
    )
    assert (refused.status, refused.json["code"]) == (409, "bill.over-credited")


def test_items_of_a_bill_are_credited_up_to_what_is_left_of_all_of_it(clerk: Clerk) -> None:
    """A charge of 100.00 that a discount of another item, or an earlier credit, left less of."""
    clerk.plan("plan", clerk.recurring("base", "100", tax=None))
    clerk.account("ann")
    clerk.sell("plan", account="ann")
    clerk.adjusts("credit", "60")
    clerk.shop.wait_until(FEBRUARY)
    (bill,) = clerk.bills("ann")
    items = clerk.item_ids(bill)
    clerk.pay("40")

    refused = clerk.asks(CREDIT_NOTES, bill={"id": bill["id"]}, item=[{"id": items["base"]}], reason="no")

    assert (refused.status, refused.json["code"]) == (409, "bill.over-credited")
    assert "40.00 EUR are left" in refused.json["message"]
    assert (len(clerk.bills("ann")), clerk.credit(), clerk.books()) == (1, "0", {"cash": "40", "revenue": "-40"})
    clerk.credits(bill, item=[{"id": items["base"]}, {"id": items["goodwill"]}])
    assert clerk.credit() == "40"
    again = clerk.asks(CREDIT_NOTES, bill={"id": bill["id"]}, reason="again")
    assert (again.status, again.json["code"]) == (409, "bill.over-credited")


def test_a_credit_of_a_paid_bill_pays_the_next_one(clerk: Clerk, bill: dict) -> None:
    clerk.pay("48.79")

    note = clerk.credits(bill, amount="11.90")

    assert (plain(note["appliedAmount"]["value"]), plain(note["customerCreditAmount"]["value"])) == ("0", "11.9")
    assert (clerk.stand()[0], clerk.credit()) == ("settled 0", "11.9")
    clerk.shop.wait_until(MARCH)
    assert clerk.stand()[-1] == "partiallyPaid 24.99"  # 36.89 less 11.90
    assert clerk.credit() == "0"


def test_a_credit_of_a_partly_paid_bill_is_taken_off_first(clerk: Clerk, bill: dict) -> None:
    clerk.pay("40")

    note = clerk.credits(bill)

    assert (plain(note["appliedAmount"]["value"]), plain(note["customerCreditAmount"]["value"])) == ("8.79", "40")
    assert (clerk.stand()[0], clerk.credit()) == ("settled 0", "40")


def test_a_decision_counts_once(clerk: Clerk, bill: dict) -> None:
    body = {"bill": {"id": bill["id"]}, "reason": "complaint", "externalId": "CRM-1", "amount": money("1.19")}
    first = clerk.shop.suite.post(CREDIT_NOTES, body, headers={"idempotency-key": "k1"})

    again = clerk.shop.suite.post(CREDIT_NOTES, body, headers={"idempotency-key": "k1"})
    other_key = clerk.shop.suite.post(CREDIT_NOTES, body)
    other_body = clerk.shop.suite.post(CREDIT_NOTES, {**body, "amount": money("2.38")})

    assert (first.status, again.json, other_key.json) == (201, first.json, first.json)
    assert (other_body.status, other_body.json["code"]) == (409, "correction.external-id")
    assert clerk.stand()[0] == "partiallyPaid 47.6"


def test_a_credit_note_and_a_loaded_bill_are_not_credited(clerk: Clerk, bill: dict) -> None:
    note = clerk.credits(bill)

    refused = clerk.asks(CREDIT_NOTES, bill={"id": note["id"]}, reason="no")
    unknown = clerk.asks(CREDIT_NOTES, bill={"id": "nothing"}, reason="no")

    assert (refused.status, refused.json["code"]) == (409, "bill.is-credit-note")
    assert unknown.status == 404
    assert len(clerk.bills("ann")) == 2


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/bill", "/reason"]),
        ({"bill": {"id": "b"}, "reason": "r", "amount": {"unit": "EUR", "value": -1}}, ["/amount"]),
        ({"bill": {"id": "b"}, "reason": "r", "amount": {"unit": "EUR", "value": Decimal("1.001")}}, ["/amount"]),
        ({"bill": {"id": "b"}, "reason": "r", "percentage": 101}, ["/percentage"]),
        ({"bill": {"id": "b"}, "reason": "r", "percentage": 5, "item": [{"id": "i"}]}, [""]),
        ({"bill": {"id": "b"}, "reason": "r", "item": [{"id": "i"}, {"id": "i"}]}, ["/item/1/id"]),
        ({"bill": {"id": "b"}, "reason": "r", "colour": "red"}, ["/colour"]),
    ],
)
def test_what_cannot_be_read_is_400(clerk: Clerk, body: dict, pointers: list[str]) -> None:
    answer = clerk.shop.suite.post(CREDIT_NOTES, body)

    assert (answer.status, [one["pointer"] for one in answer.json["errors"]]) == (400, pointers)


# -- disputes ---------------------------------------------------------------------------------------------------------


def test_a_dispute_that_is_won_is_a_credit_note(clerk: Clerk, bill: dict) -> None:
    dispute = clerk.disputes(bill, item=[{"id": clerk.item_ids(bill)["setup"]}], reason="no set-up was made")
    assert plain(dispute["amount"]["value"]) == "11.9"

    ended = clerk.ends(dispute, state="won", resolution="the customer did it")

    assert (ended["state"], ended["creditNote"]["name"]) == ("won", "C-00000001")
    assert clerk.stand()[0] == "partiallyPaid 36.89"
    assert clerk.last("ann") == ["oneTime setup 2026-01-01/2026-01-02 -10 + -1.9"]


def test_what_is_disputed_is_not_dunned_and_is_due_again_when_it_is_lost(clerk: Clerk, bill: dict) -> None:
    dispute = clerk.disputes(bill)
    clerk.shop.wait_until("2026-02-27T12:00:00Z")
    assert clerk.steps() == []

    ended = clerk.ends(dispute, state="lost", resolution="the meter was right")

    assert ended["paymentDueDate"] == "2026-03-13T00:00:00.000Z"
    clerk.shop.wait_until("2026-03-15T23:59:59Z")
    assert clerk.steps() == []
    clerk.shop.wait_until("2026-03-16T00:00:00Z")
    assert clerk.steps() == ["2026-03-16 reminder 85.68"]  # with March's bill, which was due on 15 March


def test_a_credit_note_ends_the_dunning_of_what_it_credits_at_once(clerk: Clerk) -> None:
    product = clerk.customer()
    clerk.shop.wait_until("2026-03-11T00:00:00Z")
    assert (clerk.status(), clerk.product_status(product)) == ("suspended", "suspended")

    clerk.credits(clerk.bills("ann")[0], reason="our mistake")

    assert (clerk.status(), clerk.product_status(product)) == ("inGoodStanding", "active")


def test_a_dispute_ends_the_dunning_of_what_it_is_about_at_once(clerk: Clerk) -> None:
    product = clerk.customer()
    clerk.shop.wait_until("2026-03-11T00:00:00Z")

    clerk.disputes(clerk.bills("ann")[0])

    assert (clerk.status(), clerk.product_status(product)) == ("inGoodStanding", "active")


def test_a_lost_dispute_ends_the_dunning_of_what_is_due_later_again_at_once(clerk: Clerk) -> None:
    product = clerk.customer()
    clerk.shop.wait_until("2026-02-20T00:00:00Z")
    dispute = clerk.disputes(clerk.bills("ann")[0], amount="40")
    clerk.shop.wait_until("2026-03-11T00:00:00Z")
    assert (clerk.status(), clerk.product_status(product)) == ("suspended", "suspended")

    clerk.ends(dispute, state="lost")

    # All of the bill is due on 25 March again.
    assert (clerk.status(), clerk.product_status(product)) == ("inGoodStanding", "active")


def test_a_part_of_a_bill_is_disputed_and_the_rest_is_dunned(clerk: Clerk, bill: dict) -> None:
    clerk.disputes(bill, amount="40")

    clerk.shop.wait_until("2026-02-19T00:00:00Z")

    assert clerk.steps() == ["2026-02-18 reminder 8.79"]


def test_a_dispute_is_won_in_part(clerk: Clerk, bill: dict) -> None:
    dispute = clerk.disputes(bill, amount="20")

    ended = clerk.ends(dispute, state="won", amount="11.90")

    assert clerk.stand()[0] == "partiallyPaid 36.89"
    assert ended["paymentDueDate"] == "2026-02-15T00:00:00.000Z"


def test_a_dispute_of_a_paid_bill_gives_credit(clerk: Clerk, bill: dict) -> None:
    clerk.pay("48.79")
    dispute = clerk.disputes(bill, amount="11.90")

    clerk.ends(dispute, state="won")

    assert (clerk.stand()[0], clerk.credit()) == ("settled 0", "11.9")


def test_a_dispute_stays_when_the_bill_is_owed_again(clerk: Clerk, bill: dict) -> None:
    """What was paid of a disputed bill and went back is still not asked for."""
    clerk.disputes(bill, amount="28.79")
    payment = clerk.pay("48.79", bill)
    clerk.refund(payment, "48.79")

    clerk.shop.wait_until("2026-02-19T00:00:00Z")

    (open_bill,) = found(clerk.shop.suite.get(f"{COLLECTION}/ann"))["openBill"]
    assert (plain(open_bill["remaining"]["value"]), plain(open_bill["disputed"]["value"])) == ("48.79", "28.79")
    assert clerk.steps() == ["2026-02-18 reminder 20"]


def test_a_dispute_ends_once_and_never_takes_more_than_the_bill(clerk: Clerk, bill: dict) -> None:
    dispute = clerk.disputes(bill, amount="40")
    more = clerk.asks(DISPUTES, bill={"id": bill["id"]}, amount="8.80", reason="more")
    assert (more.status, more.json["code"]) == (409, "bill.nothing-open")
    clerk.ends(dispute, state="withdrawn")

    again = clerk.asks(f"{DISPUTES}/{dispute['id']}", "PATCH", state="won")

    assert (again.status, again.json["code"]) == (409, "correction.ended")
    assert clerk.told("ann") == ["B-00000001 2026-02-01 41 + 7.79 = 48.79 EUR sent"]


# -- adjustments ------------------------------------------------------------------------------------------------------


def test_goodwill_is_on_the_next_bill(clerk: Clerk, bill: dict) -> None:
    clerk.pay("48.79")
    made = clerk.adjusts("credit", "5.95", taxCategory="VAT", taxRate=19, name="Sorry")
    assert made["state"] == "pending"

    clerk.shop.wait_until(MARCH)

    assert clerk.last("ann") == [
        "recurring base 2026-02-01/2026-03-01 31 + 5.89",
        "oneTime Sorry 2026-02-01/2026-02-02 -5 + -0.95",
    ]
    after = found(clerk.shop.suite.get(f"{ADJUSTMENTS}/{made['id']}"))
    assert (after["state"], after["bill"]["id"]) == ("billed", clerk.bills("ann")[-1]["id"])
    clerk.shop.wait_until("2026-04-01T00:00:00Z")
    assert clerk.last("ann") == ["recurring base 2026-03-01/2026-04-01 31 + 5.89"]


def test_a_rebate_at_once_is_a_credit_note(clerk: Clerk, bill: dict) -> None:
    clerk.adjusts("credit", "10", when="atOnce", isTaxIncluded=False, taxCategory="VAT", taxRate=19, name="Rebate")

    assert clerk.told("ann")[-1] == "C-00000001 2026-02-01 -10 + -1.9 = -11.9 EUR settled"
    assert clerk.stand()[0] == "partiallyPaid 36.89"
    assert clerk.books() == {"receivable": "36.89", "revenue": "-31", "taxPayable": "-5.89"}


def test_a_charge_at_once_is_a_bill(clerk: Clerk, bill: dict) -> None:
    clerk.adjusts("debit", "20", when="atOnce", name="Lost key")

    assert clerk.told("ann")[-1] == "B-00000002 2026-02-01 20 + 0 = 20 EUR sent"


def test_an_adjustment_is_cancelled_before_it_is_billed(clerk: Clerk, bill: dict) -> None:
    made = clerk.adjusts("credit", "5")

    assert clerk.ends(made, state="cancelled")["state"] == "cancelled"
    clerk.shop.wait_until(MARCH)

    assert clerk.last("ann") == ["recurring base 2026-02-01/2026-03-01 31 + 5.89"]
    again = clerk.asks(f"{ADJUSTMENTS}/{made['id']}", "PATCH", state="cancelled")
    assert (again.status, again.json["code"]) == (409, "correction.ended")


@pytest.mark.parametrize(
    ("unit", "status", "code"), [("GBP", 409, "currency.other"), ("eur", 400, "body.invalid")], ids=["other", "none"]
)
def test_an_adjustment_is_in_the_currency_of_the_account(
    clerk: Clerk, bill: dict, unit: str, status: int, code: str
) -> None:
    said = {"billingAccount": {"id": "ann"}, "adjustmentType": "credit", "name": "x", "reason": "x", "amount": "5"}

    answer = clerk.asks(ADJUSTMENTS, **said, unit=unit)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert found(clerk.shop.suite.get(ADJUSTMENTS)) == []
    if code == "body.invalid":
        assert answer.json["errors"][0]["pointer"] == "/amount/unit"
    assert found(clerk.shop.suite.get(ADJUSTMENTS)) == []


# -- write-offs -------------------------------------------------------------------------------------------------------


def test_an_adjustment_is_in_the_currency_that_an_account_will_be_billed_in(clerk: Clerk) -> None:
    clerk.plan("dollars", clerk.recurring("d", "10", currency="USD", tax=None))
    clerk.account("ann")
    clerk.sell("dollars", account="ann")
    goodwill = {"billingAccount": {"id": "ann"}, "adjustmentType": "debit", "name": "no", "reason": "no"}

    refused = [clerk.asks(ADJUSTMENTS, amount="5", when=when, **goodwill) for when in ("nextBill", "atOnce")]

    assert [(one.status, one.json["code"]) for one in refused] == [(409, "currency.other")] * 2
    clerk.adjusts("debit", "5", unit="USD")
    clerk.shop.wait_until(FEBRUARY)
    assert clerk.told("ann") == ["B-00000001 2026-02-01 15 + 0 = 15 USD sent"]


def test_adjustments_that_wait_for_one_bill_are_in_one_currency(clerk: Clerk) -> None:
    clerk.plan("free", clerk.allowance("a", "voice", "100 min", period={"units": "month", "anchor": "cycle"}))
    clerk.account("ann")
    clerk.sell("free", account="ann")
    clerk.use("voice", "2026-01-05T00:00:00Z", "10 min")
    clerk.adjusts("debit", "5")

    refused = clerk.asks(
        ADJUSTMENTS, amount="5", unit="USD", billingAccount={"id": "ann"}, adjustmentType="debit", name="a", reason="b"
    )

    assert (refused.status, refused.json["code"]) == (409, "currency.other")
    clerk.shop.wait_until(FEBRUARY)
    assert clerk.told("ann") == ["B-00000001 2026-02-01 5 + 0 = 5 EUR sent"]


def test_an_adjustment_of_a_closed_account_is_on_a_bill_of_its_own(clerk: Clerk, bill: dict) -> None:
    def next_of(account: str) -> list[datetime | None]:
        with clerk.shop.suite.installation.database.read() as uow:
            return [row["next"] for row in uow.records(BILLING.name).find({"account": account})]

    clerk.end(clerk.sold, "ann")
    clerk.pay("48.79")
    answer = clerk.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "state": "Closed"})
    assert answer.status == 200
    clerk.shop.wait_until("2026-07-02T00:00:00Z")
    assert (len(clerk.bills("ann")), next_of("ann")) == (1, [None])

    clerk.adjusts("debit", "10", name="Lost key")
    clerk.shop.wait_until("2026-08-02T00:00:00Z")

    assert clerk.told("ann")[1:] == ["B-00000002 2026-08-01 10 + 0 = 10 EUR sent"]
    clerk.shop.wait_until("2027-06-01T00:00:00Z")
    assert (len(clerk.bills("ann")), next_of("ann")) == (2, [None])


def test_a_debt_is_written_off_and_paid_after_all(clerk: Clerk, bill: dict) -> None:
    written = clerk.writes_off(bill, reason="insolvent")
    assert (written["state"], clerk.stand()[0]) == ("writtenOff", "settled 0")
    assert clerk.books() == {"badDebt": "48.79", "revenue": "-41", "taxPayable": "-7.79"}

    clerk.pay("48.79")
    assert clerk.credit() == "48.79"
    ended = clerk.ends(written, state="recovered")

    assert (ended["state"], clerk.stand()[0], clerk.credit()) == ("recovered", "settled 0", "0")
    assert clerk.books() == {"cash": "48.79", "revenue": "-41", "taxPayable": "-7.79"}
    again = clerk.asks(f"{WRITE_OFFS}/{written['id']}", "PATCH", state="recovered")
    assert (again.status, again.json["code"]) == (409, "correction.ended")


def test_amounts_without_decimals_are_recovered_and_disputed_by_item(clerk: Clerk) -> None:
    clerk.plan("yen", clerk.recurring("base", "3100", currency="JPY", tax=None))
    clerk.account("ann")
    clerk.sell("yen", account="ann")
    clerk.shop.wait_until(FEBRUARY)
    bill = clerk.bills("ann")[0]

    written = clerk.writes_off(bill)
    ended = clerk.ends(written, state="recovered")
    dispute = clerk.disputes(bill, item=[{"id": clerk.item_ids(bill)["base"]}])
    won = clerk.ends(dispute, state="won")

    assert (ended["state"], won["state"], clerk.stand()[0]) == ("recovered", "won", "settled 0")
    assert clerk.last("ann") == ["recurring base 2026-01-01/2026-02-01 -3100 + 0"]


def test_a_part_of_what_was_written_off_is_recovered(clerk: Clerk, bill: dict) -> None:
    clerk.pay("18.79")
    written = clerk.writes_off(bill, amount="30")

    ended = clerk.ends(written, state="recovered", amount="10")

    assert (ended["state"], plain(ended["recoveredAmount"]["value"])) == ("writtenOff", "10")
    assert clerk.stand()[0] == "partiallyPaid 10"
    refused = clerk.asks(f"{WRITE_OFFS}/{written['id']}", "PATCH", state="recovered", amount="20.01")
    assert (refused.status, refused.json["code"]) == (409, "bill.nothing-open")


def test_what_was_written_off_is_recovered_before_it_is_credited(clerk: Clerk, bill: dict) -> None:
    clerk.writes_off(bill)

    refused = clerk.asks(CREDIT_NOTES, bill={"id": bill["id"]}, reason="no")
    more = clerk.asks(WRITE_OFFS, bill={"id": bill["id"]}, amount="1", reason="no")

    assert (refused.status, refused.json["code"]) == (409, "bill.written-off")
    assert (more.status, more.json["code"]) == (409, "bill.nothing-open")


def test_what_is_disputed_is_not_written_off(clerk: Clerk, bill: dict) -> None:
    clerk.disputes(bill, amount="40")

    clerk.writes_off(bill)

    assert clerk.stand()[0] == "partiallyPaid 40"


def test_nobody_pays_and_dunning_writes_it_off(clerk: Clerk) -> None:
    clerk.customer()
    clerk.shop.wait_until("2026-07-01T00:00:00Z")

    written = found(clerk.shop.suite.get(f"{WRITE_OFFS}?billingAccount.id=ann"))
    assert [one["state"] for one in written][:1] == ["writtenOff"]
    assert written[0]["bill"]["id"] == clerk.bills("ann")[0]["id"]
    assert clerk.steps()[-1].split()[1] == "writeOff"


def money(value: str) -> dict:
    return {"unit": "EUR", "value": Decimal(value)}


# -- all at once ------------------------------------------------------------------------------------------------------


def test_eight_who_credit_one_bill_at_once_never_credit_more_than_it(clerk: Clerk, bill: dict) -> None:
    """Of eight times 10.00 of 48.79 four are credited; the others are told that 8.79 are left."""
    body = {"bill": {"id": bill["id"]}, "reason": "complaint", "amount": money("10.00")}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: clerk.shop.suite.post(CREDIT_NOTES, body), range(8)))

    assert sorted(answer.status for answer in answers) == [201] * 4 + [409] * 4
    assert {answer.json["code"] for answer in answers if answer.status == 409} == {"bill.over-credited"}
    assert clerk.stand()[0] == "partiallyPaid 8.79"
    assert sorted(one["billNo"] for one in clerk.bills("ann")[1:]) == [f"C-0000000{number}" for number in range(1, 5)]


def test_one_decision_that_eight_tell_at_once_counts_once(clerk: Clerk, bill: dict) -> None:
    body = {"bill": {"id": bill["id"]}, "reason": "complaint", "amount": money("10.00"), "externalId": "CRM-1"}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: clerk.shop.suite.post(CREDIT_NOTES, body), range(8)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert clerk.stand()[0] == "partiallyPaid 38.79"


def test_what_happens_to_a_bill_at_once_leaves_the_books_in_order(clerk: Clerk, bill: dict) -> None:
    """Payments, credits, disputes, write-offs and adjustments of one account, from eight sides; `clerk` checks."""
    suite, of = clerk.shop.suite, {"bill": {"id": bill["id"]}, "reason": "at once"}

    def act(turn: int) -> int:
        kind = turn % 4
        if kind == 0:
            return suite.post(PAYMENTS, paying("3", "ann")).status
        if kind == 1:
            return suite.post(CREDIT_NOTES, {**of, "amount": money("1.19")}).status
        if kind == 2:
            return suite.post(DISPUTES, {**of, "amount": money("1.00")}).status
        adjusted = {"billingAccount": {"id": "ann"}, "adjustmentType": "credit", "name": "x", "reason": "x"}
        return suite.post(ADJUSTMENTS, {**adjusted, "amount": money("1.00"), "when": "atOnce"}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(act, range(24)))
    clerk.shop.run()

    assert set(statuses) == {201}
    # 48.79 less six times 3.00 paid, 1.19 credited and 1.00 of goodwill that pays it: 31.14 less.
    assert clerk.stand()[0] == "partiallyPaid 17.65"
