"""How PostgreSQL is reached: through a pooler that keeps no session, and by lists at a read-only copy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from common.domain.query import Query
from common.errors import ConfigurationError
from common.settings import Settings
from common.store.contract import RESOURCES, THING
from common.store.database import Database
from tests.history import history_of
from tests.postgres import PostgresServer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def urls(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two migrated databases, of which one plays the copy of the other."""
    with postgres_server.empty_database() as first, postgres_server.empty_database() as second:
        for url in (first, second):
            with history_of(RESOURCES, tmp_path_factory.mktemp("history")):
                database = Database.open(Settings(database_url=url), RESOURCES)
                database.migrate()
                database.prepare()
                database.close()
        yield first, second


def put(database: Database, id: str, name: str) -> None:
    with database.write() as uow:
        things, document = uow.repository(THING.name), {"id": id, "name": name}
        row = things.get(id, for_update=True)
        things.add(id, document, NOW) if row is None else things.replace(row, document, NOW)
        uow.commit()


def names(database: Database) -> list[str]:
    with database.browse() as uow:
        return [row.document()["name"] for row in uow.repository(THING.name).find(Query()).rows]


def test_nothing_is_prepared_behind_a_pooler_of_transactions(urls: tuple[str, str]) -> None:
    database = Database.open(Settings(database_url=urls[0], database_prepares=False, database_pool_size=1), RESOURCES)
    put(database, "p1", "one")
    put(database, "p1", "two")

    with database.read() as uow:
        row = uow.repository(THING.name).get("p1")
        kept = list(uow.connection.scalars(text("SELECT name FROM pg_prepared_statements")))

    assert row is not None
    assert row.document()["name"] == "two"
    assert kept == []
    database.close()


def test_lists_are_read_from_the_copy(urls: tuple[str, str]) -> None:
    main, copy = (Database.open(Settings(database_url=url), RESOURCES) for url in urls)
    put(main, "r1", "here")
    put(copy, "r2", "there")
    database = Database.open(Settings(database_url=urls[0], database_replica_url=urls[1]), RESOURCES)

    assert "there" in names(database)
    assert "here" not in names(database)
    with database.read() as uow:
        assert uow.repository(THING.name).get("r1") is not None
    for one in (main, copy, database):
        one.close()


def test_a_copy_that_does_not_answer_is_passed_by(urls: tuple[str, str]) -> None:
    gone = urls[1].rsplit("/", 1)[0] + "/no_such_database"
    database = Database.open(Settings(database_url=urls[0], database_replica_url=gone), RESOURCES)
    put(database, "r3", "mine")

    assert "mine" in names(database)
    database.close()


def test_sqlite_has_no_copies(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BSS_DATABASE_REPLICA_URL"):
        Database.open(Settings(database_url="sqlite://", database_replica_url="postgresql://localhost/x"), RESOURCES)
