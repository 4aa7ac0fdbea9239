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
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, distinct, func, literal_column, select

from common.store import bulk
from common.store.description import Of, RecordTable
from common.store.record_statements import Among, Between, Key, Lock, RecordStatements, Row
from common.store.session import Session
from common.store.statements import Outcome, Question
from common.store.tables import TEXT

__all__ = ["Between", "Day", "Key", "Records", "Row", "Summed"]

# Rows in one statement: SQLite takes 32,766 variables.
_ROWS_AT_ONCE = 500
_DAY_CHARACTERS = len("2026-01-31")


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

    def __init__(self, session: Session, tenant: str, described: RecordTable, table: Table) -> None:
        self._session, self._tenant = session, tenant
        self._described, self._table = described, table
        self._statements = RecordStatements.of(described, table, session.dialect)

    @property
    def _connection(self) -> Connection:
        return self._session.connection

    def insert(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """New records, with whatever is asked next.

        Errors: then; the database's, translated, when a key or something unique is there already.
        """
        self._write("error", self._filled(rows))

    def load(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """New records, many at once and now (`bulk.write`). Errors: as of `insert`."""
        listed = list(rows)
        names = ["tenant", *self._described.columns]
        columns = [[self._tenant] * len(listed), *bulk.columns_of(listed, names[1:])]
        bulk.write(self._connection, self._table, names, columns)

    def insert_new(self, rows: Iterable[Mapping[str, Any]]) -> set[Key]:
        """New records, and the keys of those that were not there: neither their key nor anything unique of theirs."""
        made: set[Key] = set()
        insertion = self._statements.insertion("left")
        for part in _parts(self._filled(rows)):
            made |= {row for row in self._session.insert(insertion, part)}
        return made

    def asking_new(self, rows: Iterable[Mapping[str, Any]]) -> Question[set[Key]]:
        """`insert_new`, to be asked together with others (`answers`)."""
        insertion = self._statements.insertion("left")
        steps = [step for part in _parts(self._filled(rows)) for step in insertion.steps(part)]
        return Question(steps, lambda outcomes: {row for outcome in outcomes for row in outcome})

    def insert_missing(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """New records where none is there, with whatever is asked next."""
        self._write("left silently", self._filled(rows))

    def put(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Records written whole, over those with their keys, with whatever is asked next."""
        last = {tuple(row[name] for name in self._described.key): row for row in self._filled(rows)}
        self._write("replaced", list(last.values()))

    def get(self, *key: Any, for_update: bool = False) -> Row | None:
        return self.get_many([key], for_update=for_update).get(key)

    def get_many(self, keys: Iterable[Key], *, for_update: bool = False) -> dict[Key, Row]:
        """The records with these keys that are there, in key order; locked in that order when they are to change."""
        return self._session.answer(self.asking_many(keys, for_update=for_update))

    def asking_many(self, keys: Iterable[Key], *, for_update: bool = False) -> Question[dict[Key, Row]]:
        """`get_many`, to be asked together with others (`UnitOfWork.answers`)."""
        return self._asking_many(keys, _lock(for_update))

    def asking_shared(self, keys: Iterable[Key]) -> Question[dict[Key, Row]]:
        """Those with these keys, which nobody changes until the end of the transaction: others may ask so, too."""
        return self._asking_many(keys, "share")

    def _asking_many(self, keys: Iterable[Key], lock: Lock) -> Question[dict[Key, Row]]:
        steps = [self._statements.keyed(self._tenant, part, lock) for part in _parts(sorted(set(keys)))]

        def read(outcomes: list[Outcome]) -> dict[Key, Row]:
            rows = [row for outcome in outcomes for row in self._named(outcome)]
            return {tuple(row[name] for name in self._described.key): row for row in rows}

        return Question(steps, read)

    def find(
        self,
        where: Mapping[str, Any],
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        after: Key | None = None,
        for_update: bool = False,
    ) -> list[Row]:
        """Records by equal values, one of several (a tuple), `Between`, `among`; by `order` and key, or after a key."""
        step = self._statements.find(self._tenant, where, order, limit, after, _lock(for_update))
        return self._named(self._session.rows(*step))

    def asking(
        self,
        where: Mapping[str, Any],
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        for_update: bool = False,
    ) -> Question[list[Row]]:
        """`find`, to be asked together with others (`UnitOfWork.answers`)."""
        step = self._statements.find(self._tenant, where, order, limit, None, _lock(for_update))
        return Question([step], lambda outcomes: self._named(outcomes[0]))

    def among(self, column: str, where: Mapping[str, Any]) -> Among:
        """What `column` is of the records that fit: something to find the records of another table by (`asking`)."""
        return Among(self._statements, column, where)

    def answers(self, *questions: Question[Any]) -> list[Any]:
        """Ask several questions at once, also of other tables of the unit; their answers in order."""
        return self._session.answers(*questions)

    def foresee(self, where: Mapping[str, Any], *, for_update: bool = False) -> None:
        """What will be asked soon: a unit of work for a group reads it now (`group.GroupRecords`)."""

    def foresee_new(self) -> None:
        """What is inserted from now on is not there: a unit of work for a group need not ask."""

    def update(self, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Change every record that fits; how many."""
        return self._session.change(*self._statements.update(self._tenant, where, values))

    def delete(self, where: Mapping[str, Any]) -> None:
        """Remove every record that fits, before whatever is asked next."""
        self._session.write([self._statements.delete(self._tenant, where)])

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

    def _write(self, conflict: str, rows: list[Row]) -> None:
        insertion = self._statements.insertion(conflict)
        for part in _parts(rows):
            self._session.write(insertion.steps(part))

    def _named(self, rows: Iterable[Sequence[Any]]) -> list[Row]:
        names = self._described.columns
        return [dict(zip(names, row, strict=True)) for row in rows]

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


def _lock(for_update: bool) -> Lock:
    return "update" if for_update else None


def _parts(rows: Sequence[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield list(rows[start : start + _ROWS_AT_ONCE])
