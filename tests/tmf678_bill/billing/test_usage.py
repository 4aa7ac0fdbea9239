"""What usage comes to: its discounts are of all usage of a price in a period, and shared by the items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.tmf678_bill.billing.accounts import VAT_INSIDE, D, account, charged, day, money, off, used
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.values import Charge

FIVE = off("Five", amount="5")


def calls(amount: str, line_kind: str = "usage", month: int = 3, **more: Any) -> Any:
    return used("line", amount, f"2026-{month:02}-01", f"2026-{month + 1:02}-01", line_kind=line_kind, **more)


def proposed(*sums: Any) -> tuple[Charge, ...]:
    return propose(account(usage=sums), day("2026-04-01"))


@pytest.mark.parametrize(
    ("amounts", "discounts", "expected"),
    [
        # Of 10.00 that are left of calls and what corrects them.
        ({"usage": "15", "correction": "-5"}, [FIVE], {"usage": "7.50", "correction": "-2.50"}),
        ({"usage": "20", "setup": "12"}, [FIVE], {"setup": "10.12", "usage": "16.88"}),
        ({"usage": "20", "setup": "10"}, [off("Half", "50", cap="3")], {"setup": "9.00", "usage": "18.00"}),
        # Three thirds of a cent: what is left is rounded, and the items are the differences of the rounded sums.
        (
            {"usage": "3.335", "setup": "3.335", "correction": "3.33"},
            [FIVE],
            {"correction": "1.66", "setup": "1.67", "usage": "1.67"},
        ),
        ({"usage": "4", "correction": "-1"}, [FIVE], {"usage": "0", "correction": "0"}),
        # Nothing is left to be lowered, and nothing is made more.
        ({"usage": "1", "correction": "-4"}, [FIVE], {"usage": "1.00", "correction": "-4.00"}),
        ({"usage": "0"}, [FIVE], {"usage": "0"}),
        ({"usage": "2"}, [off("Five", amount="5", is_floored=False)], {"usage": "-3.00"}),
        ({"usage": "0", "setup": "0"}, [off("Five", amount="5", is_floored=False)], {"setup": "-5.00", "usage": "0"}),
        # The smaller order takes first; a percentage is of the whole.
        ({"usage": "8"}, [off("Ten", "10", order=2), off("Five", amount="5", order=1)], {"usage": "2.20"}),
        # The amount beside a percentage is that of one unit.
        ({"usage": "10"}, [off("Ten", "10", "0.01")], {"usage": "9.00"}),
    ],
)
def test_a_discount_is_of_all_usage_of_the_price(
    amounts: dict[str, str], discounts: list[Any], expected: dict[str, str]
) -> None:
    found = proposed(*(calls(amount, kind, discounts=tuple(discounts)) for kind, amount in amounts.items()))

    assert {one.purpose.line_kind: one.amount.amount for one in found} == {
        kind: D(amount) for kind, amount in expected.items()
    }


def test_it_is_taken_once_from_both_versions_of_a_price_and_once_in_each_period() -> None:
    old, new = calls("20", version="1", discounts=(FIVE,)), calls("5", version="2", discounts=(FIVE,))

    found = proposed(old, new, calls("20", month=2, discounts=(FIVE,)))

    assert [(one.purpose.version, f"{one.purpose.period.start}", one.amount) for one in found] == [
        ("1", "2026-02-01", money("15.00")),
        ("1", "2026-03-01", money("16.00")),
        ("2", "2026-03-01", money("4.00")),
    ]


def test_amounts_with_and_without_tax_are_never_summed() -> None:
    found = proposed(
        calls("20", version="1", discounts=(FIVE,)), calls("20", version="2", tax=VAT_INSIDE, discounts=(FIVE,))
    )

    assert [one.amount for one in found] == [money("15.00"), money("15.00")]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ({}, ["20.00", "20.00"]),
        ({"Half": day("2026-02-01")}, ["20.00", "40.00"]),
        ({"Half": day("2026-02-15")}, ["20.00", "20.00"]),
        ({"Half": day("2026-01-31")}, ["20.00", "40.00"]),
        ({"Other": day("2025-01-01")}, ["20.00", "20.00"]),
    ],
)
def test_its_periods_count_from_its_own_first_day(since: dict[str, Any], expected: list[str]) -> None:
    half = (off("Half", "50", periods=1),)
    facts = account(usage=[calls("40", month=month, discounts=half, since=since) for month in (2, 3)])

    assert [text.rpartition(" ")[2] for text in charged(facts, "2026-04-01")] == expected


@given(
    st.lists(st.integers(-50_000, 100_000), min_size=1, max_size=4),
    st.sampled_from([FIVE, off("Third", "33.3"), off("Half", "50", cap="3"), off("All", "100")]),
)
def test_the_items_are_what_is_left_of_the_sum(thousandths: list[int], discount: Any) -> None:
    assume(sum(thousandths) > 0)
    (whole,) = proposed(calls(_thousandths(sum(thousandths)), discounts=(discount,)))

    found = proposed(
        *(calls(_thousandths(one), f"kind{at}", discounts=(discount,)) for at, one in enumerate(thousandths))
    )

    assert sum(one.amount.amount for one in found) == whole.amount.amount


def _thousandths(count: int) -> str:
    return str(D(count).scaleb(-3))
