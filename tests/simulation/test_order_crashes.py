"""Orders carried out by a process that dies at every moment in turn: they end as if nothing had happened.

How: what happens on the way is counted: each step about to be done, each commit about to be made, each commit made,
each task carried out whose answer nobody has heard. A run dies at the moment with a given number; then the same
`Inline` goes on with the steps that it noted, or another one that knows nothing of them.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from common.domain.clock import SettableClock
from common.jobs.inline import Inline
from common.jobs.patience import Stopped
from common.settings import Settings
from common.store.event_tables import outbox
from common.store.unit_of_work import UnitOfWork
from tests.client import Suite
from tests.postgres import PostgresServer, postgres_server  # noqa: F401
from tests.simulation.order_shapes import (
    BUNDLE,
    COMPONENTS,
    FAILING,
    INVENTORY,
    ORDERING,
    SHAPES,
    SLOW,
    Shape,
    check_moves,
    product_states,
    script,
    stock,
    told,
)
from tmf622_ordering import fulfil
from tmf622_ordering.adapters.choice import fulfilment_of
from tmf622_ordering.adapters.port import Answer, Call, Fulfilment
from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.plain import of_plain
from tmf622_ordering.orchestration.plan import Plan
from tmf622_ordering.works import FULFILMENT

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEED = 20260301
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


Document = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """How one order was carried out: its moments and steps, all that is there afterwards, and its events."""

    moments: int
    steps: int
    end: Document
    events: dict[str, list[tuple[str, str]]]


class Moments:
    """Counts the moments of a run; the process dies at those in `fatal`. `before` is called before each step."""

    def __init__(self, fatal: Collection[int] = (), before: Callable[[int], None] = lambda step: None) -> None:
        self._fatal, self._before = fatal, before
        self.passed, self.steps, self.deaths = 0, 0, 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed - 1 in self._fatal:
            self.deaths += 1
            raise Stopped

    def step(self, step: str, kind: str, key: str) -> None:
        self.steps += 1
        self._before(self.steps - 1)
        self()


class Witness:
    """The simulator, and a note of every key that it was asked for."""

    def __init__(self, inner: Fulfilment, stage: Stage) -> None:
        self._inner, self._stage = inner, stage

    def perform(self, call: Call, now: datetime) -> Answer:
        self._stage.keys.add(call.key)
        answer = self._inner.perform(call, now)
        self._stage.moments()
        return answer


class Stage:
    """An installation on which one order after the other is carried out, each from its own beginning."""

    def __init__(self, database_url: str, folder: Path) -> None:
        file = folder / "script.json"
        file.write_text(json.dumps(script("PT10M")))
        settings = Settings(database_url=database_url, components=COMPONENTS, simulator_file=str(file))
        self.clock = SettableClock(START)
        self.suite = Suite(settings, self.clock)
        self.moments, self.keys = Moments(), set[str]()
        self.is_sqlite = database_url.startswith("sqlite")
        self._runs = 0
        stock(self.suite.created)

    def dying(self, commit: Callable[[UnitOfWork], None]) -> Callable[[UnitOfWork], None]:
        """A commit that the process may not live to make."""

        def commit_or_die(uow: UnitOfWork) -> None:
            self.moments()
            commit(uow)

        return commit_or_die

    def run(
        self, shape: Shape, fatal: Collection[int] = (), *, forgets: bool = False, cancelled_at: int | None = None
    ) -> Ran:
        """One order from its capture to its end.

        Shapes: a new process `forgets` the steps of the one that died; a customer cancels before step `cancelled_at`.
        """
        self._runs += 1
        id, begin, first = f"{shape.name}-{self._runs}", self.clock.now(), self._last_event()
        for product in shape.before(id):
            self.suite.created(f"{INVENTORY}/product", product)
        self.suite.created(f"{ORDERING}/productOrder", shape.order(id))
        self.keys = set()
        moments = Moments(fatal, lambda step: self._cancel(shape, id) if step == cancelled_at else None)
        carrier = Carrier(self, moments, forgets)
        if shape.is_cancelled:
            carrier.until_done(lambda inline: inline.run_due())
            self._cancel(shape, id)
        carrier.until_done(lambda inline: inline.move(self.clock, begin + timedelta(days=1)))
        assert moments.deaths == len(fatal)
        return Ran(moments.passed, moments.steps, self._end(shape, id, begin), self._events(id, first))

    def _cancel(self, shape: Shape, id: str) -> None:
        present, self.moments = self.moments, Moments()
        answer = self.suite.post(f"{ORDERING}/cancelProductOrder", shape.cancellation(id))
        assert answer.status in (201, 409)
        self.moments = present

    def _end(self, shape: Shape, id: str, begin: datetime) -> Document:
        made = self.suite.get(f"{INVENTORY}/product?productOrderItem.orderId={id}").json
        held = [self.suite.get(f"{INVENTORY}/product/{one['id']}").json for one in shape.before(id)]
        products = {one["id"]: one for one in (*made, *held)}
        with self.suite.installation.database.read() as uow:
            row = uow.work(FULFILMENT).get(id)
        assert row is not None
        plan = of_plain(Plan, row.doc)
        assert (row.due, engine.is_ended(plan)) == (None, True)
        order = self.suite.get(f"{ORDERING}/productOrder/{id}").json
        end = {
            "order": order,
            "products": [products[id] for id in sorted(products)],
            "cancellations": self.suite.get(f"{ORDERING}/cancelProductOrder?productOrder.id={id}").json,
            "tasks": {task.id: task.state for task in plan.tasks},
            "keys": sorted(self.keys),
        }
        return _told(end, id, begin)

    def _events(self, id: str, after: int) -> dict[str, list[tuple[str, str]]]:
        """Type and state of every event since, by resource; the names are those of the end."""
        columns = outbox.c
        with self.suite.installation.database.read() as uow:
            rows = uow.connection.execute(
                select(columns.resource, columns.resource_id, columns.type, columns.document, columns.event_id)
                .where(columns.sequence > after)
                .order_by(columns.sequence)
            ).all()
        assert len({row.event_id for row in rows}) == len(rows)
        found: dict[str, list[tuple[str, str]]] = {}
        names = _Names(id)
        for row in rows:
            document = json.loads(row.document)
            state = document.get("state") or document.get("status") or ""
            found.setdefault(f"{row.resource} {names.of(row.resource_id)}", []).append((row.type, state))
        return found

    def _last_event(self) -> int:
        with self.suite.installation.database.read() as uow:
            return uow.connection.scalar(select(func.max(outbox.c.sequence))) or 0


class Carrier:
    """Carries out what is due, and goes on after every death."""

    def __init__(self, stage: Stage, moments: Moments, forgets: bool) -> None:
        self._stage, self._moments, self._forgets = stage, moments, forgets
        self._inline = self._begin()

    def _begin(self) -> Inline:
        return Inline(self._stage.suite.installation, self._moments.step, self._moments)

    def until_done(self, work: Callable[[Inline], object]) -> None:
        self._stage.moments = self._moments
        try:
            while True:
                try:
                    work(self._inline)
                    return
                except Stopped:
                    if self._forgets:
                        self._inline = self._begin()
        finally:
            self._stage.moments = Moments()


class _Names:
    """Short names in place of identifiers that each run makes anew, in the order in which they are met."""

    def __init__(self, order: str) -> None:
        self._order, self._known = order, dict[str, str]()

    def of(self, text: str) -> str:
        return _UUID.sub(self._name, text.replace(self._order, "<order>"))

    def _name(self, match: re.Match[str]) -> str:
        return self._known.setdefault(match[0], f"<{len(self._known)}>")


def _told(end: Document, order: str, begin: datetime) -> Document:
    """The end without what differs from run to run: identifiers by order of appearance, instants since the begin."""

    def since(match: re.Match[str]) -> str:
        return str(datetime.fromisoformat(match[0]) - begin)

    told: Document = json.loads(_INSTANT.sub(since, _Names(order).of(json.dumps(end, default=str))))
    return told


def _timeless(end: Document) -> Document:
    bare: Document = json.loads(re.sub(r'"\d+:\d\d:\d\d(?:\.\d+)?"', '"some time"', json.dumps(end)))
    return bare


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("orders")
    with pytest.MonkeyPatch.context() as patch, _database(request, folder) as url:
        one = Stage(url, folder)
        patch.setattr(fulfil, "fulfilment_of", lambda settings: Witness(_simulator(settings), one))
        patch.setattr(UnitOfWork, "commit", one.dying(UnitOfWork.commit))
        yield one
        one.suite.close()


@contextmanager
def _database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/bss.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database() as url:
            yield url


def _simulator(settings: Settings) -> Fulfilment:
    found = fulfilment_of(settings)
    assert found is not None
    return found


def _same(ran: Ran, whole: Ran) -> None:
    assert _timeless(ran.end) == _timeless(whole.end)
    assert ran.events == whole.events


def _legal(ran: Ran) -> None:
    for name, events in ran.events.items():
        check_moves(name.split()[0], events)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_undisturbed_an_order_ends_as_its_shape_says(stage: Stage, shape: Shape) -> None:
    ran = stage.run(shape)

    order = ran.end["order"]
    assert order["state"] == shape.end
    assert {item["id"]: item["state"] for item in order["productOrderItem"]} == shape.states
    assert product_states(order, ran.end["products"]) == shape.products
    assert told(order) == (shape.milestones, shape.errors)
    _legal(ran)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_dying_at_any_moment_changes_nothing(stage: Stage, shape: Shape) -> None:
    """At every moment on one of the two databases; the notes of the dead are kept and lost in turn."""
    whole = stage.run(shape)

    for moment in range(whole.moments):
        if stage.is_sqlite == (moment % 3 != 0):
            _same(stage.run(shape, {moment}, forgets=moment % 2 == 0), whole)


@pytest.mark.long
@pytest.mark.parametrize("forgets", [False, True], ids=["goes-on", "begins-anew"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_dying_at_every_moment_changes_nothing(stage: Stage, shape: Shape, forgets: bool) -> None:
    whole = stage.run(shape)

    for moment in range(whole.moments):
        _same(stage.run(shape, {moment}, forgets=forgets), whole)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_dying_again_while_going_on_changes_nothing(stage: Stage, shape: Shape) -> None:
    chance, whole = random.Random(f"{SEED} {shape.name}"), stage.run(shape)

    first = chance.randrange(whole.moments - 8)
    _same(stage.run(shape, {first, first + chance.randint(1, 5)}, forgets=stage.is_sqlite), whole)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(BUNDLE, id="bundle", marks=pytest.mark.long),
        pytest.param(FAILING, id="failing", marks=pytest.mark.long),
        pytest.param(SLOW, id="slow"),
    ],
)
def test_a_cancellation_at_any_step_takes_all_back_or_nothing(stage: Stage, shape: Shape) -> None:
    """And a process that dies afterwards leaves the same."""
    chance, whole = random.Random(f"{SEED} {shape.name}"), stage.run(shape)

    for step in range(0, whole.steps, 4 if stage.is_sqlite else 8):
        ran = stage.run(shape, cancelled_at=step)
        again = stage.run(shape, {chance.randrange(ran.moments)}, cancelled_at=step)

        for one in (ran, again):
            _legal(one)
            order = one.end["order"]
            states = {item["id"]: item["state"] for item in order["productOrderItem"]}
            ends = {order["state"], *(task["state"] for task in one.end["cancellations"])}
            if order["state"] == "cancelled":
                assert set(states.values()) == {"cancelled"}
                assert ends == {"cancelled", "done"}
                assert {product["status"] for product in one.end["products"]} <= {"cancelled"}
            else:
                assert (order["state"], states) == (shape.end, shape.states)
                assert ends <= {shape.end, "terminatedWithError"}
