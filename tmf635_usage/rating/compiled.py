"""A plan made ready: units converted to base units, unit amounts divided out, matches in an index. Once per plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from common.domain.exact import EXACT
from common.domain.units import UNITS
from tmf635_usage.rating.amounts import Tariff, base, tariff
from tmf635_usage.rating.checks import problems
from tmf635_usage.rating.explanation import words_of
from tmf635_usage.rating.index import HEAD, Lengths, finders, is_open
from tmf635_usage.rating.values import (
    ONE,
    ZERO,
    Allowance,
    Line,
    LineKind,
    Match,
    Plan,
    Rate,
    Rollover,
    Tier,
    TierModel,
    Usage,
    UsagePrice,
)
from tmf635_usage.rating.windows import Hours, LocalClock, hours

_EVENT = UNITS["event"].base


class CompiledTier(NamedTuple):
    """A tier in base units. `end` None: without end. Packages have a `size`."""

    start: Decimal
    end: Decimal | None
    tariff: Tariff
    size: Decimal | None


class CompiledPrice:
    """What the entries of a price have in common."""

    __slots__ = ("currency", "id", "model", "price", "tiers", "unit", "version")

    def __init__(self, price: UsagePrice) -> None:
        self.price = price
        self.id, self.version, self.currency = price.id, price.version, price.currency
        self.unit = UNITS[price.per.unit].base
        self.model = price.tier_model
        self.tiers = tuple(_tiers(price))


class Terms:
    """What a rate of a price means. Destinations of a table with the same rate share it.

    Of ten thousand destinations a hundred terms stay in the processor's cache, which decides what a rating costs.
    """

    __slots__ = (
        "compiled",
        "increment",
        "is_counted_as_is",
        "minimum",
        "setup",
        "setup_fee",
        "tariff",
        "unit_amount",
        "words",
    )

    def __init__(self, compiled: CompiledPrice, rate: Rate, *, has_prefix: bool) -> None:
        price = compiled.price
        self.compiled = compiled
        self.words = words_of(price, rate, has_prefix=has_prefix)
        self.tariff = tariff(rate.amount, base(price.per))
        self.unit_amount = self.tariff.unit
        self.setup_fee = rate.setup_fee
        self.setup: Line | None = None
        if rate.setup_fee:
            id, version = price.id, price.version
            self.setup = Line(LineKind.SETUP, id, version, ONE, _EVENT, rate.setup_fee, price.currency)
        self.minimum = ZERO if rate.minimum is None else base(rate.minimum)
        self.increment = None if rate.increment is None else base(rate.increment)
        self.is_counted_as_is = not self.minimum and self.increment is None


class PriceEntry:
    """A price, or one destination of its table, as the index finds it."""

    __slots__ = ("id", "is_always", "prefix", "priority", "terms", "valid_from", "valid_until", "windows")

    def __init__(self, match: Match, terms: Terms, prefix: str, windows: tuple[Hours, ...]) -> None:
        self.id = terms.compiled.id
        self.terms = terms
        self.prefix = prefix
        self.priority = match.priority
        self.windows = windows
        self.valid_from: datetime | None = match.valid_from
        self.valid_until: datetime | None = match.valid_until
        self.is_always = not windows and match.valid_from is None and match.valid_until is None


class CompiledAllowance:
    """An allowance in base units, and whether usage is meant by it."""

    __slots__ = (
        "_attributes",
        "_long",
        "_prefixes",
        "_short",
        "allowance",
        "cap",
        "granted",
        "id",
        "is_always",
        "is_for_all",
        "prefix",
        "priority",
        "rollover",
        "unit",
        "valid_from",
        "valid_until",
        "version",
        "windows",
    )

    def __init__(self, allowance: Allowance, windows: tuple[Hours, ...]) -> None:
        match = allowance.match
        self.allowance = allowance
        self.id, self.version = allowance.id, allowance.version
        self.prefix = ""
        self.priority = allowance.priority
        self.unit = UNITS[allowance.quantity.unit].base
        self.granted = base(allowance.quantity)
        self.rollover: Rollover | None = allowance.rollover
        cap = None if allowance.rollover is None else allowance.rollover.cap
        self.cap = self.granted if cap is None else base(cap)
        self.windows = windows
        self.valid_from: datetime | None = match.valid_from
        self.valid_until: datetime | None = match.valid_until
        self.is_always = not windows and match.valid_from is None and match.valid_until is None
        self.is_for_all = self.is_always and not match.prefixes and not match.attributes
        self._prefixes = match.prefixes
        lengths = Lengths(match.prefixes)
        self._long, self._short = lengths.long, lengths.short
        self._attributes = tuple((name, _lower(values)) for name, values in match.attributes.items())

    def takes(self, usage: Usage, digits: str, clock: LocalClock) -> bool:
        """Whether the usage may draw from it, apart from type and unit."""
        prefixes = self._prefixes
        if prefixes:
            for length in self._long.get(digits[:HEAD], self._short):
                if digits[:length] in prefixes:
                    break
            else:
                return False
        if self._attributes:
            attributes = usage.attributes
            for name, values in self._attributes:
                value = attributes.get(name)
                if value is None or value.lower() not in values:
                    return False
        return self.is_always or is_open(self, usage.at, clock)


class CompiledPlan:
    """A plan ready for use; shared by everyone whose usage is rated by it.

    Shapes: `finders`, `allowances` by usage type; `destinations` are the types for which the number matters;
            `name_bytes` what the longest id, version and usage type of a price or an allowance take together.
    """

    __slots__ = ("allowances", "destinations", "finders", "name_bytes", "plan")

    def __init__(self, plan: Plan) -> None:
        assert not (found := problems(plan)), found
        self.plan = plan
        self.finders = finders(_entries(plan))
        allowances: dict[str, list[CompiledAllowance]] = defaultdict(list)
        for allowance in plan.allowances:
            windows = _windows(allowance.match, plan)
            allowances[allowance.match.usage_type].append(CompiledAllowance(allowance, windows))
        self.allowances: Mapping[str, tuple[CompiledAllowance, ...]] = {
            usage_type: tuple(sorted(found, key=lambda each: (each.priority, each.id)))
            for usage_type, found in allowances.items()
        }
        matches = [price.match for price in plan.prices] + [allowance.match for allowance in plan.allowances]
        with_table = {price.match.usage_type for price in plan.prices if price.table}
        self.destinations = frozenset(match.usage_type for match in matches if match.prefixes) | with_table
        names = [(price.id, price.version, price.match.usage_type) for price in plan.prices]
        names += [(one.id, one.version, one.match.usage_type) for one in plan.allowances]
        self.name_bytes = max((len("".join(one).encode()) for one in names), default=0)


def compile_plan(plan: Plan) -> CompiledPlan:
    """Make a plan ready. Callers ask `problems` first: a plan that has some is a programmer's error here."""
    return CompiledPlan(plan)


