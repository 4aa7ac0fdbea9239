"""Usage taken in, recycled and rated over by a process that dies before and after every commit: nothing shows of it.

How: commits are counted, and those of a file's checkpoint; a run dies before or after the one with a given number, and
whoever sent what was not acknowledged, or started the command, does it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol

import pytest
from sqlalchemy import text

from common import exact_json
from common.domain.clock import SettableClock
from common.domain.query import Document
from common.jobs.patience import Stopped
from common.settings import Settings
from common.store.unit_of_work import UnitOfWork
from tests.client import Suite
from tests.postgres import postgres_server  # noqa: F401
from tests.scenarios.charging import USAGES, USAGES_V4, Network, in_v4, money, product_price, tiers, usage
from tests.simulation.usage_truth import Told, told
from tests.tables import stored_tables
from tests.tmf654_balance.kit import topped_up
from tmf635_usage import batch
from tmf635_usage.feed import Feed
from tmf635_usage.ingest import Ingest, chunks
from tmf635_usage.recycle import Recycle
from tmf635_usage.rerate import rerate

BATCH = "/tmf-api/productUsageManagement/v5/productUsageBatch"
START = datetime(2026, 3, 10, 12, tzinfo=UTC)
AT_ONCE = 3


class Moments:
    """Counts what may be the last thing a process does, and lets it die at one of them."""

    def __init__(self, fatal: int | None = None) -> None:
        self.fatal, self.passed, self.deaths = fatal, 0, 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed - 1 == self.fatal:
            self.deaths += 1
            raise Stopped

    def around(self, work: Callable[..., Any], *arguments: Any) -> Any:
        self()
        done = work(*arguments)
        self()
        return done


class Stage:
    """An installation that is emptied and stocked anew for each run."""

    def __init__(self, url: str, folder: Path) -> None:
        of = {"billing": "manual", "unversioned_prices": "follow"}  # a price is corrected
        self.suite = Suite(Settings(database_url=url, job_dir=str(folder / "jobs"), **of), SettableClock(START))
        self.folder, self.moments = folder, Moments()
        self.network = Network(SimpleNamespace(suite=self.suite, now="2026-02-01T00:00:00Z"))  # type: ignore[arg-type]
        self.is_sqlite = url.startswith("sqlite")

    def run(self, way: Way, fatal: int | None = None) -> tuple[int, Told]:
        """How many moments there were, and what is there in the end."""
        self._empty()
        self._stock()
        way.before(self)
        self.moments = moments = Moments(fatal)
        for step in way.steps(self):
            while True:
                try:
                    step()
                    break
                except Stopped:
                    continue
        self.moments = Moments()
        assert moments.deaths == (fatal is not None)
        return moments.passed, told(self.suite.installation)

    def _empty(self) -> None:
        for file in self.folder.glob("calls*"):
            file.unlink()
        with self.suite.installation.database.engine.begin() as connection:
            for name in stored_tables(connection):
                if name != "alembic_version":
                    connection.execute(text(f'DELETE FROM "{name}"'))

    def _stock(self) -> None:
        """A postpaid product with an allowance and tiers, a prepaid one, and one whose price is missing."""
        network = self.network
        network.price("voice", "voice", "0.10", "1 min", setupFee=money("0.05"))
        network.allowance("minutes", "voice", "3 min", rollover={"periods": 1})
        network.price("data", "data", None, "1 MB", tierModel="graduated", tier=tiers(("0", "0.5"), ("10", "0.1")))
        for id, prices in (("post", ("voice", "minutes", "data")), ("pre", ("voice",)), ("poor", ("missing",))):
            network.product(id, msisdn=NUMBERS[id], productPrice=[_latest(price) for price in prices])
        topped_up(self.suite, "credit", Decimal("0.60"), product=[{"id": "pre"}])


class Way(Protocol):
    """How usage gets in, or what is done with it: steps, each repeated until it is acknowledged."""

    rated: int
    # What is told of a usage once more when all is done once more.
    again: ClassVar[list[tuple[str, str]]] = []

    def before(self, stage: Stage) -> None:
        """What is there when the run begins."""

    def steps(self, stage: Stage) -> Iterator[Callable[[], None]]: ...


class Single(Way):
    rated = 8

    def steps(self, stage: Stage) -> Iterator[Callable[[], None]]:
        for number, record in enumerate(RECORDS):
            path, body = (USAGES_V4, in_v4(record)) if number % 2 else (USAGES, record)
            yield partial(_send, stage, path, body, {"idempotency-key": str(number)} if number % 3 else {})


class Batch(Way):
    rated = 8

    def steps(self, stage: Stage) -> Iterator[Callable[[], None]]:
        content = b"\n".join(exact_json.encode(one) for one in (*RECORDS, RECORDS[0]))
        yield partial(_send_all, stage, content)


class File(Way):
    rated = 8

    def steps(self, stage: Stage) -> Iterator[Callable[[], None]]:
        file = stage.folder / "calls.ndjson"
        file.write_bytes(b"\n".join(exact_json.encode(one) for one in (*RECORDS, RECORDS[0], {})))
        yield partial(_feed, stage, file)


class Recycling(Way):
    """Usage of a product that was not there yet, of a price that was not, and of an empty balance."""

    rated = 11

    def before(self, stage: Stage) -> None:
        for record in (*RECORDS, *MORE):
            stage.suite.created(USAGES, record)
        stage.network.price("missing", "voice", "0.02", "1 min")
        stage.network.product("late", productPrice=[_latest("data")])

    def steps(self, stage: Stage) -> Iterator[Callable[[], None]]:
        yield lambda: _ignore(Recycle(stage.suite.installation, size=AT_ONCE).run())


class Rating(Way):
    """A price was wrong. What was rejected stays so; prepaid usage is rated anew each time."""

    rated = 8
    again: ClassVar = [("UsageStateChangeEvent", "corrected"), ("UsageStateChangeEvent", "rated")]

    def before(self, stage: Stage) -> None:
        for record in RECORDS:
            stage.suite.created(USAGES, record)
        stage.network.price("voice", "voice", "0.04", "1 min", version="2.0", setupFee=money("0.01"))

    def steps(self, stage: Stage) -> Iterator[Callable[[], None]]:
        for product in ("pre", "post", "poor"):
            yield partial(lambda id: _ignore(rerate(stage.suite.installation, id)), product)


def _record(number: int, kind: str, used: str, product: str, day: int) -> Document:
    at = f"2026-03-{day:02}T10:00:00Z"
    return usage(kind, at, used, product, record=f"r{number}", msisdn=NUMBERS[product])


# v4 finds products by them.
NUMBERS = {"post": "+431", "pre": "+432", "poor": "+433", "late": "+434"}
# The second call of the prepaid product costs more than it has left.
RECORDS = [
    _record(0, "voice", "2 min", "post", 3),
    _record(1, "data", "8 MB", "post", 2),
    _record(2, "voice", "4 min", "pre", 1),
    _record(3, "voice", "2 min", "post", 2),
    _record(4, "voice", "3 min", "pre", 2),
    _record(5, "data", "8 MB", "post", 1),
    _record(6, "voice", "1 min", "post", 4),
    _record(7, "voice", "1 min", "poor", 1),
    _record(8, "voice", "30 s", "post", 5),
    _record(9, "data", "1 MB", "post", 9),
]
MORE = [_record(20, "data", "4 MB", "late", 4), _record(21, "data", "9 MB", "late", 2)]
WAYS = (Single(), Batch(), File(), Recycling(), Rating())


def _latest(price: str) -> Document:
    """A price as a product has it that keeps to no version."""
    known = product_price(price)
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}


def _send(stage: Stage, path: str, body: Document, headers: dict[str, str]) -> None:
    answer = stage.suite.post(path, body, headers=headers)
    assert answer.status == 201 or (answer.status, answer.json["code"]) == (409, "usage.duplicate"), answer.content


def _send_all(stage: Stage, content: bytes) -> None:
    answer = stage.suite.post(BATCH, content=content, media_type=batch.NDJSON)
    assert answer.status == 200
    results = [exact_json.decode(line)["result"] for line in answer.content.splitlines()]
    assert len(results) == len(RECORDS) + 1
    assert set(results) <= {"created", "duplicate"}


def _feed(stage: Stage, file: Path) -> None:
    rejects, checkpoint = (file.with_name(file.name + suffix) for suffix in (".rejects", ".checkpoint"))
    *_, last = Feed(file, rejects, checkpoint, Ingest.of(stage.suite.installation).take, size=AT_ONCE).run()
    assert last.received == len(RECORDS) + 2
    assert sum(last.results.values()) == last.received
    assert last.results["refused"] == len(rejects.read_bytes().splitlines()) == 1


def _ignore(_: object) -> None:
    """What a command tells: who died told nothing."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("usage")
    if request.param == "sqlite":
        yield from _stage(f"sqlite:///{folder}/bss.db", folder)
    else:
        with request.getfixturevalue("postgres_server").database() as url:
            yield from _stage(url, folder)


