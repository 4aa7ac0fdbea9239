"""A unit of work for many things at once: what is asked is read ahead in sets, what is written goes out in sets.

Rules and offers of components are called for one thing after another, as in any unit of work. Here `foresee` reads what
they will ask, for all of them; what they write stays in memory until `flush`, and whatever they ask in between is
answered with it. A question that nobody foresaw is asked of the database, behind the writes to its table. So the same
code bills one account in a request and fifty in a run.

What is inserted without being foreseen is taken to be new. Where it is not, `flush` finds out, and the transaction is
to be given up (Clash): whoever works on a group does it again one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import literal_column, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from common.domain.clock import instant_text
from common.domain.query import Condition, Document, Query
from common.errors import IdTaken, RevisionConflict, Unavailable
from common.store.finding import row_columns
from common.store.records import Between, Day, Key, Records, Summed
from common.store.records import Row as Record
from common.store.repository import Found, Repository, Row
from common.store.repository import _new_row as new_row
from common.store.statements import DialectName, Insertion, Question, given
from common.store.tables import WORK
from common.store.unit_of_work import UnitOfWork
from common.store.work import WorkTable

_NOTHING: Any = object()


class Clash(Unavailable):
    """Something of a group was there already; nothing of the group is kept."""

    code, reason = "store.clash", "Others were in the way"


class GroupUnit(UnitOfWork):
    """A unit of work that reads ahead and writes behind. Changes are in the database from `flush` on."""

    _groups: dict[str, GroupRecords]
    _works: dict[str, GroupWork]

    @classmethod
    def of(cls, unit: UnitOfWork) -> GroupUnit:
        """A unit of work that has done nothing yet, as one for a group."""
        made = cls.__new__(cls)
        made.__dict__.update(unit.__dict__)
        made._groups, made._works = {}, {}
        return made

    def repository(self, name: str, parent: str = "") -> GroupRepository:
        """The documents of a resource; `foresee` reads those that will be asked for."""
        found = self._repositories.get((name, parent))
        if found is None:
            found = GroupRepository(self.session, self.tenant, self._tables[name], self._sql, parent)
            self._repositories[name, parent] = found
        assert isinstance(found, GroupRepository), "a group has repositories of its own"
        return found

    def records(self, name: str) -> GroupRecords:
        """The records of a component's table; the same ones each time."""
        if name not in self._groups:
            self._groups[name] = GroupRecords(self.session, self.tenant, *self._records[name])
        return self._groups[name]

    def work(self, kind: str) -> GroupWork:
        """What of one kind is to be done later."""
        if kind not in self._works:
            self._works[kind] = GroupWork(self.session, self.tenant, kind)
        return self._works[kind]

    def flush(self) -> None:
        """Write what there is until now: documents, records, works. Errors: Clash."""
        try:
            for repository in self._repositories.values():
                assert isinstance(repository, GroupRepository), "a group has repositories of its own"
                repository.flush()
            for table in self._groups.values():
                table.flush()
            for work in self._works.values():
                work.flush()
        except IntegrityError as error:
            raise Clash("what is written of a group is there already; do it again one by one") from error

    def commit(self) -> None:
        self.flush()
        super().commit()


# -- records ----------------------------------------------------------------------------------------------------------


@dataclass
class _Ahead:
    """Every record that has one of some values in a column, and what else `rest` says."""

    column: str
    values: frozenset[Any]
    rest: Mapping[str, Any]
    found: dict[Any, dict[Key, Record]] = field(default_factory=dict)

    def has(self, row: Record) -> bool:
        return row[self.column] in self.values and all(_fits(row[name], one) for name, one in self.rest.items())


