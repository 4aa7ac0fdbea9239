"""The store on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError

from common.domain.query import Compare, FieldPath, Kind, Operator, Query, SortKey
from common.errors import InvalidParameter, Unavailable
from common.exact_json import encode
from common.settings import Settings
from common.store import finding
from common.store.bulk import Written, without_id
from common.store.contract import NAME, NOW, RESOURCES, StoreContract, add_things, has_tag
from common.store.contract_filters import FilterContract
from common.store.contract_records import entry
from common.store.database import Database
from common.store.session import PostgresqlSession
from tests.history import history_of
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def template(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database; each test works on a copy."""
    with postgres_server.empty_database() as url:
        database = Database.open(Settings(database_url=url), RESOURCES)
        with history_of(RESOURCES, tmp_path_factory.mktemp("history")):
            database.migrate()
            database.prepare()
        database.close()
        yield url.rsplit("/", 1)[1]


@pytest.fixture
def url(postgres_server: PostgresServer, template: str) -> Iterator[str]:
    with postgres_server.copy(template) as url:
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
        with postgres_server.copy(template) as url:
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
    with postgres_server.empty_database() as url:
        database = Database.open(Settings(database_url=url), RESOURCES)
        database.ping()

    with pytest.raises(Unavailable):
        database.ping()
    with pytest.raises(Unavailable), database.read() as unit:
        unit.repository("toy_thing").get("1")
    database.close()


def count_up(database: Database) -> None:
    with database.write() as unit:
        counts = unit.records("toy_counts")
        now = counts.get("x", "1", for_update=True)
        counts.put([{"owner": "x", "period": "1", "used": Decimal(1) + (now["used"] if now else 0)}])
        unit.commit()


def counted(database: Database) -> Decimal:
    with database.read() as unit:
        row = unit.records("toy_counts").get("x", "1")
    return Decimal(0) if row is None else Decimal(row["used"])


def end_connections(database: Database, postgres_server: PostgresServer, *, wait: bool = True) -> None:
    """As a restart of the server does."""
    of = f"FROM pg_stat_activity WHERE datname = '{database.engine.url.database}'"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {of}".encode())
        while wait and connection.execute(f"SELECT 1 {of}".encode()).fetchone():
            time.sleep(0.01)


def test_connections_that_the_server_ended_are_made_anew(database: Database, postgres_server: PostgresServer) -> None:
    count_up(database)
    with database.read() as one, database.read() as other:  # two connections in the pool
        assert one.records("toy_counts").find({}) == other.records("toy_counts").find({})
    end_connections(database, postgres_server)
    assert counted(database) == 1
    end_connections(database, postgres_server)
    count_up(database)
    assert counted(database) == 2
    end_connections(database, postgres_server, wait=False)
    assert counted(database) == 2


def test_a_connection_that_is_lost_on_the_way_is_unavailable(
    database: Database, postgres_server: PostgresServer
) -> None:
    count_up(database)

    def lose_a_write() -> None:
        with database.write() as unit:
            unit.records("toy_counts").delete({"owner": "x"})
            unit.session.flush()
            end_connections(database, postgres_server)
            unit.commit()

    def lose_a_question() -> None:
        with database.write() as unit:
            unit.records("toy_counts").get("x", "1")
            end_connections(database, postgres_server)
            unit.records("toy_counts").get("x", "1")

    with pytest.raises(Unavailable):
        lose_a_write()
    with pytest.raises(Unavailable):
        lose_a_question()
    assert counted(database) == 1


