"""Lists of one resource's documents: which satisfy a condition, in which order, and how many they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, func, select, true

from common.domain.query import AllOf, AnyElement, AnyOf, Compare, Condition, Cursor, Document, Exists, Not, Query
from common.exact_json import decode_own
from common.store.counts import KeptCounts
from common.store.document_sql import DocumentSql
from common.store.filters import Filters
from common.store.order import Order, order_of
from common.store.tables import ResourceTables

# Up to this many hits of an indexed filter are collected first and ordered then. Asked for both at once, PostgreSQL
# may walk the whole order looking for the few hits (stack.md 6.2: 1,270 ms instead of 0.2).
COLLECTED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """A stored document and what the store knows of it.

    Shapes: `version` is the entity's, "" when it has none; `text` is JSON without `id` and `href`; `position` sorts as
            the rows were created; the times are instant texts.
    """

    id: str
    version: str
    revision: int
    text: str
    position: str
    created_at: str
    updated_at: str

    def document(self) -> Document:
        """The document, `id` first, numbers exact."""
        return {"id": self.id, **decode_own(self.text)}


@dataclass(frozen=True, slots=True)
class Found:
    """A page: its rows, how many match in all pages, and each row's place in the order."""

    rows: tuple[Row, ...]
    total: int
    cursors: tuple[Cursor, ...]


def row_columns(tables: ResourceTables, is_postgresql: bool) -> tuple[ColumnElement[Any], ...]:
    """The columns of a `Row`, in its order."""
    columns = tables.main.c
    document = cast(columns.doc, Text) if is_postgresql else columns.doc
    times = (columns.position, columns.created_at, columns.updated_at)
    return columns.id, columns.version, columns.revision, document.label("text"), *times


class Finder:
    """What lists one tenant has of a resource below one parent."""

    def __init__(
        self, connection: Connection, tenant: str, parent: str, tables: ResourceTables, sql: DocumentSql
    ) -> None:
        self._connection, self._tenant, self._parent = connection, tenant, parent
        self._tables, self._sql, self._main = tables, sql, tables.main
        self._is_postgresql = connection.dialect.name == "postgresql"
        self._columns = row_columns(tables, self._is_postgresql)
        self._own = (self._main.c.tenant == tenant, self._main.c.parent == parent)

    def page(self, query: Query) -> Found:
        """A page of the documents that satisfy a condition, and how many do.

        Only latest versions are looked at, unless the condition compares `version`. With `before` the page is the
        last `limit` rows before that place. `total` counts what the condition finds, whatever the page.

        Errors: InvalidParameter for a pattern the database cannot read, a cursor of another list, and a query that
                passes its time.
        """
        conditions = self._conditions(query.where)
        total = self.count(query.where)
        if total == 0 or query.limit == 0:
            return Found((), total, ())
        order = order_of(query.sort, self._tables, self._sql)
        if self._is_postgresql and total <= COLLECTED_MAX and _uses_lookup(query.where, self._tables):
            found = self._collected(query, conditions, order)
        else:
            found = self._walked(query, conditions, order)
        rows = tuple(Row(*row[: len(self._columns)]) for row in found)
        return Found(rows, total, tuple(order.cursor(row._mapping) for row in found))

    def count(self, where: Condition | None) -> int:
        """How many documents satisfy a condition."""
        is_of_latest = not (self._tables.resource.versioned and _names_version(where))
        if self._is_postgresql and is_of_latest:
            total = KeptCounts(self._tables, self._tenant, self._parent).of(where)
            if total is not None:
                return self._connection.scalar(select(total)) or 0
        return self._count(self._conditions(where))

    def ids(self, where: Condition, limit: int) -> list[str]:
        """The ids of the first documents, by creation, that satisfy a condition."""
        statement = select(self._main.c.id).where(*self._conditions(where)).order_by(self._main.c.position).limit(limit)
        return list(self._connection.scalars(statement))

    def _collected(self, query: Query, conditions: list[Any], order: Order) -> Sequence[Any]:
        """All that match, and of these the page."""
        places = [order.beyond(query.after)] if query.after is not None else []
        places += [order.beyond(query.before, backwards=True)] if query.before is not None else []
        collected = select(*self._keys(order)).where(*conditions, *places).cte("collected").prefix_with("MATERIALIZED")
        matching = select(*collected.c).order_by(*order.clauses(collected.c, _is_backwards(query)))
        page = matching.limit(query.limit).offset(query.offset or None)
        return self._fetched(page, order)

    def _walked(self, query: Query, conditions: list[Any], order: Order) -> Sequence[Any]:
        """The page as an index leads to it, stretch after stretch until it is full."""
        found: list[Any] = []
        offset, is_backwards = query.offset, _is_backwards(query)
        for stretch in order.stretches(query.after, query.before, is_backwards):
            matching = select(*self._keys(order)).where(*conditions, *stretch.conditions).order_by(*stretch.clauses)
            wanted = None if query.limit is None else query.limit - len(found)
            part = self._fetched(matching.limit(wanted).offset(offset or None), order)
            found = [*part, *found] if is_backwards else [*found, *part]
            if len(found) == query.limit:
                break
            if offset:
                offset = 0 if part else offset - self._count([*conditions, *stretch.conditions])
        return found

    def _keys(self, order: Order) -> list[ColumnElement[Any]]:
        return [self._main.c.id, self._main.c.version, self._main.c.position, *order.labelled]

    def _fetched(self, keys: Select[Any], order: Order) -> Sequence[Any]:
        """The rows of a page. Documents are fetched for these only, never for rows that are skipped."""
        page = keys.subquery("page")
        statement = (
            select(*self._columns, *(column for column in page.c if column.key.startswith("sort_")))
            .join(page, (self._main.c.id == page.c.id) & (self._main.c.version == page.c.version))
            .where(*self._own)
            .order_by(*order.clauses(page.c))
        )
        return self._connection.execute(statement).all()

    def _count(self, conditions: list[Any]) -> int:
        return self._connection.scalar(select(func.count()).select_from(self._main).where(*conditions)) or 0

    def _conditions(self, where: Condition | None) -> list[Any]:
        conditions: list[Any] = [*self._own]
        if not (self._tables.resource.versioned and _names_version(where)):
            conditions.append(self._main.c.is_latest == true())
        if where is not None:
            conditions.append(Filters(self._tables, self._sql, self._tenant, self._parent).where(where))
        return conditions


def _is_backwards(query: Query) -> bool:
    return query.before is not None and query.after is None


def _uses_lookup(condition: Condition | None, tables: ResourceTables) -> bool:
    return any(
        steps[: len(part.path.steps)] == part.path.steps for part in _parts(condition) for steps in tables.looked_up
    )


def _names_version(condition: Condition | None) -> bool:
    return any(isinstance(part, Compare) and part.path.steps == ("version",) for part in _parts(condition))


def _parts(condition: Condition | None) -> Iterator[Compare | Exists | AnyElement]:
    """A condition and everything it is made of that speaks of the whole document."""
    match condition:
        case None:
            return
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _parts(part)
        case Not(part):
            yield from _parts(part)
        case Compare() | Exists() | AnyElement():
            yield condition
