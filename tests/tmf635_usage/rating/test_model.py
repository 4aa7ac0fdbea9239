"""The engine and a slow, obvious model agree to the last digit, whatever the plan."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tmf635_usage.rating import strategies as some
from tests.tmf635_usage.rating.model import Model
from tmf635_usage.rating.amounts import total
from tmf635_usage.rating.compiled import compile_plan
from tmf635_usage.rating.meter import rate_all
from tmf635_usage.rating.values import LineKind, Rejection, State


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.plans(), some.SUBJECTS, st.lists(some.usages(), min_size=1, max_size=12))
def test_engine_and_model_agree(plan, subject, usages):
    model = Model(plan, subject)

    batch = rate_all(compile_plan(plan), subject, State(), usages)

    for usage, outcome in zip(usages, batch.outcomes, strict=True):
        expected = model.rate(usage)
        if isinstance(outcome, Rejection):
            assert outcome.reason.value == expected
        else:
            free = sum(line.quantity for line in outcome.lines if line.kind is LineKind.ALLOWANCE)
            assert (Fraction(total(line.amount for line in outcome.lines)), Fraction(free)) == expected
