"""One transaction on behalf of one tenant. The only place that commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from common.domain.event import Event
from common.store.audit import Audit
from common.store.description import RecordTable
from common.store.document_sql import DocumentSql
from common.store.idempotency import IdempotencyStore
from common.store.records import Records
from common.store.repository import Repository
from common.store.tables import ResourceTables
from common.store.work import Agenda, WorkTable


class UnitOfWork:
    """What one request, job or delivery does to the store, as a whole or not at all.

    Does not: begin or end the transaction (`Database.write` and `Database.read` do); leaving those without `commit`
    undoes everything.
    """

    def __init__(
        self,
        connection: Connection,
        tenant: str,
        tables: Mapping[str, ResourceTables],
        records: Mapping[str, tuple[RecordTable, Table]],
        sql: DocumentSql,
        writes: bool,
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self._tables = tables
        self._records = records
        self._sql = sql
        self._writes = writes
        self._repositories: dict[tuple[str, str], Repository] = {}
        self._events: list[Event] = []

    def repository(self, name: str, parent: str = "") -> Repository:
        """The documents of the resource that is stored under this name, below the row at the position `parent`."""
        if (name, parent) not in self._repositories:
            tables = self._tables[name]
            self._repositories[name, parent] = Repository(self.connection, self.tenant, tables, self._sql, parent)
        return self._repositories[name, parent]

    def records(self, name: str) -> Records:
        """The records of a component's table."""
        described, table = self._records[name]
        return Records(self.connection, self.tenant, described, table)

    @cached_property
    def idempotency(self) -> IdempotencyStore:
        return IdempotencyStore(self.connection, self.tenant)

    def work(self, kind: str) -> WorkTable:
        """What of one kind is to be done later."""
        return WorkTable(self.connection, self.tenant, kind)

    @cached_property
    def agenda(self) -> Agenda:
        """What of any kind is due."""
        return Agenda(self.connection, self.tenant)

    @cached_property
    def audit(self) -> Audit:
        """Questions about whole tables."""
        return Audit(self.connection, self.tenant, self._tables, self._records)

    def record(self, events: Iterable[Event]) -> None:
        """Events beside the changes they tell of; they are written together when the unit commits."""
        self._events += events

    @contextmanager
    def together(self) -> Iterator[None]:
        """Writes, with the unit's events behind them, as one round trip: for whoever holds what others wait for.

        Nothing is read in it and nothing asked back: PostgreSQL answers at the end, to all at once. SQLite has no
        round trips.
        """
        if self.connection.dialect.name != "postgresql":
            yield
            self._write_events()
            return
        driver, failure = self.connection.connection.driver_connection, self.connection.dialect.loaded_dbapi.Error
        assert driver is not None, "a connection in use has its driver's"
        try:
            with driver.pipeline():
                yield
                self._write_events()
        except failure as error:  # it arrives when no statement of SQLAlchemy is under way
            raise DBAPIError.instance(None, None, error, failure, dialect=self.connection.dialect) from error

    def commit(self) -> None:
        """Make everything durable. Nothing can be done with the unit afterwards."""
        assert self._writes, "a unit of work that reads has nothing to commit"
        self._write_events()
        self.connection.commit()

    def _write_events(self) -> None:
        from common.store import outbox

        outbox.append(self.connection, self.tenant, self._events)
        self._events = []
