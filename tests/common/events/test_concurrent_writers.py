"""Events of transactions that overlap: PostgreSQL shows a later number before an earlier one, and none may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.domain.clock import SettableClock
from common.events.relay import Relay
from common.settings import Settings
from common.store import outbox
from common.store.database import Database
from tests.common.events.conftest import TENANT, Scene, step
from tests.common.events.listeners import Listener
from tests.common.events.toys import PUBLICATIONS, START, order_event
from tests.history import history_of


@pytest.fixture
def scene(empty_postgres_url: str, settings: Settings, lean_folder: Path) -> Iterator[Scene]:
    database = Database.open(Settings(database_url=empty_postgres_url), ())
    with history_of((), lean_folder):
        database.migrate()
    stage = Scene(database, settings)
    yield stage
    for worker in stage.workers:
        worker.close()
    database.close()


def test_an_event_that_becomes_visible_late_is_not_passed_by(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url)
    worker = scene.worker()

    with scene.database.write(TENANT) as slow:
        slow.record([order_event("first", id="o1")])
        scene.record(order_event("second", id="o2"))
        step(worker)
        slow.commit()
    step(worker)

    assert listener.event_ids == ["second", "first"]


def test_a_change_that_was_not_visible_at_the_registration_is_told(scene: Scene, listener: Listener) -> None:
    with scene.database.write(TENANT) as slow:
        slow.record([order_event("overlapping", id="o1")])
        scene.record(order_event("before", id="o2"))
        scene.register(listener.url)
        slow.commit()

    step(scene.worker())

    assert listener.event_ids == ["overlapping"]


def test_only_one_relay_works_at_a_time(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url)
    scene.record(order_event("e1"))
    clock = SettableClock(START)

    with scene.database.write() as mine, scene.database.write() as theirs:
        assert outbox.relay_alone(mine.connection)
        assert Relay(PUBLICATIONS, scene.settings).relay(theirs, clock.now()) == 0
    with scene.database.write() as free:
        assert Relay(PUBLICATIONS, scene.settings).relay(free, clock.now()) == 1
