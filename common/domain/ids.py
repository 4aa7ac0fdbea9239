"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

from __future__ import annotations

import os
import threading
import time

_VARIANTS = {digit: "89ab"[int(digit, 16) & 0b11] for digit in "0123456789abcdef"}
_lock = threading.Lock()
_last = 0


def ordered_id() -> str:
    """A new identifier, greater than every one this process made before.

    48 bits of milliseconds and 12 bits of counter, kept monotonic within the process, then 62 random
    bits. The clock read here orders rows; it is not business time.
    """
    return _text(_ticks(1), os.urandom(8).hex())


def ordered_ids(count: int) -> list[str]:
    """So many of them, each greater than the one before."""
    first, random = _ticks(count), os.urandom(8 * count).hex()
    return [_text(first + n, random[16 * n : 16 * n + 16]) for n in range(count)]


def _ticks(count: int) -> int:
    """The first of so many ticks in a row, milliseconds with 12 fraction bits, that nobody else gets."""
    global _last
    with _lock:
        first = max((time.time_ns() * 4096) // 1_000_000, _last + 1)
        _last = first + count - 1
    return first


def _text(tick: int, random: str) -> str:
    """Shapes: `random` is 16 hexadecimal digits; two bits of the first make way for the variant."""
    millis = tick >> 12
    return (
        f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7{tick & 0xFFF:03x}-{_VARIANTS[random[0]]}{random[1:4]}-{random[4:]}"
    )
