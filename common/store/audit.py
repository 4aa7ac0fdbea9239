"""Questions about whole tables, for whoever checks that what is kept agrees: what lacks its counterpart, what is there
twice, what sums come to. Answers come in order and as they are read, so that a large store does not fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, exists, func, select, true

from common.store import counts
from common.store.description import RecordTable
from common.store.records import Between, Summed
from common.store.session import Session
from common.store.tables import ResourceTables

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Values:
    """A column of some rows: `table` is a record table or what a resource is stored as, `column` a column of the one
    or an indexed attribute of the other. Rows without a value are left out.
    """

    table: str
    column: str
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Miscounted:
    """A kept count: of which resource, below which parent, of which value of which attribute."""

    resource: str
    parent: str
    path: str
    value: str
    kept: int
    counted: int


class Audit:
    """One tenant's tables, in one transaction."""

    def __init__(
        self,
        session: Session,
        tenant: str,
        resources: Mapping[str, ResourceTables],
        records: Mapping[str, tuple[RecordTable, Table]],
    ) -> None:
        self._session, self._tenant = session, tenant
        self._resources, self._records = resources, records

    def miscounted(self) -> Iterator[Miscounted]:
        """The kept counts that are not what counting finds (PostgreSQL; elsewhere none are kept)."""
        if self._connection.dialect.name != "postgresql":
            return
        for tables in self._resources.values():
            if counts.kept(tables):
                for wrong in counts.wrong(self._connection, tables, self._tenant):
                    yield Miscounted(tables.resource.resource, *wrong)

    def missing(self, one: Values, other: Values) -> Iterator[Any]:
        """The values of `one` that `other` does not have, each once, in order."""
        column, counterpart = self._column(one.table, one.column), self._column(other.table, other.column)
        is_there = exists().where(counterpart == column, *self._conditions(other.table, other.where))
        statement = (
            select(column)
            .where(column.is_not(None), ~is_there, *self._conditions(one.table, one.where))
            .distinct()
            .order_by(column)
        )
        for row in self._rows(statement):
            yield row[0]

    def sums(
        self, table: str, columns: Sequence[str], by: Sequence[str], where: Mapping[str, Any] | None = None
    ) -> Iterator[Summed]:
        """How many rows each group has and what their numbers come to, exactly, in the order of the groups."""
        groups = [self._column(table, name) for name in by]
        summed = func.sum if self._connection.dialect.name == "postgresql" else func.exact_sum
        sums = [summed(self._column(table, name)) for name in columns]
        statement = (
            select(*groups, func.count(), *sums)
            .where(*self._conditions(table, where or {}))
            .group_by(*groups)
            .order_by(*groups)
        )
        for row in self._rows(statement):
            group, count, values = row[: len(by)], row[len(by)], row[len(by) + 1 :]
            exact = [Decimal(0) if value is None else Decimal(value) for value in values]
            yield Summed(dict(zip(by, group, strict=True)), count, dict(zip(columns, exact, strict=True)))

    def repeated(self, table: str, by: Sequence[str], where: Mapping[str, Any] | None = None) -> Iterator[Summed]:
        """The groups that have more than one row, in their order."""
        groups = [self._column(table, name) for name in by]
        statement = (
            select(*groups, func.count())
            .where(*self._conditions(table, where or {}))
            .group_by(*groups)
            .having(func.count() > 1)
            .order_by(*groups)
        )
        for row in self._rows(statement):
            yield Summed(dict(zip(by, row[:-1], strict=True)), row[-1])

    def rows(
        self, table: str, columns: Sequence[str], order: Sequence[str], where: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Some columns of the rows, in order."""
        chosen = [self._column(table, name) for name in columns]
        statement = (
            select(*chosen)
            .where(*self._conditions(table, where or {}))
            .order_by(*(self._column(table, name) for name in order))
        )
        for row in self._rows(statement):
            yield dict(zip(columns, row, strict=True))

    # -- the parts ----------------------------------------------------------------------------------------------------

    @property
    def _connection(self) -> Connection:
        """With whatever was written before it is asked."""
        return self._session.connection

    def _rows(self, statement: Any) -> Iterator[Any]:
        # For this statement alone: an option of the connection would stay with whatever is asked after it.
        return iter(self._connection.execute(statement, execution_options={"yield_per": _ROWS_AT_ONCE}))

    def _column(self, table: str, name: str) -> Column[Any]:
        if table in self._records:
            return self._records[table][1].c[name]
        tables = self._resources[table]
        index = tables.promoted.get(tuple(name.split(".")))
        return tables.main.c[name] if index is None else tables.column(index)

    def _conditions(self, table: str, where: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        is_record = table in self._records
        main = self._records[table][1] if is_record else self._resources[table].main
        found: list[ColumnElement[bool]] = [main.c.tenant == self._tenant]
        if not is_record:
            found.append(main.c.is_latest == true())
        for name, wanted in where.items():
            column = self._column(table, name)
            if isinstance(wanted, Between):
                found += [column >= wanted.start] if wanted.start is not None else []
                found += [column < wanted.end] if wanted.end is not None else []
            elif isinstance(wanted, tuple):
                found.append(column.in_(wanted))
            else:
                found.append(column.is_(None) if wanted is None else column == wanted)
        return found
