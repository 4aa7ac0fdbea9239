"""Usage, whole: deduplicated, guided, rated, its balances moved, stored, with its events, committed.

Batches are files that two processes of `bss usage ingest` share: calls (60/1, set-up fee, 100 free minutes) and data
(graduated tiers) by number, in the order of time, of 10,000 accounts with a product each, or of 10. Beside them: COPY
of every row that as many usages left behind, into empty tables with the same indexes, on two connections, and over HTTP
a POST of one usage beside a POST of one product offering, on one worker. PostgreSQL syncs what is committed.
"""

from __future__ import annotations

import json
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg

from benchmarks import offerings
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.load import drive
from benchmarks.harness.machine import family_cpu_seconds, parent_of
from benchmarks.harness.servers import postgresql, settled, suite
from benchmarks.http_scripts import OFFERINGS
from benchmarks.usage_scripts import BEGIN, msisdn, numbered, records
from common.domain.clock import SettableClock
from common.settings import Settings
from tests.client import Suite
from tests.scenarios.charging import Network, money, product_price, tiers
from tmf635_usage.feed import Feed
from tmf635_usage.ingest import CHUNK, UNKNOWN_PRODUCT
from tmf635_usage.parallel import Processes

ACCOUNTS, HOT_ACCOUNTS = 10_000, 10
PROCESSES = CONNECTIONS = 2
POSTS_AT_ONCE = 16
# Where usages leave rows.
TABLES = (
    *("tmf635_product_usage", "tmf635_product_usage_lookup", "tmf635_usage_key", "tmf635_rating", "tmf635_rated_line"),
    *("tmf635_scope", "tmf635_bucket", "tmf635_counter", "outbox"),
)
_PRICES = ("voice", "minutes", "data")


def measure(scale: Scale) -> list[Figure]:
    """Records a second, beside the rows alone; few accounts beside many; one usage beside one offering."""
    count = 4_000 if scale.is_short else 20_000
    with ExitStack() as stack:
        url = stack.enter_context(stack.enter_context(postgresql()).database())
        stock(url, ACCOUNTS)
        settled(url)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sharing = stack.enter_context(Processes(Settings(database_url=url), PROCESSES, UNKNOWN_PRODUCT))
        batches = Batches(url, folder, sharing, count)
        batches.taken(ACCOUNTS)
        batches.spent.clear()
        bare = stack.enter_context(rows_alone(url, count))
        offerings.load_into(url, OFFERINGS)
        settled(url)
        kept = bytes_of_one(url)
        port = stack.enter_context(suite(url)).port
        seconds = 0.8 if scale.is_short else scale.seconds / 2
        posting = partial(drive, port=port, connections=POSTS_AT_ONCE, seconds=seconds)
        offering = {"body": offerings.Offering(0, OFFERINGS).document()}
        found = rounds(
            {
                "batch": partial(batches.taken, ACCOUNTS),
                "copy": bare,
                "hot": partial(batches.taken, HOT_ACCOUNTS),
                "post": lambda: posting("benchmarks.usage_scripts:post", {"products": ACCOUNTS}).rate,
                "offering": lambda: posting("benchmarks.http_scripts:post", offering).rate,
            },
            scale.rounds,
        )
    spent = batches.spent[ACCOUNTS][1:]
    processor = partial(Figure.of, unit="us", better="less")
    return [
        Figure.of("usage.batch", found["batch"], "/s", target=10_000, about="two processes, 10,000 accounts"),
        Figure.of("usage.batch of copy", ratios(found["batch"], found["copy"]), "ratio", target=0.25),
        Figure.of("usage.batch, 10 accounts of 10,000", ratios(found["hot"], found["batch"]), "ratio", target=0.5),
        Figure.of("usage.post of offering", ratios(found["post"], found["offering"]), "ratio", target=0.5),
        processor("usage.batch: processor time a record, processes", [ours for ours, _ in spent]),
        processor("usage.batch: processor time a record, database", [theirs for _, theirs in spent]),
        Figure.of("usage.bytes of one", [kept], "B", better="less", about="its rows in all tables, with their indexes"),
        Figure.of("usage.copy", found["copy"], "/s"),
        Figure.of("usage.batch, 10 accounts", found["hot"], "/s"),
        Figure.of("usage.post", found["post"], "/s"),
        Figure.of("usage.post: offering", found["offering"], "/s"),
    ]


