"""What whoever collects is told: that more of a bill may be asked for than before, or less.

`offered("collections")` is None where payments are not served; bills are then only shown.
"""

from __future__ import annotations

from datetime import datetime

from common.component import RuleContext
from common.domain.query import Document
from tmf678_bill.cycles import account_cycle
from tmf678_bill.issue import payment_due
from tmf678_bill.policies import policy_of
from tmf678_bill.receivables import OpenBill, Receivables


def due_anew(context: RuleContext, account: Document, bill_id: str) -> datetime | None:
    """What is open of a bill may be asked for from now on, and is due as many days from now as a new bill is, when that
    is later than before; when it is due then, None where nothing is open.
    """
    assert context.records is not None, "bills are due where they are stored"
    receivables = Receivables(context.records)
    bill = receivables.get(context, bill_id)
    if bill.remaining.amount <= 0:
        return None
    cycle = account_cycle(account, context.library, context.settings)
    due = max(payment_due(cycle, policy_of(bill.entity, context.settings), context.now), bill.due)
    if due > bill.due:
        receivables.postpone(bill_id, due)
    ask_again(context, receivables.get(context, bill_id))
    return due


def ask_again(context: RuleContext, bill: OpenBill) -> None:
    """More of a bill may be asked for."""
    collections = context.offered("collections") if context.offered is not None else None
    if collections is not None:
        collections.due_again(context, bill)


def lowered(context: RuleContext, account: str) -> None:
    """Less may be asked for."""
    collections = context.offered("collections") if context.offered is not None else None
    if collections is not None:
        collections.lowered(context, account)
