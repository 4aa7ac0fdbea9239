"""What every broker promises, with a real NATS server and with Kafka's own protocol; and what only one of them does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from common.broker.opening import open_broker
from common.broker.port import Broker, BrokerUnavailable, Incoming, Outgoing, Reader, Stream
from common.broker.streams import EVENTS, partition_of
from common.errors import ConfigurationError
from common.settings import Settings
from tests.common.broker.conftest import kept
from tests.common.broker.servers import KafkaCluster, NatsServer

# The cluster that librdkafka plays makes topics of four partitions.
USAGE = Stream("usage", partitions=4)
_SECONDS_MAX = 20


def opened(url: str, **more: int) -> Broker:
    broker = open_broker(Settings(broker_url=url, broker_redelivery_seconds=1, **more))
    assert broker is not None
    return broker


@pytest.fixture(params=["nats", "kafka"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    one = opened(request.getfixturevalue(request.param).url)
    yield one
    one.close()


@pytest.fixture
def on_nats(nats: NatsServer) -> Iterator[Broker]:
    one = opened(nats.url)
    yield one
    one.close()


@pytest.fixture
def usage(kafka: KafkaCluster) -> Stream:
    """A stream of this test's own."""
    stream = Stream(f"usage{uuid.uuid4().hex}", partitions=4)
    kafka.make(stream.name)
    return stream


def message(stream: Stream, id: str, key: str = "k", body: str | None = None) -> Outgoing:
    return Outgoing(stream.name, "thing", key, id, (body or id).encode())


def read(reader: Reader, count: int) -> list[str]:
    """The bodies of so many messages, none of them settled."""
    found: list[Incoming] = []
    deadline = time.monotonic() + _SECONDS_MAX
    while len(found) < count:
        assert time.monotonic() < deadline, [one.body for one in found]
        found += reader.fetch(count - len(found), 0.2)
    return [one.body.decode() for one in found]


def key_of(partition: int) -> str:
    return next(key for key in map(str, range(1000)) if partition_of(key, 4) == partition)


def test_messages_of_a_key_come_in_order_to_one_partition_and_once_settled_not_again(
    broker: Broker, usage: Stream
) -> None:
    broker.prepare(usage)
    broker.prepare(usage)
    broker.publish(usage, [message(usage, f"a{number}", "key") for number in range(5)])
    broker.publish(usage, [])
    readers = [broker.reader(usage, "rating", partition, 10) for partition in range(4)]

    found = {place: reader.fetch(10, 1.0) for place, reader in enumerate(readers)}
    (place,) = [place for place, messages in found.items() if messages]
    reader = readers[place]
    bodies = [one.body.decode() for one in found[place]]
    bodies += read(reader, 5 - len(bodies))
    assert bodies == [f"a{number}" for number in range(5)]
    assert found[place][0].key == "key"
    reader.settle()
    broker.publish(usage, [message(usage, "b", "key")])
    assert read(reader, 1) == ["b"]
    for each in readers:
        each.close()

    successor = broker.reader(usage, "rating", place, 10)
    assert read(successor, 1) == ["b"]
    successor.settle()
    assert successor.fetch(10, 0.3) == []
    successor.close()


def test_what_was_given_back_comes_again_and_another_group_reads_for_itself(broker: Broker, usage: Stream) -> None:
    broker.prepare(usage)
    broker.publish(usage, [message(usage, f"a{number}", "key") for number in range(4)])
    first = [broker.reader(usage, "first", partition, 10) for partition in range(4)]
    place, reader = next((place, one) for place, one in enumerate(first) if one.fetch(4, 1.0))

    reader.give_back()
    assert read(reader, 4) == ["a0", "a1", "a2", "a3"]
    reader.settle()

    other = broker.reader(usage, "second", place, 10)
    assert read(other, 4) == ["a0", "a1", "a2", "a3"]
    for one in (*first, other):
        one.close()


