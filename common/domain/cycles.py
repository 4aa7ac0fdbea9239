"""Periods of days that are counted from an anchor: bill cycles, charge periods, allowance periods.

The k-th period starts k times `count` units after the anchor, counted from the anchor and not from the period before:
monthly from the 31st starts on 28 February and again on 31 March.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class CycleUnit(StrEnum):
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


_DAYS = {CycleUnit.WEEK: 7, CycleUnit.DAY: 1}
# How people write how often something recurs.
_WORDS = {
    **dict.fromkeys(("day", "days", "daily"), (CycleUnit.DAY, 1)),
    **dict.fromkeys(("week", "weeks", "weekly"), (CycleUnit.WEEK, 1)),
    **dict.fromkeys(("fortnight", "biweekly", "fortnightly"), (CycleUnit.WEEK, 2)),
    **dict.fromkeys(("month", "months", "monthly"), (CycleUnit.MONTH, 1)),
    **dict.fromkeys(("quarter", "quarters", "quarterly"), (CycleUnit.MONTH, 3)),
    **dict.fromkeys(("semester", "halfyear", "halfyearly", "semiannual", "semiannually"), (CycleUnit.MONTH, 6)),
    **dict.fromkeys(("year", "years", "yearly", "annual", "annually"), (CycleUnit.MONTH, 12)),
}
# What `recurring` can read, for those who wrote something else.
PERIOD_WORDS = f"say {', '.join(_WORDS)}, or a number of them, as in '3 months'"
_COUNT_MAX = 1_000
_EVERY_MONTH_HAS = 28


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The days from `start` until before `end`; at least none."""

    start: date
    end: date

    def __post_init__(self) -> None:
        assert self.start <= self.end, "a span does not end before it starts"

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def within(self, other: Span) -> Span | None:
        """The days that both have; None when there is none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Cycle:
    """Periods of `count` units, one of which begins on the anchor."""

    anchor: date
    unit: CycleUnit = CycleUnit.MONTH
    count: int = 1

    def start(self, index: int) -> date:
        """The first day of the period with this number; the anchor begins number 0.

        A period that would begin before the first day that there is, or after the last, begins on that.
        """
        try:
            if self.unit is CycleUnit.MONTH:
                return months_later(self.anchor, index * self.count)
            return self.anchor + timedelta(days=index * self.count * _DAYS[self.unit])
        except (OverflowError, ValueError):
            return date.max if index > 0 else date.min

    def index(self, day: date) -> int:
        """The number of the period that the day lies in."""
        if self.unit is CycleUnit.MONTH:
            months = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
            index = months // self.count
        else:
            index = (day - self.anchor).days // (_DAYS[self.unit] * self.count)
        return index - 1 if self.start(index) > day else index

    def span(self, index: int) -> Span:
        return Span(self.start(index), self.start(index + 1))

    def span_at(self, day: date) -> Span:
        """The period that the day lies in."""
        return self.span(self.index(day))

    def spans(self, start: date, end: date) -> Iterator[Span]:
        """The periods that have a day from `start` until before `end`, in their order."""
        if start >= end:
            return
        index = self.index(start)
        first = self.start(index)
        while first < end:
            index += 1
            next = self.start(index)
            yield Span(first, next)
            first = next


def recurring(text: Any) -> tuple[CycleUnit, int] | None:
    """How often something recurs, as people write it: `month`, `monthly`, `3 months`; None for other words."""
    words = str(text or "").casefold().replace("-", "").replace("_", "").split()
    count = 1
    if len(words) == 2 and words[0].isascii() and words[0].isdecimal():
        count = min(int(words[0]), _COUNT_MAX)
        words = words[1:]
    if len(words) != 1 or words[0] not in _WORDS or count == 0:
        return None
    unit, times = _WORDS[words[0]]
    return unit, times * count


@dataclass(frozen=True, slots=True)
class Cycles:
    """The periods of something whose cycle was changed: each earlier cycle holds until its day, the last from then on.

    Shapes: `earlier` in the order of their days. A period is cut where another cycle begins; `days` tells how many it
            would have had, so that part of a price can be charged for it.
    """

    last: Cycle
    earlier: tuple[tuple[Cycle, date], ...] = ()

    def spans(self, start: date, end: date) -> Iterator[Span]:
        """The periods that have a day from `start` until before `end`, in their order."""
        if not self.earlier:
            yield from self.last.spans(start, end)
            return
        for cycle, held in self._pieces():
            for span in cycle.spans(max(start, held.start), min(end, held.end)):
                yield Span(max(span.start, held.start), min(span.end, held.end))

    def span_at(self, day: date) -> Span:
        """The period that the day lies in."""
        if not self.earlier:
            return self.last.span_at(day)
        cycle, held = self._at(day)
        span = cycle.span_at(day)
        return Span(max(span.start, held.start), min(span.end, held.end))

    def days(self, period: Span) -> int:
        """The days of a period before it was cut."""
        return self._at(period.start)[0].span_at(period.start).days if self.earlier else period.days

    def _at(self, day: date) -> tuple[Cycle, Span]:
        return next((cycle, held) for cycle, held in self._pieces() if day < held.end)

    def _pieces(self) -> Iterator[tuple[Cycle, Span]]:
        start = date.min
        for cycle, until in self.earlier:
            yield cycle, Span(start, until)
            start = until
        yield self.last, Span(start, date.max)


def months_later(day: date, months: int) -> date:
    """The same day so many months later (or before), or that month's last day when it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if day.day <= _EVERY_MONTH_HAS:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day; where midnight is skipped, the instant at which it would have been."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
