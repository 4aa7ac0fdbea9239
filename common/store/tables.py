"""The tables: one shape for every resource, and the few that belong to the suite itself.

System tables (idempotency and work here; outbox and subscriptions in `event_tables`) stand in SYSTEM_METADATA: a module
adds its tables with `Table("name", SYSTEM_METADATA, ...)`, using TEXT, DOCUMENT and NUMBER below for its columns,
and is named in `_load_system_tables`. Nothing else is needed for it to be migrated and compared.

Record tables are made by `record_table` from a `RecordTable`, resource tables by `resource_tables` from a
`StoredResource`. What a table has for an Index is decided here once (`promoted` or a row in the lookup table), and
writing, filtering and sorting all ask these descriptions.
`parent` names what a row lies below and is part of every key: '' at the top, the `position` of the parent's row for a
nested resource.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    cast,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from common.domain.clock import instant_text
from common.domain.query import Kind
from common.exact_json import decode_own, encode
from common.store.description import Index as IndexedPath
from common.store.description import Of, RecordTable, StoredResource
from common.store.keys import number_key

# Text that compares by code point on both databases (SQLite does so by itself).
TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
# A JSON text: written and read as text (`cast` on PostgreSQL), searched as jsonb there.
DOCUMENT: TypeEngine[Any] = Text().with_variant(JSONB(), "postgresql")
# The column of a document's place in the order of creation.
POSITION = "position"
# The type of NUMBER as a migration writes it.
NUMBER_STORED: TypeEngine[Any] = Text().with_variant(Numeric(), "postgresql")


class ExactNumber(TypeDecorator[Decimal]):
    """A decimal without loss: NUMERIC on PostgreSQL; on SQLite, whose numbers are doubles, its sortable text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else number_key(value)


