"""What the databases find is what `matches` says, and both put it in the same order: checked on generated documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.domain.query import Condition, Query, SortKey, matches
from common.store.database import Database
from common.store.repository import Repository
from tests.common.store.generated import RESOURCE, conditions, documents, sort_keys

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
_long = settings(_quick, max_examples=1_000)
_given_conditions = given(st.lists(documents, min_size=1, max_size=6), st.lists(conditions, min_size=1, max_size=4))
_given_orders = given(st.lists(documents, min_size=2, max_size=6), st.lists(sort_keys, min_size=1, max_size=3))


def _add(repository: Repository, stored: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = {f"id{place}": {**document, "id": f"id{place}"} for place, document in enumerate(stored)}
    for id, document in named.items():
        repository.add(id, document, _NOW)
    return named


def _assert_finds_what_matches(database: Database, stored: list[dict[str, Any]], asked: list[Condition]) -> None:
    with database.write("meaning") as unit:
        repository = unit.repository(RESOURCE.name)
        named = _add(repository, stored)

        for condition in asked:
            found = repository.find(Query(condition))

            assert [row.id for row in found.rows] == [id for id in named if matches(condition, named[id])], condition
            assert found.total == repository.count(condition) == len(found.rows)


def _listed(database: Database, stored: list[dict[str, Any]], orders: list[tuple[SortKey, ...]]) -> list[list[str]]:
    """The ids in each order; every page between two cursors is checked on the way."""
    result = []
    with database.write("meaning") as unit:
        repository = unit.repository(RESOURCE.name)
        _add(repository, stored)
        for order in orders:
            found = repository.find(Query(sort=order))
            ids = [row.id for row in found.rows]
            for place, cursor in enumerate(found.cursors):
                after = repository.find(Query(sort=order, after=cursor)).rows
                before = repository.find(Query(sort=order, before=cursor, limit=2)).rows
                assert [row.id for row in after] == ids[place + 1 :], order
                assert [row.id for row in before] == ids[max(0, place - 2) : place], order
            result.append(ids)
    return result


@_quick
@_given_conditions
def test_sqlite_finds_what_matches(
    generated_sqlite: Database, stored: list[dict[str, Any]], asked: list[Condition]
) -> None:
    _assert_finds_what_matches(generated_sqlite, stored, asked)


@_quick
@_given_conditions
def test_postgresql_finds_what_matches(
    generated_postgresql: Database, stored: list[dict[str, Any]], asked: list[Condition]
) -> None:
    _assert_finds_what_matches(generated_postgresql, stored, asked)


@pytest.mark.long
@_long
@_given_conditions
def test_both_find_what_matches_at_length(
    generated_sqlite: Database,
    generated_postgresql: Database,
    stored: list[dict[str, Any]],
    asked: list[Condition],
) -> None:
    _assert_finds_what_matches(generated_sqlite, stored, asked)
    _assert_finds_what_matches(generated_postgresql, stored, asked)


@settings(_quick, max_examples=20)
@_given_orders
def test_both_list_in_the_same_order(
    generated_sqlite: Database,
    generated_postgresql: Database,
    stored: list[dict[str, Any]],
    orders: list[tuple[SortKey, ...]],
) -> None:
    assert _listed(generated_sqlite, stored, orders) == _listed(generated_postgresql, stored, orders)


@pytest.mark.long
@_long
@_given_orders
def test_both_list_in_the_same_order_at_length(
    generated_sqlite: Database,
    generated_postgresql: Database,
    stored: list[dict[str, Any]],
    orders: list[tuple[SortKey, ...]],
) -> None:
    assert _listed(generated_sqlite, stored, orders) == _listed(generated_postgresql, stored, orders)
