"""Queries of one shape share a statement, and each finds what its own values say, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Cursor,
    Not,
    Operator,
    Query,
    SortKey,
    matches,
)
from common.store.database import Database
from common.store.shapes import shape_of
from tests.common.store.generated import LOOKED_UP, PROMOTED, RESOURCE

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT, NUMBER, FLAG, INSTANT = PROMOTED
MANY, MANY_NUMBERS = LOOKED_UP[0], LOOKED_UP[1]
_TEXTS = ("a", "'", '"', "\\", "%", "=a", "{0}", "\\1", "\ue0f00\ue0f1", "0", "ä😀")
_NUMBERS = ("0", "-1.5", "73019000000000000.00000091", "1E+2", "100")


@pytest.fixture(params=["generated_sqlite", "generated_postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    opened: Database = request.getfixturevalue(request.param)
    return opened


def _documents() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for place, written in enumerate(_TEXTS):
        number = Decimal(_NUMBERS[place % len(_NUMBERS)])
        many = {"string": [written, "shared"], "number": [number]}
        one = {
            "string": written,
            "number": number,
            "boolean": place % 2 == 0,
            "instant": f"2026-01-0{place % 9 + 1}T00:00:00Z",
        }
        found[f"id{place:02}"] = {"id": f"id{place:02}", "one": one, "many": many}
    return found


def _conditions() -> list[Condition]:
    """Several of each shape, one after the other."""
    found: list[Condition] = []
    for operator in (Operator.EQ, Operator.NE, Operator.GTE, Operator.LT):
        found += [Compare(path, operator, (text,)) for path in (TEXT, MANY) for text in _TEXTS]
        found += [Compare(path, operator, (number,)) for path in (NUMBER, MANY_NUMBERS) for number in _NUMBERS]
        found += [Compare(INSTANT, operator, (f"2026-01-0{day}T00:00:00.000Z",)) for day in (1, 5, 9)]
    found += [Compare(FLAG, Operator.EQ, (flag,)) for flag in ("true", "false", "perhaps")]
    for one, other in pairwise(_TEXTS):
        first, second = Compare(TEXT, Operator.EQ, (one, other)), Compare(MANY, Operator.EQ, (other,))
        found += [first, AllOf((first, second)), AnyOf((first, Not(second))), AnyElement(MANY, first)]
    return found


def test_each_finds_what_its_own_values_say(database: Database) -> None:
    documents = _documents()
    with database.write("shapes") as unit:
        repository = unit.repository(RESOURCE.name)
        for id, document in documents.items():
            repository.add(id, document, _NOW)
        for condition in _conditions():
            expected = [id for id in documents if matches(condition, documents[id])]
            assert [row.id for row in repository.find(Query(condition)).rows] == expected, condition
            assert repository.count(condition) == len(expected), condition
            assert repository.ids_where(condition, 2) == expected[:2], condition


@pytest.mark.parametrize("path", [TEXT, INSTANT, NUMBER])
@pytest.mark.parametrize("descending", [False, True])
def test_cursors_of_one_shape_lead_to_their_own_places(database: Database, path: Any, descending: bool) -> None:
    sort = (SortKey(path, descending),)
    with database.write("shapes") as unit:
        repository = unit.repository(RESOURCE.name)
        for id, document in _documents().items():
            repository.add(id, document, _NOW)
        whole = repository.find(Query(sort=sort))
        for place, cursor in enumerate(whole.cursors):
            after = repository.find(Query(sort=sort, after=cursor, limit=3)).rows
            assert after == whole.rows[place + 1 : place + 4]
            skipped = repository.find(Query(sort=sort, offset=place, limit=2)).rows
            assert skipped == whole.rows[place : place + 2]


def test_values_are_no_part_of_a_shape(database: Database) -> None:
    tables = database._tables[RESOURCE.name]
    shapes = {
        shape.query
        for one in ("a", "b")
        if (shape := shape_of(Query(Compare(TEXT, Operator.EQ, (one,)), limit=len(one), after=Cursor((), one)), tables))
    }

    assert len(shapes) == 1
    assert shape_of(Query(Compare(TEXT, Operator.EQ, ("x" * 255,))), tables) is None
    assert shape_of(Query(Compare(TEXT, Operator.REGEX, ("x",))), tables) is None
    assert shape_of(Query(Compare(TEXT, Operator.EQ, ("\ue0f0",))), tables) is None
