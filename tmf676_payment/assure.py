"""Whether the records of payments agree: credits with what they paid and what went back, payments with both, dunning
with its work (`bss assure`).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from common.assurance import Books, Check, Finding
from common.store.audit import Values
from tmf676_payment import charges, credit, returns
from tmf676_payment.accounts import ACCOUNT
from tmf676_payment.tables import ALLOCATIONS, CHARGES, COLLECTIONS, CREDITS, RETURNS

_RESTORE = "compare with the bank's statement, hold the account, and tell us: this must not happen"


def _left(books: Books) -> Iterator[Finding]:
    paid = _sums(books, ALLOCATIONS.name, {})
    gone = _sums(books, RETURNS.name, {"state": (returns.OPEN, returns.DONE)})
    columns = ["id", "amount", "left", "currency"]
    for row in books.audit.rows(CREDITS.name, columns, ["id"]):
        id = row["id"]
        rest = row["amount"] - paid.pop(id, Decimal(0)) - gone.pop(id, Decimal(0))
        if rest != row["left"] or rest < 0:
            told = f"{row['left']:f} {row['currency']} are left, and what it paid and returned leaves {rest:f}"
            yield Finding((f"credit {id}",), told, _RESTORE)
    for id in sorted(paid.keys() | gone.keys()):
        yield Finding((f"credit {id}",), "it paid or returned something, and is not here", _RESTORE)


def _received(books: Books) -> Iterator[Finding]:
    collected = {"resource": "payment", "state": charges.DONE}
    for id in books.audit.missing(Values(CHARGES.name, "id", collected), Values(CREDITS.name, "id")):
        yield Finding((f"payment {id}",), "the provider took it, and no money came in", _RESTORE)
    made = Values(CREDITS.name, "id", {"kind": credit.PAYMENT})
    shown = Values(books.stored("payment"), "id", {"status": "done"})
    for id in books.audit.missing(made, shown):
        yield Finding((f"payment {id}",), "its money came in, and it is not shown as done", _RESTORE)


def _returned(books: Books) -> Iterator[Finding]:
    done = Values(RETURNS.name, "refund", {"state": returns.DONE})
    for id in books.audit.missing(done, Values(books.stored("refund"), "id", {"status": "done"})):
        yield Finding((f"refund {id}",), "its money went back, and it is not shown as done", _RESTORE)


def _asked(books: Books) -> Iterator[Finding]:
    """A bill that is being asked for has a payment under way."""
    under_way = Values(CHARGES.name, "bill", {"state": charges.OPEN})
    for id in books.audit.missing(Values(COLLECTIONS.name, "bill", {"state": "asked"}), under_way):
        remedy = "take the payment by hand, or change its due date, and tell us: this must not happen"
        yield Finding((f"customerBill {id}",), "it is being collected, and no payment is under way", remedy)


def _credited(books: Books) -> Iterator[Finding]:
    """Credit of each account, as the ledger has it."""
    ledger = books.offered("ledger")
    if ledger is None or not books.serves(ACCOUNT):
        return
    for one in books.audit.sums(CREDITS.name, ["left"], ["account", "currency"]):
        account, currency = one.group["account"], one.group["currency"]
        entered: Any = ledger.credit_of(account, currency).amount
        if entered != one.sums["left"]:
            told = f"{one.sums['left']:f} {currency} of credit are left, and the ledger has {entered:f}"
            yield Finding((f"billingAccount {account}",), told, _RESTORE)


def _sums(books: Books, table: str, where: dict[str, Any]) -> dict[str, Decimal]:
    return {one.group["credit"]: one.sums["amount"] for one in books.audit.sums(table, ["amount"], ["credit"], where)}


CHECKS = (
    Check("payment.left", "What is left of money is what came in, less what it paid and what went back.", _left),
    Check("payment.received", "What the provider took came in once, and is shown.", _received),
    Check("payment.returned", "What went back is shown as a refund.", _returned),
    Check("payment.credit", "Credit of customers is what the ledger has.", _credited),
    Check("payment.collection", "A bill that is being collected has a payment under way.", _asked),
)
