"""The books read: what an account owes, the trial balance, and statements of account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Recording
from common.domain.accounting import CHART, CUSTOMER_CREDIT, RECEIVABLE
from common.domain.money import Money
from common.store.records import Between
from tmf666_account.ledger.tables import ENTRIES, LINES, POSTINGS, SUMS


@dataclass(frozen=True)
class Standing:
    """What one ledger account comes to; debits positive."""

    entity: str
    ledger_account: str
    amount: Money


@dataclass(frozen=True)
class Line:
    """One posting as the customer sees it: `amount` more is owed, `balance` in all after it."""

    posting: str
    at: datetime
    kind: str
    cause: str
    reference: str
    amount: Money
    balance: Money


@dataclass(frozen=True)
class Statement:
    """What an account owed at the start and the end, and the page of lines between that was asked for.

    Shapes: `opening` and `closing` by currency, in order; the lines by currency, then instant; `total` is how many
            there are in all pages.
    """

    account: str
    opening: dict[str, Money]
    closing: dict[str, Money]
    lines: tuple[Line, ...]
    total: int


def trial_balance(records: Recording, before: datetime | None = None) -> list[Standing]:
    """What every ledger account comes to, by legal entity and currency; now, or before an instant.

    The amounts of one entity and currency come to zero.
    """
    by = ("entity", "ledger_account", "currency")
    if before is None:
        groups = records(SUMS.name).sum(["amount"], {}, by)
    else:
        groups = records(ENTRIES.name).sum(["amount"], {"at": Between(None, before)}, by)
    standings = [
        Standing(one.group["entity"], one.group["ledger_account"], Money(one.sums["amount"], one.group["currency"]))
        for one in groups
    ]
    place = {name: position for position, name in enumerate(CHART)}
    return sorted(standings, key=lambda one: (one.entity, one.amount.currency, place[one.ledger_account]))


def balance(records: Recording, account: str) -> dict[str, dict[str, Decimal]]:
    """What the entries of an account come to: currency -> ledger account -> amount, debits positive."""
    found: dict[str, dict[str, Decimal]] = {}
    for one in records(SUMS.name).sum(["amount"], {"account": account}, ("currency", "ledger_account")):
        found.setdefault(one.group["currency"], {})[one.group["ledger_account"]] = one.sums["amount"]
    return found


def owed_by(
    records: Recording, causes: Iterable[str], ledger_accounts: tuple[str, ...] = (RECEIVABLE, CUSTOMER_CREDIT)
) -> dict[str, dict[str, Decimal]]:
    """What these causes entered in these ledger accounts, by currency; causes that were not entered are left out."""
    postings = {row["id"]: row["cause"] for row in records(POSTINGS.name).find({"cause": tuple(sorted(set(causes)))})}
    found: dict[str, dict[str, Decimal]] = {cause: {} for cause in postings.values()}
    where = {"posting": tuple(sorted(postings)), "ledger_account": ledger_accounts}
    for one in records(ENTRIES.name).sum(["amount"], where, ("posting", "currency")):
        found[postings[one.group["posting"]]][one.group["currency"]] = one.sums["amount"]
    return found


def statement(
    records: Recording,
    account: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Statement:
    """The account from `since` on and before `until`. One that nothing was posted on has an empty statement."""
    table = records(LINES.name)
    before = _owed(table.sum(["amount"], {"account": account, "at": Between(None, since)}, ("currency",)))
    end = _owed(table.sum(["amount"], {"account": account, "at": Between(None, until)}, ("currency",)))
    within = {"account": account, "at": Between(since, until)}
    opening = {currency: Decimal(0) if since is None else before.get(currency, Decimal(0)) for currency in end}
    [counted] = table.sum([], within)
    rows = table.find(within, limit=None if limit is None else offset + limit)
    lines = _lines(records, rows, opening, offset)
    return Statement(account, _money(opening), _money(end), lines, counted.count)


def _lines(
    records: Recording, rows: list[dict[str, Any]], opening: dict[str, Decimal], offset: int
) -> tuple[Line, ...]:
    balances = _money(opening)
    postings = records(POSTINGS.name).get_many((row["posting"],) for row in rows[offset:])
    lines = []
    for position, row in enumerate(rows):
        amount = Money(row["amount"], row["currency"])
        balances[row["currency"]] += amount
        if position >= offset:
            made = postings[row["posting"],]
            names = {name: made[name] for name in ("kind", "cause", "reference")}
            lines.append(Line(row["posting"], row["at"], **names, amount=amount, balance=balances[row["currency"]]))
    return tuple(lines)


def _owed(groups: list[Any]) -> dict[str, Decimal]:
    return {one.group["currency"]: one.sums["amount"] for one in groups}


def _money(amounts: dict[str, Decimal]) -> dict[str, Money]:
    return {currency: Money(amount, currency) for currency, amount in sorted(amounts.items())}
