"""Disputes: a customer says that a bill is wrong.

While it is open nobody asks for what it is about. Won, wholly or in part: a credit note. What is not credited is due
again, so many days after the decision as a bill is.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.money import Money, money_of
from common.domain.query import Document
from common.store.records import Row
from tmf678_bill.asking import due_anew, lowered
from tmf678_bill.corrections.credit import Selection, credit_bill, held_bill, selected
from tmf678_bill.corrections.errors import HasEnded, NothingOpen, OtherCurrency
from tmf678_bill.corrections.kept import Asked, change, held, keep, known, recording, reference
from tmf678_bill.corrections.shares import sum_of
from tmf678_bill.corrections.tables import CORRECTIONS, DISPUTE
from tmf678_bill.receivables import Receivables

OPEN, WON, LOST, WITHDRAWN = "open", "won", "lost", "withdrawn"
ENDS = (WON, LOST, WITHDRAWN)


@dataclass(frozen=True)
class Decision:
    """How a dispute ends. Shapes: `amount` is what is granted of one that is won, gross; None: all of it."""

    state: str
    resolution: str = ""
    amount: Money | None = None


def open_dispute(context: RuleContext, bill_id: str, selection: Selection, asked: Asked) -> Document:
    """Errors: NotFound; InvalidBody; NotIssuedHere; IsCreditNote; OverCredited; NothingOpen; OtherCurrency;
    OtherExternal.
    """
    before = known(context, DISPUTE, asked)
    if before is not None:
        return before
    bill = held_bill(context, bill_id)
    before = known(context, DISPUTE, asked)
    if before is not None:
        return before
    shares = selected(bill, selection)
    amount = sum_of([one.gross for one in shares])
    disputed = _disputed(context, bill_id, amount.currency)
    if amount.amount > (bill.left - disputed).amount:
        raise NothingOpen(f"bill {bill.number}", amount, bill.left - disputed)
    id = ordered_id()
    doc: Document = {
        "@type": "Dispute",
        "date": instant_text(context.now),
        "bill": reference("CustomerBill", bill_id, bill.number),
        "billingAccount": reference("BillingAccount", bill.head["account"]),
        "amount": amount.document(),
    }
    if selection.items:
        doc["item"] = [{"id": one.item, "amount": one.gross.document()} for one in shares]
    of = {"id": id, "account": bill.head["account"], "bill": bill_id}
    document = keep(context, DISPUTE, asked, **of, state=OPEN, amount=amount, doc=doc)
    _show(context, bill_id, amount.currency)
    lowered(context, bill.head["account"])
    return document


def decide(context: RuleContext, id: str, decision: Decision) -> Document:
    """End a dispute. Errors: NotFound; HasEnded; NothingOpen; what a credit note's are."""
    row = held(context, DISPUTE, id)
    bill = held_bill(context, row["bill"])
    row = held(context, DISPUTE, id)
    if row["state"] != OPEN:
        raise HasEnded(DISPUTE, id, row["state"])
    disputed = Money(row["amount"], row["currency"])
    granted = _granted(disputed, decision, id)
    changes: Document = {"resolutionDate": instant_text(context.now)}
    if decision.resolution:
        changes["resolution"] = decision.resolution
    document = change(context, row, decision.state, **changes)
    _show(context, row["bill"], row["currency"])
    if granted.amount > 0:
        note = credit_bill(context, row["bill"], _selection(row, granted), Asked(_why(row, decision)))
        changes["creditNote"] = reference("CustomerBill", note["customerBill"]["id"], note["creditNoteNo"])
    if granted != disputed:
        due = due_anew(context, bill.account, bill.head["bill"])
        if due is not None:
            changes["paymentDueDate"] = instant_text(due)
    row = held(context, DISPUTE, id)
    document = change(context, row, decision.state, **changes)
    return document


# -- the parts --------------------------------------------------------------------------------------------------------


def _granted(disputed: Money, decision: Decision, id: str) -> Money:
    nothing = disputed - disputed
    if decision.state != WON:
        return nothing
    granted = disputed if decision.amount is None else decision.amount
    if granted.currency != disputed.currency:
        raise OtherCurrency(f"dispute {id}", disputed.currency, granted.currency)
    if not 0 < granted.amount <= disputed.amount:
        raise NothingOpen(f"dispute {id}", granted, disputed)
    return granted


def _selection(row: Row, granted: Money) -> Selection:
    """The items that were disputed when all of them is granted; else an amount."""
    listed = row["doc"].get("item", [])
    if listed and granted.amount == row["amount"]:
        return Selection(items=tuple((one["id"], money_of(one["amount"])) for one in listed))
    return Selection(amount=granted)


def _why(row: Row, decision: Decision) -> str:
    return decision.resolution or str(row["doc"]["reason"])


def _disputed(context: RuleContext, bill_id: str, currency: str) -> Money:
    """What of a bill is disputed now."""
    where = {"bill": bill_id, "kind": DISPUTE, "state": OPEN}
    rows = recording(context)(CORRECTIONS.name).find(where)
    return Money(sum((row["amount"] for row in rows), Decimal(0)), currency)


def _show(context: RuleContext, bill_id: str, currency: str) -> None:
    """The receivable as its disputes."""
    Receivables(recording(context)).dispute(context, bill_id, _disputed(context, bill_id, currency))
