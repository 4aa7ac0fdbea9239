"""Usage comes in singly, in batches and from files while it is recycled and rated over, and every process is killed.

Fifty times one of them gets SIGKILL, the server, `bss usage ingest`, `bss usage recycle` or `bss usage rerate`, at a
moment that a seed decides. Senders repeat what was not acknowledged, the file goes on from its checkpoint, commands are
begun again. In the end each record is there once, and all is what a fresh rating of the same usages gives.

How: a kill comes at once, or after usage was seen to be stored or rated over. Some records are sent in two ways.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from common import exact_json
from common.domain.query import Document
from common.installation import Installation
from common.settings import Settings
from common.store.event_tables import outbox
from tests.client import Suite
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tests.scenarios.charging import USAGES, USAGES_V4, Network, in_v4, money, product_price, tiers, usage
from tests.server import Server
from tests.simulation.field import check_heard, is_all_heard, migrate, opened, wait_until, written
from tests.simulation.listener import Listener
from tests.simulation.usage_truth import Told, told
from tests.tmf654_balance.kit import BASE, of
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest, chunks

KILLS, SEED = 50, 20261128
SINGLE_AT_ONCE, BATCH_AT_ONCE, FILE_RECORDS = 8, 40, 700
WORK_SECONDS_MAX = 6
# Rounds of kills before prices, products and balances are mended.
MENDED_AFTER = 5
COMPONENTS = "tmf620_catalog,tmf635_usage,tmf637_inventory,tmf654_balance,tmf666_account"
BATCH = "/tmf-api/productUsageManagement/v5/productUsageBatch"
# TMF635 v5.0.0 declares no events of usage; v4 does.
HUB = "/tmf-api/usageManagement/v4"
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
SINCE = "2026-02-01T00:00:00Z"
# Products by number; of those in PREPAID balances pay, LATE is made and its price is named when half is done.
NUMBERS = {f"line-{number}": f"+43660{number:04}" for number in range(5)}
PREPAID, LATE = ("line-3",), "line-4"


class Records:
    """Makes usage, each with a time of its own; of all of it a list is kept."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.made = chance, list[Document]()

    def make(self) -> Document:
        """Calls, data, and now and then a type that nothing prices or a number that nobody has."""
        number = len(self.made)
        # A time of its own for each: 700,001 and the seconds of 28 days have no divisor in common.
        at = (BEGIN + timedelta(seconds=number * 700_001 % 2_419_200)).isoformat()
        product = self.chance.choice(list(NUMBERS))
        kind = self.chance.choice(("voice", "voice", "data", "data", "fax") if number % 5 == 0 else ("voice", "data"))
        used = f"{self.chance.randint(1, 300)} s" if kind == "voice" else f"{self.chance.randint(1, 9_000)} B"
        used = "1 event" if kind == "fax" else used
        msisdn = NUMBERS[product] if self.chance.random() < 0.97 else "+999"
        known = product if msisdn != "+999" else "nobody"
        self.made.append(usage(kind, at, used, known, record=f"r{number}", msisdn=msisdn))
        return self.made[-1]


@dataclass
class Sender:
    """Sends single usages or batches; what was not acknowledged comes again."""

    waiting: list[tuple[str, bytes, str]] = field(default_factory=list)
    repeated: int = 0

    def send(self, url: str) -> None:
        """Until everything is acknowledged, or the server is gone."""
        with httpx.Client(base_url=url, timeout=30) as client:
            while self.waiting:
                path, content, media_type = self.waiting[0]
                try:
                    answer = client.post(path, content=content, headers={"content-type": media_type})
                except httpx.TransportError:
                    self.repeated += 1
                    return
                if answer.status_code == 503:  # somebody rates over for long
                    self.repeated += 1
                    continue
                _check_answer(path, answer)
                del self.waiting[0]


def _check_answer(path: str, answer: httpx.Response) -> None:
    if path == BATCH:
        assert answer.status_code == 200, answer.text
        results = [exact_json.decode(line)["result"] for line in answer.content.splitlines()]
        assert set(results) <= {"created", "duplicate"}, answer.text
    else:
        is_duplicate = answer.status_code == 409 and answer.json()["code"] == "usage.duplicate"
        assert answer.status_code == 201 or is_duplicate, answer.text


