"""TMF622 v5.0.0 CancelProductOrder: what a request to cancel an order does, and how it ends.

An order that nobody has begun with is cancelled at once. One in progress goes to `assessingCancellation`; whoever
fulfils it (`fulfil`, or people) then takes it on to `pendingCancellation` and `cancelled`, or back, and the task ends
with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text, normal_instant
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator
from common.errors import Conflict
from tmf622_ordering.items import flat, item_states, set_states
from tmf622_ordering.lifecycle import ASSESSING, CANCELLATION, CANCELLED, DRAFT, ITEM, ORDER, REJECTED
from tmf622_ordering.works import CANCELLATION as WORK
from tmf622_ordering.works import is_executed, look_again

_NOT_BEGUN = frozenset({DRAFT, "acknowledged", "pending", "held"})
_UNDER_WAY = frozenset({ASSESSING, "pendingCancellation"})
_OPEN = ("acknowledged", "inProgress")
_DONE, _FAILED = "done", "terminatedWithError"
_TASKS_MAX = 100


def create_cancellation(document: Document, context: RuleContext) -> None:
    """Cancel the order at once, ask its fulfilment, or wait for the requested date.

    A task for an order that is not here is kept as `rejected`, and nothing acts on it; in reference mode `strict` it is
    refused, in `off` it stays `acknowledged`. One with a later `requestedCancellationDate` stays `acknowledged` until
    then.
    Errors: Conflict when the order is final, or is being cancelled already.
    Source: TMF622 v5.0.0 CancelProductOrder and its state diagram.
    """
    assert context.hold is not None, "cancellations are made where orders are stored"
    id = document["productOrder"]["id"]
    order = context.hold("productOrder", id)
    mode = context.settings.reference_mode
    if order is None:
        if mode == "strict":
            context.refuse("/productOrder/id", "reference", f"there is no productOrder with id {id[:80]!r}")
        elif mode == "process":
            document[CANCELLATION.attribute] = REJECTED
        return
    later = later_date(document, context.now)
    if later is None or ORDER.is_final(order[ORDER.attribute]):
        document |= carry_out(document, order, context)
    elif context.schedule is not None:
        context.schedule(WORK, document["id"], later)


def carry_out(task: Document, order: Document, context: RuleContext) -> dict[str, Any]:
    """Cancel an order nobody has begun with, have any other assessed; what that changes of the task.

    Errors: Conflict when the order is final, or is being cancelled already.
    """
    state, id = order[ORDER.attribute], order["id"]
    if ORDER.is_final(state):
        raise Conflict(f"productOrder {id[:80]!r} is {state}, which is final; it cannot be cancelled any more")
    if state in _UNDER_WAY:
        raise Conflict(f"productOrder {id[:80]!r} is in state {state}: it is being cancelled already")
    changes: dict[str, Any] = {}
    if _has_begun(order, context):
        _change("productOrder", id, _assessed(order), context)
    else:
        _change("productOrder", id, _cancelled(order, task, context), context)
        changes = {CANCELLATION.attribute: _DONE, "effectiveCancellationDate": instant_text(context.now)}
    look_again(id, context)
    return changes


def later_date(task: Document, now: datetime) -> datetime | None:
    """The requested date, when it lies ahead."""
    requested = normal_instant(task.get("requestedCancellationDate", ""))
    moment = None if requested is None else datetime.fromisoformat(requested)
    return moment if moment is not None and moment > now else None


def _has_begun(order: Document, context: RuleContext) -> bool:
    """Items that wait may have begun before; whoever carries out the order knows."""
    begun = frozenset({"pending", "held"}) if is_executed(context) else frozenset[str]()
    return order[ORDER.attribute] not in _NOT_BEGUN or not (_NOT_BEGUN - begun).issuperset(item_states(order).values())


def settle_tasks(order_id: str, before: str, after: str, context: RuleContext) -> None:
    """End the open tasks of an order whose state has moved, or take them on.

    Done when the order is cancelled; with an error when it ended otherwise or its cancellation was denied.
    """
    changes: dict[str, Any]
    if after == CANCELLED:
        changes = {CANCELLATION.attribute: _DONE, "effectiveCancellationDate": instant_text(context.now)}
    elif ORDER.is_final(after) or (before == ASSESSING and after not in _UNDER_WAY):
        changes = {CANCELLATION.attribute: _FAILED}
    elif after == "pendingCancellation":
        changes = {CANCELLATION.attribute: "inProgress"}
    else:
        return
    of_order = Compare(FieldPath(("productOrder", "id"), Kind.STRING, False), Operator.EQ, (order_id,))
    is_open = Compare(FieldPath((CANCELLATION.attribute,), Kind.STRING, False), Operator.EQ, _OPEN)
    for task in context.library.find("cancelProductOrder", AllOf((of_order, is_open)), _TASKS_MAX):
        _change("cancelProductOrder", task["id"], changes, context)


def _assessed(order: Document) -> Mapping[str, Any]:
    """The order with every item that is not finished, so that none is left behind when it is cancelled."""
    for item in flat(order):
        state = item.document.get(ITEM.attribute, ITEM.initial)
        if ITEM.may_move(state, ASSESSING):
            item.document[ITEM.attribute] = ASSESSING
    return {ORDER.attribute: ASSESSING, "productOrderItem": order.get("productOrderItem", [])}


def _cancelled(order: Document, task: Document, context: RuleContext) -> Mapping[str, Any]:
    set_states(order, CANCELLED)
    changes = {
        ORDER.attribute: CANCELLED,
        "cancellationDate": instant_text(context.now),
        "productOrderItem": order.get("productOrderItem", []),
    }
    reason = task.get("cancellationReason")
    return changes if reason is None else {**changes, "cancellationReason": reason}


def _change(resource: str, id: str, changes: Mapping[str, Any], context: RuleContext) -> None:
    assert context.update is not None, "whoever calls the rules of orders lets them change other resources"
    context.update(resource, id, changes)
