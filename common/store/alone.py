"""One process at a time carries out the jobs of a store. The database itself says which: a dead one loses its place."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from common.store.database import Database

# Any number that nothing else in the database locks.
_LOCK = 7_211_621
# How soon PostgreSQL notices that the machine of a lock's holder is gone: idle, then three probes.
_KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class Place(Protocol):
    """The right to carry out the jobs of one store, once `take` succeeded."""

    def take(self) -> bool:
        """Whether this process has it now."""

    def holds(self) -> bool:
        """Whether it still has it: a lost connection is a lost place."""

    def leave(self) -> None: ...


def place_of(database: Database) -> Place:
    if database.dialect_name == "postgresql":
        return _AdvisoryLock(database)
    return _LockFile(beside(database, "jobs.lock"))


def beside(database: Database, suffix: str) -> Path:
    """A file that belongs to a SQLite store: `bss.db` has `bss-jobs.lock`."""
    path = Path(str(database.engine.url.database))
    return path.with_name(f"{path.stem}-{suffix}")


class _LockFile:
    """An exclusive transaction on an empty SQLite database, which the operating system ends with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def take(self) -> bool:
        connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return False
        self._connection = connection
        return True

    def holds(self) -> bool:
        return self._connection is not None

    def leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _AdvisoryLock:
    """A session's advisory lock on a connection of its own (a pooler in transaction mode would lose it)."""

    def __init__(self, database: Database) -> None:
        self._engine = create_engine(database.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None

    def take(self) -> bool:
        try:
            connection = self._engine.connect()
        except DBAPIError:
            return False
        try:
            for setting in _KEEPALIVE:
                connection.execute(text(f"SET {setting}"))
            if connection.scalar(select(func.pg_try_advisory_lock(_LOCK))):
                self._connection = connection
                return True
        except DBAPIError:
            pass
        connection.close()
        return False

    def holds(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(select(1))
        except DBAPIError:
            return False
        return True

    def leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
