"""What a plan may not say, and where it says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from common.domain.durations import Duration
from tests.tmf635_usage.rating.plans import PLANS, match, price, quantity, rate_of, tiered
from tmf635_usage.rating.checks import problems
from tmf635_usage.rating.values import (
    Allowance,
    PeriodRule,
    PeriodUnit,
    Plan,
    Rollover,
    TierModel,
    Window,
)

PLAIN = price("p")
PASS = PeriodRule(PeriodUnit.PASS, length=Duration(0, 60))
FREE = Allowance("a", "1", match(), quantity("1 min"))


@pytest.mark.parametrize("name", PLANS)
def test_the_plans_of_the_page_have_no_problem(name):
    assert problems(PLANS[name]) == ()


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (replace(PLAIN, currency=""), "currency"),
        (replace(PLAIN, per=quantity("1 mile")), "per.unit"),
        (replace(PLAIN, per=quantity("0 min")), "per.amount"),
        (replace(PLAIN, rate=rate_of("-1")), "rate.amount"),
        (replace(PLAIN, rate=rate_of("0.0000000000001")), "rate.amount"),
        (replace(PLAIN, rate=rate_of("1000000000000")), "rate.amount"),
        (replace(PLAIN, rate=rate_of("1", setup_fee="NaN")), "rate.setup_fee"),
        (replace(PLAIN, rate=rate_of("1", "1 MB")), "rate.minimum.unit"),
        (replace(PLAIN, rate=rate_of("1", "1 s", "0 s")), "rate.increment.amount"),
        (replace(PLAIN, match=match("")), "match.usage_type"),
        (replace(PLAIN, match=match("voice", "+43")), "match.prefixes"),
        (replace(PLAIN, match=replace(match(), attributes={"zone": frozenset()})), "match.attributes.zone"),
        (replace(PLAIN, match=match(windows=(Window(frozenset({8})),))), "match.windows"),
        (replace(PLAIN, match=match(windows=(Window(calendars=frozenset({"?"})),))), "match.windows"),
        (replace(PLAIN, match=replace(match(), valid_from=datetime(2026, 1, 1))), "match.valid"),  # noqa: DTZ001
        (replace(PLAIN, table={"": rate_of("1")}), "table."),
        (replace(PLAIN, table={"43": rate_of("1")}, match=match("voice", "1")), "table"),
        (replace(PLAIN, table={"43": rate_of("-1")}), "table.43.amount"),
        (replace(PLAIN, tier_model=TierModel.VOLUME), "tier_model"),
        (tiered(TierModel.VOLUME, ("1", "1")), "tiers"),
        (tiered(TierModel.VOLUME, ("0", "1"), ("0", "1")), "tiers"),
        (tiered(TierModel.VOLUME, ("0", "-1")), "tiers.0"),
        (tiered(TierModel.VOLUME, ("0", "1", "5")), "tiers.0.size"),
        (tiered(TierModel.PACKAGE, ("0", "1")), "tiers.0.size"),
        (replace(PLAIN, period=PeriodRule(count=0)), "period"),
        (replace(PLAIN, period=PeriodRule(PeriodUnit.PASS)), "period.length"),
    ],
)
def test_a_price_says_what_can_be_rated(made, where):
    assert [(found.id, found.where) for found in problems(Plan((made,)))] == [(made.id, where)]


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (replace(FREE, quantity=quantity("1 mile")), "quantity.unit"),
        (replace(FREE, quantity=quantity("-1 s")), "quantity.amount"),
        (replace(FREE, rollover=Rollover(0)), "rollover.periods"),
        (replace(FREE, rollover=Rollover(1, quantity("1 GB"))), "rollover.cap.unit"),
        (replace(FREE, rollover=Rollover(1), period=PASS), "rollover"),
    ],
)
def test_an_allowance_says_what_can_be_granted(made, where):
    assert [(found.id, found.where) for found in problems(Plan((), (made,)))] == [("a", where)]


def test_a_version_is_there_once():
    assert [found.where for found in problems(Plan((PLAIN, replace(PLAIN, rate=rate_of("2")))))] == ["version"]
