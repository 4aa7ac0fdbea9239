"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last = 0


def ordered_id() -> str:
    """A new identifier, greater than every one this process made before.

    48 bits of milliseconds and 12 bits of counter, kept monotonic within the process, then 62 random
    bits. The clock read here orders rows; it is not business time.
    """
    global _last
    with _lock:
        tick = (time.time_ns() * 4096) // 1_000_000  # milliseconds with 12 fraction bits
        _last = tick = max(tick, _last + 1)
    millis, fraction = tick >> 12, tick & 0xFFF
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    text = f"{(millis << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def first_id(millis: int) -> str:
    """What no identifier that is made from this millisecond on (Unix time) lies before."""
    text = f"{millis:012x}"
    return f"{text[:8]}-{text[8:]}"


def now_millis() -> int:
    """The millisecond that identifiers are made in now."""
    return time.time_ns() // 1_000_000
