"""One resource's documents within one unit of work: read, change, find.

A document is stored without `id` and `href`. What comes back is equal in value: numbers keep every digit (trailing
zeros too; PostgreSQL writes exponents out: 1E+2 is 100 there), while the order of members is PostgreSQL's own there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.query import Condition, Document, Query
from common.errors import IdTaken, InvalidBody, RevisionConflict, Violation
from common.exact_json import encode
from common.store.document_sql import DocumentSql
from common.store.finding import Finder, row_columns
from common.store.finding import Found as Found
from common.store.finding import Row as Row
from common.store.keys import INDEXED_CHARACTERS, Keys, is_storable, keys_at
from common.store.tables import ResourceTables

# An id is part of a b-tree key.
ID_CHARACTERS_MAX = INDEXED_CHARACTERS
# Bound parameters of one statement; SQLite admits 32,766.
IDS_PER_STATEMENT = 500


class Repository:
    """The documents of one resource and tenant below one parent; of other parents' documents it knows nothing.

    Changes become visible to others when the unit of work commits.
    """

    def __init__(
        self, connection: Connection, tenant: str, tables: ResourceTables, sql: DocumentSql, parent: str = ""
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._parent = parent
        self._tables = tables
        self._sql = sql
        self._main = tables.main
        self._is_postgresql = connection.dialect.name == "postgresql"
        # Rows that were read for update: nobody else changes them until the transaction ends.
        self._held: dict[str, Row] = {}
        self._columns = row_columns(tables, self._is_postgresql)

    def get(self, id: str, version: str | None = None, *, for_update: bool = False) -> Row | None:
        """One document: the version named, or the latest. `for_update` keeps others from changing it meanwhile."""
        if not _is_identifier(id) or (version and not _is_identifier(version)):
            return None
        if for_update and version is None and id in self._held:
            return self._held[id]
        is_wanted = self._main.c.is_latest == true() if version is None else self._main.c.version == version
        statement = self._select().where(self._main.c.id == id, is_wanted)
        if for_update:
            statement = statement.with_for_update()  # SQLite has one writer at a time and no such clause
        found = self._connection.execute(statement).one_or_none()
        row = None if found is None else Row(*found)
        if row is not None and for_update and version is None and not self._tables.resource.versioned:
            self._held[id] = row
        return row

    def get_many(self, ids: Collection[str]) -> dict[str, Row]:
        """The latest versions of those ids that exist."""
        wanted = sorted({id for id in ids if _is_identifier(id)})
        found: dict[str, Row] = {}
        for chunk in _chunks(wanted):
            statement = self._select().where(self._main.c.id.in_(chunk), self._main.c.is_latest == true())
            found |= {row.id: Row(*row) for row in self._connection.execute(statement)}
        return found

    def versions(self, id: str) -> list[str]:
        """The versions of one id, in the order they were added."""
        if not _is_identifier(id):
            return []
        column = self._main.c.version
        statement = select(column).where(*self._is(id)).order_by(self._main.c.position)
        return list(self._connection.scalars(statement))

    def add(self, id: str, document: Document, now: datetime, version: str = "") -> Row:
        """Store a new document, or a new version of one, which becomes the latest.

        Errors: IdTaken when the id (and version) exists; InvalidBody for an id that no index can hold.
        """
        _check_identifier("/id", id)
        if version:
            _check_identifier("/version", version)
        if self._tables.resource.versioned:
            self._lock(id)
        row = _new_row(id, document, now, version)
        if not self._insert([self._values(row, document)]):
            raise IdTaken(self._tables.resource.resource, id)
        if self._tables.resource.versioned:
            older = update(self._main).where(*self._is(id), self._main.c.version != version)
            self._connection.execute(older.values(is_latest=False))
        self._write_lookup(self._lookup_rows(row.position, document))
        return row

    def add_many(self, documents: Sequence[Document], now: datetime) -> None:
        """Store new documents, each with its `id`, in their order; of a resource that has no versions.

        Errors: IdTaken when one of them exists, and InvalidBody for an id that no index can hold; then the transaction
                is to be given up.
        """
        assert not self._tables.resource.versioned, "a version is added on its own"
        for document in documents:
            _check_identifier("/id", document["id"])
        rows = [_new_row(document["id"], document, now, "") for document in documents]
        made = self._insert([self._values(row, document) for row, document in zip(rows, documents, strict=True)])
        if len(made) < len(rows):
            raise IdTaken(self._tables.resource.resource, next(row.id for row in rows if row.id not in made))
        pairs = zip(rows, documents, strict=True)
        self._write_lookup([entry for row, document in pairs for entry in self._lookup_rows(row.position, document)])

    def _values(self, row: Row, document: Document) -> dict[str, Any]:
        return {
            **{"tenant": self._tenant, "parent": self._parent, "id": row.id, "version": row.version},
            **{"is_latest": True, "revision": row.revision},
            **{"position": row.position, "created_at": row.created_at, "updated_at": row.updated_at},
            **self._promoted_values(document),
            "doc_text": row.text,
        }

    def _insert(self, values: list[dict[str, Any]]) -> set[str]:
        """The ids of the rows that were not there."""
        # A refused INSERT would end PostgreSQL's transaction; one that does nothing leaves it to the caller.
        dialect_insert = postgresql.insert if self._is_postgresql else sqlite.insert
        text = bindparam("doc_text", type_=Text())
        document = cast(text, JSONB) if self._is_postgresql else text
        statement = dialect_insert(self._main).values(doc=document).on_conflict_do_nothing()
        return set(self._connection.scalars(statement.returning(self._main.c.id), values)) if values else set()

    def replace(self, row: Row, document: Document, now: datetime) -> Row:
        """Store a document in place of the one that was read.

        A versioned document that changes its own `version` is that version from then on.

        Errors: RevisionConflict when it was changed or removed since; IdTaken when the id has that version already.
        """
        text, moment = _stored_text(document), instant_text(now)
        version = self._renamed(row, document)
        changed = Row(row.id, version, row.revision + 1, text, row.position, row.created_at, moment)
        statement = (
            update(self._main)
            .where(*self._is(row.id), self._main.c.version == row.version, self._main.c.revision == row.revision)
            .values(
                {
                    **{"revision": changed.revision, "updated_at": changed.updated_at, "version": version},
                    **self._promoted_values(document),
                    "doc": self._bound_document(changed.text),
                }
            )
        )
        if not self._connection.execute(statement).rowcount:
            raise RevisionConflict(self._tables.resource.resource, row.id)
        if self._tables.looked_up:
            before, after = (self._lookup_rows(row.position, each) for each in (row.document(), document))
            if before != after:
                self._erase_lookup([row.position])
                self._write_lookup(after)
        if row.id in self._held:
            self._held[row.id] = changed
        return changed

    def _renamed(self, row: Row, document: Document) -> str:
        """The version that a changed document is stored under."""
        version = str(document.get("version", row.version)) if self._tables.resource.versioned else row.version
        if version != row.version:
            _check_identifier("/version", version)
            self._lock(row.id)
            if version in self.versions(row.id):
                raise IdTaken(self._tables.resource.resource, row.id, version)
        return version

    def remove(self, id: str, version: str | None = None) -> int:
        """Remove one version or all; the newest that remains becomes the latest. The number of rows removed."""
        self._held.pop(id, None)
        if not _is_identifier(id) or (version and not _is_identifier(version)):
            return 0
        if self._tables.resource.versioned:
            self._lock(id)
        conditions = [*self._is(id)] if version is None else [*self._is(id), self._main.c.version == version]
        gone = list(self._connection.scalars(delete(self._main).where(*conditions).returning(self._main.c.position)))
        self._erase_lookup(gone)
        if gone and version is not None and self._tables.resource.versioned:
            newest = select(func.max(self._main.c.position)).where(*self._is(id)).scalar_subquery()
            latest = update(self._main).where(*self._is(id), self._main.c.position == newest)
            self._connection.execute(latest.values(is_latest=True))
        return len(gone)

    def clear(self) -> list[Row]:
        """Remove everything below the parent, every version of it; what it was, by creation."""
        self._held.clear()
        documents = delete(self._main).where(*self._own()).returning(*self._columns)
        gone = sorted((Row(*row) for row in self._connection.execute(documents)), key=lambda row: row.position)
        self._erase_lookup([row.position for row in gone])
        return gone

    def find(self, query: Query) -> Found:
        """A page of the documents that satisfy a condition, and how many do (`finding.Finder.page`)."""
        return self._finder.page(query)

    def count(self, where: Condition | None) -> int:
        """How many documents satisfy a condition."""
        return self._finder.count(where)

    def ids_where(self, where: Condition, limit: int) -> list[str]:
        """The ids of the first documents, by creation, that satisfy a condition."""
        return self._finder.ids(where, limit)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._connection, self._tenant, self._parent, self._tables, self._sql)

    def _select(self) -> Select[Any]:
        return select(*self._columns).where(*self._own())

    def _own(self) -> tuple[ColumnElement[bool], ...]:
        return self._main.c.tenant == self._tenant, self._main.c.parent == self._parent

    def _is(self, id: str) -> tuple[ColumnElement[bool], ...]:
        return *self._own(), self._main.c.id == id

    def _lock(self, id: str) -> None:
        """One at a time may add or remove versions of an id: which one is the latest depends on all of them."""
        if self._is_postgresql:
            name = f"{self._main.name}/{self._tenant}/{self._parent}/{id}"
            self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))

    def _bound_document(self, text: str) -> Any:
        return cast(literal(text, Text), JSONB) if self._is_postgresql else text

    def _promoted_values(self, document: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for steps, index in self._tables.promoted.items():
            keys = next(keys_at(document, steps, index.path.kind), Keys())
            values[index.column] = keys.member(index.path.kind)
        return values

    def _lookup_rows(self, position: str, document: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                **{"tenant": self._tenant, "parent": self._parent, "position": position, "path": str(index.path)},
                **{"text": keys.text, "number": keys.number, "flag": keys.flag},
            }
            for steps, index in self._tables.looked_up.items()
            for keys in dict.fromkeys(keys_at(document, steps, index.path.kind))
        ]

    def _write_lookup(self, entries: list[dict[str, Any]]) -> None:
        if entries and self._tables.lookup is not None:
            self._connection.execute(insert(self._tables.lookup), entries)

    def _erase_lookup(self, positions: Sequence[str]) -> None:
        lookup = self._tables.lookup
        if lookup is None:
            return
        for chunk in _chunks(positions):
            erased = delete(lookup).where(lookup.c.tenant == self._tenant, lookup.c.position.in_(chunk))
            self._connection.execute(erased)


def _new_row(id: str, document: Document, now: datetime, version: str) -> Row:
    moment = instant_text(now)
    return Row(id, version, 1, _stored_text(document), ordered_id(), moment, moment)


def _stored_text(document: Mapping[str, Any]) -> str:
    return encode({name: value for name, value in document.items() if name not in ("id", "href")}).decode()


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), IDS_PER_STATEMENT):
        yield items[start : start + IDS_PER_STATEMENT]


def _is_identifier(text: str) -> bool:
    """Whether an index can hold it: some characters no database stores, and its entries are bounded."""
    return 0 < len(text) <= ID_CHARACTERS_MAX and is_storable(text)


def _check_identifier(pointer: str, text: str) -> None:
    if not _is_identifier(text):
        raise InvalidBody([Violation(pointer, "identifier", f"use 1 to {ID_CHARACTERS_MAX} characters of text")])
