"""The statements of one resource's tables, each compiled when it is first needed and kept with its table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, any_, cast, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import ARRAY, Integer

from common.store.finding import row_columns
from common.store.statements import DialectName, Insertion, Statement, Values, compiled, given
from common.store.tables import TEXT, ResourceTables


@dataclass(frozen=True, eq=False)
class DocumentStatements:
    """What is asked and written of a resource; rows are columns of `finding.Row`, unless said otherwise.

    Each takes `tenant`, `parent` and what its own conditions name.
    """

    tables: ResourceTables
    dialect: DialectName

    @classmethod
    def of(cls, tables: ResourceTables, dialect: DialectName) -> DocumentStatements:
        """Those of a resource, which are kept with its table."""
        kept: DocumentStatements | None = tables.main.info.get("statements")
        if kept is None:
            kept = tables.main.info.setdefault("statements", cls(tables, dialect))
        return kept

    @cached_property
    def latest(self) -> Statement:
        return compiled(self._latest, self.dialect)

    @cached_property
    def latest_held(self) -> Statement:
        return compiled(self._latest.with_for_update(), self.dialect, locks=True)

    @cached_property
    def latest_shared(self) -> Statement:
        return compiled(self._latest.with_for_update(read=True), self.dialect, locks=True)

    @cached_property
    def version(self) -> Statement:
        return compiled(self._version, self.dialect)

    @cached_property
    def version_held(self) -> Statement:
        return compiled(self._version.with_for_update(), self.dialect, locks=True)

    @cached_property
    def versions(self) -> Statement:
        """The versions of an id, by creation."""
        columns = self._columns
        return compiled(select(columns.version).where(*self._is).order_by(columns.position), self.dialect)

    def latest_of(self, ids: Collection[str]) -> tuple[Statement, Values]:
        """The latest versions of these ids."""
        if self.dialect == "postgresql":
            return self._latest_of_any, {"ids": list(ids)}
        wanted = self._select.where(self._columns.id.in_(ids), self._columns.is_latest == true())
        return compiled(wanted, self.dialect), {}

    @cached_property
    def insertion(self) -> Insertion:
        """New rows; the ids of those that were not there."""
        columns = tuple(column.name for column in self.tables.main.columns)
        return Insertion(self.tables.main, self.dialect, columns, conflict="nothing", returning=("id",))

    @cached_property
    def addition(self) -> Insertion:
        """New rows that nobody has: it is an error when somebody has."""
        columns = tuple(column.name for column in self.tables.main.columns)
        return Insertion(self.tables.main, self.dialect, columns)

    @cached_property
    def whole_replacement(self) -> Insertion:
        """Rows that are there and held, written whole."""
        columns, key = tuple(column.name for column in self.tables.main.columns), ("tenant", "parent", "id", "version")
        replaced = tuple(name for name in columns if name not in (*key, "position", "created_at", "is_latest"))
        return Insertion(self.tables.main, self.dialect, columns, replaced, key)

    @cached_property
    def lookup_insertion(self) -> Insertion:
        assert self.tables.lookup is not None, "nothing of the resource is looked up"
        columns = tuple(column.name for column in self.tables.lookup.columns)
        return Insertion(self.tables.lookup, self.dialect, columns)

    @cached_property
    def replacement(self) -> Statement:
        """A row of version `old_version` and revision `old_revision` changed."""
        columns = self._columns
        names = ["revision", "updated_at", "version", "doc", *(index.column for index in self.tables.promoted.values())]
        old = columns.version == given("old_version", TEXT), columns.revision == given("old_revision", Integer())
        changed = {name: given(name, columns[name].type) for name in names}
        return compiled(update(self.tables.main).where(*self._is, *old).values(changed), self.dialect)

    @cached_property
    def amendment(self) -> Statement:
        """Members of the latest version replaced by those of `doc`, unread (PostgreSQL)."""
        columns = self._columns
        changed = {
            "doc": cast(columns.doc, JSONB).op("||")(cast(given("doc", Text()), JSONB)),
            "revision": columns.revision + 1,
            "updated_at": given("updated_at", TEXT),
        }
        amended = update(self.tables.main).where(*self._is, columns.is_latest == true()).values(changed)
        return compiled(amended, self.dialect)

    @cached_property
    def older(self) -> Statement:
        """All versions of an id but one are not the latest."""
        others = update(self.tables.main).where(*self._is, self._columns.version != given("version", TEXT))
        return compiled(others.values(is_latest=False), self.dialect)

    @cached_property
    def newest(self) -> Statement:
        """Of the versions of an id that are there, the newest is the latest."""
        newest = select(func.max(self._columns.position)).where(*self._is).scalar_subquery()
        latest = update(self.tables.main).where(*self._is, self._columns.position == newest)
        return compiled(latest.values(is_latest=True), self.dialect)

    @cached_property
    def removal(self) -> Statement:
        """All versions of an id gone; their positions."""
        gone = delete(self.tables.main).where(*self._is).returning(self._columns.position)
        return compiled(gone, self.dialect)

    @cached_property
    def version_removal(self) -> Statement:
        gone = delete(self.tables.main).where(*self._is, self._columns.version == given("version", TEXT))
        return compiled(gone.returning(self._columns.position), self.dialect)

    @cached_property
    def clearance(self) -> Statement:
        """Everything below the parent gone; what it was."""
        gone = delete(self.tables.main).where(*self._own).returning(*self._row)
        return compiled(gone, self.dialect)

    @cached_property
    def lookup_removal(self) -> Statement:
        """What is looked up of the row at a `position` gone."""
        lookup = self.tables.lookup
        assert lookup is not None, "nothing of the resource is looked up"
        tenant, position = given("tenant", TEXT), given("position", TEXT)
        return compiled(delete(lookup).where(lookup.c.tenant == tenant, lookup.c.position == position), self.dialect)

    # -- the parts ----------------------------------------------------------------------------------------

    @property
    def _columns(self) -> Any:
        return self.tables.main.c

    @property
    def _own(self) -> tuple[ColumnElement[bool], ...]:
        return self._columns.tenant == given("tenant", TEXT), self._columns.parent == given("parent", TEXT)

    @property
    def _is(self) -> tuple[ColumnElement[bool], ...]:
        return *self._own, self._columns.id == given("id", TEXT)

    @property
    def _row(self) -> tuple[ColumnElement[Any], ...]:
        return row_columns(self.tables, self.dialect == "postgresql")

    @property
    def _select(self) -> Select[Any]:
        return select(*self._row).where(*self._own)

    @property
    def _latest(self) -> Select[Any]:
        return self._select.where(self._columns.id == given("id", TEXT), self._columns.is_latest == true())

    @property
    def _version(self) -> Select[Any]:
        version = self._columns.version == given("version", TEXT)
        return self._select.where(self._columns.id == given("id", TEXT), version)

    @cached_property
    def _latest_of_any(self) -> Statement:
        wanted = self._columns.id == any_(given("ids", ARRAY(TEXT)))
        return compiled(self._select.where(wanted, self._columns.is_latest == true()), self.dialect)
