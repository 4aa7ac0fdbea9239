"""What the billing engine takes and gives. Frozen values; days are local dates of the account, spans half-open.

    propose(account, cutoff, policy) -> tuple[Charge, ...]     engine.py: all that is due by the cutoff, ever
    settle(proposed, existing) -> tuple[Charge, ...]           difference.py: what of it is missing, or too much
    state(charges, policy, rates, exemptions) -> Statement     statement.py: these charges with their taxes
    explain(charge) -> dict                                    explain.py: why, as plain data; made when asked

A bill is `state(settle(propose(...), existing), ...)`; where settle gives nothing there is no bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from common.domain.cycles import PERIOD_WORDS, Cycle, CycleUnit, Span
from common.domain.money import Money, minor_units

ZERO = Decimal(0)

# -- policy and tax ---------------------------------------------------------------------------------------------------


class Rounding(StrEnum):
    HALF_EVEN = "half-even"
    HALF_UP = "half-up"


class TaxRounding(StrEnum):
    """`perLine`: the tax of each item is rounded. `perRate`: that of the sum of all items with one rate is."""

    PER_LINE = "perLine"
    PER_RATE = "perRate"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a legal entity rounds."""

    rounding: Rounding = Rounding.HALF_EVEN
    tax_rounding: TaxRounding = TaxRounding.PER_LINE


USUAL = Policy()


@dataclass(frozen=True, slots=True)
class TaxClass:
    """How a price is taxed.

    Shapes: `rate` in percent as the price or the agreement states it, used where the rate table has none; both None: no
            tax is charged. `is_inclusive`: the amount is gross.
    """

    category: str | None = None
    rate: Decimal | None = None
    is_inclusive: bool = False


class RateSource(StrEnum):
    """Where a rate comes from."""

    TABLE = "table"
    PRICE = "price"
    EXEMPT = "exempt"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AppliedTax:
    """The tax of an item as it was charged. `rate` in percent; `certificate` is of the exemption that made it 0."""

    category: str | None
    rate: Decimal
    is_inclusive: bool
    source: RateSource
    certificate: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A row of the tax table: `place` "" is everywhere, "US" all of it, "US-NY" a part; valid on [start, end)."""

    category: str
    place: str
    rate: Decimal
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """A certificate: of one tax category or place, or (None) of all; valid on [start, end)."""

    certificate: str
    category: str | None = None
    place: str | None = None
    start: date | None = None
    end: date | None = None


# -- what was agreed --------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What an item is for; also what an agreed price is (a usage price is not given: its sums are)."""

    RECURRING = "recurring"
    ONE_TIME = "oneTime"
    USAGE = "usage"
    DISCOUNT = "discount"
    COMMITMENT = "commitment"


# What is earned, or taken off what is, as the days of its items go by; the rest is when it is billed.
FOR_DAYS = frozenset({Kind.RECURRING, Kind.DISCOUNT})


class Anchor(StrEnum):
    CYCLE = "cycle"
    ACTIVATION = "activation"


class ChargedOn(StrEnum):
    ACTIVATION = "activation"
    ORDER = "order"
    TERMINATION = "termination"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The periods of a price. A year is 12 months.

    Shapes: counted from the account's cycle anchor or from the day of the product's activation. `is_prorated` False:
            all of the price when one day of the period is charged. A plain standard recurring price is what the
            defaults say. `count` 0: nobody can read how often (`is_read`); the engine takes no such price.
    """

    unit: CycleUnit = CycleUnit.MONTH
    count: int = 1
    in_advance: bool = False
    is_prorated: bool = True
    anchor: Anchor = Anchor.CYCLE

    @property
    def is_read(self) -> bool:
        return self.count > 0


@dataclass(frozen=True, slots=True)
class Discount:
    """What is taken off a charge of a whole period; of a part of it, the same share.

    Shapes: `percentage` of the price itself (25 is a quarter), or `amount`; where both are given the amount is taken
            and the percentage is only told, but of usage the percentage is taken (`usage.py`). Of several the smaller
            `order` first, then `key`. `periods`: on the days from its first day until so many periods later (None:
            always). `cap`: at most this much in a period. `is_floored`: never more than is left. All amounts positive,
            in the currency of the price.
    """

    key: str
    name: str
    percentage: Decimal | None = None
    amount: Money | None = None
    order: int = 1
    periods: int | None = None
    cap: Money | None = None
    is_floored: bool = True
    id: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """A price of a product, as it was agreed.

    Shapes: `key` is what tells the price from the others of its product, for ever: `id:version`, or for a price by
            value its name and the place in the list that it had at first. `amount` as written (gross where the tax is
            inclusive), of a whole period; of a COMMITMENT the minimum; None for a DISCOUNT. `recurrence` is needed for
            RECURRING and COMMITMENT; a DISCOUNT with one lowers recurring charges and usage in those periods, without
            one all charges of the account's cycle periods. `charged_on` counts for ONE_TIME. `discounts` lower
            RECURRING and ONE_TIME; a DISCOUNT has the one that it is. `name` is the item's name (of a COMMITMENT
            `trueUpName`).
    """

    key: str
    kind: Kind
    name: str
    amount: Money | None = None
    tax: TaxClass = TaxClass()
    recurrence: Recurrence | None = None
    charged_on: ChargedOn = ChargedOn.ACTIVATION
    discounts: tuple[Discount, ...] = ()
    id: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a product was on the days [start, end) (None: until further notice), each day as it was at its end.

    Shapes: `is_charged` is False while it is suspended or not active yet. An empty stretch (end == start) has the
            prices of a product that had no whole day of them; its one-time charges still count. `is_elsewhere`: it was
            another account's, which is charged for it; here it tells what was charged once, and since when discounts
            are counted.
    """

    start: date
    end: date | None
    is_charged: bool
    prices: tuple[AgreedPrice, ...]
    is_elsewhere: bool = False