def _entries(plan: Plan) -> Iterator[tuple[Match, PriceEntry]]:
    for price in plan.prices:
        compiled = CompiledPrice(price)
        windows = _windows(price.match, plan)
        rates = price.table or dict.fromkeys(price.match.prefixes or [""], price.rate)
        terms: dict[Rate, Terms] = {}
        for prefix, rate in rates.items():
            if rate not in terms:
                terms[rate] = Terms(compiled, rate, has_prefix=bool(prefix))
            yield price.match, PriceEntry(price.match, terms[rate], prefix, windows)


def _windows(match: Match, plan: Plan) -> tuple[Hours, ...]:
    return tuple(hours(window, plan.calendars) for window in match.windows)


def _lower(values: frozenset[str]) -> frozenset[str]:
    return frozenset(value.lower() for value in values)


def _tiers(price: UsagePrice) -> Iterator[CompiledTier]:
    factor = UNITS[price.per.unit].factor
    ends: list[Tier | None] = [*price.tiers[1:], None]
    for tier, next in zip(price.tiers, ends, strict=False):
        start = EXACT.multiply(tier.start, factor)
        end = None if next is None else EXACT.multiply(next.start, factor)
        if price.tier_model is TierModel.PACKAGE:
            size = None if tier.size is None else EXACT.multiply(tier.size, factor)
            size = size if size is not None or end is None else end - start
            yield CompiledTier(start, end, tariff(tier.amount, ONE), size)
        else:
            yield CompiledTier(start, end, tariff(tier.amount, base(price.per)), None)
