"""How many records of a CSV file `bss usage ingest` takes in a second, and what memory it needs on the way.

    python -m benchmarks.ingest [RECORDS] [--products 1000] [--sqlite | --postgresql] [--seconds N] [--profile FILE]

A file of calls (60/1, set-up fee, 100 free minutes) and data (graduated tiers) of many numbers, in the order of time,
is taken in by a process of its own: into SQLite on disk, and into PostgreSQL with its syncing off, as tests start it.
The process says how much memory it has at 10 %, 50 % and 100 % of the file, and at most. `bare` is what the database
itself needs for the rows that came of some records, by one executemany (SQLite) or COPY (PostgreSQL) into empty tables
with the same indexes; the ratio is how many times as long the whole took for each record.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg

from common.domain.clock import SettableClock
from common.installation import Installation
from common.settings import Settings
from tests.client import Suite
from tests.postgres import running_server
from tests.scenarios.charging import Network, money, product_price, tiers
from tmf635_usage.feed import Feed, seldom_collecting
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 28
MARKS = (0.1, 0.5, 1.0)
# So many records' rows are written once more, bare.
BARE_RECORDS = 20_000
TABLES = (
    "tmf635_product_usage",
    "tmf635_product_usage_lookup",
    "tmf635_usage_key",
    "tmf635_rating",
    "tmf635_rated_line",
    "outbox",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", nargs="?", type=int, default=20_000)
    parser.add_argument("--products", type=int, default=1_000)
    parser.add_argument("--sqlite", action="store_true", help="only SQLite")
    parser.add_argument("--postgresql", action="store_true", help="only PostgreSQL")
    parser.add_argument("--profile", help="write a cProfile of the process to this file")
    parser.add_argument("--seconds", type=int, default=0, help="stop after so long, wherever it is")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--take", nargs=2, metavar=("URL", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.take:
        url, file = given.take
        print(json.dumps(take(url, file, given)))
        return
    both = given.sqlite == given.postgresql
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "usage.csv"
        write(file, given.records, given.products)
        for name, wanted in (("sqlite", given.sqlite), ("postgresql", given.postgresql)):
            if wanted or both:
                with database(name, Path(folder)) as url:
                    report(name, measure(url, file, given), given.json)


def measure(url: str, file: Path, given: argparse.Namespace) -> dict[str, Any]:
    stock(url, given.products)
    command = [sys.executable, "-m", "benchmarks.ingest", str(given.records), "--take", url, str(file)]
    command += ["--seconds", str(given.seconds)]
    if given.profile:
        command += ["--profile", given.profile]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    for leftover in file.parent.glob("usage.csv.*"):
        leftover.unlink()
    found["bare"] = bare(url, file.parent, found["records"])
    found["ratio"] = found["bare"] / found["rate"]
    return found


def report(name: str, found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"database": name, **found}))
        return
    memory = ", ".join(f"{share:.0%} {size:.0f}" for share, size in zip(MARKS, found["memory"], strict=False))
    print(
        f"{name:11} {found['records']:9,} records {found['rate']:8,.0f}/s ({found['cpu_rate']:,.0f} by CPU time)"
        f"   {found['ratio']:.1f} times bare   MB at {memory}, at most {found['peak']:.0f}",
        flush=True,
    )


# -- the process that takes the file in -------------------------------------------------------------------------------


def take(url: str, file: str, given: argparse.Namespace) -> dict[str, Any]:
    """As far as it comes in the time given."""
    installation = Installation.assemble(Settings(database_url=url))
    installation.open_store()
    path = Path(file)
    rejects, checkpoint = (path.with_name(path.name + suffix) for suffix in (".rejects", ".checkpoint"))
    feed = Feed(path, rejects, checkpoint, Ingest.of(installation, assumed=UNKNOWN_PRODUCT).take)
    marks, memory = [int(share * given.records) for share in MARKS], list[float]()
    profiler = cProfile.Profile()
    if given.profile:
        profiler.enable()
    begun, cpu = time.perf_counter(), time.process_time()
    with seldom_collecting():
        for taken in feed.run():
            if len(memory) < len(marks) and taken.received >= marks[len(memory)]:
                memory.append(resident())
            if given.seconds and time.perf_counter() - begun > given.seconds:
                break
    seconds, spent = time.perf_counter() - begun, time.process_time() - cpu
    if given.profile:
        profiler.disable()
        profiler.dump_stats(given.profile)
    records = taken.received
    assert taken.states == {"rated": records}, (taken.results, taken.states)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"rate": records / seconds, "cpu_rate": records / spent, "memory": memory, "peak": peak}
    return {"records": records, **figures}


def resident() -> float:
    """Megabytes of the process that are in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


