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
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, or_, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite

from common.domain.clock import instant_text
from common.domain.query import Document
from common.exact_json import decode_own, encode
from common.store.shares import SHARES
from common.store.tables import WORK

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

    def __init__(self, connection: Connection, tenant: str, kind: str) -> None:
        self._connection, self._tenant, self._kind = connection, tenant, kind

    def get(self, key: str, *, for_update: bool = False) -> WorkRow | None:
        """One row. `for_update` keeps others from changing and waking it until the transaction ends."""
        columns = WORK.c
        statement = select(columns.due, columns.doc, columns.revision).where(*self._is(key))
        if for_update:
            statement = statement.with_for_update()  # SQLite has one writer at a time and no such clause
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else WorkRow(key, _moment(row.due), decode_own(row.doc), row.revision)

    def put(self, key: str, due: datetime | None, doc: Mapping[str, Any]) -> None:
        """Write a row, or replace it whole. A wake since it was read is lost: read it for update first."""
        self._upsert(key, due, doc, replaces=None)

    def wake(self, key: str, at: datetime) -> None:
        """Make it due at an instant at the latest; a row without anything in it when there is none."""
        later = or_(WORK.c.due.is_(None), WORK.c.due > instant_text(at))
        self._upsert(key, at, {}, replaces=later)

    def remove(self, key: str) -> None:
        self._connection.execute(delete(WORK).where(*self._is(key)))

    def _upsert(
        self, key: str, due: datetime | None, doc: Mapping[str, Any], replaces: ColumnElement[bool] | None
    ) -> None:
        """Insert; of a row that is there replace everything, or only the due of one that `replaces` is true of."""
        values = {
            **{"tenant": self._tenant, "kind": self._kind, "key": key, "revision": 1, "failures": 0},
            **{"due": None if due is None else instant_text(due), "doc": encode(doc).decode()},
        }
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(WORK).values(values)
        changed = {"due": statement.excluded.due, "revision": WORK.c.revision + 1}
        if replaces is None:
            changed["doc"] = statement.excluded.doc
        index = [WORK.c.tenant, WORK.c.kind, WORK.c.key]
        self._connection.execute(statement.on_conflict_do_update(index_elements=index, set_=changed, where=replaces))

    def _is(self, key: str) -> tuple[ColumnElement[bool], ...]:
        return WORK.c.tenant == self._tenant, WORK.c.kind == self._kind, WORK.c.key == key


class Agenda:
    """The work of every kind of one tenant, for whoever carries it out."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self._connection, self._tenant = connection, tenant

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
        for r in self._connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement):
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
