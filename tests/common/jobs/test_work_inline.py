"""Due work carried out in the calling thread, and a crash between any two of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import ClockStopped
from common.jobs import moving
from common.jobs.inline import Inline, move, run_due
from common.jobs.patience import Stopped
from common.jobs.works import ROUNDS_MAX
from tests.common.jobs.bakery import START, Bakery


@pytest.fixture
def bakery(tmp_path: Path) -> Iterator[Bakery]:
    one = Bakery(f"sqlite:///{tmp_path}/bss.db")
    yield one
    one.close()


def test_what_is_due_is_done_in_order(bakery: Bakery) -> None:
    for key in ("b", "a"):
        bakery.order(key, wanted=3)
    bakery.order("first", START - timedelta(hours=1))
    bakery.order("later", START + timedelta(hours=1))

    assert run_due(bakery.installation) == 3

    assert list(bakery.oven.asked) == ["first/0", "a/0", "a/1", "a/2", "b/0", "b/1", "b/2"]
    assert run_due(bakery.installation) == 0


def test_steps_come_in_rounds_until_there_is_nothing_to_ask(bakery: Bakery) -> None:
    steps: list[str] = []
    bakery.order("k", wanted=3)

    run_due(bakery.installation, lambda step, kind, key: steps.append(step))

    assert steps == ["prepare", "perform", "perform", "settle", "prepare", "perform", "settle", "prepare"]


def test_an_occasion_has_a_limited_number_of_rounds(bakery: Bakery) -> None:
    bakery.order("k", wanted=2 * ROUNDS_MAX + 1)

    run_due(bakery.installation)

    standing = bakery.standing("k")
    assert standing is not None
    assert (bakery.baked("k"), standing.failures) == (2 * ROUNDS_MAX, 1)
    move(bakery.installation, bakery.clock, START + timedelta(seconds=1))
    assert bakery.baked("k") == 2 * ROUNDS_MAX + 1


def test_moving_the_clock_stops_at_every_due_instant(bakery: Bakery) -> None:
    times = []
    bakery.oven.during = lambda key: times.append((key, bakery.clock.now() - START))
    bakery.order("daily", every=24)
    bakery.order("once", START + timedelta(hours=30))

    move(bakery.installation, bakery.clock, START + timedelta(hours=50))

    hours = [(key, after / timedelta(hours=1)) for key, after in times]
    assert hours == [("daily", 0), ("daily", 24), ("once", 30), ("daily", 48)]
    assert bakery.clock.now() == START + timedelta(hours=50)


def test_moving_with_endless_work_stops(bakery: Bakery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "OCCASIONS_MAX", 3)
    bakery.oven.after_prepare = lambda key, is_last: bakery.wake(key) if is_last else None
    bakery.order("k")

    with pytest.raises(ClockStopped):
        move(bakery.installation, bakery.clock, START + timedelta(days=1))

    assert bakery.clock.now() == START


@pytest.mark.parametrize("remembers", [True, False], ids=["goes-on", "begins-anew"])
@pytest.mark.parametrize("crash_at", range(8))
def test_a_crash_before_any_step_loses_and_doubles_nothing(bakery: Bakery, crash_at: int, remembers: bool) -> None:
    bakery.order("k", wanted=3)
    left = [crash_at]

    def crash(step: str, kind: str, key: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise Stopped

    first = Inline(bakery.installation, crash)
    with pytest.raises(Stopped):
        first.run_due()

    (first if remembers else Inline(bakery.installation)).run_due()

    assert bakery.baked("k") == 3
    # What was answered but not settled is asked again by one who remembers nothing, with the same id.
    again = {} if remembers else {2: {"k/0": 2}, 3: {"k/0": 2, "k/1": 2}, 6: {"k/2": 2}}.get(crash_at, {})
    assert bakery.oven.asked == {"k/0": 1, "k/1": 1, "k/2": 1, **again}


def test_a_fault_postpones_and_a_crash_while_postponing_does_it_later(bakery: Bakery) -> None:
    bakery.oven.broken.add("k/0")
    bakery.order("k")
    crashes = ["postpone"]

    def crash(step: str, kind: str, key: str) -> None:
        if crashes and step == crashes[0]:
            crashes.clear()
            raise Stopped

    inline = Inline(bakery.installation, crash)
    with pytest.raises(Stopped):
        inline.run_due()

    inline.run_due()

    standing = bakery.standing("k")
    assert standing is not None
    assert (standing.failures, standing.due, bakery.oven.asked) == (1, START + timedelta(seconds=1), {"k/0": 1})
