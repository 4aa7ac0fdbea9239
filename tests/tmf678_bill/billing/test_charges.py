"""What is proposed: one-time charges, days that fall due, discounts, bundles, commitments, currencies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tmf678_bill.billing.accounts import (
    VAT,
    VAT_INSIDE,
    D,
    account,
    at_least,
    charged,
    day,
    money,
    monthly,
    off,
    off_all,
    once,
    product,
    span,
    used,
)
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.values import Anchor, Bundled, OtherCurrency, ProductFacts, Stretch

MARCH = "2026-03-01..2026-04-01"


def keys(facts: Any, cutoff: str) -> list[str]:
    return [one.key for one in propose(facts, day(cutoff))]


def test_keys_are_these_texts_for_ever() -> None:
    facts = account(
        product(
            "line/1",
            (
                "2026-03-10",
                [
                    monthly("plan", "10", count=3, anchor=Anchor.ACTIVATION),
                    monthly("50%", "10", tax=VAT_INSIDE),
                    once("set-up", "5"),
                    off_all(off("less", "10")),
                    at_least("least", "99"),
                ],
            ),
        ),
        usage=[used("line/1", "1.20", "2026-03-01", "2026-04-01", currency="EUR")],
    )

    assert keys(facts, "2026-04-01") == [
        "recurring/line%2F1/50%25/EUR gross/1 month cycle/2026-03-01",
        "recurring/line%2F1/plan/EUR net/3 month activation/2026-03-10",
        "recurring/line%2F1/50%25/EUR gross/1 month cycle/2026-04-01",
        "oneTime/line%2F1/set-up/EUR net",
        "usage/line%2F1/calls:1/EUR net/voice/usage/2026-03-01",
        "discount/line%2F1/less/EUR gross/VAT/20/2026-03-01",
        "discount/line%2F1/less/EUR net///2026-03-01",
        "discount/line%2F1/less/EUR net/VAT/20/2026-03-01",
        "discount/line%2F1/less/EUR gross/VAT/20/2026-04-01",
        "commitment/line%2F1/least/EUR net/2026-03-01",
    ]


@pytest.mark.parametrize(
    ("cutoff", "in_advance", "is_due"),
    [
        ("2026-02-28", True, False),
        ("2026-03-01", True, False),
        ("2026-03-09", True, False),
        ("2026-03-10", True, True),
        ("2026-03-31", False, False),
        ("2026-04-01", False, True),
    ],
)
def test_in_advance_is_due_on_the_first_charged_day_in_arrears_at_the_end(
    cutoff: str, in_advance: bool, is_due: bool
) -> None:
    facts = account(product("line", ("2026-03-10", [monthly("Plan", "31", in_advance=in_advance)])))

    assert charged(facts, cutoff) == (["Plan 2026-03-10..2026-04-01 22.00"] if is_due else [])


def staged(*stretches: Stretch, activated: str | None = "2026-03-10", terminated: str | None = None) -> ProductFacts:
    return ProductFacts(
        "line",
        "Line",
        day("2026-03-01"),
        None if activated is None else day(activated),
        None if terminated is None else day(terminated),
        (),
        stretches,
    )


def stretch(start: str, end: str | None, is_charged: bool, *prices: Any) -> Stretch:
    return Stretch(day(start), None if end is None else day(end), is_charged, prices)


def elsewhere(start: str, end: str | None, is_charged: bool, *prices: Any) -> Stretch:
    """While it was another account's."""
    return replace(stretch(start, end, is_charged, *prices), is_elsewhere=True)


FEE, ORDER, END = once("Fee", "9"), once("Order", "1", "order"), once("End", "20", "termination")
OTHER_END = once("Other end", "5", "termination")


