"""The whole suite over its real HTTP stages, on SQLite and on PostgreSQL, empty at the start of every test."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server
from tests.tables import stored_tables

__all__ = ["postgres_server"]


class Backend:
    """One database and the suites started on it, one for each set of settings: starting costs half a second."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._suites: dict[tuple[tuple[str, Any], ...], Suite] = {}
        self._count = ""

    def suite(self, **settings: Any) -> Suite:
        key = tuple(sorted(settings.items()))
        if key not in self._suites:
            given = {"database_url": self._url, "job_dir": str(self._folder / "jobs"), **settings}
            self._suites[key] = Suite(Settings(**given))
        return self._suites[key]

    def rows(self) -> dict[str, int]:
        """How many rows each table has that has any: resources, look-ups, events, listeners, kept replies."""
        with self.suite().installation.database.engine.connect() as connection:
            if not self._count:
                names = sorted(set(stored_tables(connection)) - {"alembic_version"})
                self._count = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names)
            return {name: count for name, count in connection.execute(text(self._count)) if count}

    def empty(self) -> None:
        with self.suite().installation.database.engine.begin() as connection:
            for name in self.rows():
                connection.execute(text(f'DELETE FROM "{name}"'))

    def close(self) -> None:
        for suite in self._suites.values():
            suite.close()


@pytest.fixture(autouse=True)
def plain_errors_logged() -> Iterator[None]:
    """structlog's own default draws a traceback with all its local values: minutes for a body of 10 MB."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def shared_backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        backend = Backend(f"sqlite:///{folder}/bss.db", folder)
        yield backend
        backend.close()
        return
    with request.getfixturevalue("postgres_server").database() as url:
        backend = Backend(url, folder)
        yield backend
        backend.close()


@pytest.fixture
def backend(shared_backend: Backend) -> Iterator[Backend]:
    yield shared_backend
    shared_backend.empty()


@pytest.fixture
def suite(backend: Backend) -> Suite:
    """Every component, with the settings nobody changed."""
    return backend.suite()


@pytest.fixture
def suite_with(backend: Backend) -> Callable[..., Suite]:
    """A suite with other settings, on the database of `suite`."""
    return backend.suite
