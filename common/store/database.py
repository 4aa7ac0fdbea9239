"""The store of an installation: opened once at start-up, handing out units of work to any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

import structlog
from sqlalchemy import URL, Connection, Engine, MetaData, Table, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from common.domain.clock import SystemClock
from common.errors import ConfigurationError
from common.settings import Settings
from common.store import counts, migrations, partitions
from common.store.connections import Connections
from common.store.description import RecordTable, StoredResource
from common.store.document_sql import DocumentSql, PostgresqlDocument, SqliteDocument
from common.store.failures import meaning, translated
from common.store.group import GroupUnit
from common.store.postgresql import postgresql_connections
from common.store.session import Session, session
from common.store.sqlite import WRITES, sqlite_connections
from common.store.tables import ResourceTables, record_table, resource_tables
from common.store.unit_of_work import UnitOfWork

# Any number that nothing else in the database locks: one process at a time changes the schema.
_SCHEMA_LOCK = 7_211_620
log = structlog.get_logger("bss.store")


class Database:
    """Connections, tables and transactions."""

    engine: Engine
    dialect_name: Literal["sqlite", "postgresql"]

    def __init__(
        self,
        connections: Connections,
        stored: Iterable[StoredResource | RecordTable],
        replica: Connections | None = None,
    ) -> None:
        self.engine, self._connections, self._replica = connections.engine, connections, replica
        self._metadata = MetaData()
        self._tables: dict[str, ResourceTables] = {}
        self._records: dict[str, tuple[RecordTable, Table]] = {}
        for one in stored:
            assert one.name not in {*self._tables, *self._records}, f"two things are stored as {one.name}"
            if isinstance(one, RecordTable):
                self._records[one.name] = one, record_table(one, self._metadata)
            else:
                self._tables[one.name] = resource_tables(one, self._metadata)
        self._sql: DocumentSql
        if self.engine.dialect.name == "postgresql":
            self.dialect_name, self._sql = "postgresql", PostgresqlDocument()
        else:
            self.dialect_name, self._sql = "sqlite", SqliteDocument()
        # SQLite has one writer. Ours queue here, in turn, instead of finding the file locked and trying again.
        self._writer = threading.Lock() if self.dialect_name == "sqlite" else None

    @classmethod
    def open(cls, settings: Settings, stored: Iterable[StoredResource | RecordTable]) -> Database:
        """The store that the settings name; no connection is made yet.

        Errors: ConfigurationError for a URL that is neither SQLite nor PostgreSQL.
        """
        url = _url(settings.database_url)
        size, prepares = settings.database_pool_size, settings.database_prepares
        if url.get_backend_name() == "sqlite":
            if settings.database_replica_url:
                raise ConfigurationError("BSS_DATABASE_REPLICA_URL: only PostgreSQL has copies; leave it empty")
            return cls(sqlite_connections(url, size), stored)
        connections, copy = postgresql_connections(url, size, prepares=prepares), settings.database_replica_url
        return cls(connections, stored, postgresql_connections(_url(copy), size, prepares=prepares) if copy else None)

    def migrate(self) -> None:
        """Bring the schema to the newest revision of the one linear history."""
        with translated(), self._schema_change() as connection:
            migrations.upgrade(connection)
            self._keep_counts(connection, set(inspect(connection).get_table_names()))

    def recount(self) -> None:
        """Make the kept counts anew (PostgreSQL); writes wait meanwhile."""
        if self.dialect_name == "postgresql":
            with translated(), self._schema_change() as connection:
                for tables in self._tables.values():
                    if counts.kept(tables):
                        counts.recount(connection, tables)

    def prepare(self) -> None:
        """Create the tables that no migration owns (documents of `spec_dir`), check the others, and make the
        partitions of the months ahead.

        Errors: ConfigurationError when the schema is behind, or a table lacks what its resource indexes.
        """
        with translated(), self._schema_change() as connection:
            missing = migrations.missing_revisions(connection)
            if missing:
                raise ConfigurationError(f"the database lacks {len(missing)} schema revision(s); run `bss migrate`")
            present = inspect(connection).get_multi_columns()
            existing = {name: {column["name"] for column in columns} for (_, name), columns in present.items()}
            self._metadata.create_all(connection, [t for t in self._metadata.sorted_tables if t.name not in existing])
            for table in self._metadata.sorted_tables:
                _check_columns(table, existing.get(table.name))
            self._keep_counts(connection, set(self._metadata.tables))
            partitions.renew(connection, self._metadata, SystemClock().now())

    def write(self, tenant: str = "default") -> AbstractContextManager[UnitOfWork]:
        """A transaction that may change things; without `commit()` it changes nothing."""
        return self._unit(tenant, writes=True)

    @contextmanager
    def group(self, tenant: str = "default") -> Iterator[GroupUnit]:
        """A transaction that may change many things, and reads and writes them in sets."""
        with self.write(tenant) as unit:
            yield GroupUnit.of(unit)

    def read(self, tenant: str = "default") -> AbstractContextManager[UnitOfWork]:
        """Only looks. On PostgreSQL each question sees what is committed when it is asked."""
        return self._unit(tenant, writes=False)

    def browse(self, tenant: str = "default") -> AbstractContextManager[UnitOfWork]:
        """Only looks, where a copy of the database is good enough: at the replica, when there is one that answers."""
        return self._unit(tenant, writes=False, connections=self._replica)

    def snapshot(self, tenant: str = "default") -> AbstractContextManager[UnitOfWork]:
        """A transaction that only looks, and sees everything as it is at one moment."""
        return self._unit(tenant, writes=False, is_snapshot=True)

    def ping(self) -> None:
        """Whether the database answers; Unavailable when it does not."""
        with translated(), self.engine.connect() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        self._connections.close()
        if self._replica is not None:
            self._replica.close()

    def _unit(
        self, tenant: str, writes: bool, is_snapshot: bool = False, connections: Connections | None = None
    ) -> _Opened:
        def opened() -> UnitOfWork:
            session = self._session(connections, writes, is_snapshot)
            return UnitOfWork(session, tenant, self._tables, self._records, self._sql, writes)

        return _Opened(opened, self._writer if writes else None)

    def _session(self, connections: Connections | None, writes: bool, is_snapshot: bool) -> Session:
        if connections is not None:
            try:
                return session(connections, writes=writes, is_snapshot=is_snapshot)
            except DBAPIError:
                log.warning("the replica does not answer: lists are read from the database itself")
        return session(self._connections, writes=writes, is_snapshot=is_snapshot)

    def _keep_counts(self, connection: Connection, present: set[str]) -> None:
        if self.dialect_name == "postgresql":
            counts.establish(connection, [each for each in self._tables.values() if each.main.name in present])

    @contextmanager
    def _schema_change(self) -> Iterator[Connection]:
        options = {WRITES: True} if self.dialect_name == "sqlite" else {}
        with self._writer or nullcontext(), self.engine.execution_options(**options).begin() as connection:
            if self.dialect_name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
            yield connection


class _Opened:
    """A unit of work from its beginning to its end, what fails in it translated (`failures.meaning`)."""

    def __init__(self, opened: Callable[[], UnitOfWork], writer: threading.Lock | None) -> None:
        self._opened, self._writer = opened, writer

    def __enter__(self) -> UnitOfWork:
        if self._writer is not None:
            self._writer.acquire()
        try:
            self._unit = self._opened()
        except BaseException as error:
            self._end(error)
            raise
        return self._unit

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self._unit.session.close()
        finally:
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if self._writer is not None:
            self._writer.release()
        ours = meaning(error)
        if ours is not None:
            raise ours from error


def _url(given: str) -> URL:
    scheme, separator, rest = given.partition("://")
    try:
        url = make_url("postgresql" + separator + rest if scheme == "postgres" else given)
    except ArgumentError as error:
        raise ConfigurationError("BSS_DATABASE_URL is not a database URL; see docs/settings.md") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigurationError(f"BSS_DATABASE_URL names {url.get_backend_name()!r}; use sqlite or postgresql")
    return url


def _check_columns(table: Table, existing: set[str] | None) -> None:
    lacking = sorted({column.name for column in table.columns} - existing) if existing is not None else []
    if lacking:
        raise ConfigurationError(
            f"table {table.name} lacks {', '.join(lacking)}; a migration must add it, then run `bss migrate`"
        )
