"""How an account stands over HTTP, promises to pay, `bss dunning`, and payments of bills that were loaded."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from common.cli.main import app
from common.seed import collect, in_process, load, local_url
from tests.tmf676_payment.kit import (
    COLLECTION,
    PAYMENTS,
    account,
    bill,
    by_card,
    check,
    issue,
    item,
    left,
    paying,
    script,
)


@pytest.fixture
def suite(paid):
    account(paid)
    return paid


def due(suite, **span):
    """An instant so long after now, as documents say it."""
    return (suite.installation.clock.now() + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_account_shows_bills_credit_and_payments_under_way(suite):
    script(suite, {"when": {"operation": "capture"}, "delay": "P9D"})
    suite.created(PAYMENTS, paying("5.00", "a1", "USD"))
    issue(suite, "b1", "50.00", due(suite, days=3))
    made = by_card(suite, "20.00")
    suite.settle()

    shown = suite.get(f"{COLLECTION}/a1").json

    assert [(one["id"], one["remaining"]["value"]) for one in shown["openBill"]] == [("b1", 50)]
    assert [one["left"] for one in shown["credit"]] == [{"unit": "USD", "value": 5}]
    assert [one["id"] for one in shown["pendingPayment"]] == [made["id"]]
    assert (shown["dunning"], shown["hold"]) == (None, None)


def test_a_case_is_shown_with_its_steps_and_held(suite):
    issue(suite, "b1", "50.00", due(suite, days=0))
    suite.advance(timedelta(days=4))

    shown = suite.get(f"{COLLECTION}/a1").json["dunning"]
    assert (shown["state"], [(one["action"], one["bill"]) for one in shown["step"]]) == (
        "arrears",
        [("reminder", ["b1"])],
    )

    until = due(suite, days=30)
    held = suite.patch(f"{COLLECTION}/a1", {"hold": {"until": until, "reason": "promised"}})
    suite.settle()
    assert (held.status, held.json["hold"]["reason"]) == (200, "promised")
    assert suite.get(f"{COLLECTION}/a1").json["dunning"]["next"] == held.json["hold"]["until"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hold": 5},
        {"hold": {"until": "2020-01-01T00:00:00Z"}},
        {"hold": {"until": "soon"}},
        {"hold": {"until": "2099-01-01T00:00:00Z", "reason": 5}},
        {"until": "2099-01-01T00:00:00Z"},
    ],
)
def test_a_hold_that_says_nothing_is_400_and_holds_nothing(suite, body):
    answer = suite.patch(f"{COLLECTION}/a1", body)

    assert (answer.status, answer.json["code"]) == (400, "body.invalid")
    assert suite.get(f"{COLLECTION}/a1").json["hold"] is None


def test_an_account_that_nobody_knows_is_404(suite):
    assert suite.get(f"{COLLECTION}/nobody").status == 404
    assert suite.patch(f"{COLLECTION}/nobody", {"hold": None}).status == 404


def test_the_command_lists_accounts_in_arrears(suite, monkeypatch):
    issue(suite, "b1", "50.00", due(suite, days=0))
    suite.advance(timedelta(days=4))
    monkeypatch.setenv("BSS_DATABASE_URL", suite.installation.settings.database_url)

    told = CliRunner().invoke(app, ["dunning", "list", "--json"])
    table = CliRunner().invoke(app, ["dunning", "list"])

    [case] = json.loads(told.stdout)
    assert (case["account"], case["step"], case["amount"]) == ("a1", "reminder", "50.00 EUR")
    assert "reminder" in table.stdout


def test_what_is_disputed_is_paid_by_name_only(suite):
    issue(suite, "b1", "50.00", due(suite, days=3))
    with suite.installation.database.write() as uow:
        from common.domain.money import Money
        from common.rest.actions import acting

        act = acting(suite.installation, uow)
        act.offered("receivables").dispute(act.context("customerBill"), "b1", Money(Decimal("20.00"), "EUR"))
        uow.commit()

    suite.created(PAYMENTS, paying("45.00"))
    assert (bill(suite, "b1"), left(suite)) == (("partiallyPaid", 20), 15)

    suite.created(PAYMENTS, paying("20.00", paymentItem=[item("b1")]))
    assert (bill(suite, "b1"), left(suite)) == (("settled", 0), 15)
    check(suite)


def test_bills_that_were_loaded_are_paid(paid):
    with in_process(paid.installation) as client:
        load(paid.installation, collect(paid.installation), local_url(paid.installation), client)

    made = paid.created(PAYMENTS, paying("25.00", "acc-brandt"))

    assert [one["item"]["id"] for one in made["paymentItem"]] == ["bill-brandt-2026-10"]
    assert bill(paid, "bill-brandt-2026-10") == ("settled", 0)
    assert left(paid, "acc-brandt") == Decimal("4.86")
