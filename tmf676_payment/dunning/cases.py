"""One look at an account's arrears: how much, since when, and what follows by the policy.

Arrears are what of sent bills past their due date is neither paid, nor disputed, nor being asked of the provider. The
days of the steps count from the due date of the bill that has been open for longest, and every step waits as long after
the one before it as their days lie apart, so that old debts do not run through all of them at once. When nothing is in
arrears any more the case is over: what was suspended is resumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.accounting import summed
from common.domain.money import Money
from common.domain.query import Document
from tmf676_payment import charges
from tmf676_payment.accounts import hold, offered, table
from tmf676_payment.dunning import steps
from tmf676_payment.dunning.wake import ARREARS, GRACE, NONE, RECOVERING
from tmf676_payment.items import told_of
from tmf676_payment.policy import WRITE_OFF, Dunning, policy_for
from tmf676_payment.tables import DUNNING, STEPS

# How soon a recovery is looked at again while an order of its case is under way.
_RECOVERY_PAUSE = timedelta(hours=1)
_OVER = {"state": NONE, "steps": 0, "stepped_at": None, "since": None, "hold_until": None, "hold_reason": None}


@dataclass(frozen=True)
class Arrears:
    """What is overdue now. Shapes: `bills` the longest due first, each with something to collect."""

    bills: tuple[Any, ...]
    amount: Money

    @property
    def since(self) -> datetime:
        due: datetime = self.bills[0].due
        return due


def look(context: RuleContext, account: str) -> datetime | None:
    """Do what is due on the account; when to look again, None for not before something happens."""
    document = hold(context, account)
    receivables = offered(context, "receivables")
    bills = [] if receivables is None else receivables.open(context, account)
    table(context, DUNNING.name).insert_new([{"account": account, "state": NONE, "number": 0, "steps": 0}])
    row = table(context, DUNNING.name).get(account, for_update=True)
    assert row is not None, "it was just written"
    policy = policy_for(context, document).dunning
    arrears = _arrears(context, account, bills)
    if arrears is None or arrears.amount.amount < policy.minimum:
        again = _recover(context, account, document, row)
        later = [one.due + GRACE for one in bills if one.due + GRACE > context.now]
        waiting = [context.now + GRACE] if charges.pending(context, account) else []
        again = min([*([again] if again else []), *later, *waiting], default=None)
    else:
        again = _pursue(context, account, document, row, arrears, policy)
    row["next"] = again
    table(context, DUNNING.name).put([row])
    return again


def _arrears(context: RuleContext, account: str, bills: Sequence[Any]) -> Arrears | None:
    """What is overdue in the currency of the longest due bill; None when nothing is."""
    asked = _asked(context, account, bills)
    open_now = [(one, _open(one, asked)) for one in bills if one.due + GRACE <= context.now]
    overdue = [(one, amount) for one, amount in open_now if amount.amount > 0]
    if not overdue:
        return None
    currency = overdue[0][1].currency
    mine = [(one, amount) for one, amount in overdue if amount.currency == currency]
    return Arrears(tuple(one for one, _ in mine), summed((amount for _, amount in mine), currency))


def _open(bill: Any, asked: Mapping[str, Money]) -> Money:
    """What of a bill may be asked for and is not being asked of the provider; below zero where more is being asked."""
    return _less(bill.collectable, bill, asked)


def _less(amount: Money, bill: Any, asked: Mapping[str, Money]) -> Money:
    return amount - asked[bill.id] if bill.id in asked else amount


def _asked(context: RuleContext, account: str, bills: Sequence[Any]) -> dict[str, Money]:
    """What payments under way will pay of each bill: of those that they name, then of what is due for longest."""
    asked: dict[str, Money] = {}
    for charge in charges.pending(context, account):
        left = Money(charge["amount"], charge["currency"])
        same = {one.id: one for one in bills if one.remaining.currency == left.currency}
        told = told_of(context.library.get("payment", charge["id"]) or {})
        # Who names a bill pays it also where it is disputed.
        named = [(one, _less(same[one.bill].remaining, same[one.bill], asked)) for one in told if one.bill in same]
        parts = [(one.bill, open if one.amount is None else open.smaller(one.amount)) for one, open in named]
        parts += [(id, _open(one, asked)) for id, one in same.items() if id not in {one.bill for one, _ in named}]
        for id, most in parts:
            part = left.smaller(most)
            if part.amount > 0:
                asked[id] = part + asked[id] if id in asked else part
                left -= part
    return asked


def _pursue(
    context: RuleContext, account: str, document: Document, row: dict[str, Any], arrears: Arrears, policy: Dunning
) -> datetime | None:
    """Begin the case, or take its next step when that is due."""
    if row["state"] != ARREARS:
        is_new = row["state"] == NONE
        row |= {"state": ARREARS, "since": context.now if is_new else row["since"]}
        if is_new:
            row |= {"number": row["number"] + 1, "steps": 0, "stepped_at": None}
            steps.show(context, account, document, {"paymentStatus": "inArrears"})
    if row["hold_until"] is not None and row["hold_until"] > context.now:
        until: datetime = row["hold_until"]
        return until
    due = _due(row, arrears, policy)
    if due is None or due > context.now:
        return due
    step = policy.steps[row["steps"]]
    cause = f"{account}/{row['number']}/{row['steps']}"
    orders = steps.take(context, account, document, arrears.bills, step.action, cause)
    table(context, STEPS.name).insert(
        [
            {
                **{"account": account, "number": row["number"], "step": row["steps"], "action": step.action},
                **{"currency": arrears.amount.currency, "amount": arrears.amount.amount, "at": context.now},
                **{"bills": [one.id for one in arrears.bills], "orders": orders},
            }
        ]
    )
    row["steps"] += 1
    row["stepped_at"] = context.now
    if step.action == WRITE_OFF:
        return context.now  # nothing may be left of the case
    return _due(row, arrears, policy)


def _due(row: dict[str, Any], arrears: Arrears, policy: Dunning) -> datetime | None:
    """When the next step is due; None after the last."""
    if row["steps"] >= len(policy.steps):
        return None
    days = policy.steps[row["steps"]].after_days
    due = arrears.since + timedelta(days=days)
    if row["stepped_at"] is None:
        return due
    apart = days - policy.steps[row["steps"] - 1].after_days
    after: datetime = row["stepped_at"] + timedelta(days=apart)
    return max(due, after)


def _recover(context: RuleContext, account: str, document: Document, row: dict[str, Any]) -> datetime | None:
    """Nothing is in arrears: take back what the case did; when to look again at what is under way.

    What was written off was not paid: the account stays as the case left it.
    """
    if row["state"] == NONE:
        return None
    taken = table(context, STEPS.name).find({"account": account, "number": row["number"]})
    if taken and taken[-1]["action"] == WRITE_OFF:
        row |= _OVER
        return None
    is_over = steps.resume(context, account, document, taken, f"{account}/{row['number']}/recovery")
    if not is_over:
        row["state"] = RECOVERING
        return context.now + _RECOVERY_PAUSE
    row |= _OVER
    steps.show(context, account, document, {"paymentStatus": "inGoodStanding", steps.SHOWN: None})
    return None
