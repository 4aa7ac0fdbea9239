"""What tests of the ledger share: facts told in transactions of their own, and what must be true at any time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from common.domain.accounting import Part
from common.domain.money import Money
from common.domain.query import AllOf
from common.rest.actions import acting
from tests.client import Suite
from tests.tables import stored_tables
from tmf666_account.ledger.offer import Ledger
from tmf666_account.ledger.tables import ENTRIES, LINES, POSTINGS, SUMS

ACCOUNTS = "/tmf-api/accountManagement/v5/billingAccount"
START = "2026-03-01T12:00:00Z"
CREDIT = "customerCreditBalance"
OWED = ("receivable", "customerCredit")


def emptied(suite: Suite) -> Suite:
    """The suite without accounts and postings."""
    with suite.installation.database.engine.begin() as connection:
        for name in stored_tables(connection):
            if "666" in name or name in ("work", "outbox", "idempotency"):
                connection.execute(text(f'DELETE FROM "{name}"'))
    return suite


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def part(id: str, net: str, tax: str, **more: Any) -> Part:
    return Part(id, euro(net), euro(tax), **more)


@contextmanager
def telling(suite: Suite) -> Iterator[tuple[Ledger, Any, dict[str, Any]]]:
    """The ledger, a context, and whose books and when it is, in a transaction that commits."""
    with suite.installation.database.write() as uow:
        act = acting(suite.installation, uow)
        context = act.context("billingAccount")
        yield act.offered("ledger"), context, {"account": "a1", "entity": "main", "at": act.now}
        uow.commit()


def account(suite: Suite, id: str = "a1", **more: Any) -> Any:
    party = {"@type": "PartyRef", "id": "p1", "name": "Anna", "@referredType": "Individual"}
    related = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": party}
    body = {"@type": "BillingAccount", "id": id, "name": id, "relatedParty": [related], **more}
    return suite.created(ACCOUNTS, body)


def sums(suite: Suite, account: str = "a1") -> dict[str, str]:
    """What the account has in each ledger account, without zeros."""
    with suite.installation.database.read() as uow:
        rows = uow.records(SUMS.name).find({"account": account})
    return {row["ledger_account"]: f"{row['amount']:f} {row['currency']}" for row in rows if row["amount"]}


def balances(suite: Suite, id: str = "a1") -> dict[tuple[str, str], Decimal]:
    """What the account's document shows."""
    shown = suite.get(f"{ACCOUNTS}/{id}").json.get("accountBalance", [])
    return {(one["balanceType"], one["amount"]["unit"]): one["amount"]["value"] for one in shown}


def check(suite: Suite) -> None:
    """Every posting and every currency comes to zero; sums, statement lines and documents are what entries say."""
    with suite.installation.database.read() as uow:
        entries, sums = uow.records(ENTRIES.name), uow.records(SUMS.name)
        for one in entries.sum(["amount"], {}, ["posting", "currency"]):
            assert one.sums["amount"] == 0, one
        for one in sums.sum(["amount"], {}, ["currency"]):
            assert one.sums["amount"] == 0, one
        by = ["account", "entity", "ledger_account", "currency"]
        entered = {tuple(one.group.values()): one.sums["amount"] for one in entries.sum(["amount"], {}, by)}
        kept = {tuple(row[name] for name in by): row["amount"] for row in sums.find({})}
        assert kept == entered
        owed = {
            (one.group["posting"], one.group["currency"]): one.sums["amount"]
            for one in entries.sum(["amount"], {"ledger_account": OWED}, ["posting", "currency"])
        }
        lines = {(row["posting"], row["currency"]): row["amount"] for row in uow.records(LINES.name).find({})}
        assert lines == {key: amount for key, amount in owed.items() if amount}
        causes = [row["cause"] for row in uow.records(POSTINGS.name).find({})]
        assert len(causes) == len(set(causes))
        documents = suite.installation.library(uow).find("billingAccount", AllOf(()), limit=1000)
    for document in documents:
        shown = {
            (one["balanceType"], one["amount"]["unit"]): one["amount"]["value"]
            for one in document.get("accountBalance", [])
        }
        for ledger_account, name, sign in (("receivable", "receivableBalance", 1), ("customerCredit", CREDIT, -1)):
            totals: dict[str, Decimal] = {}
            for (id, _, of, currency), amount in kept.items():
                if (id, of) == (document["id"], ledger_account):
                    totals[currency] = totals.get(currency, Decimal(0)) + sign * amount
            for currency, total in totals.items():
                assert shown.get((name, currency), 0) == total, (document["id"], name, currency)
