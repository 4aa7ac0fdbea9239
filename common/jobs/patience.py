"""Waiting for a database that does not answer, until the process is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import structlog

from common.errors import IdempotencyConflict, Unavailable

_PAUSE_SECONDS_MAX = 30
_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Stopped(BaseException):
    """The process is being stopped. Not an Exception: nothing may take it for the outcome of a step or a job."""


class Patience:
    """Does things again until the database answers: an outage delays what is to be done and fails none of it."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Make every step end soon, by Stopped, without an outcome."""
        self._stopping.set()

    def check(self) -> None:
        """Errors: Stopped."""
        if self._stopping.is_set():
            raise Stopped

    def __call__(self, work: Callable[[], _T]) -> _T:
        """Errors: Stopped; what `work` raises beyond Unavailable and IdempotencyConflict."""
        pause = 1
        while True:
            self.check()
            try:
                return work()
            except (Unavailable, IdempotencyConflict) as error:
                _log.warning("waiting for the database", problem=error.message)
                self._stopping.wait(pause)
                pause = min(2 * pause, _PAUSE_SECONDS_MAX)
