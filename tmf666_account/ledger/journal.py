"""Postings written: the journal, its sums, the lines of statements, and the account's balance, in one transaction.

Locks: the account's document, its book, then sums in key order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Recording, RuleContext
from common.domain.accounting import (
    CHART,
    CUSTOMER_CREDIT,
    OPENING_BALANCE,
    RECEIVABLE,
    Entry,
)
from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.money import Money, money_of
from common.domain.query import Document
from tmf666_account.ledger.tables import BOOKS, ENTRIES, LINES, POSTINGS, SUMS

ACCOUNT = "billingAccount"
RECEIVABLE_BALANCE, CUSTOMER_CREDIT_BALANCE = "receivableBalance", "customerCreditBalance"
OPENING = "opening"
_OWED = (RECEIVABLE, CUSTOMER_CREDIT)


@dataclass(frozen=True)
class Posting:
    """What happened, on which customer's account, in which legal entity's books, and when.

    Shapes: `cause` names it for ever (`bill/ID`); `kind` is its sort; `reference` is what people know it by.
    """

    cause: str
    kind: str
    account: str
    entity: str
    at: datetime
    reference: str = ""


def post(records: Recording, context: RuleContext, posting: Posting, entries: Iterable[Entry]) -> bool:
    """Enter it, unless its cause is in the journal already: then False, and nothing is done.

    Debits and credits of each currency are equal; anything else is a fault of who posts (AssertionError).
    """
    listed = [entry for entry in entries if not entry.amount.is_zero]
    _check(listed)
    document = hold(records, context, posting.account)
    if document is not None and not is_in_books(records, posting.account):
        _take_over(records, document, posting)
    if not _enter(records, posting, listed):
        return False
    owed = {entry.amount.currency for entry in listed if entry.ledger_account in _OWED}
    if document is not None and owed:
        _show(records, context, document, owed, posting.at)
    return True


def hold(records: Recording, context: RuleContext, account: str) -> Document | None:
    """Keep everybody else from posting on the account until the transaction ends; its document when it is here."""
    assert context.hold is not None, "postings are made where accounts are stored"
    document = context.hold(ACCOUNT, account)
    table = records(BOOKS.name)
    table.insert_new([{"account": account}])
    table.get(account, for_update=True)
    return document


def owed(records: Recording, account: str, currency: str) -> dict[str, Money]:
    """What the sums of the account say of what is owed: by ledger account, in this currency."""
    where = {"account": account, "ledger_account": _OWED, "currency": currency}
    totals = dict.fromkeys(_OWED, Money(Decimal(0), currency))
    for row in records(SUMS.name).find(where):
        totals[row["ledger_account"]] += Money(row["amount"], currency)
    return totals


def is_in_books(records: Recording, account: str) -> bool:
    """Whether anything was posted on the account."""
    return bool(records(SUMS.name).find({"account": account}, limit=1))


def kept_balances(document: Document) -> list[Any]:
    """Those of the document's balances that the ledger keeps, once anything was posted."""
    kept = (RECEIVABLE_BALANCE, CUSTOMER_CREDIT_BALANCE)
    return [balance for balance in document.get("accountBalance", ()) if balance.get("balanceType") in kept]


# -- the parts --------------------------------------------------------------------------------------------------------


def _check(entries: Iterable[Entry]) -> None:
    totals: dict[str, Money] = {}
    for entry in entries:
        assert entry.ledger_account in CHART, f"{entry.ledger_account!r} is not in the chart of accounts"
        currency = entry.amount.currency
        totals[currency] = totals.get(currency, Money(Decimal(0), currency)) + entry.amount
    assert all(total.is_zero for total in totals.values()), f"debits and credits differ: {totals}"


