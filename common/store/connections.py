"""The connections of a process to one database, made when they are needed and used by one transaction after another.

SQLAlchemy makes them. Its own pool costs a sixth of what an answer with one document does (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from sqlalchemy import Engine, PoolProxiedConnection

from common.errors import Unavailable
from common.store.waiting import NeedsThread, is_shared, leave


class Connections:
    """So many connections at most; whoever asks for one more waits.

    Shapes: `is_usable` looks at one that was used before, without asking the database when it can be avoided; `undo`
            ends what a transaction left, and raises nothing when the connection is lost.
    """

    def __init__(
        self,
        engine: Engine,
        count: int,
        seconds_max: float,
        is_usable: Callable[[PoolProxiedConnection], bool],
        undo: Callable[[PoolProxiedConnection], None],
    ) -> None:
        self.engine = engine
        self._seconds_max, self._is_usable, self._undo = seconds_max, is_usable, undo
        self._idle: list[PoolProxiedConnection] = []
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._permits.put(None)

    def take(self) -> PoolProxiedConnection:
        """One that nobody else uses until it is given back.

        Errors: Unavailable when all are in use for too long; the driver's when a new one cannot be made.
        """
        try:
            self._permits.get(block=not is_shared(), timeout=self._seconds_max)
        except Empty:
            leave()
            raise Unavailable("every database connection is in use; repeat the request later") from None
        try:
            return self.instead()
        except BaseException:
            self._permits.put(None)
            raise

    def instead(self) -> PoolProxiedConnection:
        """One in place of a connection that was taken and is lost; it is the one to be given back.

        Errors: the driver's when a new one cannot be made.
        """
        while self._idle:
            try:
                found = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            try:
                is_usable = self._is_usable(found)
            except NeedsThread:
                self._idle.append(found)
                raise
            if is_usable:
                return found
            found.invalidate()
        leave()
        return self.engine.raw_connection()

    def give(self, connection: PoolProxiedConnection) -> None:
        """Back, for whoever comes next; whatever was not committed is undone."""
        try:
            if connection.is_valid:
                self._undo(connection)
            if connection.is_valid:
                self._idle.append(connection)
        finally:
            self._permits.put(None)

    def close(self) -> None:
        """End those that are at rest."""
        while self._idle:
            self._idle.pop().invalidate()
        self.engine.dispose()
