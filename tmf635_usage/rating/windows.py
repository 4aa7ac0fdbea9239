"""Times of day and days of the year by the account's clock: whether an instant is in a window, whether two meet.

A calendar is a set of dates. For `meet` it is only a name: next year's dates are not known when a price is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tmf635_usage.rating.values import Window

_WEEK = 7
_DAY_SECONDS = 86_400
_EVERY_DAY = frozenset(range(1, _WEEK + 1))


class Hours(NamedTuple):
    """A window compiled: ISO weekdays, days as ordinals, times of day as seconds."""

    weekdays: frozenset[int]
    days: frozenset[int]
    except_days: frozenset[int]
    start: int
    end: int


def hours(window: Window, calendars: Mapping[str, frozenset[date]]) -> Hours:
    return Hours(
        _weekdays(window),
        frozenset(day.toordinal() for name in window.calendars for day in calendars[name]),
        frozenset(day.toordinal() for name in window.except_calendars for day in calendars[name]),
        _seconds(window.start),
        _seconds(window.end),
    )


class LocalClock:
    """Reads instants in a time zone; remembers the last one, which several windows ask for."""

    __slots__ = ("_at", "_day", "_second", "_zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._at: datetime | None = None
        self._day = self._second = 0

    def is_in(self, windows: Iterable[Hours], at: datetime) -> bool:
        """Whether one of the windows holds at the instant."""
        if at is not self._at:
            local = at.astimezone(self._zone)
            self._at, self._day = at, local.toordinal()
            self._second = local.hour * 3600 + local.minute * 60 + local.second
        day, second = self._day, self._second
        for window in windows:
            start, end = window.start, window.end
            if start < end:
                if start <= second < end and _counts(window, day):
                    return True
            elif (second >= start and _counts(window, day)) or (second < end and _counts(window, day - 1)):
                return True
        return False


def _counts(window: Hours, day: int) -> bool:
    return ((day % _WEEK or _WEEK) in window.weekdays or day in window.days) and day not in window.except_days


def _weekdays(window: Window) -> frozenset[int]:
    return window.weekdays if window.weekdays or window.calendars else _EVERY_DAY


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def meet(some: Iterable[Window], others: Iterable[Window]) -> bool:
    """Whether one of each can hold at the same instant, whatever days the calendars they name will have."""
    others = tuple(others)
    return any(_meet(one, other) for one in some for other in others)


def _meet(one: Window, other: Window) -> bool:
    (start, end), (other_start, other_end) = _span(one), _span(other)
    if start < other_end and other_start < end and _same_day(one, other):
        return True
    if start < other_end - _DAY_SECONDS and _next_day(other, one):
        return True
    return other_start < end - _DAY_SECONDS and _next_day(one, other)


def _span(window: Window) -> tuple[int, int]:
    """Seconds from the midnight of its day; past midnight the end is beyond 24 hours."""
    start, end = _seconds(window.start), _seconds(window.end)
    return start, end if start < end else end + _DAY_SECONDS


def _same_day(one: Window, other: Window) -> bool:
    """Whether some day counts for both; the likeliest is in every calendar that neither of them excludes."""
    barred = one.except_calendars | other.except_calendars
    return any(_may_count(one, day, barred) and _may_count(other, day, barred) for day in _EVERY_DAY)


def _next_day(first: Window, second: Window) -> bool:
    """Whether the first can count for a day and the second for the day after it."""
    return any(
        _may_count(first, day, first.except_calendars) and _may_count(second, day % _WEEK + 1, second.except_calendars)
        for day in _EVERY_DAY
    )


def _may_count(window: Window, weekday: int, barred: frozenset[str]) -> bool:
    return weekday in _weekdays(window) or bool(window.calendars - barred)
