"""What the suite asks of a message broker: take messages and say that they are kept, give them to one reader in order.

An adapter knows one broker; nothing else knows which one it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.errors import ServerError


class BrokerUnavailable(ServerError):
    """It does not answer, or does not take what it is given; tried again later."""

    code, status, reason = "broker.unavailable", 503, "The message broker does not answer"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the message broker: {problem}")


@dataclass(frozen=True, slots=True)
class Stream:
    """Messages that belong together.

    Shapes: `partitions` is how many parts it has, each read by one reader at a time; 0: it is not divided here.
            `has_one_writer`: one process at a time publishes, and the order in which it does so holds, also when some
            of what it published was not taken.
    """

    name: str
    partitions: int = 0
    has_one_writer: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be kept.

    Shapes: `topic` begins with the stream's name; `kind` tells apart what is in a topic; messages of one `key` stay in
            order and in one partition; `id` is the same whenever the same message is published again; `headers` are for
            people.
    """

    topic: str
    kind: str
    key: str
    id: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that was read; `place` tells it from every other one of its stream."""

    place: str
    key: str
    body: bytes


class Reader(Protocol):
    """One partition of a stream, read for a group of readers. For one thread."""

    def fetch(self, most: int, wait_seconds: float) -> list[Incoming]:
        """The next messages, in order; fewer when no more come within that time. What was fetched and not settled
        comes again, to this reader or to the next.

        Errors: BrokerUnavailable.
        """

    def settle(self) -> None:
        """All that was fetched so far is done with, for good.

        Errors: BrokerUnavailable, and then it may come again.
        """

    def give_back(self) -> None:
        """What was fetched and not settled is to come again soon.

        Errors: BrokerUnavailable.
        """

    def close(self) -> None: ...


class Broker(Protocol):
    """A broker that the settings name. Every method may be called from any thread."""

    def prepare(self, stream: Stream) -> None:
        """Have it there, made when it is not, as it was made when it is.

        Errors: BrokerUnavailable; ConfigurationError when it is there with another number of partitions.
        """

    def publish(self, stream: Stream, messages: Sequence[Outgoing]) -> None:
        """Returns when all are kept. On an error some may be: publish all of them again.

        Errors: BrokerUnavailable.
        """

    def reader(self, stream: Stream, group: str, partition: int, at_once: int) -> Reader:
        """A reader that goes on where the group was, and never has more than so many messages unsettled.

        Errors: BrokerUnavailable.
        """

    def close(self) -> None: ...
