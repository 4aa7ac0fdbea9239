"""Whether the books agree with themselves and with what accounts show (`bss assure`)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from common.assurance import Books, Check, Finding
from common.domain.accounting import CUSTOMER_CREDIT, DEFERRED_REVENUE, RECEIVABLE
from common.domain.money import money_of
from tmf666_account.ledger.journal import ACCOUNT, CUSTOMER_CREDIT_BALANCE, RECEIVABLE_BALANCE
from tmf666_account.ledger.tables import DEFERRALS, ENTRIES, LINES, SUMS

_BROKEN = "post nothing more on the account, and tell us: this must not happen"
_OWED = (RECEIVABLE, CUSTOMER_CREDIT)
# Which balance of a document says a ledger account, and whether a debit is above zero there.
_SHOWN = {RECEIVABLE: (RECEIVABLE_BALANCE, 1), CUSTOMER_CREDIT: (CUSTOMER_CREDIT_BALANCE, -1)}
_AT_ONCE = 500


def _balanced(books: Books) -> Iterator[Finding]:
    for one in books.audit.sums(ENTRIES.name, ["amount"], ["posting", "currency"]):
        if one.sums["amount"] != 0:
            message = f"its debits and credits differ by {one.sums['amount']:f} {one.group['currency']}"
            yield Finding((f"posting {one.group['posting']}",), message, _BROKEN)


def _summed(books: Books) -> Iterator[Finding]:
    entered = _sums(books, ENTRIES.name, SUMS.key)
    for row in books.audit.rows(SUMS.name, [*SUMS.key, "amount"], list(SUMS.key)):
        key = tuple(row[name] for name in SUMS.key)
        yield from _differ(key, row["amount"], entered.pop(key, Decimal(0)), "is kept", "its entries come to")
    for key, amount in sorted(entered.items()):
        yield from _differ(key, Decimal(0), amount, "is kept", "its entries come to")


def _stated(books: Books) -> Iterator[Finding]:
    lines = _sums(books, LINES.name, ("account", "currency"))
    for key, amount in _sums(books, SUMS.name, ("account", "currency"), {"ledger_account": _OWED}).items():
        yield from _differ(key, lines.get(key, Decimal(0)), amount, "is on its statement", "is owed")


def _deferred(books: Books) -> Iterator[Finding]:
    by = ("account", "entity", "currency")
    left = {
        tuple(one.group.values()): one.sums["net"] - one.sums["recognised"]
        for one in books.audit.sums(DEFERRALS.name, ["net", "recognised"], by)
    }
    kept = _sums(books, SUMS.name, by, {"ledger_account": DEFERRED_REVENUE})
    for key in sorted(left.keys() | kept.keys()):
        owed = -kept.get(key, Decimal(0))
        yield from _differ(key, left.get(key, Decimal(0)), owed, "is left of its charges", "is deferred revenue")


def _shown(books: Books) -> Iterator[Finding]:
    by = ("account", "ledger_account", "currency")
    owed = books.audit.sums(SUMS.name, ["amount"], by, {"ledger_account": _OWED})
    while books.serves(ACCOUNT) and (part := list(islice(owed, _AT_ONCE))):
        documents = books.library.get_many(ACCOUNT, {one.group["account"] for one in part})
        for one in part:
            account, ledger_account, currency = one.group.values()
            kind, sign = _SHOWN[ledger_account]
            if account in documents:
                told = _balance(documents[account], kind, currency)
                yield from _differ((account, currency), told, sign * one.sums["amount"], f"is its {kind}", "is entered")


# -- the parts --------------------------------------------------------------------------------------------------------


def _sums(
    books: Books, table: str, by: tuple[str, ...], where: dict[str, Any] | None = None
) -> dict[tuple[Any, ...], Decimal]:
    return {tuple(one.group.values()): one.sums["amount"] for one in books.audit.sums(table, ["amount"], by, where)}


def _differ(key: tuple[Any, ...], one: Decimal, other: Decimal, first: str, second: str) -> Iterator[Finding]:
    if one != other:
        account, *rest = key
        yield Finding((f"{ACCOUNT} {account}",), f"{one:f} {' '.join(rest)} {first}, and {other:f} {second}", _BROKEN)


def _balance(document: dict[str, Any], kind: str, currency: str) -> Decimal:
    """What the account's document says; a balance that it does not show is zero."""
    for balance in document.get("accountBalance", ()):
        money = money_of(balance.get("amount"))
        if balance.get("balanceType") == kind and money is not None and money.currency == currency:
            return money.amount
    return Decimal(0)


CHECKS = (
    Check("ledger.balanced", "Debits and credits of every posting are equal in each currency.", _balanced),
    Check("ledger.sums", "What is kept for each ledger account of a customer is the sum of its entries.", _summed),
    Check("ledger.statement", "The lines of a statement come to what the customer owes.", _stated),
    Check("ledger.deferred", "What is left to recognise of charges is deferred revenue.", _deferred),
    Check("ledger.shown", "Balances of billing accounts are what the ledger says.", _shown),
)