class GroupRecords(Records):
    """The records of one table, in a group."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._names = self._described.key
        self._key = itemgetter(*self._names)
        self._known: dict[Key, Record | None] = {}
        self._locked: set[Key] = set()
        self._ahead: list[_Ahead] = []
        self._new: dict[Key, Record] = {}
        self._changed: dict[Key, Record] = {}
        self._is_new = False
        # Keys that somebody was found to have inserted.
        self._there: set[Key] = set()

    # -- ahead --------------------------------------------------------------------------------------------

    def foresee(self, where: Mapping[str, Any], *, for_update: bool = False) -> None:
        """Read what will be asked for.

        Shapes: the first condition is a tuple of values, of which each question has some.
        """
        self.flush()
        (column, values), *rest = where.items()
        rows = super().find(where, for_update=for_update)
        ahead = _Ahead(column, frozenset(values), dict(rest))
        self._ahead.append(ahead)
        for row in rows:
            self._know(row, is_locked=for_update)

    def foresee_new(self) -> None:
        """What is inserted from now on is not there."""
        self._is_new = True

    # -- asked --------------------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[Key], *, for_update: bool = False) -> dict[Key, Record]:
        wanted = sorted(set(keys))
        missing = [key for key in wanted if self._is_unknown(key, for_update=for_update)]
        if missing:
            self.flush()
            found = super().get_many(missing, for_update=for_update)
            for key in missing:
                self._forget(key)
                self._known[key] = None
            for row in found.values():
                self._know(row, is_locked=for_update)
        return {key: dict(known) for key in wanted if (known := self._known.get(key)) is not None}

    def asking_many(self, keys: Iterable[Key], *, for_update: bool = False) -> Question[dict[Key, Record]]:
        self.flush()
        return super().asking_many(keys, for_update=for_update)

    def asking(
        self,
        where: Mapping[str, Any],
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        for_update: bool = False,
    ) -> Question[list[Record]]:
        self.flush()
        return super().asking(where, order=order, limit=limit, for_update=for_update)

    def find(
        self,
        where: Mapping[str, Any],
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        after: Key | None = None,
        for_update: bool = False,
    ) -> list[Record]:
        ahead = self._foreseen(where) if after is None else None
        if ahead is None:
            self.flush()
            return super().find(where, order=order, limit=limit, after=after, for_update=for_update)
        asked = where[ahead.column]
        others = [(name, one) for name, one in where.items() if name != ahead.column]
        rows = [
            row
            for value in (asked if isinstance(asked, tuple) else (asked,))
            for row in ahead.found.get(value, {}).values()
            if all(_fits(row[name], one) for name, one in others)
        ]
        if for_update and not self._locked.issuperset(map(self._key_of, rows)):
            self.flush()
            return super().find(where, order=order, limit=limit, for_update=True)
        if len(rows) > 1:
            rows.sort(key=lambda row: tuple(_sortable(row[name]) for name in (*order, *self._names)))
        return [dict(row) for row in rows[:limit]]

    def sum(
        self,
        columns: Sequence[str],
        where: Mapping[str, Any],
        by: Sequence[str | Day] = (),
        different: str | None = None,
    ) -> list[Summed]:
        names = [name for name in by if isinstance(name, str)]
        if columns or different is not None or len(names) < len(by) or self._foreseen(where) is None:
            self.flush()
            return super().sum(columns, where, by, different)
        counts = Counter(tuple(row[name] for name in names) for row in self.find(where))
        return [Summed(dict(zip(names, group, strict=True)), count) for group, count in sorted(counts.items())]

    # -- written ------------------------------------------------------------------------------------------

    def insert(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in self._filled(rows):
            del row["tenant"]
            key = self._key_of(row)
            if key in self._new:
                raise Clash("a record of a group is there already; do it again one by one")
            self._new[key] = row
            self._know(row, is_locked=True)

    def load(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.flush()
        self._forget_all()
        super().load(rows)

    def insert_missing(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.flush()
        self._forget_all()
        super().insert_missing(rows)

    def insert_new(self, rows: Iterable[Mapping[str, Any]]) -> set[Key]:
        made: set[Key] = set()
        for row in rows:
            key = self._key_of(row)
            if self._known.get(key) is not None:
                continue
            if self._is_new or self._covered(key):
                self.insert([row])
                made.add(key)
                continue
            if key in self._there:
                continue
            self.flush()
            if super().insert_new([row]):
                self._know({**dict.fromkeys(self._described.optional), **row}, is_locked=True)
                made.add(key)
            self._there.add(key)
        return made

    def put(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in self._filled(rows):
            del row["tenant"]
            key = self._key_of(row)
            (self._new if key in self._new else self._changed)[key] = row
            self._know(row, is_locked=True)

    def update(self, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        key = tuple(where.get(name, _NOTHING) for name in self._names)
        # Of one that others may change meanwhile, no more is written than is said.
        if len(where) == len(key) and not self._is_unknown(key, for_update=True):
            known = self._known.get(key)
            if known is not None:
                self.put([{**known, **values}])
            return int(known is not None)
        self.flush()
        self._forget_all()
        return super().update(where, values)

    def delete(self, where: Mapping[str, Any]) -> None:
        self.flush()
        self._forget_all()
        super().delete(where)

    def flush(self) -> None:
        """Write what waits."""
        new, self._new = self._new, {}
        changed, self._changed = self._changed, {}
        if new:
            super().insert(new.values())
        if changed:
            super().put(changed.values())

    # -- the parts ----------------------------------------------------------------------------------------

    def _key_of(self, row: Mapping[str, Any]) -> Key:
        key = self._key(row)
        return key if len(self._names) > 1 else (key,)

    def _know(self, row: Record, *, is_locked: bool) -> None:
        key = self._key_of(row)
        self._forget(key)
        self._known[key] = row
        if is_locked:
            self._locked.add(key)
        for ahead in self._ahead:
            if ahead.has(row):
                ahead.found.setdefault(row[ahead.column], {})[key] = row

    def _forget(self, key: Key) -> None:
        """The record as it was is not answered any more."""
        row = self._known.pop(key, None)
        if row is not None:
            for ahead in self._ahead:
                ahead.found.get(row[ahead.column], {}).pop(key, None)

    def _forget_all(self) -> None:
        self._known.clear()
        self._locked.clear()
        self._ahead.clear()

    def _is_unknown(self, key: Key, *, for_update: bool) -> bool:
        if key not in self._known:
            return not self._covered(key)
        return for_update and self._known[key] is not None and key not in self._locked

    def _covered(self, key: Key) -> bool:
        """Whether a record with this key would have been read."""
        return any(
            not ahead.rest and ahead.column in self._names and key[self._names.index(ahead.column)] in ahead.values
            for ahead in self._ahead
        )

    def _foreseen(self, where: Mapping[str, Any]) -> _Ahead | None:
        for ahead in self._ahead:
            asked = where.get(ahead.column, _NOTHING)
            values = asked if isinstance(asked, tuple) else (asked,)
            if ahead.values.issuperset(values) and all(
                _implies(where.get(name, _NOTHING), one) for name, one in ahead.rest.items()
            ):
                return ahead
        return None


def _implies(asked: Any, read: Any) -> bool:
    """Whether what is asked is among what was read."""
    if isinstance(read, Between) and isinstance(asked, Between):
        is_after = read.start is None or (asked.start is not None and asked.start >= read.start)
        return is_after and (read.end is None or (asked.end is not None and asked.end <= read.end))
    return bool(asked == read)


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Between):
        is_after = wanted.start is None or (value is not None and value >= wanted.start)
        return is_after and (wanted.end is None or (value is not None and value < wanted.end))
    return bool(value in wanted) if isinstance(wanted, tuple) else bool(value == wanted)


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value


# -- documents --------------------------------------------------------------------------------------------------------


class _KnownRow(Row):
    """A row whose document is read once."""

    def __init__(self, row: Row, document: Document | None = None) -> None:
        for name in Row.__slots__:
            object.__setattr__(self, name, getattr(row, name))
        object.__setattr__(self, "_document", document)

    def document(self) -> Document:
        if self._document is None:  # type: ignore[attr-defined]
            object.__setattr__(self, "_document", super().document())
        return dict(self._document)  # type: ignore[attr-defined]


class GroupRepository(Repository):
    """The documents of one resource, in a group. Those that are read are not changed in place."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._known: dict[str, Row | None] = {}
        self._locked: set[str] = set()
        self._new: dict[str, tuple[Row, Document]] = {}
        self._changed: dict[str, tuple[Row, Row, Document]] = {}

    def foresee(self, ids: Iterable[str], *, for_update: bool = False, skips_locked: bool = False) -> set[str]:
        """Read documents that will be asked for, by id; those that are here, and that nobody else holds."""
        wanted = sorted(set(ids) - (self._locked if for_update else self._known.keys()))
        found: set[str] = set()
        for row in self._read(wanted, for_update=for_update, skips_locked=skips_locked):
            found.add(row.id)
            self._known[row.id] = row
            if for_update:
                self._locked.add(row.id)
        if not skips_locked:
            for id in wanted:
                self._known.setdefault(id, None)
        return found

    def get(self, id: str, version: str | None = None, *, for_update: bool = False) -> Row | None:
        if version is not None or self._tables.resource.versioned:
            self.flush()
            return super().get(id, version, for_update=for_update)
        if id not in (self._locked if for_update else self._known):
            found = super().get(id, for_update=for_update)
            self._known[id] = None if found is None else _KnownRow(found)
            if found is not None and for_update:
                self._locked.add(id)
        return self._known.get(id)

    def amend(self, id: str, changes: Mapping[str, Any], now: datetime) -> bool:
        """Never: what is known of documents here is whole."""
        return False

    def get_many(self, ids: Collection[str]) -> dict[str, Row]:
        missing = [id for id in ids if id not in self._known]
        if missing:
            for row in super().get_many(missing).values():
                self._known[row.id] = _KnownRow(row)
            for id in missing:
                self._known.setdefault(id, None)
        return {id: known for id in sorted(set(ids)) if (known := self._known.get(id)) is not None}

    def asking(self, id: str, version: str | None = None, *, for_update: bool = False) -> Question[Row | None]:
        self.flush()
        return super().asking(id, version, for_update=for_update)

    def asking_many(self, ids: Collection[str]) -> Question[dict[str, Row]]:
        self.flush()
        return super().asking_many(ids)

    def versions(self, id: str) -> list[str]:
        self.flush()
        return super().versions(id)

    def add(self, id: str, document: Document, now: datetime, version: str = "", *, is_ours: bool = False) -> Row:
        assert not self._tables.resource.versioned, "a group makes no versions"
        if self._known.get(id) is not None:
            raise IdTaken(self._tables.resource.resource, id)
        row = _KnownRow(new_row(id, document, now, version), {"id": id, **_content(document)})
        self._new[id] = row, document
        self._known[id] = row
        self._locked.add(id)
        return row

    def add_many(self, documents: Sequence[Document], now: datetime) -> None:
        for document in documents:
            self.add(document["id"], document, now)

    def add_new(self, documents: Sequence[Document], now: datetime) -> None:
        self.add_many(documents, now)

    def replace(self, row: Row, document: Document, now: datetime) -> Row:
        if self._tables.resource.versioned or row.id not in self._locked:
            self.flush()
            self._known.pop(row.id, None)
            return super().replace(row, document, now)
        known_now = self._known[row.id]
        if known_now is None or known_now.revision != row.revision:
            raise RevisionConflict(self._tables.resource.resource, row.id)
        after = new_row(row.id, document, now, row.version)
        moment, position = after.updated_at, row.position
        is_new = row.id in self._new
        revision = row.revision if is_new else row.revision + 1
        after = Row(row.id, row.version, revision, after.text, position, row.created_at, moment)
        known = _KnownRow(after, {"id": row.id, **_content(document)})
        if is_new:
            self._new[row.id] = known, document
        else:
            before = self._changed[row.id][0] if row.id in self._changed else row
            self._changed[row.id] = before, known, document
        self._known[row.id] = known
        return known

    def find(self, query: Query) -> Found:
        self.flush()
        return super().find(query)

    def count(self, where: Condition | None) -> int:
        self.flush()
        return super().count(where)

    def ids_where(self, where: Condition, limit: int) -> list[str]:
        self.flush()
        return super().ids_where(where, limit)

    def remove(self, id: str, version: str | None = None) -> int:
        self.flush()
        self._known.pop(id, None)
        self._locked.discard(id)
        return super().remove(id, version)

    def clear(self) -> list[Row]:
        self.flush()
        self._known.clear()
        self._locked.clear()
        return super().clear()

    def flush(self) -> None:
        """Write what waits. Errors: Clash."""
        new, self._new = self._new, {}
        changed, self._changed = self._changed, {}
        if new:
            self._write_new(new.values())
        if changed:
            self._write_changed(changed.values())

    # -- the parts ----------------------------------------------------------------------------------------

    def _read(self, ids: Sequence[str], *, for_update: bool, skips_locked: bool) -> Iterator[Row]:
        columns, is_postgresql = self._main.c, self._session.dialect == "postgresql"
        statement = select(*row_columns(self._tables, is_postgresql)).where(
            columns.tenant == self._tenant,
            columns.parent == self._parent,
            columns.id.in_(ids),
            columns.is_latest == true(),
        )
        if for_update:
            statement = statement.with_for_update(skip_locked=skips_locked)
        for found in self._session.connection.execute(statement.order_by(columns.id)) if ids else ():
            yield _KnownRow(Row(*found))

    def _write_new(self, made: Collection[tuple[Row, Document]]) -> None:
        rows = [self._values(row, document) for row, document in made]
        if len(self._insert(rows)) < len(rows):
            raise Clash("a document of a group is there already; do it again one by one")
        self._write_lookup([entry for row, document in made for entry in self._lookup_rows(row.position, document)])

    def _write_changed(self, changed: Collection[tuple[Row, Row, Document]]) -> None:
        # They are there, and held: nothing new comes of it.
        rows = [self._values(after, document) for _, after, document in changed]
        self._session.write(self._statements.whole_replacement.steps(rows))
        for before, after, document in changed:
            if self._tables.looked_up:
                were, are = (self._lookup_rows(after.position, one) for one in (before.document(), document))
                if were != are:
                    self._erase_lookup([after.position])
                    self._write_lookup(are)


