"""ISO 8601 durations and what is so much later."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.domain.durations import Duration, read_duration

MOMENT = datetime(2024, 1, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1M", Duration(1, 0)),
        ("P1Y2M", Duration(14, 0)),
        ("P2W", Duration(0, 14 * 86_400)),
        ("P1DT1H1M1S", Duration(0, 86_400 + 3_661)),
        ("PT90S", Duration(0, 90)),
        ("P0D", Duration(0, 0)),
        *((text, None) for text in ("", "P", "PT", "P1DT", "T1H", "P-1D", "P1,5D", "1M", "P1D1M", "p1d", "P1D\n")),
    ],
)
def test_a_duration_is_read_whole_or_not_at_all(text: str, expected: Duration | None) -> None:
    assert read_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1M", datetime(2024, 2, 29, 23, 30, tzinfo=UTC)),
        ("P13M", datetime(2025, 2, 28, 23, 30, tzinfo=UTC)),
        ("P11M", datetime(2024, 12, 31, 23, 30, tzinfo=UTC)),
        ("P1MT1H", datetime(2024, 3, 1, 0, 30, tzinfo=UTC)),
        ("P1Y", datetime(2025, 1, 31, 23, 30, tzinfo=UTC)),
    ],
)
def test_months_are_calendar_months(text: str, expected: datetime) -> None:
    duration = read_duration(text)

    assert duration is not None
    assert duration.after(MOMENT) == expected


@pytest.mark.parametrize("text", ["P8000Y", "P3000000D"])
def test_beyond_the_calendar_is_an_overflow(text: str) -> None:
    duration = read_duration(text)

    assert duration is not None
    with pytest.raises(OverflowError):
        duration.after(MOMENT)
