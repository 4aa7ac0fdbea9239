"""Records: rows with real columns that a component owns (rated usage, buckets, ledger entries), beside the documents.

A component describes its tables (`description.RecordTable`); nothing else of them is written down. Amounts and
quantities are exact on both databases: NUMERIC on PostgreSQL, decimal text on SQLite, summed there by a function of
ours. A column of numbers is therefore never sorted or ranged by.

Locks: `get_many(for_update=True)` locks in key order, so that two transactions that lock the same rows never wait for
each other. SQLite has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from common.exact_json import decode_own
from common.store.description import Of, RecordTable
from common.store.tables import TEXT

Row = dict[str, Any]
Key = tuple[Any, ...]
# Rows in one statement: SQLite takes 32,766 variables.
_ROWS_AT_ONCE = 500
_DAY_CHARACTERS = len("2026-01-31")


@dataclass(frozen=True)
class Between:
    """Values from `start` on and before `end`; None is open."""

    start: Any = None
    end: Any = None


@dataclass(frozen=True)
class Day:
    """To group by: the UTC day of an instant, as `2026-01-31`. Instants are texts that begin with it."""

    column: str


@dataclass(frozen=True)
class Summed:
    """One group of a sum: what it is grouped by, how many records (or different values), and the sum of each column."""

    group: Mapping[str, Any]
    count: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)


class Records:
    """The records of one table and tenant, in one transaction."""

    def __init__(self, connection: Connection, tenant: str, described: RecordTable, table: Table) -> None:
        self._connection, self._tenant = connection, tenant
        self._described, self._table = described, table
        self._key = tuple(table.c[name] for name in described.key)
        self._columns = [table.c[name] for name in described.columns]

    def insert(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """New records. Errors: the database's, translated, when a key or something unique is there already."""
        for part in _parts(self._filled(rows)):
            self._connection.execute(insert(self._table), part)

    def insert_new(self, rows: Iterable[Mapping[str, Any]]) -> set[Key]:
        """New records, and the keys of those that were not there: neither their key nor anything unique of theirs."""
        made: set[Key] = set()
        for part in _parts(self._filled(rows)):
            statement = self._insert().on_conflict_do_nothing().returning(*self._key)
            made |= {tuple(row) for row in self._connection.execute(statement, part)}
        return made

    def put(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Records written whole, over those with their keys."""
        others = [name for name in self._described.columns if name not in self._described.key]
        statement = self._insert()
        changed = {name: statement.excluded[name] for name in others}
        index = [self._table.c.tenant, *self._key]
        for part in _parts(self._filled(rows)):
            self._connection.execute(statement.on_conflict_do_update(index_elements=index, set_=changed), part)

    def get(self, *key: Any, for_update: bool = False) -> Row | None:
        return self.get_many([key], for_update=for_update).get(key)

    def get_many(self, keys: Iterable[Key], *, for_update: bool = False) -> dict[Key, Row]:
        """The records with these keys that are there, in key order; locked in that order when they are to change."""
        found: dict[Key, Row] = {}
        for part in _parts(sorted(set(keys))):
            is_one_of = self._key[0].in_([key[0] for key in part]) if len(self._key) == 1 else self._is_any(part)
            statement = self._select(is_one_of).order_by(*self._key)
            if for_update:
                statement = statement.with_for_update()
            found |= {tuple(row[name] for name in self._described.key): row for row in self._rows(statement)}
        return found

    def find(
        self,
        where: Mapping[str, Any],
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        after: Key | None = None,
        for_update: bool = False,
    ) -> list[Row]:
        """Records by equal values, one of several (a tuple), or `Between`; by `order` and key, or after a key."""
        statement = self._select(*self._conditions(where))
        statement = statement.order_by(*(self._table.c[name] for name in order), *self._key)
        if after is not None:
            assert not order, "a page goes on by key"
            statement = statement.where(tuple_(*self._key) > tuple_(*after))
        if limit is not None:
            statement = statement.limit(limit)
        return self._rows(statement.with_for_update() if for_update else statement)

    def update(self, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Change every record that fits; how many."""
        statement = update(self._table).where(*self._conditions(where)).values(**values)
        return self._connection.execute(statement).rowcount

    def delete(self, where: Mapping[str, Any]) -> int:
        return self._connection.execute(delete(self._table).where(*self._conditions(where))).rowcount

    def sum(
        self,
        columns: Sequence[str],
        where: Mapping[str, Any],
        by: Sequence[str | Day] = (),
        different: str | None = None,
    ) -> list[Summed]:
        """How many records there are and what their columns come to, exactly, for each group, in order.

        Shapes: with `different` the count is that of different values of a column.
        """
        groups = [self._grouped(name) for name in by]
        summed = func.sum if self._connection.dialect.name == "postgresql" else func.exact_sum
        sums = [summed(self._table.c[name]) for name in columns]
        counted = func.count() if different is None else func.count(distinct(self._table.c[different]))
        statement = select(*groups, counted, *sums).where(*self._conditions(where))
        if groups:
            statement = statement.group_by(*groups).order_by(*groups)
        found = []
        names = [name.column if isinstance(name, Day) else name for name in by]
        for row in self._connection.execute(statement):
            values = row[len(groups) + 1 :]
            exact = {
                name: Decimal(value) if value is not None else Decimal(0)
                for name, value in zip(columns, values, strict=True)
            }
            found.append(Summed(dict(zip(names, row[: len(groups)], strict=True)), row[len(groups)], exact))
        return found

    # -- the parts ----------------------------------------------------------------------------------------

    def _insert(self) -> Any:
        """Carried out with the rows beside it, so that the statement is compiled once, however many they are."""
        is_postgresql = self._connection.dialect.name == "postgresql"
        return postgresql.insert(self._table) if is_postgresql else sqlite.insert(self._table)

    def _grouped(self, name: str | Day) -> ColumnElement[Any]:
        if isinstance(name, str):
            return self._table.c[name]
        assert self._described.columns[name.column] is Of.INSTANT, "only instants have a day"
        # Written out: PostgreSQL takes two expressions with parameters for different ones.
        ends: tuple[ColumnElement[Any], ...] = literal_column("1"), literal_column(str(_DAY_CHARACTERS))
        day: ColumnElement[str] = func.substr(self._table.c[name.column], *ends, type_=TEXT)
        return day

    def _filled(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        empty: Row = dict.fromkeys(self._described.optional)
        return [{"tenant": self._tenant, **empty, **row} for row in rows]

    def _select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        return select(*self._columns).where(self._table.c.tenant == self._tenant, *conditions)

    def _texts(self, place: str, width: int, where: Mapping[str, Any]) -> Select[Any]:
        """Every column as text, and empty ones up to a width, behind the place in a list of questions."""
        columns: list[Any] = [cast(column, Text) for column in self._columns]
        columns += [cast(null(), Text)] * (width - len(columns))
        return select(literal(place, Text), *columns).where(*self._conditions(where))

    def _of_texts(self, texts: Sequence[str | None]) -> Row:
        described = self._described.columns.items()
        return {name: _value(kind, text) for (name, kind), text in zip(described, texts, strict=False)}

    def _rows(self, statement: Select[Any]) -> list[Row]:
        return [dict(row) for row in self._connection.execute(statement).mappings()]

    def _is_any(self, keys: Sequence[Key]) -> ColumnElement[bool]:
        return tuple_(*self._key).in_(keys)

    def _conditions(self, where: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [self._table.c.tenant == self._tenant]
        for name, wanted in where.items():
            column = self._table.c[name]
            if isinstance(wanted, Between):
                assert self._described.columns[name] is not Of.NUMBER, "numbers are not ranged by"
                found += [column >= wanted.start] if wanted.start is not None else []
                found += [column < wanted.end] if wanted.end is not None else []
            elif isinstance(wanted, tuple):
                found.append(column.in_(wanted))
            else:
                found.append(column.is_(None) if wanted is None else column == wanted)
        return found


def gathered(asked: Sequence[tuple[Records, Mapping[str, Any]]]) -> list[list[Row]]:
    """The records of several tables, each by its own conditions (`Records.find`), in key order: one question for all.

    For whoever holds a lock: each question is a round trip that others wait for.
    """
    width = max(len(records._columns) for records, _ in asked)
    statement = union_all(*(records._texts(str(place), width, where) for place, (records, where) in enumerate(asked)))
    found: list[list[Row]] = [[] for _ in asked]
    for place, *texts in asked[0][0]._connection.execute(statement):
        found[int(place)].append(asked[int(place)][0]._of_texts(texts))
    for rows, (records, _) in zip(found, asked, strict=True):
        rows.sort(key=lambda row, records=records: tuple(row[name] for name in records._described.key))  # type: ignore[misc]
    return found


def _value(kind: Of, text: str | None) -> Any:
    """A value from its column's text, which both databases write alike but for flags."""
    assert kind is not Of.BYTES, "bytes are no text"
    if text is None:
        return None
    match kind:
        case Of.INTEGER:
            return int(text)
        case Of.NUMBER:
            return Decimal(text)
        case Of.INSTANT:
            return datetime.fromisoformat(text)
        case Of.FLAG:
            return text in ("true", "1")
        case Of.DOCUMENT:
            return decode_own(text)
        case _:
            return text


def _parts(rows: Sequence[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield list(rows[start : start + _ROWS_AT_ONCE])
