"""In which period an instant lies. Days are those of the account's time zone, instants are UTC.

Which days a period has is `common.domain.cycles`' to say, for bills and for usage alike.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from common.domain.cycles import Cycle, CycleUnit, midnight
from common.domain.durations import Duration
from tmf635_usage.rating.values import Anchor, Period, PeriodRule, PeriodUnit, Subject

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
    end = (Duration(rule.length.months, 0).after(start.astimezone(subject.zone)) + days * _DAY).astimezone(UTC)
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
    days = Cycle(anchor, CycleUnit(unit), count).span_at(day)
    return Period(midnight(days.start, zone), midnight(days.end, zone))
