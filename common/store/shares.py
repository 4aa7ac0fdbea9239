"""Which of several processes does what: work is divided into numbered shares, and a share is one process's at a time.

The database itself says whose. On PostgreSQL a share is a session's advisory lock; on SQLite, which is one machine's,
all shares of a group are an exclusive transaction on an empty file beside the store. Both end with the process that
has them, however it ends, so that no lease runs out and no clock is compared.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from common.store.database import Database

# Into how many shares the keys of work are divided: as many processes may share one role. One byte of the hash says
# which, in Python (`share_of`) and in SQL (`work.Agenda`).
SHARES = 64
# How soon PostgreSQL notices that the machine of a lock's holder is gone: idle, then three probes.
_KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")
_HOLDERS = text(
    "SELECT (classid::bigint << 32) | objid::bigint AS key, pid FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TAKE = text("SELECT key FROM unnest(CAST(:keys AS bigint[])) AS key WHERE pg_try_advisory_lock(key)")
_LEAVE_ALL = text("SELECT pg_advisory_unlock_all()")
_LEAVE = text("SELECT pg_advisory_unlock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


class Share(NamedTuple):
    """One share of a group's work."""

    group: str
    number: int


class Shares(Protocol):
    """The shares of some groups that this process has, once it has joined those who share them. For one thread."""

    held: frozenset[Share]

    @property
    def name(self) -> str:
        """What tells this process from all others that have joined at this moment; may be another's later."""

    @property
    def is_whole(self) -> bool:
        """Whether all there are are this process's."""

    def join(self) -> bool:
        """Be counted among those who share, anew when that was lost; False when the database does not answer."""

    def holds(self) -> bool:
        """Whether what was taken is still this process's: a lost connection is everything lost."""

    def balance(self, busy: Collection[Share] = ()) -> frozenset[Share]:
        """Take what is free up to a fair part of each group, and give back what is beyond it and not busy.

        Shapes: the answer is what was taken now, for whose earlier holder nothing is under way any more.
        """

    def leave(self) -> None: ...


def shares_of(database: Database, counts: Mapping[str, int]) -> Shares:
    """The shares of groups, by how many each has."""
    if database.dialect_name == "postgresql":
        return _Locks(database, counts)
    return _Files({group: beside(database, f"{group}.lock") for group in counts}, counts)


def share_of(key: str) -> int:
    """The number of the share, of `SHARES`, that a key belongs to."""
    return hashlib.sha256(key.encode()).digest()[0] % SHARES


def beside(database: Database, suffix: str) -> Path:
    """A file that belongs to a SQLite store: `bss.db` has `bss-jobs.lock`."""
    path = Path(str(database.engine.url.database))
    return path.with_name(f"{path.stem}-{suffix}")


def _all(counts: Mapping[str, int]) -> frozenset[Share]:
    return frozenset(Share(group, number) for group, count in counts.items() for number in range(count))


class _Files:
    """For each group an exclusive transaction on an empty SQLite database, which ends with the process."""

    def __init__(self, paths: Mapping[str, Path], counts: Mapping[str, int]) -> None:
        self._paths, self._counts = paths, counts
        self._taken: dict[str, sqlite3.Connection] = {}
        self._named = ""
        self.held: frozenset[Share] = frozenset()

    @property
    def name(self) -> str:
        # A group that is this process's is no other's.
        return self._named

    @property
    def is_whole(self) -> bool:
        return len(self._taken) == len(self._counts)

    def join(self) -> bool:
        return True

    def holds(self) -> bool:
        return True

    def balance(self, busy: Collection[Share] = ()) -> frozenset[Share]:
        before = self.held
        for group in self._paths.keys() - self._taken.keys():
            self._take(group)
        self._named = self._named or min(self._taken, default="")
        self.held = _all({group: self._counts[group] for group in self._taken})
        return self.held - before

    def leave(self) -> None:
        for connection in self._taken.values():
            connection.close()
        self._taken, self._named, self.held = {}, "", frozenset()

    def _take(self, group: str) -> None:
        connection = sqlite3.connect(self._paths[group], timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            connection.close()
            return
        self._taken[group] = connection


class _Locks:
    """Advisory locks of a session of its own (a pooler in transaction mode would lose them)."""

    def __init__(self, database: Database, counts: Mapping[str, int]) -> None:
        self._engine = create_engine(database.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None
        self._counts = counts
        self._keys = {share: _key(*share) for share in _all(counts)}
        self._members = {group: _key(group, "members") for group in counts}
        self._number = 0
        self.held: frozenset[Share] = frozenset()

    @property
    def name(self) -> str:
        return str(self._number)

    @property
    def is_whole(self) -> bool:
        return len(self.held) == len(self._keys)

    def join(self) -> bool:
        if self.holds():
            return True
        self.leave()
        try:
            connection = self._engine.connect()
        except DBAPIError:
            return False
        try:
            for setting in _KEEPALIVE:
                connection.execute(text(f"SET {setting}"))
            self._number = 0
            while not _locked(connection, [_key("process", self._number)]):
                self._number += 1
            for key in self._members.values():
                connection.execute(text("SELECT pg_advisory_lock_shared(:key)"), {"key": key})
        except DBAPIError:
            connection.close()
            return False
        self._connection = connection
        return True

    def holds(self) -> bool:
        if self._connection is None or self._connection.invalidated:  # `balance` has found it lost
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def balance(self, busy: Collection[Share] = ()) -> frozenset[Share]:
        assert self._connection is not None, "who has not joined shares nothing"
        before = self.held
        try:
            holders = self._holders(self._connection)
            for group, count in self._counts.items():
                members = max(1, len(holders[self._members[group]]))
                self._balance(self._connection, group, -(-count // members), holders, busy)
        except DBAPIError:
            pass  # `holds` says so at the next look
        return self.held - before

    def leave(self) -> None:
        if self._connection is not None:
            # A session that is closed ends when the server comes to it; until then its locks would be in the way.
            if not self._connection.invalidated:
                with suppress(DBAPIError):
                    self._connection.execute(_LEAVE_ALL)
            self._connection.close()
            self._connection = None
        self.held = frozenset()

    def _balance(
        self, connection: Connection, group: str, fair: int, holders: Mapping[int, set[int]], busy: Collection[Share]
    ) -> None:
        mine = {share for share in self.held if share.group == group}
        if len(mine) > fair:
            given = sorted(mine - set(busy))[: len(mine) - fair]
            self.held -= set(given)
            connection.execute(_LEAVE, {"keys": [self._keys[share] for share in given]})
        elif len(mine) < fair:
            free = [share for share, key in self._keys.items() if share.group == group and key not in holders]
            by_key = {self._keys[share]: share for share in sorted(free)[: fair - len(mine)]}
            self.held |= {by_key[key] for key in _locked(connection, by_key)}

    def _holders(self, connection: Connection) -> Mapping[int, set[int]]:
        """The sessions that have each key."""
        holders: defaultdict[int, set[int]] = defaultdict(set)
        for row in connection.execute(_HOLDERS):
            holders[row.key].add(row.pid)
        return holders


def _locked(connection: Connection, keys: Iterable[int]) -> list[int]:
    """Those of the keys that could be locked at once."""
    wanted = list(keys)
    return list(connection.scalars(_TAKE, {"keys": wanted})) if wanted else []


def _key(*name: object) -> int:
    """A number for an advisory lock that nothing else in the database uses."""
    digest = hashlib.sha256("/".join(("bss", *map(str, name))).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
