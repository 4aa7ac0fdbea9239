"""Lists of one resource's documents: which satisfy a condition, in which order, and how many they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any
from typing import cast as as_type

from sqlalchemy import BigInteger, ColumnElement, Select, Table, Text, and_, cast, func, literal_column, select, true

from common.domain.query import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Condition,
    Cursor,
    Document,
    Exists,
    FieldPath,
    Kind,
    Not,
    Operator,
    Query,
    SortKey,
)
from common.exact_json import decode_own
from common.store.counts import KeptCounts
from common.store.document_sql import DocumentSql
from common.store.filters import Filters, unseen
from common.store.order import Order, Stretch, order_of
from common.store.session import Session
from common.store.shapes import Shape, Shaped, shape_of, shaped
from common.store.statements import Question, given
from common.store.tables import TEXT, ResourceTables

# Up to this many hits of a filter through arrays, or so few of any, are collected first and ordered then. Asked for
# both at once, PostgreSQL may walk the whole order looking for the few hits (stack.md 6.2: 1,270 ms instead of 0.2): it
# plans a prepared statement for the usual value, not for the rare one.
COLLECTED_MAX, FEW = 20_000, 1_000
# Statements that are kept of one resource; clients may ask for any number of shapes.
SHAPES_MAX = 500
_USUAL_LIMITS = frozenset({10, 20, 25, 50, 100})
_EVERYTHING = 2**62
# Columns of a `Row`.
_WIDTH = 7


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

    def __init__(self, session: Session, tenant: str, parent: str, tables: ResourceTables, sql: DocumentSql) -> None:
        self._session, self._given = session, {"tenant": tenant, "parent": parent}
        self._tables, self._sql, self._main = tables, sql, tables.main
        self._is_postgresql = session.dialect == "postgresql"

    def page(self, query: Query) -> Found:
        """A page of the documents that satisfy a condition, and how many do.

        Only latest versions are looked at, unless the condition compares `version`. With `before` the page is the
        last `limit` rows before that place. `total` counts what the condition finds, whatever the page.

        Errors: InvalidParameter for a pattern the database cannot read, a cursor of another list, and a query that
                passes its time.
        """
        if self._is_led(query) and (led := self._led(query)) is not None:
            return led
        total = self.count(query.where)
        if total == 0 or query.limit == 0:
            return Found((), total, ())
        shape, order = shape_of(query, self._tables), self._order(query.sort)
        collected_max = COLLECTED_MAX if _uses_lookup(query.where, self._tables) else FEW
        if self._is_postgresql and total <= collected_max and query.where is not None:
            more = {"taken": query.limit, "skipped": query.offset}
            hits = "few" if total <= FEW else "many"
            rows = self._rows(f"collected {hits}", query, shape, partial(self._collected, total <= FEW), more)
        else:
            rows = self._walked(query, shape, order)
        names = [column.key for column in order.labelled]
        cursors = [order.cursor({**dict(zip(names, row[_WIDTH:], strict=True)), "position": row[4]}) for row in rows]
        return Found(tuple([Row(*row[:_WIDTH]) for row in rows]), total, tuple(cursors))

    def count(self, where: Condition | None) -> int:
        """How many documents satisfy a condition."""
        query = Query(where)
        if self._are_all_many(where):
            return int(self._session.connection.scalar(self._common(where), self._given) or 0)
        # What is kept of instants depends on the hours that are asked for.
        shape = None if self._is_kept(where) and _compares_instants(where) else shape_of(query, self._tables)
        total: int = self._rows("total", query, shape, self._total)[0][0]
        return total

    def ids(self, where: Condition, limit: int) -> list[str]:
        """The ids of the first documents, by creation, that satisfy a condition."""
        query = Query(where, limit=limit)
        return [row[0] for row in self._rows("ids", query, shape_of(query, self._tables), self._ids, {"taken": limit})]

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _is_led(self, query: Query) -> bool:
        """Whether an index has the rows of a page one after another, however many match: those with one value, or all,
        as they were created.
        """
        if not self._is_postgresql or query.sort or query.offset or query.limit == 0:
            return False
        match query.where:
            case None:
                return True
            case Compare(FieldPath(steps, Kind.STRING), Operator.EQ, (_,)):
                return steps in self._tables.promoted and self._is_of_latest(query.where)
            case _:
                return False

    def _led(self, query: Query) -> Found | None:
        """The page and the total in one question; None when the query has no shape."""
        counted, shape = shape_of(Query(query.where), self._tables), shape_of(query, self._tables)
        limit, page = _planned(query.limit), None
        if shape is not None:
            page = self._asked(f"led {limit}", shape, partial(self._of_index, limit), {"taken": query.limit})
        total = None if counted is None else self._asked("total", counted, self._total)
        if total is None or page is None:
            return None
        [[count]], rows = self._session.answers(total, page)
        return Found(tuple([Row(*row) for row in rows]), count, tuple([Cursor((), row[4]) for row in rows]))

    def _of_index(self, limit: int | None, query: Query) -> Select[Any]:
        [part] = self._order(()).stretches(query.after, query.before, _is_backwards(query))
        found = select(*row_columns(self._tables, True)).where(*self._conditions(query.where), *part.conditions)
        found = _cut(found.order_by(*part.clauses), query, limit)
        if not _is_backwards(query):
            return found
        last = found.subquery("last")
        return select(*last.c).order_by(last.c.position)

    def _rows(
        self,
        name: str,
        query: Query,
        shape: Shape | None,
        build: Callable[[Query], Select[Any]],
        more: Mapping[str, Any] | None = None,
    ) -> Sequence[Sequence[Any]]:
        """The rows of the select that is built of a query."""
        asked = None if shape is None else self._asked(name, shape, build, more)
        if asked is not None:
            return self._session.answer(asked)
        return self._session.connection.execute(build(query), {**self._given, **(more or {})}).all()

    def _asked(
        self, name: str, shape: Shape, build: Callable[[Query], Select[Any]], more: Mapping[str, Any] | None = None
    ) -> Question[Sequence[Sequence[Any]]] | None:
        """The same, compiled once for all queries of a shape; None when that cannot be."""
        made: dict[tuple[str, Query], Shaped | None] = self._main.info.setdefault("lists", {})
        key = (name, shape.query)
        if key not in made:
            if len(made) >= SHAPES_MAX:
                made.clear()
            # Many hits through an array are walked to, few are collected: only the value says which.
            varies = name.startswith("stretch") and _uses_lookup(shape.query.where, self._tables)
            made[key] = shaped(build(shape.query), self._session.dialect, shape, varies=varies)
        found = made[key]
        if found is None:
            return None
        values = {**self._given, **(more or {}), **found.values(shape)}
        return Question([(found.statement, values)], itemgetter(0))

    def _total(self, query: Query) -> Select[Any]:
        if self._is_kept(query.where):
            total = self._kept.of(query.where)
            if total is not None:
                return select(total)
        return select(func.count()).select_from(self._main).where(*self._conditions(query.where))

    def _are_all_many(self, where: Condition | None) -> bool:
        """Whether each attribute that is compared leaves so many documents that reading them takes long."""
        if not self._is_kept(where) or len(parts := _by_attribute(where)) < 2:
            return False
        kept = [self._kept.of(part) for part in parts]
        totals = [total for total in kept if total is not None]
        if len(totals) < len(parts):
            return False
        least: int = min(self._session.connection.execute(select(*totals), self._given).one())
        return least > COLLECTED_MAX

    def _common(self, where: Condition | None) -> Select[Any]:
        """How many rows several indexes have in common, without a look at the rows."""
        first, *others = _by_attribute(where)
        conditions = self._conditions(first)
        for part in others:
            apart = replace(self._tables, main=as_type(Table, self._main.alias()))
            found = Finder(self._session, "", "", apart, self._sql)._conditions(part)
            conditions.append(self._main.c.position.in_(select(apart.main.c.position).where(*found)))
        return select(func.count()).select_from(self._main).where(*conditions)

    def _ids(self, query: Query) -> Select[Any]:
        found = select(self._main.c.id).where(*self._conditions(query.where))
        return found.order_by(self._main.c.position).limit(given("taken", BigInteger()))

    def _collected(self, are_few: bool, query: Query) -> Select[Any]:
        """All that match, and of these the page."""
        order = self._order(query.sort)
        places = [order.beyond(query.after)] if query.after is not None else []
        places += [order.beyond(query.before, backwards=True)] if query.before is not None else []
        # Rows that were read for their order are found again by where they lie; that is unique in one table only.
        is_read = bool(order.labelled) and not self._tables.resource.monthly
        keys = [*self._keys(order, query.where), *([self._address.label("address")] if is_read else [])]
        hits = self._filters.positions(query.where) if are_few and query.where is not None else None
        if hits is None:
            found = select(*keys).where(*self._conditions(query.where), *places)
        else:
            # One row after the other, by its position: OFFSET keeps PostgreSQL from reading all rows to join them.
            hit = hits.distinct().subquery("hit")
            own = [*self._of_tenant(query.where), self._main.c.position == hit.c.position, *places]
            row = select(*keys).where(*own).offset(literal_column("0")).lateral("row")
            found = select(row).select_from(hit)
        collected = found.cte("collected").prefix_with("MATERIALIZED")
        matching = select(*collected.c).order_by(*order.clauses(collected.c, _is_backwards(query)))
        return self._fetched(_cut(matching, query, shown=unseen), order, query.where)

    def _walked(self, query: Query, shape: Shape | None, order: Order) -> Sequence[Any]:
        """The page as an index leads to it, stretch after stretch until it is full."""
        found: list[Any] = []
        offset, is_backwards = query.offset, _is_backwards(query)
        for place in range(order.stretch_count):
            stretch, taken = partial(self._stretch, place), None if query.limit is None else query.limit - len(found)
            limit, more = _planned(taken), {"taken": taken, "skipped": offset}
            part = self._rows(f"stretch {place} {limit}", query, shape, partial(self._of_stretch, stretch, limit), more)
            found = [*part, *found] if is_backwards else [*found, *part]
            if len(found) == query.limit:
                break
            if offset:
                count = partial(self._stretch_count, stretch)
                offset = 0 if part else offset - self._rows(f"count {place}", query, shape, count)[0][0]
        return found

    def _stretch(self, place: int, query: Query) -> Stretch:
        order = self._order(query.sort)
        return order.stretches(query.after, query.before, _is_backwards(query))[place]

    def _of_stretch(self, stretch: Callable[[Query], Stretch], limit: int | None, query: Query) -> Select[Any]:
        order, part = self._order(query.sort), stretch(query)
        matching = select(*self._keys(order, query.where)).where(*self._conditions(query.where), *part.conditions)
        return self._fetched(_cut(matching.order_by(*part.clauses), query, limit), order, query.where)

    def _stretch_count(self, stretch: Callable[[Query], Stretch], query: Query) -> Select[Any]:
        conditions = *self._conditions(query.where), *stretch(query).conditions
        return select(func.count()).select_from(self._main).where(*conditions)

    def _fetched(self, keys: Select[Any], order: Order, where: Condition | None) -> Select[Any]:
        """The rows of a page. Documents are fetched for these only, never for rows that are skipped."""
        page = keys.subquery("page")
        if "address" in page.c:
            same = [self._address == page.c.address]
        else:
            found_by = [self._main.c.position] if self._is_of_latest(where) else self._named
            same = [*(column == page.c[column.name] for column in found_by), *self._of_tenant(where)]
        return (
            select(*row_columns(self._tables, self._is_postgresql), *(page.c[str(each.key)] for each in order.labelled))
            .select_from(self._main.join(page, and_(*same)))
            .order_by(*order.clauses(page.c))
        )

    def _keys(self, order: Order, where: Condition | None) -> list[ColumnElement[Any]]:
        """What rows are found by, and the order's columns.

        An index has the position of latest versions by itself, so that rows that are skipped are not looked at.
        """
        found = [self._main.c.position] if self._is_of_latest(where) else [self._main.c.position, *self._named]
        return [*found, *order.labelled]

    def _order(self, sort: tuple[SortKey, ...]) -> Order:
        orders: dict[tuple[SortKey, ...], Order] = self._main.info.setdefault("orders", {})
        if sort not in orders:
            if len(orders) >= SHAPES_MAX:
                orders.clear()
            orders[sort] = order_of(sort, self._tables, self._sql)
        return orders[sort]

    def _conditions(self, where: Condition | None) -> list[Any]:
        conditions: list[Any] = self._of_tenant(where)
        if where is not None:
            conditions.append(self._filters.where(where))
        return conditions

    @property
    def _filters(self) -> Filters:
        return Filters(self._tables, self._sql, given("tenant", TEXT), given("parent", TEXT))

    def _of_tenant(self, where: Condition | None) -> list[Any]:
        """All that the condition is asked of."""
        own = [self._main.c.tenant == given("tenant", TEXT), self._main.c.parent == given("parent", TEXT)]
        return [*own, self._main.c.is_latest == true()] if self._is_of_latest(where) else own

    @property
    def _kept(self) -> KeptCounts:
        return KeptCounts(self._tables, given("tenant", TEXT), given("parent", TEXT))

    def _is_kept(self, where: Condition | None) -> bool:
        """Whether it may be kept how many there are: of the latest versions it is."""
        return self._is_postgresql and self._is_of_latest(where)

    @property
    def _address(self) -> ColumnElement[Any]:
        """Where PostgreSQL has a row, as long as a statement lasts."""
        return literal_column(f"{self._main.name}.ctid")

    @property
    def _named(self) -> list[ColumnElement[Any]]:
        return [self._main.c.id, self._main.c.version]

    def _is_of_latest(self, where: Condition | None) -> bool:
        return not (self._tables.resource.versioned and _names_version(where))


def _planned(taken: int | None) -> int | None:
    """The limit that is written into a statement: PostgreSQL plans it once where it knows how few rows are taken.

    It plans others each time, or as if a tenth of all were wanted.
    """
    return taken if taken in _USUAL_LIMITS else None


def _cut(
    matching: Select[Any], query: Query, limit: int | None = None, shown: Callable[[Any], Any] = lambda value: value
) -> Select[Any]:
    if limit is not None:
        matching = matching.limit(literal_column(str(limit)))
    elif query.limit is not None:
        matching = matching.limit(shown(given("taken", BigInteger())))
    elif query.offset:  # SQLite knows no OFFSET without a limit
        matching = matching.limit(_EVERYTHING)
    return matching.offset(shown(given("skipped", BigInteger()))) if query.offset else matching


def _is_backwards(query: Query) -> bool:
    return query.before is not None and query.after is None


def _uses_lookup(condition: Condition | None, tables: ResourceTables) -> bool:
    return any(
        steps[: len(part.path.steps)] == part.path.steps for part in _parts(condition) for steps in tables.looked_up
    )


def _by_attribute(condition: Condition | None) -> list[Condition]:
    """The parts that must all hold, one for each attribute; nothing for what is not made of comparisons."""
    found: dict[tuple[str, ...], list[Condition]] = {}
    waiting = [condition]
    while waiting:
        part = waiting.pop()
        if isinstance(part, AllOf):
            waiting += part.parts
        elif isinstance(part, Compare):
            found.setdefault(part.path.steps, []).append(part)
        else:
            return []
    return [parts[0] if len(parts) == 1 else AllOf(tuple(parts)) for parts in found.values()]


def _compares_instants(condition: Condition | None) -> bool:
    return any(
        isinstance(part, AnyElement) or (isinstance(part, Compare) and part.path.kind is Kind.INSTANT)
        for part in _parts(condition)
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