@pytest.mark.parametrize(
    ("facts", "cutoff", "expected"),
    [
        (staged(stretch("2026-03-01", None, False, FEE, ORDER), activated=None), "2026-04-01", ["Order 03-01"]),
        (
            staged(stretch("2026-03-01", "2026-03-10", False, FEE), stretch("2026-03-10", None, True, FEE)),
            "2026-03-09",
            [],
        ),
        (
            staged(stretch("2026-03-01", "2026-03-10", False, FEE), stretch("2026-03-10", None, True, FEE)),
            "2026-03-10",
            ["Fee 03-10"],
        ),
        # The price was gone when the product became active.
        (staged(stretch("2026-03-01", "2026-03-10", False, FEE), stretch("2026-03-10", None, True)), "2026-04-01", []),
        (staged(stretch("2026-03-01", "2026-03-08", False, FEE), stretch("2026-03-08", None, True)), "2026-04-01", []),
        # It was there on the day, and changed before the day was over.
        (
            staged(stretch("2026-03-10", "2026-03-10", True, FEE), stretch("2026-03-10", None, True)),
            "2026-04-01",
            ["Fee 03-10"],
        ),
        # It came with a later change.
        (
            staged(stretch("2026-03-10", "2026-03-20", True), stretch("2026-03-20", None, True, FEE, ORDER)),
            "2026-04-01",
            ["Fee 03-20", "Order 03-20"],
        ),
        # It was there before and after a change: once.
        (
            staged(stretch("2026-03-10", "2026-03-20", True, FEE), stretch("2026-03-20", None, True, FEE)),
            "2026-04-01",
            ["Fee 03-10"],
        ),
        # It went with one change and came back with another: twice.
        (
            staged(
                stretch("2026-03-10", "2026-03-20", True, FEE, ORDER),
                stretch("2026-03-20", "2026-03-25", True),
                stretch("2026-03-25", "2026-03-28", False, FEE, ORDER),
                stretch("2026-03-28", None, True, FEE),
            ),
            "2026-04-01",
            ["Order 03-01", "Fee 03-10", "Fee 03-25", "Order 03-25"],
        ),
        # It came back before the product became active: once.
        (
            staged(
                stretch("2026-03-01", "2026-03-05", False, FEE),
                stretch("2026-03-05", "2026-03-07", False),
                stretch("2026-03-07", None, True, FEE),
            ),
            "2026-04-01",
            ["Fee 03-10"],
        ),
        (
            staged(
                stretch("2026-03-10", "2026-03-20", True, END),
                stretch("2026-03-20", "2026-03-25", False, OTHER_END),
                terminated="2026-03-25",
            ),
            "2026-04-01",
            ["Other end 03-25"],
        ),
        (staged(stretch("2026-03-10", None, True, END)), "2026-04-01", []),
        # It was ordered for one account and activated for the other, on the same day or not.
        (
            staged(
                stretch("2026-03-01", "2026-03-05", False, FEE, ORDER), elsewhere("2026-03-05", None, True, FEE, ORDER)
            ),
            "2026-04-01",
            ["Order 03-01"],
        ),
        (
            staged(
                elsewhere("2026-03-01", "2026-03-05", False, FEE, ORDER), stretch("2026-03-05", None, True, FEE, ORDER)
            ),
            "2026-04-01",
            ["Fee 03-10"],
        ),
        (
            staged(stretch("2026-03-10", "2026-03-10", False, FEE), elsewhere("2026-03-10", None, True, FEE)),
            "2026-04-01",
            [],
        ),
        (
            staged(elsewhere("2026-03-10", "2026-03-10", False, FEE), stretch("2026-03-10", None, True, FEE)),
            "2026-04-01",
            ["Fee 03-10"],
        ),
        # It ended on another account.
        (
            staged(
                stretch("2026-03-10", "2026-03-20", True, END),
                elsewhere("2026-03-20", "2026-03-25", True, END),
                terminated="2026-03-25",
            ),
            "2026-04-01",
            [],
        ),
    ],
)
def test_a_one_time_charge_is_due_on_the_day_that_gives_rise_to_it(
    facts: ProductFacts, cutoff: str, expected: list[str]
) -> None:
    found = propose(account(facts), day(cutoff))

    assert [f"{one.purpose.name} {one.span.start:%m-%d}" for one in found] == expected


