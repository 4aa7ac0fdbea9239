"""Kafka as a broker.

A topic of ours is a topic there, with the kind in the header `kind` and the id in the header `id`: Kafka keeps order
within a partition of a topic only, so that what is to stay in order may not be spread over topics. Who reads a
partition is decided by the suite's database for every broker alike, so partitions are assigned by hand; Kafka keeps how
far the group is. The query of the URL is handed to librdkafka: `kafka://host:9092?security.protocol=SASL_SSL`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from confluent_kafka import OFFSET_STORED, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from common.broker.port import BrokerUnavailable, Incoming, Outgoing, Stream
from common.errors import ConfigurationError
from common.settings import Settings

_ANSWER_SECONDS_MAX = 15
# How long the producer tries to hand over a message before it gives it up.
_DELIVERY_MILLISECONDS_MAX = 10_000
_PRODUCER = {
    "acks": "all",
    "enable.idempotence": True,
    # Nothing overtakes a message that could not be handed over.
    "enable.gapless.guarantee": True,
    "message.timeout.ms": _DELIVERY_MILLISECONDS_MAX,
    # As the clients of other languages divide keys.
    "partitioner": "murmur2_random",
    "linger.ms": 5,
    "compression.type": "lz4",
}
_CONSUMER = {"enable.auto.commit": False, "auto.offset.reset": "earliest"}


class KafkaBroker:
    """`port.Broker` with one producer, made again after a failure, and a consumer for each reader."""

    def __init__(self, settings: Settings) -> None:
        servers, _, query = settings.broker_url.removeprefix("kafka://").partition("?")
        self._settings = settings
        self._common: dict[str, Any] = {"bootstrap.servers": servers, "log_level": 3, **dict(parse_qsl(query))}
        self._turn = threading.Lock()
        self._producer: Producer | None = None

    def prepare(self, stream: Stream) -> None:
        if not stream.partitions:
            return  # its topics are made when something is first published, as the brokers are set up to
        try:
            admin = AdminClient(self._common)
            if stream.name not in admin.list_topics(timeout=_ANSWER_SECONDS_MAX).topics:
                _create(admin, stream, self._settings)
            metadata = admin.list_topics(stream.name, timeout=_ANSWER_SECONDS_MAX).topics[stream.name]
        except KafkaException as error:
            raise BrokerUnavailable(_problem(error)) from error
        found = len(metadata.partitions)
        if metadata.error is None and found != stream.partitions:
            raise ConfigurationError(f"topic {stream.name} has {found} partitions; set BSS_BROKER_PARTITIONS to that")

    def publish(self, stream: Stream, messages: Sequence[Outgoing]) -> None:
        with self._turn:
            producer = self._producer or Producer({**_PRODUCER, **self._common})
            self._producer = producer
            try:
                _publish(producer, messages)
            except (KafkaException, BufferError) as error:
                # What is still under way of it is given up: all of it is published again.
                producer.purge()
                producer.flush(0)
                self._producer = None
                raise BrokerUnavailable(_problem(error)) from error

    def reader(self, stream: Stream, group: str, partition: int, at_once: int) -> KafkaReader:
        return KafkaReader({**self._common, **_CONSUMER, "group.id": group}, stream.name, partition)

    def close(self) -> None:
        with self._turn:
            if self._producer is not None:
                self._producer.flush(_ANSWER_SECONDS_MAX)
                self._producer = None


class KafkaReader:
    """`port.Reader`: a consumer that has one partition."""

    def __init__(self, config: dict[str, Any], topic: str, partition: int) -> None:
        self._consumer = Consumer(config)
        self._consumer.assign([TopicPartition(topic, partition, OFFSET_STORED)])
        self._topic, self._partition = topic, partition
        self._first: int | None = None
        self._next: int | None = None

    def fetch(self, most: int, wait_seconds: float) -> list[Incoming]:
        try:
            found = self._consumer.consume(most, wait_seconds)
        except KafkaException as error:
            raise BrokerUnavailable(_problem(error)) from error
        taken = []
        for message in found:
            problem = message.error()
            if problem is None:
                taken.append(_incoming(message))
                self._note(message)
            elif problem.code() != KafkaError._PARTITION_EOF:
                self.give_back()
                raise BrokerUnavailable(str(problem))
        return taken

    def settle(self) -> None:
        if self._next is not None:
            place = TopicPartition(self._topic, self._partition, self._next)
            try:
                self._consumer.commit(offsets=[place], asynchronous=False)
            except KafkaException as error:
                raise BrokerUnavailable(_problem(error)) from error
        self._first = self._next = None

    def give_back(self) -> None:
        if self._first is not None:
            try:
                self._consumer.seek(TopicPartition(self._topic, self._partition, self._first))
            except KafkaException as error:
                raise BrokerUnavailable(_problem(error)) from error
        self._first = self._next = None

    def close(self) -> None:
        self._consumer.close()

    def _note(self, message: Message) -> None:
        offset = message.offset()
        assert offset is not None, "a message without an error has its offset"
        if self._first is None:
            self._first = offset
        self._next = offset + 1


def _publish(producer: Producer, messages: Sequence[Outgoing]) -> None:
    """Errors: KafkaException for the first that was not kept; BufferError."""
    failed: list[KafkaError] = []

    def note(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    for message in messages:
        headers: list[Any] = [("id", message.id), ("kind", message.kind), *message.headers]
        producer.produce(message.topic, message.body, message.key.encode(), headers=headers, on_delivery=note)
        producer.poll(0)
    left, end = len(producer), time.monotonic() + _ANSWER_SECONDS_MAX
    while left and time.monotonic() < end and not failed:
        left = producer.flush(0.5)
    if failed:
        raise KafkaException(failed[0])
    if left:
        raise KafkaException(KafkaError(KafkaError._MSG_TIMED_OUT))


def _create(admin: AdminClient, stream: Stream, settings: Settings) -> None:
    """Ask for the topic. Where that is not allowed, it has to be there."""
    topic = NewTopic(
        stream.name, num_partitions=stream.partitions, replication_factor=settings.broker_replicas,
        config={"retention.ms": str(settings.broker_retention_hours * 3_600_000)},
    )  # fmt: skip
    try:
        admin.create_topics([topic], operation_timeout=_ANSWER_SECONDS_MAX)[stream.name].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another worker was as quick
            raise


def _incoming(message: Message) -> Incoming:
    key, body = message.key(), message.value()
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else key or ""
    data = body.encode() if isinstance(body, str) else body or b""
    return Incoming(f"{message.partition()}-{message.offset()}", text, data)


def _problem(error: Exception) -> str:
    return str(error.args[0]) if error.args else type(error).__name__
