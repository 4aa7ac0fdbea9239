"""Spans of time as documents write them (TimePeriod: `startDateTime`, `endDateTime`): half-open, open ends allowed.

Reads documents and says what does not fit; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from common.domain.clock import instant_text, normal_instant
from common.domain.pointers import pointer_token

START, END = "startDateTime", "endDateTime"


def is_reversed(start: Any, end: Any) -> bool:
    """Whether both are date-times and the end is before the start; an end at the start is an empty period."""
    if start is None or end is None:
        return False
    first, last = _instant(start), _instant(end)
    return first is not None and last is not None and last < first


def covers(period: Any, moment: datetime) -> bool:
    """Whether the moment lies in the period; a missing period, and an open or unreadable end, exclude nothing."""
    if not isinstance(period, Mapping):
        return True
    now = instant_text(moment).rstrip("Z")
    start, end = _instant(period.get(START)), _instant(period.get(END))
    return (start is None or start <= now) and (end is None or now < end)


def reversed_at(document: Any, steps: tuple[str, ...], pointer: str = "") -> Iterator[str]:
    """JSON Pointers to the ends of the reversed periods at `steps`, arrays on the way and at the end passed through."""
    if isinstance(document, list):
        for index, element in enumerate(document):
            yield from reversed_at(element, steps, f"{pointer}/{index}")
    elif isinstance(document, dict):
        if steps:
            if below := document.get(steps[0]):
                yield from reversed_at(below, steps[1:], f"{pointer}/{pointer_token(steps[0])}")
        elif is_reversed(document.get(START), document.get(END)):
            yield f"{pointer}/{END}"


def _instant(value: Any) -> str | None:
    """The text that sorts as the instant does, or None when the value is no date-time."""
    text = normal_instant(value) if isinstance(value, str) else None
    return None if text is None else text[:-1]
