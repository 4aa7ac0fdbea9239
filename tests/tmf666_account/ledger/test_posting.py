"""Postings count once, follow on the account, and cannot be half."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.domain.accounting import Entry
from tests.tmf666_account.ledger.kit import account, balances, check, euro, part, sums, telling


def billed(suite, id="b1", net="100.00", tax="19.00"):
    with telling(suite) as (ledger, context, where):
        return ledger.bill_issued(
            context, bill=id, number=f"R-{id}", currency="EUR", parts=[part(f"{id}/1", net, tax)], **where
        )


def paid(suite, id="p1", amount="119.00"):
    with telling(suite) as (ledger, context, where):
        return ledger.payment_received(context, payment=id, amount=euro(amount), **where)


def test_a_bill_is_owed_taxed_and_revenue(books):
    account(books)

    assert billed(books) is True

    assert sums(books) == {"receivable": "119.00 EUR", "revenue": "-100.00 EUR", "taxPayable": "-19.00 EUR"}
    assert balances(books) == {("receivableBalance", "EUR"): Decimal("119.00")}
    check(books)


def test_a_cause_counts_once(books):
    account(books)
    billed(books)
    before = books.get("/tmf-api/accountManagement/v5/billingAccount/a1").content

    assert billed(books, net="7.00") is False

    assert sums(books)["receivable"] == "119.00 EUR"
    assert books.get("/tmf-api/accountManagement/v5/billingAccount/a1").content == before
    check(books)


def test_a_payment_is_credit_until_it_is_allocated(books):
    account(books)
    billed(books)

    paid(books, amount="130.00")
    assert balances(books) == {
        ("receivableBalance", "EUR"): Decimal("119.00"),
        ("customerCreditBalance", "EUR"): Decimal("130.00"),
    }
    with telling(books) as (ledger, context, where):
        assert ledger.owes("a1", "EUR") == euro("-11.00")
        ledger.allocated(context, allocation="p1/b1", amount=euro("119.00"), **where)
        assert ledger.credit_of("a1", "EUR") == euro("11.00")

    assert balances(books) == {
        ("receivableBalance", "EUR"): Decimal("0.00"),
        ("customerCreditBalance", "EUR"): Decimal("11.00"),
    }
    check(books)


def test_an_account_that_is_not_here_is_posted_on(books):
    billed(books)

    assert sums(books)["receivable"] == "119.00 EUR"
    check(books)


def test_debits_and_credits_that_differ_are_not_entered(books):
    with pytest.raises(AssertionError, match="debits and credits differ"), telling(books) as (ledger, context, where):
        ledger.post(context, cause="x", kind="x", entries=[Entry("cash", euro("1.00"))], **where)

    assert sums(books) == {}


def test_a_balance_that_an_account_came_with_is_its_opening_balance(books):
    stated = {"unit": "EUR", "value": Decimal("20.14")}
    since = {"startDateTime": "2026-01-01T00:00:00Z"}
    balance = {"@type": "AccountBalance", "balanceType": "receivableBalance", "amount": stated, "validFor": since}
    account(books, accountBalance=[balance])

    billed(books)

    assert sums(books) == {
        "receivable": "139.14 EUR",
        "openingBalance": "-20.14 EUR",
        "revenue": "-100.00 EUR",
        "taxPayable": "-19.00 EUR",
    }
    assert balances(books) == {("receivableBalance", "EUR"): Decimal("139.14")}
    check(books)


def test_balances_of_the_ledger_are_not_patched_and_keep_an_account_open(books):
    account(books)
    billed(books)
    address = "/tmf-api/accountManagement/v5/billingAccount/a1"
    before = books.get(address).content

    forged = [{**books.get(address).json["accountBalance"][0], "amount": {"unit": "EUR", "value": 0}}]
    answer = books.patch(address, {"accountBalance": forged})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/accountBalance")
    closed = books.patch(address, {"state": "Closed"})

    assert (closed.status, closed.json["code"]) == (409, "account.balance")
    assert "receivableBalance is 119.00 EUR" in closed.json["message"]
    assert books.get(address).content == before
    check(books)


def test_an_account_whose_balance_is_settled_is_closed(books):
    account(books)
    billed(books)
    paid(books)
    with telling(books) as (ledger, context, where):
        ledger.allocated(context, allocation="p1/b1", amount=euro("119.00"), **where)

    answer = books.patch("/tmf-api/accountManagement/v5/billingAccount/a1", {"state": "Closed"})

    assert (answer.status, answer.json["state"]) == (200, "Closed")


def test_an_unknown_time_zone_is_400(books):
    party = {"@type": "PartyRef", "id": "p1", "name": "Anna", "@referredType": "Individual"}
    related = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": party}
    body = {"@type": "BillingAccount", "name": "a", "relatedParty": [related], "timeZone": "Europe/Atlantis"}

    answer = books.post("/tmf-api/accountManagement/v5/billingAccount", body)

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/timeZone")
    assert books.get("/tmf-api/accountManagement/v5/billingAccount").json == []