@pytest.mark.parametrize(
    ("discounts", "expected"),
    [
        ([off("a", "10")], "27.00"),
        ([off("a", "10"), off("b", "10")], "24.00"),
        ([off("a", amount="40")], "0"),
        ([off("a", amount="40", is_floored=False)], "-10.00"),
        ([off("a", "100"), off("b", "100")], "0"),
        ([off("a", "50", cap="4"), off("b", amount="6", cap="5")], "21.00"),
        # The amount is what was agreed; the percentage is only told.
        ([off("a", "10", "2.99")], "27.01"),
        # 33.3333 % of 30 is 9.99999, and 10.00 in whole minor units.
        ([off("a", "33.3333")], "20.00"),
    ],
)
def test_discounts_of_a_price(discounts: list[Any], expected: str) -> None:
    facts = account(product("line", ("2026-03-01", [monthly("Plan", "30", discounts=tuple(discounts))])))

    (charge,) = propose(facts, day("2026-03-01"))

    assert charge.amount.amount == D(expected)


def test_the_smaller_order_takes_first_and_the_floor_stops_the_last() -> None:
    last, first = off("a", amount="20", order=2), off("b", amount="20", order=1)
    facts = account(product("line", ("2026-03-01", [monthly("Plan", "30", discounts=(last, first))])))

    (charge,) = propose(facts, day("2026-03-01"))

    assert [(one.discount.key, one.amount) for one in charge.parts[0].taken] == [
        ("b", money("20")),
        ("a", money("10")),
    ]


def test_a_discount_that_comes_back_under_its_key_goes_on_counting_from_its_first_day() -> None:
    lowered = [monthly("Plan", "31", discounts=(off("Two months", amount="31", periods=2),))]
    facts = account(
        product("line", ("2026-01-01", lowered), ("2026-01-16", [monthly("Plan", "31")]), ("2026-02-15", lowered))
    )

    assert charged(facts, "2026-03-01") == [
        "Plan 2026-01-01..2026-02-01 16.00",
        "Plan 2026-02-01..2026-03-01 15.50",
        "Plan 2026-03-01..2026-04-01 31.00",
    ]


def test_a_bundle_in_a_bundle_lowers_what_is_in_it_and_nothing_else() -> None:
    facts = account(
        product("all", ("2026-03-01", [off_all(off("Ten", "10"))]), parts=("half", "gone")),
        product("half", ("2026-03-01", []), parts=("line", "all")),
        product("line", ("2026-03-01", [monthly("Plan", "30")])),
        product("other", ("2026-03-01", [monthly("Other", "50")])),
    )

    assert charged(facts, "2026-03-01") == [f"Ten {MARCH} -3.00", f"Plan {MARCH} 30.00", f"Other {MARCH} 50.00"]


def test_what_is_bundled_for_some_days_is_lowered_and_spent_on_these() -> None:
    """TV is in the box on 10 days of April, and the box in all on 20 days: both on five.

    Half of these five is taken; of what is left of April, 27.50, five of 30 days are spent.
    """
    facts = account(
        product("all", ("2026-04-01", [off_all(off("Half", "50")), at_least("Least", "100")]),
                parts=("box",), bundled=(Bundled("box", span("2026-04-11", "2026-05-01")),)),
        product("box", ("2026-04-01", []),
                parts=("tv",), bundled=(Bundled("tv", span("2026-04-06", "2026-04-16")),)),
        product("tv", ("2026-04-01", [monthly("TV", "30")])),
    )  # fmt: skip

    assert charged(facts, "2026-05-01") == [
        "Half 2026-04-01..2026-05-01 -2.50",
        "Least 2026-04-01..2026-05-01 95.42",
        "TV 2026-04-01..2026-05-01 30.00",
        "TV 2026-05-01..2026-06-01 30.00",
    ]


