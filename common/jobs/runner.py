"""Looks for jobs and has them carried out, in a thread beside the server or in a worker of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from common.errors import Unavailable
from common.installation import Installation
from common.jobs.carrier import Carrier
from common.jobs.ledger import JobId
from common.store.alone import Place, place_of

if TYPE_CHECKING:
    from common.jobs.durable import Engine

POLL_SECONDS = 1.0
# Jobs side by side; on SQLite they take turns at its one writer anyway.
AT_ONCE = 4
_PAUSE_SECONDS_MAX = 30
_log = structlog.get_logger(__name__)


class JobRunner:
    """Carries out the jobs of an installation until told to stop.

    Any number of processes may have one; one at a time works, the others wait for its place. `committed` is called
    after every change, to wake the delivery of events. `start` and `close` are for a thread of its own; `look` does
    once what is due.
    """

    def __init__(self, installation: Installation, committed: Callable[[], None] = lambda: None) -> None:
        self._installation = installation
        self._committed = committed
        self._carrier = Carrier(installation, committed)
        self._place: Place = place_of(installation.database)
        self._engine: Engine | None = None
        self._living: set[JobId] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Work in a thread; returns at once."""
        self._thread = threading.Thread(target=self.run, name="bss-jobs", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Work until `stop`. The worker edge: trouble is logged and tried again after a pause."""
        troubles = 0
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception as error:
                if isinstance(error, Unavailable):
                    _log.warning("jobs wait for the database")
                else:
                    _log.exception("looking for jobs failed")
                troubles = min(troubles + 1, 5)
                self._stopping.wait(min(2**troubles, _PAUSE_SECONDS_MAX))
                continue
            troubles = 0
            self._stopping.wait(POLL_SECONDS)

    def stop(self) -> None:
        """Make `run` return soon; safe from any thread and from signal handlers."""
        self._stopping.set()
        self._carrier.stop()

    def close(self) -> None:
        """Stop, and wait until nothing is under way. What was is taken up again by the next who starts."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
        self._retire()

    def look(self) -> int:
        """Begin what can be begun, end what cannot go on; the number of jobs that are not ended or still under way."""
        if self._engine is not None and not self._place.holds():
            _log.warning("another process may take over the jobs: the connection that held the place is lost")
            self._retire()
            self._carrier = Carrier(self._installation, self._committed)
        unfinished = self._carrier.ledger.unfinished(AT_ONCE * 4)
        if not unfinished and not self._living:
            return 0
        engine = self._engine or self._take_place()
        if engine is None:
            return len(unfinished)
        states = {one.job: engine.state(one.job) for one in unfinished}
        living = {job for job, state in states.items() if state == "living"}
        for one in unfinished:
            state = states[one.job]
            if state == "over":  # the workflow is, the job is not: a restored backup, or a fault of ours
                self._carrier.give_up(one.job, "the job was interrupted for good; create it again")
            elif state is None and len(living) < AT_ONCE:
                engine.start(one.job, one.url)
                living.add(one.job)
        for job in self._living - living:
            engine.forget(job)
        self._living = living | {job for job in self._living - living if engine.state(job) == "living"}
        return len({one.job for one in unfinished} | self._living)

    def _take_place(self) -> Engine | None:
        """The engine, launched, when this process is the one to carry out jobs."""
        if not self._place.take():
            return None
        from common.jobs.durable import Engine

        engine = Engine(self._installation.database, self._carrier)
        try:
            launched = engine.launch()
        except BaseException:
            self._place.leave()
            raise
        if not launched:
            self._place.leave()
            return None
        self._engine = engine
        return engine

    def _retire(self) -> None:
        if self._engine is not None:
            self._engine.close(self._living)
            self._engine = None
        self._living = set()
        self._place.leave()
