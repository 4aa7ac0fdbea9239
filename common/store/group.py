"""A unit of work for many things at once: what is asked is read ahead in sets, what is written goes out in sets.

Rules and offers of components are called for one thing after another, as in any unit of work. Here `foresee` reads what
they will ask, for all of them; what they write stays in memory until `flush`, and whatever they ask in between is
answered with it. A question that nobody foresaw is asked of the database, behind the writes to its table. So the same
code bills one account in a request and fifty in a run.

What is inserted without being foreseen is taken to be new. Where it is not, `flush` finds out, and the transaction is
to be given up (Clash): whoever works on a group does it again one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import literal_column, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from common.domain.clock import instant_text
from common.store.group_documents import GroupRepository
from common.store.group_records import Clash, GroupRecords
from common.store.statements import DialectName, Insertion, given
from common.store.tables import WORK
from common.store.unit_of_work import UnitOfWork
from common.store.work import WorkTable


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
