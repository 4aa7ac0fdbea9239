"""The order of a list and places in it: sort keys to SQL, and what comes after or before a cursor.

Documents without a value come last in either direction, and `position` breaks ties in the direction of the last key. A
text counts with its first 255 characters, a path with several values with the first that is of the path's kind; of
values of unknown kind booleans come before numbers and numbers before texts.

An index holds its column and the position, both ascending, what has no value last. It is read from either end where the
order says no more than that: `stretches` splits a list into the rows with a value and those without, each of which an
index has in order, and says where in the index a cursor stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, null, or_, tuple_

from common.domain.query import Cursor, Kind, Operator, SortKey
from common.errors import InvalidParameter
from common.store.document_sql import DocumentSql, SortColumns, Truth, ordered, read_flag, written_flag
from common.store.keys import is_storable
from common.store.tables import ResourceTables


@dataclass(frozen=True)
class Stretch:
    """A part of a list: which rows, and how they are ordered within it."""

    conditions: tuple[Truth, ...]
    clauses: tuple[ColumnElement[Any], ...]


@dataclass(frozen=True)
class Order:
    """A total order of a table's rows; `keys` has the columns of each sort key, `labels` their names in a page."""

    keys: tuple[SortKey, ...]
    columns: tuple[SortColumns, ...]
    position: ColumnElement[str]

    @property
    def labelled(self) -> list[ColumnElement[Any]]:
        return [
            expression.label(f"sort_{place}_{part}")
            for place, columns in enumerate(self.columns)
            for part, expression in enumerate(columns.expressions)
        ]

    def clauses(self, source: Any, backwards: bool = False) -> list[ColumnElement[Any]]:
        """ORDER BY over a subquery that has the labelled columns and the position."""
        result: list[ColumnElement[Any]] = []
        for place, (key, columns) in enumerate(zip(self.keys, self.columns, strict=True)):
            for part, _ in enumerate(columns.expressions):
                result.append(_directed(source[f"sort_{place}_{part}"], key.descending, backwards))
        return [*result, self._by_position(source["position"], backwards)]

    @property
    def stretch_count(self) -> int:
        return 2 if self.keys and self.columns[0].column is not None else 1

    def stretches(self, after: Cursor | None, before: Cursor | None, backwards: bool) -> list[Stretch]:
        """The rows between two cursors, in parts that follow each other as they are read."""
        places = [self.beyond(after)] if after is not None else []
        places += [self.beyond(before, backwards=True)] if before is not None else []
        if not self.keys:
            return [Stretch(tuple(places), (self._by_position(self.position, backwards),))]
        first = self.columns[0].column
        if first is None:
            return [Stretch(tuple(places), tuple(self._row_clauses(backwards)))]
        in_order = self.keys[0].descending is backwards
        clauses = (first.asc() if in_order else first.desc(), *self._row_clauses(backwards)[1:])
        bounds = [bound for cursor, end in ((after, False), (before, True)) for bound in self._bounds(cursor, end)]
        valued = Stretch((first.is_not(None), *(bounds if len(self.keys) == 1 else (*bounds, *places))), clauses)
        empty = Stretch((first.is_(None), *places), clauses)
        return [empty, valued] if backwards else [valued, empty]

    def _bounds(self, cursor: Cursor | None, is_end: bool) -> list[Truth]:
        """Where a cursor stands among the rows that have a value for the first key: all that an index needs of it.

        With one key it is the whole condition.
        """
        if cursor is None:
            return []
        (column,), (value,) = self.columns[0].expressions, _values(self.columns[0], cursor.keys[0], is_end)
        if value is None:  # behind all that have a value
            return [] if is_end else [false()]
        operator = Operator.GT if self.keys[0].descending is is_end else Operator.LT
        if len(self.keys) > 1:
            return [ordered(column, Operator.GTE if operator is Operator.GT else Operator.LTE, value)]
        return [ordered(tuple_(column, self.position), operator, tuple_(value, cursor.position))]

    def _row_clauses(self, backwards: bool) -> list[ColumnElement[Any]]:
        result = [
            _directed(expression, key.descending, backwards)
            for key, columns in zip(self.keys, self.columns, strict=True)
            for expression in columns.expressions
        ]
        return [*result, self._by_position(self.position, backwards)]

    def _by_position(self, position: ColumnElement[Any], backwards: bool) -> ColumnElement[Any]:
        return position.asc() if self._is_falling is backwards else position.desc()

    @property
    def _is_falling(self) -> bool:
        return bool(self.keys) and self.keys[-1].descending

    def beyond(self, cursor: Cursor, backwards: bool = False) -> Truth:
        """Rows that come after the cursor, or before it."""
        if len(cursor.keys) != len(self.keys):
            raise InvalidParameter("before" if backwards else "after", "is no cursor of a list in this order")
        equal_so_far: list[Truth] = []
        alternatives: list[Truth] = []
        for key, columns, text in zip(self.keys, self.columns, cursor.keys, strict=True):
            for expression, value in zip(columns.expressions, _values(columns, text, backwards), strict=True):
                alternatives.append(and_(*equal_so_far, _beyond(expression, value, key.descending, backwards)))
                equal_so_far.append(expression.is_(None) if value is None else expression == value)
        is_above = self._is_falling is backwards
        place = self.position > cursor.position if is_above else self.position < cursor.position
        return or_(*alternatives, and_(*equal_so_far, place))

    def cursor(self, row: Any) -> Cursor:
        """The place of a row that was selected with the labelled columns."""
        texts = []
        for place, columns in enumerate(self.columns):
            values = [row[f"sort_{place}_{part}"] for part, _ in enumerate(columns.expressions)]
            texts.append(columns.written(values))
        return Cursor(tuple(texts), row["position"])


