"""`bss order`: what becomes of an order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from common.cli.context import explained, out, print_json, settings
from common.domain.clock import instant_text
from common.errors import NotFound
from common.installation import Installation
from tmf622_ordering.lifecycle import ORDER
from tmf622_ordering.orchestration.plain import of_plain, to_plain
from tmf622_ordering.orchestration.plan import ENDED, Plan, TaskState
from tmf622_ordering.standing import ItemStanding, OrderStanding, TaskStanding, Wait, WaitsFor, order_standing
from tmf622_ordering.works import FULFILMENT

order_app = typer.Typer(name="order", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

WATCH_SECONDS = 1.0
_WIDTH_PIPED = 1_000
_GOOD, _BAD, _BUSY = "green", "red", "yellow"
_TASK_STYLES = {
    TaskState.DONE: _GOOD,
    TaskState.FAILED: _BAD,
    TaskState.NOT_UNDONE: _BAD,
    TaskState.BLOCKED: "magenta",
    TaskState.SKIPPED: "dim",
    TaskState.UNDONE: "dim",
    TaskState.WAITING: "dim",
}
_STATE_STYLES = {"completed": _GOOD, "failed": _BAD, "rejected": _BAD, "partial": _BAD, "acknowledged": "dim"}


@order_app.callback()
def _orders() -> None:
    """Orders and what becomes of them."""


@order_app.command()
def show(
    id: Annotated[str, typer.Argument(help="The id of the product order.")],
    watch: Annotated[bool, typer.Option("--watch", help="Look again every second until the order is final.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a tree.")] = False,
) -> None:
    """Show an order, its items and their tasks, and what each task waits for."""
    with _installation() as installation:
        if json:
            print_json(to_plain(standing_of(installation, id)))
        elif watch:
            watched(lambda: standing_of(installation, id), out)
        else:
            # In a pipe nobody sees a screen's edge: lines are not broken, so that they can be searched.
            console = Console(width=None if sys.stdout.isatty() else _WIDTH_PIPED, highlight=False)
            console.print(tree(standing_of(installation, id)))


def watched(look: Callable[[], OrderStanding], console: Console, pause: Callable[[float], None] = time.sleep) -> None:
    """Show how an order stands, again and again, until it is final."""
    standing = look()
    with Live(_watched(standing), console=console, auto_refresh=False) as live:
        while not ORDER.is_final(standing.state):
            pause(WATCH_SECONDS)
            standing = look()
            live.update(_watched(standing), refresh=True)


def standing_of(installation: Installation, id: str) -> OrderStanding:
    """Errors: NotFound."""
    served = installation.by_name["productOrder"]
    with installation.database.read() as uow:
        row = uow.repository(served.stored.name).get(id)
        if row is None:
            raise NotFound("productOrder", id)
        work, noted = uow.work(FULFILMENT).get(id), uow.agenda.get(FULFILMENT, id)
    plan = of_plain(Plan, work.doc) if work is not None and work.doc else Plan(id)
    return order_standing(
        row.document(),
        plan,
        installation.clock.now(),
        due=work.due if work is not None else None,
        failures=noted.failures if noted is not None else 0,
    )


@contextmanager
def _installation() -> Iterator[Installation]:
    with explained():
        installation = Installation.assemble(settings())
        try:
            yield installation
        finally:
            installation.database.close()


# -- the tree ---------------------------------------------------------------------------------------------------------


def tree(standing: OrderStanding) -> Tree:
    """The order, its deliveries where several items are one, their items and tasks."""
    head = Text.assemble("order ", (standing.id, "bold"), " ", _state(standing.state))
    root = Tree(head)
    for name, moment in standing.dates.items():
        root.add(Text(f"{name} {moment}", "dim"))
    if standing.looked_at_again is not None:
        root.add(Text(f"looked at again {instant_text(standing.looked_at_again)}", "dim"))
    if standing.failures:
        root.add(Text(f"carrying it out failed {standing.failures} times in a row; the log says why", _BAD))
    for delivery in standing.deliveries:
        is_one = len(delivery.items) == 1
        place = root if is_one else root.add(f"delivered together: {', '.join(item.id for item in delivery.items)}")
        for item in delivery.items:
            _add_item(place, item)
    return root


def _add_item(place: Tree, item: ItemStanding) -> None:
    head = Text.assemble("item ", (item.id, "bold"), f" {item.action} {item.name}".rstrip(), " ", _state(item.state))
    branch = place.add(head)
    for task in item.tasks:
        branch.add(task_line(task))


def task_line(task: TaskStanding) -> Text:
    """One task: kind, specification, state; then, as far as there are any, attempts, times, reference, wait, reason."""
    said = [
        f"{task.attempts} attempts" if task.attempts > 1 else "",
        _span(task),
        f"reference {task.reference}" if task.reference else "",
        _waits(task.wait) if task.wait is not None else "",
        task.reason,
    ]
    name = f"{task.kind} {task.specification}".rstrip()
    shown = Text.assemble(name, " ", (task.state, _TASK_STYLES.get(task.state, _BUSY)))
    return shown.append("".join(f" · {part}" for part in said if part), "dim")


def _span(task: TaskStanding) -> str:
    """From when to when; one instant when it was done at once."""
    moments = [instant_text(moment) for moment in (task.begun_at, task.ended_at) if moment is not None]
    if task.begun_at is not None and task.ended_at is None:
        return f"since {moments[0]}"
    return " to ".join(dict.fromkeys(moments))


def _waits(wait: Wait) -> str:
    at = instant_text(wait.at) if wait.at is not None else "now"
    names = ", ".join(wait.names)
    return {
        WaitsFor.TURN: "next",
        WaitsFor.REPLY: "being asked",
        WaitsFor.TASKS: f"after {names}",
        WaitsFor.RETRY: f"tried again {at}",
        WaitsFor.ANSWER: f"asked again {at}",
        WaitsFor.INFORMATION: f"the customer has to say {names or 'more'}",
        WaitsFor.HOLD: "held by the client",
        WaitsFor.START: f"begins {at}",
    }[wait.on]


def _state(state: str) -> tuple[str, str]:
    return state, _STATE_STYLES.get(state, _BUSY)


def _watched(standing: OrderStanding) -> Group:
    ended, total = sum(task.state in ENDED for task in standing.tasks), len(standing.tasks)
    line = Table.grid(padding=(0, 1))
    line.add_row(ProgressBar(total=max(total, 1), completed=ended, width=40), f"{ended} of {total} tasks have ended")
    return Group(tree(standing), line)
