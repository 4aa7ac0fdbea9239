"""What is to be done later: a row for each piece of work, with the instant at which it is due next.

A row is written in the transaction of what gives rise to it, and whoever carries it out reads and replaces it in
transactions of its own. A row that is not due by any instant waits until somebody wakes it.

Locks: whoever changes a resource and wakes its work holds the resource first and the row second. Carrying out a work
takes them in the same order (`Actions.hold`, then `get(for_update=True)`); the other way round two of them may wait
for each other, and PostgreSQL would refuse one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, or_, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from common.domain.clock import instant_text
from common.domain.query import Document
from common.exact_json import decode_own, encode
from common.store.session import Session
from common.store.shares import SHARES
from common.store.statements import DialectName, Statement, compiled, given
from common.store.tables import TEXT, WORK

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One piece of work as it is now; `revision` grows with every change."""

    key: str
    due: datetime | None
    doc: Document
    revision: int


@dataclass(frozen=True, slots=True)
class Due:
    """A piece of work as whoever carries it out sees it. `failures` counts the occasions that failed in a row."""

    kind: str
    key: str
    due: datetime | None
    revision: int
    failures: int


class WorkTable:
    """The work of one kind and tenant; changes are seen by others when the unit of work commits."""

    def __init__(self, session: Session, tenant: str, kind: str) -> None:
        self._session, self._tenant, self._kind = session, tenant, kind

    def get(self, key: str, *, for_update: bool = False) -> WorkRow | None:
        """One row. `for_update` keeps others from changing and waking it until the transaction ends."""
        rows = self._session.rows(_row(self._session.dialect, for_update), self._named(key))
        return next((WorkRow(key, _moment(due), decode_own(doc), revision) for due, doc, revision in rows), None)

    def put(self, key: str, due: datetime | None, doc: Mapping[str, Any]) -> None:
        """Write a row, or replace it whole, with whatever is asked next or the commit.

        A wake since it was read is lost: read it for update first.
        """
        self._upsert(key, due, doc, replaces=True)

    def wake(self, key: str, at: datetime) -> None:
        """Make it due at an instant at the latest; a row without anything in it when there is none."""
        self._upsert(key, at, {}, replaces=False)

    def remove(self, key: str) -> None:
        self._session.write([(_removal(self._session.dialect), self._named(key))])

    def _upsert(self, key: str, due: datetime | None, doc: Mapping[str, Any], *, replaces: bool) -> None:
        values = {"due": None if due is None else instant_text(due), "doc": encode(doc).decode()}
        row = {**self._named(key), "revision": 1, "failures": 0, **values}
        self._session.write([(_upsertion(self._session.dialect, replaces), row)])

    def _named(self, key: str) -> dict[str, Any]:
        return {"tenant": self._tenant, "kind": self._kind, "key": key}


def _is() -> tuple[ColumnElement[bool], ...]:
    return tuple(WORK.c[name] == given(name, TEXT) for name in ("tenant", "kind", "key"))


@cache
def _row(dialect: DialectName, for_update: bool) -> Statement:
    statement = select(WORK.c.due, WORK.c.doc, WORK.c.revision).where(*_is())
    return compiled(statement.with_for_update() if for_update else statement, dialect, locks=for_update)


@cache
def _removal(dialect: DialectName) -> Statement:
    return compiled(delete(WORK).where(*_is()), dialect)


