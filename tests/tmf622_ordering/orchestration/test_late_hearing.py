"""An answer that is heard late, because who asked for it died meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.calls import Answer, Outcome
from tmf622_ordering.orchestration.decompose import OrderedItem, decompose
from tmf622_ordering.orchestration.engine import Pace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOON = timedelta(seconds=1)


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.RETRY])
@pytest.mark.parametrize(
    ("heard_after", "due_after"),
    [
        (timedelta(minutes=1), timedelta(minutes=2)),
        (timedelta(minutes=2), timedelta(minutes=2) + SOON),
        (timedelta(hours=1), timedelta(hours=1) + SOON),
    ],
)
def test_the_instant_to_ask_again_at_is_kept_or_if_it_has_passed_is_soon(
    outcome: Outcome, heard_after: timedelta, due_after: timedelta
) -> None:
    plan, (call,) = engine.ask(decompose("order", [OrderedItem("1", "add")]), NOW)
    answer = Answer(outcome, "under way", "so-1", ask_again_at=NOW + timedelta(minutes=2))

    plan = engine.settle(plan, [(call, answer)], NOW + heard_after, Pace())

    assert engine.due(plan, NOW + heard_after) == NOW + due_after
