"""One transaction's way to the database: statements on the driver's connection, in as few round trips as may be.

What is only written waits (`write`) and goes with the next question or with the commit, in its order, so that a change,
its events and COMMIT are one round trip to PostgreSQL. SQLite has no round trips; there it is done at once. Nothing is
lost by waiting: until the commit nobody else sees it, and whoever reads through the session reads what it wrote.

PostgreSQL is asked through libpq (`psycopg.pq`), prepared on each connection when first needed. Measured on one core, a
select of one row: 8 us so, 23 by a cursor of psycopg, 100 to 200 by SQLAlchemy's connection; three at once in
a pipeline: 16 us so, 170 by psycopg's pipeline (docs/decisions/0011).
"""

from __future__ import annotations

import itertools
import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, ClassVar, TypeVar, cast

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from common.exact_json import encode
from common.store.connections import Connections
from common.store.failures import STATEMENT_SECONDS_MAX
from common.store.statements import DialectName, Insertion, Outcome, Question, Statement, Step, Values
from common.store.waiting import is_shared, leave, until_readable

Answer = TypeVar("Answer")
# Statements that a connection keeps prepared; the oldest goes for a new one.
PREPARED_MAX = 400


@dataclass
class Heard:
    """What a session was asked for a while.

    Shapes: `is_whole` is False when something was asked past the session, through SQLAlchemy.
    """

    steps: list[Step] = field(default_factory=list)
    is_whole: bool = True

    def again(self) -> list[Question[list[tuple[Any, ...]]]]:
        """The same questions, answered as the database writes the rows: to be compared and not read."""
        different = {(id(statement), repr(values)): (statement, values) for statement, values in self.steps}
        return [Question([(_unread(statement), values)], itemgetter(0)) for statement, values in different.values()]


@cache
def _unread(statement: Statement) -> Statement:
    assert statement.readers is not None, "who listens asks"
    return replace(statement, readers=(None,) * len(statement.readers))


