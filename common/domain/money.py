"""Amounts of money, exactly: an amount never goes without its currency, and is rounded only where somebody says so.

Nothing is rounded on the way: sums, products and shares keep every digit. `rounded` is the one place that rounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

# ISO 4217:2015, list one (as published 2024-06): currencies whose minor unit is not two decimals.
_MINOR_UNITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_MINOR_UNITS_USUAL = 2
# A number in a document has 34 digits and an exponent of 400 at most: products and sums of a few of them fit exactly.
_EXACT_DIGITS = 2_000
_EXACT = Context(prec=_EXACT_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
# What is divided cannot always be exact; this many digits are far beyond any minor unit.
_QUOTIENT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_HUNDRED = Decimal(100)
_CURRENCY = re.compile("[A-Z]{3}")


def is_currency(unit: str) -> bool:
    """Whether it is written as a currency is (ISO 4217): three capital letters. Whether there is one is not asked."""
    return _CURRENCY.fullmatch(unit) is not None


def minor_units(currency: str) -> int:
    """Decimals of the currency's smallest unit; two for units that ISO 4217 does not know."""
    return _MINOR_UNITS.get(currency, _MINOR_UNITS_USUAL)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency. Arithmetic is exact; two currencies never meet in one sum."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        assert self.currency == other.currency, "amounts of two currencies have no sum"
        return Money(_EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        # Nothing has no sign: nobody is shown a tax of -0.
        return Money(self.amount.copy_negate() if self.amount else self.amount.copy_abs(), self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def times(self, factor: Decimal | int) -> Money:
        return Money(_EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    def share(self, percentage: Decimal | int) -> Money:
        """This many hundredths of the amount."""
        return Money(_EXACT.scaleb(_EXACT.multiply(self.amount, Decimal(percentage)), Decimal(-2)), self.currency)

    def portion(self, part: Decimal | int, whole: Decimal | int) -> Money:
        """So much of the amount as `part` is of `whole`; to 60 digits. The whole is not zero."""
        return Money(_QUOTIENT.divide(_EXACT.multiply(self.amount, Decimal(part)), Decimal(whole)), self.currency)

    def without_share(self, percentage: Decimal | int) -> Money:
        """The amount that with this share on top of it makes this one; to 60 digits. The share is above -100."""
        whole = _EXACT.add(_HUNDRED, Decimal(percentage))
        return Money(_QUOTIENT.divide(_EXACT.multiply(self.amount, _HUNDRED), whole), self.currency)

    def rounded(self) -> Money:
        """Half-even to the currency's minor unit."""
        return Money(
            self.amount.quantize(Decimal(1).scaleb(-minor_units(self.currency)), context=_EXACT), self.currency
        )

    def smaller(self, other: Money) -> Money:
        assert self.currency == other.currency, "amounts of two currencies do not compare"
        return self if self.amount <= other.amount else other

    @property
    def is_zero(self) -> bool:
        return self.amount == 0

    def document(self) -> dict[str, Any]:
        """As TMF's Money says it."""
        return {"unit": self.currency, "value": self.amount}


def money_of(document: Any) -> Money | None:
    """What a TMF Money says, or None when it lacks its amount or its currency."""
    if not isinstance(document, dict):
        return None
    unit, value = document.get("unit"), document.get("value")
    if not isinstance(unit, str) or not unit or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Money(Decimal(value), unit)


@dataclass(frozen=True, slots=True)
class Taxed:
    """A price before tax and the tax on it; both together are the gross price, always.

    Shapes: `tax` is None when nobody said how it is taxed; then there is no gross price either.
    """

    net: Money
    tax: Money | None

    @property
    def gross(self) -> Money | None:
        return None if self.tax is None else self.net + self.tax

    def __add__(self, other: Taxed) -> Taxed:
        both = None if self.tax is None or other.tax is None else self.tax + other.tax
        return Taxed(self.net + other.net, both)

    def __sub__(self, other: Taxed) -> Taxed:
        return self + Taxed(-other.net, None if other.tax is None else -other.tax)

    def times(self, factor: Decimal | int) -> Taxed:
        return Taxed(self.net.times(factor), None if self.tax is None else self.tax.times(factor))


def taxed(price: Money, rate: Decimal | None, *, is_inclusive: bool, is_rounded: bool) -> Taxed:
    """A price with its tax at a rate in percent.

    Rounding (`is_rounded`): the price first, to its minor unit; then what follows from it, the tax of a price before
            tax, the net of one that includes it. So net + tax = gross without a remainder in either direction.
    """
    price = price.rounded() if is_rounded else price
    if rate is None:
        return Taxed(price, None)
    if is_inclusive:
        net = price.without_share(rate)
        net = net.rounded() if is_rounded else net
        return Taxed(net, price - net)
    tax = price.share(rate)
    return Taxed(price, tax.rounded() if is_rounded else tax)
