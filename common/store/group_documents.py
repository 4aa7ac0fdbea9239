"""Documents of a unit of work for many things at once (`group`): read ahead in sets, written behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, true

from common.domain.query import Condition, Document, Query
from common.errors import IdTaken, RevisionConflict
from common.store.finding import row_columns
from common.store.group_records import Clash
from common.store.repository import Found, Repository, Row, new_row
from common.store.statements import Question


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

    def shared(self, id: str) -> Row | None:
        self.flush()
        return super().shared(id)

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