class Field:
    """The processes of one installation, what they are given to do, and how they are killed."""

    def __init__(self, environment: dict[str, str], installation: Installation, folder: Path) -> None:
        self.environment, self.installation, self.folder = environment, installation, folder
        self.chance = random.Random(SEED)
        self.records = Records(self.chance)
        self.server = Server(environment)
        self.single, self.batches = Sender(), Sender()
        self.commands: dict[str, Server] = {}
        self.kills: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.files = 0
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        if not self.server.is_running:
            self.server = Server(self.environment)
            self.server.start()
        self.server.wait_ready()

    def send(self) -> None:
        self.threads = [
            threading.Thread(target=one.send, args=(self.server.url,)) for one in (self.single, self.batches)
        ]
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join()

    def plan(self) -> None:
        """Some more usage. Of a batch some records come singly as well, of a file some come in a batch."""
        single = [self.records.make() for _ in range(SINGLE_AT_ONCE)]
        batch = [self.records.make() for _ in range(BATCH_AT_ONCE)]
        for number, record in enumerate(single):
            is_v4 = number % 2 == 0
            path, body = (USAGES_V4, in_v4(_without_product(record))) if is_v4 else (USAGES, record)
            self.single.waiting.append((path, exact_json.encode(body), "application/json"))
        twice = [record for number, record in enumerate(single) if number % 2]
        lines = [exact_json.encode(one) for one in (*batch, *twice)]
        self.batches.waiting.append((BATCH, b"\n".join(lines), "application/x-ndjson"))
        self.batch = batch

    def begin(self) -> None:
        """A command of each sort is at work."""
        for name in ("ingest", "recycle", "rerate"):
            running = self.commands.get(name)
            has_ended = running is not None and running.has_ended
            if running is not None and has_ended and running.wait_ended() == 0:
                self.ended[name] += 1
            # One that found the database busy for too long is begun again, as one that was killed is.
            if running is None or has_ended or not running.is_running:
                self.commands[name] = Server(self.environment, *self._arguments(name))
                self.commands[name].start()

    def _arguments(self, name: str) -> list[str]:
        if name == "recycle":
            return ["usage", "recycle"]
        if name == "rerate":
            return ["usage", "rerate", "--product", self.chance.choice(list(NUMBERS))]
        file = self.folder / f"usage-{self.ended['ingest']}.ndjson"
        if not file.exists():
            made = [*self.batch[:5], *(self.records.make() for _ in range(FILE_RECORDS))]
            file.write_bytes(b"".join(exact_json.encode(one) + b"\n" for one in made))
        return ["usage", "ingest", str(file)]

    def wait(self) -> None:
        """Until the moment of the next kill: at once, after a part of the file, or after some changes of usage."""
        moment = self.chance.random()
        if moment < 0.2:
            time.sleep(self.chance.uniform(0, 0.2))
            return
        if moment < 0.6:
            before = self._checkpoint()
            self._look(lambda: self._checkpoint() != before or self.commands["ingest"].has_ended)
        else:
            wanted = self._events() + self.chance.randint(1, 600)
            self._look(lambda: self._events() >= wanted)
        time.sleep(self.chance.uniform(0, 0.3))

    def _look(self, is_there: Callable[[], bool]) -> None:
        end = time.monotonic() + WORK_SECONDS_MAX
        while not is_there() and time.monotonic() < end:
            time.sleep(0.01)

    def _checkpoint(self) -> bytes:
        file = self.folder / f"usage-{self.ended['ingest']}.ndjson.checkpoint"
        return file.read_bytes() if file.exists() else b""

    def _events(self) -> int:
        with self.installation.database.read() as uow:
            return uow.connection.scalar(select(func.count()).select_from(outbox)) or 0

    def kill(self) -> None:
        """Some of those that are at work."""
        at_work = [name for name, one in self.commands.items() if one.is_running and not one.has_ended]
        for name in at_work:
            if self.chance.random() < 0.75:
                self.commands[name].kill()
                self.kills[name] += 1
        if not at_work or self.chance.random() < 0.75:
            self.server.kill()
            self.kills["server"] += 1

    def finish(self) -> None:
        """Everything is sent, every command ends by itself."""
        self.start()
        self.send()
        self.join()
        self.begin()
        for name in self.commands:
            self._until_done(name)
        for arguments in (["usage", "recycle"], *(["usage", "rerate", "--product", id] for id in NUMBERS)):
            last = Server(self.environment, *arguments)
            last.start()
            assert last.wait_ended() == 0

    def _until_done(self, name: str) -> None:
        while self.commands[name].wait_ended() != 0:
            self.commands[name] = Server(self.environment, *self._arguments(name))
            self.commands[name].start()

    def close(self) -> None:
        for one in (self.server, *self.commands.values()):
            one.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    is_sqlite = request.param == "sqlite"
    return {
        "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db" if is_sqlite else request.getfixturevalue("postgres_url"),
        "BSS_COMPONENTS": COMPONENTS,
        "BSS_JOB_DIR": str(tmp_path / "jobs"),
        "BSS_UNVERSIONED_PRICES": "follow",  # a price is corrected
        "BSS_CALLBACK_ALLOW_PRIVATE": "true",
        "BSS_DELIVERY_LEASE_SECONDS": "1",
        "BSS_DELIVERY_TIMEOUT_SECONDS": "1",
        "BSS_DELIVERY_BACKOFF_SECONDS_MAX": "1",
    }