def bytes_of_one(url: str) -> float:
    """What a usage leaves on disk, in bytes."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relname ~ %s),"
            " (SELECT count(*) FROM tmf635_product_usage) FROM pg_class c WHERE c.relkind = 'r'",
            ["^(tmf635_(product_usage|usage_key|rating|rated_line)|outbox)"],
        ).fetchone()
    assert row is not None, "an aggregate has a row"
    return float(row[0]) / float(row[1])


@dataclass
class Batches:
    """Files of so many records, taken in one after another; `spent` is processor time a record, by accounts.

    Shapes: microseconds of the processes that take records in, and of the database.
    """

    url: str
    folder: Path
    sharing: Processes
    count: int
    spent: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    _numbers: Iterator[str] = field(default_factory=numbered)

    def taken(self, accounts: int) -> float:
        """Records a second of one file."""
        of = next(self._numbers)
        file = self.folder / f"{of}.ndjson"
        write(file, self.count, accounts, of)
        feed = Feed(
            *(file, file.with_suffix(".rejects"), file.with_suffix(".checkpoint"), _nobody),
            size=PROCESSES * CHUNK,
            begin=self.sharing.begin,
        )
        begun, before = time.perf_counter(), self._spent()
        *_, taken = feed.run()
        seconds, after = time.perf_counter() - begun, self._spent()
        assert taken.states == {"rated": self.count}, (taken.results, taken.states)
        ours, theirs = ((now - then) / self.count * 1e6 for then, now in zip(before, after, strict=True))
        self.spent.setdefault(accounts, []).append((ours, theirs))
        return self.count / seconds

    def _spent(self) -> tuple[float, float]:
        with psycopg.connect(self.url) as connection:
            postmaster = parent_of(connection.info.backend_pid)
        ours = time.process_time() + sum(family_cpu_seconds(pid) for pid in self.sharing.pids)
        return ours, family_cpu_seconds(postmaster)


def _nobody(given: Any) -> Any:
    raise AssertionError("others take the records")


def write(file: Path, count: int, products: int, of: str = "record") -> None:
    """A file of so many records (NDJSON)."""
    with file.open("w") as opened:
        opened.writelines(json.dumps(record) + "\n" for record in records(count, products, of))


def resident() -> float:
    """Megabytes of this process that are in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


# -- what is there before ---------------------------------------------------------------------------------------------


def stock(url: str, products: int) -> None:
    """A plan, and so many products that have it, each of an account of its own; the last ones by copying the first."""
    suite = Suite(Settings(database_url=url, log_level="error"), SettableClock(BEGIN))
    network = Network(SimpleNamespace(suite=suite, now="2026-01-01T00:00:00Z"))  # type: ignore[arg-type]
    steps = {"minimum": {"amount": 60, "units": "s"}, "increment": {"amount": 1, "units": "s"}}
    network.price("voice", "voice", "0.12", "1 min", setupFee=money("0.05"), **steps)
    network.allowance("minutes", "voice", "100 min")
    network.price("data", "data", None, "1 MB", tierModel="graduated", tier=tiers(("0", "0.05"), ("500", "0.01")))
    is_copied = suite.installation.database.dialect_name == "postgresql"
    for number in range(1 if is_copied else products):
        account = network.account(f"account-{number}")
        reference = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
        prices = [_latest(id) for id in _PRICES]
        network.product(f"line-{number}", msisdn=msisdn(number), productPrice=prices, billingAccount=reference)
    suite.close()
    if is_copied:
        with psycopg.connect(url) as connection:
            for table in ("tmf637_product_span", "tmf637_identifier", "tmf666_billing_account"):
                _multiply(connection, table, products)


def _latest(price: str) -> dict[str, Any]:
    known = product_price(price)
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}


def _multiply(connection: psycopg.Connection[Any], table: str, products: int) -> None:
    """The one row of a table that is of product 0 once more for each of the others."""
    named = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s ORDER BY 1"
    columns = dict(connection.execute(named, [table]).fetchall())
    values = []
    for name, kind in columns.items():
        if name == "position":
            values.append("position || n")
        elif kind in ("text", "jsonb"):
            text = f'"{name}"::text'
            for was, now in (("line-0", "'line-' || n"), ("account-0", "'account-' || n")):
                text = f"replace({text}, '{was}', {now})"
            values.append(f"replace({text}, '4367{0:08}', '4367' || lpad(n::text, 8, '0'))::{kind}")
        else:
            values.append(f'"{name}"')
    names = ", ".join(f'"{name}"' for name in columns)
    chosen = f"SELECT {', '.join(values)} FROM {table}, generate_series(1, {products - 1}) AS n"
    connection.execute(f"INSERT INTO {table} ({names}) {chosen}".encode())


# -- the rows alone ---------------------------------------------------------------------------------------------------


@contextmanager
def rows_alone(url: str, count: int) -> Iterator[Any]:
    """Writes the rows that so many records have left, into empty tables like theirs; how many records' a second."""
    copies: list[dict[str, bytes]] = [{} for _ in range(CONNECTIONS)]
    with ExitStack() as stack:
        connections = [stack.enter_context(psycopg.connect(url)) for _ in range(CONNECTIONS)]
        for table in TABLES:
            connections[0].execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)".encode())
            with connections[0].cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT".encode()) as read:
                lines = b"".join(bytes(part) for part in read).splitlines(keepends=True)
            for number, part in enumerate(copies):
                part[table] = b"".join(lines[number::CONNECTIONS])
        connections[0].commit()

        def once() -> float:
            connections[0].execute(f"TRUNCATE {', '.join(f'bare_{table}' for table in TABLES)}".encode())
            connections[0].commit()
            threads = [threading.Thread(target=_copy, args=pair) for pair in zip(connections, copies, strict=True)]
            begun = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return count / (time.perf_counter() - begun)

        yield once


def _copy(connection: psycopg.Connection[Any], copies: dict[str, bytes]) -> None:
    for table, rows in copies.items():
        with connection.cursor().copy(f"COPY bare_{table} FROM STDIN".encode()) as written:
            written.write(rows)
    connection.commit()