@pytest.mark.parametrize(
    ("discounts", "expected"),
    [
        ([off("a", "10"), off("b", "10")], ["-3.00", "-3.00"]),
        ([off("a", amount="25"), off("b", amount="25")], ["-25.00", "-5.00"]),
        ([off("a", amount="25", order=2), off("b", amount="25", order=1)], ["-5.00", "-25.00"]),
        ([off("a", amount="40", is_floored=False)], ["-40.00"]),
        ([off("a", "50", cap="7")], ["-7.00"]),
        ([off("a", "0")], []),
    ],
)
def test_discounts_that_stand_by_themselves(discounts: list[Any], expected: list[str]) -> None:
    prices = [monthly("Plan", "30"), *(off_all(one) for one in discounts)]
    facts = account(product("line", ("2026-03-01", prices)))

    found = propose(facts, day("2026-03-01"))

    assert [str(one.amount.amount) for one in found if one.purpose.kind.value == "discount"] == expected


def test_a_discount_is_shared_by_the_ways_its_charges_are_taxed() -> None:
    prices = [monthly("A", "10", tax=VAT), monthly("B", "20", tax=VAT_INSIDE), off_all(off("Five", amount="5"))]
    facts = account(product("line", ("2026-03-01", prices)))

    found = propose(facts, day("2026-03-01"))

    assert [(str(one.amount.amount), one.purpose.tax) for one in found if one.purpose.name == "Five"] == [
        ("-3.33", VAT_INSIDE),
        ("-1.67", VAT),
    ]


def test_a_discount_without_recurrence_lowers_one_time_charges_too() -> None:
    def with_off(**more: Any) -> list[str]:
        prices = [once("Set-up", "9"), off_all(off("Ten", "10"), **more)]
        return charged(account(product("line", ("2026-03-05", prices))), "2026-03-05")

    assert with_off() == ["Set-up 2026-03-05..2026-03-06 9.00"]
    assert with_off(recurrence=None) == [
        "Set-up 2026-03-05..2026-03-06 9.00",
        "Ten 2026-03-05..2026-04-01 -0.90",
    ]


def test_a_commitment_counts_what_is_used_and_charged_later() -> None:
    plan = monthly("Plan", "31", in_advance=False, anchor=Anchor.ACTIVATION)
    facts = account(product("line", ("2026-03-11", [plan, at_least("Least", "42")])))

    # 21 of 31 days of the plan's first period are in March: 21.00 of at least 28.45.
    first = "Least 2026-03-11..2026-04-01 7.45"
    assert charged(facts, "2026-04-01") == [first]
    assert charged(facts, "2026-04-11") == ["Plan 2026-03-11..2026-04-11 31.00", first]


def test_nothing_is_missing_where_more_is_spent_and_no_minimum_runs_while_suspended() -> None:
    spent = account(product("line", ("2026-03-01", [monthly("Plan", "31"), at_least("Least", "31")])))
    paused = account(
        product("line", ("2026-03-01", [at_least("Least", "31")]), ("2026-03-11", None), ("2026-03-21", [])),
    )

    assert charged(spent, "2026-04-01") == [f"Plan {MARCH} 31.00", "Plan 2026-04-01..2026-05-01 31.00"]
    assert charged(paused, "2026-04-01") == ["Least 2026-03-01..2026-03-11 10.00"]


def test_a_commitment_that_ends_within_a_period_counts_what_is_spent_on_its_days() -> None:
    plan, fee = monthly("Plan", "31"), once("Fee", "7")
    least = at_least("Least", "300", count=3)
    facts = account(
        product("line", ("2026-01-01", [plan, least]), ("2026-02-11", [plan]), ("2026-02-12", [plan, fee])),
        cycle="2026-01-01",
    )

    # 41 of 90 days of the minimum are 136.67; spent on them are 31.00 and 10 of 28 days of 31.00, 11.07, in all 42.07.
    assert [one for one in charged(facts, "2026-04-01") if one.startswith("Least")] == [
        "Least 2026-01-01..2026-02-11 94.60"
    ]


