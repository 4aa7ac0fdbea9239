"""Numbers as documents write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def whole_number(value: Any) -> int | None:
    """The integer that a JSON value is: 3, and 3.0 as well; None for 3.5, for true and for what is no number.

    Source: JSON Schema 2020-12 core §4.2.3, validation §6.1.1: a number whose fraction is zero is an integer.
    """
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