def test_a_connection_that_rested_long_is_asked_first(
    database: Database, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_up(database)
    monkeypatch.setattr("common.store.postgresql.REST_SECONDS_MAX", -1)
    count_up(database)
    end_connections(database, postgres_server)
    count_up(database)
    assert counted(database) == 3


def test_a_commit_after_a_failure_is_told(database: Database) -> None:
    with database.write() as unit:
        unit.records("toy_counts").insert([{"owner": "x", "period": "1", "used": Decimal(1)}])
        with pytest.raises(DBAPIError):
            unit.connection.execute(text("SELECT 1 / 0"))
        with pytest.raises(InternalError):
            unit.commit()
    assert counted(database) == 0


def test_the_character_that_it_cannot_store_is_refused(database: Database) -> None:
    with database.write() as unit:
        unit.records("toy_counts").insert([{"owner": "before\x00after", "period": "1", "used": Decimal(1)}])
        with pytest.raises(ValueError, match="U\\+0000"):
            unit.commit()
    assert counted(database) == 0


def test_statements_seldom_used_are_not_kept_prepared(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.store.session.PREPARED_MAX", 2)
    for _ in range(3):
        count_up(database)
        with database.read() as unit:
            assert unit.records("toy_counts").find({}, limit=1)
            assert unit.connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) <= 4
    assert counted(database) == 3


def test_writes_events_and_commit_are_one_round_trip(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    count_up(database)
    trips: list[int] = []
    pipelined, alone = PostgresqlSession._pipelined, PostgresqlSession._alone

    def counted_pipeline(session: PostgresqlSession, bound: list[Any]) -> Any:
        trips.append(len(bound))
        return pipelined(session, bound)

    def counted_alone(session: PostgresqlSession, *bound: Any) -> Any:
        trips.append(1)
        return alone(session, *bound)

    monkeypatch.setattr(PostgresqlSession, "_pipelined", counted_pipeline)
    monkeypatch.setattr(PostgresqlSession, "_alone", counted_alone)
    count_up(database)
    assert trips == [2, 2]  # BEGIN and the question; the write and COMMIT
    trips.clear()
    assert counted(database) == 2
    assert trips == [1]


def test_a_unit_that_reads_cannot_write(database: Database) -> None:
    with database.read() as unit, pytest.raises(Exception, match="read-only transaction"):
        unit.connection.execute(text("DELETE FROM toy_thing"))


def _change_meanwhile(database: Database, gone: str, paid: str) -> None:
    with database.write() as unit:
        unit.records("toy_entries").delete({"id": gone})
        unit.records("toy_entries").update({"id": paid}, {"paid": True})
        unit.commit()


def test_a_group_forgets_what_others_changed_before_it_held_it(database: Database) -> None:
    with database.write() as unit:
        unit.records("toy_entries").insert([entry(id, number=number, source="s") for number, id in enumerate("abcd")])
        unit.commit()

    with database.group() as unit:
        entries = unit.records("toy_entries")
        entries.foresee({"source": ("s",), "paid": False})
        _change_meanwhile(database, "a", "b")
        held = entries.get_many([("a",), ("b",)], for_update=True)
        assert {key: row["paid"] for key, row in held.items()} == {("b",): True}
        assert [row["id"] for row in entries.find({"source": "s", "paid": False})] == ["c", "d"]
        _change_meanwhile(database, "c", "d")
        assert entries.find({"source": "s", "paid": False}, for_update=True) == []


def test_a_group_changes_no_more_of_a_record_than_it_says(database: Database) -> None:
    with database.write() as unit:
        unit.records("toy_entries").insert([entry("a", source="s")])
        unit.commit()

    with database.group() as unit:
        entries = unit.records("toy_entries")
        entries.foresee({"source": ("s",)})
        assert entries.get("a") is not None
        with database.write() as other:
            other.records("toy_entries").update({"id": "a"}, {"paid": True})
            other.commit()
        assert entries.update({"id": "a"}, {"number": 7}) == 1
        unit.commit()

    with database.read() as unit:
        row = unit.records("toy_entries").get("a")
        assert row is not None
        assert (row["number"], row["paid"]) == (7, True)


def test_no_more_connections_are_made_after_the_server_was_gone(postgres_server: PostgresServer) -> None:
    with postgres_server.empty_database() as url:
        database = Database.open(Settings(database_url=url, database_pool_size=1), RESOURCES)
        with database.read() as unit:
            unit.connection.execute(text("SELECT 1"))
        unit_of_work = ExitStack()
        unit = unit_of_work.enter_context(database.read())
    # It was usable when it was taken, and there is no other.
    with pytest.raises(Unavailable), unit_of_work:
        unit.repository("toy_thing").get("1")

    assert database._connections._permits.qsize() == 1
    database.close()


def add_tagged(database: Database, usual: int, rare: int) -> None:
    """6,000 things, by name in the order of their numbers, with as many usual tags and one of as many rare ones."""
    tags = [f"usual-{number}" for number in range(usual)]
    documents = [
        {"id": str(number), "name": f"n{number:04}", "tag": [*tags, f"rare-{number % rare}"]} for number in range(6_000)
    ]
    written = [Written(one["id"], one, without_id(one["id"], encode(one).decode())) for one in documents]
    with database.write() as unit:
        unit.add_written("toy_thing", written, NOW)
        unit.commit()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE toy_thing, toy_thing_lookup"))


def test_a_rare_value_among_usual_ones_is_not_planned_for_anew(database: Database) -> None:
    """Else planning costs as much as the page: PostgreSQL sees that there are fewer hits than for most values."""
    add_tagged(database, usual=10, rare=100)

    with database.read() as unit:
        for number in range(12):
            found = unit.repository("toy_thing").find(Query(has_tag(f"rare-{number}"), (SortKey(NAME),), limit=3))
            assert (found.total, len(found.rows)) == (60, 3)
        asked = "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%collected%'"
        planned_once = unit.connection.scalars(text(asked)).all()

    assert planned_once == [7]  # PostgreSQL plans the first five times for the value that is asked for


def test_a_usual_value_among_rare_ones_is_walked_to(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else PostgreSQL plans for a rare one: it reads all that have the usual one, to order them."""
    monkeypatch.setattr(finding, "COLLECTED_MAX", 500)
    add_tagged(database, usual=1, rare=6_000)
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'toy_thing'"

    with database.write() as unit:

        def taken(limit: int) -> int:
            before = unit.connection.scalar(text(read)) or 0
            found = unit.repository("toy_thing").find(Query(has_tag("usual-0"), (SortKey(NAME),), limit=limit))
            assert (found.total, [row.id for row in found.rows]) == (6_000, [str(number) for number in range(limit)])
            return (unit.connection.scalar(text(read)) or 0) - before

        counted = taken(0)
        assert max(taken(20) - counted for _ in range(12)) <= 60


def test_an_order_by_a_column_is_planned_once(database: Database) -> None:
    """Where PostgreSQL knows how few rows are taken."""
    add_tagged(database, usual=1, rare=1)

    with database.read() as unit:
        for _ in range(12):
            assert len(unit.repository("toy_thing").find(Query(None, (SortKey(NAME),), limit=20)).rows) == 20
        asked = "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%x_name%'"
        planned_once = unit.connection.scalars(text(asked)).all()

    assert planned_once == [7]
