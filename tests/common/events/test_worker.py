"""The running worker: it wakes, survives trouble, and stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from common.events.delivery import DeliveryWorker
from common.settings import Settings
from common.store.database import Database
from tests.common.events.conftest import Scene
from tests.common.events.listeners import Answer, Listener, Received
from tests.common.events.toys import PUBLICATIONS, order_event

SECONDS_MAX = 10


@contextmanager
def running(worker: DeliveryWorker) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()))
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(SECONDS_MAX)
        assert not thread.is_alive()


def arrival(listener: Listener) -> threading.Event:
    came = threading.Event()

    def note(request: Received) -> Answer:
        came.set()
        return Answer()

    listener.behave = note
    return came


def test_it_delivers_what_it_is_woken_for(scene: Scene, listener: Listener) -> None:
    came = arrival(listener)
    scene.register(listener.url)
    worker = scene.worker()

    with running(worker):
        scene.record(order_event("e1"))
        worker.wake()
        assert came.wait(SECONDS_MAX)

    assert listener.event_ids == ["e1"]


def test_waking_or_stopping_what_does_not_run_is_nothing(scene: Scene) -> None:
    worker = scene.worker()

    worker.wake()
    worker.stop()

    asyncio.run(worker.run())


def test_it_stops_in_the_middle_of_a_queue_and_leaves_the_rest(scene: Scene, listener: Listener) -> None:
    worker = scene.worker()

    def stop(request: Received) -> Answer:
        worker.stop()
        return Answer()

    listener.behave = stop
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    asyncio.run(worker.run())

    assert listener.event_ids == ["e1"]
    listener.behave = lambda request: Answer()
    assert asyncio.run(scene.worker().step()) == 1
    assert listener.event_ids == ["e1", "e2"]


def test_an_unexpected_error_with_one_listener_stops_no_other(scene: Scene, listener: Listener) -> None:
    async def broken(host: str, port: int) -> list[str]:
        if host == "broken.example":
            asked.set()
            raise RuntimeError("a mistake of ours")
        return [host]

    asked, came = threading.Event(), arrival(listener)
    scene.register("http://broken.example/")
    scene.register(listener.url)
    scene.record(order_event("e1"))
    worker = DeliveryWorker(scene.database, PUBLICATIONS, scene.settings, scene.clock, resolve=broken)
    scene.workers.append(worker)

    with capture_logs() as lines, running(worker):
        assert came.wait(SECONDS_MAX)
        assert asked.wait(SECONDS_MAX)

    assert [line["event"] for line in lines] == ["delivery failed"]
    assert listener.event_ids == ["e1"]


def test_it_goes_on_when_the_store_is_back(tmp_path: Path, settings: Settings, listener: Listener) -> None:
    database = Database.open(Settings(database_url=f"sqlite:///{tmp_path}/late.db"), ())
    scene = Scene(database, settings)
    worker = scene.worker()
    came = arrival(listener)

    with capture_logs() as lines, running(worker) as thread:
        while not lines and thread.is_alive():
            thread.join(0.01)
        database.migrate()
        scene.register(listener.url)
        scene.record(order_event("e1"))
        arrived = came.wait(SECONDS_MAX)
    worker.close()
    database.close()

    assert arrived
    assert {line["event"] for line in lines} == {"delivery round failed"}


@pytest.fixture
def settings() -> Settings:
    return Settings(callback_allow_private=True)
