"""The worked tables of docs/rating.md come true, row by row."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from tests.tmf635_usage.rating.plans import PAGE, PLANS, SUBJECTS, D, subject, usage, worked
from tmf635_usage.rating.afford import affordable
from tmf635_usage.rating.amounts import total
from tmf635_usage.rating.compiled import compile_plan
from tmf635_usage.rating.meter import rate
from tmf635_usage.rating.tally import Tally, applied
from tmf635_usage.rating.values import Grant, Rating, Rejection, State


def shown(outcome: Rating | Rejection) -> list[str]:
    if isinstance(outcome, Rejection):
        return ["", "", outcome.reason.value]
    lines = [
        f"{line.kind.value} {line.quantity.normalize():f} {line.unit} {line.amount:f}"
        + ("" if line.tier is None else f" t{line.tier}")
        for line in outcome.lines
    ]
    charged = f"{outcome.charged.normalize():f} {outcome.unit}"
    return [charged, "; ".join(lines), f"{total(line.amount for line in outcome.lines):f}"]


def same_numbers(some: list[str], others: list[str]) -> bool:
    """Texts that are equal but for zeros at the end of numbers."""
    number = re.compile(r"-?\d+(?:\.\d+)?")
    return [(number.sub("#", text), [D(found) for found in number.findall(text)]) for text in some] == [
        (number.sub("#", text), [D(found) for found in number.findall(text)]) for text in others
    ]


def test_every_worked_table_has_a_plan():
    assert re.findall(r"<!-- worked: (\w+) -->", PAGE) == list(PLANS)


@pytest.mark.parametrize("name", PLANS)
def test_a_worked_table_comes_true(name):
    plan, whose, state = compile_plan(PLANS[name]), SUBJECTS.get(name, subject()), State()

    for at, text, *expected in worked(name):
        outcome = rate(plan, whose, state, usage(text, datetime.fromisoformat(at)))
        assert same_numbers(shown(outcome), expected), (at, text, shown(outcome))
        if isinstance(outcome, Rating):
            state = applied(state, [outcome])


def test_the_reservation_table_comes_true():
    plan = compile_plan(PLANS["increments"])
    rows = re.findall(r"^\| ([\d.]+) \| (voice \d+ s) \| (\d+) s \| ([\d.]+) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) == 5

    for money, asked, granted, cost in rows:
        is_final = D(granted) < D(asked.split()[1])
        expected = Grant(D(granted), "s", D(cost), "EUR", is_final, D(cost))
        assert affordable(plan, subject(), Tally(State()), usage(asked), D(money)) == expected
