"""Money to a customer's credit, and how bills are paid by it: the only place that allocates and takes back.

    receive     money came in: what it is told to pay first, then open bills, the longest due first
    take_over   the same for money that the ledger has already (a credit note)
    settle      credit that is left pays open bills
    take_back   money goes back: what is left first, then what paid bills, the latest first; those are owed again
    put_back    it did not go back after all

What a customer disputes, and a bill on hold, is not paid by credit unless a payment names the bill. Callers hold the
account; open bills are held by `receivables`, then the records here by key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.ids import ordered_id
from common.domain.money import Money
from tmf676_payment.accounts import offered, table
from tmf676_payment.tables import ALLOCATIONS, CREDITS

PAYMENT, CREDIT_NOTE = "payment", "creditNote"
# Credits of one account that pay nothing yet: more than anybody has.
_CREDITS_MAX = 1_000
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Received:
    """Money that came in. `id` is the payment's."""

    id: str
    account: str
    entity: str
    amount: Money
    name: str = ""
    kind: str = PAYMENT


@dataclass(frozen=True)
class Told:
    """A bill that a payment is to pay: so much of it, or as much as is open."""

    bill: str
    amount: Money | None


@dataclass(frozen=True)
class Allocated:
    """What of it paid a bill."""

    bill: str
    number: str
    amount: Money


def receive(context: RuleContext, received: Received, told: Sequence[Told] = ()) -> list[Allocated]:
    """Money came in; what bills it paid. A payment that was received before is received once."""
    if not _insert(context, received):
        return []
    if (ledger := offered(context, "ledger")) is not None:
        ledger.payment_received(
            context,
            payment=received.id,
            account=received.account,
            entity=received.entity,
            at=context.now,
            amount=received.amount,
            reference=received.name or received.id,
        )
    return _allocate_told(context, received, told) + settle(context, received.account, first=received.id)


def take_over(context: RuleContext, received: Received) -> list[Allocated]:
    """Money that is the customer's already; what bills it paid."""
    return settle(context, received.account, first=received.id) if _insert(context, received) else []


def settle(context: RuleContext, account: str, first: str = "") -> list[Allocated]:
    """Credit that is left pays open bills, the oldest the longest due; what of the credit `first` paid."""
    receivables, rows = offered(context, "receivables"), left(context, account)
    if receivables is None or not rows:
        return []
    bills = receivables.open(context, account)
    paid: list[Allocated] = []
    open_now = {bill.id: bill for bill in bills}
    for row in rows:
        for id, bill in list(open_now.items()):
            if row["left"] <= 0 or bill.remaining.currency != row["currency"]:
                continue
            part = Money(row["left"], row["currency"]).smaller(bill.payable)
            if part.amount > 0:
                open_now[id] = _allocate(context, row, bill, part)
                paid += [Allocated(id, bill.number, part)] if row["id"] == first else []
    return paid


def take_back(context: RuleContext, credit: str, amount: Money, cause: str) -> list[Allocated]:
    """So much of a credit goes back; what bills are owed again for it.

    Shapes: `amount` is at most what `returnable` says.
    """
    row = table(context, CREDITS.name).get(credit, for_update=True)
    assert row is not None, "asked of a credit that is here"
    assert 0 < amount.amount <= row["amount"], "no more goes back than came in"
    from_left = min(row["left"], amount.amount)
    _keep(context, row, row["left"] - from_left)
    missing = amount.amount - from_left
    undone: list[Allocated] = []
    for bill, paid in _paid(context, credit):
        if missing <= 0:
            break
        part = Money(min(paid, missing), row["currency"])
        undone.append(_deallocate(context, row, bill, part, cause))
        missing -= part.amount
    assert missing == 0, "what did not pay bills was left"
    return undone


def put_back(context: RuleContext, credit: str, amount: Money) -> None:
    """What was taken back is the customer's credit again, and pays open bills."""
    row = table(context, CREDITS.name).get(credit, for_update=True)
    assert row is not None, "asked of a credit that is here"
    _keep(context, row, row["left"] + amount.amount)
    settle(context, row["account"])


