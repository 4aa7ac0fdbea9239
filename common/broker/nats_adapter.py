"""NATS JetStream as a broker.

A stream is a stream of JetStream of the same name. Its subjects are `name.topic.kind`, or `name.<partition>` when it is
divided; each partition has a durable consumer `group-partition`. What repeats an id within the stream's window of
duplicates (`broker_duplicate_seconds`) is not kept again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, PubAck, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from common.broker.port import BrokerUnavailable, Incoming, Outgoing, Stream
from common.broker.streams import partition_of
from common.errors import ConfigurationError
from common.settings import Settings

_ID, _EXPECTED_LAST_ID, _KEY = "Nats-Msg-Id", "Nats-Expected-Last-Msg-Id", "Bss-Key"
_PARTITIONS = "bss_partitions"
_CONNECT_SECONDS_MAX = 5
_ANSWER_SECONDS_MAX = 8
# Messages on their way without an answer: more cost memory and win no time.
_UNANSWERED_MAX = 1_000

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class NatsBroker:
    """`port.Broker` on one connection, which has a thread of its own and is made again when it breaks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bss-broker", daemon=True)
        self._connection: Client | None = None
        self._opened: JetStreamContext | None = None
        self._connecting: asyncio.Lock | None = None
        self._thread.start()

    def prepare(self, stream: Stream) -> None:
        self.do(lambda jetstream: self._prepare(jetstream, stream))

    def publish(self, stream: Stream, messages: Sequence[Outgoing]) -> None:
        if messages:
            self.do(lambda jetstream: _publish(jetstream, stream, messages))

    def reader(self, stream: Stream, group: str, partition: int, at_once: int) -> NatsReader:
        subscription = self.do(lambda jetstream: self._subscribe(jetstream, stream, group, partition, at_once))
        return NatsReader(self, subscription)

    def close(self) -> None:
        async def end() -> None:
            if self._connection is not None:
                await self._connection.close()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(_ANSWER_SECONDS_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, ask: Callable[[JetStreamContext], Coroutine[Any, Any, _T]]) -> _T:
        """Ask in the connection's own thread.

        Errors: BrokerUnavailable, also when there is no answer in time.
        """

        async def asked() -> _T:
            # Trying to connect has no end of its own, as reconnecting has none.
            jetstream = await asyncio.wait_for(self._jetstream(), _CONNECT_SECONDS_MAX)
            return await asyncio.wait_for(ask(jetstream), _ANSWER_SECONDS_MAX)

        running = asyncio.run_coroutine_threadsafe(asked(), self._loop)
        try:
            return running.result()
        except (NatsError, JetStreamError, OSError, TimeoutError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from error

    async def _jetstream(self) -> JetStreamContext:
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            if self._opened is None or self._connection is None or self._connection.is_closed:
                self._connection = await nats.connect(
                    servers=self._settings.broker_url.split(","),
                    connect_timeout=_CONNECT_SECONDS_MAX,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,
                    error_cb=_note,
                    name="bss",
                )
                # One for the connection: each has an inbox for the answers.
                self._opened = self._connection.jetstream(
                    timeout=_ANSWER_SECONDS_MAX, publish_async_max_pending=_UNANSWERED_MAX
                )
        return self._opened

    async def _prepare(self, jetstream: JetStreamContext, stream: Stream) -> None:
        try:
            found = (await jetstream.stream_info(stream.name)).config
        except NotFoundError:
            subjects = [f"{stream.name}.{'*' if stream.partitions else '>'}"]
            wanted = StreamConfig(
                name=stream.name,
                subjects=subjects,
                retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE,
                max_age=self._settings.broker_retention_hours * 3600,
                duplicate_window=self._settings.broker_duplicate_seconds,
                num_replicas=self._settings.broker_replicas,
                metadata={_PARTITIONS: str(stream.partitions)},
            )
            found = (await jetstream.add_stream(wanted)).config
        parts = (found.metadata or {}).get(_PARTITIONS, str(stream.partitions))
        if parts != str(stream.partitions):
            raise ConfigurationError(f"stream {stream.name} has {parts} partitions; set BSS_BROKER_PARTITIONS to that")

    async def _subscribe(
        self, jetstream: JetStreamContext, stream: Stream, group: str, partition: int, at_once: int
    ) -> JetStreamContext.PullSubscription:
        durable = f"{group}-{partition}"
        wanted = ConsumerConfig(
            durable_name=durable,
            filter_subject=f"{stream.name}.{partition}",
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self._settings.broker_redelivery_seconds,
            max_ack_pending=at_once,
        )
        await jetstream.add_consumer(stream.name, wanted)
        return await jetstream.pull_subscribe_bind(durable, stream.name)


class NatsReader:
    """`port.Reader`: a durable consumer of one partition."""

    def __init__(self, broker: NatsBroker, subscription: JetStreamContext.PullSubscription) -> None:
        self._broker, self._subscription = broker, subscription
        self._unsettled: list[Msg] = []

    def fetch(self, most: int, wait_seconds: float) -> list[Incoming]:
        async def ask(_: JetStreamContext) -> list[Msg]:
            try:
                return await self._subscription.fetch(most, timeout=wait_seconds)
            except TimeoutError:
                return []

        found = self._broker.do(ask)
        self._unsettled += found
        return [_incoming(message) for message in found]

    def settle(self) -> None:
        self._answer(Msg.ack)

    def give_back(self) -> None:
        self._answer(Msg.nak)

    def close(self) -> None:
        async def ask(_: JetStreamContext) -> None:
            await self._subscription.unsubscribe()

        self._broker.do(ask)

    def _answer(self, say: Callable[[Msg], Coroutine[Any, Any, None]]) -> None:
        unsettled, self._unsettled = self._unsettled, []

        async def ask(_: JetStreamContext) -> None:
            for message in unsettled:
                await say(message)
            if unsettled:
                await unsettled[-1]._client.flush(_ANSWER_SECONDS_MAX)

        self._broker.do(ask)


async def _publish(jetstream: JetStreamContext, stream: Stream, messages: Sequence[Outgoing]) -> None:
    """All at once. Of a stream with one writer each message says which one it follows, and is refused when that one was
    not kept: what was refused in the middle never stands behind what came after it."""
    answers, last = list[asyncio.Future[PubAck]](), ""
    try:
        for message in messages:
            headers = {_ID: message.id, _KEY: quote(message.key, safe=""), **dict(message.headers)}
            if last and stream.has_one_writer:
                headers[_EXPECTED_LAST_ID] = last
            last = message.id
            subject = _subject(stream, message)
            # Without a time limit of its own it gives way to nothing else, and many leave in one packet.
            answers.append(await jetstream.publish_async(subject, message.body, headers=headers))
        await asyncio.gather(*answers)
    finally:
        for answer in answers:
            answer.cancel()  # what is not answered by now is published again, and keeps no place here


def _subject(stream: Stream, message: Outgoing) -> str:
    if stream.partitions:
        return f"{stream.name}.{partition_of(message.key, stream.partitions)}"
    return f"{message.topic}.{message.kind}"


def _incoming(message: Msg) -> Incoming:
    key = unquote((message.headers or {}).get(_KEY, ""))
    return Incoming(str(message.metadata.sequence.stream), key, message.data)


async def _note(error: Exception) -> None:
    _log.warning("broker connection", problem=str(error) or type(error).__name__)
