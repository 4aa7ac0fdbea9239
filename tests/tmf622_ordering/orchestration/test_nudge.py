"""What others say of a task makes it asked now, once, however it comes in between question and answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.calls import Answer, Operation, Outcome
from tmf622_ordering.orchestration.decompose import OrderedItem, decompose
from tmf622_ordering.orchestration.engine import Pace
from tmf622_ordering.orchestration.plain import of_plain, to_plain
from tmf622_ordering.orchestration.plan import Plan, TaskState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TASK = "1/activate"
ACCEPTED = Answer(Outcome.ACCEPTED, "inProgress", "so-1", ask_again_at=LATER)


def asked() -> tuple[Plan, tuple[engine.Call, ...]]:
    return engine.ask(decompose("order", [OrderedItem("1", "add")]), NOW)


def answered(answer: Answer = ACCEPTED) -> Plan:
    plan, (call,) = asked()
    return engine.settle(plan, [(call, answer)], NOW, Pace())


def test_a_task_under_way_is_checked_now_and_told_what_was_said() -> None:
    plan = engine.nudge(answered(), TASK, {"missing": ["iccid"]})
    assert engine.due(plan, NOW) == NOW

    plan, (call,) = engine.ask(plan, NOW)
    assert (call.operation, call.details["hint"]) == (Operation.CHECK, {"missing": ["iccid"], "number": 1})
    plan = engine.settle(plan, [(call, ACCEPTED)], NOW, Pace())
    assert (engine.due(plan, NOW), plan.by_id[TASK].hint) == (LATER, {})


def test_what_is_said_while_the_task_is_being_asked_has_it_asked_once_more() -> None:
    plan, (call,) = asked()
    plan = engine.nudge(plan, TASK, {})
    plan = engine.settle(plan, [(call, ACCEPTED)], NOW, Pace())
    assert engine.due(plan, NOW) == NOW

    plan, (check,) = engine.ask(plan, NOW)
    plan = engine.nudge(plan, TASK, {})
    plan = engine.settle(plan, [(check, ACCEPTED)], NOW, Pace())
    assert engine.due(plan, NOW) == NOW

    plan, (check,) = engine.ask(plan, NOW)
    plan = engine.settle(plan, [(check, ACCEPTED)], NOW, Pace())
    assert engine.due(plan, NOW) == LATER


def test_what_was_said_stays_while_nobody_answers() -> None:
    plan, (call,) = engine.ask(engine.nudge(answered(), TASK, {"missing": ["iccid"]}), NOW)
    plan = engine.settle(plan, [(call, Answer(Outcome.RETRY, "down"))], NOW, Pace())
    plan, (again,) = engine.ask(plan, LATER)
    assert again.details["hint"] == call.details["hint"]


def test_a_task_that_waits_for_information_is_asked_only_when_it_goes_on() -> None:
    blocked = answered(Answer(Outcome.INFORMATION_REQUIRED, reference="so-1", missing=("iccid",)))
    assert engine.nudge(blocked, TASK, {}) is blocked

    plan = engine.unblock(engine.nudge(blocked, TASK, {}, resumes=True), {"1"})
    plan, (call,) = engine.ask(plan, NOW)
    assert (call.operation, call.details["hint"]["missing"]) == (Operation.DO, ["iccid"])


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.RETRY, Outcome.FAILED])
def test_what_does_not_wait_is_left_alone(outcome: Outcome) -> None:
    plan = answered(Answer(outcome))
    assert engine.nudge(plan, TASK, {}, resumes=True) is plan
    assert engine.nudge(plan, "2/activate", {}) is plan


def test_an_undo_under_way_is_checked_now() -> None:
    plan, (undo,) = engine.ask(engine.cancel(answered(), NOW), NOW)
    plan = engine.settle(plan, [(undo, ACCEPTED)], NOW, Pace())
    plan, (check,) = engine.ask(engine.nudge(plan, TASK, {}), NOW)
    assert (check.operation, check.details["hint"]) == (Operation.CHECK_UNDO, {"number": 1})


def test_what_was_said_is_kept_with_the_plan() -> None:
    plan = engine.nudge(answered(), TASK, {"missing": ["iccid"]})
    assert of_plain(Plan, to_plain(plan)) == plan
    assert plan.by_id[TASK].state is TaskState.UNDER_WAY
