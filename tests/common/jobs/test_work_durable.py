"""Due work carried out through DBOS: all of it, once, whatever happens in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.domain.clock import instant_text
from common.errors import ClockStopped, Unavailable
from common.jobs import moving
from common.jobs.runner import AT_ONCE
from tests.common.jobs.bakery import START, Bakery
from tests.test_architecture import ROOT


@pytest.fixture(params=["sqlite", "postgresql"])
def bakery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bakery]:
    url = f"sqlite:///{tmp_path}/bss.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    one = Bakery(url)
    yield one
    one.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Bakery]:
    one = Bakery(f"sqlite:///{tmp_path}/bss.db")
    yield one
    one.close()


def _kept() -> list[str]:
    from dbos import DBOS

    return [one.workflow_id for one in DBOS.list_workflows(name="bss.work")]


def test_everything_that_is_due_is_done_once_and_nothing_else(bakery: Bakery) -> None:
    for number in range(30):
        bakery.order(f"k{number}", wanted=3)
    bakery.order("later", START + timedelta(milliseconds=1))
    bakery.order("waits", None)
    bakery.order("goes", wanted=2, ends=True)

    bakery.finish()

    assert set(bakery.oven.asked.values()) == {1}
    assert len(bakery.oven.asked) == 30 * 3 + 2
    assert [bakery.baked(f"k{number}") for number in range(30)] == [3] * 30
    assert (bakery.baked("later"), bakery.baked("waits"), bakery.row("goes")) == (0, 0, None)
    bakery.until(lambda: bakery.runner.look() == 0 and _kept() == [])


def test_a_fault_postpones_its_own_work_with_growing_pauses_and_no_other(bakery: Bakery) -> None:
    bakery.oven.broken.add("bad/1")
    bakery.order("bad", wanted=2)
    bakery.order("good")

    pauses = []
    for _ in range(4):
        bakery.finish()
        standing = bakery.standing("bad")
        assert standing is not None
        assert standing.due is not None
        pauses.append((standing.due - bakery.clock.now()).total_seconds())
        bakery.clock.move(standing.due)

    assert pauses == [1, 2, 4, 8]
    assert (bakery.baked("good"), bakery.baked("bad")) == (1, 0)
    bakery.oven.broken.clear()
    bakery.finish()
    standing = bakery.standing("bad")
    assert standing is not None
    assert (bakery.baked("bad"), standing.failures, standing.due) == (2, 0, None)


def test_work_that_leaves_its_row_due_is_a_fault_and_no_hot_loop(sqlite: Bakery) -> None:
    sqlite.order("k", idle=True)
    sqlite.order("k", kind="unknown")

    sqlite.finish()

    for kind in ("bake", "unknown"):
        standing = sqlite.standing("k", kind)
        assert standing is not None
        assert (standing.due, standing.failures) == (START + timedelta(seconds=1), 1)
    assert sqlite.oven.looks["k"] == 1


def test_a_wake_while_it_is_carried_out_is_not_lost(bakery: Bakery) -> None:
    def want_more(key: str) -> None:
        bakery.oven.during = lambda key: None
        bakery.order(key, wanted=4, baked=0)
        bakery.wake(key)

    bakery.oven.during = want_more
    bakery.order("k", wanted=2)

    bakery.finish()

    assert bakery.baked("k") == 4
    assert set(bakery.oven.asked.values()) == {1}


def test_a_wake_after_the_last_look_makes_another_occasion(bakery: Bakery) -> None:
    def wake_once(key: str, is_last: bool) -> None:
        if is_last:
            bakery.oven.after_prepare = lambda key, is_last: None
            bakery.wake(key)

    bakery.oven.after_prepare = wake_once
    bakery.order("k")

    bakery.finish()

    assert bakery.oven.looks["k"] == 3
    row = bakery.row("k")
    assert row is not None
    assert row.due is None


def test_of_one_key_never_two_are_under_way(bakery: Bakery) -> None:
    bakery.order("first")
    bakery.finish()  # it works by now, so that it does so while it is woken
    waking = threading.Event()

    def wake_often() -> None:
        for _ in range(40):
            for number in range(AT_ONCE + 2):
                bakery.order(f"k{number}", wanted=10_000, baked=bakery.baked(f"k{number}"))
                bakery.wake(f"k{number}")
        for number in range(AT_ONCE + 2):
            bakery.order(f"k{number}", wanted=1, baked=1)
        waking.set()

    thread = threading.Thread(target=wake_often)
    thread.start()
    bakery.until(lambda: bakery.runner.look() == 0 and waking.is_set())
    thread.join()

    assert bakery.oven.at_once_max == 1


def test_the_thread_carries_out_what_it_is_woken_for_and_moves_the_clock(bakery: Bakery) -> None:
    bakery.runner.start()
    bakery.order("daily", every=24)
    bakery.order("once", START + timedelta(days=2, hours=1))

    bakery.runner.move(START + timedelta(days=3))

    assert bakery.clock.now() == START + timedelta(days=3)
    assert (bakery.baked("daily"), bakery.baked("once")) == (4, 1)
    row = bakery.row("daily")
    assert row is not None
    assert row.due == START + timedelta(days=4)


def test_a_move_with_too_much_on_its_way_says_where_it_stands(sqlite: Bakery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "MOMENTS_MAX", 3)
    sqlite.runner.start()
    sqlite.order("hourly", every=1)

    with pytest.raises(ClockStopped, match=instant_text(START + timedelta(hours=3)).replace(".", r"\.")):
        sqlite.runner.move(START + timedelta(days=1))

    assert (sqlite.clock.now(), sqlite.baked("hourly")) == (START + timedelta(hours=3), 4)
    monkeypatch.setattr(moving, "MOMENTS_MAX", 100)
    sqlite.runner.move(START + timedelta(days=1))
    assert (sqlite.clock.now(), sqlite.baked("hourly")) == (START + timedelta(days=1), 25)


def test_work_without_end_at_one_instant_is_refused(sqlite: Bakery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "OCCASIONS_MAX", 3)
    sqlite.oven.after_prepare = lambda key, is_last: sqlite.wake(key) if is_last else None
    sqlite.order("k")
    sqlite.runner.start()

    with pytest.raises(ClockStopped, match="3 occasions"):
        sqlite.runner.move(START + timedelta(days=1))

    assert sqlite.clock.now() == START


def test_who_waits_for_work_that_nobody_carries_out_is_told_so(sqlite: Bakery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.jobs.runner.STALLED_SECONDS_MAX", 0.05)
    sqlite.order("k")

    with pytest.raises(Unavailable):
        sqlite.runner.finish_due()


_KILLED = """
import json, os, pathlib, signal, sys
from tests.common.jobs import toy_work
from tests.common.jobs.bakery import Bakery
folder, url = pathlib.Path(sys.argv[1]), sys.argv[2]
bakery = Bakery(url)
def die(*_):
    (folder / "asked.json").write_text(json.dumps(toy_work.OVEN.asked))
    os.kill(os.getpid(), signal.SIGKILL)
toy_work.Bake.settle = die
bakery.order("k", wanted=2)
bakery.until(lambda: bakery.runner.look() == 0)
"""


@pytest.mark.long
def test_an_answer_survives_the_process_that_received_it(bakery: Bakery, tmp_path: Path) -> None:
    url = bakery.installation.settings.database_url
    died = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path), url], cwd=ROOT, env={**os.environ}, timeout=60, check=False
    )
    assert died.returncode == -9
    assert json.loads((tmp_path / "asked.json").read_text()) == {"k/0": 1, "k/1": 1}
    assert bakery.baked("k") == 0

    bakery.finish()

    assert bakery.baked("k") == 2
    assert bakery.oven.asked == {}, "what was answered is not asked again"
    bakery.until(lambda: bakery.runner.look() == 0 and _kept() == [])
