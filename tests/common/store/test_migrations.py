"""The schema: one history that makes what the tables say, on both databases, and a start-up that checks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from common.domain.query import FieldPath, Kind
from common.errors import ConfigurationError
from common.settings import Settings
from common.store import migrations
from common.store.contract import RESOURCES, THING
from common.store.database import Database
from common.store.description import Index, RecordTable, StoredResource
from common.store.tables import SYSTEM_METADATA, full_metadata
from tests.history import history_of


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "sqlite://" if request.param == "sqlite" else str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def toy_history(tmp_path: Path) -> Iterator[None]:
    """A history whose first revision is generated for the toy resources."""
    with history_of(RESOURCES, tmp_path):
        yield


def differences(database: Database, *resources: StoredResource | RecordTable) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, full_metadata(resources)))


def test_the_history_is_one_line() -> None:
    script = ScriptDirectory(str(migrations._FOLDER))

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


@pytest.mark.usefixtures("toy_history")
def test_the_generated_revision_makes_what_the_tables_say(url: str) -> None:
    database = Database.open(Settings(database_url=url), RESOURCES)

    database.migrate()

    assert differences(database, *RESOURCES) == []
    database.close()


def test_the_history_makes_the_system_tables_and_prepare_the_others(url: str) -> None:
    database = Database.open(Settings(database_url=url), RESOURCES)

    database.migrate()
    assert set(SYSTEM_METADATA.tables) < set(inspect(database.engine).get_table_names())
    database.prepare()
    database.prepare()

    owned_by_components = [found for found in differences(database, *RESOURCES) if "remove" not in str(found)]
    assert owned_by_components == []
    database.close()


def test_a_schema_that_is_behind_is_refused_with_the_remedy(url: str) -> None:
    database = Database.open(Settings(database_url=url), RESOURCES)

    with pytest.raises(ConfigurationError, match="bss migrate"):
        database.prepare()

    assert "toy_thing" not in inspect(database.engine).get_table_names()
    database.close()


def test_a_table_that_lacks_an_index_of_its_resource_is_refused(empty_postgres_url: str) -> None:
    first = Database.open(Settings(database_url=empty_postgres_url), [THING])
    first.migrate()
    first.prepare()
    first.close()
    more = StoredResource(
        "toy_thing", "thing", (*THING.indexes, Index(FieldPath(("colour",), Kind.STRING, many=False)))
    )
    second = Database.open(Settings(database_url=empty_postgres_url), [more])

    with pytest.raises(ConfigurationError, match="toy_thing lacks x_colour"):
        second.prepare()
    second.close()


def test_migrating_twice_changes_nothing(url: str) -> None:
    database = Database.open(Settings(database_url=url), ())

    database.migrate()
    database.migrate()

    with database.engine.connect() as connection:
        assert migrations.missing_revisions(connection) == []
    database.close()


@pytest.mark.parametrize("given", ["mysql://localhost/x", "not a url", "oracle://"])
def test_another_database_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="BSS_DATABASE_URL"):
        Database.open(Settings(database_url=given), ())