def _stage(url: str, folder: Path) -> Iterator[Stage]:
    commit, keep = UnitOfWork.commit, Feed._keep
    with pytest.MonkeyPatch.context() as patch:
        stage = Stage(url, folder)
        patch.setattr(UnitOfWork, "commit", lambda uow: stage.moments.around(commit, uow))
        patch.setattr(Feed, "_keep", lambda feed, taken: stage.moments.around(keep, feed, taken))
        patch.setattr(batch, "chunks", partial(chunks, size=AT_ONCE))
        yield stage
        stage.suite.close()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: type(way).__name__.lower())
def test_dying_before_and_after_every_commit_changes_nothing(stage: Stage, way: Way) -> None:
    moments, whole = stage.run(way)

    assert whole.statuses()["rated"] == way.rated
    for fatal in range(moments):
        _, ended = stage.run(way, fatal)

        assert _timeless(ended) == _timeless(whole), fatal
        for key, moves in ended.events.items():
            again = moves[len(whole.events[key]) :]
            assert moves == whole.events[key] + way.again * (len(again) // len(way.again or "-")), (fatal, key)


def _timeless(ended: Told) -> Told:
    """Without what the server makes anew for each run."""
    usages = {
        key: {name: value for name, value in one.items() if name not in ("id", "href")}
        for key, one in ended.usages.items()
    }
    return replace(ended, usages=usages, events={})
