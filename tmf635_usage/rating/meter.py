"""Rates usage of one subject by one plan: finds the price, draws the allowances, prices the rest, moves the tally.

A rejected usage moves nothing. What a usage costs depends on the counters, never on the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, Inexact, InvalidOperation, getcontext, setcontext
from typing import NamedTuple

from common.domain.exact import EXACT
from common.domain.units import UNITS
from tmf635_usage.rating.amounts import amount_of, charged
from tmf635_usage.rating.buckets import Slot, Slots, slots_at
from tmf635_usage.rating.compiled import CompiledPlan, CompiledPrice, PriceEntry, Terms
from tmf635_usage.rating.index import digits_of
from tmf635_usage.rating.periods import period_at
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.tiers import pieces
from tmf635_usage.rating.values import (
    DESTINATION,
    ONE,
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
# A base unit has no factor: quantities in it stay as they are.
_UNITS = {name: (unit.base, None if unit.factor == ONE else unit.factor) for name, unit in UNITS.items()}
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


# A bucket, and what is taken from it.
_Taken = tuple[Slot, Decimal]
# The price, the destination's digits, the base unit, and how much of it counts.
Looked = tuple[PriceEntry | None, str, str, Decimal]


class _Counting(NamedTuple):
    """The counter of a tiered price in the period that was asked for last."""

    period: Period
    key: CounterKey


class Meter:
    """A plan, a subject and a tally; several meters may share a tally."""

    __slots__ = ("_allowances", "_clock", "_counting", "_currency", "_slots", "plan", "subject", "tally")

    def __init__(self, plan: CompiledPlan, subject: Subject, tally: Tally) -> None:
        self.plan = plan
        self.subject = subject
        self.tally = tally
        self._allowances = plan.allowances
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
        outcomes: list[Rating | Rejection] = []
        rate, add = self._rate, outcomes.append
        before = getcontext()
        setcontext(EXACT)
        try:
            for usage in usages:
                try:
                    add(rate(usage))
                except (Inexact, InvalidOperation):
                    add(refused_number(usage))
        finally:
            setcontext(before)
        return outcomes

    def look(self, usage: Usage) -> Looked | Rejection:
        """What price there is, if any, and which quantity counts. The caller has set the EXACT context."""
        usage_type, _, quantity, unit_name, attributes, before = usage
        unit = _UNITS.get(unit_name)
        if unit is None:
            return Rejection(usage, Reason.UNIT_UNKNOWN, {"unit": unit_name})
        base, factor = unit
        if not ZERO <= quantity < QUANTITY_END or (before and not ZERO <= before < QUANTITY_END):
            return Rejection(usage, Reason.QUANTITY_INVALID, {"quantity": str(quantity)})
        if factor is not None:
            quantity, before = quantity * factor, before * factor
        plan = self.plan
        digits = digits_of(attributes.get(DESTINATION)) if usage_type in plan.destinations else ""
        finder = plan.finders.get(usage_type)
        entry = None if finder is None else finder.find(usage, digits, self._clock)
        if entry is None:
            return None, digits, base, quantity
        terms = entry.terms
        if terms.compiled.unit != base:
            return Rejection(usage, Reason.UNIT_OTHER, {"price": entry.id, "unit": usage.unit})
        if self._currency is not None and self._currency != terms.compiled.currency:
            return Rejection(usage, Reason.CURRENCY_OTHER, {"price": entry.id, "currency": self._currency})
        if terms.is_counted_as_is:
            return entry, digits, base, quantity
        if not before:
            return entry, digits, base, charged(quantity, terms.minimum, terms.increment)
        counted = charged(before + quantity, terms.minimum, terms.increment)
        return entry, digits, base, counted - charged(before, terms.minimum, terms.increment)

    def _rate(self, usage: Usage) -> Rating | Rejection:
        found = self.look(usage)
        if isinstance(found, Rejection):
            return found
        entry, digits, base, quantity = found
        taken: Sequence[_Taken] = ()
        left = quantity
        if usage.type in self._allowances and (quantity or entry is None):
            taken, left = self._take(usage, digits, base, quantity)
        lines: tuple[Line, ...] = ()
        count: Count | None = None
        if entry is None:
            if left or not taken:
                return Rejection(usage, Reason.NO_PRICE, {"type": usage.type})
            price, prefix, currency, words = None, "", None, None
        else:
            terms, prefix = entry.terms, entry.prefix
            compiled, words = terms.compiled, terms.words
            price, currency = compiled.price, compiled.currency
            if left or not taken:
                if left and compiled.tiers:
                    (_, end), key = self.counting(usage.at, compiled)
                    before = self.tally.counters.get(key, ZERO)
                    after, lines = before + left, _tiered(compiled, before, left)
                    count = _new(Count, (key, left, end))
                else:
                    lines = (_priced(terms, base, left),)
                if terms.setup is not None and left and not taken and not usage.before:
                    lines = (terms.setup, *lines)
        if taken:
            lines = (*[_free(slot, take, base, currency) for slot, take in taken], *lines)
        elif count is None:
            return _new(Rating, (usage, price, prefix, quantity, base, lines, (), (), (), False, words))
        # Nothing can be refused any more: the tally moves.
        draws, opened = _drawn(taken) if taken else ((), ())
        counts: tuple[Count, ...] = ()
        if count is not None:
            self.tally.counters[key] = after
            counts = (count,)
        return _new(Rating, (usage, price, prefix, quantity, base, lines, draws, counts, opened, False, words))

    def _take(self, usage: Usage, digits: str, base: str, left: Decimal) -> tuple[list[_Taken], Decimal]:
        """What the allowances have of a quantity, and what is left of it; nothing moves yet.

        Where nothing was used it is free as well, and taken from where it would have come from.
        """
        taken: list[_Taken] = []
        known = self._slots.get(usage.type)
        slots = known.slots if known is not None and known.start <= usage.at < known.end else self.slots(usage)
        for slot in slots:
            allowance, held, unit, is_rolled = slot
            if unit != base or not (allowance.is_for_all or allowance.takes(usage, digits, self._clock)):
                continue
            take = slot.available() if is_rolled else held.granted - held.used - held.rolled
            if take >= left or not left:
                taken.append((slot, left))
                return taken, ZERO
            if take > ZERO:
                taken.append((slot, take))
                left -= take
        return taken, left

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


def _tiered(compiled: CompiledPrice, before: Decimal, quantity: Decimal) -> tuple[Line, ...]:
    """Lines of what comes after so many units of the period."""
    lines: list[Line] = []
    id, version, unit, currency = compiled.id, compiled.version, compiled.unit, compiled.currency
    for tier, units, amount, is_correction in pieces(compiled.model, compiled.tiers, before, quantity):
        kind = _CORRECTION if is_correction else _USAGE
        lines.append(_new(Line, (kind, id, version, units, unit, amount, currency, tier, None)))
    return tuple(lines)


def _priced(terms: Terms, base: str, quantity: Decimal) -> Line:
    unit, compiled = terms.unit_amount, terms.compiled
    amount = amount_of(terms.tariff, quantity) if unit is None else unit * quantity
    return _new(Line, (_USAGE, compiled.id, compiled.version, quantity, base, amount, compiled.currency, None, None))


def _free(slot: Slot, quantity: Decimal, base: str, currency: str | None) -> Line:
    allowance, held, _, _ = slot
    return _new(Line, (_ALLOWANCE, allowance.id, allowance.version, quantity, base, ZERO, currency, None, held.key))


def _drawn(taken: Sequence[_Taken]) -> tuple[tuple[Draw, ...], tuple[Bucket, ...]]:
    """Draw from the buckets, and say what was drawn and which of them are new."""
    draws: list[Draw] = []
    opened: list[Bucket] = []
    for (_, held, _, is_rolled), quantity in taken:
        if not quantity:
            continue
        if not held.is_stored:
            opened.append(held.bucket())
            held.is_stored = True
        if is_rolled:
            held.rolled += quantity
        else:
            held.used += quantity
        draws.append(_new(Draw, (held.key, quantity, is_rolled)))
    return tuple(draws), tuple(opened)


# Tiers that count within a pass count on for ever outside of it.
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def refused_number(usage: Usage) -> Rejection:
    """A usage whose numbers are none, or need more digits than amounts have."""
    is_number = usage.quantity.is_finite() and usage.before.is_finite()
    reason = Reason.AMOUNT_PRECISION if is_number else Reason.QUANTITY_INVALID
    return Rejection(usage, reason, {"quantity": str(usage.quantity)})
