"""Deferred revenue: by day, cumulative, the whole at the end."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.accounting import Service
from common.domain.money import Money
from tests.tmf666_account.ledger.kit import euro
from tmf666_account.ledger.recognition import credit, deferred, earned, next_close, recognise

YEAR = Service(date(2026, 1, 1), date(2027, 1, 1))
# 120.00 over the 365 days of 2026, as each month begins: days gone by, and 120 * days / 365 to the cent.
YEARLY = {
    date(2026, 1, 1): "0",
    date(2026, 2, 1): "10.19",  # 31
    date(2026, 3, 1): "19.40",  # 59
    date(2026, 4, 1): "29.59",  # 90
    date(2026, 5, 1): "39.45",  # 120
    date(2026, 6, 1): "49.64",  # 151
    date(2026, 7, 1): "59.51",  # 181
    date(2026, 8, 1): "69.70",  # 212
    date(2026, 9, 1): "79.89",  # 243
    date(2026, 10, 1): "89.75",  # 273
    date(2026, 11, 1): "99.95",  # 304
    date(2026, 12, 1): "109.81",  # 334
    date(2027, 1, 1): "120.00",
}


@pytest.mark.parametrize("day", YEARLY)
def test_a_year_becomes_revenue_by_the_day(day):
    assert earned(euro("120.00"), YEAR, day) == euro(YEARLY[day])


def test_the_page_has_the_same_numbers():
    page = (Path(__file__).resolve().parents[3] / "docs" / "ledger.md").read_text()
    rows = re.findall(r"^\| (?:January|February|March|June|December) \| (\d+) \| ([\d.]+) \|", page, re.MULTILINE)

    earlier = [(str((day - YEAR.start).days), amount) for day, amount in YEARLY.items()]
    assert len(rows) == 5
    assert set(rows) <= set(earlier)


def test_nothing_is_earned_before_and_no_more_afterwards():
    assert earned(euro("120.00"), YEAR, date(2025, 6, 1)) == euro("0.00")
    assert earned(euro("120.00"), YEAR, date(2031, 6, 1)) == euro("120.00")


def test_recognition_goes_on_from_what_was_recognised():
    first, january = recognise(deferred("i", euro("120.00"), YEAR), date(2026, 2, 1))
    second, march = recognise(first, date(2026, 4, 1))

    assert (january, march) == (euro("10.19"), euro("19.40"))
    assert second.left == euro("90.41")


def test_a_credit_takes_back_what_was_recognised_and_what_was_not():
    half, _ = recognise(deferred("i", euro("120.00"), YEAR), date(2026, 7, 1))

    left, unrecognised = credit(half, euro("30.00"))

    # 59.51 was recognised; of 90.00 it is 59.51 * 90 / 120 = 44.63; so 14.88 is revenue taken back.
    assert (left.net, left.recognised, unrecognised) == (euro("90.00"), euro("44.63"), euro("15.12"))
    assert credit(left, euro("90.00"))[1] == euro("45.37")


def test_a_credit_of_the_whole_leaves_nothing():
    left, unrecognised = credit(recognise(deferred("i", euro("120.00"), YEAR), date(2026, 2, 1))[0], euro("120.00"))

    assert (left.net, left.recognised, unrecognised) == (euro("0.00"), euro("0"), euro("109.81"))


@given(
    cents=st.integers(-(10**7), 10**7),
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.integers(1, 1100),
    steps=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 100)), max_size=12),
)
def test_what_is_recognised_and_taken_back_comes_to_the_whole(cents, start, days, steps):
    service = Service(start, start + timedelta(days=days))
    deferral = deferred("i", Money(Decimal(cents).scaleb(-2), "EUR"), service)
    revenue, day = euro("0"), start
    for gone, percentage in steps:
        day += timedelta(days=gone)
        deferral, amount = recognise(deferral, day)
        revenue += amount
        taken = deferral.net.share(percentage).rounded()
        deferral, unrecognised = credit(deferral, taken)
        revenue -= taken - unrecognised
        assert revenue == deferral.recognised

    deferral, amount = recognise(deferral, service.end)

    assert revenue + amount == deferral.net
    assert deferral.left.is_zero


def test_books_close_with_the_month():
    assert next_close(date(2026, 1, 31)) == date(2026, 2, 1)
    assert next_close(date(2026, 12, 1)) == date(2027, 1, 1)