# -- what is there before ---------------------------------------------------------------------------------------------


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder}/bss.db"
        return
    with running_server() as server, server.database() as url:
        yield url


def stock(url: str, products: int) -> None:
    """A plan, and who has it."""
    suite = Suite(Settings(database_url=url, log_level="error"), SettableClock(BEGIN))
    network = Network(SimpleNamespace(suite=suite, now="2026-02-01T00:00:00Z"))  # type: ignore[arg-type]
    steps = {"minimum": {"amount": 60, "units": "s"}, "increment": {"amount": 1, "units": "s"}}
    network.price("voice", "voice", "0.12", "1 min", setupFee=money("0.05"), **steps)
    network.allowance("minutes", "voice", "100 min")
    network.price("data", "data", None, "1 MB", tierModel="graduated", tier=tiers(("0", "0.05"), ("500", "0.01")))
    for number in range(products):
        network.product(f"line-{number}", msisdn=msisdn(number), productPrice=[_latest(id) for id in PRICES])
    suite.close()


PRICES = ("voice", "minutes", "data")


def _latest(price: str) -> dict[str, Any]:
    known = product_price(price)
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}


def msisdn(number: int) -> str:
    return f"+4367{number:08}"


def write(file: Path, records: int, products: int) -> None:
    chance = random.Random(7)
    step = timedelta(days=DAYS) / records
    with file.open("w") as opened:
        opened.write("externalId,source,usageType,usageSpecification,msisdn,startDateTime,quantity,unit,calledNumber\n")
        for number in range(records):
            at = (BEGIN - timedelta(days=DAYS) + number * step).isoformat()
            who = msisdn(chance.randrange(products))
            if chance.random() < 0.5:
                what = f"{chance.randint(1, 600)},s,+43{chance.randrange(10**8)}"
                opened.write(f"{number},switch,voice,usage-spec-voice,{who},{at},{what}\n")
            else:
                opened.write(f"{number},packet,data,usage-spec-data,{who},{at},{chance.randint(1, 9_000_000)},B,\n")


# -- the rows alone ---------------------------------------------------------------------------------------------------


def bare(url: str, folder: Path, records: int) -> float:
    """How many records' rows in a second the database takes, all in one transaction."""
    count = min(records, BARE_RECORDS)
    share = Fraction(count, records)
    took = _bare_sqlite(url, folder, share) if url.startswith("sqlite") else _bare_postgresql(url, share)
    return count / took


def _bare_sqlite(url: str, folder: Path, share: Fraction) -> float:
    source = sqlite3.connect(url.removeprefix("sqlite:///"))
    target = sqlite3.connect(folder / "bare.db", isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=FULL")
    rows: dict[str, list[Any]] = {}
    for name in TABLES:
        for (statement,) in source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql > ''", (name,)):
            target.execute(statement)
        limit = int(source.execute(f"SELECT count(*) FROM {name}").fetchone()[0] * share)
        rows[name] = source.execute(f"SELECT * FROM {name} LIMIT {limit}").fetchall()
    begun = time.perf_counter()
    target.execute("BEGIN IMMEDIATE")
    for name, listed in rows.items():
        places = ", ".join("?" * len(listed[0]))
        target.executemany(f"INSERT INTO {name} VALUES ({places})", listed)
    target.execute("COMMIT")
    seconds = time.perf_counter() - begun
    source.close()
    target.close()
    return seconds


def _bare_postgresql(url: str, share: Fraction) -> float:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        copies: dict[str, list[bytes]] = {}
        for name in TABLES:
            cursor.execute(f"CREATE TABLE bare_{name} (LIKE {name} INCLUDING ALL)".encode())
            cursor.execute(f"SELECT count(*) FROM {name}".encode())
            limit = int((cursor.fetchone() or (0,))[0] * share)
            with cursor.copy(f"COPY (SELECT * FROM {name} LIMIT {limit}) TO STDOUT".encode()) as read:
                copies[name] = [bytes(part) for part in read]
        connection.commit()
        begun = time.perf_counter()
        for name, parts in copies.items():
            with cursor.copy(f"COPY bare_{name} FROM STDIN".encode()) as written:
                for part in parts:
                    written.write(part)
        connection.commit()
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
