"""Carrying out the work that is due, one occasion of one row at a time (`component.Steps`).

Knows nothing of how the steps are kept durable: `durable` has them noted by DBOS, `inline` does them in the calling
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from common.component import Steps
from common.installation import Installation
from common.jobs.ledger import TENANT
from common.jobs.patience import Patience
from common.store.work import Due

# Times that one occasion may ask the outside and settle; work that goes on longer does so on another occasion.
ROUNDS_MAX = 100
# The pause after an occasion that failed: 1 s, doubled each time, up to this.
PAUSE_SECONDS_MAX = 3600

_log = structlog.get_logger(__name__)

# Plain JSON, kept by the workflow engine.
Call = dict[str, Any]
Answer = dict[str, Any]


class WorkFault(Exception):
    """A work that does not do what Steps promise; the occasion has failed."""


class Doing(Protocol):
    """The three steps as whoever carries them out does them."""

    def prepare(self, kind: str, key: str, revision: int) -> list[Call]: ...

    def perform(self, kind: str, call: Call) -> Answer: ...

    def settle(self, kind: str, key: str, calls: list[Call], answers: list[Answer]) -> None: ...


def carry_out(doing: Doing, kind: str, key: str, revision: int) -> None:
    """One occasion of one work. Decides by what the steps gave only, so that it can be replayed.

    Errors: WorkFault; what the steps raise.
    """
    for _ in range(ROUNDS_MAX):
        calls = doing.prepare(kind, key, revision)
        if not calls:
            return
        answers = [doing.perform(kind, call) for call in calls]
        doing.settle(kind, key, calls, answers)
    raise WorkFault(f"more than {ROUNDS_MAX} rounds on one occasion")


class Works:
    """The due work of an installation, and its steps. `committed` is called after every change."""

    def __init__(
        self, installation: Installation, patience: Patience, committed: Callable[[], None] = lambda: None
    ) -> None:
        self._installation = installation
        self._patiently = patience
        self._committed = committed
        self._opened: dict[str, Steps] = {}

    def due(self, limit: int, wanted: Mapping[str, Collection[int]] | None = None) -> list[Due]:
        """What is due by the installation's clock, in order; only of these kinds and shares when they are given.

        Errors: Unavailable.
        """
        with self._installation.database.read(TENANT) as uow:
            return uow.agenda.due(self._installation.clock.now(), limit, wanted)

    def next_due(self) -> datetime | None:
        """Errors: Unavailable."""
        with self._installation.database.read(TENANT) as uow:
            return uow.agenda.next_due()

    def prepare(self, kind: str, key: str, revision: int) -> list[Call]:
        """The calls of the next round; without any the occasion is over, and the row must have been changed.

        Errors: WorkFault; what the step raises.
        """
        calls = self._patiently(lambda: self._steps(kind).prepare(key))
        if not calls:
            self._patiently(lambda: self._conclude(kind, key, revision))
        self._committed()
        return calls

    def perform(self, kind: str, call: Call) -> Answer:
        """Errors: what the step raises."""
        return self._patiently(lambda: self._steps(kind).perform(call))

    def settle(self, kind: str, key: str, calls: list[Call], answers: list[Answer]) -> None:
        """Errors: what the step raises."""
        self._patiently(lambda: self._steps(kind).settle(key, calls, answers))
        self._committed()

    def postpone(self, kind: str, key: str) -> None:
        """An occasion failed: due again after a pause, twice as long as the one before it."""
        self._patiently(lambda: self._postpone(kind, key))

    def _steps(self, kind: str) -> Steps:
        if kind not in self._opened:
            work = self._installation.works.get(kind)
            if work is None:
                raise WorkFault("no component that is served here has such a work")
            self._opened[kind] = work.open(self._installation)
        return self._opened[kind]

    def _conclude(self, kind: str, key: str, revision: int) -> None:
        database, now = self._installation.database, self._installation.clock.now()
        with database.read(TENANT) as uow:
            found = uow.agenda.get(kind, key)
        if found is None:
            return
        if found.revision == revision and found.due is not None and found.due <= now:
            raise WorkFault("it had nothing to ask and left its row due; put it with its next due, or remove it")
        if found.failures:
            with database.write(TENANT) as uow:
                uow.agenda.forgive(kind, key)
                uow.commit()

    def _postpone(self, kind: str, key: str) -> None:
        with self._installation.database.write(TENANT) as uow:
            found = uow.agenda.get(kind, key, for_update=True)
            if found is None:
                return
            pause = min(2 ** min(found.failures, 30), PAUSE_SECONDS_MAX)
            uow.agenda.postpone(kind, key, self._installation.clock.now() + timedelta(seconds=pause))
            uow.commit()


def log_failure(kind: str, key: str) -> None:
    """Say, within an `except`, that an occasion failed."""
    _log.exception("work failed, and is tried again later", kind=kind, key=key)
