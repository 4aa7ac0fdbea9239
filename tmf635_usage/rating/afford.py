"""How much of a usage an amount of money pays for: the inverse of rating, for reservations.

The customer may stop at any moment, so that what is granted is affordable up to every smaller quantity as well: where
reaching a volume tier makes all of it cheaper again, the grant ends before what comes first would cost too much.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal, Inexact, InvalidOperation, localcontext
from typing import NamedTuple

from common.domain.exact import EXACT
from common.domain.units import UNITS
from tmf635_usage.rating.amounts import amount_of, charged, total
from tmf635_usage.rating.compiled import CompiledPlan, PriceEntry, Terms
from tmf635_usage.rating.meter import Meter, refused_number
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.tiers import pieces
from tmf635_usage.rating.values import ONE, ZERO, Grant, Reason, Rejection, Subject, TierModel, Usage


def affordable(plan: CompiledPlan, subject: Subject, tally: Tally, usage: Usage, money: Decimal) -> Grant | Rejection:
    """The largest part of the usage, up to all of it, that the allowances and the money pay for; the tally stays.

    Units: `money` in the price's currency. What costs nothing is granted without money, too. Quantities grow by the
           price's increments, or by one base unit; the last step is cut where the usage asks for less.
    Errors: Rejection as `rate`, but where no price matches, what the allowances have is granted.
    """
    meter = Meter(plan, subject, tally.looked_at())
    with localcontext(EXACT):
        try:
            found = meter.look(usage)
            return found if isinstance(found, Rejection) else _afford(meter, usage, *found, max(money, ZERO))
        except (Inexact, InvalidOperation):
            return refused_number(usage)


class _Costs(NamedTuple):
    """What the next units cost: so many are free, and so many were counted in the period before."""

    terms: Terms
    free: Decimal
    counted: Decimal
    setup_fee: Decimal

    def priced(self, units: Decimal) -> Decimal:
        return max(units - self.free, ZERO)

    def of(self, units: Decimal) -> Decimal:
        priced = self.priced(units)
        if not priced:
            return ZERO
        compiled = self.terms.compiled
        if not compiled.tiers:
            return self.setup_fee + amount_of(self.terms.tariff, priced)
        parts = pieces(compiled.price.tier_model, compiled.tiers, self.counted, priced)
        return self.setup_fee + total(part.amount for part in parts)


class _Steps(NamedTuple):
    """The quantities that can be charged for beyond those that were before."""

    first: Decimal
    increment: Decimal

    def units(self, step: int) -> Decimal:
        return ZERO if step == 0 else self.first + (step - 1) * self.increment

    def last_within(self, units: Decimal) -> int:
        """The last step that needs no more than these units."""
        return 0 if units < self.first else 1 + int((units - self.first) // self.increment)

    def needed_for(self, units: Decimal) -> int:
        if not units:
            return 0
        return 1 + max(int(((units - self.first) / self.increment).to_integral_value(ROUND_CEILING)), 0)


def _afford(
    meter: Meter, usage: Usage, entry: PriceEntry | None, digits: str, base: str, wanted: Decimal, money: Decimal
) -> Grant | Rejection:
    free = meter.free(usage, digits, base)
    if entry is None:
        if not free:
            return Rejection(usage, Reason.NO_PRICE, {"type": usage.type})
        return Grant(min(wanted, free), base, ZERO, None, free < wanted, ZERO)
    terms, factor = entry.terms, UNITS[usage.unit].factor
    compiled = terms.compiled
    counted = ZERO
    if compiled.tiers:
        counted = meter.tally.counters.get(meter.counting(usage.at, compiled).key, ZERO)
    costs = _Costs(terms, free, counted, ZERO if free or usage.before else terms.setup_fee)

    before = usage.before * factor
    begun = charged(before, terms.minimum, terms.increment)
    increment = terms.increment or ONE
    steps = _Steps(increment if begun else terms.minimum or increment, increment)
    step = _last_affordable(costs, steps, wanted, money)
    if step == steps.needed_for(wanted):
        most = _most(costs, steps, wanted)
        return Grant(usage.quantity * factor, base, costs.of(wanted), compiled.currency, False, most)
    units = steps.units(step)
    most = _most(costs, steps, units)
    return Grant(begun + units - before, base, costs.of(units), compiled.currency, True, most)


def _most(costs: _Costs, steps: _Steps, units: Decimal) -> Decimal:
    """The most that any quantity up to these units costs: all of them, or what comes just before a volume tier."""
    most = costs.of(units)
    for end in _falls(costs, units):
        before = end if costs.terms.increment is None else steps.units(steps.last_within(end))
        most = max(most, costs.of(before))
    return most


def _last_affordable(costs: _Costs, steps: _Steps, wanted: Decimal, money: Decimal) -> int:
    """The last step up to which all are paid for. Costs grow from step to step, but for where a volume tier begins."""

    def is_paid(step: int) -> bool:
        return costs.of(min(steps.units(step), wanted)) <= money

    last = steps.needed_for(wanted)
    step = 0
    for units in _falls(costs, wanted):
        end = _largest(step, last, lambda step, units=units: steps.units(step) <= units)  # type: ignore[misc]
        step = _largest(step, end, is_paid)
        is_between = costs.terms.increment is None and costs.of(units) > money
        if step < end or is_between:
            return step
    return _largest(step, last, is_paid)


def _falls(costs: _Costs, wanted: Decimal) -> list[Decimal]:
    """The units after which the next one is in another volume tier, where costs may fall."""
    compiled = costs.terms.compiled
    if compiled.model is not TierModel.VOLUME:
        return []
    ends = (tier.end - costs.counted + costs.free for tier in compiled.tiers if tier.end is not None)
    return [units for units in ends if costs.free <= units < wanted]


def _largest(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The largest number for which it holds, of those from `low`, for which it does, to `high`; then it does not."""
    if holds(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
