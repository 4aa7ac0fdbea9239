"""A whole number is one however it is written."""

from decimal import Decimal
from typing import Any

import pytest

from common.domain.numbers import whole_number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (0, 0),
        (-2, -2),
        (Decimal("3"), 3),
        (Decimal("3.0"), 3),
        (Decimal("3E+2"), 300),
        (Decimal("-0.0"), 0),
        (Decimal("1234567890123456789012345678901234.0"), 1234567890123456789012345678901234),
        (Decimal("3.5"), None),
        (Decimal("0.9999999999999999999999999999999999"), None),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (True, None),
        (False, None),
        ("3", None),
        (None, None),
        ([3], None),
    ],
)
def test_a_whole_number_is_one_however_it_is_written(value: Any, expected: int | None) -> None:
    found = whole_number(value)

    assert (found, type(found)) == (expected, type(expected))
