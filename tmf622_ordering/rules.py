"""TMF622 v5.0.0: what the contract of a product order cannot say.

`capture` decides whether an order can be delivered, `items` what its items say of each other and how states move,
`cancellation` what a CancelProductOrder task does, `amendment` what may change of an order in flight.
"""

from __future__ import annotations

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import Document
from common.errors import Conflict
from tmf622_ordering.amendment import amend
from tmf622_ordering.cancellation import settle_tasks
from tmf622_ordering.capture import capture
from tmf622_ordering.items import aggregate, check_moves, check_structure, follow, item_states, set_states
from tmf622_ordering.lifecycle import ACKNOWLEDGED, CANCELLED, COMPLETED, DRAFT, ORDER
from tmf622_ordering.works import look_again

# What says something about an order without changing what was agreed; the rest of a finished order stays.
_FREE_WHEN_FINAL = frozenset(
    {
        *("@type", "@baseType", "@schemaLocation", "category", "description", "externalId", "note"),
        *("notificationContact", "orderRelationship", "priority"),
    }
)
# The code of the message that asks the customer for more.
INFORMATION_REQUIRED = "information.required"
_ANNOUNCED = {
    "productOrderMilestone": "ProductOrderMilestoneEvent",
    "productOrderJeopardyAlert": "ProductOrderJeopardyAlertEvent",
    "productOrderErrorMessage": "ProductOrderErrorMessageEvent",
}


def create_order(document: Document, context: RuleContext) -> None:
    """Capture an order, or keep it as a draft for as long as its customer likes.

    Source: TMF622 v5.0.0 requestedInitialState.
    """
    check_structure(document, context)
    if context.violations:
        return
    if document.get("requestedInitialState") == DRAFT:
        document[ORDER.attribute] = DRAFT
        set_states(document, None)
    else:
        capture(document, context)
        if document[ORDER.attribute] == ACKNOWLEDGED:
            look_again(document["id"], context)
    _announce({}, document, context)


def patch_order(before: Document, after: Document, context: RuleContext) -> None:
    """Edit a draft, move an order and its items on, or annotate a finished one.

    Source: TMF622 v5.0.0 ProductOrder_MVO; state diagrams of the user guide.
    Errors: Conflict when the order's state does not allow the change; IllegalTransition for an item.
    """
    old = before[ORDER.attribute]
    if ORDER.is_final(old):
        _check_final(before, after)
        return
    if after[ORDER.attribute] == CANCELLED and old in (DRAFT, ACKNOWLEDGED):
        raise Conflict(f"a productOrder in state {old} is cancelled with a POST of a cancelProductOrder")
    if before.get("productOrderItem") != after.get("productOrderItem"):
        check_structure(after, context)
        if context.violations:
            return
    if old == DRAFT:
        _patch_draft(after, context)
    else:
        _patch_captured(before, after, context)
        if context.violations:
            return
    _date(before, after, context)
    if old != after[ORDER.attribute]:
        settle_tasks(after["id"], old, after[ORDER.attribute], context)
    if after[ORDER.attribute] != DRAFT and not context.violations:
        look_again(after["id"], context)
    _announce(before, after, context)


def delete_order(document: Document, context: RuleContext) -> None:
    """Only what is not under way may go: a draft, or an order in a final state. Errors: Conflict."""
    state = document[ORDER.attribute]
    if state != DRAFT and not ORDER.is_final(state):
        raise Conflict(f"a productOrder in state {state} is under way; cancel it with a cancelProductOrder first")
    look_again(document["id"], context)


def _check_final(before: Document, after: Document) -> None:
    names = (before.keys() | after.keys()) - _FREE_WHEN_FINAL
    changed = sorted(name for name in names if before.get(name) != after.get(name))
    if changed:
        state, free = before[ORDER.attribute], ", ".join(sorted(_FREE_WHEN_FINAL))
        raise Conflict(f"the productOrder is {state}: {', '.join(changed)} cannot change any more; only: {free}")


def _patch_draft(after: Document, context: RuleContext) -> None:
    if after[ORDER.attribute] == ACKNOWLEDGED:
        capture(after, context)
    else:
        set_states(after, None)


def _patch_captured(before: Document, after: Document, context: RuleContext) -> None:
    amend(before, after, context)
    if context.violations:
        return
    old, new = before[ORDER.attribute], after[ORDER.attribute]
    items_moved = check_moves(before, after)
    if old != new and not items_moved:
        follow(after, old, new)
    elif old == new and items_moved:
        after[ORDER.attribute] = aggregate(old, item_states(after).values())


def _date(before: Document, after: Document, context: RuleContext) -> None:
    """When an order was completed or cancelled, unless the client says when."""
    state = after[ORDER.attribute]
    if state != before[ORDER.attribute]:
        if state == COMPLETED:
            after.setdefault("completionDate", instant_text(context.now))
        elif state == CANCELLED:
            after.setdefault("cancellationDate", instant_text(context.now))


def _announce(before: Document, after: Document, context: RuleContext) -> None:
    """An event for each list of messages about the order that has something new, and one that asks for information.

    Each carries what is new. `informationRequired` (a JSON Patch in the standard) has none: fulfilment asks in words.
    """
    if context.violations:
        return
    for name, event_type in _ANNOUNCED.items():
        known = before.get(name, [])
        new = [message for message in after.get(name, []) if message not in known]
        if new:
            context.raise_event(event_type, {name: new})
        questions = [message for message in new if message.get("code") == INFORMATION_REQUIRED]
        if questions:
            context.raise_event("ProductOrderInformationRequiredEvent", {name: questions})
