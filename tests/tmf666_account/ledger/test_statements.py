"""Statements and trial balances: over HTTP, as a command, at any instant, a page at a time."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from common.domain.clock import instant_text
from tests.tmf666_account.ledger.kit import account, check, euro, part, telling
from tmf666_account.command import ledger_app

STATEMENT = "/tmf-api/ledger/v1/statement"


@pytest.fixture
def told(books):
    """A bill of 119.00, a payment of 100.00 two days later, and its allocation; the instants of the first two."""
    account(books)
    start = books.installation.clock.now()
    with telling(books) as (ledger, context, where):
        ledger.bill_issued(
            context, bill="b1", number="R-1", currency="EUR", parts=[part("b1/1", "100.00", "19.00")], **where
        )
    books.advance(timedelta(days=2))
    paid = books.installation.clock.now()
    with telling(books) as (ledger, context, where):
        ledger.payment_received(context, payment="p1", amount=euro("100.00"), **where)
        ledger.allocated(context, allocation="p1/b1", reference="R-1", amount=euro("100.00"), **where)
    check(books)
    return instant_text(start), instant_text(paid)


def money(value):
    return {"unit": "EUR", "value": Decimal(value)}


def test_a_statement_names_every_cause_and_runs_on(books, told):
    answer = books.get(f"{STATEMENT}/a1")

    assert answer.status == 200
    assert answer.headers["x-total-count"] == "2"
    body = answer.json
    assert body["account"] == {"id": "a1"}
    assert body["balance"] == [{"opening": money(0), "closing": money("19.00")}]
    assert [{name: line[name] for name in line if name != "id"} for line in body["line"]] == [
        {
            **{"date": told[0], "kind": "bill", "cause": "bill/b1", "reference": "R-1"},
            **{"amount": money("119.00"), "balance": money("119.00")},
        },
        {
            **{"date": told[1], "kind": "payment", "cause": "payment/p1", "reference": "p1"},
            **{"amount": money("-100.00"), "balance": money("19.00")},
        },
    ]


def test_a_statement_of_a_period_opens_with_what_was_owed(books, told):
    later = books.get(f"{STATEMENT}/a1?since={told[1]}").json
    assert later["balance"] == [{"opening": money("119.00"), "closing": money("19.00")}]
    assert [line["kind"] for line in later["line"]] == ["payment"]
    assert later["period"] == {"startDateTime": told[1]}

    earlier = books.get(f"{STATEMENT}/a1?until={told[1]}").json
    assert earlier["balance"] == [{"opening": money(0), "closing": money("119.00")}]
    assert [line["kind"] for line in earlier["line"]] == ["bill"]


def test_a_page_goes_on_with_the_balance(books, told):
    answer = books.get(f"{STATEMENT}/a1?offset=1&limit=1")

    assert answer.status == 206
    assert 'offset=0&limit=1>; rel="prev"' in answer.headers["link"]
    assert [(line["kind"], line["balance"]) for line in answer.json["line"]] == [("payment", money("19.00"))]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("since=yesterday", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", "until"),
        ("limit=0", "limit"),
        ("offset=-1", "offset"),
        ("sort=date", "sort"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_question_that_means_nothing_is_400(books, query, named):
    account(books)

    answer = books.get(f"{STATEMENT}/a1?{query}")

    assert (answer.status, answer.json["code"]) == (400, "query.invalid")
    assert repr(named) in answer.json["message"]


def test_an_account_without_postings_has_an_empty_statement_and_none_is_404(books):
    account(books)

    assert books.get(f"{STATEMENT}/a1").json == {"account": {"id": "a1"}, "period": {}, "balance": [], "line": []}
    assert books.get(f"{STATEMENT}/a2").status == 404


def test_the_trial_balance_is_of_any_instant(books, told):
    with books.installation.database.read() as uow:
        ledger = books.installation.offered("ledger", uow)
        then = ledger.trial_balance(books.installation.clock.now())
        now = ledger.trial_balance()

    assert [(one.entity, one.ledger_account, one.amount) for one in then] == [
        ("main", "receivable", euro("119.00")),
        ("main", "revenue", euro("-100.00")),
        ("main", "taxPayable", euro("-19.00")),
    ]
    assert [(one.ledger_account, one.amount) for one in now] == [
        ("receivable", euro("19.00")),
        ("revenue", euro("-100.00")),
        ("taxPayable", euro("-19.00")),
        ("cash", euro("100.00")),
        ("customerCredit", euro("0.00")),
    ]


def test_commands_show_both(books, told, monkeypatch):
    monkeypatch.setenv("BSS_DATABASE_URL", books.installation.settings.database_url)

    balance = CliRunner().invoke(ledger_app, ["trial-balance", "--json"])
    assert balance.exit_code == 0
    [group] = json.loads(balance.stdout, parse_float=Decimal)
    assert (group["entity"], group["currency"], group["sum"]) == ("main", "EUR", 0)
    assert {one["name"]: one["amount"] for one in group["account"]}["cash"] == Decimal("100.00")

    statement = CliRunner().invoke(ledger_app, ["statement", "a1", "--since", told[1]])
    assert statement.exit_code == 0
    assert "119.00" in statement.stdout
    assert "R-1" not in statement.stdout

    assert CliRunner().invoke(ledger_app, ["statement", "nobody"]).exit_code == 1
    assert CliRunner().invoke(ledger_app, ["trial-balance", "--at", "noon"]).exit_code == 2
