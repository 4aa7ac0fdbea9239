"""The text of an explanation is what the model says, to the letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.exact_json import decode, encode
from tests.tmf635_usage.rating import strategies as some
from tests.tmf635_usage.rating.explanation_model import explain, plain
from tests.tmf635_usage.rating.plans import PLANS, SUBJECTS, D, match, price, rate_of, subject, usage, worked
from tests.tmf635_usage.rating.test_properties import LISTS, usual
from tmf635_usage.rating.compiled import CompiledPlan, compile_plan
from tmf635_usage.rating.explanation import explained
from tmf635_usage.rating.meter import rate_all
from tmf635_usage.rating.tally import reverse
from tmf635_usage.rating.values import Plan, Rating, State, Subject, Usage


def assert_same(plan: CompiledPlan, whose: Subject, usages: list[Usage]) -> None:
    for outcome in rate_all(plan, whose, State(), usages).outcomes:
        if isinstance(outcome, Rating):
            for rating in (outcome, reverse(outcome)):
                assert explained(rating) == encode(plain(explain(rating))).decode()


@usual
@given(some.plans(), some.SUBJECTS, LISTS)
def test_whatever_was_decided(plan, whose, usages):
    assert_same(compile_plan(plan), whose, usages)


@pytest.mark.parametrize("name", PLANS)
def test_every_worked_table(name):
    usages = [usage(text, datetime.fromisoformat(at)) for at, text, *_ in worked(name)]
    assert_same(compile_plan(PLANS[name]), SUBJECTS.get(name, subject()), usages)


@pytest.mark.parametrize("quantity", ["0", "-0", "0.0", "0E-18", "1E+3", "1E+17", "0.00000001", "90.50"])
def test_numbers_as_they_were_written(quantity):
    each = [Usage("voice", usage("voice 1 s").at, D(quantity), unit, {}) for unit in ("s", "min")]
    assert_same(compile_plan(Plan((price("voice", "0.10"),))), subject(), each)
    assert_same(compile_plan(PLANS["increments"]), subject(), each)


@given(st.text(max_size=8))
def test_texts_with_any_character_in_them(text):
    named = match("voice", **{"zone": "home"}, dnn=text.replace("|", "") or "ims")
    plan = Plan((price(text or "voice", to=named), price("world", to=match("voice", "43"))), (), {})
    each = usage("voice 60 s")._replace(attributes={"zone": "HOME", "dnn": text.replace("|", "") or "ims"})
    other = each._replace(attributes={"destination": "tel:+43;" + text})
    assert_same(compile_plan(plan), replace(subject(), product=text), [each, other])


def test_an_attribute_named_like_another_member_is_there_once():
    plan = compile_plan(Plan((price("voice", to=match("voice", "43", prefix="x", usageType="y", destination="431")),)))
    each = usage("voice 60 s prefix=x usageType=y destination=431")
    [outcome] = rate_all(plan, subject(), State(), [each]).outcomes
    assert isinstance(outcome, Rating)

    told = decode(explained(outcome).encode())

    assert told["matched"] == {"usageType": "y", "prefix": "x", "destination": "431"}
    assert_same(plan, subject(), [each])


def test_a_table_is_told_by_what_its_destinations_cost():
    table = {
        "43": rate_of("0.10", "60 s", "1 s", "0.05"),
        "44": rate_of("0.10", "60 s", "1 s", "0.05"),
        "45": rate_of("1"),
    }
    plan = compile_plan(Plan((price("voice", table=table),)))
    assert_same(plan, subject(), [usage(f"voice 61 s destination={number}12345") for number in table])
