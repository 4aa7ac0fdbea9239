"""Which price is found, which numbers are destinations, and which prices are ambiguous."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from tests.tmf635_usage.rating.plans import D, match, price, rate_of, subject, usage
from tmf635_usage.rating.checks import ambiguities, ambiguous
from tmf635_usage.rating.compiled import compile_plan
from tmf635_usage.rating.index import digits_of
from tmf635_usage.rating.meter import rate
from tmf635_usage.rating.values import Plan, Rating, State, Usage, UsagePrice, Window


def found(prices: list[UsagePrice], of: Usage) -> str | None:
    outcome = rate(compile_plan(Plan(tuple(prices))), subject(), State(), of)
    return outcome.price.id if isinstance(outcome, Rating) and outcome.price else None


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("431234567", "431234567"),
        ("+43 (1) 234-567", "431234567"),
        ("0043.1.234567", "431234567"),
        ("tel:+43-1-234567;phone-context=x", "431234567"),
        ("112", "112"),
        ("*100#", ""),
        ("ACME", ""),
        ("+", ""),
        (None, ""),
    ],
)
def test_a_destination_is_its_digits(number, digits):
    assert digits_of(number) == digits


def test_more_dimensions_come_before_a_longer_prefix_and_that_before_priority():
    zone, long, short, first = (
        price("zone", to=match("voice", "43", zone="home")),
        price("long", to=match("voice", "431")),
        price("short", to=replace(match("voice", "43"), priority=1)),
        price("first", to=replace(match("voice", "43"), priority=2)),
    )
    prices = [first, short, long, zone]

    assert found(prices, usage("voice 1 s destination=431 zone=HOME")) == "zone"
    assert found(prices, usage("voice 1 s destination=4312")) == "long"
    assert found(prices, usage("voice 1 s destination=4322")) == "short"
    assert found(prices, usage("voice 1 s destination=4")) is None
    assert list(ambiguities(prices)) == []


def test_a_shorter_prefix_steps_in_where_the_longer_is_not_valid():
    later = replace(match("voice", "431"), valid_from=datetime(2026, 4, 1, tzinfo=UTC))
    prices = [price("short", to=match("voice", "43")), price("long", to=later)]

    assert found(prices, usage("voice 1 s destination=4312")) == "short"
    assert found(prices, usage("voice 1 s destination=4312", datetime(2026, 4, 1, tzinfo=UTC))) == "long"


def test_ten_thousand_prefixes_are_one_price():
    table = {str(number): rate_of(str(number)) for number in range(10_000, 20_000)}

    outcome = rate(
        compile_plan(Plan((price("table", table=table),))), subject(), State(), usage("voice 60 s destination=123456")
    )

    assert isinstance(outcome, Rating)
    assert (outcome.prefix, outcome.lines[0].amount) == ("12345", D(12345))


def window(days: str = "", start: int = 0, end: int = 0, calendars: str = "", excepted: str = "") -> Window:
    weekdays = frozenset(int(day) for day in days)
    return Window(weekdays, time(start), time(end), frozenset(calendars.split()), frozenset(excepted.split()))


SPRING, MAY, SUMMER = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 5, 7))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (match("voice"), match("voice"), True),
        (match("voice"), match("data"), False),
        (match(zone="a"), match(slice="b"), True),
        (match(zone="a|b"), match(zone="B|c"), True),
        (match(zone="a"), match(zone="b"), False),
        (match(zone="a"), match(zone="a", slice="b"), False),
        (match("voice", "43", "44"), match("voice", "44"), True),
        (match("voice", "43"), match("voice", "431"), False),
        (match("voice", "43"), match(zone="a"), False),
        (replace(match(), priority=1), replace(match(), priority=2), False),
        (replace(match(), valid_until=MAY), replace(match(), valid_from=MAY), False),
        (replace(match(), valid_until=SUMMER), replace(match(), valid_from=MAY), True),
        (replace(match(), valid_from=SPRING, valid_until=MAY), match(), True),
        (match(windows=(window("12345", 8, 18),)), match(windows=(window("12345", 18, 8),)), False),
        (match(windows=(window("5", 20, 6),)), match(windows=(window("6", 5, 7),)), True),
        (match(windows=(window("5", 20, 6),)), match(windows=(window("6", 6, 7),)), False),
        (match(windows=(window("6", 6, 7),)), match(windows=(window("5", 20, 6),)), False),
        (match(windows=(window("67"),)), match(windows=(window("12345"),)), False),
        (match(windows=(window("12345"),)), match(windows=(window(calendars="holidays"),)), True),
        (
            match(windows=(window("12345", excepted="holidays"),)),
            match(windows=(window(calendars="holidays"),)),
            False,
        ),
        (match(windows=(window(),)), match(zone="a"), True),
    ],
)
def test_prices_are_ambiguous_when_some_usage_fits_both_equally(one, other, expected):
    first, second = price("first", to=one), price("second", to=other)

    assert ambiguous(first, second) is expected
    assert ambiguous(second, first) is expected
    assert list(ambiguities([first, second])) == ([(first, second)] if expected else [])


def test_a_table_is_ambiguous_with_what_has_the_same_prefix():
    table = price("table", table={"44": rate_of("1"), "4420": rate_of("2")})

    assert ambiguous(table, price("same", to=match("voice", "4420")))
    assert not ambiguous(table, price("other", to=match("voice", "442")))
    assert not ambiguous(table, replace(price("same", to=match("voice", "4420")), currency="JPY"))
