"""The store on SQLite."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.domain.query import Compare, FieldPath, Kind, Operator, Query
from common.errors import InvalidParameter, Unavailable
from common.settings import Settings
from common.store import sqlite
from common.store.contract import NOW, RESOURCES, StoreContract, add_things
from common.store.contract_filters import FilterContract
from common.store.database import Database
from tests.history import history_of


def opened(url: str) -> Database:
    database = Database.open(Settings(database_url=url), RESOURCES)
    database.migrate()
    database.prepare()
    return database


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database; each test that commits works on a copy."""
    folder = tmp_path_factory.mktemp("template")
    with history_of(RESOURCES, folder):
        opened(f"sqlite:///{folder}/bss.db").close()
    return folder / "bss.db"


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(template, tmp_path / "bss.db")
    database = Database.open(Settings(database_url=f"sqlite:///{tmp_path}/bss.db"), RESOURCES)
    yield database
    database.close()


class TestStore(StoreContract):
    pass


class TestFilters(FilterContract):
    @pytest.fixture(scope="module")
    @classmethod
    def database(cls) -> Iterator[Database]:
        """One for all: these tests commit nothing."""
        database = opened("sqlite://")
        yield database
        database.close()


def test_a_file_is_made_with_its_folder_and_synced_at_every_commit(tmp_path: Path) -> None:
    database = opened(f"sqlite:///{tmp_path}/deep/er/bss.db")
    with database.read() as unit:
        pragmas = [
            unit.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    database.close()

    assert pragmas == ["wal", 2]
    assert (tmp_path / "deep" / "er" / "bss.db").is_file()


def test_documents_outlive_the_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bss.db"
    first = opened(url)
    add_things(first, {"id": "1"})
    first.close()

    second = opened(url)
    with second.read() as unit:
        assert unit.repository("toy_thing").get("1") is not None
    second.close()


def test_two_databases_in_memory_are_two() -> None:
    first, second = opened("sqlite://"), opened("sqlite:///:memory:")
    add_things(first, {"id": "1"})
    with second.read() as unit:
        assert unit.repository("toy_thing").count(None) == 0
    first.close()
    second.close()


def test_a_query_that_passes_its_time_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as unit:
        for number in range(3_000):
            unit.repository("toy_thing").add(str(number), {"note": "x"}, NOW)
        unit.commit()
    monkeypatch.setattr(sqlite, "STATEMENT_SECONDS_MAX", -1)
    asked = Query(Compare(FieldPath(("note",), Kind.STRING), Operator.REGEX, ("y",)))

    with pytest.raises(InvalidParameter), database.read() as unit:
        unit.repository("toy_thing").find(asked)


def test_a_file_that_another_process_keeps_locked_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS_MAX", 0)
    database = opened(f"sqlite:///{tmp_path}/bss.db")
    other = sqlite3.connect(tmp_path / "bss.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable), database.write() as unit:
        unit.repository("toy_thing").add("1", {}, NOW)

    other.close()
    add_things(database, {"id": "1"})
    database.close()
