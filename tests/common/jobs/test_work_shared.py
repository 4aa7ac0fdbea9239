"""Work divided among processes: by role, by share of the keys, and taken over from who is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.jobs.runner import Runner
from tests.common.jobs.bakery import Bakery
from tests.test_architecture import ROOT


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[Bakery]:
    one = Bakery(postgres_url)
    yield one
    one.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def bakery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bakery]:
    url = f"sqlite:///{tmp_path}/bss.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    one = Bakery(url)
    yield one
    one.close()


def test_a_worker_of_another_role_never_touches_the_work(bakery: Bakery) -> None:
    bakery.order("k")
    other = Runner(bakery.installation, roles=["selling", "jobs"])

    assert other.look() == 0
    other.close()
    assert (bakery.oven.looks, bakery.baked("k")) == ({}, 0)

    bakery.runner = Runner(bakery.installation, roles=["baking"])
    bakery.finish()
    assert bakery.baked("k") == 1


# A process that bakes until it is killed, or dies by itself when it is about to write down what it got for a key.
_BAKER = """
import json, os, pathlib, signal, sys
from tests.common.jobs import toy_work
from tests.common.jobs.bakery import Bakery
folder, url, dies_at = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
bakery = Bakery(url)
settle = toy_work.Bake.settle
def settle_or_die(steps, key, calls, answers):
    if key == dies_at:
        (folder / "asked.json").write_text(json.dumps(toy_work.OVEN.asked))
        os.kill(os.getpid(), signal.SIGKILL)
    settle(steps, key, calls, answers)
toy_work.Bake.settle = settle_or_die
bakery.runner.start()
print("up", flush=True)
signal.pause()
"""


def _baker(folder: Path, bakery: Bakery, dies_at: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _BAKER, str(folder), bakery.installation.settings.database_url, dies_at]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


@pytest.mark.long
def test_who_works_beside_takes_over_from_the_dead_and_asks_nothing_twice(bakery: Bakery, tmp_path: Path) -> None:
    bakery.order("last", wanted=2)
    with _baker(tmp_path, bakery, "last") as process:
        assert process.wait(60) == -9
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert asked == {"last/0": 1, "last/1": 1}

    bakery.finish()

    assert bakery.baked("last") == 2
    assert bakery.oven.asked == {}, "what was answered is not asked again"


@pytest.mark.long
def test_two_processes_do_all_of_it_once_and_one_goes_on_when_the_other_dies(
    on_postgresql: Bakery, tmp_path: Path
) -> None:
    bakery = on_postgresql
    bakery.order("first")
    bakery.finish()  # this process has all shares now
    with _baker(tmp_path, bakery, "k399") as process:
        for number in range(400):
            bakery.order(f"k{number}", wanted=2)
        bakery.until(lambda: bakery.runner.look() is not None and process.poll() is not None)
        assert process.returncode == -9
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert asked, "the other process had no part of it"

    bakery.until(lambda: bakery.runner.look() == 0 and all(bakery.baked(f"k{number}") == 2 for number in range(400)))

    ours = bakery.oven.asked
    assert ours, "this process had no part of it"
    both = {loaf: count + asked.get(loaf, 0) for loaf, count in ours.items()}
    assert both["first/0"] == 1
    # What was under way in the other process when it died, four at once, may have been asked again; nothing else.
    again = {loaf.split("/")[0] for loaf, count in both.items() if count > 1}
    assert len(again) <= 4
