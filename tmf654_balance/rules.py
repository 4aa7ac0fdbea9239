"""TMF654 v4.0.0 prepay balances: what the contract cannot say.

A change of a balance says when it was asked for and when it took effect, and tells its listeners when it is cancelled
or fails: the standard has events of these two moves, and none of a change of state in general.
Does not: touch a bucket.
"""

from __future__ import annotations

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import Document

#: The resources that change balances.
ACTIONS = ("topupBalance", "adjustBalance", "transferBalance", "reserveBalance")
_EVENTS = {"cancelled": "Cancel", "failed": "Failure"}


def on_create(action: Document, context: RuleContext) -> None:
    action["requestedDate"] = instant_text(context.now)


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    status = after["status"]
    if status == before["status"]:
        return
    if status == "completed":
        after.setdefault("confirmationDate", instant_text(context.now))
    if kind := _EVENTS.get(status):
        context.raise_event(f"{context.resource[0].upper()}{context.resource[1:]}{kind}Event")
