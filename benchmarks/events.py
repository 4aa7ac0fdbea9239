"""Event delivery: from the outbox to ten listeners over HTTP, on PostgreSQL.

Both readings of "events a second to ten listeners" are measured: every event goes to all ten, and every event goes to
one of the ten, chosen by its query. The outbox is filled at once and `bss worker` does the rest: relaying, matching,
rendering, posting, noting. The listeners (`floors/event_sink.py`) check that of every resource each change came, once
and in order. Then seven of them beside three that hang, refuse and dawdle; and what the store is asked all the time, at
few and at many relayed events.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks.floors import events as floor
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.machine import Meter, postmaster_of
from benchmarks.harness.servers import free_port, postgresql, running, settled
from common.events.relay import BATCH, Relay
from common.installation import Installation
from common.serving import publications
from common.settings import Settings
from common.store import outbox, queues, subscriptions
from common.store.subscriptions import Subscription
from tests.postgres import PostgresServer

LISTENERS = 10
# Resources whose changes have to stay in order; each is for one listener when events are for one.
RESOURCES = 200
SECONDS_MAX = 120
TARGET = 2_000
TAKERS, DEAD = ("take",) * LISTENERS, ("hang", "refuse", "slow")
ABOUT_FLOOR = "bodies made ready, a cursor for each listener, aiohttp and the raw driver"
_TENANT = "default"
_CONTRACT = "TMF620/v5"
# A changed offering of 1.3 KB; the version says which change of which resource it is.
_FILL = """
INSERT INTO outbox (tenant, event_id, type, source, resource, resource_id, parents, occurred_at, document, changed,
    extra)
SELECT 'default', '{round}-' || n, 'ProductOfferingAttributeValueChangeEvent', 'tmf620_product_offering',
    'productOffering', 'o' || n % {resources}, '[]', '2026-01-01T00:00:00.000Z',
    json_build_object('id', 'o' || n % {resources}, '@type', 'ProductOffering', 'name', 'group' || n % {listeners},
        'lifecycleStatus', 'Active', 'description', 'An offering',
        'version', 'r' || n % {resources} || '/' || n / {resources} + 1, 'isBundle', false,
        'statusReason', repeat('because ', 130))::text,
    '["description", "name", "statusReason", "version"]', '{{}}'
FROM generate_series(0, {count} - 1) AS n
"""
_FILL_FLOOR = """
INSERT INTO floor_outbox (audience, body)
SELECT n %% %s, '{"@type":"Event","eventId":"e' || n || '","version":"r' || n %% %s || '/' || n / %s + 1
    || '","statusReason":"' || repeat('because ', 170) || '"}'
FROM generate_series(0, %s) AS n
"""
# What was relayed and delivered long ago.
_OLD_OUTBOX = """
INSERT INTO outbox (tenant, event_id, type, source, resource, resource_id, parents, occurred_at, document, changed,
    extra, relayed_at, place)
SELECT 'default', 'old-' || n, 'X', 'x', 'x', 'x', '[]', %(now)s, '{}', '[]', '{}', %(now)s, n
FROM generate_series(1, %(count)s) AS n
"""
_OLD_NOTIFICATIONS = """
INSERT INTO notification SELECT n, 'default', 'old-' || n, 'X', '/x', '{}', %(now)s FROM generate_series(1, %(count)s) n
"""
_OLD_DELIVERIES = """
INSERT INTO delivery SELECT s.id, n
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM subscription) s
JOIN generate_series(1, %(count)s) n ON n %% %(listeners)s = s.number
"""


@dataclass(frozen=True)
class _Stage:
    """A database, a worker on it, and the listeners' port. Every run has listeners of its own (`run`)."""

    server: PostgresServer
    url: str
    installation: Installation


def measure(scale: Scale) -> list[Figure]:
    """Shapes: events a second of both readings, and to the floor of the same round; what many relayed events cost."""
    with postgresql() as server:
        return _delivery(server, scale) + _flatness(server, scale)


