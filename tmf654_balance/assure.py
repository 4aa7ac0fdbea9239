"""Whether balances agree with what moved them and with what is held (`bss assure`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from common.assurance import Books, Check, Finding
from common.store.audit import Values
from common.store.records import Between
from tmf654_balance.posting import account_of
from tmf654_balance.tables import BALANCES, HELD, MONEY, MOVEMENTS, RESERVATIONS

_TELL = "see that a worker for billing runs; post nothing more on the account, and tell us"
# A day is entered when it is over.
_LATE = timedelta(days=2)
_UNPOSTED = {"posting": None}
_RESTORE = "keep the bucket from being used (PATCH it to suspended), adjust it, and tell us: this must not happen"


def _moved(books: Books) -> Iterator[Finding]:
    sums = books.audit.sums(MOVEMENTS.name, ["amount"], ["bucket"])
    moved = {one.group["bucket"]: one.sums["amount"] for one in sums}
    for row in books.audit.rows(BALANCES.name, ["bucket", "remaining", "unit"], ["bucket"]):
        total = moved.pop(row["bucket"], 0)
        if total != row["remaining"]:
            yield Finding(
                (f"bucket {row['bucket']}",),
                f"{row['remaining']:f} {row['unit']} remain, and its movements come to {total:f}",
                _RESTORE,
            )
    for bucket in sorted(moved):
        yield Finding((f"bucket {bucket}",), "it was moved, and is not here", _RESTORE)


def _held(books: Books) -> Iterator[Finding]:
    held = {
        group.group["bucket"]: group.sums["amount"]
        for group in books.audit.sums(RESERVATIONS.name, ["amount"], ["bucket"], {"state": HELD})
    }
    columns = ["bucket", "reserved", "remaining", "floor", "unit"]
    for row in books.audit.rows(BALANCES.name, columns, ["bucket"]):
        total = held.get(row["bucket"], 0)
        if total != row["reserved"]:
            yield Finding(
                (f"bucket {row['bucket']}",),
                f"{row['reserved']:f} {row['unit']} are reserved, and {total:f} are held by reservations",
                _RESTORE,
            )
        free = row["remaining"] - row["reserved"]
        if free < row["floor"]:
            yield Finding(
                (f"bucket {row['bucket']}",),
                f"it is below its limit: {free:f} {row['unit']}, where {row['floor']:f} is the least",
                _RESTORE,
            )


def _shown(books: Books) -> Iterator[Finding]:
    for id in books.audit.missing(Values(BALANCES.name, "bucket"), Values(books.stored("bucket"), "id")):
        yield Finding((f"bucket {id}",), "it is kept, and no document shows it", _RESTORE)


def _entered(books: Books) -> Iterator[Finding]:
    """What is owed for balances is what moved them, without what is not entered yet; and that is of the last days."""
    ledger = books.offered("ledger")
    if ledger is None:
        return
    columns = ["bucket", "account", "unit"]
    rows = books.audit.rows(BALANCES.name, columns, ["bucket"], {"usage_type": MONEY})
    money = {row["bucket"]: (account_of(row), row["unit"]) for row in rows}
    entered = dict.fromkeys(money.values(), Decimal(0))
    for sign, where in ((1, {}), (-1, _UNPOSTED)):
        for one in books.audit.sums(MOVEMENTS.name, ["amount"], ["bucket"], where):
            if (key := money.get(one.group["bucket"])) is not None:
                entered[key] += sign * one.sums["amount"]
    owed = ledger.prepaid_owed()
    for account, unit in sorted(entered.keys() | owed.keys()):
        moved, kept = (found.get((account, unit), Decimal(0)) for found in (entered, owed))
        if moved != kept:
            told = f"{moved:f} {unit} of what moved its balances are entered, and the ledger owes {kept:f}"
            yield Finding((f"billingAccount {account}",), told, _TELL)
    for one in books.audit.sums(MOVEMENTS.name, [], ["bucket"], {**_UNPOSTED, "at": Between(None, books.now - _LATE)}):
        if one.group["bucket"] in money:
            told = f"{one.count} movements are more than {_LATE.days} days old and in no books"
            yield Finding((f"bucket {one.group['bucket']}",), told, _TELL)


CHECKS = (
    Check("balance.movements", "What remains in a bucket is the sum of what moved it.", _moved),
    Check("balance.reserved", "What is reserved is held by somebody, and no bucket is below its limit.", _held),
    Check("balance.shown", "Every bucket is shown.", _shown),
    Check("balance.posted", "What moved money in buckets is in the ledger when its day is over.", _entered),
)
