"""Whether balances agree with what moved them and with what is held (`bss assure`)."""

from __future__ import annotations

from collections.abc import Iterator

from common.assurance import Books, Check, Finding
from common.store.audit import Values
from tmf654_balance.tables import BALANCES, HELD, MOVEMENTS, RESERVATIONS

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


CHECKS = (
    Check("balance.movements", "What remains in a bucket is the sum of what moved it.", _moved),
    Check("balance.reserved", "What is reserved is held by somebody, and no bucket is below its limit.", _held),
    Check("balance.shown", "Every bucket is shown.", _shown),
)
