"""The plan of an order: tasks, what each waits for, and how far each is. Values; every change makes a new plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any


class TaskState(StrEnum):
    """How far a task is. `blocked`: it needs to know more from the customer. The undo states are the way back."""

    WAITING = "waiting"
    ASKED = "asked"
    UNDER_WAY = "underWay"
    BLOCKED = "blocked"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDO_WAITING = "undoWaiting"
    UNDO_ASKED = "undoAsked"
    UNDO_UNDER_WAY = "undoUnderWay"
    UNDONE = "undone"
    NOT_UNDONE = "notUndone"


ENDED = frozenset(
    {TaskState.DONE, TaskState.FAILED, TaskState.SKIPPED, TaskState.UNDONE, TaskState.NOT_UNDONE},
)
# Of a delivery that is taken back, nothing more is to be done where a task stands so.
TAKEN_BACK = ENDED - {TaskState.DONE}
# Work may be going on at the other side, or has been done there.
TOUCHED = frozenset({TaskState.ASKED, TaskState.UNDER_WAY, TaskState.DONE})


@dataclass(frozen=True)
class Task:
    """One thing to be done for one item.

    Shapes: `id` is `item/kind` or `item/kind/specification`; `needs` are ids of tasks that come first; `due` is when
            it may be called next (None: as soon as it is ready); `attempts` of the present operation; `failed_at` is
            set on what could not be done, whether or not something of it had to be taken back.
    """

    id: str
    item: str
    kind: str
    needs: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    state: TaskState = TaskState.WAITING
    attempts: int = 0
    requested_at: datetime | None = None
    due: datetime | None = None
    ended_at: datetime | None = None
    failed_at: datetime | None = None
    reference: str | None = None
    reason: str = ""
    missing: tuple[str, ...] = ()
    services: tuple[Mapping[str, Any], ...] = ()
    resources: tuple[Mapping[str, Any], ...] = ()
    hint: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_untouched(self) -> bool:
        return self.state is TaskState.WAITING and self.attempts == 0


@dataclass(frozen=True)
class PlannedItem:
    """An item with the delivery it belongs to: the items of a bundle are delivered together or not at all.

    Shapes: `delivery` is the id of its first item; `needs` are items that come first; `products` the ids of the
            products that it makes or changes.
    """

    id: str
    action: str
    delivery: str
    needs: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The tasks of an order, a task after those it needs."""

    order: str
    items: tuple[PlannedItem, ...] = ()
    tasks: tuple[Task, ...] = ()
    is_cancelling: bool = False

    @cached_property
    def by_id(self) -> Mapping[str, Task]:
        return {task.id: task for task in self.tasks}

    @cached_property
    def item_by_id(self) -> Mapping[str, PlannedItem]:
        return {item.id: item for item in self.items}

    @cached_property
    def deliveries(self) -> Mapping[str, tuple[Task, ...]]:
        """The tasks of each delivery; every delivery has an entry."""
        found: dict[str, list[Task]] = {item.delivery: [] for item in self.items}
        for task in self.tasks:
            found[self.delivery_of(task.item)].append(task)
        return {delivery: tuple(tasks) for delivery, tasks in found.items()}

    def delivery_of(self, item: str) -> str:
        return self.item_by_id[item].delivery

    def of_item(self, item: str) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.item == item)

    def with_tasks(self, changed: Mapping[str, Task]) -> Plan:
        """The plan with these tasks in place of those with their ids."""
        return replace(self, tasks=tuple(changed.get(task.id, task) for task in self.tasks)) if changed else self

    def map(self, change: Callable[[Task], Task]) -> Plan:
        return self.with_tasks({task.id: new for task in self.tasks if (new := change(task)) is not task})

    def without(self, gone: Iterable[str]) -> Plan:
        """The plan without the tasks of these items; nothing waits for them any more."""
        left_out = set(gone)
        ids = {task.id for task in self.tasks if task.item in left_out}
        if not left_out & self.item_by_id.keys():
            return self
        tasks = tuple(
            replace(task, needs=tuple(need for need in task.needs if need not in ids))
            for task in self.tasks
            if task.id not in ids
        )
        return replace(self, items=tuple(item for item in self.items if item.id not in left_out), tasks=tasks)
