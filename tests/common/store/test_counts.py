"""Kept counts are what counting finds: after any changes, in any transactions, also those that were undone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, literal, select, text

from common.domain.query import (
    AllOf,
    AnyElement,
    Compare,
    Condition,
    FieldPath,
    Kind,
    Not,
    Operator,
    matches,
)
from common.settings import Settings
from common.store import counts
from common.store.counts import KeptCounts
from common.store.database import Database
from common.store.description import Index, StoredResource
from common.store.repository import Repository
from tests.postgres import PostgresServer

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATE, FLAG = FieldPath(("state",), Kind.STRING, many=False), FieldPath(("flag",), Kind.BOOLEAN, many=False)
AT = FieldPath(("period", "at"), Kind.INSTANT, many=False)
TAG, NAME = FieldPath(("tag", "id"), Kind.STRING), FieldPath(("name",), Kind.STRING, many=False)
_COUNTED = (Index(STATE, True), Index(FLAG, True), Index(AT, True), Index(TAG, True), Index(NAME))
PLAIN = StoredResource("toy_counted", "counted", _COUNTED)
VERSIONED = StoredResource("toy_counted_version", "countedVersion", _COUNTED, versioned=True)

_STATES = ("Active", "Retired", "", "it's", "x" * 300, "x" * 255)
_INSTANTS = (
    *("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.0000Z", "2026-01-01T00:59:59.9999Z", "2026-01-01T01:00:00Z"),
    *("2026-01-01T03:30:00+02:00", "2026-01-02T23:59:60Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "no date"),
)
_documents = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(_STATES) | st.just(7),
        "flag": st.booleans() | st.just("true"),
        "period": st.fixed_dictionaries({}, optional={"at": st.sampled_from(_INSTANTS)}),
        "tag": st.lists(
            st.fixed_dictionaries({}, optional={"id": st.sampled_from(("a", "b", "x" * 300)) | st.just(1)})
        ),
        "name": st.sampled_from(("n", "m")),
    },
)
_changes = st.lists(
    st.tuples(
        st.sampled_from(("add", "add", "add", "replace", "remove", "remove version", "clear", "sum", "undo")),
        *(st.sampled_from("pqr"), st.sampled_from(("1", "2", "3")), _documents),
    ),
    min_size=1,
    max_size=12,
)


def _compare(path: FieldPath, operator: Operator, *values: str) -> Compare:
    return Compare(path, operator, values)


def _ranges() -> Iterator[Condition]:
    bounds = (
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.0000Z",
        "2026-01-01T00:59:59.999Z",
        "2026-01-02T23:10:00.000Z",
    )
    for operator in (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE):
        for bound in bounds:
            yield _compare(AT, operator, bound)
    for lower in (Operator.GT, Operator.GTE):
        for upper in (Operator.LT, Operator.LTE):
            for first in bounds:
                yield AllOf((_compare(AT, lower, first), _compare(AT, upper, bounds[-1])))


CONDITIONS: tuple[Condition | None, ...] = (
    None,
    *(_compare(STATE, Operator.EQ, state) for state in ("Active", "", "it's", "x" * 255)),
    _compare(STATE, Operator.EQ, "Active", "Retired", "Active", "\x00"),
    _compare(STATE, Operator.EQ, "\x00"),
    _compare(STATE, Operator.NE, "Active"),
    Not(_compare(STATE, Operator.EQ, "Active")),
    *(_compare(FLAG, Operator.EQ, flag) for flag in ("true", "false", "maybe")),
    *(_compare(TAG, Operator.EQ, tag) for tag in ("a", "x" * 254, "\x00")),
    AnyElement(FieldPath(("tag",)), _compare(FieldPath(("id",), Kind.STRING), Operator.EQ, "b")),
    AnyElement(FieldPath(("tag",)), _compare(FieldPath(("id",), Kind.STRING), Operator.NE, "b")),
    Not(_compare(TAG, Operator.EQ, "a")),
    *_ranges(),
    AllOf((_compare(STATE, Operator.EQ, "Active"), _compare(AT, Operator.GT, "2026-01-01T00:00:00.000Z"))),
    _compare(AT, Operator.EQ, "2026-01-01T00:00:00.000Z"),
    _compare(NAME, Operator.EQ, "n"),
)
# Of these it is not kept how many there are.
_COUNTED_ANEW = 9


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    with postgres_server.empty_database() as url:
        opened = Database.open(Settings(database_url=url), (PLAIN, VERSIONED))
        opened.migrate()
        opened.prepare()
        yield opened
        opened.close()


def _assert_exact(database: Database, resource: StoredResource, parent: str = "") -> None:
    """What is kept is what counting finds, and what the meaning says."""
    tables = database._tables[resource.name]
    with database.write() as unit:
        repository = unit.repository(resource.name, parent)
        statement = select(tables.main.c.doc).where(tables.main.c.is_latest, tables.main.c.parent == parent)
        documents = list(unit.connection.scalars(statement))
        for condition in CONDITIONS:
            expected = sum(matches(condition, document) for document in documents)
            assert repository.count(condition) == expected, condition
        assert list(counts.wrong(unit.connection, tables, "default")) == []


def _change(repository: Repository, what: str, id: str, version: str, document: dict[str, Any]) -> None:
    is_versioned = repository._tables.resource.versioned
    known = repository.get(id, version if is_versioned else None, for_update=True)
    match what:
        case "add" if known is None:
            repository.add(id, document, _NOW, version if is_versioned else "")
        case "replace" if known is not None:
            repository.replace(known, document, _NOW)
        case "remove":
            repository.remove(id)
        case "remove version":
            repository.remove(id, version if is_versioned else None)
        case "clear":
            repository.clear()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(_changes, st.sampled_from((PLAIN, VERSIONED)))
def test_counts_are_exact_after_any_changes(database: Database, changes: list[Any], resource: StoredResource) -> None:
    for what, id, version, document in changes:
        with database.write() as unit:
            if what == "sum":
                unit.connection.execute(text(f"SELECT {resource.name}_count_summed()"))
            else:
                _change(unit.repository(resource.name), "add" if what == "undo" else what, id, version, document)
            if what != "undo":
                unit.commit()
    _assert_exact(database, resource)

    with database.write() as unit:
        unit.repository(resource.name).clear()
        unit.commit()
    _assert_exact(database, resource)


def test_most_of_what_is_asked_is_not_counted(database: Database) -> None:
    kept = KeptCounts(database._tables[PLAIN.name], literal("default"), literal(""))

    assert sum(kept.of(condition) is None for condition in CONDITIONS) == _COUNTED_ANEW


def test_whoever_asks_for_versions_is_not_told_of_the_latest(database: Database) -> None:
    is_first = Compare(FieldPath(("version",), Kind.STRING, many=False), Operator.NE, ("2",))
    with database.write() as unit:
        offers = unit.repository(VERSIONED.name)
        offers.add("a", {"state": "Active", "version": "1"}, _NOW, "1")
        offers.add("a", {"state": "Active", "version": "2"}, _NOW, "2")

        assert (offers.count(is_first), offers.count(None)) == (1, 1)


def test_transactions_that_run_at_once_lose_nothing(database: Database) -> None:
    def work(worker: int) -> None:
        for number in range(30):
            with database.write() as unit:
                repository = unit.repository(PLAIN.name, "busy")
                repository.add(f"{worker}-{number}", {"state": "Active", "tag": [{"id": "a"}]}, _NOW)
                if number % 3 == 0:
                    repository.remove(f"{worker}-{number - 3}")
                if number % 7 == 0:
                    unit.connection.execute(text(f"SELECT {PLAIN.name}_count_summed()"))
                if number % 5:
                    unit.commit()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    _assert_exact(database, PLAIN, "busy")


def test_what_was_there_before_is_counted(database: Database) -> None:
    """A resource whose attributes come to be counted, counted otherwise, and no longer counted."""
    with database.write() as unit:
        unit.repository(PLAIN.name, "old").add_many([{"id": f"{n}", "state": "Active"} for n in range(5)], _NOW)
        unit.commit()
    fewer = replace(PLAIN, indexes=tuple(replace(index, is_counted=index.path is STATE) for index in PLAIN.indexes))
    none = replace(PLAIN, indexes=tuple(replace(index, is_counted=False) for index in PLAIN.indexes))
    for described in (fewer, none, PLAIN):
        url = database.engine.url.render_as_string(hide_password=False)
        other = Database.open(Settings(database_url=url), (described, VERSIONED))
        other.prepare()
        _assert_exact_or_gone(other, described)
        other.close()


def _assert_exact_or_gone(database: Database, described: StoredResource) -> None:
    tables = database._tables[described.name]
    with database.read() as unit:
        assert unit.repository(described.name, "old").count(_compare(STATE, Operator.EQ, "Active")) == 5
        is_kept = unit.connection.scalar(select(func.to_regclass(f"{described.name}_count"))) is not None
    assert is_kept == bool(counts.kept(tables))


def test_what_is_kept_and_wrong_is_found_and_mended(database: Database) -> None:
    tables = database._tables[PLAIN.name]
    with database.write() as unit:
        unit.repository(PLAIN.name, "odd").add("1", {"state": "Active"}, _NOW)
        unit.connection.execute(text(f"DELETE FROM {PLAIN.name}_count_change WHERE parent = 'odd'"))

        found = list(counts.wrong(unit.connection, tables, "default"))
        assert ("odd", "state", "=Active", 0, 1) in found

        counts.recount(unit.connection, tables)
        assert list(counts.wrong(unit.connection, tables, "default")) == []


def test_the_audit_tells_what_is_miscounted_and_counting_anew_mends_it(database: Database) -> None:
    with database.write() as unit:
        unit.repository(PLAIN.name, "amiss").add("1", {"state": "Active"}, _NOW)
        unit.commit()
    with database.write() as unit:
        unit.connection.execute(text(f"DELETE FROM {PLAIN.name}_count_change WHERE parent = 'amiss'"))
        unit.commit()

    with database.read() as unit:
        found = [(one.path, one.value, one.kept, one.counted) for one in unit.audit.miscounted()]
    assert ("state", "=Active", 0, 1) in found

    database.recount()

    with database.read() as unit:
        assert list(unit.audit.miscounted()) == []
