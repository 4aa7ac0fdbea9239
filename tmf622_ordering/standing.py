"""How far an order is and what each of its tasks waits for, for people to read (`bss order show`). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.domain.clock import normal_instant
from common.domain.query import Document
from tmf622_ordering.items import Item, flat
from tmf622_ordering.lifecycle import ITEM, ORDER
from tmf622_ordering.orchestration.plan import ENDED, TAKEN_BACK, Plan, Task, TaskState

DATES = (
    "creationDate",
    "requestedStartDate",
    "requestedCompletionDate",
    "expectedCompletionDate",
    "completionDate",
    "cancellationDate",
)
_PAUSES = ("held", "pending")
_UNDER_WAY = frozenset({TaskState.UNDER_WAY, TaskState.UNDO_UNDER_WAY})
_ASKED = frozenset({TaskState.ASKED, TaskState.UNDO_ASKED})


class WaitsFor(StrEnum):
    """What a task waits for. `turn`: nothing, it is asked for next; `reply`: it is being asked for right now."""

    TURN = "turn"
    REPLY = "reply"
    TASKS = "tasks"
    RETRY = "retry"
    ANSWER = "answer"
    INFORMATION = "information"
    HOLD = "hold"
    START = "start"


@dataclass(frozen=True)
class Wait:
    """Shapes: `names` are ids of tasks or the names of characteristics; `at` is when it is looked at again."""

    on: WaitsFor
    names: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True)
class TaskStanding:
    """One task. `begun_at` is when its present direction (doing, undoing) was first asked for."""

    id: str
    kind: str
    state: TaskState
    specification: str = ""
    attempts: int = 0
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    reference: str | None = None
    reason: str = ""
    wait: Wait | None = None


@dataclass(frozen=True)
class ItemStanding:
    id: str
    action: str
    state: str
    name: str = ""
    tasks: tuple[TaskStanding, ...] = ()


@dataclass(frozen=True)
class DeliveryStanding:
    """Items that are delivered together or not at all."""

    id: str
    items: tuple[ItemStanding, ...]


@dataclass(frozen=True)
class OrderStanding:
    """Shapes: `looked_at_again` is when its work is due next; `failures` counts faults of ours in a row."""

    id: str
    state: str
    dates: Document
    deliveries: tuple[DeliveryStanding, ...]
    looked_at_again: datetime | None = None
    failures: int = 0

    @property
    def tasks(self) -> tuple[TaskStanding, ...]:
        return tuple(task for delivery in self.deliveries for item in delivery.items for task in item.tasks)


def order_standing(
    order: Document, plan: Plan, now: datetime, *, due: datetime | None = None, failures: int = 0
) -> OrderStanding:
    """The order as it stands; items that nobody has planned for are deliveries of their own."""
    held, starts = paused(order, plan), starts_at(order)
    is_early = starts is not None and starts > now and all(task.is_untouched for task in plan.tasks)
    deliveries: dict[str, list[ItemStanding]] = {}
    for item in flat(order):
        planned = plan.item_by_id.get(item.id)
        tasks = tuple(
            _task(plan, task, now, _ahead(task, held, starts if is_early else None))
            for task in (plan.of_item(item.id) if planned else ())
        )
        delivery = planned.delivery if planned else item.id
        deliveries.setdefault(delivery, []).append(_item(item, tasks))
    return OrderStanding(
        id=str(order["id"]),
        state=str(order[ORDER.attribute]),
        dates={name: order[name] for name in DATES if name in order},
        deliveries=tuple(DeliveryStanding(id, tuple(items)) for id, items in deliveries.items()),
        looked_at_again=due,
        failures=failures,
    )


def paused(order: Document, plan: Plan) -> frozenset[str]:
    """The items that a client has put on hold; of a held order, also those that have not begun."""
    blocked = {task.item for task in plan.tasks if task.state is TaskState.BLOCKED}
    state = order[ORDER.attribute]
    is_order_paused = state == "held" or (state == "pending" and not blocked)
    return frozenset(
        item.id
        for item in flat(order)
        if (item.document.get(ITEM.attribute) in _PAUSES and item.id not in blocked)
        or (is_order_paused and item.document.get(ITEM.attribute) == ITEM.initial)
    )


def starts_at(order: Document) -> datetime | None:
    """When the customer wants it begun; None: at once."""
    text = order.get("requestedStartDate")
    normal = normal_instant(text) if isinstance(text, str) else None
    return None if normal is None else datetime.fromisoformat(normal)


def _item(item: Item, tasks: tuple[TaskStanding, ...]) -> ItemStanding:
    document = item.document
    offering, product = document.get("productOffering") or {}, document.get("product") or {}
    name = offering.get("name") or product.get("name") or offering.get("id") or product.get("id") or ""
    state = str(document.get(ITEM.attribute, ITEM.initial))
    return ItemStanding(item.id, str(document.get("action", "add")), state, str(name), tasks)


def _ahead(task: Task, held: Collection[str], starts: datetime | None) -> Wait | None:
    """What keeps a task from beginning that nothing in the plan does."""
    if starts is not None:
        return Wait(WaitsFor.START, at=starts)
    return Wait(WaitsFor.HOLD) if task.item in held else None


def _task(plan: Plan, task: Task, now: datetime, ahead: Wait | None) -> TaskStanding:
    named = (task.details.get(name) for name in ("serviceSpecification", "resourceSpecification"))
    specification: Document = next((one for one in named if one), {})
    return TaskStanding(
        id=task.id,
        kind=task.kind,
        state=task.state,
        specification=str(specification.get("name") or specification.get("id") or ""),
        attempts=task.attempts,
        begun_at=task.requested_at,
        ended_at=task.ended_at if task.state in ENDED else None,
        reference=task.reference,
        reason=task.reason,
        wait=_wait(plan, task, now, ahead),
    )


def _wait(plan: Plan, task: Task, now: datetime, ahead: Wait | None) -> Wait | None:
    if task.state in _ASKED:
        return Wait(WaitsFor.REPLY)
    if task.state in _UNDER_WAY:
        return Wait(WaitsFor.ANSWER, at=task.due)
    if task.state is TaskState.BLOCKED:
        return Wait(WaitsFor.INFORMATION, task.missing)
    if task.state is TaskState.WAITING:
        first = tuple(_open_needs(plan, task))
        return (Wait(WaitsFor.TASKS, first) if first else None) or ahead or _again(task, now)
    if task.state is TaskState.UNDO_WAITING:
        behind = (one for one in plan.tasks if task.id in one.needs and one.state not in TAKEN_BACK)
        first = tuple(one.id for one in behind)
        return Wait(WaitsFor.TASKS, first) if first else _again(task, now)
    return None


def _open_needs(plan: Plan, task: Task) -> Iterator[str]:
    return (need for need in task.needs if plan.by_id[need].state is not TaskState.DONE)


def _again(task: Task, now: datetime) -> Wait:
    is_later = task.due is not None and task.due > now
    return Wait(WaitsFor.RETRY, at=task.due) if is_later else Wait(WaitsFor.TURN)