def test_a_minimum_that_is_not_prorated_is_whole() -> None:
    facts = account(product("line", ("2026-03-11", [at_least("Least", "31", is_prorated=False)])))

    assert charged(facts, "2026-04-01") == ["Least 2026-03-11..2026-04-01 31.00"]


def test_a_bill_discount_counts_for_the_commitment() -> None:
    prices = [monthly("Plan", "31"), off_all(off("Ten", "10")), at_least("Least", "30")]
    facts = account(product("line", ("2026-03-01", prices)))

    assert f"Least {MARCH} 2.10" in charged(facts, "2026-04-01")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([monthly("Dollars", "5", "USD")], ("EUR", (("line", "Dollars", "USD"),))),
        ([replace(at_least("Least", "5"), amount=money("5", "USD"))], ("EUR", (("line", "Least", "USD"),))),
        ([off_all(replace(off("Off", amount="5"), amount=money("5", "USD")))], ("EUR", (("line", "Off", "USD"),))),
        (
            [monthly("Low", "5", discounts=(replace(off("Off", "5"), cap=money("5", "USD")),))],
            ("EUR", (("line", "Low", "USD"),)),
        ),
    ],
)
def test_another_currency_is_refused_and_named(more: list[Any], expected: Any) -> None:
    facts = account(product("line", ("2026-03-01", [monthly("Plan", "31"), *more])), currency="EUR")

    with pytest.raises(OtherCurrency) as refused:
        propose(facts, day("2026-04-01"))

    assert (refused.value.expected, refused.value.found) == expected
    assert refused.value.code == "currency.other"


def test_without_a_currency_that_of_the_first_charge_counts() -> None:
    later = product("b", ("2026-03-10", [monthly("Euro", "31")]))
    facts = account(product("a", ("2026-03-01", [monthly("Yen", "310", "JPY")])), later)

    with pytest.raises(OtherCurrency) as refused:
        propose(facts, day("2026-04-01"))

    assert (refused.value.expected, refused.value.found) == ("JPY", (("b", "Euro", "EUR"),))


def test_an_account_with_nothing_is_charged_nothing() -> None:
    assert propose(account(), day("2026-03-01")) == ()


def test_a_period_that_has_begun_counts_whenever_its_first_charged_day_is() -> None:
    """TV's second price is charged from the day after the cutoff on, in a period that began before: the discount of
    January is off it as well, and leaves more of the line for its minimum. As it is when the price had a day before.
    Of 29 days: 1.87 off 1.87 of the plan and off 1.00; 1.22 off the plan leave 0.78.
    """
    extra = monthly("extra", "1", anchor=Anchor.ACTIVATION, is_prorated=False)
    less = off_all(off("less", amount="2"))
    line = product("line", ("2026-01-01", [monthly("plan", "2", in_advance=False), at_least("least", "1")]))

    def january(*before: Any) -> list[str]:
        tv = product("tv", ("2026-01-03", [less, *before]), ("2026-01-04", [less]), ("2026-02-02", [less, extra]))
        facts = account(line, replace(tv, parts=("line",)))
        return [one for one in charged(facts, "2026-02-01") if one.startswith("least")]

    assert january() == january(extra) == ["least 2026-01-01..2026-02-01 0.22"]


def test_a_price_that_comes_back_has_a_key_of_its_own() -> None:
    facts = account(
        staged(
            stretch("2026-03-10", "2026-03-20", True, FEE),
            stretch("2026-03-20", "2026-03-25", True),
            stretch("2026-03-25", None, True, FEE),
        )
    )

    assert keys(facts, "2026-04-01") == ["oneTime/line/Fee/EUR net", "oneTime/line/Fee/EUR net/2"]