# What holds from ever until further notice.
ALL_DAYS = Span(date.min, date.max)


@dataclass(frozen=True, slots=True)
class Bundled:
    """A product that is bundled in another, and the days on which it is."""

    product: str
    days: Span = ALL_DAYS


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product of the account since it was ordered, for whichever account that was.

    Shapes: `parts` are ids of the products bundled in it (theirs are found through them), `bundled` the days on which
            each was, for those that were not always; `stretches` in the order of time, without overlap, none from
            `terminated` on; `place` is where it is taxed (None: the account's).
    """

    id: str
    name: str
    ordered: date | None = None
    activated: date | None = None
    terminated: date | None = None
    parts: tuple[str, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    place: str | None = None
    bundled: tuple[Bundled, ...] = ()

    def days_of(self, part: str) -> tuple[Span, ...]:
        """The days on which a part is bundled in it."""
        return tuple(one.days for one in self.bundled if one.product == part) or (ALL_DAYS,)

    @property
    def own(self) -> tuple[Stretch, ...]:
        """When it was the account's."""
        return tuple(one for one in self.stretches if not one.is_elsewhere)


@dataclass(frozen=True, slots=True)
class UsageSum:
    """All billed lines of one key, those that this bill claims among them; one for each key.

    Shapes: the key is product, price id and version, usage type, line kind, currency, inclusive or not, and
            [period_start, period_end), the cycle period of the usage's own time. `amount` is the unrounded sum. `lines`
            counts them all, `claimed` those that are new in this bill: with one an item comes even of 0.
            `discounts` are agreed alterations of the usage price; `since` is, by the key of each, the day from which
            its `periods` (cycles of the account) count: the first on which it was charged with (none: the period's).
    """

    product: str
    price: str | None
    version: str | None
    name: str
    usage_type: str
    line_kind: str
    period_start: date
    period_end: date
    quantity: Decimal
    unit: str
    amount: Money
    lines: int
    claimed: int = 0
    tax: TaxClass = TaxClass()
    discounts: tuple[Discount, ...] = ()
    since: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account with all it ever had.

    Shapes: `cycle` is that of its bills; `earlier` are those that it had before, each with the day from which the next
            one counts (a day up to which everything is billed, or what is billed already comes out otherwise);
            `currency` None: that of its first charge; `place` is where it is taxed.
    """

    id: str
    cycle: Cycle
    products: tuple[ProductFacts, ...] = ()
    usage: tuple[UsageSum, ...] = ()
    currency: str | None = None
    place: str | None = None
    earlier: tuple[tuple[Cycle, date], ...] = ()


# -- what is charged --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Purpose:
    """What items of one key are for. `key` is text, stable for ever, unique in the account.

    Shapes: `period` is the whole charge period; of one-time charges the day that gave rise to them.
    """

    key: str
    kind: Kind
    product: str
    price: str | None
    version: str | None
    name: str
    tax: TaxClass
    period: Span
    in_advance: bool = False
    usage_type: str | None = None
    line_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a discount takes off a whole period's price."""

    discount: Discount
    amount: Money


@dataclass(frozen=True, slots=True)
class Part:
    """Days of a period on which one price held; `amount` is exact, in the major unit; `of` the days of the period."""

    span: Span
    of: int
    price: AgreedPrice
    taken: tuple[Taken, ...]
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount for a purpose: all of it when proposed, the difference when settled.

    Shapes: `amount` is as the price is written, rounded to the minor unit; `span` is the service period: what this
            amount is about. `covers` are the days of the key that are charged once this item is: store them with the
            item. `quantity` in `unit` is the difference too; `claimed` counts the usage lines new in this bill.
            `before` is what was charged for the key until now (None: proposed, not settled). `applied` is set on
            what undoes an earlier item: it is taxed as that was.
    """

    purpose: Purpose
    amount: Money
    span: Span
    covers: tuple[Span, ...]
    due: date
    place: str | None = None
    parts: tuple[Part, ...] = ()
    grounds: Mapping[str, object] = field(default_factory=dict)
    quantity: Decimal | None = None
    unit: str | None = None
    lines: int = 0
    claimed: int = 0
    before: Money | None = None
    applied: AppliedTax | None = None

    @property
    def key(self) -> str:
        return self.purpose.key


@dataclass(frozen=True, slots=True)
class TaxedAmount:
    """What of an amount, as the price is written, was taxed in one way."""

    applied: AppliedTax
    amount: Money


@dataclass(frozen=True, slots=True)
class Existing:
    """All that was charged for one key by runs until now; corrections by hand (credit notes, adjustments) not among it.

    Shapes: `amount` and `quantity` are sums over the key's items; `covers`, `purpose` and `place` are those of its last
            item (in the order of issue). `taxed` is what of the amount was taxed how, what was charged last at the end.
    """

    purpose: Purpose
    amount: Money
    covers: tuple[Span, ...] = ()
    quantity: Decimal | None = None
    unit: str | None = None
    taxed: tuple[TaxedAmount, ...] = ()
    place: str | None = None

    @property
    def key(self) -> str:
        return self.purpose.key


# -- the statement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A charge with its tax; net + tax = gross, each in whole minor units."""

    charge: Charge
    applied: AppliedTax
    net: Money
    tax: Money
    gross: Money

    def __post_init__(self) -> None:
        _check(self.net, self.tax, self.gross)
        assert self.charge.amount == (self.gross if self.applied.is_inclusive else self.net), "an item has its amount"


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """The items of one category, rate, inclusive or not, and certificate; `items` counts them."""

    category: str | None
    rate: Decimal
    is_inclusive: bool
    certificate: str | None
    net: Money
    tax: Money
    gross: Money
    items: int

    def __post_init__(self) -> None:
        _check(self.net, self.tax, self.gross)


@dataclass(frozen=True, slots=True)
class Statement:
    """A bill, or with a negative total a credit note. The sums of the items and of the groups are the totals."""

    currency: str
    items: tuple[Item, ...]
    groups: tuple[TaxGroup, ...]
    net: Money
    tax: Money
    gross: Money

    def __post_init__(self) -> None:
        _check(self.net, self.tax, self.gross)
        for parts in (self.items, self.groups):
            for name in ("net", "tax", "gross"):
                amounts = (getattr(one, name) for one in parts)
                total = sum(amounts, Money(ZERO, self.currency))
                assert total == getattr(self, name), "parts sum to the total"

    @property
    def is_credit(self) -> bool:
        return self.gross.amount < 0


class OtherCurrency(Exception):
    """Charges are not in the account's currency. Facts: `expected`; `found`, (product, name, currency) of each."""

    code = "currency.other"

    def __init__(self, expected: str, found: tuple[tuple[str, str, str], ...]) -> None:
        named = "; ".join(f"{name} of product {product} in {currency}" for product, name, currency in found)
        super().__init__(f"the account is billed in {expected}, and these are not: {named}")
        self.expected, self.found = expected, found


class UnreadablePeriod(Exception):
    """How often a price recurs is said in words that mean no period. Facts: `product`, `price` (its name)."""

    code = "price.period"

    def __init__(self, product: str, price: str) -> None:
        super().__init__(f"{price} of product {product} recurs in words that mean no period; {PERIOD_WORDS}")
        self.product, self.price = product, price


class RatesOverlap(Exception):
    """Two rows of a tax table hold on one day for one category and place."""

    code = "tax.overlap"

    def __init__(self, one: TaxRate, other: TaxRate) -> None:
        super().__init__(f"two rates of {one.category} in {one.place or 'every place'} hold on {other.start}")
        self.one, self.other = one, other


def _check(net: Money, tax: Money, gross: Money) -> None:
    assert net + tax == gross, "net and tax are the gross amount"
    for money in (net, tax, gross):
        exponent = money.amount.as_tuple().exponent
        assert isinstance(exponent, int), "amounts are numbers"
        assert -exponent <= minor_units(money.currency), "amounts are whole minor units"
