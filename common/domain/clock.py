"""Where time comes from. Nothing else in the suite reads the system clock for business time."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?\s*([Zz]|[+-]\d{2}:?\d{2})?", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Clock(Protocol):
    """Tells the time; a test or a simulation supplies its own."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SettableClock:
    """A clock that stands still until somebody moves it, from any thread."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._turn = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def move(self, to: datetime) -> None:
        """Show a later instant; the present one is allowed."""
        with self._turn:
            assert to >= self._now, "time does not run backwards"
            self._now = to.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.move(self._now + by)


# `isoformat` costs several times what putting these together does, and every row, event and explanation has instants.
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))


def instant_text(moment: datetime) -> str:
    """An aware moment as the suite writes it: UTC, `Z`, milliseconds."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    day, micro, two = _day_text(moment.toordinal()), moment.microsecond, _TWO_DIGITS
    thousandths = f"{micro // 1000:03}" if micro else "000"
    return f"{day}T{two[moment.hour]}:{two[moment.minute]}:{two[moment.second]}.{thousandths}Z"


@lru_cache(maxsize=4096)
def _day_text(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def normal_instant(text: str) -> str | None:
    """A date-time text in the stored form: UTC, `Z`, at least three fraction digits.

    Texts in this form sort as the instants do once the `Z` is cut off. More than three digits are
    kept when the client sent them. A text without an offset is read as UTC.
    Returns None when the text is no RFC 3339 date-time.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if (offset is None or offset in "Zz") and hour < "24" and second < "60":  # as nearly all are written
        whole = f"{text[:10]}T{text[11:19]}"
        try:
            datetime.fromisoformat(whole)
        except ValueError:
            return None
        return f"{whole}.{fraction or '':0<3}Z"
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
        if offset and offset not in "Zz":
            sign = 1 if offset[0] == "+" else -1
            digits = offset[1:].replace(":", "")
            moment -= sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + "." + (fraction or "").ljust(3, "0") + "Z"


def read_instant(text: str) -> datetime | None:
    """The aware moment that a date-time text names, to the millisecond; None when it names none."""
    normal = normal_instant(text)
    if normal is None:
        return None
    moment = datetime.fromisoformat(normal)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def day_bounds(text: str) -> tuple[str, str] | None:
    """First instant of the UTC day that a date-only text names, and of the day after; None when it names none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        start = datetime.combine(date.fromisoformat(text), time(), UTC)
        end = start + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return instant_text(start), instant_text(end)
