"""Exact arithmetic of the engine: 34 digits, and never inexact without saying so.

Products and sums that need more digits than 34 raise; a usage that does so is rejected. Divisions are rounded at one
place, `amount_of`, half-even to 18 decimals, and only where the price of one base unit does not end (docs/rating.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from common.domain.exact import ERRORS, EXACT, LAST_DECIMAL
from common.domain.units import UNITS
from tmf635_usage.rating.values import ZERO, Quantity

# Wide enough that rounding a quotient twice gives what rounding it once does.
_WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN, traps=list(ERRORS))
# A unit amount with more decimals would use up the digits that the quantity needs.
_UNIT_DECIMALS_MAX = 12


def base(quantity: Quantity) -> Decimal:
    """A quantity of a plan in base units."""
    return EXACT.multiply(quantity.amount, UNITS[quantity.unit].factor)


class Tariff(NamedTuple):
    """An amount for each `per` base units; `unit` is the amount of one of them where it has 12 decimals at most."""

    amount: Decimal
    per: Decimal
    unit: Decimal | None


def tariff(amount: Decimal, per: Decimal) -> Tariff:
    unit = _WIDE.divide(amount, per)
    ends = unit.quantize(Decimal(1).scaleb(-_UNIT_DECIMALS_MAX), context=_WIDE) == unit
    return Tariff(amount, per, unit if ends else None)


def amount_of(tariff: Tariff, quantity: Decimal) -> Decimal:
    """What so many base units cost.

    Errors: Inexact when it has more than 34 digits; the caller has set the EXACT context.
    """
    amount, per, unit = tariff
    if unit is not None:
        return unit * quantity
    quotient = _WIDE.divide(amount * quantity, per)
    rounded = _to_last_decimal(quotient)
    return +(quotient if rounded == quotient else rounded)


def is_rounded(tariff: Tariff, quantity: Decimal) -> bool:
    """Whether `amount_of` rounded."""
    if tariff.unit is not None:
        return False
    quotient = _WIDE.divide(_WIDE.multiply(tariff.amount, quantity), tariff.per)
    return _to_last_decimal(quotient) != quotient


def is_exact(tariff: Tariff, quantity: Decimal, amount: Decimal) -> bool:
    """Whether an amount is what the quantity costs and not what that was rounded to; without dividing again."""
    times = _WIDE.multiply
    return times(amount, tariff.per) == times(tariff.amount, quantity)


def _to_last_decimal(quotient: Decimal) -> Decimal:
    return quotient.quantize(LAST_DECIMAL, None, _WIDE)  # by name the arguments would cost more than the rounding


def opposite(number: Decimal) -> Decimal:
    return EXACT.minus(number)


# The exact sum of two.
sum_of = _WIDE.add


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    found = ZERO
    for amount in amounts:
        found = sum_of(found, amount)
    return found


def charged(quantity: Decimal, minimum: Decimal, increment: Decimal | None) -> Decimal:
    """The quantity that counts: the minimum at least, what is beyond it in whole increments; nothing stays nothing.

    The caller has set the EXACT context.
    """
    if not quantity:
        return quantity
    if quantity <= minimum:
        return minimum
    if increment is None:
        return quantity
    beyond = (quantity - minimum) % increment
    return quantity + (increment - beyond) if beyond else quantity
