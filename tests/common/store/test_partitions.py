"""Tables that PostgreSQL keeps by month: made ahead, filled, moved, given up. SQLite gives up the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table, select, text

from common.settings import Settings
from common.store import partitions
from common.store.database import Database
from common.store.description import Of, RecordTable, StoredResource
from common.store.partitions import Month
from common.store.tables import record_table
from tests.history import history_of

CALLS = RecordTable(
    "toy_call",
    {"id": Of.TEXT, "cause": Of.TEXT, "at": Of.INSTANT, "seconds": Of.INTEGER},
    key=("id",),
    unique=(("cause",),),
    indexes=(("at",),),
    monthly="at",
)
NOTES = StoredResource("toy_note", "note", monthly=True)
FEBRUARY = Month(2026, 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else str(request.getfixturevalue("empty_postgres_url"))
    with history_of([CALLS, NOTES], tmp_path):
        opened = Database.open(Settings(database_url=url), [CALLS, NOTES])
        opened.migrate()
        opened.prepare()
        yield opened
        opened.close()


def moment(month: int, day: int = 1) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def calls_at(database: Database, *moments: datetime) -> None:
    with database.write() as uow:
        rows = [{"id": f"{at:%m%d}", "cause": f"{at:%m%d}", "at": at, "seconds": at.day} for at in moments]
        uow.records(CALLS.name).insert(rows)
        uow.commit()


def kept(database: Database) -> list[str]:
    with database.read() as uow:
        return [row["id"] for row in uow.records(CALLS.name).find({})]


def renewed(database: Database, now: datetime) -> list[str]:
    with database._schema_change() as connection:
        return partitions.renew(connection, database._metadata, now)


def table_of_calls() -> Table:
    return record_table(CALLS, MetaData())


def test_months_follow_each_other() -> None:
    assert Month.of(moment(12)).next == Month(2027, 1)
    assert str(FEBRUARY) == "2026_02"
    assert FEBRUARY.start == moment(2)


def test_the_months_ahead_are_made_once(empty_postgres_url: str, tmp_path: Path) -> None:
    with history_of([CALLS, NOTES], tmp_path):
        database = Database.open(Settings(database_url=empty_postgres_url), [CALLS, NOTES])
        database.migrate()
        database.prepare()

        made = renewed(database, moment(11))
        again = renewed(database, moment(11))

    tables = ("toy_call", "toy_note")
    months = ("2026_11", "2026_12", "2027_01")
    assert set(made) <= {f"{table}_{month}" for table in tables for month in months}
    assert again == []
    with database.engine.connect() as connection:
        found = partitions._partitions(connection, table_of_calls())
    assert {f"toy_call_{month}" for month in months} | {"toy_call_other"} <= found
    database.close()


def test_records_outside_every_month_are_kept_and_move_when_theirs_is_made(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    with history_of([CALLS, NOTES], tmp_path):
        database = Database.open(Settings(database_url=empty_postgres_url), [CALLS, NOTES])
        database.migrate()
        database.prepare()
    calls_at(database, moment(1, 5), moment(2, 5), moment(2, 6))

    assert kept(database) == ["0105", "0205", "0206"]
    renewed(database, moment(2))

    assert kept(database) == ["0105", "0205", "0206"]
    with database.engine.connect() as connection:
        counts = {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in ("toy_call_other", "toy_call_2026_02", "toy_call_2026_03")
        }
    assert counts == {"toy_call_other": 1, "toy_call_2026_02": 2, "toy_call_2026_03": 0}
    database.close()


def test_what_lies_before_a_month_is_given_up(database: Database) -> None:
    renewed(database, moment(1))
    calls_at(database, datetime(2025, 7, 1, tzinfo=UTC), moment(1, 31), moment(2), moment(3))

    with database._schema_change() as connection:
        gone = partitions.retire(connection, table_of_calls(), "at", FEBRUARY)

    assert gone == 2
    assert kept(database) == ["0201", "0301"]
    calls_at(database, moment(1, 2))  # late: it goes where there is room
    assert kept(database) == ["0102", "0201", "0301"]


def test_documents_are_kept_by_their_creation(database: Database) -> None:
    now = datetime.now(UTC)
    with database.write() as uow:
        notes = uow.repository(NOTES.name)
        notes.add("1", {"id": "1", "text": "a"}, now)
        row = notes.add("2", {"id": "2", "text": "b"}, now)
        notes.replace(row, {"id": "2", "text": "c"}, now)
        uow.commit()

    with database.read() as uow:
        notes = uow.repository(NOTES.name)
        first = notes.get("1")
        assert first is not None
        assert first.position >= partitions.place("position", Month.of(now))
        assert first.position < partitions.place("position", Month.of(now).next)
        assert [row.document()["text"] for row in notes.get_many(["1", "2"]).values()] == ["a", "c"]
    if database.dialect_name == "postgresql":
        with database.engine.connect() as connection:
            there = connection.scalars(select(text("id")).select_from(text(f"toy_note_{Month.of(now)}"))).all()
        assert sorted(there) == ["1", "2"]
