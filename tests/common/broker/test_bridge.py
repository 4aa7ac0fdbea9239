"""Events to the broker: all of them, in the order of each resource, with the same id when they are published again."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from common.broker.bridge import READER, Bridge
from common.broker.opening import open_broker
from common.broker.port import Broker, BrokerUnavailable
from common.cli.main import app
from common.events.delivery import RETENTION
from common.settings import Settings
from common.store import outbox
from common.store.database import Database
from common.store.event_tables import outbox as outbox_table
from tests.common.broker.conftest import kept
from tests.common.broker.servers import KafkaCluster, NatsServer
from tests.common.events.conftest import Scene, lean_folder, scene, step
from tests.common.events.toys import PUBLICATIONS, order_event
from tests.server import Server

__all__ = ["lean_folder", "scene"]

_SECONDS_MAX = 150


@pytest.fixture
def settings() -> Settings:
    return Settings(base_url="https://bss.example", components="")


@pytest.fixture
def broker(nats: NatsServer) -> Iterator[Broker]:
    one = open_broker(Settings(broker_url=nats.url))
    assert one is not None
    yield one
    one.close()


@pytest.fixture
def bridge(scene: Scene, broker: Broker) -> Iterator[Bridge]:
    one = Bridge(scene.database, PUBLICATIONS, scene.settings, broker)
    yield one
    one.close()


def relayed(scene: Scene, *events: Any) -> None:
    """Events that the delivery worker has looked at."""
    scene.record(*events)
    step(scene.worker())


def finish(bridge: Bridge) -> int:
    """How many were published until there was nothing left."""
    total = 0
    while count := bridge.step():
        total += count
    return total


def ids(nats: NatsServer) -> list[str]:
    return [message.headers["Nats-Msg-Id"] for message in kept(nats, "tmf")]


def test_an_event_is_told_as_hubs_get_it(scene: Scene, bridge: Bridge, nats: NatsServer) -> None:
    relayed(scene, order_event("e1", id="o/1"), order_event("e2", "StateChange", changed=("state",), id="o/1"))

    assert finish(bridge) == 2

    first, second = kept(nats, "tmf")
    assert first.subject == "tmf.622.v5.ProductOrderCreateEvent"
    assert second.subject == "tmf.622.v5.ProductOrderStateChangeEvent"
    assert first.headers == {"Nats-Msg-Id": "e1", "Bss-Key": "o%2F1", "Bss-Tenant": "t1"}
    body = json.loads(second.data)
    assert (body["eventId"], body["eventType"]) == ("e2", "ProductOrderStateChangeEvent")
    assert body["event"]["productOrder"] == {
        "id": "o/1",
        "href": "https://bss.example/tmf-api/productOrderingManagement/v5/productOrder/o%2F1",
        "@type": "ProductOrder",
        "state": "acknowledged",
    }


def test_what_was_published_and_not_noted_is_published_again_and_kept_once(
    scene: Scene, bridge: Bridge, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    relayed(scene, *(order_event(f"e{number}") for number in range(10)))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "advance", die)
        with pytest.raises(KeyboardInterrupt):
            bridge.step()
    relayed(scene, order_event("e10"))
    assert finish(bridge) == 11

    assert ids(nats) == [f"e{number}" for number in range(11)]


def test_what_the_broker_has_not_got_is_not_cleaned_away(
    scene: Scene, bridge: Bridge, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    relayed(scene, order_event("e1"))
    finish(bridge)

    def refuse(*_: object) -> None:
        raise BrokerUnavailable("away")

    relayed(scene, order_event("e2"), order_event("e3"))
    with monkeypatch.context() as away:
        away.setattr(broker, "publish", refuse)
        with pytest.raises(BrokerUnavailable):
            bridge.step()
    for _ in range(2):
        scene.clock.advance(RETENTION + timedelta(hours=1))
        step(scene.worker())
    assert _left(scene.database) == ["e2", "e3"]

    assert finish(bridge) == 2
    relayed(scene, order_event("e4"))
    scene.clock.advance(RETENTION + timedelta(hours=1))
    step(scene.worker())
    assert _left(scene.database) == ["e4"]


def test_what_happens_before_the_broker_answers_for_the_first_time_is_kept(
    scene: Scene, bridge: Bridge, broker: Broker, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BrokerUnavailable("away")

    with monkeypatch.context() as away:
        away.setattr(broker, "prepare", refuse)
        with pytest.raises(BrokerUnavailable):
            bridge.step()
    relayed(scene, order_event("e1"), order_event("e2"))
    scene.clock.advance(RETENTION + timedelta(hours=1))
    step(scene.worker())

    assert finish(bridge) == 2
    assert ids(nats) == ["e1", "e2"]


def test_who_was_overtaken_moves_nothing_back(scene: Scene, bridge: Bridge) -> None:
    relayed(scene, *(order_event(f"e{number}") for number in range(3)))
    finish(bridge)

    with scene.database.write("") as uow:
        outbox.advance(uow.connection, READER, 1)
        uow.commit()

    assert bridge.step() == 0


def test_a_broker_that_is_given_up_holds_nothing_back(
    scene: Scene, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    relayed(scene, order_event("e1"))
    finish(bridge)
    with scene.database.write("") as uow:
        assert outbox.retire(uow.connection, READER)
        assert not outbox.retire(uow.connection, READER)
        uow.commit()

    relayed(scene, order_event("e2"), order_event("e3"))
    scene.clock.advance(RETENTION + timedelta(hours=1))
    step(scene.worker())

    assert _left(scene.database) == ["e3"], "the last one stays"


def test_one_at_a_time_publishes_and_another_takes_over(scene: Scene, broker: Broker, nats: NatsServer) -> None:
    first, second = (Bridge(scene.database, PUBLICATIONS, scene.settings, broker) for _ in range(2))
    first.start()
    until(lambda: first._shares.held)
    second.start()
    relayed(scene, *(order_event(f"e{number}") for number in range(5)))
    until(lambda: len(ids(nats)) == 5)
    assert not second._shares.held

    first.close()
    relayed(scene, order_event("e5"))
    until(lambda: len(ids(nats)) == 6)
    second.close()


def test_it_goes_on_when_the_broker_was_killed(scene: Scene, bridge: Bridge, nats: NatsServer) -> None:
    bridge.start()
    relayed(scene, order_event("e1"))
    until(lambda: ids(nats) == ["e1"])
    nats.kill()
    relayed(scene, order_event("e2"))
    time.sleep(0.3)
    nats.start()

    until(lambda: ids(nats) == ["e1", "e2"])


def test_kafka_has_them_in_one_topic_of_each_api(kafka: KafkaCluster, scene: Scene) -> None:
    from confluent_kafka import Consumer

    broker = open_broker(Settings(broker_url=kafka.url))
    assert broker is not None
    bridge = Bridge(scene.database, PUBLICATIONS, scene.settings, broker)
    name = f"o-{scene.database.dialect_name}"
    relayed(scene, *(order_event(f"{name}{number}", "StateChange", id=name) for number in range(5)))
    assert finish(bridge) == 5

    servers = kafka.url.removeprefix("kafka://")
    consumer = Consumer({"bootstrap.servers": servers, "group.id": name, "auto.offset.reset": "earliest"})
    consumer.subscribe(["tmf.622.v5"])
    found: list[Any] = []
    until(
        lambda: len([one for one in found if one.key() == name.encode()]) == 5, lambda: found.extend(_polled(consumer))
    )
    ours = [one for one in found if one.key() == name.encode()]
    assert [dict(one.headers())["id"].decode() for one in ours] == [f"{name}{number}" for number in range(5)]
    assert {dict(one.headers())["kind"] for one in ours} == {b"ProductOrderStateChangeEvent"}
    assert len({one.partition() for one in ours}) == 1
    consumer.close()
    bridge.close()
    broker.close()


@pytest.mark.long
@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_publishes_nothing_twice(
    database_kind: str, request: pytest.FixtureRequest, nats: NatsServer, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/bss.db" if database_kind == "sqlite" else request.getfixturevalue("postgres_url")
    count = 4_000
    environment = _filled(url, nats, count)

    worker = Server(environment, "worker", "--role", "delivery,relay")
    worker.start()
    until(lambda: _count(nats) > 0)
    worker.kill()
    published = _count(nats)
    worker.start()
    until(lambda: _count(nats) == count)
    worker.kill()

    assert 0 < published < count, "it was killed in the middle"
    _check(nats, count)


@pytest.mark.soak
@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
def test_workers_and_the_broker_are_killed_again_and_again(
    database_kind: str, request: pytest.FixtureRequest, nats: NatsServer, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/bss.db" if database_kind == "sqlite" else request.getfixturevalue("postgres_url")
    count = 8_000
    environment = _filled(url, nats, count)
    workers = [Server(environment, "worker", "--role", role) for role in ("delivery,relay", "relay")]
    for worker in workers:
        worker.start()
    turn, seen = 0, 0
    while seen < count:
        until(lambda: _count(nats) >= min(count, seen + 1_000))  # noqa: B023
        seen = _count(nats)
        if turn % 3 == 2:
            nats.kill()
            nats.start()
        else:
            workers[turn % 2].kill()
            workers[turn % 2].start()
        turn += 1
    for worker in workers:
        worker.kill()

    assert turn > 4, "somebody was killed in the middle"
    _check(nats, count)


def test_the_command_says_that_the_broker_is_given_up(tmp_path: Path) -> None:
    environment = {"BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db"}
    assert CliRunner().invoke(app, ["migrate"], env=environment).exit_code == 0

    told = CliRunner().invoke(app, ["events", "forget-broker"], env=environment)

    assert (told.exit_code, told.stdout) == (0, "nothing was kept for a broker\n")


def until(condition: Callable[[], object], doing: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        doing()
        time.sleep(0.05)


def _filled(url: str, nats: NatsServer, count: int) -> dict[str, str]:
    """An installation with events of 50 orders, and what tells a worker of it."""
    environment = {"BSS_DATABASE_URL": url, "BSS_BROKER_URL": nats.url, "BSS_COMPONENTS": "tmf622_ordering"}
    assert CliRunner().invoke(app, ["migrate"], env=environment).exit_code == 0
    database = Database.open(Settings(database_url=url), ())
    for start in range(0, count, 1_000):
        with database.write() as uow:
            numbers = range(start, min(count, start + 1_000))
            uow.record(order_event(f"e{number}", "StateChange", id=f"o{number % 50}") for number in numbers)
            uow.commit()
    database.close()
    return environment


def _check(nats: NatsServer, count: int) -> None:
    """Each event is there once, and those of an order are in their order."""
    messages = kept(nats, "tmf")
    assert sorted(int(one.headers["Nats-Msg-Id"][1:]) for one in messages) == list(range(count))
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for one in messages:
        numbers[one.headers["Bss-Key"]].append(int(one.headers["Nats-Msg-Id"][1:]))
    assert len(numbers) == 50
    assert all(found == sorted(found) for found in numbers.values())


def _count(nats: NatsServer) -> int:
    import asyncio

    import nats as client
    from nats.js.errors import NotFoundError

    async def ask() -> int:
        connection = await client.connect(nats.url)
        try:
            return (await connection.jetstream().stream_info("tmf")).state.messages
        except NotFoundError:
            return 0
        finally:
            await connection.close()

    return asyncio.run(ask())


def _left(database: Database) -> list[str]:
    with database.read("") as uow:
        return list(uow.connection.scalars(outbox_table.select().with_only_columns(outbox_table.c.event_id)))


def _polled(consumer: Any) -> list[Any]:
    return [one for one in consumer.consume(50, 0.2) if one.error() is None]
