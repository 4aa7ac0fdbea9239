"""Records of a unit of work for many things at once (`group`): read ahead in sets, written behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from common.errors import Unavailable
from common.store.records import Between, Day, Key, Records, Summed
from common.store.records import Row as Record
from common.store.statements import Question

_NOTHING: Any = object()


class Clash(Unavailable):
    """Something of a group was there already; nothing of the group is kept."""

    code, reason = "store.clash", "Others were in the way"


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

    def asking_shared(self, keys: Iterable[Key]) -> Question[dict[Key, Record]]:
        self.flush()
        return super().asking_shared(keys)

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

    def asking_new(self, rows: Iterable[Mapping[str, Any]]) -> Question[set[Key]]:
        self.flush()
        self._forget_all()
        return super().asking_new(rows)

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