@cache
def _upsertion(dialect: DialectName, replaces: bool) -> Statement:
    """Insert; of a row that is there replace everything, or only the due of one that is due later or never."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement: Any = insert(WORK).values({column.name: given(column.name, column.type) for column in WORK.c})
    changed = {"due": statement.excluded.due, "revision": WORK.c.revision + 1}
    if replaces:
        changed["doc"] = statement.excluded.doc
    later = None if replaces else or_(WORK.c.due.is_(None), WORK.c.due > statement.excluded.due)
    index = [WORK.c.tenant, WORK.c.kind, WORK.c.key]
    return compiled(statement.on_conflict_do_update(index_elements=index, set_=changed, where=later).inline(), dialect)


class Agenda:
    """The work of every kind of one tenant, for whoever carries it out."""

    def __init__(self, session: Session, tenant: str) -> None:
        self._session, self._tenant = session, tenant

    @property
    def _connection(self) -> Connection:
        """With whatever was written before it is asked."""
        return self._session.connection

    def due(self, now: datetime, limit: int, wanted: Mapping[str, Collection[int]] | None = None) -> list[Due]:
        """What is due by now: the first so many by instant, kind and key.

        Shapes: `wanted` has the kinds that are asked for, each with the shares of its keys (`shares.share_of`); None:
                every kind and share.
        """
        if wanted is None:
            statement = self._due(now, limit)
        elif len(wanted) == 1:
            ((kind, shares),) = wanted.items()
            statement = self._due(now, limit, kind, shares)
        elif not wanted:
            return []
        else:
            # One kind after another, each by its index: a heap of one kind is not walked through for another.
            each = [select(self._due(now, limit, kind, shares).subquery()) for kind, shares in wanted.items()]
            found = union_all(*each).subquery()
            statement = select(found).order_by(found.c.due, found.c.kind, found.c.key).limit(limit)
        rows = self._connection.execute(statement)
        return [Due(r.kind, r.key, _moment(r.due), r.revision, r.failures) for r in rows]

    def _due(
        self, now: datetime, limit: int, kind: str | None = None, shares: Collection[int] = range(SHARES)
    ) -> Select[Any]:
        columns = WORK.c
        statement = select(columns.kind, columns.key, columns.due, columns.revision, columns.failures).where(
            columns.tenant == self._tenant, columns.due <= instant_text(now)
        )
        if kind is not None:
            statement = statement.where(columns.kind == kind)
        if len(shares) < SHARES:  # PostgreSQL: on SQLite one process has all of a role or none
            first = func.get_byte(func.sha256(func.convert_to(columns.key, "UTF8")), 0)
            statement = statement.where((first % SHARES).in_(shares))
        return statement.order_by(columns.due, columns.kind, columns.key).limit(limit)

    def next_due(self) -> datetime | None:
        """The earliest instant at which anything is due, past or future."""
        return _moment(self._connection.scalar(select(func.min(WORK.c.due)).where(WORK.c.tenant == self._tenant)))

    def get(self, kind: str, key: str, *, for_update: bool = False) -> Due | None:
        """One row, due or not. `for_update` keeps others from changing it until the transaction ends."""
        columns = WORK.c
        statement = select(columns.due, columns.revision, columns.failures).where(*self._is(kind, key))
        if for_update:
            statement = statement.with_for_update()
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else Due(kind, key, _moment(row.due), row.revision, row.failures)

    def late(self, before: datetime, failures: int) -> Iterator[Due]:
        """What was due before an instant, or has failed so often or more in a row, by kind and key."""
        columns = WORK.c
        is_late = or_(columns.due < instant_text(before), columns.failures >= failures)
        statement = (
            select(columns.kind, columns.key, columns.due, columns.revision, columns.failures)
            .where(columns.tenant == self._tenant, is_late)
            .order_by(columns.kind, columns.key)
        )
        for r in self._connection.execute(statement, execution_options={"yield_per": _ROWS_AT_ONCE}):
            yield Due(r.kind, r.key, _moment(r.due), r.revision, r.failures)

    def postpone(self, kind: str, key: str, until: datetime) -> None:
        """One occasion more failed: it is due again at this instant."""
        columns = WORK.c
        counted = {"revision": columns.revision + 1, "failures": columns.failures + 1}
        self._connection.execute(update(WORK).where(*self._is(kind, key)).values(due=instant_text(until), **counted))

    def forgive(self, kind: str, key: str) -> None:
        """An occasion went well: earlier failures count no more."""
        self._connection.execute(update(WORK).where(*self._is(kind, key), WORK.c.failures > 0).values(failures=0))

    def _is(self, kind: str, key: str) -> tuple[ColumnElement[bool], ...]:
        return WORK.c.tenant == self._tenant, WORK.c.kind == kind, WORK.c.key == key


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
