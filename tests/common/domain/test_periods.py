"""Periods as documents write them."""

from datetime import UTC, datetime

import pytest

from common.domain.periods import covers, is_reversed, reversed_at

EARLY, LATE = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (EARLY, LATE, False),
        (LATE, EARLY, True),
        (EARLY, EARLY, False),
        (None, EARLY, False),
        (LATE, None, False),
        ("2026-01-01T00:00:00+02:00", "2025-12-31T23:00:00Z", False),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+02:00", True),
        ("2026-01-01T00:00:00.0001Z", "2026-01-01T00:00:00.000Z", True),
        ("soon", EARLY, False),
        (7, EARLY, False),
    ],
)
def test_a_period_is_reversed_when_its_end_is_the_earlier_instant(start, end, expected):
    assert is_reversed(start, end) is expected


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"startDateTime": EARLY, "endDateTime": LATE}, True),
        ({"startDateTime": LATE}, False),
        ({"endDateTime": EARLY}, False),
        ({"startDateTime": EARLY}, True),
        ({"startDateTime": "2026-01-15T00:00:00.000Z"}, True),
        ({"endDateTime": "2026-01-15T00:00:00.000Z"}, False),
        ({}, True),
        (None, True),
    ],
)
def test_a_period_covers_its_start_and_not_its_end(period, expected):
    assert covers(period, datetime(2026, 1, 15, tzinfo=UTC)) is expected


def test_reversed_periods_are_found_through_arrays_with_their_pointers():
    wrong, right = {"startDateTime": LATE, "endDateTime": EARLY}, {"startDateTime": EARLY, "endDateTime": LATE}
    document = {"a": [{"validFor": right}, {"validFor": wrong}], "b/c": {"validFor": wrong}, "validFor": wrong}

    assert list(reversed_at(document, ("a", "validFor"))) == ["/a/1/validFor/endDateTime"]
    assert list(reversed_at(document, ("b/c", "validFor"))) == ["/b~1c/validFor/endDateTime"]
    assert list(reversed_at(document, ("validFor",))) == ["/validFor/endDateTime"]
    assert list(reversed_at(document, ("missing", "validFor"))) == []
