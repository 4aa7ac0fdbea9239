"""In which period an instant lies: month ends, clocks that change, passes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.durations import Duration
from tests.tmf635_usage.rating import strategies as some
from tmf635_usage.rating.periods import later_end, period_at, period_before
from tmf635_usage.rating.values import Anchor, PeriodRule, PeriodUnit, Subject


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def whose(zone: str, cycle: str = "2026-01-31", activated: str = "2026-01-10T23:30:00Z") -> Subject:
    return Subject("product", ZoneInfo(zone), date.fromisoformat(cycle), at(activated))


MONTH = PeriodRule()
MOMENTS = st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: at("2020-01-01T00:00Z") + timedelta(minutes=minutes))
WEEK = PeriodRule(PeriodUnit.WEEK)
DAY = PeriodRule(PeriodUnit.DAY)


@pytest.mark.parametrize(
    ("moment", "rule", "subject", "start", "end"),
    [
        ("2026-02-10T00:00Z", MONTH, whose("UTC"), "2026-01-31T00:00Z", "2026-02-28T00:00Z"),
        ("2026-02-28T00:00Z", MONTH, whose("UTC"), "2026-02-28T00:00Z", "2026-03-31T00:00Z"),
        ("2028-02-29T12:00Z", MONTH, whose("UTC"), "2028-02-29T00:00Z", "2028-03-31T00:00Z"),
        ("2026-04-30T12:00Z", MONTH, whose("UTC"), "2026-04-30T00:00Z", "2026-05-31T00:00Z"),
        ("2025-12-30T12:00Z", MONTH, whose("UTC"), "2025-11-30T00:00Z", "2025-12-31T00:00Z"),
        ("2026-03-28T12:00Z", DAY, whose("Europe/Vienna"), "2026-03-27T23:00Z", "2026-03-28T23:00Z"),
        ("2026-03-29T12:00Z", DAY, whose("Europe/Vienna"), "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        ("2026-10-25T12:00Z", DAY, whose("Europe/Vienna"), "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        ("2026-03-01T00:00Z", DAY, whose("Pacific/Auckland"), "2026-02-28T11:00Z", "2026-03-01T11:00Z"),
        # Clocks in Cairo go forward at midnight: the day begins at one.
        ("2026-04-24T12:00Z", DAY, whose("Africa/Cairo"), "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
        ("2026-02-04T12:00Z", WEEK, whose("UTC"), "2026-01-31T00:00Z", "2026-02-07T00:00Z"),
        (
            "2026-02-04T12:00Z",
            PeriodRule(PeriodUnit.MONTH, 3, Anchor.ACTIVATION),
            whose("Europe/Vienna"),  # where it was the 11th already
            "2026-01-10T23:00Z",
            "2026-04-10T22:00Z",
        ),
        (
            "2026-01-11T23:00Z",
            PeriodRule(PeriodUnit.PASS, length=Duration(0, 86_400)),
            whose("UTC"),
            "2026-01-10T23:30Z",
            "2026-01-11T23:30Z",
        ),
        (
            "2026-03-29T01:00Z",  # a day by the clock has 23 hours then, and 90 minutes always last 90 minutes
            PeriodRule(PeriodUnit.PASS, length=Duration(0, 86_400 + 5_400)),
            whose("Europe/Vienna", activated="2026-03-28T12:00:00Z"),
            "2026-03-28T12:00Z",
            "2026-03-29T12:30Z",
        ),
        (
            "2026-02-01T00:00Z",
            PeriodRule(PeriodUnit.PASS, length=Duration(1, 0)),
            whose("UTC", activated="2026-01-31T08:00:00Z"),
            "2026-01-31T08:00Z",
            "2026-02-28T08:00Z",
        ),
    ],
)
def test_an_instant_lies_in_its_period(moment, rule, subject, start, end):
    assert period_at(at(moment), rule, subject) == (at(start), at(end))


def test_a_pass_has_no_period_before_and_after_it():
    rule = PeriodRule(PeriodUnit.PASS, length=Duration(0, 3600))

    assert period_at(at("2026-01-10T23:29:59Z"), rule, whose("UTC")) is None
    assert period_at(at("2026-01-11T00:30:00Z"), rule, whose("UTC")) is None


@given(some.RULES, some.SUBJECTS, MOMENTS)
def test_periods_follow_each_other_without_a_gap(rule, subject, moment):
    period = period_at(moment, rule, subject)

    assert period is not None
    assert period.start <= moment < period.end
    assert period_at(period.start, rule, subject) == period
    assert period_at(period.end - timedelta(microseconds=1), rule, subject) == period
    before = period_before(period, rule, subject)
    assert before.end == period.start
    assert later_end(before, 1, rule, subject) == period.end
