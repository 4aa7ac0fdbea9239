"""What a year is played with: tariffs, accounts, products and usage, as values that say no more than they must.

Both sides are made of them: the documents that the suite is sent, and what the model knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}
# What 1 EUR is about.
SCALES = {"EUR": "1", "JPY": "160", "KWD": "0.33"}
VAT = 19
CHARGED = ("active", "pendingTerminate")
ENDED = ("terminated", "cancelled", "aborted")


@dataclass(frozen=True)
class Entity:
    """A legal entity: how it rounds, until when it is paid, and what it does about those who do not pay."""

    id: str
    is_half_up: bool
    is_per_rate: bool
    payment_days: int
    retries: tuple[int, ...]
    steps: tuple[tuple[int, str], ...]
    has_tax_relief: bool


@dataclass(frozen=True)
class Tariff:
    """A version of a plan. `discount` is a percentage and for how many months; `voice` costs so much a second."""

    id: str
    currency: str
    base: str
    version: int = 1
    is_inclusive: bool = False
    is_taxed: bool = True
    in_advance: bool = False
    is_undivided: bool = False
    by_activation: bool = False
    months: int = 1
    setup: str | None = None
    leaving: str | None = None
    discount: tuple[int, int] | None = None
    least: str | None = None
    voice: str | None = None

    def price(self, part: str) -> str:
        return f"{self.id}-{part}"

    def key(self, part: str) -> str:
        return f"{self.id}-{part}:{self.version}.0"

    @property
    def tax(self) -> Tax:
        return Tax(VAT if self.is_taxed else None, self.is_inclusive)

    @property
    def tax_on_top(self) -> Tax:
        """Whatever is not the base has its tax on top of it."""
        return Tax(VAT if self.is_taxed else None, False)


@dataclass(frozen=True)
class Tax:
    rate: int | None
    is_inclusive: bool = False


@dataclass(frozen=True)
class Span:
    """What a product was from an instant on."""

    since: datetime
    status: str
    tariff: Tariff | None


@dataclass
class Product:
    """`off` is the percentage that is off all charges of a bundle; `parts` are the products bundled in it."""

    id: str
    spans: list[Span] = field(default_factory=list)
    off: int | None = None
    parts: tuple[str, ...] = ()

    def note(self, since: datetime, status: str | None = None, tariff: Tariff | None = None) -> None:
        last = self.spans[-1] if self.spans else Span(since, "active", None)
        span = Span(since, status or last.status, tariff or last.tariff)
        self.spans = [one for one in self.spans if one.since != since] + [span]

    @property
    def status(self) -> str:
        return self.spans[-1].status

    @property
    def tariff(self) -> Tariff:
        assert self.spans[-1].tariff is not None
        return self.spans[-1].tariff

    def at(self, moment: datetime) -> Span | None:
        return next((one for one in reversed(self.spans) if one.since <= moment), None)


@dataclass(frozen=True)
class Terms:
    """An account as it was agreed: whose clock and cycle it has, how it pays, from when to when it pays no tax."""

    id: str
    currency: str
    zone: ZoneInfo
    entity: Entity
    shift: int = 0
    token: str | None = None
    exempt: tuple[date, date] | None = None

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    @property
    def anchor(self) -> date:
        return date(2024, 1, 1) + timedelta(days=self.shift)


@dataclass
class Line:
    """What a usage cost, or what is taken back of it; `bill` says whether it was billed."""

    product: str
    usage: str
    at: datetime
    price: str
    version: int
    amount: Fraction
    is_billed: bool = False
    is_void: bool = False


def amount(text: str, currency: str) -> str:
    """So many euros in another currency, in whole minor units."""
    exact = Decimal(text) * Decimal(SCALES[currency])
    return f"{exact.quantize(Decimal(1).scaleb(-DIGITS[currency])):f}"


def decimal_of(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
