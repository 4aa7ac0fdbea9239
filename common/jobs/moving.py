"""Moving a clock through every instant at which work is due on the way, with all of it done before the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from common.domain.clock import SettableClock, instant_text
from common.errors import ClockStopped

# Instants that one move stops at: a day's work for more than 25 years.
MOMENTS_MAX = 10_000
# Occasions that one instant may have: work that is due again at once, whenever it was done, never comes to an end.
OCCASIONS_MAX = 100_000


def move(
    clock: SettableClock,
    target: datetime,
    next_due: Callable[[], datetime | None],
    finish_due: Callable[[], None],
) -> None:
    """Move the clock to an instant. `finish_due` does all that is due by the clock, `next_due` says what comes next.

    Errors: ClockStopped when there is too much on the way; what was passed is done, and another move goes on.
    """
    finish_due()
    for _ in range(MOMENTS_MAX):
        upcoming = next_due()
        if upcoming is None or upcoming > target:
            clock.move(target)
            return
        clock.move(max(upcoming, clock.now()))
        finish_due()
    raise ClockStopped(instant_text(clock.now()), f"{MOMENTS_MAX} instants with work to do")
