"""Periods of days counted from an anchor, and what becomes of them when the anchor is changed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.cycles import Cycle, Cycles, CycleUnit, Span, months_later


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(start: str, end: str) -> Span:
    return Span(day(start), day(end))


MONTH, WEEK, DAY = CycleUnit.MONTH, CycleUnit.WEEK, CycleUnit.DAY
DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
CYCLES = st.builds(Cycle, DAYS, st.sampled_from(CycleUnit), st.integers(1, 13))


@pytest.mark.parametrize(
    ("cycle", "on", "period"),
    [
        (Cycle(day("2026-01-31")), "2026-02-27", ("2026-01-31", "2026-02-28")),
        (Cycle(day("2026-01-31")), "2026-02-28", ("2026-02-28", "2026-03-31")),
        (Cycle(day("2026-01-31")), "2026-03-31", ("2026-03-31", "2026-04-30")),
        (Cycle(day("2024-01-30")), "2028-02-29", ("2028-02-29", "2028-03-30")),
        (Cycle(day("2024-02-29"), MONTH, 12), "2025-03-01", ("2025-02-28", "2026-02-28")),
        (Cycle(day("2024-02-29"), MONTH, 12), "2028-02-29", ("2028-02-29", "2029-02-28")),
        (Cycle(day("2026-01-31"), MONTH, 3), "2025-12-31", ("2025-10-31", "2026-01-31")),
        (Cycle(day("2026-03-02"), WEEK, 2), "2026-03-01", ("2026-02-16", "2026-03-02")),
        (Cycle(day("2026-03-02"), DAY, 10), "2026-03-12", ("2026-03-12", "2026-03-22")),
    ],
)
def test_a_period_is_counted_from_the_anchor(cycle: Cycle, on: str, period: tuple[str, str]) -> None:
    assert cycle.span_at(day(on)) == span(*period)


@given(CYCLES, DAYS)
def test_every_day_is_in_the_period_of_its_index(cycle: Cycle, on: date) -> None:
    index = cycle.index(on)
    found = cycle.span_at(on)

    assert found.start <= on < found.end
    assert (cycle.start(index), cycle.start(index + 1)) == (found.start, found.end)


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-01-28", 1, "2026-02-28"),
        ("2026-01-31", -2, "2025-11-30"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
    ],
)
def test_so_many_months_later(on: str, months: int, expected: str) -> None:
    assert months_later(day(on), months) == day(expected)


def test_spans_are_those_with_a_day_between() -> None:
    cycle = Cycle(day("2026-01-31"))

    assert list(cycle.spans(day("2026-02-27"), day("2026-03-31"))) == [
        span("2026-01-31", "2026-02-28"),
        span("2026-02-28", "2026-03-31"),
    ]
    assert list(Cycles(cycle).spans(day("2026-02-27"), day("2026-03-01"))) == [
        span("2026-01-31", "2026-02-28"),
        span("2026-02-28", "2026-03-31"),
    ]


def test_no_days_are_in_no_period() -> None:
    assert list(Cycle(day("2026-01-01")).spans(day("2026-02-10"), day("2026-02-10"))) == []
    assert list(Cycle(day("2026-01-01")).spans(day("2026-02-10"), day("2026-02-05"))) == []


def test_a_period_is_cut_where_another_cycle_begins_and_keeps_its_days() -> None:
    changed = Cycles(Cycle(day("2024-01-15")), ((Cycle(day("2024-01-01")), day("2026-03-10")),))

    found = list(changed.spans(day("2026-02-05"), day("2026-04-01")))

    assert found == [
        span("2026-02-01", "2026-03-01"),
        span("2026-03-01", "2026-03-10"),
        span("2026-03-10", "2026-03-15"),
        span("2026-03-15", "2026-04-15"),
    ]
    assert [changed.days(one) for one in found] == [28, 31, 28, 31]
    assert [changed.span_at(one.start) for one in found] == found


@given(CYCLES, st.lists(st.tuples(CYCLES, DAYS), max_size=3, unique_by=lambda one: one[1]), DAYS, st.integers(0, 400))
def test_changed_cycles_leave_no_day_out_and_take_none_twice(
    last: Cycle, earlier: list[tuple[Cycle, date]], start: date, days: int
) -> None:
    changed = Cycles(last, tuple(sorted(earlier, key=lambda one: one[1])))
    end = start + timedelta(days=days)

    found = list(changed.spans(start, end))

    assert all(one.end == next.start for one, next in pairwise(found))
    assert bool(found) == bool(days)
    if days:
        assert found[0].start <= start < found[0].end
        assert found[-1].start < end <= found[-1].end
        assert all(changed.span_at(one.start) == one and changed.days(one) >= one.days for one in found)


def test_the_days_that_two_spans_share() -> None:
    march = span("2026-03-01", "2026-04-01")

    assert march.days == 31
    assert march.within(span("2026-03-20", "2026-05-01")) == span("2026-03-20", "2026-04-01")
    assert march.within(span("2026-04-01", "2026-05-01")) is None


@pytest.mark.parametrize("unit", CycleUnit)
@pytest.mark.parametrize("count", [10**7, 10**9, 10**15])
def test_a_period_that_no_calendar_has_lasts_to_its_end(unit: CycleUnit, count: int) -> None:
    cycle = Cycle(day("2026-01-31"), unit, count)

    assert cycle.span_at(day("2026-03-01")) == Span(day("2026-01-31"), date.max)
    assert cycle.span_at(day("2026-01-01")) == Span(date.min, day("2026-01-31"))
    assert list(cycle.spans(day("2026-02-01"), day("2027-01-01"))) == [Span(day("2026-01-31"), date.max)]
