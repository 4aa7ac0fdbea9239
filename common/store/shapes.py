"""Lists of one shape: what is asked with other values is the same statement, compiled once.

The shape of a query is the query itself with its values replaced by marks. A statement is made of it as of any query;
where its parameters have the marks, each call puts its values. That is done where a value goes into a parameter as it
is: comparisons of indexed texts, instants and numbers, and cursors in an order of indexed texts. Any other query has no
shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Cursor,
    Exists,
    FieldPath,
    Kind,
    Not,
    Operator,
    Query,
    decimal_or_none,
)
from common.store.keys import INDEXED_CHARACTERS, comparable, is_storable
from common.store.statements import DialectName, Statement, compiled
from common.store.tables import ResourceTables

# Characters that nobody writes into a filter; one who does is answered without a shape.
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_TEXTS = (Kind.STRING, Kind.INSTANT)


@dataclass(frozen=True)
class Shape:
    """A query without its values, and these: texts, and decimals where a number is compared."""

    query: Query
    values: tuple[str | Decimal, ...]


@dataclass(frozen=True, eq=False)
class Shaped:
    """The statement of a shape. `places` says which value each of its parameters has, in which text."""

    statement: Statement
    places: Mapping[str, tuple[str, int]]

    def values(self, shape: Shape) -> dict[str, Any]:
        """The parameters for the values of a query of this shape."""
        given = shape.values
        return {
            name: _MARK.sub(lambda _, value=given[place]: value, pattern) if pattern else given[place]  # type: ignore[misc]
            for name, (pattern, place) in self.places.items()
        }


def shape_of(query: Query, tables: ResourceTables) -> Shape | None:
    """The shape of a query; None when it has none."""
    marking = _Marking(tables, [])
    try:
        where = None if query.where is None else marking.condition(query.where)
        after, before = (marking.cursor(cursor, query) for cursor in (query.after, query.before))
    except _NoShapeError:
        return None
    limit = None if query.limit is None else 1
    shaped = Query(where, query.sort, 1 if query.offset else 0, limit, after, before)
    return Shape(shaped, tuple(marking.values))


def shaped(expression: Any, dialect: DialectName, shape: Shape, *, varies: bool = False) -> Shaped | None:
    """The statement that was made of a shape's query; None when a value of it is not in a parameter."""
    statement = replace(compiled(expression, dialect), varies=varies)
    numbers = {_number_mark(place): place for place in range(len(shape.values))}
    places: dict[str, tuple[str, int]] = {}
    for name, value in statement.defaults.items():
        found = _MARK.fullmatch(value.removeprefix("=")) if isinstance(value, str) else None
        if found is not None:
            places[name] = (value, int(found[1]))
        elif isinstance(value, Decimal) and value in numbers:
            places[name] = ("", numbers[value])
    is_whole = {place for _, place in places.values()} == set(range(len(shape.values)))
    return Shaped(statement, places) if is_whole else None


class _NoShapeError(Exception):
    """A query that has no shape."""


@dataclass(frozen=True)
class _Marking:
    """Puts marks for values, which it collects."""

    tables: ResourceTables
    values: list[str | Decimal]

    def condition(self, condition: Condition) -> Condition:
        match condition:
            case AllOf(parts):
                return AllOf(tuple(self.condition(part) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self.condition(part) for part in parts))
            case Not(part):
                return Not(self.condition(part))
            case AnyElement(path, Compare() as inner) if inner.operator is not Operator.NE:
                whole = replace(inner, path=replace(inner.path, steps=path.steps + inner.path.steps))
                return AnyElement(path, replace(inner, values=self.compare(whole).values))
            case Compare():
                return self.compare(condition)
            case Exists():
                return condition
            case _:
                raise _NoShapeError

    def compare(self, compare: Compare) -> Compare:
        kind = compare.path.kind
        if compare.operator is Operator.REGEX or not self._is_indexed(compare.path):
            raise _NoShapeError
        if kind is Kind.BOOLEAN:
            return compare
        return replace(compare, values=tuple(self._marked(value, kind) for value in compare.values))

    def cursor(self, cursor: Cursor | None, query: Query) -> Cursor | None:
        if cursor is None:
            return None
        paths = [key.path for key in query.sort]
        if len(paths) != len(cursor.keys) or not all(path.kind in _TEXTS and self._is_column(path) for path in paths):
            raise _NoShapeError
        keys = [None if key is None else self._marked(key, Kind.STRING) for key in cursor.keys]
        return Cursor(tuple(keys), self._marked(cursor.position, Kind.STRING))

    def _marked(self, value: str, kind: Kind) -> str:
        if kind is Kind.NUMBER:
            number = decimal_or_none(value)
            if number is None:
                raise _NoShapeError
            self.values.append(comparable(number))
            return str(_number_mark(len(self.values) - 1))
        if not is_storable(value) or _OPEN in value or (len(value) >= INDEXED_CHARACTERS and kind in _TEXTS):
            raise _NoShapeError
        self.values.append(value.rstrip("Z") if kind is Kind.INSTANT else value)
        return f"{_OPEN}{len(self.values) - 1}{_CLOSE}"

    def _is_column(self, path: FieldPath) -> bool:
        index = self.tables.promoted.get(path.steps)
        return path.steps == ("id",) or (index is not None and index.path.kind is path.kind)

    def _is_indexed(self, path: FieldPath) -> bool:
        index = self.tables.looked_up.get(path.steps)
        is_kind = path.kind in (*_TEXTS, Kind.NUMBER, Kind.BOOLEAN)
        return is_kind and (self._is_column(path) or (index is not None and index.path.kind is path.kind))


def _number_mark(place: int) -> Decimal:
    return Decimal(place) + Decimal("73019000000000000.00000091")