def _delivery(server: PostgresServer, scale: Scale) -> list[Figure]:
    count = 1_500 if scale.is_short else 4_000
    with _stage(server) as stage, _sink() as port, _worker(stage.url) as pid:
        meter = Meter(pid, postmaster_of(stage.url))
        kinds: dict[str, Callable[[], float]] = {
            "every": lambda: _run(stage, port, count, TAKERS, is_for_all=True),
            "floor every": lambda: _run_floor(stage, port, count, is_for_all=True),
            "one": lambda: _metered(meter, stage, port, 2 * count),
            "floor one": lambda: _run_floor(stage, port, 2 * count, is_for_all=False),
        }
        if not scale.is_short:
            kinds["alone"] = lambda: _run(stage, port, count, TAKERS[:7], is_for_all=True)
            kinds["beside"] = lambda: _run(stage, port, count, (*TAKERS[:7], *DEAD), is_for_all=True)
        found = rounds(kinds, scale.rounds)
    every, one = found["every"], found["one"]
    figures = [
        Figure.of("events.every of floor", ratios(every, found["floor every"]), "ratio", about=ABOUT_FLOOR),
        Figure.of("events.one of floor", ratios(one, found["floor one"]), "ratio", about=ABOUT_FLOOR),
        Figure.of("events.every", every, "/s", target=TARGET, about="each event to all ten listeners"),
        Figure.of("events.every, deliveries", [LISTENERS * rate for rate in every], "/s"),
        Figure.of("events.one", one, "/s", target=TARGET, about="each event to one of ten, by its query"),
        Figure.of("events.one: processor time of the worker", meter.worker[1:], "us", better="less"),
        Figure.of("events.one: processor time of the database", meter.database[1:], "us", better="less"),
    ]
    if not scale.is_short:
        about = "seven listeners beside one that hangs, one that refuses and one that is slow, to the seven alone"
        beside = ratios(found["beside"], found["alone"])
        figures.append(Figure.of("events.beside dead", beside, "ratio", target=0.9, short=False, about=about))
    return figures


def _metered(meter: Meter, stage: _Stage, port: int, count: int) -> float:
    with meter.measuring() as measured:
        measured.append(count)
        return _run(stage, port, count, TAKERS, is_for_all=False)


@contextmanager
def _stage(server: PostgresServer) -> Iterator[_Stage]:
    with server.database() as url:
        installation = Installation.assemble(Settings(database_url=url, callback_allow_private=True))
        installation.database.migrate()
        installation.open_store()
        with psycopg.connect(url) as connection:
            connection.execute(floor.TABLES)
        try:
            yield _Stage(server, url, installation)
        finally:
            installation.database.close()