def order_of(keys: Sequence[SortKey], tables: ResourceTables, sql: DocumentSql) -> Order:
    return Order(tuple(keys), tuple(_columns(key, tables, sql) for key in keys), tables.main.c.position)


def _columns(key: SortKey, tables: ResourceTables, sql: DocumentSql) -> SortColumns:
    if key.path.steps == ("id",):
        return SortColumns((tables.main.c.id,), lambda row: row[0], lambda text: (text,), tables.main.c.id)
    if not is_storable("".join(key.path.steps)):
        return SortColumns((cast(null(), Text),), lambda row: None, lambda text: None)
    index = tables.promoted.get(key.path.steps)
    if index is None or index.path.kind is not key.path.kind:
        return sql.sort_columns(tables.document, key.path)
    column = tables.column(index)
    match key.path.kind:
        case Kind.BOOLEAN:
            return SortColumns((column,), written_flag, read_flag, column)
        case Kind.NUMBER:
            return replace(sql.number_columns(column), column=column)
        case _:
            return SortColumns((column,), lambda row: row[0], lambda text: (text,), column)


def _values(columns: SortColumns, text: str | None, backwards: bool) -> Sequence[Any]:
    if text is None:
        return [None] * len(columns.expressions)
    values = columns.read(text)
    if values is None or "\x00" in text:
        raise InvalidParameter("before" if backwards else "after", "is no cursor of a list in this order")
    return values


def _directed(column: ColumnElement[Any], descending: bool, backwards: bool) -> ColumnElement[Any]:
    directed = column.desc() if descending is not backwards else column.asc()
    return directed.nulls_first() if backwards else directed.nulls_last()


def _beyond(column: ColumnElement[Any], value: Any, descending: bool, backwards: bool) -> Truth:
    """Strictly on the far side of a value, where a missing one is beyond every value."""
    if value is None:
        return column.is_not(None) if backwards else false()
    beyond = ordered(column, Operator.GT if descending is backwards else Operator.LT, value)
    return beyond if backwards else or_(beyond, column.is_(None))