def test_a_broker_that_is_away_is_said_to_be(nats: NatsServer) -> None:
    broker = opened(nats.url)
    broker.prepare(USAGE)
    nats.kill()

    with pytest.raises(BrokerUnavailable):
        broker.publish(USAGE, [message(USAGE, "a")])

    nats.start()
    until(lambda: _published(broker, "a"))
    broker.close()


def test_a_broker_that_was_never_there_is_said_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.broker.nats_adapter._CONNECT_SECONDS_MAX", 1)
    broker = opened("nats://127.0.0.1:1")

    with pytest.raises(BrokerUnavailable):
        broker.prepare(USAGE)
    broker.close()


def test_what_was_acknowledged_outlives_the_server(nats: NatsServer) -> None:
    broker = opened(nats.url)
    broker.prepare(USAGE)
    broker.publish(USAGE, [message(USAGE, f"a{number}", key_of(2)) for number in range(50)])
    nats.kill()
    nats.start()
    until(lambda: _published(broker, "z"))

    reader = broker.reader(USAGE, "rating", 2, 100)
    assert read(reader, 50) == [f"a{number}" for number in range(50)]
    broker.close()


def test_the_same_id_is_kept_once_also_in_the_order_of_one_writer(on_nats: Broker, nats: NatsServer) -> None:
    on_nats.prepare(EVENTS)
    batch = [Outgoing("tmf.620.v5", "ThingCreateEvent", "k", f"e{number}", b"{}") for number in range(6)]

    on_nats.publish(EVENTS, batch[:4])
    on_nats.publish(EVENTS, batch)
    on_nats.publish(EVENTS, batch)

    assert len(kept(nats, EVENTS.name)) == 6


def test_what_is_refused_in_the_middle_is_not_overtaken(on_nats: Broker, nats: NatsServer) -> None:
    on_nats.prepare(EVENTS)
    large = b"x" * 2_000_000  # more than the server takes in one message
    batch = [Outgoing("tmf.620.v5", "E", "k", f"e{number}", b"{}" if number != 2 else large) for number in range(5)]

    with pytest.raises(BrokerUnavailable):
        on_nats.publish(EVENTS, batch)
    assert len(kept(nats, EVENTS.name)) <= 2


def test_a_reader_never_has_more_unsettled_than_it_asked_for(on_nats: Broker) -> None:
    on_nats.prepare(USAGE)
    on_nats.publish(USAGE, [message(USAGE, f"a{number}", key_of(1)) for number in range(5)])
    reader = on_nats.reader(USAGE, "rating", 1, 3)

    assert read(reader, 3) == ["a0", "a1", "a2"]
    assert reader.fetch(3, 0.3) == []
    reader.settle()
    assert read(reader, 2) == ["a3", "a4"]


def test_a_stream_of_another_size_is_refused(on_nats: Broker) -> None:
    on_nats.prepare(USAGE)

    with pytest.raises(ConfigurationError, match="4 partitions"):
        on_nats.prepare(Stream("usage", partitions=8))


def test_a_topic_of_another_size_is_refused(kafka: KafkaCluster, usage: Stream) -> None:
    broker = opened(kafka.url)

    with pytest.raises(ConfigurationError, match="4 partitions"):
        broker.prepare(Stream(usage.name, partitions=8))
    broker.close()


def test_kafka_says_when_it_is_away() -> None:
    broker = opened("kafka://127.0.0.1:1?message.timeout.ms=300&socket.connection.setup.timeout.ms=1000")

    with pytest.raises(BrokerUnavailable):
        broker.publish(USAGE, [message(USAGE, "a")])
    broker.close()


@pytest.mark.parametrize("url", ["amqp://localhost", "localhost:4222"])
def test_another_broker_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="BSS_BROKER_URL"):
        open_broker(Settings(broker_url=url))


def test_without_a_url_there_is_no_broker() -> None:
    assert open_broker(Settings()) is None


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _published(broker: Broker, id: str) -> bool:
    try:
        broker.publish(USAGE, [message(USAGE, id, key_of(0))])
    except BrokerUnavailable:
        return False
    return True