def _take_over(records: Recording, document: Document, posting: Posting) -> None:
    """Balances that an account was created with are its opening balance."""
    account = document["id"]
    entries = []
    for name, sign, ledger_account in (
        (RECEIVABLE_BALANCE, 1, RECEIVABLE),
        (CUSTOMER_CREDIT_BALANCE, -1, CUSTOMER_CREDIT),
    ):
        for balance in document.get("accountBalance", ()):
            stated = money_of(balance.get("amount")) if balance.get("balanceType") == name else None
            if stated is not None and not stated.is_zero:
                amount = stated.times(sign)
                entries += [Entry(ledger_account, amount), Entry(OPENING_BALANCE, -amount)]
    if entries:
        opening = Posting(f"{OPENING}/{account}", OPENING, account, posting.entity, posting.at)
        _enter(records, opening, entries)


def _enter(records: Recording, posting: Posting, entries: list[Entry]) -> bool:
    id = ordered_id()
    row = {
        **{"id": id, "cause": posting.cause, "kind": posting.kind, "reference": posting.reference},
        **{"account": posting.account, "entity": posting.entity, "at": posting.at},
    }
    if not records(POSTINGS.name).insert_new([row]):
        return False
    common = {"posting": id, "account": posting.account, "entity": posting.entity, "at": posting.at}
    records(ENTRIES.name).insert(
        {
            **common,
            **{"position": position, "ledger_account": entry.ledger_account},
            **{"currency": entry.amount.currency, "amount": entry.amount.amount},
        }
        for position, entry in enumerate(entries)
    )
    _add_up(records, posting, entries)
    changed: dict[str, Money] = {}
    for entry in entries:
        if entry.ledger_account in _OWED:
            currency = entry.amount.currency
            changed[currency] = changed.get(currency, Money(Decimal(0), currency)) + entry.amount
    records(LINES.name).insert(
        {"account": posting.account, "currency": currency, "at": posting.at, "posting": id, "amount": amount.amount}
        for currency, amount in sorted(changed.items())
        if not amount.is_zero
    )
    return True


def _add_up(records: Recording, posting: Posting, entries: Iterable[Entry]) -> None:
    moved: dict[tuple[str, ...], Money] = {}
    for entry in entries:
        currency = entry.amount.currency
        key = (posting.account, posting.entity, entry.ledger_account, currency)
        moved[key] = moved.get(key, Money(Decimal(0), currency)) + entry.amount
    table = records(SUMS.name)
    empty = {"amount": Decimal(0)}
    table.insert_new({**dict(zip(SUMS.key, key, strict=True)), **empty} for key in sorted(moved))
    rows = table.get_many(moved, for_update=True)
    assert rows.keys() == moved.keys(), "every sum is there now"
    table.put(
        {**row, "amount": (Money(row["amount"], row["currency"]) + moved[key]).amount} for key, row in rows.items()
    )


def _show(
    records: Recording, context: RuleContext, document: Document, currencies: Iterable[str], at: datetime
) -> None:
    """The account's document as its sums: one balance for each kind and currency."""
    assert context.update is not None, "postings are made where accounts are stored"
    account = document["id"]
    shown: list[dict[str, Any]] = list(document.get("accountBalance", ()))
    for currency in sorted(currencies):
        totals = owed(records, account, currency)
        shown = _with(shown, RECEIVABLE_BALANCE, totals[RECEIVABLE], at, is_new=True)
        credit = -totals[CUSTOMER_CREDIT]
        shown = _with(shown, CUSTOMER_CREDIT_BALANCE, credit, at, is_new=not credit.is_zero)
    context.update(ACCOUNT, account, {"accountBalance": shown})


def _with(shown: list[dict[str, Any]], kind: str, amount: Money, at: datetime, *, is_new: bool) -> list[dict[str, Any]]:
    """The balances with this one changed, in its place; added when there was none and `is_new` says so."""
    new = {
        "@type": "AccountBalance",
        "balanceType": kind,
        "amount": amount.document(),
        "validFor": {"startDateTime": instant_text(at)},
    }
    for index, balance in enumerate(shown):
        if balance.get("balanceType") == kind and _unit(balance) == amount.currency:
            same = money_of(balance.get("amount")) == amount
            return shown if same else [*shown[:index], {**balance, **new}, *shown[index + 1 :]]
    return [*shown, new] if is_new else shown


def _unit(balance: Mapping[str, Any]) -> str | None:
    money = money_of(balance.get("amount"))
    return None if money is None else money.currency
