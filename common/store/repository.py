"""One resource's documents within one unit of work: read, change, find.

A document is stored without `id` and `href`. What comes back is equal in value: numbers keep every digit (trailing
zeros too; PostgreSQL writes exponents out: 1E+2 is 100 there), while the order of members is PostgreSQL's own there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.query import Condition, Document, Query
from common.errors import IdTaken, InvalidBody, RevisionConflict, Violation
from common.exact_json import encode
from common.store.document_sql import DocumentSql
from common.store.document_statements import DocumentStatements
from common.store.finding import Finder
from common.store.finding import Found as Found
from common.store.finding import Row as Row
from common.store.keys import INDEXED_CHARACTERS, is_storable, keys_at, member_at
from common.store.session import Session
from common.store.statements import Outcome, Question
from common.store.tables import ResourceTables
from common.store.turns import take_turn

# An id is part of a b-tree key.
ID_CHARACTERS_MAX = INDEXED_CHARACTERS
# Bound parameters of one statement; SQLite admits 32,766.
IDS_PER_STATEMENT = 500


class Repository:
    """The documents of one resource and tenant below one parent; of other parents' documents it knows nothing.

    Changes become visible to others when the unit of work commits.
    """

    def __init__(
        self, session: Session, tenant: str, tables: ResourceTables, sql: DocumentSql, parent: str = ""
    ) -> None:
        self._session = session
        self._tenant = tenant
        self._parent = parent
        self._tables = tables
        self._sql = sql
        self._main = tables.main
        self._statements = DocumentStatements.of(tables, session.dialect)
        self._own: dict[str, Any] = {"tenant": tenant, "parent": parent}
        # Rows that were read for update: nobody else changes them until the transaction ends.
        self._held: dict[str, Row] = {}

    def get(self, id: str, version: str | None = None, *, for_update: bool = False) -> Row | None:
        """One document: the version named, or the latest. `for_update` keeps others from changing it meanwhile."""
        if not _is_identifier(id) or (version and not _is_identifier(version)):
            return None
        if for_update and version is None and id in self._held:
            return self._held[id]
        return self._session.answer(self._question(id, version, for_update))

    def asking(self, id: str, version: str | None = None, *, for_update: bool = False) -> Question[Row | None]:
        """`get`, to be asked together with others (`UnitOfWork.answers`)."""
        if not _is_identifier(id) or (version and not _is_identifier(version)):
            return Question((), lambda outcomes: None)
        return self._question(id, version, for_update)

    def shared(self, id: str) -> Row | None:
        """The latest version, which nobody changes until the transaction ends: others may read it so, too."""
        if not _is_identifier(id):
            return None
        found = self._session.rows(self._statements.latest_shared, {**self._own, "id": id})
        return Row(*found[0]) if found else None

    def _question(self, id: str, version: str | None, for_update: bool) -> Question[Row | None]:
        statements = self._statements
        values = {**self._own, "id": id}
        if version is None:
            statement = statements.latest_held if for_update else statements.latest
        else:
            statement = statements.version_held if for_update else statements.version
            values["version"] = version

        def read(outcomes: list[Outcome]) -> Row | None:
            row = Row(*outcomes[0][0]) if outcomes[0] else None
            if row is not None and for_update and version is None and not self._tables.resource.versioned:
                self._held[id] = row
            return row

        return Question([(statement, values)], read)

    def get_many(self, ids: Collection[str]) -> dict[str, Row]:
        """The latest versions of those ids that exist."""
        return self._session.answer(self.asking_many(ids))

    def asking_many(self, ids: Collection[str]) -> Question[dict[str, Row]]:
        """`get_many`, to be asked together with others (`UnitOfWork.answers`)."""
        steps = []
        for chunk in _chunks(sorted({id for id in ids if _is_identifier(id)})):
            statement, values = self._statements.latest_of(chunk)
            steps.append((statement, {**self._own, **values}))
        return Question(steps, lambda outcomes: {row[0]: Row(*row) for rows in outcomes for row in rows})

    def versions(self, id: str) -> list[str]:
        """The versions of one id, in the order they were added."""
        if not _is_identifier(id):
            return []
        return [row[0] for row in self._session.rows(self._statements.versions, {**self._own, "id": id})]

    def add(self, id: str, document: Document, now: datetime, version: str = "", *, is_ours: bool = False) -> Row:
        """Store a new document, or a new version of one, which becomes the latest. `is_ours`: nobody can have the id;
        then it is stored with whatever is asked next or the commit.

        Errors: IdTaken when the id and version exist, or the id when no version is said; InvalidBody for an id that no
                index can hold.
        """
        _check_identifier("/id", id)
        if version:
            _check_identifier("/version", version)
        row = new_row(id, document, now, version)
        if is_ours:
            self._session.write(self._statements.addition.steps([self._values(row, document)]))
        else:
            self._add_unless_taken(row, document)
        self._write_lookup(self._lookup_rows(row.position, document))
        return row

    def _add_unless_taken(self, row: Row, document: Document) -> None:
        id, resource = row.id, self._tables.resource
        if resource.versioned:
            self._lock(id)
        self.hold_new([id])
        if resource.monthly and self.get(id) is not None:
            raise IdTaken(resource.resource, id)
        is_taken = resource.versioned and not row.version and self.versions(id)  # what says no version adds none
        if is_taken or not self._insert([self._values(row, document)]):
            raise IdTaken(resource.resource, id, row.version, versioned=resource.versioned)
        if resource.versioned:
            self._session.write([(self._statements.older, {**self._own, "id": id, "version": row.version})])

    def add_many(self, documents: Sequence[Document], now: datetime) -> None:
        """Store new documents, each with its `id`, in their order; of a resource that has no versions.

        Errors: IdTaken when one of them exists, and InvalidBody for an id that no index can hold; then the transaction
                is to be given up.
        """
        assert not self._tables.resource.versioned, "a version is added on its own"
        for document in documents:
            _check_identifier("/id", document["id"])
        if self._tables.resource.monthly:
            ids = [document["id"] for document in documents]
            self.hold_new(ids)
            for id in self.get_many(ids):
                raise IdTaken(self._tables.resource.resource, id)
        rows = [new_row(document["id"], document, now, "") for document in documents]
        made = self._insert([self._values(row, document) for row, document in zip(rows, documents, strict=True)])
        if len(made) < len(rows):
            raise IdTaken(self._tables.resource.resource, next(row.id for row in rows if row.id not in made))
        pairs = zip(rows, documents, strict=True)
        self._write_lookup([entry for row, document in pairs for entry in self._lookup_rows(row.position, document)])

    def add_new(self, documents: Sequence[Document], now: datetime) -> None:
        """The same for ids that we have just made up, with whatever is asked next or the commit."""
        assert not self._tables.resource.versioned, "a version is added on its own"
        rows = [new_row(document["id"], document, now, "") for document in documents]
        pairs = list(zip(rows, documents, strict=True))
        self._session.write(self._statements.addition.steps([self._values(row, document) for row, document in pairs]))
        self._write_lookup([entry for row, document in pairs for entry in self._lookup_rows(row.position, document)])

    def _values(self, row: Row, document: Document) -> dict[str, Any]:
        return {
            **{"tenant": self._tenant, "parent": self._parent, "id": row.id, "version": row.version},
            **{"is_latest": True, "revision": row.revision},
            **{"position": row.position, "created_at": row.created_at, "updated_at": row.updated_at},
            **self._promoted_values(document),
            "doc": row.text,
        }

    def _insert(self, values: list[dict[str, Any]]) -> set[str]:
        """The ids of the rows that were not there."""
        # A refused INSERT would end PostgreSQL's transaction; one that does nothing leaves it to the caller.
        made = self._session.insert(self._statements.insertion, values) if values else ()
        return {row[0] for row in made}

    def replace(self, row: Row, document: Document, now: datetime) -> Row:
        """Store a document in place of the one that was read.

        A versioned document that changes its own `version` is that version from then on.

        Errors: RevisionConflict when it was changed or removed since; IdTaken when the id has that version already.
        """
        text, moment = _stored_text(document), instant_text(now)
        version = self._renamed(row, document)
        changed = Row(row.id, version, row.revision + 1, text, row.position, row.created_at, moment)
        values = {
            **self._own,
            **{"id": row.id, "old_version": row.version, "old_revision": row.revision},
            **{"revision": changed.revision, "updated_at": changed.updated_at, "version": version},
            **self._promoted_values(document),
            "doc": text,
        }
        if not self._session.change(self._statements.replacement, values):
            raise RevisionConflict(self._tables.resource.resource, row.id)
        if self._tables.looked_up:
            before, after = (self._lookup_rows(row.position, each) for each in (row.document(), document))
            if before != after:
                self._erase_lookup([row.position])
                self._write_lookup(after)
        if row.id in self._held:
            self._held[row.id] = changed
        return changed

    def amend(self, id: str, changes: Mapping[str, Any], now: datetime) -> bool:
        """Members of a document replaced without reading it, with whatever is asked next or the commit.

        False, and nothing is done, where that cannot be: something is indexed by them, the document was read for a
        change of this transaction, it has versions, or the database is SQLite, which gains nothing by it.
        """
        indexed = {steps[0] for steps in (*self._tables.promoted, *self._tables.looked_up)}
        is_simple = not self._tables.resource.versioned and id not in self._held and not indexed & changes.keys()
        if not is_simple or self._session.dialect != "postgresql":
            return False
        values = {**self._own, "id": id, "doc": encode(changes).decode(), "updated_at": instant_text(now)}
        self._session.write([(self._statements.amendment, values)])
        return True

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
        statements, named = self._statements, {**self._own, "id": id, "version": version}
        removal = statements.removal if version is None else statements.version_removal
        gone = [row[0] for row in self._session.rows(removal, named)]
        self._erase_lookup(gone)
        if gone and version is not None and self._tables.resource.versioned:
            self._session.write([(statements.newest, named)])
        return len(gone)

    def clear(self) -> list[Row]:
        """Remove everything below the parent, every version of it; what it was, by creation."""
        self._held.clear()
        removed = self._session.rows(self._statements.clearance, self._own)
        gone = sorted((Row(*row) for row in removed), key=lambda row: row.position)
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

    @property
    def _finder(self) -> Finder:
        return Finder(self._session, self._tenant, self._parent, self._tables, self._sql)

    def hold_new(self, ids: Iterable[str]) -> None:
        """Keep others from storing documents under ids that clients chose, of a resource that is kept by month: what is
        unique there is so within a month, so whoever holds an id looks whether it is taken.
        """
        if self._tables.resource.monthly:
            for id in sorted(ids):
                self._lock(id)

    def _lock(self, id: str) -> None:
        """One at a time may add or remove versions of an id: which one is the latest depends on all of them."""
        take_turn(self._session, f"{self._main.name}/{self._tenant}/{self._parent}/{id}")

    def _promoted_values(self, document: Mapping[str, Any]) -> dict[str, Any]:
        promoted = self._tables.promoted.items()
        return {index.column: member_at(document, steps, index.path.kind) for steps, index in promoted}

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
        if entries:
            self._session.write(self._statements.lookup_insertion.steps(entries))

    def _erase_lookup(self, positions: Sequence[str]) -> None:
        if self._tables.lookup is not None:
            removal = self._statements.lookup_removal
            self._session.write((removal, {"tenant": self._tenant, "position": position}) for position in positions)


def new_row(id: str, document: Document, now: datetime, version: str) -> Row:
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
