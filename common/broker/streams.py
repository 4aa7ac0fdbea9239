"""The streams of the suite, and the partition of a key."""

from __future__ import annotations

import zlib

from common.broker.port import Stream
from common.settings import Settings

EVENTS = Stream("tmf", has_one_writer=True)
# Messages that could not be used, each with the reason.
DEAD = Stream("dead")


def intake_stream(name: str, settings: Settings) -> Stream:
    """A stream of records that others send."""
    return Stream(name, partitions=settings.broker_partitions)


def partition_of(key: str, partitions: int) -> int:
    """Where a key's messages are: CRC-32 (as in zip and zlib) of its UTF-8 bytes, modulo their number."""
    return zlib.crc32(key.encode()) % partitions
