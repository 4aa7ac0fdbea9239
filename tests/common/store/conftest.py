"""Stores for the tests of the store: a temporary SQLite and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common.settings import Settings
from common.store.database import Database
from tests.common.store import generated
from tests.postgres import PostgresServer, empty_postgres_url, postgres_server

__all__ = ["empty_postgres_url", "postgres_server"]


@pytest.fixture(scope="session")
def generated_sqlite() -> Iterator[Database]:
    database = Database.open(Settings(database_url="sqlite://"), [generated.RESOURCE])
    database.migrate()
    database.prepare()
    yield database
    database.close()


@pytest.fixture(scope="session")
def generated_postgresql(postgres_server: PostgresServer) -> Iterator[Database]:
    with postgres_server.empty_database() as url:
        database = Database.open(Settings(database_url=url), [generated.RESOURCE])
        database.migrate()
        database.prepare()
        yield database
        database.close()
