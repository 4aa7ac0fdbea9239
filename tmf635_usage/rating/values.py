"""What the rating engine takes and gives: usage, price plan, whose usage it is, counters, and the rating.

Catalogue side: frozen dataclasses, checked once when a plan is compiled. What is made for every usage are named tuples:
as immutable, and several times cheaper to make.

Quantities of plans are in the unit that they name; those of counters, lines, draws and counts in base units (`units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from common.domain.durations import Duration

if TYPE_CHECKING:
    from tmf635_usage.rating.explanation import Words

ZERO, ONE = Decimal(0), Decimal(1)

# Usage attributes that have a meaning of their own; every other name is compared as text like them.
DESTINATION = "destination"
ZONE = "zone"
RATING_GROUP = "ratingGroup"
SLICE = "slice"
DNN = "dnn"
RAT = "rat"
ROAMING = "roaming"
VISITED_NETWORK = "visitedNetwork"
DIRECTION = "direction"

# Of prices and allowances 1 comes before 2, and what names no priority comes last.
PRIORITY_UNSET = 1_000_000


# -- usage ------------------------------------------------------------------------------------------------------------


class Usage(NamedTuple):
    """What was used.

    Shapes: `at` is the aware instant it began; `attributes` are texts by name (`true`/`false`, numbers as written);
            `before` is how much of the same session was rated in earlier parts, in `unit`.
    """

    type: str
    at: datetime
    quantity: Decimal
    unit: str
    attributes: Mapping[str, str] = {}
    before: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose usage it is: the product, with what its account says about time and money.

    Shapes: `zone` is the account's; `cycle` the local date on which one of its bill cycles begins (any: 2026-01-31 for
            cycles from the 31st); `activated` when the product was; `groups` has the key of the sharing group for each
            sharing name of the plan that this product takes part in; a price in another currency than `currency` does
            not rate (None: every currency does); nothing rolls over from periods that ended before `since`, when the
            product came under the plan (None: when it was activated).
    """

    product: str
    zone: ZoneInfo
    cycle: date
    activated: datetime
    groups: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    since: datetime | None = None


# -- price plan -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much of a unit of `units.UNITS`."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day on certain days, by the account's clock.

    Shapes: `weekdays` are ISO numbers (Monday 1); a day counts when it is one of them or is in one of `calendars`, and
            is in none of `except_calendars`; without both `weekdays` and `calendars` every day does. From `start` until
            before `end`; an end at or before the start is on the next day, and the window belongs to the day it
            starts on.
    """

    weekdays: frozenset[int] = frozenset()
    start: time = time()
    end: time = time()
    calendars: frozenset[str] = frozenset()
    except_calendars: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """Which usage is meant: all of what is said here must hold; what is not said here does not matter.

    Shapes: `prefixes` are E.164 digits of the destination, one of which the number begins with; `attributes` has the
            allowed values by attribute name, letter case ignored; one of `windows` must hold; valid in the half-open
            period from `valid_from` until `valid_until`.
    """

    usage_type: str
    prefixes: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    priority: int = PRIORITY_UNSET


class TierModel(StrEnum):
    """How tiers count.

    `graduated`: each unit costs what the tier says in which it falls. `volume`: all units of the period cost what the
    tier says that the last one reached. `package`: each package that is begun costs its whole amount.
    """

    GRADUATED = "graduated"
    VOLUME = "volume"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier begins after `start` units (of the price's `per.unit`) and ends where the next one begins.

    Shapes: `amount` is for each `per` of the price; of packages for each `size` units (None: the whole tier is one).
    """

    start: Decimal
    amount: Decimal
    size: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """What usage costs.

    Shapes: `amount` is for each `per` of the price; up to `minimum` counts as the minimum, what is beyond it in whole
            `increment`s (60/1 is minimum 60 s, increment 1 s); `setup_fee` once for a session.
    """

    amount: Decimal
    setup_fee: Decimal = ZERO
    minimum: Quantity | None = None
    increment: Quantity | None = None


