"""What an occasion of due work costs through DBOS beside the same one in the calling thread: elapsed time.

    python -m benchmarks.due_work [OCCASIONS]

The work asks the outside once (which answers at once) and then waits: four steps, three write transactions of ours.
Both ways take turns on the same store: SQLite on disk, and PostgreSQL with its syncing off, as tests start it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from common import logs
from common.component import Component, Work
from common.domain.clock import SettableClock
from common.installation import Installation
from common.jobs.inline import run_due
from common.jobs.runner import Runner
from common.settings import Settings
from tests.postgres import running_server

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 3
COMPONENT = Component(name=__name__, api="TMF000", resources=(), works=(Work("ask", f"{__name__}:Ask", "asking"),))


class Ask:
    """One question, one answer, then wait."""

    def __init__(self, installation: Installation) -> None:
        self._database = installation.database

    def prepare(self, key: str) -> list[dict[str, Any]]:
        with self._database.write() as uow:
            row = uow.work("ask").get(key, for_update=True)
            assert row is not None
            if "answer" not in row.doc:
                return [{"key": key}]
            uow.work("ask").put(key, None, {})
            uow.commit()
        return []

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        return {"answer": call["key"]}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        with self._database.write() as uow:
            uow.work("ask").put(key, START, answers[0])
            uow.commit()


def main(occasions: int) -> None:
    print(
        f"{'store':12} {'inline ms':>10} {'dbos ms':>10} {'ratio':>6}   (an occasion, {ROUNDS} rounds of {occasions})"
    )
    with tempfile.TemporaryDirectory() as folder:
        measure("sqlite", f"sqlite:///{folder}/bss.db", occasions)
    with running_server() as server, server.database() as url:
        measure("postgresql", url, occasions)


def measure(name: str, url: str, occasions: int) -> None:
    with installed(url) as installation:
        runner = Runner(installation)
        schedule(installation, 1)
        runner.start()
        runner.finish_due()  # DBOS is launched, which is not to be measured
        spent = {"inline": 0.0, "dbos": 0.0}
        for _ in range(ROUNDS):
            runner.close()
            schedule(installation, occasions)
            spent["inline"] += elapsed(lambda: run_due(installation))
            runner = Runner(installation)
            runner.start()
            schedule(installation, 1)
            runner.finish_due()
            schedule(installation, occasions)
            spent["dbos"] += elapsed(runner.finish_due)
        runner.close()
    inline, dbos = (spent[way] * 1000 / ROUNDS / occasions for way in ("inline", "dbos"))
    print(f"{name:12} {inline:10.1f} {dbos:10.1f} {dbos / inline:6.1f}")


@contextmanager
def installed(url: str) -> Iterator[Installation]:
    installation = Installation.assemble(Settings(database_url=url, components=__name__), SettableClock(START))
    installation.database.migrate()
    installation.database.prepare()
    yield installation
    installation.database.close()


def schedule(installation: Installation, occasions: int) -> None:
    with installation.database.write() as uow:
        for number in range(occasions):
            uow.work("ask").put(f"k{number}", START, {})
        uow.commit()


def elapsed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    logs.configure("error")
    from benchmarks import due_work  # the module that the works name, and not __main__ beside it

    due_work.main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
