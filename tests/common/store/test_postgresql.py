"""The store on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from common.domain.query import Compare, FieldPath, Kind, Operator, Query
from common.errors import InvalidParameter, Unavailable
from common.settings import Settings
from common.store.contract import RESOURCES, StoreContract, add_things
from common.store.contract_filters import FilterContract
from common.store.database import Database
from tests.history import history_of
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def template(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database; each test works on a copy."""
    with postgres_server.database() as url:
        database = Database.open(Settings(database_url=url), RESOURCES)
        with history_of(RESOURCES, tmp_path_factory.mktemp("history")):
            database.migrate()
            database.prepare()
        database.close()
        yield url.rsplit("/", 1)[1]


@pytest.fixture
def url(postgres_server: PostgresServer, template: str) -> Iterator[str]:
    with postgres_server.database(template) as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database.open(Settings(database_url=url), RESOURCES)
    yield database
    database.close()


class TestStore(StoreContract):
    pass


class TestFilters(FilterContract):
    @pytest.fixture(scope="module")
    @classmethod
    def database(cls, postgres_server: PostgresServer, template: str) -> Iterator[Database]:
        """One for all: these tests commit nothing."""
        with postgres_server.database(template) as url:
            database = Database.open(Settings(database_url=url), RESOURCES)
            yield database
            database.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_scheme_is_understood(url: str, scheme: str) -> None:
    database = Database.open(Settings(database_url=url.replace("postgresql", scheme, 1)), RESOURCES)

    database.ping()

    assert database.dialect_name == "postgresql"
    database.close()


@pytest.mark.parametrize("pattern", ["(?P<name>a)", "a(?i:b)", "(?a)x"])
def test_a_pattern_that_it_cannot_read_is_an_invalid_parameter(database: Database, pattern: str) -> None:
    add_things(database, {"id": "1", "note": "x"})
    asked = Query(Compare(FieldPath(("note",), Kind.STRING), Operator.REGEX, (pattern,)))

    with pytest.raises(InvalidParameter), database.read() as unit:
        unit.repository("toy_thing").find(asked)


def test_a_query_that_passes_its_time_is_refused(url: str) -> None:
    limited = f"{url}?options=-c%20statement_timeout%3D50"
    database = Database.open(Settings(database_url=limited), RESOURCES)

    with pytest.raises(InvalidParameter), database.read() as unit:
        unit.connection.execute(text("SELECT pg_sleep(60)"))

    database.ping()
    database.close()


def test_a_server_that_is_gone_is_unavailable(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as url:
        database = Database.open(Settings(database_url=url), RESOURCES)
        database.ping()

    with pytest.raises(Unavailable):
        database.ping()
    with pytest.raises(Unavailable), database.read() as unit:
        unit.repository("toy_thing").get("1")
    database.close()


def test_a_unit_that_reads_cannot_write(database: Database) -> None:
    with database.read() as unit, pytest.raises(Exception, match="read-only transaction"):
        unit.connection.execute(text("DELETE FROM toy_thing"))
