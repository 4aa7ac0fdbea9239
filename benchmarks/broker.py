"""The message broker: events from the outbox to JetStream, and usage from a stream, beside PostgreSQL.

Events: changed offerings that the delivery worker has relayed are published by the relay (read, rendered, published,
kept, noted), beside publishing the same bytes with the same client and nothing else. Usage: records of calls and data
are taken from a stream by one rating worker (fetched, ingested and rated, committed, acknowledged), beside the same
number of records taken from a file by `bss usage ingest`. One process each, so that the ratio says what the stream
costs.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.floors import broker as floor
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.servers import migrate, postgresql
from benchmarks.usage import stock
from benchmarks.usage_scripts import numbered, records
from common import logs
from common.broker.bridge import BATCH, Bridge
from common.broker.intake import IntakeWorker
from common.broker.opening import open_broker
from common.broker.port import Broker
from common.broker.streams import intake_stream
from common.collecting import seldom_collecting
from common.domain.query import Document
from common.exact_json import encode
from common.installation import Installation
from common.serving import publications
from common.settings import Settings
from common.store import outbox
from tests.common.broker.servers import nats_server
from tests.postgres import PostgresServer
from tmf635_usage.feed import Feed
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest
from tmf635_usage.stream import STREAM, message

# Resources whose changes are published.
RESOURCES = 200
PRODUCTS = 300
PARTITIONS = 8
# What the delivery worker leaves of changed offerings of 1.3 KB.
_RELAYED = """
INSERT INTO outbox (tenant, event_id, type, source, resource, resource_id, parents, occurred_at, document, changed,
    extra, relayed_at, place)
SELECT 'default', '{name}-' || n, 'ProductOfferingAttributeValueChangeEvent', 'tmf620_product_offering',
    'productOffering', 'o' || n % {resources}, '[]', '2026-01-01T00:00:00.000Z',
    json_build_object('id', 'o' || n % {resources}, '@type', 'ProductOffering', 'name', 'group', 'isBundle', false,
        'lifecycleStatus', 'Active', 'version', n::text, 'statusReason', repeat('because ', 130))::text,
    '["name", "statusReason", "version"]', '{{}}', '2026-01-01T00:00:00.000Z',
    n + (SELECT coalesce(max(place), 0) + 1 FROM outbox)
FROM generate_series(0, {count} - 1) AS n
"""


def measure(scale: Scale) -> list[Figure]:
    logs.configure("error")
    with postgresql() as server, tempfile.TemporaryDirectory() as folder, nats_server(Path(folder) / "nats") as nats:
        return [*_events(scale, server, nats.url), *_usage(scale, server, nats.url, Path(folder))]


def _events(scale: Scale, server: PostgresServer, url: str) -> list[Figure]:
    count = BATCH * (4 if scale.is_short else 16)
    names = (f"round{number}" for number in itertools.count())
    with _suite(server, url) as (installation, broker):
        bridge = Bridge(installation.database, publications(installation), installation.settings, broker)
        bodies = _rendered(installation, bridge, count)

        def suite() -> float:
            _relay(installation, next(names), count)
            begun, published = time.perf_counter(), 0
            while published < count:
                published += bridge.step()
            return count / (time.perf_counter() - begun)

        def bare() -> float:
            return count / floor.publish(url, bodies, next(names))

        found = rounds({"suite": suite, "bare": bare}, scale.rounds)
        bridge.close()
    return [
        Figure.of("broker.events", found["suite"], "/s", about="events from the outbox to JetStream, one relay"),
        Figure.of(
            "broker.events of bare publishing",
            ratios(found["suite"], found["bare"]),
            "ratio",
            about="beside the same bytes published with the same client and nothing else",
        ),
    ]


def _usage(scale: Scale, server: PostgresServer, url: str, folder: Path) -> list[Figure]:
    count = 1_000 if scale.is_short else 4_000
    runs = 2 * (scale.rounds + 1)
    names = numbered()
    with _suite(server, url) as (installation, broker):
        stock(installation.settings.database_url, PRODUCTS)
        (intake,) = installation.intakes
        worker = IntakeWorker(installation, intake, broker)
        worker.step()

        def stream() -> float:
            _publish(broker, installation.settings, list(records(count, PRODUCTS, next(names))))
            begun, taken = time.perf_counter(), 0
            with seldom_collecting():
                while taken < count:
                    taken += worker.step()
            return count / (time.perf_counter() - begun)

        def file() -> float:
            part = folder / "part.ndjson"
            part.write_bytes(b"".join(encode(one) + b"\n" for one in records(count, PRODUCTS, next(names))))
            take = Ingest.of(installation, assumed=UNKNOWN_PRODUCT).take
            feed = Feed(part, folder / "rejects", folder / "checkpoint", take)
            begun = time.perf_counter()
            with seldom_collecting():
                (*_, last) = feed.run(from_start=True)
            assert last.states == {"rated": count}, last
            return count / (time.perf_counter() - begun)

        found = rounds({"stream": stream, "file": file}, scale.rounds)
        worker.close()
        _check(installation, count * runs)
    return [
        Figure.of("broker.usage", found["stream"], "/s", about="usages from a stream of 8 partitions, one worker"),
        Figure.of(
            "broker.usage of a file",
            ratios(found["stream"], found["file"]),
            "ratio",
            about="beside the same number of records taken from a file",
        ),
    ]


@contextmanager
def _suite(server: PostgresServer, url: str) -> Iterator[tuple[Installation, Broker]]:
    with server.database() as database_url:
        migrate(database_url)
        settings = Settings(
            database_url=database_url, broker_url=url, broker_partitions=PARTITIONS, base_url="http://bss.example"
        )
        installation = Installation.assemble(settings)
        installation.open_store()
        broker = open_broker(settings)
        assert broker is not None
        try:
            yield installation, broker
        finally:
            broker.close()
            installation.database.close()


def _relay(installation: Installation, name: str, count: int) -> None:
    with psycopg.connect(installation.settings.database_url) as connection:
        connection.execute(_RELAYED.format(name=name, count=count, resources=RESOURCES).encode())


def _rendered(installation: Installation, bridge: Bridge, count: int) -> list[bytes]:
    """What the relay publishes for so many events."""
    _relay(installation, "rendered", count)
    with installation.database.read("") as uow:
        entries = outbox.relayed_after(uow.connection, 0, count)
    bodies = [one.body for entry in entries for one in bridge.messages(entry)]
    while bridge.step():
        pass
    assert len(bodies) == count
    return bodies


def _publish(broker: Broker, settings: Settings, usages: Sequence[Document]) -> None:
    messages = [message(usage) for usage in usages]
    for start in range(0, len(messages), BATCH):
        broker.publish(intake_stream(STREAM, settings), messages[start : start + BATCH])


def _check(installation: Installation, count: int) -> None:
    """Every record is there, rated, and once."""
    with psycopg.connect(installation.settings.database_url) as connection:
        found = connection.execute("SELECT count(*), count(DISTINCT usage) FROM tmf635_rating").fetchone()
    assert found == (count, count), found
