"""How many accounts two workers bill in a second, beside a floor that writes the same rows and computes nothing.

An account has three products (a bundle with a discount of 10 % of all, a line, television), was billed before, and has
200 usages since. `run` is `bss bill run --due` twice at once on a durable PostgreSQL: usage claimed and summed, items,
taxes, numbers, documents, receivable, ledger, events and works, committed. `floor` is `floors.bills` twice at once.
Both are measured in the same rounds, at several sizes of the store: all accounts have everything but usage, which
those have that are billed. Documents (PDF, JSON) are made by works of their own and have figures of their own.

`engine` is the engine alone, without a store: an account of 24 months, once with all of its past and once with what is
not closed, beside a loop over the same amounts that knows the prices.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import billing_engine
from benchmarks.billing_stock import MONTHS, Template, after, installation, rows_of_a_bill, stock
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.machine import family_cpu_seconds, parent_of
from benchmarks.harness.servers import postgresql, settled
from common.domain.clock import instant_text
from common.rest.actions import acting
from tests.postgres import PostgresServer
from tmf678_bill.batch import BillRun
from tmf678_bill.document import json_document, pdf
from tmf678_bill.document.language import language
from tmf678_bill.document.source import view_of
from tmf678_bill.tables import HEADS

WORKERS = 2
# Accounts in the store, and how many are billed in a round: equally many at each size for what is compared between
# them, and more for the speed, of which what a run does before its first bill is no part.
SIZES, SIZES_SHORT, BILLS, MANY, ROUNDS = (1_000, 10_000), (800,), 100, 400, 3
TARGET = 500.0


def measure(scale: Scale) -> list[Figure]:
    """Every figure of the section."""
    found = billing_engine.measure(scale)
    sizes = SIZES_SHORT if scale.is_short else SIZES
    per_bill: dict[int, list[float]] = {}
    with postgresql() as server:
        for size in sizes:
            with server.database() as url:
                stocked = _stocked(url, size)
                made, per_bill[size] = _runs(server, stocked, BILLS)
                if size == sizes[-1]:
                    found += made if scale.is_short else _runs(server, stocked, MANY)[0]
                    found += _documents(url, scale)
    if len(sizes) > 1:
        first, last = sizes[0], sizes[-1]
        grown = [one / statistics.median(per_bill[first]) for one in per_bill[last]]
        about = f"processor time of workers and database for a bill, {last:,} accounts beside {first:,}"
        found.append(Figure.of("bills.growth", grown, "ratio", better="less", target=1.2, short=False, about=about))
    return found


# -- runs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stocked:
    """A store with so many accounts; `due` are the numbers of those that have usage and were not billed yet."""

    url: str
    size: int
    rows: dict[str, Any]
    due: Iterator[int]


def _stocked(url: str, size: int) -> _Stocked:
    stock(url)
    template, rows = Template.of(url), rows_of_a_bill(url)
    used = min(2 * (BILLS + MANY) * (ROUNDS + 1), size)
    template.load(url, range(1, size + 1), with_usage=used)
    settled(url)
    return _Stocked(url, size, rows, iter(range(1, used + 1)))


def _runs(server: PostgresServer, stocked: _Stocked, bills: int) -> tuple[list[Figure], list[float]]:
    """The figures of runs of so many bills, and the processor time for each bill, in seconds."""
    size = stocked.size
    with ExitStack() as stack:
        kept = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rows.json"
        kept.write_text(json.dumps(stocked.rows))
        meter = _Meter(server, stocked.url, bills)
        stack.callback(meter.close)
        kinds: dict[str, Callable[[], float]] = {
            "run": lambda: meter.run(list(islice(stocked.due, bills))),
            "floor": lambda: meter.floor(list(islice(stocked.due, bills)), kept),
        }
        speeds = rounds(kinds, ROUNDS)
        grown = meter.grown[1:]
    spent = {name: [worker + base for worker, base in meter.spent[name][1:]] for name in kinds}
    about = f"{WORKERS} workers, {size:,} accounts in the store, 3 products and 200 usages each"
    return [
        Figure.of("bills.run", speeds["run"], "/s", target=TARGET, about=about),
        Figure.of("bills.run floor", speeds["floor"], "/s", about="the same rows by the driver, nothing computed"),
        Figure.of("bills.run of floor", ratios(speeds["run"], speeds["floor"]), "ratio", about="bills a second"),
        Figure.of(
            "bills.run processor of floor", ratios(spent["floor"], spent["run"]), "ratio",
            about="processor time of workers and database for a bill",
        ),
        Figure.of("bills.worker", _ms(meter, "run", 0), "ms", better="less", about="processor time of a bill: workers"),
        Figure.of("bills.database", _ms(meter, "run", 1), "ms", better="less", about="that of the database"),
        Figure.of("bills.bytes of one", grown, "B", better="less", about="what the database grows by for a bill"),
        Figure.of("bills.database floor", _ms(meter, "floor", 1), "ms", better="less", about="that of the floor"),
    ], spent["run"]  # fmt: skip


def _ms(meter: _Meter, kind: str, place: int) -> list[float]:
    return [one[place] * 1000 for one in meter.spent[kind][1:]]


class _Meter:
    """Two processes at once over as many accounts, and what time of the processor they and the database took."""

    def __init__(self, server: PostgresServer, url: str, bills: int) -> None:
        self.url, self.bills = url, bills
        with psycopg.connect(server.url()) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None, "a connection has a process"
            self.postmaster = parent_of(row[0])
        self.workers: list[subprocess.Popen[str]] = []
        self.spent: dict[str, list[tuple[float, float]]] = {"run": [], "floor": []}
        self.grown: list[float] = []

    def run(self, numbers: list[int]) -> float:
        """Bills in a second."""
        accounts = [f"acc-{number:07d}" for number in numbers]
        with psycopg.connect(self.url) as connection:
            due = instant_text(after(MONTHS).replace(hour=0))
            connection.execute("UPDATE tmf678_billing SET next = %s WHERE account = ANY(%s)", [due, accounts])
        if not self.workers:
            command = [sys.executable, "-m", "benchmarks.bills", self.url]
            self.workers = [_started(command) for _ in range(WORKERS)]
        before = self._size()
        speed = self._at_once("run", self.workers)
        self.grown.append((self._size() - before) / self.bills)
        return speed

    def _size(self) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None, "a database has a size"
        return int(row[0])

    def floor(self, numbers: list[int], kept: Path) -> float:
        """The same by the floor."""
        each, before = self.bills // WORKERS, instant_text(after(MONTHS).replace(hour=0))
        command = [sys.executable, "-m", "benchmarks.floors.bills", self.url, str(kept)]
        workers = [_started([*command, str(part), str(each), before]) for part in numbers[::each]]
        speed = self._at_once("floor", workers)
        _end(workers)
        return speed

    def close(self) -> None:
        _end(self.workers)

    def _at_once(self, kind: str, workers: Sequence[subprocess.Popen[str]]) -> float:
        for one in workers:
            assert _answer(one) == "ready", "a worker is ready"
        base, begun = family_cpu_seconds(self.postmaster), time.perf_counter()
        for one in workers:
            assert one.stdin is not None, "it is piped"
            one.stdin.write("go\n")
            one.stdin.flush()
        told = [json.loads(_answer(one)) for one in workers]
        seconds = time.perf_counter() - begun
        spent = family_cpu_seconds(self.postmaster) - base
        bills = sum(int(one["bills"]) for one in told)
        assert bills == self.bills, f"{bills} of {self.bills} accounts were billed"
        self.spent[kind].append((sum(one["cpu"] for one in told) / bills, spent / bills))
        return bills / seconds


def _started(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _answer(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None, "it is piped"
    return worker.stdout.readline().strip()


def _end(workers: Sequence[subprocess.Popen[str]]) -> None:
    for one in workers:
        one.communicate()


def work(url: str) -> None:
    """A worker: a run of what is due, each time that it is told to."""
    made = installation(url, MONTHS)
    print("ready", flush=True)
    while sys.stdin.readline():
        begun, spent = time.perf_counter(), time.process_time()
        report = BillRun(made, workers=1).run()
        bills = sum(len(one.bills) for one in report.outcomes)
        told = {"bills": bills, "seconds": time.perf_counter() - begun, "cpu": time.process_time() - spent}
        print(json.dumps(told), "ready", sep="\n", flush=True)


# -- documents --------------------------------------------------------------------------------------------------------


def _documents(url: str, scale: Scale) -> list[Figure]:
    """PDFs and JSON documents in a second, by one process."""
    made = installation(url, MONTHS)
    with made.database.read() as uow:
        bills = [row["bill"] for row in uow.records(HEADS.name).find({}, limit=10 if scale.is_short else 40)]

    def made_of(media_type: str) -> float:
        begun = time.process_time()
        for bill in bills:
            with made.database.snapshot() as uow:
                context = acting(made, uow).context("customerBill")
                view, letter = view_of(context, bill)
                if media_type == pdf.MEDIA_TYPE:
                    pdf.render(view, language(view.language), letter.appearance)
                else:
                    json_document.render(context, view)
        return len(bills) / (time.process_time() - begun)

    kinds = {"pdf": lambda: made_of(pdf.MEDIA_TYPE), "json": lambda: made_of(json_document.MEDIA_TYPE)}
    speeds = rounds(kinds, ROUNDS)
    about = "documents of bills, by one process, by processor time"
    return [Figure.of(f"bills.{name}", speeds[name], "/s", about=about) for name in kinds]


if __name__ == "__main__":
    work(sys.argv[1])
