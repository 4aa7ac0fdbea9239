"""`bss order show`: exactly what is printed for an order."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from common.cli.main import app
from common.component import Component
from common.domain.clock import SettableClock
from common.settings import Settings
from tests.client import Suite
from tests.scenarios.catalogue import stock
from tests.scenarios.kit import ORDERS, add, order_of, with_
from tmf622_ordering import COMPONENT
from tmf622_ordering.command import standing_of, tree, watched
from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.calls import Answer, Outcome
from tmf622_ordering.orchestration.decompose import OrderedItem, decompose
from tmf622_ordering.orchestration.engine import Pace
from tmf622_ordering.orchestration.plan import Plan, TaskState
from tmf622_ordering.standing import OrderStanding, order_standing

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "id": "o-1",
    "state": "inProgress",
    "creationDate": "2026-01-01T09:00:00.000Z",
    "productOrderItem": [
        {"id": "1", "action": "add", "state": "inProgress", "productOffering": {"id": "plan", "name": "Plan S"}}
    ],
}
ITEM = OrderedItem(
    "1",
    "add",
    services=({"id": "svc", "name": "line"},),
    resources=({"id": "sim", "name": "SIM card"},),
    physical=frozenset({"sim"}),
)
PLAN = decompose("o-1", [ITEM])


def shown(standing: OrderStanding) -> list[str]:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(tree(standing))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def tasks(plan: Plan, order: dict[str, Any] = ORDER, now: datetime = NOW) -> list[str]:
    """The lines of the tasks, without what frames them."""
    lines = shown(order_standing(order, plan, now))
    first = next(number for number, line in enumerate(lines) if "item 1" in line)
    return [line.lstrip(" ├└─│") for line in lines[first + 1 :]]


def after(*answers: Answer, paused: tuple[str, ...] = ()) -> Plan:
    """The plan after each round of calls had this answer."""
    plan = PLAN
    for answer in answers:
        plan, calls = engine.ask(plan, NOW, paused)
        plan = engine.settle(plan, [(call, answer) for call in calls], NOW, Pace())
    return plan


DONE = Answer(Outcome.DONE, reference="so-1")


def test_an_order_that_nobody_began_waits_for_its_first_task() -> None:
    assert shown(order_standing(ORDER, PLAN, NOW, due=NOW)) == [
        "order o-1 inProgress",
        "├── creationDate 2026-01-01T09:00:00.000Z",
        "├── looked at again 2026-01-01T09:00:00.000Z",
        "└── item 1 add Plan S inProgress",
        "    ├── reserve SIM card waiting · next",
        "    ├── ship SIM card waiting · after 1/reserve/sim",
        "    ├── provision line waiting · after 1/reserve/sim",
        "    └── activate waiting · after 1/reserve/sim, 1/ship/sim, 1/provision/svc",
    ]


def test_what_is_done_says_when_and_what_is_under_way_when_it_is_asked_again() -> None:
    accepted = Answer(Outcome.ACCEPTED, "inProgress", "so-2", ask_again_at=NOW + timedelta(minutes=1))
    assert tasks(after(DONE, accepted)) == [
        "reserve SIM card done · 2026-01-01T09:00:00.000Z · reference so-1",
        "ship SIM card underWay · since 2026-01-01T09:00:00.000Z · reference so-2"
        " · asked again 2026-01-01T09:01:00.000Z · inProgress",
        "provision line underWay · since 2026-01-01T09:00:00.000Z · reference so-2"
        " · asked again 2026-01-01T09:01:00.000Z · inProgress",
        "activate waiting · after 1/ship/sim, 1/provision/svc",
    ]


def test_a_task_that_failed_for_the_moment_says_why_and_when_it_is_tried_again() -> None:
    plan = after(Answer(Outcome.RETRY, "busy"))
    assert tasks(plan)[0] == (
        "reserve SIM card waiting · since 2026-01-01T09:00:00.000Z · tried again 2026-01-01T09:00:30.000Z · busy"
    )
    plan, _ = engine.ask(plan, NOW + timedelta(seconds=30))
    assert tasks(plan)[0] == (
        "reserve SIM card asked · 2 attempts · since 2026-01-01T09:00:00.000Z · being asked · busy"
    )


@pytest.mark.parametrize(("missing", "said"), [(("iccid", "msisdn"), "iccid, msisdn"), ((), "more")])
def test_a_task_that_waits_for_the_customer_says_for_what(missing: tuple[str, ...], said: str) -> None:
    plan = after(Answer(Outcome.INFORMATION_REQUIRED, "pending", missing=missing))
    assert tasks(plan)[0] == (
        f"reserve SIM card blocked · since 2026-01-01T09:00:00.000Z · the customer has to say {said} · pending"
    )


def test_an_item_on_hold_and_a_later_start_say_so() -> None:
    held = {**ORDER, "productOrderItem": [{**ORDER["productOrderItem"][0], "state": "held"}]}
    assert tasks(PLAN, held)[0] == "reserve SIM card waiting · held by the client"
    later = {**ORDER, "requestedStartDate": "2026-02-01T00:00:00Z"}
    assert tasks(PLAN, later)[1:3] == [
        "ship SIM card waiting · after 1/reserve/sim",
        "provision line waiting · after 1/reserve/sim",
    ]
    assert tasks(PLAN, later)[0] == "reserve SIM card waiting · begins 2026-02-01T00:00:00.000Z"


def test_what_is_taken_back_waits_for_what_came_after_it() -> None:
    plan = after(DONE, DONE, Answer(Outcome.FAILED, "no such switch"))
    assert tasks(plan) == [
        "reserve SIM card undoWaiting · reference so-1 · after 1/ship/sim, 1/provision/svc",
        "ship SIM card undoWaiting · reference so-1 · next",
        "provision line undoWaiting · reference so-1 · next",
        "activate failed · 2026-01-01T09:00:00.000Z · no such switch",
    ]


def test_items_that_are_delivered_together_stand_together() -> None:
    inner = {"id": "1.1", "action": "add", "state": "acknowledged", "product": {"name": "TV"}}
    outer = {"id": "1", "action": "add", "state": "acknowledged", "productOrderItem": [inner]}
    plan = decompose("o-1", [OrderedItem("1", "add"), OrderedItem("1.1", "add", whole="1")])
    assert shown(order_standing({**ORDER, "productOrderItem": [outer]}, plan, NOW, failures=2)) == [
        "order o-1 inProgress",
        "├── creationDate 2026-01-01T09:00:00.000Z",
        "├── carrying it out failed 2 times in a row; the log says why",
        "└── delivered together: 1, 1.1",
        "    ├── item 1 add acknowledged",
        "    │   └── activate waiting · after 1.1/activate",
        "    └── item 1.1 add TV acknowledged",
        "        └── activate waiting · next",
    ]


def test_an_order_without_a_plan_shows_its_items() -> None:
    assert shown(order_standing({**ORDER, "state": "draft"}, Plan("o-1"), NOW)) == [
        "order o-1 draft",
        "├── creationDate 2026-01-01T09:00:00.000Z",
        "└── item 1 add Plan S inProgress",
    ]


def test_every_state_of_a_task_can_be_shown() -> None:
    for state in TaskState:
        plan = PLAN.map(lambda task, state=state: replace(task, state=state))  # type: ignore[misc]
        assert len(tasks(plan)) == 4


def test_watching_ends_when_the_order_is_final() -> None:
    looks = [
        order_standing({**ORDER, "state": state}, PLAN, NOW) for state in ("acknowledged", "inProgress", "completed")
    ]
    pauses: list[float] = []
    console = Console(file=io.StringIO(), width=100, highlight=False)

    watched(lambda: looks.pop(0), console, pauses.append)

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert (looks, pauses) == ([], [1.0, 1.0])
    assert (lines[0], lines[-1]) == ("order o-1 completed", f"{' ' * 40} 0 of 4 tasks have ended")


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    url = f"sqlite:///{tmp_path}/bss.db"
    monkeypatch.setenv("BSS_DATABASE_URL", url)
    found = Suite(Settings(database_url=url, job_dir=str(tmp_path)), SettableClock(NOW))
    stock(found)
    yield found
    found.close()


def test_the_command_prints_an_order_with_its_plan(suite: Suite) -> None:
    order = suite.created(ORDERS, order_of([add("data", "data", product=with_(volume="10 GB"))]))
    suite.settle()

    answer = CliRunner().invoke(app, ["order", "show", order["id"]])
    provision, activate = standing_of(suite.installation, order["id"]).tasks
    assert answer.exit_code == 0
    assert [line.lstrip(" ├└─│") for line in answer.stdout.splitlines()] == [
        f"order {order['id']} completed",
        "creationDate 2026-01-01T09:00:00.000Z",
        "completionDate 2026-01-01T09:00:00.000Z",
        "item data add data completed",
        f"provision data done · 2026-01-01T09:00:00.000Z · reference {provision.reference}",
        f"activate done · 2026-01-01T09:00:00.000Z · reference {activate.reference}",
    ]


def test_the_command_prints_json_for_machines(suite: Suite) -> None:
    order = suite.created(ORDERS, order_of([add("data", "data")]))
    answer = CliRunner().invoke(app, ["order", "show", order["id"], "--json"])
    assert json.loads(answer.stdout) == {
        "id": order["id"],
        "state": "acknowledged",
        "dates": {"creationDate": "2026-01-01T09:00:00.000Z"},
        "deliveries": [
            {"id": "data", "items": [{"id": "data", "action": "add", "state": "acknowledged", "name": "data"}]}
        ],
        "looked_at_again": "2026-01-01T09:00:00.000Z",
    }


def test_an_order_that_is_not_there_is_said_in_a_sentence(suite: Suite) -> None:
    answer = CliRunner().invoke(app, ["order", "show", "nowhere"])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "nowhere" in " ".join(answer.stderr.split())


def test_watching_a_final_order_shows_it_once(suite: Suite) -> None:
    order = suite.created(ORDERS, order_of([add("data", "data")]))
    suite.settle()
    assert standing_of(suite.installation, order["id"]).state == "completed"
    answer = CliRunner().invoke(app, ["order", "show", order["id"], "--watch"])
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, f"{'━' * 40} 2 of 2 tasks have ended")


# -- commands of components -------------------------------------------------------------------------------------------


def test_commands_of_components_are_there_with_their_component(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "order" in CliRunner().invoke(app, ["--help"]).stdout
    monkeypatch.setenv("BSS_COMPONENTS", "tmf620_catalog")
    assert CliRunner().invoke(app, ["order", "--help"]).exit_code == 2
    monkeypatch.setenv("BSS_COMPONENTS", "nothing_such")
    assert CliRunner().invoke(app, ["order", "--help"]).exit_code == 2
    assert CliRunner().invoke(app, ["spec", "--help"]).exit_code == 0


def test_two_components_cannot_have_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Component("tmf620_catalog", "TMF620", (), commands=COMPONENT.commands)
    monkeypatch.setattr("tmf620_catalog.COMPONENT", twin)
    answer = CliRunner().invoke(app, ["order", "--help"])
    assert (answer.exit_code, " ".join(answer.stderr.split())) == (
        2,
        "bss: tmf622_ordering: another component has a command 'order'",
    )
