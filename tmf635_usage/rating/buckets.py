"""Which buckets there are at an instant, in the order in which they are drawn from.

A bucket has its own period; with a rollover, what is left of it can be drawn until it expires, after its own period up
to the cap. Nothing has to happen at the end of a period: both follow from what was used in it and after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from tmf635_usage.rating.compiled import CompiledAllowance
from tmf635_usage.rating.periods import later_end, pass_period, period_at, period_before
from tmf635_usage.rating.tally import Held, Tally
from tmf635_usage.rating.values import BucketKey, Period, PeriodUnit, Subject

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Slot(NamedTuple):
    """A bucket as it is at some time: in its own period, or after it."""

    allowance: CompiledAllowance
    held: Held
    unit: str
    is_rolled: bool

    def available(self) -> Decimal:
        """What can be drawn now; 0 or less when nothing can."""
        held = self.held
        if not self.is_rolled:
            return held.granted - held.used - held.rolled
        return min(held.granted - held.used, self.allowance.cap) - held.rolled


class Slots(NamedTuple):
    """The buckets of a usage type in drawing order, the same for every instant from `start` until before `end`."""

    start: datetime
    end: datetime
    slots: tuple[Slot, ...]


def slots_at(at: datetime, allowances: tuple[CompiledAllowance, ...], subject: Subject, tally: Tally) -> Slots:
    """The buckets that can be drawn from at the instant."""
    start, end = _FIRST, _LAST
    slots: list[Slot] = []
    for allowance in allowances:
        rule = allowance.allowance.period
        period = period_at(at, rule, subject)
        if period is None:
            only = pass_period(rule, subject)
            start, end = (max(start, only.end), end) if only.end <= at else (start, min(end, only.start))
            continue
        start, end = max(start, period.start), min(end, period.end)
        slots.extend(_slots_of(allowance, period, subject, tally))
    slots.sort(key=_order)
    return Slots(start, end, tuple(slots))


def _slots_of(allowance: CompiledAllowance, period: Period, subject: Subject, tally: Tally) -> Iterator[Slot]:
    rule, rollover = allowance.allowance.period, allowance.rollover
    yield Slot(allowance, _held(allowance, period, subject, tally), allowance.unit, False)
    if rollover is None or rule.unit is PeriodUnit.PASS:
        return
    for _ in range(rollover.periods):
        period = period_before(period, rule, subject)
        if period.end <= (subject.since or subject.activated):
            return  # there was no product under this plan to grant anything to
        yield Slot(allowance, _held(allowance, period, subject, tally), allowance.unit, True)


def _held(allowance: CompiledAllowance, period: Period, subject: Subject, tally: Tally) -> Held:
    sharing = allowance.allowance.sharing
    scope = subject.product if sharing is None else subject.groups.get(sharing, subject.product)
    periods = 0 if allowance.rollover is None else allowance.rollover.periods
    expires = later_end(period, periods, allowance.allowance.period, subject)
    return tally.open(
        BucketKey(allowance.id, scope, period.start), allowance.unit, allowance.granted, period.end, expires
    )


def _order(slot: Slot) -> tuple[int, datetime, str, datetime]:
    return slot.allowance.priority, slot.held.expires, slot.allowance.id, slot.held.key.start