@contextmanager
def _worker(url: str) -> Iterator[int]:
    """`bss worker`, delivering to this machine."""
    environment = {"BSS_DATABASE_URL": url, "BSS_CALLBACK_ALLOW_PRIVATE": "true", "BSS_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "common.cli.main", "worker"]
    with _process(command, environment) as pid:
        yield pid


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[int]:
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _sink() -> Iterator[int]:
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.floors.event_sink", str(port)], port, "/report"):
        yield port


def _run(stage: _Stage, port: int, count: int, behaviours: Sequence[str], *, is_for_all: bool) -> float:
    """Events a second that arrive, from the first arrival to the last, at those listeners that take them."""
    run, takers = time.monotonic_ns(), []
    for number, behaviour in enumerate(behaviours):
        query = None if is_for_all else f"event.productOffering.name=group{number}"
        _register(stage, f"http://127.0.0.1:{port}/{run}-{number}/{behaviour}", query)
        takers += [f"{run}-{number}"] if behaviour == "take" else []
    _fill(stage.url, count)
    rate = _arrived(port, takers, count if is_for_all else count // LISTENERS)
    with psycopg.connect(stage.url) as connection:
        connection.execute("UPDATE subscription SET is_removed = true")
    return rate if is_for_all else LISTENERS * rate


def _run_floor(stage: _Stage, port: int, count: int, *, is_for_all: bool) -> float:
    run, reading = time.monotonic_ns(), "is_for_all" if is_for_all else "is_for_one"
    with psycopg.connect(stage.url) as connection:
        connection.execute("TRUNCATE floor_outbox, floor_listener")
        connection.execute("INSERT INTO floor_listener SELECT n, 0 FROM generate_series(0, %s) n", (LISTENERS - 1,))
        connection.execute(_FILL_FLOOR, (LISTENERS, RESOURCES, RESOURCES, count - 1))
    url = f"http://127.0.0.1:{port}/{run}-"
    with _process([sys.executable, "-m", "benchmarks.floors.events", stage.url, url, str(LISTENERS), reading]):
        takers = [f"{run}-{number}" for number in range(LISTENERS)]
        rate = _arrived(port, takers, count if is_for_all else count // LISTENERS)
    return rate if is_for_all else LISTENERS * rate


def _register(stage: _Stage, callback: str, query: str | None) -> None:
    now = datetime.now(UTC)
    id = callback.split("/", 2)[2]
    new = Subscription(id, _TENANT, _CONTRACT, callback, query, None, "http://127.0.0.1:8080", now)
    with stage.installation.database.write(_TENANT) as uow:
        subscriptions.add(uow.connection, new)
        uow.commit()


def _fill(url: str, count: int) -> None:
    text = _FILL.format(round=time.monotonic_ns(), resources=RESOURCES, listeners=LISTENERS, count=count)
    with psycopg.connect(url) as connection:
        connection.execute(text.encode())


def _arrived(port: int, listeners: Sequence[str], each: int) -> float:
    """How many events a second each listener got, until the last has its last.

    Errors: RuntimeError when they do not come in time, or not in order.
    """
    end = time.monotonic() + SECONDS_MAX
    while True:
        time.sleep(0.1)
        found = _report(port)
        came = [found[one] for one in listeners if one in found]
        if any(one["disordered"] for one in came):
            raise RuntimeError(f"events were missing or out of order: {came}")
        if len(came) == len(listeners) and all(one["count"] == each for one in came):
            return each / float(max(one["last"] for one in came) - min(one["first"] for one in came))
        if time.monotonic() > end:
            raise RuntimeError(f"{each} events did not arrive in {SECONDS_MAX} s: {came}")


def _report(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/report")
        report: dict[str, Any] = json.loads(connection.getresponse().read())
        return report
    finally:
        connection.close()


def _flatness(server: PostgresServer, scale: Scale) -> list[Figure]:
    """What relaying and claiming cost when much was relayed before, beside the same when little was."""
    few, many = 10_000, 200_000 if scale.is_short else 5_000_000
    with _stage(server) as small, _stage(server) as large:
        for stage, size in ((small, few), (large, many)):
            _age(stage, size)
        relays, claims = [], []
        for number in range(2 * scale.rounds + 1):
            found = {}
            for name, stage in (("small", small), ("large", large))[:: 1 if number % 2 else -1]:
                found[name] = _asked(stage)
            if number:  # the first round warms up
                relays.append(found["large"][0] / found["small"][0])
                claims.append(found["large"][1] / found["small"][1])
    about = f"at {many:,} relayed events and as many deliveries, to the same at {few:,}"
    more: dict[str, Any] = {"better": "less", "target": 1.25, "about": about}
    return [
        Figure.of("events.relay at many of few", relays, "ratio", **more),
        Figure.of("events.claim at many of few", claims, "ratio", **more),
    ]


def _age(stage: _Stage, count: int) -> None:
    """A store that has relayed and delivered so many events to ten listeners."""
    for number in range(LISTENERS):
        _register(stage, f"http://127.0.0.1:9/{number}/{count}", None)
    with psycopg.connect(stage.url) as connection:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('outbox', 'notification', 'delivery')"
            " AND indexname LIKE 'ix_%'"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        for statement in (_OLD_OUTBOX, _OLD_NOTIFICATIONS, _OLD_DELIVERIES):
            connection.execute(statement, {"now": moment, "count": count, "listeners": LISTENERS})
        connection.execute("UPDATE subscription SET done_to = %s", (count,))
        for _, definition in indexes:
            connection.execute(definition.encode())
    settled(stage.url)


def _asked(stage: _Stage) -> tuple[float, float]:
    """The seconds to relay a set of events to ten listeners, and to claim, read and settle for each of them."""
    installation, now = stage.installation, datetime.now(UTC)
    relay = Relay(publications(installation), installation.settings)
    _fill(stage.url, 5 * BATCH)
    begun = time.perf_counter()
    for _ in range(5):
        with installation.database.write("") as uow:
            assert outbox.any_unrelayed(uow.connection)
            assert relay.relay(uow, now) == BATCH
            uow.commit()
    relayed = time.perf_counter()
    for _ in range(5):
        with installation.database.write("") as uow:
            assert subscriptions.any_due(uow.connection, now)
            claimed = subscriptions.claim_due(uow.connection, "me", now, now + timedelta(seconds=1), LISTENERS)
            assert len(claimed) == LISTENERS
            for listener in claimed:
                items = queues.due(uow.session, listener.id, now, BATCH)
                queues.settle(uow.session, listener.id, "me", items[-1].notification.id, now)
            uow.commit()
    return relayed - begun, time.perf_counter() - relayed