def _content(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("id", "href")}


# -- works ------------------------------------------------------------------------------------------------------------


class GroupWork(WorkTable):
    """The work of one kind, in a group."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._wakes: dict[str, datetime] = {}

    def get(self, key: str, *, for_update: bool = False) -> Any:
        self.flush()
        return super().get(key, for_update=for_update)

    def put(self, key: str, due: datetime | None, doc: Mapping[str, Any]) -> None:
        self.flush()
        super().put(key, due, doc)

    def wake(self, key: str, at: datetime) -> None:
        self._wakes[key] = min(at, self._wakes.get(key, at))

    def remove(self, key: str) -> None:
        self.flush()
        super().remove(key)

    def flush(self) -> None:
        """Write what waits."""
        wakes, self._wakes = self._wakes, {}
        if wakes:
            of = {"tenant": self._tenant, "kind": self._kind, "doc": "{}", "revision": 1, "failures": 0}
            rows = [{**of, "key": key, "due": instant_text(at)} for key, at in sorted(wakes.items())]
            self._session.write(_wakes(self._session.dialect).steps(rows))


@cache
def _wakes(dialect: DialectName) -> _Wakes:
    return _Wakes(WORK, dialect, tuple(column.name for column in WORK.columns))


class _Wakes(Insertion):
    """Works that are due at an instant at the latest."""

    def _expression(self) -> Any:
        insert = postgresql.insert if self.dialect == "postgresql" else sqlite.insert
        columns = self.table.c
        made: Any = insert(self.table).values({name: given(name, columns[name].type) for name in self.columns})
        changed = {"due": made.excluded.due, "revision": columns.revision + literal_column("1")}
        later = or_(columns.due.is_(None), columns.due > made.excluded.due)
        index = [columns.tenant, columns.kind, columns.key]
        return made.on_conflict_do_update(index_elements=index, set_=changed, where=later).inline()
