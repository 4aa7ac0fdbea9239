"""Looks for jobs and due work and has them carried out, in a thread beside the server or in a worker of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from common.domain.clock import SettableClock, instant_text
from common.errors import ClockStopped, Unavailable
from common.installation import Installation
from common.jobs import moving
from common.jobs.carrier import Carrier
from common.jobs.ledger import JobId, Unfinished
from common.jobs.patience import Patience
from common.jobs.works import Works
from common.store.shares import SHARES, Share, Shares, share_of, shares_of
from common.store.work import Due

if TYPE_CHECKING:
    from common.jobs.durable import Engine

# The role of who carries out import and export jobs; those of works are declared with them (`component.Work`).
JOBS = "jobs"
POLL_SECONDS = 1.0
# Jobs side by side, and works; on SQLite they take turns at its one writer anyway.
AT_ONCE = 4
# Changes that come within this time are looked at together: a busy server is not asked after each of them.
GATHER_SECONDS = 0.02
# How long whoever waits for all work to be done sees none of it end before it is told so.
STALLED_SECONDS_MAX = 60
_PAUSE_SECONDS_MAX = 30
_log = structlog.get_logger(__name__)


class Runner:
    """Carries out the jobs and the due work of an installation until told to stop.

    Any number of processes may have one. What there is to do in a role is divided among those that have that role, by
    the keys of the work (`store.shares`); when one of them ends, the others take up what it left. `roles` are all when
    none are given. `committed` is called after every change, to wake the delivery of events. `start` and `close` are
    for a thread of its own; `look` begins once what is due. What is due says the installation's clock.
    """

    def __init__(
        self,
        installation: Installation,
        committed: Callable[[], None] = lambda: None,
        roles: Collection[str] | None = None,
    ) -> None:
        self._installation = installation
        self._committed = committed
        self._roles = {kind: work.role for kind, work in installation.works.items()}
        every = {*self._roles.values(), JOBS}
        self._mine = every if roles is None else every & set(roles)
        self._shares: Shares = shares_of(installation.database, dict.fromkeys(sorted(self._mine), SHARES))
        self._has_every_role = self._mine == every
        self._engine: Engine | None = None
        self._living: set[JobId] = set()
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._is_urgent = False
        self._balance_at = 0.0
        self._thread: threading.Thread | None = None
        # What follows is also touched by workflows and by whoever waits for work to be done, who hold `_turn`.
        self._turn = threading.Condition()
        self._running: dict[tuple[str, str], str] = {}
        self._ended: dict[str, tuple[str, str]] = {}
        self._ended_count = 0
        self._asked = 0
        self._idle_for = 0
        self._renew()

    def start(self) -> None:
        """Work in a thread, if there is anything that this process is to do; returns at once."""
        if not self._mine:
            return
        self._thread = threading.Thread(target=self.run, name="bss-jobs", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Work until `stop`. The worker edge: trouble is logged and tried again after a pause."""
        troubles, jobs_at = 0, 0.0
        while not self._stopping.is_set():
            self._awake.clear()
            asked, self._is_urgent = self._asked, False
            try:
                if time.monotonic() >= jobs_at:
                    self.look_for_jobs()
                    jobs_at = time.monotonic() + POLL_SECONDS
                left = self.look_for_work()
            except Exception as error:
                if isinstance(error, Unavailable):
                    _log.warning("jobs wait for the database")
                else:
                    _log.exception("looking for jobs failed")
                troubles = min(troubles + 1, 5)
                self._stopping.wait(min(2**troubles, _PAUSE_SECONDS_MAX))
                continue
            troubles = 0
            if not left and (self._engine is None or self._shares.is_whole):
                self._say_idle(asked)
            self._awake.wait(POLL_SECONDS)
            if not self._is_urgent:
                self._stopping.wait(GATHER_SECONDS)

    def wake(self) -> None:
        """Say that there may be something to do; safe from any thread."""
        self._awake.set()

    def stop(self) -> None:
        """Make `run` return soon; safe from any thread and from signal handlers."""
        self._stopping.set()
        self._awake.set()
        self._patience.stop()

    def close(self) -> None:
        """Stop, and wait until nothing is under way. What was is taken up again by the next who starts."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
        with self._turn:
            self._turn.notify_all()
        self._retire()

    def move(self, target: datetime) -> None:
        """Move the installation's clock, with all work done that falls due on the way; `run` works meanwhile.

        Errors: ClockStopped when there is too much of it; Unavailable when nobody carries it out here.
        """
        clock = self._installation.clock
        assert isinstance(clock, SettableClock), "only such a clock can be moved"
        moving.move(clock, target, self._works.next_due, self.finish_due)

    def finish_due(self) -> None:
        """Wait until nothing is due and nothing under way; `run` works meanwhile.

        Errors: ClockStopped when there is no end to it; Unavailable when nobody carries it out here.
        """
        with self._turn:
            self._asked += 1
            asked, before, seen = self._asked, self._ended_count, self._ended_count
            self._hurry()
            while self._idle_for < asked:
                if self._ended_count - before > moving.OCCASIONS_MAX:
                    now = instant_text(self._installation.clock.now())
                    raise ClockStopped(now, f"{moving.OCCASIONS_MAX} occasions of work at one instant")
                woken = self._turn.wait(STALLED_SECONDS_MAX)
                if self._stopping.is_set() or (not woken and self._ended_count == seen):
                    raise Unavailable("the work that is due is not carried out here")
                seen = self._ended_count

    def look(self) -> int:
        """Begin what can be begun, end what cannot go on; how many jobs and works are not ended or still under way."""
        return self.look_for_jobs() + self.look_for_work()

    def look_for_jobs(self) -> int:
        if JOBS not in self._mine:
            return 0
        self._check_shares()
        unfinished = self._carrier.ledger.unfinished(AT_ONCE * 4)
        if not unfinished and not self._living:
            return 0
        engine = self._engine or self._take_shares()
        if engine is None:
            return len(unfinished)
        return self._begin_jobs(engine, [one for one in unfinished if self._has(JOBS, one.job.id)])

    def look_for_work(self) -> int:
        self._check_shares()
        with self._turn:
            # Before the rows are read: what one of these has written last may not be seen yet.
            busy = set(self._running)
        due = self._works.due(AT_ONCE * 4, self._wanted())
        if not due and not busy and not self._ended:
            return 0
        engine = self._engine
        if engine is None:
            engine = self._take_shares()
            if engine is None:
                return len(due)
            due = self._works.due(AT_ONCE * 4, self._wanted())
        self._begin_works(engine, [one for one in due if (one.kind, one.key) not in busy])
        self._forget_works(engine)
        with self._turn:
            return len(due) + len(self._running)

    def _wanted(self) -> Mapping[str, Collection[int]] | None:
        """The kinds to look for, with their shares; None: everything there is, also what no component knows."""
        if self._has_every_role and (self._engine is None or self._shares.is_whole):
            return None
        if self._engine is None:
            return {kind: range(SHARES) for kind, role in self._roles.items() if role in self._mine}
        shares = {role: [each.number for each in self._shares.held if each.group == role] for role in self._mine}
        return {kind: sorted(shares[role]) for kind, role in self._roles.items() if shares.get(role)}

    def _has(self, role: str, key: str) -> bool:
        return Share(role, share_of(key)) in self._shares.held

    def _share(self, kind: str, key: str) -> Share:
        return Share(self._roles.get(kind, ""), share_of(key))

    def _begin_works(self, engine: Engine, due: list[Due]) -> None:
        for one in due:
            place, workflow = (one.kind, one.key), f"{one.kind}/{one.key}/{one.revision}"
            with self._turn:
                if len(self._running) >= AT_ONCE:
                    return
                if place in self._running:  # taken up from the process before
                    continue
                self._running[place] = workflow
            if not engine.start_work(workflow, one.kind, one.key, one.revision):
                with self._turn:
                    self._running.pop(place, None)

    def _forget_works(self, engine: Engine) -> None:
        """Drop what is kept of those that are over; those whose end is not noted yet are dropped next time."""
        with self._turn:
            ended, self._ended = self._ended, {}
            again = set(self._running.values())
        unfinished = engine.forget_works([workflow for workflow in ended if workflow not in again])
        with self._turn:
            self._ended |= {workflow: ended[workflow] for workflow in unfinished}

    def _begin_jobs(self, engine: Engine, unfinished: list[Unfinished]) -> int:
        states = {one.job: engine.state(one.job.workflow) for one in unfinished}
        living = {job for job, state in states.items() if state == "living"}
        for one in unfinished:
            state = states[one.job]
            if state == "over":  # the workflow is, the job is not: a restored backup, or a fault of ours
                self._carrier.give_up(one.job, "the job was interrupted for good; create it again")
            elif state is None and len(living) < AT_ONCE:
                engine.start_job(one.job, one.url)
                living.add(one.job)
        for job in self._living - living:
            engine.forget(job.workflow)
        self._living = living | {job for job in self._living - living if engine.state(job.workflow) == "living"}
        return len({one.job for one in unfinished} | self._living)

    def _note_end(self, workflow: str) -> None:
        """A workflow of a work has done its last step; another of the same key may begin."""
        with self._turn:
            ended = [place for place, one in self._running.items() if one == workflow]
            for place in ended:
                del self._running[place]
                self._ended[workflow] = place
            self._ended_count += 1
            self._hurry()
            self._turn.notify_all()

    def _say_idle(self, asked: int) -> None:
        with self._turn:
            self._idle_for = asked
            self._turn.notify_all()

    def _hurry(self) -> None:
        self._is_urgent = True
        self._awake.set()

    def _check_shares(self) -> None:
        """Give up everything when it may be another's by now; else see once a second whether the parts are fair."""
        if self._engine is None:
            return
        if not self._shares.holds():
            _log.warning("another process may take over the work: the connection that held its shares is lost")
            self._retire()
            self._renew()
        elif time.monotonic() >= self._balance_at:
            self._balance_at = time.monotonic() + POLL_SECONDS
            self._take_up(self._engine, self._shares.balance(self._busy_shares()))

    def _busy_shares(self) -> set[Share]:
        with self._turn:
            places = [*self._running, *self._ended.values()]
        return {self._share(*place) for place in places} | {Share(JOBS, share_of(job.id)) for job in self._living}

    def _renew(self) -> None:
        """What a stop has ended is made anew."""
        self._patience = Patience()
        self._carrier = Carrier(self._installation, self._patience, self._committed)
        self._works = Works(self._installation, self._patience, self._committed)

    def _take_shares(self) -> Engine | None:
        """The engine, launched, when there is a share of the work for this process."""
        if not self._shares.join():
            return None
        gained = self._shares.balance()
        if not gained:
            return None  # who has all of it gives back what is beyond a fair part, once it sees that we are here
        from common.jobs.durable import Engine, Hands

        hands = Hands(self._patience, self._carrier, self._works, self._note_end)
        engine = Engine(self._installation.database, hands, self._shares.name)
        try:
            launched = engine.launch()
        except BaseException:
            self._shares.leave()
            raise
        if not launched:
            self._shares.leave()
            return None
        self._engine = engine
        self._take_up(engine, gained)
        return engine

    def _take_up(self, engine: Engine, gained: Collection[Share]) -> None:
        """Go on with what the processes before left in these shares; nothing of the same keys is begun beside it.

        Errors: those of the database, and then nothing is this process's any more.
        """
        try:
            if gained:
                self._go_on(engine, gained)
        except BaseException:
            self._retire()
            self._renew()
            raise

    def _go_on(self, engine: Engine, gained: Collection[Share]) -> None:
        left = [
            one
            for one in engine.living()
            if (Share(JOBS, share_of(one.key)) if one.kind is None else self._share(one.kind, one.key)) in gained
        ]
        with self._turn:
            for one in left:
                if one.kind is not None:
                    self._running[one.kind, one.key] = one.workflow
        engine.take_up([one.workflow for one in left])

    def _retire(self) -> None:
        if self._engine is not None:
            is_busy = bool(self._running) or any(self._engine.state(job.workflow) == "living" for job in self._living)
            self._engine.close(is_busy=is_busy)
            self._engine = None
        self._living = set()
        with self._turn:
            self._running, self._ended = {}, {}
        self._shares.leave()