def left(context: RuleContext, account: str) -> list[dict[str, Any]]:
    """The credits of an account that pay no bill yet, the oldest first."""
    where = {"account": account, "is_left": True}
    return table(context, CREDITS.name).find(where, order=["at"], limit=_CREDITS_MAX)


# -- the parts --------------------------------------------------------------------------------------------------------


def _insert(context: RuleContext, received: Received) -> bool:
    row = {
        **{"id": received.id, "kind": received.kind, "account": received.account, "entity": received.entity},
        **{"currency": received.amount.currency, "amount": received.amount.amount, "left": received.amount.amount},
        **{"is_left": True, "name": received.name, "at": context.now},
    }
    return bool(table(context, CREDITS.name).insert_new([row]))


def _allocate_told(context: RuleContext, received: Received, told: Sequence[Told]) -> list[Allocated]:
    """What the payment names, as far as it is open and the money goes; the rest stays credit."""
    receivables = offered(context, "receivables")
    if receivables is None or not told:
        return []
    open_now = {bill.id: bill for bill in receivables.open(context, received.account)}
    row = table(context, CREDITS.name).get(received.id, for_update=True)
    assert row is not None, "it was just written"
    paid = []
    for one in told:
        bill = open_now.get(one.bill)
        if bill is None or bill.remaining.currency != received.amount.currency:
            continue
        part = Money(row["left"], row["currency"]).smaller(bill.remaining)
        part = part if one.amount is None else part.smaller(one.amount)
        if part.amount > 0:
            open_now[one.bill] = _allocate(context, row, bill, part)
            paid.append(Allocated(bill.id, bill.number, part))
    return paid


def _allocate(context: RuleContext, row: dict[str, Any], bill: Any, part: Money) -> Any:
    """The bill as it stands then."""
    id = ordered_id()
    table(context, ALLOCATIONS.name).insert(
        [{"id": id, "credit": row["id"], "bill": bill.id, "amount": part.amount, "cause": id, "at": context.now}]
    )
    _keep(context, row, row["left"] - part.amount)
    after = offered(context, "receivables").apply(context, bill.id, _payment(row), part)
    if (ledger := offered(context, "ledger")) is not None:
        ledger.allocated(
            context,
            allocation=id,
            account=row["account"],
            entity=row["entity"],
            at=context.now,
            amount=part,
            reference=bill.number,
        )
    return after


def _deallocate(context: RuleContext, row: Mapping[str, Any], bill: str, part: Money, cause: str) -> Allocated:
    id = ordered_id()
    table(context, ALLOCATIONS.name).insert(
        [{"id": id, "credit": row["id"], "bill": bill, "amount": -part.amount, "cause": cause, "at": context.now}]
    )
    after = offered(context, "receivables").unapply(context, bill, _payment(row), part)
    if (ledger := offered(context, "ledger")) is not None:
        ledger.deallocated(
            context,
            allocation=id,
            account=row["account"],
            entity=row["entity"],
            at=context.now,
            amount=part,
            reference=after.number,
        )
    return Allocated(bill, after.number, part)


def _paid(context: RuleContext, credit: str) -> list[tuple[str, Decimal]]:
    """The bills that a credit pays now and how much of each, the one it paid last first."""
    rows = table(context, ALLOCATIONS.name).find({"credit": credit}, order=["at"])
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["bill"]] = sums.pop(row["bill"], _ZERO) + row["amount"]
    return [(bill, amount) for bill, amount in reversed(sums.items()) if amount > 0]


def _keep(context: RuleContext, row: dict[str, Any], left: Decimal) -> None:
    assert left >= 0, "no more is spent than is there"
    row["left"], row["is_left"] = left, left > 0
    table(context, CREDITS.name).update({"id": row["id"]}, {"left": left, "is_left": left > 0})


def _payment(row: Mapping[str, Any]) -> dict[str, str]:
    """What bills show as having paid them."""
    named = {"name": row["name"]} if row["name"] else {}
    return {"id": row["id"], **named}
