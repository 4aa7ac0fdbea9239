"""What a month is played with: prices, accounts and records, as values that say no more than they must.

Both sides are made of them: the documents that the suite is sent, and what the model knows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.query import Document
from tests.scenarios.charging import money, size

# Base units in each unit that is used here.
UNITS = {"s": 1, "min": 60, "B": 1, "MB": 1_000_000, "GB": 1_000_000_000, "event": 1}
NIGHT = {"weekday": [1, 2, 3, 4, 5], "startTime": "22:00", "endTime": "06:00"}
WEEKEND = {"weekday": [6, 7]}


def base(text: str) -> Fraction:
    """`90 s` in base units."""
    amount, unit = text.split()
    return Fraction(amount) * UNITS[unit]


@dataclass(frozen=True)
class Tier:
    """From how many `per` on, what one costs; `size` for packages."""

    start: str
    amount: str
    size: str | None = None


@dataclass(frozen=True)
class Price:
    """A version of a usage price or, with a `quantity`, of an allowance."""

    id: str
    usage_type: str
    currency: str = "EUR"
    amount: str = "0"
    per: str = "1 min"
    version: str = "1.0"
    prefixes: tuple[str, ...] = ()
    is_night: bool = False
    is_roaming: bool = False
    minimum: str | None = None
    increment: str | None = None
    setup: str | None = None
    tier_model: str | None = None
    tiers: tuple[Tier, ...] = ()
    sharing: str | None = None
    # month, week, day, or the days of a pass.
    period: str | int = "month"
    quantity: str | None = None
    rollover_cap: str | None = None
    rollover_periods: int = 0
    priority: int | None = None

    @property
    def is_allowance(self) -> bool:
        return self.quantity is not None

    def times(self, factor: str) -> Price:
        """The next version, at another price."""

        def scaled(amount: str) -> str:
            return f"{(Decimal(amount) * Decimal(factor)).normalize():f}"

        tiers = tuple(replace(tier, amount=scaled(tier.amount)) for tier in self.tiers)
        version = f"{int(self.version.split('.')[0]) + 1}.0"
        return replace(self, amount=scaled(self.amount), tiers=tiers, version=version)

    def attributes(self) -> dict[str, Any]:
        """What the document says beside type, price and unit."""
        match: Document = {}
        if self.prefixes:
            match["destinationPrefix"] = list(self.prefixes)
        if self.is_night:
            match["timeBand"] = [NIGHT, WEEKEND]
        if self.is_roaming:
            match["roaming"] = True
        said: Document = {"version": self.version, "currency": self.currency} if not self.is_allowance else {}
        if match:
            said["match"] = match
        for name, value in (("minimum", self.minimum), ("increment", self.increment)):
            if value is not None:
                said[name] = size(value)
        if self.setup is not None:
            said["setupFee"] = money(self.setup, self.currency)
        if self.tiers:
            said |= {"tierModel": self.tier_model, "tier": [self._tier(tier) for tier in self.tiers]}
        if self.tiers or self.is_allowance:
            said["period"] = self._period()
        if self.sharing is not None:
            said["sharing"] = self.sharing
        if self.rollover_periods:
            said["rollover"] = {"periods": self.rollover_periods}
            if self.rollover_cap is not None:
                said["rollover"]["cap"] = size(self.rollover_cap)
        if self.priority is not None:
            said["priority"] = self.priority
        return said

    def _tier(self, tier: Tier) -> Document:
        price = {"start": Decimal(tier.start), "price": money(tier.amount, self.currency)}
        return price if tier.size is None else {**price, "size": Decimal(tier.size)}

    def _period(self) -> Document:
        if isinstance(self.period, int):
            return {"units": "pass", "length": f"P{self.period}D"}
        return {"amount": 1, "units": self.period}


@dataclass(frozen=True)
class Account:
    """Whose clock it is, and by how many days its bill cycle is shifted from the first."""

    id: str
    zone: ZoneInfo
    shift: int = 0

    @property
    def cycle(self) -> date:
        return date(2024, 1, 1) + timedelta(days=self.shift)


@dataclass(frozen=True)
class Sold:
    """A price that a product has: in a version, or in the latest one (None)."""

    price: str
    version: str | None


@dataclass(frozen=True)
class Span:
    """What a product was from an instant on."""

    since: datetime
    status: str
    account: Account
    sold: tuple[Sold, ...]


@dataclass(frozen=True)
class Record:
    """A usage as a network reports it, of a product or of a number."""

    key: str
    usage_type: str
    at: datetime
    quantity: str
    unit: str
    product: str | None = None
    number: str | None = None
    destination: str | None = None
    is_roaming: bool = False

    @property
    def units(self) -> Fraction:
        return base(f"{self.quantity} {self.unit}")
