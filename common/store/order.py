"""The order of a list and places in it: sort keys to SQL, and what comes after or before a cursor.

Documents without a value come last in either direction, and `position` breaks ties. A text counts with its first 255
characters, a path with several values with the first that is of the path's kind; of values of unknown kind booleans
come before numbers and numbers before texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, null, or_

from common.domain.query import Cursor, Kind, Operator, SortKey
from common.errors import InvalidParameter
from common.store.document_sql import DocumentSql, SortColumns, Truth, ordered, read_flag, written_flag
from common.store.keys import INDEXED_CHARACTERS, is_storable
from common.store.tables import ResourceTables


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
        return [*result, source["position"].desc() if backwards else source["position"].asc()]

    def row_clauses(self, backwards: bool = False) -> list[ColumnElement[Any]]:
        """ORDER BY over the table itself, in a form that its indexes can serve."""
        result = [
            _directed(expression, key.descending, backwards)
            for key, columns in zip(self.keys, self.columns, strict=True)
            for expression in columns.expressions
        ]
        return [*result, self.position.desc() if backwards else self.position.asc()]

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
        place = self.position < cursor.position if backwards else self.position > cursor.position
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
        identifier = func.substr(tables.main.c.id, 1, INDEXED_CHARACTERS, type_=tables.main.c.id.type)
        return SortColumns((identifier,), lambda row: row[0], lambda text: (text,))
    if not is_storable("".join(key.path.steps)):
        return SortColumns((cast(null(), Text),), lambda row: None, lambda text: None)
    index = tables.promoted.get(key.path.steps)
    if index is None or index.path.kind is not key.path.kind:
        return sql.sort_columns(tables.main.c.doc, key.path)
    column = tables.column(index)
    match key.path.kind:
        case Kind.BOOLEAN:
            return SortColumns((column,), written_flag, read_flag)
        case Kind.NUMBER:
            return sql.number_columns(column)
        case _:
            return SortColumns((column,), lambda row: row[0], lambda text: (text,))


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
