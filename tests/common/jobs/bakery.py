"""An installation with the toy work, on a clock that stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from common.domain.clock import SettableClock
from common.installation import Installation
from common.jobs.runner import Runner
from common.settings import Settings
from common.store.work import Due, WorkRow
from tests.common.jobs import toy_work

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
_SECONDS_MAX = 60


class Bakery:
    """An installation, its clock, its oven and a runner that looks when it is told to."""

    def __init__(self, database_url: str) -> None:
        self.oven = toy_work.fresh_oven()
        self.clock = SettableClock(START)
        self.installation = Installation.assemble(
            Settings(database_url=database_url, components="tests.common.jobs.toy_work"), self.clock
        )
        self.installation.database.migrate()
        self.installation.database.prepare()
        self.runner = Runner(self.installation)

    def close(self) -> None:
        self.runner.close()
        self.installation.database.close()

    def order(self, key: str, due: datetime | None = START, kind: str = "bake", **doc: Any) -> None:
        with self.installation.database.write() as uow:
            uow.work(kind).put(key, due, doc)
            uow.commit()

    def wake(self, key: str, at: datetime = START) -> None:
        with self.installation.database.write() as uow:
            uow.work("bake").wake(key, at)
            uow.commit()

    def row(self, key: str) -> WorkRow | None:
        with self.installation.database.read() as uow:
            return uow.work("bake").get(key)

    def standing(self, key: str, kind: str = "bake") -> Due | None:
        with self.installation.database.read() as uow:
            return uow.agenda.get(kind, key)

    def baked(self, key: str) -> int:
        row = self.row(key)
        return int(row.doc.get("baked", 0)) if row is not None else -1

    def finish(self) -> None:
        """Look until nothing is due or under way."""
        self.until(lambda: self.runner.look() == 0)

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + _SECONDS_MAX
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.005)
