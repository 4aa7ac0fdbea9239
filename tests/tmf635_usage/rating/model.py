"""A slow and obvious model of rating: every price tried for every usage, every unit looked at, fractions for numbers.

Knows no index, no compiled plan, no cached period. Says the total of each usage, or why there is none, and what it took
from which allowance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import ceil

from common.domain.units import UNITS
from tmf635_usage.rating.values import (
    Allowance,
    Match,
    PeriodUnit,
    Plan,
    Quantity,
    Rate,
    Subject,
    TierModel,
    Usage,
    UsagePrice,
    Window,
)


def base(quantity: Quantity) -> Fraction:
    return Fraction(quantity.amount) * Fraction(UNITS[quantity.unit].factor)


# Priority, when it expires, id, whether it is rolled over, its key, what is left.
_Bucket = tuple[int, date, str, bool, tuple[str, date], Fraction]


class Model:
    """Rates usages one after the other."""

    def __init__(self, plan: Plan, subject: Subject) -> None:
        self.plan, self.subject = plan, subject
        self.used: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
        self.rolled: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
        self.counted: dict[tuple[str, date], Fraction] = defaultdict(Fraction)

    def rate(self, usage: Usage) -> tuple[Fraction, Fraction] | str:
        """Amount and free units; or a reason, and then nothing has changed."""
        best = self._best(usage)
        quantity = Fraction(usage.quantity) * Fraction(UNITS[usage.unit].factor)
        if best is None:
            needed = quantity
        else:
            price, rate, _ = best
            if UNITS[price.per.unit].base != UNITS[usage.unit].base:
                return "unit.other"
            before = Fraction(usage.before) * Fraction(UNITS[usage.unit].factor)
            needed = charged(before + quantity, rate) - charged(before, rate)
        buckets = self._open(usage)
        draws = list(drawn(buckets, needed))
        free = sum((take for _, _, take in draws), Fraction(0))
        if best is None:
            if needed > free or not buckets:
                return "no.price"
            amount = Fraction(0)
        else:
            price, rate, _ = best
            amount = self._amount(price, rate, usage, needed - free)
            if needed and not free and not usage.before:
                amount += Fraction(rate.setup_fee)
        for kind, key, take in draws:
            (self.rolled if kind else self.used)[key] += take
        return amount, free

    def _best(self, usage: Usage) -> tuple[UsagePrice, Rate, str] | None:
        found = []
        for price in self.plan.prices:
            if not self._fits(price.match, usage):
                continue
            number = digits(usage)
            prefixes: Iterable[str] = price.table or price.match.prefixes
            fitting = sorted((prefix for prefix in prefixes if number.startswith(prefix)), key=len)
            dimensions = len(price.match.attributes) + bool(prefixes) + bool(price.match.windows)
            if prefixes and not fitting:
                continue
            prefix = fitting[-1] if fitting else ""
            rate = price.table[prefix] if price.table else price.rate
            found.append(((-dimensions, -len(prefix), price.match.priority), (price, rate, prefix)))
        return min(found, key=lambda each: each[0])[1] if found else None

    def _fits(self, match: Match, usage: Usage) -> bool:
        if match.usage_type != usage.type:
            return False
        if match.valid_from is not None and usage.at < match.valid_from:
            return False
        if match.valid_until is not None and usage.at >= match.valid_until:
            return False
        if any(usage.attributes.get(name) not in values for name, values in match.attributes.items()):
            return False
        return not match.windows or any(self._is_in(window, usage.at) for window in match.windows)

    def _is_in(self, window: Window, at: datetime) -> bool:
        local = at.astimezone(self.subject.zone).replace(tzinfo=None)
        for day in (local.date(), local.date() - timedelta(days=1)):
            named = set().union(*(self.plan.calendars[name] for name in window.calendars))
            excepted = set().union(*(self.plan.calendars[name] for name in window.except_calendars))
            unsaid = not window.weekdays and not window.calendars
            if (unsaid or day.isoweekday() in window.weekdays or day in named) and day not in excepted:
                start = datetime.combine(day, window.start)
                end = datetime.combine(day, window.end)
                if end <= start:
                    end += timedelta(days=1)
                if start <= local < end:
                    return True
        return False

    def _open(self, usage: Usage) -> list[_Bucket]:
        buckets: list[_Bucket] = []
        number = digits(usage)
        for allowance in self.plan.allowances:
            prefixes = allowance.match.prefixes
            if not self._fits(allowance.match, usage) or (prefixes and not number.startswith(tuple(prefixes))):
                continue
            if UNITS[allowance.quantity.unit].base == UNITS[usage.unit].base:
                buckets += self._buckets(allowance, usage.at)
        return sorted(buckets, key=lambda bucket: bucket[:3])

    def _buckets(self, allowance: Allowance, at: datetime) -> Iterable[_Bucket]:
        granted = base(allowance.quantity)
        rollover = allowance.rollover
        periods = 0 if rollover is None else rollover.periods
        cap = granted if rollover is None or rollover.cap is None else base(rollover.cap)
        first = self._first_day(allowance, at)
        for back in range(periods + 1):
            key = (allowance.id, first)
            expires = first
            for _ in range(periods + 1):
                expires = self._next_day(allowance, expires)
            left = granted - self.used[key]
            left = left - self.rolled[key] if back == 0 else min(left, cap) - self.rolled[key]
            yield allowance.priority, expires, allowance.id, back > 0, key, left
            since = self.subject.activated.astimezone(self.subject.zone)
            last = first
            first = self._first_day_of(allowance, first - timedelta(days=1))
            if datetime.combine(last, datetime.min.time(), self.subject.zone) <= since:
                return

    def _first_day(self, thing: Allowance | UsagePrice, at: datetime) -> date:
        return self._first_day_of(thing, at.astimezone(self.subject.zone).date())

    def _first_day_of(self, thing: Allowance | UsagePrice, day: date) -> date:
        """The last day, not after this one, on which a period begins: walked day by day."""
        while not self._begins(thing, day):
            day -= timedelta(days=1)
        return day

    def _next_day(self, thing: Allowance | UsagePrice, day: date) -> date:
        day += timedelta(days=1)
        while not self._begins(thing, day):
            day += timedelta(days=1)
        return day

    def _begins(self, thing: Allowance | UsagePrice, day: date) -> bool:
        anchor, rule = self.subject.cycle, thing.period
        if rule.unit is PeriodUnit.MONTH:
            is_last = (day + timedelta(days=1)).month != day.month
            months = (day.year - anchor.year) * 12 + day.month - anchor.month
            return months % rule.count == 0 and (day.day == anchor.day or (is_last and day.day < anchor.day))
        days = rule.count * (7 if rule.unit is PeriodUnit.WEEK else 1)
        return (day - anchor).days % days == 0

    def _amount(self, price: UsagePrice, rate: Rate, usage: Usage, units: Fraction) -> Fraction:
        per = base(price.per)
        if not price.tiers:
            return units * Fraction(rate.amount) / per
        key = (price.id, self._first_day(price, usage.at))
        before = self.counted[key]
        self.counted[key] += units
        return self._cost(price, before + units) - self._cost(price, before)

    def _cost(self, price: UsagePrice, units: Fraction) -> Fraction:
        """What the first so many units of a period cost together."""
        factor = Fraction(UNITS[price.per.unit].factor)
        starts = [Fraction(tier.start) * factor for tier in price.tiers]
        ends = [*starts[1:], units]
        if price.tier_model is TierModel.VOLUME:
            reached = max([0, *(index for index, start in enumerate(starts) if units > start)])
            return units * Fraction(price.tiers[reached].amount) / base(price.per)
        cost = Fraction(0)
        for tier, start, end in zip(price.tiers, starts, ends, strict=True):
            inside = max(min(units, end) - start, Fraction(0))
            if price.tier_model is TierModel.GRADUATED:
                cost += inside * Fraction(tier.amount) / base(price.per)
            else:
                size = end - start if tier.size is None else Fraction(tier.size) * factor
                cost += ceil(inside / size) * Fraction(tier.amount) if inside else 0
        return cost


def drawn(buckets: list[_Bucket], needed: Fraction) -> Iterable[tuple[bool, tuple[str, date], Fraction]]:
    for _, _, _, is_rolled, key, left in buckets:
        take = min(left, needed)
        if take > 0:
            needed -= take
            yield is_rolled, key, take


def charged(quantity: Fraction, rate: Rate) -> Fraction:
    if not quantity:
        return quantity
    minimum = Fraction(0) if rate.minimum is None else base(rate.minimum)
    if rate.increment is None:
        return max(quantity, minimum)
    increment = base(rate.increment)
    return minimum + max(ceil((quantity - minimum) / increment), 0) * increment


def digits(usage: Usage) -> str:
    return usage.attributes.get("destination", "").removeprefix("+")


def utc(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """So many days and hours into March 2026."""
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day, hours=hour, minutes=minute)
