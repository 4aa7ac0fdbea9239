"""What moved money in buckets, entered in the ledger: sums of a bucket's movements by day and kind (docs/ledger.md).

Charging does not wait for it. Each movement is entered once: its posting is written in the transaction that notes it on
the movement. What usage drew is the whole of what the customer pays for it, so that the tax is in it.

Locks: the account, then the work of the bucket. Who moved the bucket meanwhile waits at that with its wake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from common.component import RuleContext
from common.domain.accounting import summed
from common.domain.ids import ordered_id
from common.domain.money import Money
from common.domain.query import Document
from common.legal_entities import legal_entity_of
from tmf654_balance.amounts import kept
from tmf654_balance.tables import BALANCES, MOVEMENTS

# Movements that one transaction enters; what more there is of a bucket, the next one does.
MOVEMENTS_MAX = 2_000
_IDS_AT_ONCE = 500
_TOP_UP, _OPENING, _ADJUSTMENT, _USAGE, _TRANSFER, _EXPIRY = (
    *("topped_up", "prepaid_opened", "prepaid_adjusted"),
    *("prepaid_used", "prepaid_transferred", "prepaid_expired"),
)
# What the ledger is told of each kind of movement (`offered("ledger")`).
_TOLD_AS = {
    "topup": _TOP_UP,
    "opening": _OPENING,
    "bonus": _ADJUSTMENT,
    "adjustment": _ADJUSTMENT,
    "usage": _USAGE,
    "reversal": _USAGE,
    "transferIn": _TRANSFER,
    "transferOut": _TRANSFER,
    "transferCost": _TRANSFER,
    "expiry": _EXPIRY,
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class BucketBooks:
    """Where the money of a bucket is entered: on which account, in the books of which legal entity."""

    bucket: str
    currency: str
    account: str
    entity: str


def account_of(balance: Row) -> str:
    """The account that a bucket's money is entered on; one that names none has an account of its own in the ledger."""
    return str(balance["account"] or f"bucket/{balance['bucket']}")


def hold_books(context: RuleContext, bucket: str) -> BucketBooks:
    """Where a bucket is entered; nobody else posts on the account until the transaction ends."""
    assert context.records is not None, "balances are entered where they are stored"
    assert context.hold is not None, "balances are entered where they are stored"
    balance = context.records(BALANCES.name).get(bucket)
    assert balance is not None, "what was moved is here"
    account = account_of(balance)
    document: Document = context.hold("billingAccount", account) or {}
    return BucketBooks(bucket, balance["unit"], account, legal_entity_of(document, context.settings))


def enter(context: RuleContext, books: BucketBooks) -> bool:
    """Post what is not posted of a bucket; whether there may be more of it. Where no ledger is served, nothing is."""
    assert context.records is not None, "balances are entered where they are stored"
    ledger = None if context.offered is None else context.offered("ledger")
    if ledger is None:
        return False
    table = context.records(MOVEMENTS.name)
    rows = table.find({"bucket": books.bucket, "posting": None}, order=["at"], limit=MOVEMENTS_MAX)
    shares, place = _tax_shares(context, rows), _place(ZoneInfo(context.settings.time_zone))
    for (_, fact), listed in groupby(sorted(rows, key=place), key=place):
        moved, posting = list(listed), ordered_id()
        getattr(ledger, fact)(
            context,
            posting=posting,
            account=books.account,
            entity=books.entity,
            at=max(row["at"] for row in moved),
            reference=books.bucket,
            **_amounts(fact, moved, books.currency, shares),
        )
        ids = [row["id"] for row in moved]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            table.update({"id": tuple(ids[start : start + _IDS_AT_ONCE])}, {"posting": posting})
    return len(rows) == MOVEMENTS_MAX


def _place(zone: ZoneInfo) -> Callable[[Row], tuple[date, str]]:
    """By the operator's day, and by what the ledger is told."""
    return lambda row: (row["at"].astimezone(zone).date(), _TOLD_AS[row["kind"]])


def _amounts(fact: str, rows: Sequence[Row], currency: str, shares: Mapping[str, Fraction]) -> dict[str, Money]:
    """The amounts of a fact, as the ledger is told them."""
    total = _sum(rows, currency)
    if fact == _USAGE:
        tax = summed((_tax(Money(-row["amount"], currency), shares.get(row["cause"])) for row in rows), currency)
        return {"net": -total - tax, "tax": tax}
    if fact == _TRANSFER:
        cost = -_sum((row for row in rows if row["kind"] == "transferCost"), currency)
        return {"amount": -total - cost, "cost": cost}
    return {"amount": -total if fact == _EXPIRY else total}


def _sum(rows: Iterable[Row], currency: str) -> Money:
    return summed((Money(row["amount"], currency) for row in rows), currency)


def _tax(drawn: Money, share: Fraction | None) -> Money:
    """What of an amount is tax, as exact as balances are: parts of a cent are drawn, and taxed."""
    if not share:
        return drawn - drawn
    return Money(kept(drawn.portion(share.numerator, share.denominator).amount), drawn.currency)


def _tax_shares(context: RuleContext, rows: Iterable[Row]) -> Mapping[str, Fraction]:
    """What of each charge is tax, by its cause. Nobody knows it of what was drawn for no price (a reservation)."""
    assert context.offered is not None, "it was asked for the ledger"
    charges = sorted({row["cause"] for row in rows if _TOLD_AS[row["kind"]] == _USAGE})
    known = context.offered("prepaidUsage") if charges else None
    shares: Mapping[str, Fraction] = {} if known is None else known.tax_shares(context, charges)
    return shares
