"""A shop on SQLite and on PostgreSQL, as it was when it opened at the start of every story."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection, text

from common.jobs.inline import Inline
from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server
from tests.scenarios.billing import Office
from tests.scenarios.catalogue import stock
from tests.scenarios.kit import START, Shop, StoryClock
from tests.tables import stored_tables

__all__ = ["postgres_server"]

# The copies of the tables as they were when the shop opened.
_COPY = "opened_"


class Stage:
    """One database with a suite on it; stocking the shop again for each story would take most of the time."""

    def __init__(self, url: str, folder: Path, **more: Any) -> None:
        self._script = folder / "simulator.json"
        self._script.write_text('{"rules": []}')
        self.clock = StoryClock(START)
        usual = {"billing": "manual"}  # stories of other things pass through months without a bill
        settings = Settings(
            database_url=url,
            job_dir=str(folder / "jobs"),
            simulator_file=str(self._script),
            callback_allow_private=True,
            **(usual | more),
        )
        self.suite = Suite(settings, self.clock)
        stock(self.suite)
        with self.suite.installation.database.engine.begin() as connection:
            connection.execute(text("DELETE FROM outbox"))
            # What lies in a partition is read and written through its table; the database keeps its counts itself.
            apart = {"alembic_version", *_partitions(connection)}
            self._tables = sorted(set(stored_tables(connection)) - apart)
            for name in self._tables:
                connection.execute(text(f'CREATE TABLE "{_COPY}{name}" AS SELECT * FROM "{name}"'))
            self._stocked = _filled(connection, self._tables)

    def open(self) -> Shop:
        self.clock.rewind()
        shop = Shop(self.suite, self.clock, Inline(self.suite.installation), self._script)
        shop.script()
        return shop

    def tidy(self) -> None:
        with self.suite.installation.database.engine.begin() as connection:
            for name in sorted(_filled(connection, self._tables)):
                connection.execute(text(f'DELETE FROM "{name}"'))
            for name in sorted(self._stocked):
                connection.execute(text(f'INSERT INTO "{name}" SELECT * FROM "{_COPY}{name}"'))


def _partitions(connection: Connection) -> list[str]:
    if connection.dialect.name != "postgresql":
        return []
    return list(connection.scalars(text("SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid")))


def _filled(connection: Connection, tables: Sequence[str]) -> set[str]:
    """Those that have rows."""
    each = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables]
    return set(connection.scalars(text(" UNION ALL ".join(each))))


@contextmanager
def staged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, **more: Any) -> Iterator[Stage]:
    """A stage on the database that the fixture is for."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    folder = tmp_path_factory.mktemp(f"stories-{request.param}")
    if request.param == "sqlite":
        opened = Stage(f"sqlite:///{folder}/bss.db", folder, **more)
        yield opened
        opened.suite.close()
    else:
        with request.getfixturevalue("postgres_server").database() as url:
            opened = Stage(url, folder, **more)
            yield opened
            opened.suite.close()
    structlog.reset_defaults()


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    # Stories of rating correct prices, which only reaches who follows the catalogue.
    with staged(request, tmp_path_factory, unversioned_prices="follow") as opened:
        yield opened


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def billing_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One that bills by the clock, and leaves alone who does not pay."""
    policies = tmp_path_factory.mktemp("policies") / "billing.yaml"
    policies.write_text("legalEntities: {main: {dunning: {steps: []}}}")
    with staged(request, tmp_path_factory, billing="automatic", billing_file=str(policies)) as opened:
        yield opened


@pytest.fixture
def office(billing_stage: Stage) -> Iterator[Office]:
    """The shop, which bills its customers; the books agree at the end of every story."""
    office = Office(billing_stage.open())
    yield office
    try:
        office.check()
    finally:
        billing_stage.tidy()


@pytest.fixture
def shop(stage: Stage) -> Iterator[Shop]:
    """The shop with its catalogue, the customer Anna and her account, on 1 January 2026 at nine."""
    yield stage.open()
    stage.tidy()
