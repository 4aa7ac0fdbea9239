"""In which period an instant lies. Days are those of the account's time zone, instants are UTC.

The k-th period starts k times `count` units after the anchor's date, counted from the anchor and not from the period
before: monthly from the 31st starts on 28 February and again on 31 March.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tmf635_usage.rating.values import Anchor, Period, PeriodRule, PeriodUnit, Subject

_DAYS = {PeriodUnit.WEEK: 7, PeriodUnit.DAY: 1}
_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


def period_at(at: datetime, rule: PeriodRule, subject: Subject) -> Period | None:
    """The half-open period that the instant lies in; None for a pass that is not valid then."""
    if rule.unit is PeriodUnit.PASS:
        only = pass_period(rule, subject)
        return only if only.start <= at < only.end else None
    by_cycle = rule.anchor is Anchor.CYCLE
    anchor = subject.cycle if by_cycle else subject.activated.astimezone(subject.zone).date()
    return _period_of(at.astimezone(subject.zone).date(), rule.unit, rule.count, anchor, subject.zone)


def pass_period(rule: PeriodRule, subject: Subject) -> Period:
    """The one period of a pass: its months and whole days by the account's clock, the rest as time elapsed."""
    assert rule.length is not None, "a pass has a length"
    days, rest = divmod(rule.length.seconds, 86_400)
    start = subject.activated
    end = (_months_later(start.astimezone(subject.zone), rule.length.months) + days * _DAY).astimezone(UTC)
    return Period(start, end + timedelta(seconds=rest))


def period_before(period: Period, rule: PeriodRule, subject: Subject) -> Period:
    """The period that ends where this one starts."""
    found = period_at(period.start - _MOMENT, rule, subject)
    assert found is not None, "only passes have no period before"
    return found


def later_end(period: Period, periods: int, rule: PeriodRule, subject: Subject) -> datetime:
    """The end of the period so many later."""
    for _ in range(periods):
        found = period_at(period.end, rule, subject)
        assert found is not None, "a pass has no later period"
        period = found
    return period.end


# Usage comes in the order of time, more or less: the days of two years, for a few anchors and zones.
@lru_cache(maxsize=4096)
def _period_of(day: date, unit: PeriodUnit, count: int, anchor: date, zone: ZoneInfo) -> Period:
    if unit is PeriodUnit.MONTH:
        index = ((day.year - anchor.year) * 12 + day.month - anchor.month) // count
    else:
        index = (day - anchor).days // (_DAYS[unit] * count)
    if _start(index, unit, count, anchor) > day:
        index -= 1
    first, next = _start(index, unit, count, anchor), _start(index + 1, unit, count, anchor)
    return Period(_midnight(first, zone), _midnight(next, zone))


def _start(index: int, unit: PeriodUnit, count: int, anchor: date) -> date:
    if unit is not PeriodUnit.MONTH:
        return anchor + timedelta(days=index * count * _DAYS[unit])
    years, month = divmod(anchor.month - 1 + index * count, 12)
    year = anchor.year + years
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def _months_later(local: datetime, months: int) -> datetime:
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day; where midnight is skipped, the instant at which it would have been."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
