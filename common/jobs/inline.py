"""Due work carried out in the calling thread: for tests, simulations and stories, which want no engine beside them.

The same loop as `durable`. What a step gave is noted in memory, as DBOS notes it in its tables, until the occasion is
over: after a crash between two steps, the same `Inline` goes on where it was, and another one begins the occasion anew.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from common.domain.clock import SettableClock, instant_text
from common.errors import ClockStopped
from common.installation import Installation
from common.jobs import moving
from common.jobs.patience import Patience
from common.jobs.works import Answer, Call, Works, carry_out, log_failure

_T = TypeVar("_T")
_AT_ONCE = 100

# Called with the step that is to be done next (`prepare`, `perform`, `settle`, `postpone`), the kind and the key. To
# crash there, raise Stopped or another BaseException; an Exception would be a fault of the work.
BeforeStep = Callable[[str, str, str], None]


class Inline:
    """Carries out the due work of an installation."""

    def __init__(
        self,
        installation: Installation,
        before_step: BeforeStep = lambda step, kind, key: None,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._installation = installation
        self._before_step = before_step
        self._works = Works(installation, Patience(), committed)
        self._interrupted: dict[tuple[str, str], _Noted] = {}

    def run_due(self) -> int:
        """Do everything that is due by the installation's clock, what was interrupted first; how many occasions.

        Errors: ClockStopped when there is no end to it; whatever `before_step` crashes with.
        """
        occasions = 0
        for noted in list(self._interrupted.values()):
            self._carry(noted)
            occasions += 1
        while due := self._works.due(_AT_ONCE):
            for one in due:
                if occasions >= moving.OCCASIONS_MAX:
                    now = instant_text(self._installation.clock.now())
                    raise ClockStopped(now, f"{moving.OCCASIONS_MAX} occasions of work at one instant")
                self._carry(_Noted(self._works, self._before_step, one.kind, one.key, one.revision))
                occasions += 1
        return occasions

    def move(self, clock: SettableClock, target: datetime) -> None:
        """Move the installation's clock, doing what falls due on the way.

        Errors: ClockStopped.
        """
        moving.move(clock, target, self._works.next_due, lambda: _ignore(self.run_due()))

    def _carry(self, noted: _Noted) -> None:
        place = (noted.kind, noted.key)
        self._interrupted[place] = noted
        noted.rewind()
        try:
            carry_out(noted, noted.kind, noted.key, noted.revision)
        except Exception:
            # The worker edge, as in `durable`.
            log_failure(noted.kind, noted.key)
            noted.postpone()
        del self._interrupted[place]


class _Noted:
    """The steps of one occasion; those that were done before it was interrupted give what they gave then."""

    def __init__(self, works: Works, before_step: BeforeStep, kind: str, key: str, revision: int) -> None:
        self.kind, self.key, self.revision = kind, key, revision
        self._works, self._before_step = works, before_step
        self._results: list[tuple[bool, Any]] = []
        self._done = 0

    def rewind(self) -> None:
        self._done = 0

    def prepare(self, kind: str, key: str, revision: int) -> list[Call]:
        return self._step("prepare", lambda: self._works.prepare(kind, key, revision))

    def perform(self, kind: str, call: Call) -> Answer:
        return self._step("perform", lambda: self._works.perform(kind, call))

    def settle(self, kind: str, key: str, calls: list[Call], answers: list[Answer]) -> None:
        self._step("settle", lambda: self._works.settle(kind, key, calls, answers))

    def postpone(self) -> None:
        self._step("postpone", lambda: self._works.postpone(self.kind, self.key))

    def _step(self, name: str, work: Callable[[], _T]) -> _T:
        self._done += 1
        if self._done > len(self._results):
            self._before_step(name, self.kind, self.key)
            try:
                self._results.append((True, work()))
            except Exception as error:
                self._results.append((False, error))
        went_well, result = self._results[self._done - 1]
        if not went_well:
            raise result
        outcome: _T = copy.deepcopy(result)  # what is kept in a table is not the same object either
        return outcome


def run_due(installation: Installation, before_step: BeforeStep = lambda step, kind, key: None) -> int:
    """Do everything that is due; how many occasions there were."""
    return Inline(installation, before_step).run_due()


def move(installation: Installation, clock: SettableClock, target: datetime) -> None:
    """Move the clock of an installation, doing what falls due on the way."""
    Inline(installation).move(clock, target)


def _ignore(_: object) -> None:
    return None
