"""One transaction on behalf of one tenant. The only place that commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import IntegrityError

from common.domain.event import Event
from common.store.audit import Audit
from common.store.bulk import Told, Written, write_documents, write_events
from common.store.description import RecordTable
from common.store.document_sql import DocumentSql
from common.store.idempotency import IdempotencyStore
from common.store.records import Records
from common.store.repository import Repository
from common.store.retirement import Retirement
from common.store.session import Session
from common.store.statements import Question
from common.store.tables import ResourceTables
from common.store.turns import take_turn
from common.store.work import Agenda, WorkTable


class UnitOfWork:
    """What one request, job or delivery does to the store, as a whole or not at all.

    Does not: begin or end the transaction (`Database.write` and `Database.read` do); leaving those without `commit`
    undoes everything.
    """

    def __init__(
        self,
        session: Session,
        tenant: str,
        tables: Mapping[str, ResourceTables],
        records: Mapping[str, tuple[RecordTable, Table]],
        sql: DocumentSql,
        writes: bool,
    ) -> None:
        self.session = session
        self.tenant = tenant
        self._tables = tables
        self._records = records
        self._sql = sql
        self._writes = writes
        self._repositories: dict[tuple[str, str], Repository] = {}
        self._tabled: dict[str, Records] = {}
        self._events: list[Event] = []

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection in this transaction, for what is seldom asked."""
        return self.session.connection

    def answers(self, *questions: Question[Any]) -> list[Any]:
        """Ask several questions at once (`Records.asking`, `Repository.asking`), in order; one round trip."""
        return self.session.answers(*questions)

    def repository(self, name: str, parent: str = "") -> Repository:
        """The documents of the resource that is stored under this name, below the row at the position `parent`."""
        if (name, parent) not in self._repositories:
            tables = self._tables[name]
            self._repositories[name, parent] = Repository(self.session, self.tenant, tables, self._sql, parent)
        return self._repositories[name, parent]

    def records(self, name: str) -> Records:
        """The records of a component's table."""
        if name not in self._tabled:
            self._tabled[name] = Records(self.session, self.tenant, *self._records[name])
        return self._tabled[name]

    @cached_property
    def idempotency(self) -> IdempotencyStore:
        return IdempotencyStore(self.session, self.tenant)

    def add_written(self, name: str, made: Sequence[Written], now: datetime) -> None:
        """Many new documents of the resource that is stored under this name (`bulk.write_documents`)."""
        write_documents(self.connection, self.tenant, self._tables[name], made, now)

    def tell(self, alike: Told, ids: Sequence[str], texts: Sequence[str]) -> None:
        """That many resources were made, which are written already (`bulk.write_events`)."""
        write_events(self.connection, self.tenant, alike, ids, texts)

    def in_turn(self, name: str) -> None:
        """Go on when no other transaction is left that took a turn for this name (`turns.take_turn`)."""
        take_turn(self.session, f"{self.tenant}/{name}")

    def work(self, kind: str) -> WorkTable:
        """What of one kind is to be done later."""
        return WorkTable(self.session, self.tenant, kind)

    @cached_property
    def agenda(self) -> Agenda:
        """What of any kind is due."""
        return Agenda(self.session, self.tenant)

    @cached_property
    def audit(self) -> Audit:
        """Questions about whole tables."""
        return Audit(self.session, self.tenant, self._tables, self._records)

    @property
    def retirement(self) -> Retirement:
        """Old months given up."""
        return Retirement(self.connection, self._tables, self._records)

    def record(self, events: Iterable[Event]) -> None:
        """Events beside the changes they tell of; they are written together when the unit commits."""
        self._events += events

    def commit(self) -> None:
        """Make everything durable, with what waits, in one round trip. Nothing can be done with the unit afterwards."""
        assert self._writes, "a unit of work that reads has nothing to commit"
        self._write_events()
        self.session.commit()

    def commit_unless_there(self) -> bool:
        """The same; False, and nothing is kept, when something that was to be new is there already."""
        try:
            self.commit()
        except IntegrityError:
            return False
        return True

    def _write_events(self) -> None:
        from common.store import outbox

        outbox.append(self.session, self.tenant, self._events)
        self._events = []