@pytest.fixture
def listener() -> Iterator[Listener]:
    running = Listener()
    yield running
    running.close()


@pytest.mark.soak
def test_fifty_kills_leave_every_usage_rated_once(
    environment: dict[str, str], listener: Listener, tmp_path: Path
) -> None:
    migrate(environment)
    with opened(environment) as installation:
        field = Field(environment, installation, tmp_path)
        began = time.monotonic()
        try:
            _kill(field, listener)
            field.finish()
            wait_until(lambda: is_all_heard(installation, listener, "productUsage"))
        finally:
            field.close()
        found = told(installation)
        print(field.kills, field.ended, found.statuses(), f"{time.monotonic() - began:.0f} s")
        _check(found, field.records.made)
        rows: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in written(installation, "productUsage"):
            rows[row.resource, row.resource_id].append(row)
        check_heard(listener, rows)


def _kill(field: Field, listener: Listener) -> None:
    rounds = 0
    while field.kills.total() < KILLS:
        field.start()
        if rounds == 0:
            _stock(_posting(field.server.url))
            listener.subscribe(field.server.url + HUB)
        if rounds == MENDED_AFTER:
            _mend(_posting(field.server.url))
        field.plan()
        field.begin()
        field.send()
        field.wait()
        field.kill()
        field.start()
        field.join()
        rounds += 1
    assert rounds > MENDED_AFTER, "what was wrong was mended on the way"


def _check(found: Told, records: list[Document]) -> None:
    """Each record once; all as if it had been rated in the order of time and never before."""
    keys = [record["externalIdentifier"][0]["id"] for record in records]
    assert sorted(found.usages) == sorted(keys)
    statuses = found.statuses()
    assert sum(statuses.values()) == len(records)
    assert {*statuses} == {"rated", "rejected", "initialized"}
    fresh = _fresh(records)
    assert found.costs() == fresh.costs()
    assert (found.buckets, found.counters, found.balances) == (fresh.buckets, fresh.counters, fresh.balances)
    for key, moves in found.events.items():
        assert [kind for kind, _ in moves].count("UsageCreateEvent") == 1, key
        assert moves[0][0] == "UsageCreateEvent", key
        assert moves[-1][1] == found.usages[key]["status"], key


def _fresh(records: list[Document]) -> Told:
    suite = Suite(
        Settings(database_url="sqlite://", components=COMPONENTS, log_level="error", unversioned_prices="follow")
    )
    _stock(suite.created)
    _mend(suite.created)
    take = Ingest.of(suite.installation, assumed=UNKNOWN_PRODUCT).take
    for chunk in chunks(sorted(records, key=lambda one: str(one["usageCharacteristic"][0]["value"]))):
        assert {one.result for one in take(chunk)} == {"created"}
    found = told(suite.installation)
    suite.close()
    return found


# -- what is on sale --------------------------------------------------------------------------------------------------


def _posting(url: str) -> Callable[[str, Any], Any]:
    def post(path: str, body: Any) -> Any:
        answer = httpx.post(
            url + path, content=exact_json.encode(body), headers={"content-type": "application/json"}, timeout=60
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


def _network(create: Callable[[str, Any], Any]) -> Network:
    return Network(SimpleNamespace(suite=SimpleNamespace(created=create), now=SINCE))  # type: ignore[arg-type]


def _stock(create: Callable[[str, Any], Any]) -> None:
    network = _network(create)
    steps = {"minimum": {"amount": 60, "units": "s"}, "increment": {"amount": 1, "units": "s"}}
    network.price("voice", "voice", "0.10", "1 min", setupFee=money("0.05"), **steps)
    network.allowance("minutes", "voice", "100 min", rollover={"periods": 1})
    network.price("data", "data", None, "1 kB", tierModel="graduated", tier=tiers(("0", "0.05"), ("500", "0.01")))
    for id in NUMBERS.keys() - {LATE}:
        network.product(id, msisdn=NUMBERS[id], productPrice=[_latest(price) for price in ("voice", "minutes", "data")])
    for id in PREPAID:
        create(f"{BASE}/topupBalance", of(f"credit-{id}", Decimal("2"), product=[{"id": id}]))


def _mend(create: Callable[[str, Any], Any]) -> None:
    """A price was wrong, a product was missing, a balance was empty."""
    network = _network(create)
    network.price("voice", "voice", "0.04", "1 min", version="2.0", setupFee=money("0.01"))
    network.product(LATE, msisdn=NUMBERS[LATE], productPrice=[_latest(price) for price in ("voice", "data")])
    for id in PREPAID:
        create(f"{BASE}/topupBalance", of(f"credit-{id}", Decimal("100000"), product=[{"id": id}]))


def _latest(price: str) -> Document:
    known = product_price(price)
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}


def _without_product(record: Document) -> Document:
    return {name: value for name, value in record.items() if name != "product"}
