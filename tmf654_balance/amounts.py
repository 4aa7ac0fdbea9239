"""Exact amounts of balances: what may be said, and sums that never lose a digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from common.domain.exact import DECIMALS, EXACT, LAST_DECIMAL, ROUNDING

ZERO = Decimal(0)
# 15 digits before the point and 18 behind it; one more for a sum of two.
LARGEST = Decimal(10) ** 15
_add = EXACT.add


class Refused(Exception):
    """A balance cannot be changed so; `code` is stable, `message` says what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def fits(amount: Decimal) -> bool:
    """Whether an amount can be kept and added exactly."""
    if not amount.is_finite() or not -LARGEST < amount < LARGEST:
        return False
    return amount.as_tuple().exponent >= -DECIMALS or amount == amount.quantize(LAST_DECIMAL)  # type: ignore[operator]


def added(*amounts: Decimal) -> Decimal:
    """Their sum. Errors: Refused when it is too large."""
    total = amounts[0] if amounts else ZERO
    for amount in amounts[1:]:
        total = _add(total, amount)
    if not fits(total):
        raise Refused("amount.too-large", f"amounts are below {LARGEST:,} with {DECIMALS} decimals at most")
    return total


def taken(amount: Decimal, other: Decimal) -> Decimal:
    return added(amount, -other)


def kept(amount: Decimal) -> Decimal:
    """An amount of more digits than are kept, half-even."""
    return amount.quantize(LAST_DECIMAL, context=ROUNDING)


def number(value: Any) -> Decimal | None:
    """A JSON number, exactly; None for anything else."""
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def stated(action: Mapping[str, Any], *, signs: str = "positive") -> Decimal:
    """The amount of an action. Shapes: `signs` is `positive`, or `either` but not zero.

    Errors: Refused for an amount that is none, or cannot be kept exactly.
    """
    quantity = action.get("amount")
    amount = number(quantity.get("amount")) if isinstance(quantity, Mapping) else None
    if amount is None:
        raise Refused("amount.missing", "say how much, as in {amount: 10, units: EUR}")
    if amount == 0 or (signs == "positive" and amount < 0):
        raise Refused("amount.invalid", f"the amount is {amount}; give one above zero")
    if not fits(amount):
        raise Refused("amount.too-large", f"amounts are below {LARGEST:,} with {DECIMALS} decimals at most")
    return amount


def units(action: Mapping[str, Any]) -> str | None:
    """The unit that an action names."""
    quantity = action.get("amount")
    named = quantity.get("units") if isinstance(quantity, Mapping) else None
    return named if isinstance(named, str) and named else None


def least(amounts: Iterable[Decimal]) -> Decimal:
    return min(amounts)
