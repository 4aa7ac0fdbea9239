"""TMF654 v4.0.0 prepay balances: what the contract cannot say.

A change of a balance takes effect as it is posted (`changes`), with its bucket, its movement and its history in the
same transaction. One that cannot be made is kept as failed and says why in `statusReason`. A reservation is held until
it is completed (with what was used), cancelled, or has lapsed. What has ended keeps what it said of money.
"""

from __future__ import annotations

from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import Document
from common.errors import Conflict
from tmf654_balance.amounts import Refused
from tmf654_balance.changes import CARRIED_OUT, commit, release, resize
from tmf654_balance.ledger import Ledger
from tmf654_balance.tables import KEYS

#: The resources that change balances.
ACTIONS = ("topupBalance", "adjustBalance", "transferBalance", "reserveBalance")
REASON = "statusReason"
_EVENTS = {"cancelled": "Cancel", "failed": "Failure"}
# What a change of money was about.
_EVIDENCE = (
    *("amount", "bucket", "usageType", "partyAccount", "product", "receiverBucket", "receiverBucketUsageType"),
    *("transferCost", "costOwner", "externalId", REASON),
)
# Standing in a history entry, which the standard wants to have a receiver.
_RECEIVER = "receiverLogicalResource"


class Duplicate(Conflict):
    """The same change of its sender, again."""

    code, reason = "balance.duplicate", "The change was made already"


class Insufficient(Conflict):
    """The change cannot be made as asked."""

    code, reason = "balance.refused", "The balance does not allow it"


def on_create(action: Document, context: RuleContext) -> None:
    """Errors: Duplicate."""
    action["requestedDate"] = instant_text(context.now)
    action.pop(REASON, None)
    if context.records is None:
        return
    _claim(action, context)
    ledger = Ledger(context)
    try:
        action["status"] = CARRIED_OUT[context.resource](action, ledger, context)
    except Refused as refused:
        _fail(action, refused, context)
    if action["status"] == "completed":
        action.setdefault("confirmationDate", instant_text(context.now))
    ledger.close()
    assert context.create is not None, "history is written where changes are stored"
    context.create("balanceActionHistory", {"actionType": context.resource, **_history(action)})


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    """Errors: Conflict for what was about money; Insufficient when more was used than there is."""
    status = after["status"]
    if before["status"] != "created" or context.resource != "reserveBalance":
        _keep(before, after, context)
    if context.records is not None and before["status"] == "created":
        _carry_on(before, after, context)
    if status == before["status"]:
        return
    if status == "completed":
        after.setdefault("confirmationDate", instant_text(context.now))
    if kind := _EVENTS.get(status):
        context.raise_event(_event(context, kind))
    if context.records is not None and context.library.get("balanceActionHistory", after["id"]) is not None:
        assert context.update is not None, "history is written where changes are stored"
        context.update("balanceActionHistory", after["id"], _history(after))


def on_delete(action: Document, context: RuleContext) -> None:
    """Errors: Conflict for a reservation that is held."""
    if action["status"] == "created" and context.resource == "reserveBalance":
        raise Conflict(f"reserveBalance {action['id'][:80]!r} is held; cancel it first")


def _claim(action: Document, context: RuleContext) -> None:
    external = action.get("externalId")
    if not isinstance(external, str) or context.records is None:
        return
    table = context.records(KEYS.name)
    row = {"resource": context.resource, "external": external, "action": action["id"]}
    if not table.insert_new([row]):
        known = table.get(context.resource, external)
        assert known is not None, "what could not be inserted is there"
        raise Duplicate(f"{external[:80]!r} is {context.resource} {known['action']}; it counts once")


def _carry_on(before: Document, after: Document, context: RuleContext) -> None:
    """What becomes of a reservation that is held; or of a change that was never carried out."""
    ledger, status = Ledger(context), after["status"]
    try:
        if context.resource == "reserveBalance":
            if before.get("bucket") != after.get("bucket"):
                raise Conflict(f"reserveBalance {after['id'][:80]!r} is of another bucket; make a new one")
            step: Any = {"created": resize, "completed": commit}.get(status, release)
            step(after, ledger, context)
        elif status == "completed":
            CARRIED_OUT[context.resource](after, ledger, context)
    except Refused as refused:
        raise Insufficient(f"{refused.code}: {refused.message}") from refused
    ledger.close()


def _keep(before: Document, after: Document, context: RuleContext) -> None:
    changed = [name for name in _EVIDENCE if before.get(name) != after.get(name)]
    if changed:
        raise Conflict(
            f"{context.resource} {before['id'][:80]!r} keeps its {', '.join(changed)}; make another change instead"
        )


def _fail(action: Document, refused: Refused, context: RuleContext) -> None:
    action["status"] = "failed"
    action[REASON] = {"code": refused.code, "message": refused.message}
    action.setdefault("reason", refused.message)
    context.raise_event(_event(context, "Failure"))


def _event(context: RuleContext, kind: str) -> str:
    return f"{context.resource[0].upper()}{context.resource[1:]}{kind}Event"


def _history(action: Document) -> Document:
    """An action as the history has it."""
    entry = {name: value for name, value in action.items() if name not in ("@type", "@baseType", "@schemaLocation")}
    if _RECEIVER not in entry:
        listed = entry.get("logicalResource")
        bucket = action.get("bucket", {})
        entry[_RECEIVER] = listed[0] if isinstance(listed, list) and listed else {"id": bucket.get("id", action["id"])}
    return entry
