"""SQLite as a store: how it is opened, and the functions that its SQL lacks.

synchronous=FULL: with WAL, NORMAL would lose the last acknowledged writes at a power cut; an answer 201 is a promise.
Measured, FULL costs 10 % of POST throughput (stack.md 6.1).

Functions: SQLite reads JSON numbers as doubles and cannot name every member in a path (a quote within a name), so the
walk from a document to the values at a path is ours, `doc_keys`; whatever compares, combines, sorts and counts is SQL.
REGEXP is Python's `re.search`.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from decimal import Context, Decimal, Inexact
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, NullPool, PoolProxiedConnection, create_engine, event

from common.domain.query import Kind, values_at
from common.exact_json import decode_own, encode
from common.patterns import finder
from common.store.connections import Connections
from common.store.failures import STATEMENT_SECONDS_MAX
from common.store.keys import INDEXED_CHARACTERS, instant_key, keys_of, number_key

# Another process may hold the write lock (a migration, a second server by mistake): wait, then Unavailable.
BUSY_SECONDS_MAX = 10
# Virtual machine steps between two looks at the clock, a millisecond or so.
_STEPS_PER_LOOK = 20_000

# Sums of amounts and quantities: digits enough for any number of records; what does not fit is an error, not rounded.
EXACT = Context(prec=200, traps=[Inexact])

# Execution option of a connection that is going to write.
WRITES = "bss_writes"


def sqlite_connections(url: URL, count: int) -> Connections:
    """Connections to a file whose folder is created, or on a temporary file when the URL names none.

    `sqlite://` is not SQLite's own memory database: that one belongs to a single connection, and several threads'
    transactions would be one. A file that nobody syncs behaves as in production and is deleted with the engine.
    """
    in_memory = url.database in (None, "", ":memory:")
    if in_memory:
        folder = tempfile.mkdtemp(prefix="bss-")
        url = url.set(database=str(Path(folder) / "memory.db"))
    else:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"check_same_thread": False})
    if in_memory:
        weakref.finalize(engine, shutil.rmtree, folder, ignore_errors=True)
    synchronous = "OFF" if in_memory else "FULL"

    @event.listens_for(engine, "connect")
    def _open(connection: sqlite3.Connection, record: Any) -> None:
        _prepare_connection(connection, record.info, synchronous)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if driver is not None and driver.in_transaction:
            return  # a session began it (`session`)
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "before_cursor_execute")
    def _start_time(connection: Connection, *_: Any) -> None:
        connection.info["deadline"] = time.monotonic() + STATEMENT_SECONDS_MAX

    return Connections(engine, count, BUSY_SECONDS_MAX, lambda pooled: True, _undo)


def _undo(pooled: PoolProxiedConnection) -> None:
    driver = cast(sqlite3.Connection, pooled.driver_connection)
    try:
        if driver.in_transaction:
            driver.rollback()
    except sqlite3.Error:
        pooled.invalidate()


def _prepare_connection(connection: sqlite3.Connection, info: dict[str, Any], synchronous: str) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS_MAX * 1000}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    info["deadline"] = float("inf")
    connection.set_progress_handler(lambda: time.monotonic() > info["deadline"], _STEPS_PER_LOOK)
    walk = _Walk()
    functions: list[tuple[str, int, Callable[..., Any]]] = [
        ("regexp", 2, _regexp),
        ("doc_keys", 3, walk.keys),
        ("doc_elements", 2, walk.elements),
        ("doc_sort_key", 3, walk.sort_key),
    ]
    for name, arguments, function in functions:
        connection.create_function(name, arguments, function, deterministic=True)
    connection.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]


class _ExactSum:
    """The sum of decimal texts, as PostgreSQL sums NUMERIC; null when there is none."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, text: str | None) -> None:
        if text is not None:
            self._sum = EXACT.add(self._sum or Decimal(0), Decimal(text))

    def finalize(self) -> str | None:
        return None if self._sum is None else format(self._sum, "f")


def _regexp(pattern: str, value: str | None) -> bool | None:
    return None if value is None else finder(pattern)(value)


@lru_cache(maxsize=4096)
def _steps(text: str) -> tuple[str, ...]:
    return tuple(decode_own(text))


class _Walk:
    """The values at a path of a document, for one connection.

    A key is a letter for the value's type (b < n < s, o for an object) and a text that sorts as the values do.
    """

    def __init__(self) -> None:
        self._text = ""
        self._document: Any = None
        self._lock = threading.Lock()  # a connection changes threads, never while a statement runs

    def keys(self, text: str, steps: str, kind: str) -> str:
        """Every value as its key, as a JSON array."""
        return encode([_typed_key(value, kind) for value in self._values(text, steps)]).decode()

    def elements(self, text: str, steps: str) -> str:
        """Every value as a JSON text, as a JSON array of strings."""
        return encode([encode(value).decode() for value in self._values(text, steps)]).decode()

    def sort_key(self, text: str, steps: str, kind: str) -> str | None:
        """What a list sorts by: the first value that is of the kind; None when there is none."""
        wanted = Kind(kind)
        for value in self._values(text, steps):
            if keys_of(value, wanted) is not None:
                key = _typed_key(value, kind)
                return key[: INDEXED_CHARACTERS + 1] if isinstance(value, str) else key
        return None

    def _values(self, text: str, steps: str) -> Any:
        with self._lock:
            if text != self._text:  # several conditions look at the same row one after the other
                self._text, self._document = text, decode_own(text)
            return values_at(self._document, _steps(steps))


def _typed_key(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return "btrue" if value else "bfalse"
    if isinstance(value, int | Decimal):
        return "n" + number_key(Decimal(value))
    if not isinstance(value, str):
        return "o"
    if kind == Kind.INSTANT:
        instant = instant_key(value)
        return "o" if instant is None else "s" + instant
    return "s" + value