class PeriodUnit(StrEnum):
    """What a period is so many of. `pass`: one period only, from activation, of the rule's `length`."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    PASS = "pass"


class Anchor(StrEnum):
    """From which day periods are counted: a bill cycle's first, or the product's activation."""

    CYCLE = "cycle"
    ACTIVATION = "activation"


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """In which spans something is granted or counted."""

    unit: PeriodUnit = PeriodUnit.MONTH
    count: int = 1
    anchor: Anchor = Anchor.CYCLE
    length: Duration | None = None


@dataclass(frozen=True, slots=True)
class UsagePrice:
    """A version of a usage price.

    Shapes: one of three: `rate` alone; `rate` and `tiers` (first start 0, ascending; they replace the rate's amount);
            `table` (destination prefix -> rate; the match has no prefixes of its own then, and `rate` is not used).
            `sharing` is the name under which products count their tiers together.
    """

    id: str
    version: str
    match: Match
    currency: str
    per: Quantity
    rate: Rate
    tier_model: TierModel | None = None
    tiers: tuple[Tier, ...] = ()
    table: Mapping[str, Rate] = field(default_factory=dict)
    period: PeriodRule = PeriodRule()
    sharing: str | None = None


@dataclass(frozen=True, slots=True)
class Rollover:
    """What is left of a period can be used in this many more, at most `cap` of it (None: all)."""

    periods: int = 1
    cap: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """Units that cost nothing, granted anew in each period (or once, as a pass).

    Shapes: drawn by `priority` (1 before 2), then what expires first, then id; `sharing` is the name under which
            products draw together.
    """

    id: str
    version: str
    match: Match
    quantity: Quantity
    period: PeriodRule = PeriodRule()
    rollover: Rollover | None = None
    priority: int = PRIORITY_UNSET
    sharing: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one product's usage is rated by. Shareable: nothing in it is about one customer."""

    prices: tuple[UsagePrice, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    calendars: Mapping[str, frozenset[date]] = field(default_factory=dict)


# -- counters ---------------------------------------------------------------------------------------------------------


class Period(NamedTuple):
    """A half-open span of time."""

    start: datetime
    end: datetime


class BucketKey(NamedTuple):
    """The grant of an allowance for a period. `scope` is a product, or the key of a sharing group."""

    allowance: str
    scope: str
    start: datetime


class Bucket(NamedTuple):
    """How much of a grant is used.

    Shapes: `used` within its own period, `rolled` after it; what is left can be used until `expires`, after `end` only
            as far as the rollover's cap allows.
    """

    key: BucketKey
    unit: str
    granted: Decimal
    used: Decimal
    rolled: Decimal
    end: datetime
    expires: datetime


class CounterKey(NamedTuple):
    """The units priced by a tiered price in a period. `scope` is a product, or the key of a sharing group."""

    price: str
    scope: str
    start: datetime


@dataclass(frozen=True, slots=True)
class State:
    """Buckets and counters as they stand. What is missing here was never used: the rating says what to open."""

    buckets: Mapping[BucketKey, Bucket] = field(default_factory=dict)
    counters: Mapping[CounterKey, Decimal] = field(default_factory=dict)


# -- rating -----------------------------------------------------------------------------------------------------------


class LineKind(StrEnum):
    """`correction`: what earlier units of the period cost more or less since a volume tier was reached."""

    USAGE = "usage"
    ALLOWANCE = "allowance"
    SETUP = "setup"
    CORRECTION = "correction"


class Line(NamedTuple):
    """A part of a usage with one amount.

    Shapes: `price` and `version` are those of the usage price, of the allowance for free units; `tier` counts from 0;
            `bucket` has what free units were drawn from; `amount` is unrounded, with or without tax as the price is.
            The quantities of usage and allowance lines add up to what is charged; a set-up is one event.
    """

    kind: LineKind
    price: str
    version: str
    quantity: Decimal
    unit: str
    amount: Decimal
    currency: str | None
    tier: int | None = None
    bucket: BucketKey | None = None


class Draw(NamedTuple):
    """To be added to a bucket: to `rolled` when the usage is after the bucket's own period, else to `used`."""

    bucket: BucketKey
    quantity: Decimal
    is_rolled: bool


class Count(NamedTuple):
    """To be added to a counter, whose period ends at `end`."""

    counter: CounterKey
    quantity: Decimal
    end: datetime


class Rating(NamedTuple):
    """What a usage costs and what it changes.

    Shapes: `charged` is the quantity in base units after minimum and increments; `price` the one that matched (None:
            wholly free, and nothing matched), with the `prefix` of the destination it matched by; `opened` are buckets
            that the state did not have, as they were before the draws. A reversal has the opposite quantities and
            amounts and opens nothing. `words` are those of the price, for the explanation.
    """

    usage: Usage
    price: UsagePrice | None
    prefix: str
    charged: Decimal
    unit: str
    lines: tuple[Line, ...]
    draws: tuple[Draw, ...] = ()
    counts: tuple[Count, ...] = ()
    opened: tuple[Bucket, ...] = ()
    is_reversal: bool = False
    words: Words | None = None


class Reason(StrEnum):
    """Why a usage was not rated."""

    NO_PRICE = "no.price"
    UNIT_UNKNOWN = "unit.unknown"
    UNIT_OTHER = "unit.other"
    CURRENCY_OTHER = "currency.other"
    QUANTITY_INVALID = "quantity.invalid"
    AMOUNT_PRECISION = "amount.precision"
    BALANCE_INSUFFICIENT = "balance.insufficient"


class Rejection(NamedTuple):
    """A usage that was not rated, and nothing changed. `facts` name what did not fit."""

    usage: Usage
    reason: Reason
    facts: Mapping[str, str] = {}


class Grant(NamedTuple):
    """How much of a usage can be afforded.

    Shapes: `quantity` in base units; `is_final` when it is less than was asked for; `cost` is what it costs at once,
            `cost_max` the most that any part of it costs, where a volume tier makes all of it cheaper than a part.
    """

    quantity: Decimal
    unit: str
    cost: Decimal
    currency: str | None
    is_final: bool
    cost_max: Decimal
