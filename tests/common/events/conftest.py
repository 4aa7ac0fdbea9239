"""A store of each sort, a clock that stands still, and workers on them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.domain.clock import SettableClock
from common.domain.event import Event
from common.events import hub
from common.events.delivery import DeliveryWorker
from common.settings import Settings
from common.spec.contract import Contract
from common.store.database import Database
from tests.common.events.listeners import Listener, listening
from tests.common.events.toys import ORDERING_V5, PUBLICATIONS, START
from tests.history import history_of
from tests.postgres import empty_postgres_url, postgres_server

__all__ = ["empty_postgres_url", "postgres_server"]

TENANT = "t1"
ORIGIN = "http://bss.test:8080"


class Scene:
    """A store, a clock and what tests do with them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.clock = SettableClock(START)
        self.workers: list[DeliveryWorker] = []

    def worker(self, settings: Settings | None = None) -> DeliveryWorker:
        worker = DeliveryWorker(self.database, PUBLICATIONS, settings or self.settings, self.clock)
        self.workers.append(worker)
        return worker

    def register(
        self,
        callback: str,
        query: str | None = None,
        *,
        contract: Contract = ORDERING_V5,
        secret: str | None = None,
        tenant: str = TENANT,
    ) -> str:
        body = {"callback": callback} | ({"query": query} if query else {}) | ({"secret": secret} if secret else {})
        with self.database.write(tenant) as uow:
            made = hub.register(uow, contract, body, origin=ORIGIN, settings=self.settings, now=self.clock.now())
            uow.commit()
        return made.id

    def remove(self, subscription: str, *, contract: Contract = ORDERING_V5, tenant: str = TENANT) -> None:
        with self.database.write(tenant) as uow:
            hub.remove(uow, contract, subscription)
            uow.commit()

    def record(self, *events: Event, tenant: str = TENANT) -> None:
        with self.database.write(tenant) as uow:
            uow.record(events)
            uow.commit()


def step(worker: DeliveryWorker) -> int:
    """One step of a worker in a loop of its own."""
    return asyncio.run(worker.step())


@pytest.fixture
def settings() -> Settings:
    return Settings(callback_allow_private=True, delivery_attempts_max=3, delivery_backoff_seconds_max=4)


@pytest.fixture(scope="session")
def lean_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lean")


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, settings: Settings, lean_folder: Path) -> Iterator[Scene]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    database = Database.open(Settings(database_url=url), ())
    with history_of((), lean_folder):
        database.migrate()
        database.prepare()
    stage = Scene(database, settings)
    try:
        yield stage
    finally:
        for worker in stage.workers:
            worker.close()
        database.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture
def other_listener() -> Iterator[Listener]:
    with listening() as one:
        yield one
