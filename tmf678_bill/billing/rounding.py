"""From exact amounts to whole minor units (ISO 4217), the one place of the engine that rounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from fractions import Fraction

from common.domain.money import Money, minor_units
from tmf678_bill.billing.values import Rounding

# Amounts in documents have 34 digits at most, and an exponent of 400: what is computed from them has fewer than these.
_EXACT = Context(prec=2_000)


def rounded(exact: Fraction, currency: str, rounding: Rounding) -> Money:
    """The nearest whole minor unit; from the middle to the even one, or away from zero (half-up)."""
    digits = minor_units(currency)
    numerator, denominator = abs(exact.numerator) * 10**digits, exact.denominator
    units, rest = divmod(numerator, denominator)
    is_up = 2 * rest > denominator or (2 * rest == denominator and (rounding is Rounding.HALF_UP or units % 2 == 1))
    units += is_up
    return Money(Decimal(-units if exact < 0 else units).scaleb(-digits, _EXACT), currency)


def total(amounts: Iterable[Fraction]) -> Fraction:
    """Their sum, exactly: amounts with one denominator are added first, which is several times cheaper."""
    by_denominator: dict[int, int] = {}
    for one in amounts:
        by_denominator[one.denominator] = by_denominator.get(one.denominator, 0) + one.numerator
    return sum((Fraction(numerator, denominator) for denominator, numerator in by_denominator.items()), Fraction(0))


def shares(whole: Iterable[Fraction], currency: str, rounding: Rounding) -> Iterator[Money]:
    """Whole minor units for each amount, which sum to what their sum rounds to: differences of the rounded sums."""
    exact, given = Fraction(0), Money(Decimal(0), currency)
    for one in whole:
        exact += one
        until = rounded(exact, currency, rounding)
        yield until - given
        given = until
