"""What is wrong with a plan, and which of its prices could match the same usage equally well.

Asked when a catalogue is written; a plan without problems can be compiled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain, combinations, pairwise
from typing import NamedTuple

from common.domain.units import UNITS
from tmf635_usage.rating.values import (
    Allowance,
    Match,
    PeriodRule,
    PeriodUnit,
    Plan,
    Quantity,
    Rate,
    TierModel,
    UsagePrice,
)
from tmf635_usage.rating.windows import meet

# Within these a plan's numbers and a usage of 15 digits have an exact product in 34 digits.
AMOUNT_END = Decimal(10) ** 12
DECIMALS_MAX = 12


class Problem(NamedTuple):
    """What does not fit: in which price or allowance, where in it (attribute names, dots between), and why."""

    id: str
    where: str
    message: str


# -- one plan ---------------------------------------------------------------------------------------------------------


def problems(plan: Plan) -> tuple[Problem, ...]:
    """All that is wrong with the prices and allowances; whether two are ambiguous is `ambiguities`."""
    found = [
        *(Problem(price.id, *each) for price in plan.prices for each in _of_price(price, plan)),
        *(Problem(each.id, *found) for each in plan.allowances for found in _of_allowance(each, plan)),
    ]
    return (*found, *_repeated(plan))


_Found = Iterator[tuple[str, str]]


def _repeated(plan: Plan) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    prices = ((price.id, price.version) for price in plan.prices)
    allowances = ((allowance.id, allowance.version) for allowance in plan.allowances)
    for id, version in chain(prices, allowances):
        if (id, version) in seen:
            yield Problem(id, "version", f"version {version} is there twice")
        seen.add((id, version))


def _of_price(price: UsagePrice, plan: Plan) -> _Found:
    yield from _of_match(price.match, plan)
    yield from _of_period(price.period)
    if not price.currency:
        yield "currency", "a price has a currency"
    if price.per.unit not in UNITS:
        yield "per.unit", f"{price.per.unit!r} is no unit of usage"
        return
    if not _is_amount(price.per.amount) or not price.per.amount:
        yield "per.amount", "is more than 0"
    if price.table and (price.tiers or price.match.prefixes):
        yield "table", "a price with a table has neither tiers nor prefixes of its own"
    rates = {f"table.{prefix}": rate for prefix, rate in price.table.items()} or {"rate": price.rate}
    for where, rate in rates.items():
        yield from ((f"{where}.{name}", message) for name, message in _of_rate(rate, price.per.unit))
    for prefix in price.table:
        yield from _of_prefix(prefix, f"table.{prefix}")
    yield from _of_tiers(price)


def _of_rate(rate: Rate, unit: str) -> _Found:
    for name, amount in (("amount", rate.amount), ("setup_fee", rate.setup_fee)):
        if not _is_amount(amount):
            yield name, _AMOUNT
    if rate.minimum is not None:
        yield from _of_quantity("minimum", rate.minimum, unit)
    if rate.increment is not None:
        yield from _of_quantity("increment", rate.increment, unit)
        if not rate.increment.amount:
            yield "increment.amount", "is more than 0"


_AMOUNT = f"is a number from 0 up to {AMOUNT_END:f}, with {DECIMALS_MAX} decimals at most"


def _of_quantity(name: str, quantity: Quantity, like: str) -> _Found:
    if not _is_amount(quantity.amount):
        yield f"{name}.amount", _AMOUNT
    if quantity.unit not in UNITS:
        yield f"{name}.unit", f"{quantity.unit!r} is no unit of usage"
    elif UNITS[quantity.unit].base != UNITS[like].base:
        yield f"{name}.unit", f"{quantity.unit} is no unit of what is measured in {like}"


def _is_amount(number: Decimal) -> bool:
    if not number.is_finite() or not 0 <= number < AMOUNT_END:
        return False
    exponent = number.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DECIMALS_MAX


def _of_tiers(price: UsagePrice) -> _Found:
    if (price.tier_model is None) != (not price.tiers):
        yield "tier_model", "tiers have a model, and a model has tiers"
    starts = [tier.start for tier in price.tiers]
    if starts and (starts[0] != 0 or any(later <= start for start, later in pairwise(starts))):
        yield "tiers", "begin at 0, each after the one before"
    is_package = price.tier_model is TierModel.PACKAGE
    for index, tier in enumerate(price.tiers):
        if not _is_amount(tier.amount) or not _is_amount(tier.start):
            yield f"tiers.{index}", f"amount and start: each {_AMOUNT}"
        if tier.size is not None and (not is_package or not _is_amount(tier.size) or not tier.size):
            yield f"tiers.{index}.size", "only packages have a size, which is more than 0"
    if is_package and price.tiers and price.tiers[-1].size is None:
        yield f"tiers.{len(price.tiers) - 1}.size", "the last tier has no end, so its packages have a size"


def _of_allowance(allowance: Allowance, plan: Plan) -> _Found:
    yield from _of_match(allowance.match, plan)
    yield from _of_period(allowance.period)
    unit = allowance.quantity.unit
    if unit not in UNITS:
        yield "quantity.unit", f"{unit!r} is no unit of usage"
        return
    yield from _of_quantity("quantity", allowance.quantity, unit)
    if allowance.rollover is not None:
        if allowance.period.unit is PeriodUnit.PASS:
            yield "rollover", "a pass has no next period"
        if allowance.rollover.periods < 1:
            yield "rollover.periods", "is 1 or more"
        if allowance.rollover.cap is not None:
            yield from _of_quantity("rollover.cap", allowance.rollover.cap, unit)


def _of_period(rule: PeriodRule) -> _Found:
    if (rule.unit is PeriodUnit.PASS) != (rule.length is not None):
        yield "period.length", "a pass has a length, other periods have a count"
    if rule.count < 1 or (rule.length is not None and rule.length.months + rule.length.seconds < 1):
        yield "period", "is longer than nothing"


def _of_match(match: Match, plan: Plan) -> _Found:
    if not match.usage_type:
        yield "match.usage_type", "is not empty"
    for prefix in match.prefixes:
        yield from _of_prefix(prefix, "match.prefixes")
    for name, values in match.attributes.items():
        if not values:
            yield f"match.attributes.{name}", "has no value that fits"
    for window in match.windows:
        if not window.weekdays <= frozenset(range(1, 8)):
            yield "match.windows", "weekdays are 1 (Monday) to 7"
        for name in sorted((window.calendars | window.except_calendars) - plan.calendars.keys()):
            yield "match.windows", f"there is no calendar {name!r}"
    for at in (match.valid_from, match.valid_until):
        if at is not None and at.tzinfo is None:
            yield "match.valid", "is an instant with an offset"


def _of_prefix(prefix: str, where: str) -> _Found:
    if not (prefix.isascii() and prefix.isdecimal()):
        yield where, f"{prefix!r}: a prefix has digits only"


# -- two prices -------------------------------------------------------------------------------------------------------


def ambiguous(one: UsagePrice, other: UsagePrice) -> bool:
    """Whether some usage matches both equally well: as many dimensions, as long a prefix, the same priority.

    Prices in different currencies never do: a plan of one currency has only one of them.
    """
    first, second = one.match, other.match
    if first.usage_type != second.usage_type or one.currency != other.currency or first.priority != second.priority:
        return False
    if _dimensions(one) != _dimensions(other) or not _overlap(first, second):
        return False
    prefixes, others = _prefixes(one), _prefixes(other)
    if bool(prefixes) != bool(others) or (prefixes and prefixes.isdisjoint(others)):
        return False  # a longer prefix is more specific than a shorter one, and than none
    for name in first.attributes.keys() & second.attributes.keys():
        if _folded(first.attributes[name]).isdisjoint(_folded(second.attributes[name])):
            return False
    return not first.windows or not second.windows or meet(first.windows, second.windows)


def ambiguities(prices: Iterable[UsagePrice]) -> Iterator[tuple[UsagePrice, UsagePrice]]:
    """All pairs that are ambiguous."""
    alike: dict[object, list[UsagePrice]] = defaultdict(list)
    for price in prices:
        key = (price.match.usage_type, price.currency, price.match.priority, _dimensions(price), bool(_prefixes(price)))
        alike[key].append(price)
    for group in alike.values():
        yield from (pair for pair in combinations(group, 2) if ambiguous(*pair))


def _dimensions(price: UsagePrice) -> int:
    return len(price.match.attributes) + bool(_prefixes(price)) + bool(price.match.windows)


def _prefixes(price: UsagePrice) -> frozenset[str]:
    return frozenset(price.table) if price.table else price.match.prefixes


def _folded(values: frozenset[str]) -> frozenset[str]:
    return frozenset(value.lower() for value in values)


def _overlap(one: Match, other: Match) -> bool:
    return _begins_before(one.valid_from, other.valid_until) and _begins_before(other.valid_from, one.valid_until)


def _begins_before(start: datetime | None, end: datetime | None) -> bool:
    return start is None or end is None or start < end
