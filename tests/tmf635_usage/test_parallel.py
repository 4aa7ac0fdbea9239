"""A file that several processes share comes to what one process makes of it, also when one of them is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.usage import stock, write
from common.errors import InvalidBody, Violation
from common.installation import Installation
from common.settings import Settings
from tests.postgres import PostgresServer, postgres_server  # noqa: F401
from tmf635_usage.feed import Feed, Taken
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest
from tmf635_usage.parallel import Processes, ProcessLost, share_of
from tmf635_usage.tables import BUCKETS, COUNTERS, LINES

PRODUCTS, RECORDS, CHUNK = 6, 120, 40


@pytest.fixture(scope="module")
def stocked(postgres_server: PostgresServer) -> Iterator[str]:  # noqa: F811
    """The name of a database with products; each test works on a copy."""
    with postgres_server.database() as url:
        stock(url, PRODUCTS)
        yield url.rsplit("/", 1)[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "usage.ndjson"
    write(path, RECORDS, PRODUCTS)
    return path


def feed(file: Path, **how: Any) -> Feed:
    return Feed(file, file.with_suffix(".rejects"), file.with_suffix(".checkpoint"), how.pop("take", None), **how)


def last(found: Iterator[Taken]) -> Taken:
    *_, taken = found
    return taken


def state(url: str) -> list[Any]:
    """What was charged, and where the counters stand."""
    installation = Installation.assemble(Settings(database_url=url))
    with installation.database.read() as unit:
        lines = unit.records(LINES.name).sum(["quantity", "amount"], {}, by=["product", "kind", "price"])
        counted = [unit.records(table.name).find({}) for table in (BUCKETS, COUNTERS)]
    installation.database.close()
    return [lines, *counted]


def alone(url: str, file: Path) -> list[Any]:
    installation = Installation.assemble(Settings(database_url=url))
    take = Ingest.of(installation, assumed=UNKNOWN_PRODUCT).take
    taken = last(feed(file, take=take, size=CHUNK).run(from_start=True))
    installation.database.close()
    assert taken.states == {"rated": RECORDS}
    return state(url)


def test_two_processes_come_to_what_one_makes_of_it(
    postgres_server: PostgresServer,  # noqa: F811
    stocked: str,
    file: Path,
) -> None:
    with postgres_server.copy(stocked) as url:
        with Processes(Settings(database_url=url), 2, UNKNOWN_PRODUCT) as sharing:
            taken = last(feed(file, size=CHUNK, begin=sharing.begin).run())
        assert (taken.results, taken.states) == ({"created": RECORDS}, {"rated": RECORDS})
        shared = state(url)
    with postgres_server.copy(stocked) as url:
        assert alone(url, file) == shared


def test_one_that_is_killed_takes_nothing_with_it(
    postgres_server: PostgresServer,  # noqa: F811
    stocked: str,
    file: Path,
) -> None:
    with postgres_server.copy(stocked) as url:
        settings = Settings(database_url=url)
        with Processes(settings, 2, UNKNOWN_PRODUCT) as sharing:
            run = feed(file, size=CHUNK, begin=sharing.begin).run()
            while next(run).received < CHUNK:
                pass
            os.kill(sharing.pids[1], signal.SIGKILL)
            with pytest.raises(ProcessLost):
                last(run)
        with Processes(settings, 2, UNKNOWN_PRODUCT) as sharing:
            taken = last(feed(file, size=CHUNK, begin=sharing.begin).run())
        # What the other one had taken of the broken chunk comes again, and counts once.
        assert sum(taken.results.values()) == taken.received == RECORDS
        assert taken.results.keys() <= {"created", "duplicate"}
        broken = state(url)
    with postgres_server.copy(stocked) as url:
        assert alone(url, file) == broken


def test_records_of_one_number_are_of_one_share() -> None:
    def record(**said: str) -> dict[str, Any]:
        return {"usageCharacteristic": [{"name": name, "value": value} for name, value in said.items()]}

    shares = [{share_of(record(msisdn=f"+43{number}", at=str(at)), 4) for at in range(5)} for number in range(40)]
    assert all(len(one) == 1 for one in shares)
    assert set().union(*shares) == {0, 1, 2, 3}
    assert share_of({"product": {"id": "p"}, **record(msisdn="+431")}, 4) == share_of({"product": {"id": "p"}}, 4)


def test_what_cannot_be_read_is_refused_in_its_place(
    postgres_server: PostgresServer,  # noqa: F811
    stocked: str,
) -> None:
    broken = InvalidBody([Violation("", "type", "a record is a JSON object")])
    with (
        postgres_server.copy(stocked) as url,
        Processes(Settings(database_url=url), 2, UNKNOWN_PRODUCT) as sharing,
    ):
        outcomes = sharing.begin([broken, {"@type": "ProductUsage", "usageType": 7}, broken])()
    assert [one.result for one in outcomes] == ["refused"] * 3
    assert outcomes[0].violations == broken.violations
    assert "/usageType" in [one.pointer for one in outcomes[1].violations]
