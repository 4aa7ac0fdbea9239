"""How a plan goes on: which calls are due, what answers change, where items and order stand.

Every function is pure and gives the same for the same arguments. The end of an order does not depend on the order in
which its tasks are answered: a delivery is done when all its tasks are, and taken back as soon as one has failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tmf622_ordering.orchestration.calls import HINT, Answer, Call, Operation, Outcome
from tmf622_ordering.orchestration.decompose import ACTIVATE, DEACTIVATE, RESUME, SHIP, SUSPEND, SWAP
from tmf622_ordering.orchestration.plan import ENDED, TAKEN_BACK, TOUCHED, Plan, Task, TaskState

# What a customer can no longer take back once it was asked for: the courier has left, the network is live.
NO_RETURN = frozenset({SHIP, ACTIVATE, DEACTIVATE, SWAP, SUSPEND, RESUME})

_RESUMES = "resumes"
_AWAITED = frozenset({TaskState.ASKED, TaskState.UNDER_WAY, TaskState.UNDO_ASKED, TaskState.UNDO_UNDER_WAY})
# Not at once: an adapter that names passed instants again and again is not asked without end.
_SOON = timedelta(seconds=1)

_ASKING = {
    Operation.DO: TaskState.ASKED,
    Operation.CHECK: TaskState.UNDER_WAY,
    Operation.UNDO: TaskState.UNDO_ASKED,
    Operation.CHECK_UNDO: TaskState.UNDO_UNDER_WAY,
}


@dataclass(frozen=True)
class Pace:
    """How often what failed for the moment is tried, and how long to wait between."""

    attempts_max: int = 6
    first_pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(hours=1)
    check_again: timedelta = timedelta(minutes=5)

    def pause(self, attempt: int) -> timedelta:
        """After the attempt with this number, counted from 1."""
        doubled: int = 2 ** min(attempt - 1, 30)
        return min(self.first_pause * doubled, self.longest_pause)


# -- what is due ------------------------------------------------------------------------------------------------------


def ask(plan: Plan, now: datetime, paused: Collection[str] = ()) -> tuple[Plan, tuple[Call, ...]]:
    """The calls to make now, and the plan that knows they are being made. Nothing new begins for `paused` items.

    A task that was asked for and never answered (its caller died) is asked for again, with the same key.
    """
    asked: dict[str, Task] = {}
    calls = []
    for task in plan.tasks:
        operation = _operation(plan, task, now, paused)
        if operation is None:
            continue
        is_check = operation in (Operation.CHECK, Operation.CHECK_UNDO)
        asked[task.id] = replace(
            task,
            state=_ASKING[operation],
            attempts=task.attempts + (not is_check),
            requested_at=task.requested_at or now,
            due=None,
        )
        calls.append(_call(plan, asked[task.id], operation))
    return plan.with_tasks(asked), tuple(calls)


def due(plan: Plan, now: datetime, paused: Collection[str] = ()) -> datetime | None:
    """When `ask` will next have something to ask; None when it waits for somebody."""
    moments = [
        max(task.due or now, now) for task in plan.tasks if _operation(plan, task, task.due or now, paused) is not None
    ]
    return min(moments, default=None)


def _operation(plan: Plan, task: Task, now: datetime, paused: Collection[str]) -> Operation | None:
    if task.due is not None and task.due > now:
        return None
    if task.state is TaskState.UNDER_WAY:
        return Operation.CHECK
    if task.state is TaskState.UNDO_UNDER_WAY:
        return Operation.CHECK_UNDO
    if task.state is TaskState.ASKED:
        return Operation.DO
    if task.state is TaskState.UNDO_ASKED:
        return Operation.UNDO
    if task.state is TaskState.WAITING and task.item not in paused:
        is_ready = all(plan.by_id[need].state is TaskState.DONE for need in task.needs)
        return Operation.DO if is_ready else None
    if task.state is TaskState.UNDO_WAITING:
        behind = (other for other in plan.tasks if task.id in other.needs)
        return Operation.UNDO if all(other.state in TAKEN_BACK for other in behind) else None
    return None


def _call(plan: Plan, task: Task, operation: Operation) -> Call:
    undoes = operation in (Operation.UNDO, Operation.CHECK_UNDO)
    assert task.requested_at is not None, "what is asked for has been since some time"
    made = [service for other in plan.of_item(task.item) if other.id != task.id for service in other.services]
    details = (
        task.details if "realizingService" in task.details or not made else {**task.details, "realizingService": made}
    )
    return Call(
        key=f"{plan.order}/{task.id}" + ("/undo" if undoes else ""),
        operation=operation,
        kind=task.kind,
        order_id=plan.order,
        item_id=task.item,
        attempt=task.attempts,
        requested_at=task.requested_at,
        reference=task.reference,
        details={**details, HINT: task.hint} if task.hint else details,
    )


# -- what answers change ----------------------------------------------------------------------------------------------


def settle(plan: Plan, answers: Iterable[tuple[Call, Answer]], now: datetime, pace: Pace) -> Plan:
    """The plan after these answers. One that its task does not wait for (late, twice) changes nothing."""
    changed: dict[str, Task] = {}
    for call, answer in answers:
        task = _expecting(plan, call)
        if task is not None:
            undoes = call.operation in (Operation.UNDO, Operation.CHECK_UNDO)
            settled = _taken_back if undoes else _carried_out
            changed[task.id] = _heard(settled(task, call, answer, now, pace), call, answer)
    return consequences(plan.with_tasks(changed), now)


def _expecting(plan: Plan, call: Call) -> Task | None:
    undoes = call.operation in (Operation.UNDO, Operation.CHECK_UNDO)
    id = call.key.removeprefix(f"{plan.order}/")
    task = plan.by_id.get(id.removesuffix("/undo") if undoes else id)
    fits = task is not None and task.state is _ASKING[call.operation] and task.attempts == call.attempt
    return task if fits else None


def _heard(task: Task, call: Call, answer: Answer) -> Task:
    """What was said of a task before it was asked is settled with the answer; what came since has it asked again."""
    is_new = task.hint != call.details.get(HINT, {})
    if is_new and task.state in (TaskState.UNDER_WAY, TaskState.UNDO_UNDER_WAY):
        return replace(task, due=None)
    is_open = answer.outcome is Outcome.RETRY or (is_new and task.state is TaskState.BLOCKED and _RESUMES in task.hint)
    return task if is_open else replace(task, hint={})


def _carried_out(task: Task, call: Call, answer: Answer, now: datetime, pace: Pace) -> Task:
    is_check = call.operation is Operation.CHECK
    task = replace(task, reason=answer.reason, reference=answer.reference or task.reference, missing=())
    if answer.outcome is Outcome.DONE:
        return replace(
            task,
            state=TaskState.DONE,
            ended_at=min(answer.effective_at or now, now),
            services=answer.services,
            resources=answer.resources,
        )
    if answer.outcome is Outcome.ACCEPTED:
        return replace(task, state=TaskState.UNDER_WAY, due=_later(answer.ask_again_at, now, pace.check_again))
    if answer.outcome is Outcome.INFORMATION_REQUIRED:
        return replace(task, state=TaskState.BLOCKED, missing=answer.missing)
    if answer.outcome is Outcome.RETRY and is_check:
        return replace(task, due=_later(answer.ask_again_at, now, pace.check_again))
    if answer.outcome is Outcome.RETRY and task.attempts < pace.attempts_max:
        return replace(task, state=TaskState.WAITING, due=_later(answer.ask_again_at, now, pace.pause(task.attempts)))
    if answer.outcome is Outcome.RETRY and task.reference is not None:
        # Nobody knows whether it was done at the other side; taking it back leaves nothing there.
        return replace(task, state=TaskState.UNDO_WAITING, attempts=0, requested_at=None, failed_at=now)
    return replace(task, state=TaskState.FAILED, ended_at=now, failed_at=now)


def _taken_back(task: Task, call: Call, answer: Answer, now: datetime, pace: Pace) -> Task:
    is_check = call.operation is Operation.CHECK_UNDO
    task = replace(task, reason=answer.reason or task.reason)
    if answer.outcome is Outcome.DONE:
        return replace(task, state=TaskState.UNDONE, ended_at=min(answer.effective_at or now, now))
    if answer.outcome is Outcome.ACCEPTED:
        due = _later(answer.ask_again_at, now, pace.check_again)
        return replace(task, state=TaskState.UNDO_UNDER_WAY, reference=answer.reference or task.reference, due=due)
    if answer.outcome is Outcome.RETRY and is_check:
        return replace(task, due=_later(answer.ask_again_at, now, pace.check_again))
    if answer.outcome is Outcome.RETRY and task.attempts < pace.attempts_max:
        due = _later(answer.ask_again_at, now, pace.pause(task.attempts))
        return replace(task, state=TaskState.UNDO_WAITING, due=due)
    return replace(task, state=TaskState.NOT_UNDONE, ended_at=now)


def _later(asked: datetime | None, now: datetime, pause: timedelta) -> datetime:
    """The instant that was asked for; soon when it has passed, as it has when who heard the answer first died."""
    if asked is None:
        return now + pause
    return asked if asked > now else now + _SOON


def consequences(plan: Plan, now: datetime) -> Plan:
    """What has failed, and what needs it, is taken back; so is everything of an order that is being cancelled."""
    failed = failing(plan)
    if not failed:
        return plan

    return plan.map(lambda task: _turned(task, now) if plan.delivery_of(task.item) in failed else task)


def _turned(task: Task, now: datetime) -> Task:
    """A task that is not to be carried out any more."""
    if task.state in (TaskState.WAITING, TaskState.BLOCKED) and task.reference is None:
        return replace(task, state=TaskState.SKIPPED, ended_at=now)
    if task.state in (TaskState.DONE, TaskState.UNDER_WAY, TaskState.WAITING, TaskState.BLOCKED):
        return replace(task, state=TaskState.UNDO_WAITING, attempts=0, due=None, requested_at=None)
    return task


def failing(plan: Plan) -> frozenset[str]:
    """The deliveries that are being, or have been, taken back."""
    if plan.is_cancelling:
        return frozenset(plan.deliveries)
    found = {name for name, tasks in plan.deliveries.items() if any(task.state in _BROKEN for task in tasks)}
    while True:
        more = {
            item.delivery
            for item in plan.items
            if item.delivery not in found
            and any(need in plan.item_by_id and plan.delivery_of(need) in found for need in item.needs)
        }
        if not more:
            return frozenset(found)
        found |= more


_BROKEN = TAKEN_BACK | {TaskState.UNDO_WAITING, TaskState.UNDO_ASKED, TaskState.UNDO_UNDER_WAY}


# -- what others say --------------------------------------------------------------------------------------------------


def renew(plan: Plan, fresh: Plan) -> Plan:
    """The plan for an order that may have been changed since: what has not begun is planned anew.

    `fresh` is the plan of the order as it stands now. A delivery that has begun keeps its tasks; those still to be done
    are told what the order says now.
    """
    begun = {name for name, tasks in plan.deliveries.items() if not all(task.is_untouched for task in tasks)}
    kept_items = {item.id for item in plan.items if item.delivery in begun}
    tasks = []
    for task in fresh.tasks:
        if task.item not in kept_items:
            tasks.append(task)
    for task in plan.tasks:
        if task.item in kept_items:
            told = fresh.by_id.get(task.id)
            is_open = task.state in (TaskState.WAITING, TaskState.BLOCKED)
            tasks.append(replace(task, details=told.details) if told is not None and is_open else task)
    items = {item.id: item for item in fresh.items} | {item.id: item for item in plan.items if item.id in kept_items}
    position = {task.id: index for index, task in enumerate(fresh.tasks)}
    tasks.sort(key=lambda task: position.get(task.id, -1))
    ids = {task.id for task in tasks}
    sound = tuple(replace(task, needs=tuple(need for need in task.needs if need in ids)) for task in tasks)
    return replace(plan, items=tuple(items.values()), tasks=sound)


def nudge(plan: Plan, id: str, said: Mapping[str, Any], *, resumes: bool = False) -> Plan:
    """The plan after somebody said that something happened to a task: it is asked how far it is now, not later.

    Shapes: `said` goes to whoever carries it out with the next call, as `details["hint"]`, and so does what was said
            before and not answered yet; `missing` are characteristics that are said to be needed. A task that waits for
            information is asked again only when it `resumes` without.
    """
    task = plan.by_id.get(id)
    if task is None or not (task.state in _AWAITED or (task.state is TaskState.BLOCKED and resumes)):
        return plan
    still = {"missing": [*task.missing]} if task.state is TaskState.BLOCKED else {}
    hint = {**task.hint, **still, **said, "number": int(task.hint.get("number", 0)) + 1}
    if resumes:
        hint[_RESUMES] = True
    return plan.with_tasks({id: replace(task, hint=hint, due=None)})


def unblock(plan: Plan, items: Collection[str]) -> Plan:
    """Tasks of these items that waited for information are tried again."""

    def tried(task: Task) -> Task:
        if task.state is TaskState.BLOCKED and task.item in items:
            return replace(task, state=TaskState.WAITING, attempts=0, due=None, missing=())
        return task

    return plan.map(tried)


def beginning(plan: Plan, now: datetime, paused: Collection[str] = ()) -> frozenset[str]:
    """The items of deliveries of which the first call would be made now."""
    asked = {task.item for task in plan.tasks if _operation(plan, task, now, paused) is not None}
    fresh = {name for name, tasks in plan.deliveries.items() if all(task.is_untouched for task in tasks)}
    begun = {plan.delivery_of(item) for item in asked} & fresh
    return frozenset(item.id for item in plan.items if item.delivery in begun)


def fail(plan: Plan, reasons: Mapping[str, str], now: datetime) -> Plan:
    """The plan without the deliveries of these items: why each cannot be delivered any more, by item id."""
    failed: dict[str, Task] = {}
    for item, reason in reasons.items():
        task = next((task for task in plan.of_item(item) if task.state is TaskState.WAITING), None)
        if task is not None:
            failed[task.id] = replace(task, state=TaskState.FAILED, reason=reason, ended_at=now, failed_at=now)
    return consequences(plan.with_tasks(failed), now)


def give_up(plan: Plan, items: Collection[str], now: datetime) -> Plan:
    """The plan after somebody else said that these items have failed: they and what needs them are taken back."""
    is_theirs = frozenset(items)
    return consequences(plan.map(lambda task: _turned(task, now) if task.item in is_theirs else task), now)


def past_return(plan: Plan) -> tuple[str, ...]:
    """The items that can no longer be cancelled: delivered, or with a task begun that nobody takes back."""
    done = {name for name in plan.deliveries if is_done(plan, name)} - failing(plan)
    found = {task.item for task in plan.tasks if task.kind in NO_RETURN and task.state in TOUCHED}
    return tuple(
        item.id for item in plan.items if item.id in found or (item.delivery in done and plan.deliveries[item.delivery])
    )


def cancel(plan: Plan, now: datetime) -> Plan:
    """The plan of an order that is taken back; callers ask `past_return` first."""
    return consequences(replace(plan, is_cancelling=True), now)


# -- where it stands --------------------------------------------------------------------------------------------------


def is_done(plan: Plan, delivery: str) -> bool:
    return delivery not in failing(plan) and all(task.state is TaskState.DONE for task in plan.deliveries[delivery])


def is_ended(plan: Plan) -> bool:
    """Whether nothing is left to do for any item."""
    return all(task.state in ENDED for task in plan.tasks) and not any(
        task.state is TaskState.DONE for name in failing(plan) for task in plan.deliveries[name]
    )


def item_states(plan: Plan) -> Mapping[str, str]:
    """Where each item stands by its tasks, in the words of TMF622 v5.0.0 ProductOrderItemStateType."""
    failed = failing(plan)
    return {item.id: _item_state(plan, item.id, item.delivery, item.delivery in failed) for item in plan.items}


def _item_state(plan: Plan, item: str, delivery: str, is_failing: bool) -> str:
    tasks = plan.deliveries[delivery]
    if is_failing:
        is_over = all(task.state in TAKEN_BACK for task in tasks)
        if plan.is_cancelling:
            return "cancelled" if is_over else "pendingCancellation"
        return "failed" if is_over else "inProgress"
    if all(task.state is TaskState.DONE for task in tasks):
        # Without tasks there is nothing to wait for but what it needs.
        needs = plan.item_by_id[item].needs
        waits = not tasks and any(
            need in plan.item_by_id and not is_done(plan, plan.delivery_of(need)) for need in needs
        )
        return "acknowledged" if waits else "completed"
    if any(task.state is TaskState.BLOCKED for task in plan.of_item(item)):
        return "pending"
    return "acknowledged" if all(task.is_untouched for task in tasks) else "inProgress"
