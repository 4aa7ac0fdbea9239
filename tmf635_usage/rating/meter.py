"""Rates usage of one subject by one plan: finds the price, draws the allowances, prices the rest, moves the tally.

A rejected usage moves nothing. What a usage costs depends on the counters, never on the clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, Inexact, InvalidOperation, getcontext, setcontext
from typing import NamedTuple

from common.domain.units import UNITS
from tmf635_usage.rating.amounts import EXACT, amount_of, charged
from tmf635_usage.rating.buckets import Slot, Slots, slots_at
from tmf635_usage.rating.compiled import CompiledPlan, CompiledPrice, PriceEntry
from tmf635_usage.rating.index import digits_of
from tmf635_usage.rating.periods import period_at
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.tiers import pieces
from tmf635_usage.rating.values import (
    DESTINATION,
    ZERO,
    Bucket,
    Count,
    CounterKey,
    Draw,
    Line,
    LineKind,
    Period,
    Rating,
    Reason,
    Rejection,
    State,
    Subject,
    Usage,
)
from tmf635_usage.rating.windows import LocalClock

# More base units than this in one usage (1.15 EB, 32 thousand million years) are a mistake of whoever measured.
QUANTITY_END = Decimal(10) ** 18
# Looking up a member of an enumeration costs as much as two multiplications; this runs for every usage.
_USAGE, _ALLOWANCE, _CORRECTION = LineKind.USAGE, LineKind.ALLOWANCE, LineKind.CORRECTION
# Makes a named tuple of all its fields in order, without the call that names them.
_new = tuple.__new__


class Batch(NamedTuple):
    """An outcome for each usage, in their order, and the counters after them."""

    outcomes: tuple[Rating | Rejection, ...]
    state: State


def rate(plan: CompiledPlan, subject: Subject, state: State, usage: Usage) -> Rating | Rejection:
    """Price one usage; `tally.applied` moves the state."""
    return Meter(plan, subject, Tally(state)).rate(usage)


def rate_all(plan: CompiledPlan, subject: Subject, state: State, usages: Iterable[Usage]) -> Batch:
    """Price usages one after the other, each with the counters that those before it left."""
    tally = Tally(state)
    outcomes = tuple(Meter(plan, subject, tally).rate_each(usages))
    return Batch(outcomes, tally.state())


# The price, the destination's digits, the base unit, and how much of it counts.
Looked = tuple[PriceEntry | None, str, str, Decimal]


class _Counting(NamedTuple):
    """The counter of a tiered price in the period that was asked for last."""

    period: Period
    key: CounterKey


class Meter:
    """A plan, a subject and a tally; several meters may share a tally."""

    __slots__ = ("_clock", "_counting", "_currency", "_slots", "plan", "subject", "tally")

    def __init__(self, plan: CompiledPlan, subject: Subject, tally: Tally) -> None:
        self.plan = plan
        self.subject = subject
        self.tally = tally
        self._currency = subject.currency
        self._clock = LocalClock(subject.zone)
        self._counting: dict[CompiledPrice, _Counting] = {}
        self._slots: dict[str, Slots] = {}

    def rate(self, usage: Usage) -> Rating | Rejection:
        """Price a usage and move the tally."""
        [outcome] = self.rate_each([usage])
        return outcome

    def rate_each(self, usages: Iterable[Usage]) -> list[Rating | Rejection]:
        """Price usages in their order, each with the counters that those before it left."""
        before = getcontext()
        setcontext(EXACT)
        try:
            return [self._rate(usage) for usage in usages]
        finally:
            setcontext(before)

    def _rate(self, usage: Usage) -> Rating | Rejection:
        try:
            found = self.look(usage)
            return found if isinstance(found, Rejection) else self._price(usage, *found)
        except (Inexact, InvalidOperation):
            return refused_number(usage)

    def look(self, usage: Usage) -> Looked | Rejection:
        """What price there is, if any, and which quantity counts. The caller has set the EXACT context."""
        usage_type, _, quantity, unit_name, attributes, before = usage
        unit = UNITS.get(unit_name)
        if unit is None:
            return Rejection(usage, Reason.UNIT_UNKNOWN, {"unit": unit_name})
        base, factor = unit
        if not ZERO <= quantity < QUANTITY_END or (before and not ZERO <= before < QUANTITY_END):
            return Rejection(usage, Reason.QUANTITY_INVALID, {"quantity": str(quantity)})
        quantity *= factor
        plan = self.plan
        digits = digits_of(attributes.get(DESTINATION)) if usage_type in plan.destinations else ""
        finder = plan.finders.get(usage_type)
        entry = None if finder is None else finder.find(usage, digits, self._clock)
        if entry is None:
            return None, digits, base, quantity
        if entry.compiled.unit != base:
            return Rejection(usage, Reason.UNIT_OTHER, {"price": entry.id, "unit": usage.unit})
        if self._currency is not None and self._currency != entry.compiled.currency:
            return Rejection(usage, Reason.CURRENCY_OTHER, {"price": entry.id, "currency": self._currency})
        if entry.is_counted_as_is:
            return entry, digits, base, quantity
        if not before:
            return entry, digits, base, charged(quantity, entry.minimum, entry.increment)
        before *= factor
        counted = charged(before + quantity, entry.minimum, entry.increment)
        return entry, digits, base, counted - charged(before, entry.minimum, entry.increment)

    def _price(
        self, usage: Usage, entry: PriceEntry | None, digits: str, base: str, quantity: Decimal
    ) -> Rating | Rejection:
        lines: list[Line] = []
        drawn: list[tuple[Slot, Decimal]] = []
        counts: tuple[Count, ...] = ()
        left = quantity
        if usage.type in self.plan.allowances and (left or entry is None):
            left = self._draw(usage, entry, digits, base, left, drawn, lines)
        if entry is None:
            if left or not lines:
                return Rejection(usage, Reason.NO_PRICE, {"type": usage.type})
        elif left or not drawn:
            compiled = entry.compiled
            if entry.setup is not None and left and not drawn and not usage.before:
                lines.append(entry.setup)
            if left and compiled.tiers:
                counts = self._count(usage, compiled, left, lines)
            else:
                unit = entry.unit_amount
                amount = amount_of(entry.tariff, left) if unit is None else unit * left
                id, version, currency = compiled.id, compiled.version, compiled.currency
                lines.append(_new(Line, (_USAGE, id, version, left, base, amount, currency, None, None)))
        price = None if entry is None else entry.compiled.price
        prefix = "" if entry is None else entry.prefix
        if not drawn and not counts:
            return _new(Rating, (usage, price, prefix, quantity, base, tuple(lines), (), (), (), False))
        draws, opened = self._moved(drawn, counts)
        return Rating(usage, price, prefix, quantity, base, tuple(lines), draws, counts, opened, False)

    def _draw(
        self,
        usage: Usage,
        entry: PriceEntry | None,
        digits: str,
        base: str,
        left: Decimal,
        drawn: list[tuple[Slot, Decimal]],
        lines: list[Line],
    ) -> Decimal:
        """Take what the allowances have, and return what they have not; the tally moves later."""
        currency = None if entry is None else entry.compiled.currency
        for slot in self.slots(usage):
            allowance, held, unit, is_rolled = slot
            if unit != base or not (allowance.is_for_all or allowance.takes(usage, digits, self._clock)):
                continue
            take = slot.available() if is_rolled else held.granted - held.used - held.rolled
            if take <= ZERO:
                if left:
                    continue
                take = ZERO  # nothing was used, and it is free: the line says where it would have come from
            elif take > left:
                take = left
            currency = None if entry is None else entry.compiled.currency
            lines.append(Line(_ALLOWANCE, allowance.id, allowance.version, take, base, ZERO, currency, None, held.key))
            if take:
                drawn.append((slot, take))
                left -= take
            if not left:
                break
        return left

    def slots(self, usage: Usage) -> tuple[Slot, ...]:
        """The buckets for this type of usage, in drawing order."""
        slots = self._slots.get(usage.type)
        if slots is None or not slots.start <= usage.at < slots.end:
            slots = slots_at(usage.at, self.plan.allowances[usage.type], self.subject, self.tally)
            self._slots[usage.type] = slots
        return slots.slots

    def free(self, usage: Usage, digits: str, base: str) -> Decimal:
        """What the allowances have for a usage. The caller has set the EXACT context."""
        if usage.type not in self.plan.allowances:
            return ZERO
        return sum(
            (
                max(slot.available(), ZERO)
                for slot in self.slots(usage)
                if slot.unit == base and slot.allowance.takes(usage, digits, self._clock)
            ),
            ZERO,
        )

    def _moved(
        self, drawn: list[tuple[Slot, Decimal]], counts: tuple[Count, ...]
    ) -> tuple[tuple[Draw, ...], tuple[Bucket, ...]]:
        """Move the tally, when nothing can be refused any more."""
        draws, opened = [], []
        for slot, take in drawn:
            held = slot.held
            if not held.is_stored:
                opened.append(held.bucket())
                held.is_stored = True
            if slot.is_rolled:
                held.rolled += take
            else:
                held.used += take
            draws.append(Draw(held.key, take, slot.is_rolled))
        counters = self.tally.counters
        for key, quantity, _ in counts:
            counters[key] = counters.get(key, ZERO) + quantity
        return tuple(draws), tuple(opened)

    def _count(self, usage: Usage, compiled: CompiledPrice, left: Decimal, lines: list[Line]) -> tuple[Count, ...]:
        counting = self.counting(usage.at, compiled)
        count = self.tally.counters.get(counting.key, ZERO)
        id, version, unit, currency = compiled.id, compiled.version, compiled.unit, compiled.currency
        for tier, quantity, amount, is_correction in pieces(compiled.model, compiled.tiers, count, left):
            kind = _CORRECTION if is_correction else _USAGE
            lines.append(_new(Line, (kind, id, version, quantity, unit, amount, currency, tier, None)))
        return (Count(counting.key, left, counting.period.end),)

    def counting(self, at: datetime, compiled: CompiledPrice) -> _Counting:
        """The counter of a tiered price that an instant belongs to."""
        counting = self._counting.get(compiled)
        if counting is None or not counting.period.start <= at < counting.period.end:
            price, subject = compiled.price, self.subject
            period = period_at(at, price.period, subject) or Period(_FIRST, _LAST)
            scope = subject.product if price.sharing is None else subject.groups.get(price.sharing, subject.product)
            counting = _Counting(period, CounterKey(price.id, scope, period.start))
            self._counting[compiled] = counting
        return counting


# Tiers that count within a pass count on for ever outside of it.
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def refused_number(usage: Usage) -> Rejection:
    """A usage whose numbers are none, or need more digits than amounts have."""
    is_number = usage.quantity.is_finite() and usage.before.is_finite()
    reason = Reason.AMOUNT_PRECISION if is_number else Reason.QUANTITY_INVALID
    return Rejection(usage, reason, {"quantity": str(usage.quantity)})