class Session(ABC):
    """Statements in one transaction.

    Shapes: `writes` is False for one that only looks; `is_snapshot` when all its statements see one moment.
    """

    dialect: ClassVar[DialectName]

    def __init__(self, connections: Connections, *, writes: bool, is_snapshot: bool = False) -> None:
        self._connections, self._engine = connections, connections.engine
        self._writes, self._is_snapshot = writes, is_snapshot
        self._waiting: list[Step] = []
        self._sqlalchemy: Connection | None = None
        self._pooled = self._connected(connections.take)
        self._hooks = self._engine.dispatch.before_cursor_execute
        self._heard: Heard | None = None

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection in the same transaction, with everything done that waited."""
        leave()
        if self._heard is not None:
            self._heard.is_whole = False
        self.flush()
        self._begin()
        return self._own()

    def answer(self, question: Question[Answer]) -> Answer:
        """Ask one question."""
        return question.read(self._ask(question.steps))

    def answers(self, *questions: Question[Any]) -> list[Any]:
        """Ask several questions at once; their answers in order."""
        found = iter(self._ask([step for question in questions for step in question.steps]))
        return [question.read([next(found) for _ in question.steps]) for question in questions]

    def rows(self, statement: Statement, values: Values) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        rows: list[tuple[Any, ...]] = self._ask([(statement, values)])[0]
        return rows

    @contextmanager
    def listening(self) -> Iterator[Heard]:
        """What is asked meanwhile, for whoever wants to ask later whether it is still so (`Heard`)."""
        self._heard = heard = Heard()
        try:
            yield heard
        finally:
            self._heard = None

    def change(self, statement: Statement, values: Values) -> int:
        """Carry out a change at once; how many rows it changed."""
        changed: int = self._carry_out([(statement, values)])[0]
        return changed

    def write(self, steps: Iterable[Step]) -> None:
        """Carry out changes before whatever is asked next, or with the commit. What goes wrong is told then."""
        assert self._writes, "a unit of work that reads changes nothing"
        self._waiting += steps

    def insert(self, insertion: Insertion, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
        """New rows at once; what is returned of those that were made."""
        return [row for made in self._carry_out(insertion.steps(rows)) for row in made]

    def flush(self) -> None:
        """Carry out what waits."""
        if self._waiting:
            self._carry_out(())

    def commit(self) -> None:
        """Carry out what waits and make everything durable."""
        self._commit()
        if self._sqlalchemy is not None and self._sqlalchemy.in_transaction():
            self._sqlalchemy.commit()  # it learns of it; the database is not asked again
        elif self._engine.dispatch.commit:
            self._engine.dispatch.commit(self._own())

    def close(self) -> None:
        """Undo what was not committed, and give the connection back."""
        self._waiting.clear()
        try:
            if self._sqlalchemy is not None and self._sqlalchemy.in_transaction():
                self._sqlalchemy.rollback()
        finally:
            self._connections.give(self._pooled)

    # -- the parts ----------------------------------------------------------------------------------------

    @abstractmethod
    def _begin(self) -> None:
        """Begin the transaction, unless it has begun."""

    @abstractmethod
    def _carry_out(self, steps: Sequence[Step]) -> list[Outcome]:
        """Carry out what waits and then these; the rows of each of these, or how many rows it changed."""

    @abstractmethod
    def _commit(self) -> None: ...

    def _ask(self, steps: Sequence[Step]) -> list[Outcome]:
        if self._heard is not None:
            self._heard.steps += steps
        return self._carry_out(steps)

    def _own(self) -> Connection:
        if self._sqlalchemy is None:
            self._sqlalchemy = Connection(self._engine, connection=self._pooled)
        return self._sqlalchemy

    def _connected(self, take: Callable[[], PoolProxiedConnection]) -> PoolProxiedConnection:
        try:
            return take()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._told(error) from error

    def _told(self, error: Exception, statement: str | None = None, *, is_lost: bool = False) -> DBAPIError:
        """A failure of the driver as SQLAlchemy tells it, which is what everybody outside the store knows."""
        failure, dialect = self._engine.dialect.loaded_dbapi.Error, self._engine.dialect
        told = DBAPIError.instance(statement, None, error, failure, connection_invalidated=is_lost, dialect=dialect)
        return cast(DBAPIError, told)

    def _announce(self, text: str, values: Sequence[Any]) -> None:
        """Whoever listens to what SQLAlchemy carries out is told of ours."""
        own = self._own()
        for hook in self._hooks:
            hook(own, None, text, values, None, False)


class SqliteSession(Session):
    """On SQLite, where a statement is carried out when it comes."""

    dialect = "sqlite"

    def write(self, steps: Iterable[Step]) -> None:
        self._carry_out(list(steps))

    def _begin(self) -> None:
        driver = self._pooled.driver_connection
        assert driver is not None, "a connection in use has its driver's"
        if not driver.in_transaction:
            driver.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")

    def _carry_out(self, steps: Sequence[Step]) -> list[Outcome]:
        driver = self._pooled.driver_connection
        assert driver is not None, "a connection in use has its driver's"
        found: list[Outcome] = []
        text = "BEGIN"
        try:
            self._begin()
            for statement, values in steps:
                assert self._writes or not statement.changes, "a unit of work that reads changes nothing"
                text, bound = statement.text, statement.bound(values)
                if self._hooks:
                    self._announce(text, bound)
                self._pooled.info["deadline"] = time.monotonic() + STATEMENT_SECONDS_MAX
                cursor = driver.execute(text, bound)
                found.append(cursor.rowcount if statement.readers is None else statement.read(cursor.fetchall()))
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._told(error, text) from error
        return found

    def _commit(self) -> None:
        driver = self._pooled.driver_connection
        assert driver is not None, "a connection in use has its driver's"
        try:
            if driver.in_transaction:
                driver.commit()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._told(error, "COMMIT") from error


class PostgresqlSession(Session):
    """On PostgreSQL, where what can be sent together is."""

    dialect = "postgresql"

    def __init__(self, connections: Connections, *, writes: bool, is_snapshot: bool = False) -> None:
        super().__init__(connections, writes=writes, is_snapshot=is_snapshot)
        self._use(self._pooled)

    def _use(self, pooled: PoolProxiedConnection) -> None:
        driver = cast("psycopg.Connection[Any]", pooled.driver_connection)
        self._pooled, self._libpq, self._reader = pooled, driver.pgconn, Transformer(driver)
        # Statements by their names on this connection; the dictionary lives as long as the connection.
        self._prepared: dict[Statement, bytes] = pooled.info.setdefault("prepared", {})
        self._prepares: bool = pooled.info["prepares"]

    def _begin(self) -> None:
        """Before somebody else's statements. Ours are sent with a BEGIN when they need one (`_needs_begin`)."""
        if self._libpq.transaction_status == pq.TransactionStatus.IDLE:
            self._sent([(_BEGINS[self._writes, self._is_snapshot], {})])

    def _carry_out(self, steps: Sequence[Step]) -> list[Outcome]:
        work = [*self._waiting, *steps] if self._waiting else steps
        waited, self._waiting = len(self._waiting), []
        if not work:
            return []
        idle = self._libpq.transaction_status == pq.TransactionStatus.IDLE
        if idle and (self._writes or self._is_snapshot):
            work, waited = [(_BEGINS[self._writes, self._is_snapshot], {}), *work], waited + 1
        try:
            return self._sent(work)[waited:]
        except DBAPIError as error:
            has_begun = self._writes or self._is_snapshot or self._sqlalchemy is not None
            if has_begun or not error.connection_invalidated:
                raise
            # The server began anew, say; what was only asked is asked again, once.
            self._use(self._connected(self._connections.instead))
            return self._sent(work)

    def _commit(self) -> None:
        work, self._waiting = self._waiting, []
        if self._libpq.transaction_status == pq.TransactionStatus.IDLE:
            if not work:
                return
            work = [(_BEGINS[True, False], {}), *work]
        self._sent([*work, (_COMMIT, {})])

    def _sent(self, work: Sequence[Step]) -> list[Outcome]:
        """Send statements, one by itself or all at once; what became of each."""
        bound = []
        for statement, values in work:
            assert self._writes or not statement.changes, "a unit of work that reads changes nothing"
            bound.append((statement, [_text_of(value) for value in statement.bound(values)]))
        try:
            is_known = len(bound) == 1 and bound[0][0] in self._prepared
            results = [self._alone(*bound[0])] if is_known else self._pipelined(bound)
        except BaseException as error:  # an answer may be under way that nobody waits for
            self._pooled.invalidate(error if isinstance(error, Exception) else None)
            if isinstance(error, psycopg.Error):
                raise self._told(error, is_lost=True) from error
            raise
        return [self._outcome(statement, result) for (statement, _), result in zip(work, results, strict=True)]

    def _alone(self, statement: Statement, texts: list[bytes | None]) -> PGresult:
        if self._hooks:
            self._announce(statement.text, texts)
        libpq, name = self._libpq, self._prepared[statement]
        if not is_shared():
            return libpq.exec_prepared(name, cast("list[bytes]", texts))
        libpq.send_query_prepared(name, texts)
        if libpq.flush():  # more than the system takes at once
            leave()
        [result] = self._received(1)
        libpq.get_result()  # its end
        return result

    def _pipelined(self, bound: Sequence[tuple[Statement, list[bytes | None]]]) -> list[PGresult]:
        """Everything sent, then everything received: one round trip. What is new on this connection is prepared."""
        libpq = self._libpq
        libpq.enter_pipeline_mode()
        new: dict[Statement, bytes] = {}
        is_preparing: list[bool] = []
        for statement, texts in bound:
            if self._hooks and statement not in _BOUNDS:
                self._announce(statement.text, texts)
            if statement.varies or not self._prepares:
                libpq.send_query_params(statement.text.encode(), texts)
                is_preparing.append(False)
                continue
            if statement not in self._prepared and statement not in new:
                new[statement] = b"bss_%d" % next(_NUMBERS)
                libpq.send_prepare(new[statement], statement.text.encode())
                is_preparing.append(True)
            libpq.send_query_prepared(self._prepared.get(statement) or new[statement], texts)
            is_preparing.append(False)
        libpq.pipeline_sync()
        received = self._received(len(is_preparing) + 1)[:-1]
        libpq.exit_pipeline_mode()
        if not new:
            return received
        prepared = [result for result, is_one in zip(received, is_preparing, strict=True) if is_one]
        for (statement, name), result in zip(new.items(), prepared, strict=True):
            if result.status == pq.ExecStatus.COMMAND_OK:
                self._prepared[statement] = name
            elif result.status == pq.ExecStatus.FATAL_ERROR:  # its statement was not carried out
                return [result] * len(bound)
        return [result for result, is_one in zip(received, is_preparing, strict=True) if not is_one]

    def _received(self, count: int) -> list[PGresult]:
        """So many results, the last of them the pipeline's end. Other threads run meanwhile."""
        libpq, found = self._libpq, list[PGresult]()
        if libpq.flush():  # more than the system takes at once: it may have answers for us first
            leave()
            poller = select.poll()
            poller.register(libpq.socket, select.POLLIN | select.POLLOUT)
            while libpq.flush():
                if any(happened & select.POLLIN for _, happened in poller.poll()):
                    libpq.consume_input()
        while len(found) < count:
            while libpq.is_busy():
                until_readable(libpq.socket)
                libpq.consume_input()
            result = libpq.get_result()
            if result is not None:
                found.append(result)
            elif libpq.status == pq.ConnStatus.BAD:
                raise psycopg.OperationalError("the connection to the database is lost")
        return found

    def _outcome(self, statement: Statement, result: PGresult) -> Outcome:
        """Errors: DBAPIError when it failed, or nothing was committed."""
        match result.status:
            case pq.ExecStatus.TUPLES_OK:
                self._reader.set_pgresult(result)
                return statement.read(self._reader.load_rows(0, result.ntuples, tuple))
            case pq.ExecStatus.COMMAND_OK if statement is not _COMMIT or result.command_status == b"COMMIT":
                return result.command_tuples or 0
            case pq.ExecStatus.COMMAND_OK:
                error: psycopg.Error = psycopg.errors.InFailedSqlTransaction("a statement failed: nothing is committed")
                is_lost = False
            case _:
                state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
                is_lost = self._libpq.status == pq.ConnStatus.BAD or state in _ENDED
                error = psycopg.OperationalError(result.get_error_message()) if is_lost else error_from_result(result)
        if is_lost:
            self._pooled.invalidate(error)
        raise self._told(error, statement.text, is_lost=is_lost) from error

    def close(self) -> None:
        while len(self._prepared) > PREPARED_MAX:
            name = self._prepared.pop(next(iter(self._prepared)))
            self._libpq.exec_(b"DEALLOCATE " + name)
        super().close()