NUMBER = ExactNumber()


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal that comes back as it was written: NUMERIC, or its text on SQLite, whose numbers are doubles."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An aware moment as text that sorts."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TEXT)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class ExactDocument(TypeDecorator[Any]):
    """A JSON value as text; nobody searches in it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else decode_own(value)


_RECORDED: Mapping[Of, TypeEngine[Any]] = {
    Of.TEXT: TEXT,
    Of.INTEGER: BigInteger(),
    Of.NUMBER: ExactDecimal(),
    Of.INSTANT: Instant(),
    Of.FLAG: Boolean(),
    Of.DOCUMENT: ExactDocument(),
    Of.BYTES: LargeBinary(),
}

SYSTEM_METADATA = MetaData()

IDEMPOTENCY = Table(
    "idempotency",
    SYSTEM_METADATA,
    Column("tenant", TEXT, nullable=False),
    Column("scope", TEXT, nullable=False),
    Column("key", TEXT, nullable=False),
    Column("fingerprint", TEXT, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", TEXT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", TEXT, nullable=False),
    PrimaryKeyConstraint("tenant", "scope", "key", name="pk_idempotency"),
    Index("ix_idempotency_kept_at", "kept_at"),
)

# What is to be done at some time (`work`). due: NULL when it waits for somebody to wake it.
WORK = Table(
    "work",
    SYSTEM_METADATA,
    Column("tenant", TEXT, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("key", TEXT, nullable=False),
    Column("due", TEXT, nullable=True),
    Column("doc", TEXT, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "key", name="pk_work"),
    Index("ix_work_due", "tenant", "due", "kind", "key"),
    Index("ix_work_kind", "tenant", "kind", "due", "key"),
)


@dataclass(frozen=True)
class ResourceTables:
    """One resource's tables and what its indexed paths became.

    Shapes: `promoted` maps a path to its column; `looked_up` holds the paths that are rows of `lookup`.
    """

    resource: StoredResource
    main: Table
    lookup: Table | None
    promoted: Mapping[tuple[str, ...], IndexedPath]
    looked_up: Mapping[tuple[str, ...], IndexedPath]

    @property
    def document(self) -> ColumnElement[Any]:
        """The documents, to be searched."""
        kept = self.main.c.doc
        return cast(kept, DOCUMENT) if self.resource.is_text else kept

    def column(self, index: IndexedPath) -> Column[Any]:
        return self.main.c[index.column]


def resource_tables(resource: StoredResource, metadata: MetaData) -> ResourceTables:
    """The tables of one resource, registered in `metadata`.

    An index with one value per document is a column. One through arrays is rows of the lookup table, and so is one of
    unknown kind, whose values may be text, number or boolean from one document to the next.
    """
    wanted = {index.path.steps: index for index in resource.indexes if index.path.steps != ("id",)}
    looked_up = {steps: i for steps, i in wanted.items() if i.path.many or i.path.kind is Kind.UNKNOWN}
    promoted = {steps: i for steps, i in wanted.items() if steps not in looked_up}
    main = _main_table(resource, promoted.values(), metadata)
    lookup = _lookup_table(resource, looked_up.values(), metadata) if looked_up else None
    return ResourceTables(resource, main, lookup, promoted, looked_up)


def record_table(described: RecordTable, metadata: MetaData) -> Table:
    """The table of a description, registered in `metadata`."""
    name = described.name
    columns = [
        Column(column, _RECORDED[kind], nullable=column in described.optional)
        for column, kind in described.columns.items()
    ]
    # PostgreSQL keeps apart by partition what is unique: the partition's column is part of it.
    part = (described.monthly,) if described.monthly else ()
    assert not part or described.columns[part[0]] is Of.INSTANT, f"{name} is divided by what is no instant"
    unique = [
        Index(f"ux_{name}_{place}", "tenant", *listed, *part, unique=True)
        for place, listed in enumerate(described.unique)
    ]
    indexes = [
        Index(f"ix_{name}_{place}", "tenant", *listed, **_covering(described, listed))
        for place, listed in enumerate(described.indexes)
    ]
    options: dict[str, Any] = _divided_by(described.monthly) if described.monthly else {}
    return Table(
        name,
        metadata,
        Column("tenant", TEXT, nullable=False),
        *columns,
        PrimaryKeyConstraint("tenant", *described.key, *part, name=f"pk_{name}"),
        *unique,
        *indexes,
        **options,
    )


def _covering(described: RecordTable, listed: tuple[str, ...]) -> dict[str, Any]:
    """What else PostgreSQL keeps in the entries of an index (`RecordTable.covering`)."""
    covered = described.covering.get(listed)
    return {} if covered is None else {"postgresql_include": list(covered)}


def full_metadata(stored: Iterable[StoredResource | RecordTable]) -> MetaData:
    """Everything an installation that stores this has: what migrations are compared with."""
    _load_system_tables()
    metadata = MetaData()
    for table in SYSTEM_METADATA.sorted_tables:
        table.to_metadata(metadata)
    for one in stored:
        if isinstance(one, RecordTable):
            record_table(one, metadata)
        else:
            resource_tables(one, metadata)
    return metadata


def _load_system_tables() -> None:
    if importlib.util.find_spec("common.store.event_tables") is not None:
        importlib.import_module("common.store.event_tables")


def _main_table(resource: StoredResource, promoted: Iterable[IndexedPath], metadata: MetaData) -> Table:
    name = resource.name
    columns: list[Column[Any]] = []
    is_latest = Column("is_latest", Boolean, nullable=False)
    # Partial: were is_latest one of its columns, SQLite would take it for lookups by id as well, and walk all rows.
    latest: dict[str, Any] = {"sqlite_where": is_latest == true(), "postgresql_where": is_latest == true()}
    indexes = [Index(f"ix_{name}_position", "tenant", "parent", "position", **latest)]
    for index in promoted:
        columns.append(Column(index.column, _type_of(index.path.kind), nullable=True))
        indexes.append(Index(_index_name(name, index.column), "tenant", "parent", index.column, "position", **latest))
    return Table(
        name,
        metadata,
        Column("tenant", TEXT, nullable=False),
        Column("parent", TEXT, nullable=False),
        Column("id", TEXT, nullable=False),
        Column("version", TEXT, nullable=False),
        is_latest,
        Column("revision", Integer, nullable=False),
        Column("position", TEXT, nullable=False),
        Column("created_at", TEXT, nullable=False),
        Column("updated_at", TEXT, nullable=False),
        *columns,
        Column("doc", Text() if resource.is_text else DOCUMENT, nullable=False),
        PrimaryKeyConstraint(
            *("tenant", "parent", "id", "version"), *([POSITION] if resource.monthly else []), name=f"pk_{name}"
        ),
        *indexes,
        **_divided_by(POSITION if resource.monthly else None),
    )


def _lookup_table(resource: StoredResource, looked_up: Iterable[IndexedPath], metadata: MetaData) -> Table:
    """Values found through arrays. `position` names the row of the main table: it is unique and never changes."""
    name = f"{resource.name}_lookup"
    kinds = {index.path.kind for index in looked_up}
    indexes = [Index(f"ix_{name}_position", "tenant", "position")]
    if kinds & {Kind.STRING, Kind.INSTANT, Kind.UNKNOWN}:
        indexes.append(Index(f"ix_{name}_text", "tenant", "parent", "path", "text", "position"))
    if kinds & {Kind.NUMBER, Kind.UNKNOWN}:
        indexes.append(Index(f"ix_{name}_number", "tenant", "parent", "path", "number", "position"))
    return Table(
        name,
        metadata,
        Column("tenant", TEXT, nullable=False),
        Column("parent", TEXT, nullable=False),
        Column("position", TEXT, nullable=False),
        Column("path", TEXT, nullable=False),
        Column("text", TEXT, nullable=True),
        Column("number", NUMBER, nullable=True),
        Column("flag", Boolean, nullable=True),
        *indexes,
        **_divided_by(POSITION if resource.monthly else None),
    )


def _divided_by(column: str | None) -> dict[str, Any]:
    return {"postgresql_partition_by": f"RANGE ({column})"} if column else {}


def _type_of(kind: Kind) -> TypeEngine[Any]:
    if kind is Kind.NUMBER:
        return NUMBER
    return Boolean() if kind is Kind.BOOLEAN else TEXT


def _index_name(table: str, column: str) -> str:
    """PostgreSQL cuts names at 63 bytes without a word, and two cut names may be the same."""
    name = f"ix_{table}_{column}"
    if len(name) <= 63:
        return name
    checksum = sum((place + 1) * ord(letter) for place, letter in enumerate(name)) % 0xFFFF
    return f"{name[:58]}_{checksum:04x}"