def session(connections: Connections, *, writes: bool, is_snapshot: bool = False) -> Session:
    """A session of the database that the connections reach."""
    kind = PostgresqlSession if connections.engine.dialect.name == "postgresql" else SqliteSession
    return kind(connections, writes=writes, is_snapshot=is_snapshot)


def _text_of(value: Any) -> bytes | None:
    """A value as PostgreSQL reads it."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("the character U+0000 cannot be stored")
        return value.encode()
    if value is None:
        return None
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int | Decimal):
        return str(value).encode()
    if isinstance(value, list):
        return _array_of(value)
    assert isinstance(value, bytes), f"no value of a column: {type(value)}"
    return b"\\x" + value.hex().encode()


def _array_of(values: list[Any]) -> bytes:
    """An array as PostgreSQL writes it. JSON writes it alike but for brackets, as long as nothing is escaped."""
    plain = [b"\\x".decode() + value.hex() if isinstance(value, bytes) else value for value in values]
    written: bytes = encode(plain)
    if b"\\" not in written:
        return b"{" + written[1:-1] + b"}"
    texts = (b"null" if value is None else _quoted(value) for value in plain)
    return b"{" + b",".join(texts) + b"}"


def _quoted(value: Any) -> bytes:
    text = _text_of(value) or b""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _command(text: str) -> Statement:
    return Statement(text, (), (), {}, None, changes=False)


# By whether the transaction writes, and whether it sees one moment.
_BEGINS: Mapping[tuple[bool, bool], Statement] = {
    (True, False): _command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
    (False, False): _command("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"),
    (False, True): _command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
}
_COMMIT = _command("COMMIT")
# States of an error after which the server closes the connection: by an administrator, after a crash, after a rest.
_ENDED = (b"57P01", b"57P02", b"57P05")
_BOUNDS = frozenset({*_BEGINS.values(), _COMMIT})
_NUMBERS = itertools.count(1)
