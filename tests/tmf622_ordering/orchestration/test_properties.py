"""What holds for every plan: no circle, an end that no order of answers changes, steps that may be done again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.calls import Answer, Call, Operation, Outcome
from tmf622_ordering.orchestration.decompose import OrderedItem, decompose
from tmf622_ordering.orchestration.engine import Pace
from tmf622_ordering.orchestration.plain import of_plain, to_plain
from tmf622_ordering.orchestration.plan import ENDED, Plan, TaskState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PACE = Pace(attempts_max=3)
ROUNDS_MAX = 300
SLOW = 0.4
CHECKS = (Operation.CHECK, Operation.CHECK_UNDO)
ACTIONS = ("add", "add", "modify", "delete", "noChange")


@st.composite
def orders(draw) -> list[OrderedItem]:
    """Items with wholes and needs that only look back, as `check_structure` leaves them (no circles)."""
    items: list[OrderedItem] = []
    for number in range(draw(st.integers(1, 6))):
        earlier = [item.id for item in items]
        whole = draw(st.sampled_from([None, None, *earlier]))
        needs = tuple(draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True))) if earlier else ()
        services = tuple({"id": f"s{one}"} for one in range(draw(st.integers(0, 2))))
        resources = tuple({"id": f"r{one}"} for one in range(draw(st.integers(0, 2))))
        physical = frozenset(one["id"] for one in resources if draw(st.booleans()))
        change = draw(st.sampled_from(("configure", "migrate", "swap", "suspend", "resume")))
        action = draw(st.sampled_from(ACTIONS))
        items.append(OrderedItem(str(number), action, whole, needs, services, resources, physical, change))
    return draw(st.permutations(items))


class World:
    """The other side: how each task ends follows from the task alone; when it ends, from chance."""

    def __init__(self, failing: frozenset[int], flaky: frozenset[int], chance: Random) -> None:
        self.failing, self.flaky, self.chance = failing, flaky, chance
        self.done: set[str] = set()

    def answer(self, call: Call, place: int) -> Answer:
        if self.chance.random() < SLOW:
            return Answer(Outcome.ACCEPTED, reference=call.key)
        if call.operation in (Operation.UNDO, Operation.CHECK_UNDO):
            self.done.discard(call.key.removesuffix("/undo"))
            return Answer(Outcome.DONE)
        if place in self.flaky and call.operation is Operation.DO and call.attempt == 1:
            return Answer(Outcome.RETRY, "busy")
        if place in self.failing:
            return Answer(Outcome.FAILED, "no")
        self.done.add(call.key)
        return Answer(Outcome.DONE)


def play(plan: Plan, world: World, cancel_at: int | None = None, given_up: tuple[int, str] | None = None) -> Plan:
    """Until nothing is left; the answers of a round come one by one, in an order that chance decides."""
    places = {task.id: index for index, task in enumerate(plan.tasks)}
    now = NOW
    for turn in range(ROUNDS_MAX):
        if cancel_at == turn and not engine.past_return(plan):
            plan = engine.cancel(plan, now)
        if given_up is not None and given_up[0] == turn and engine.item_states(plan)[given_up[1]] != "completed":
            plan = engine.give_up(plan, [given_up[1]], now)
            assert engine.give_up(plan, [given_up[1]], now) == plan
        plan, calls = engine.ask(plan, now)
        for call in world.chance.sample(calls, len(calls)):
            place = places[call.key.removeprefix("order/").removesuffix("/undo")]
            answers = [(call, world.answer(call, place))]
            plan = engine.settle(plan, answers, now, PACE)
            twice = engine.settle(plan, answers, now, PACE)
            assert call.operation in CHECKS or twice == plan, "an answer that comes twice changes nothing"
            assert of_plain(Plan, to_plain(plan)) == plan
        if not calls and engine.due(plan, now) is None:
            return plan
        now = max(engine.due(plan, now) or now, now + timedelta(seconds=1))
    raise AssertionError("the order never ended")


indexes = st.frozensets(st.integers(0, 20), max_size=3)


@settings(deadline=None)
@given(orders())
def test_a_plan_has_no_circle_and_lists_a_task_after_what_it_needs(items):
    plan = decompose("order", items)
    TopologicalSorter({task.id: task.needs for task in plan.tasks}).prepare()
    seen: set[str] = set()
    for task in plan.tasks:
        assert set(task.needs) <= seen
        seen.add(task.id)
    assert {item.id for item in plan.items} == {item.id for item in items}
    assert len(seen) == len(plan.tasks)


@settings(deadline=None)
@given(orders(), indexes, indexes, st.integers(0, 1_000), st.integers(0, 1_000))
def test_any_order_of_answers_ends_in_the_same_state(items, failing, flaky, one, other):
    plan = decompose("order", items)
    ends = []
    for seed in (one, other):
        world = World(failing, flaky, Random(seed))
        end = play(plan, world)
        assert engine.is_ended(end)
        ends.append(dict(engine.item_states(end)))
        assert set(ends[-1].values()) <= {"completed", "failed"}
        kept = {f"order/{task.id}" for task in end.tasks if task.state is TaskState.DONE}
        assert world.done == kept, "what was done for an item that failed is taken back, and nothing else"
    assert ends[0] == ends[1]


@settings(deadline=None)
@given(orders(), indexes, st.integers(0, 12), st.integers(0, 1_000))
def test_a_cancelled_order_leaves_nothing_behind(items, flaky, moment, seed):
    world = World(frozenset(), flaky, Random(seed))
    end = play(decompose("order", items), world, cancel_at=moment)
    assert engine.is_ended(end)
    if end.is_cancelling:
        assert world.done == set()
        assert set(engine.item_states(end).values()) <= {"cancelled"}


@settings(deadline=None)
@given(orders(), st.integers(0, 8), st.integers(0, 1_000))
def test_what_people_give_up_is_taken_back_with_what_needs_it(items, moment, seed):
    world = World(frozenset(), frozenset(), Random(seed))
    plan = decompose("order", items)
    theirs = items[seed % len(items)].id
    end = play(plan, world, given_up=(moment, theirs))
    assert engine.is_ended(end)
    states = engine.item_states(end)
    if plan.of_item(theirs) and states[theirs] == "failed":
        needing = {item.id for item in end.items if any(states.get(need) == "failed" for need in item.needs)}
        assert {states[id] for id in needing} <= {"failed"}
    assert world.done == {f"order/{task.id}" for task in end.tasks if task.state is TaskState.DONE}


@settings(deadline=None)
@given(orders(), st.integers(0, 8))
def test_asking_again_after_a_crash_asks_for_the_same_things(items, rounds):
    plan = decompose("order", items)
    for _ in range(rounds):
        asked, calls = engine.ask(plan, NOW)
        again, repeated = engine.ask(asked, NOW)
        assert {call.key for call in calls} <= {call.key for call in repeated}
        assert [task.state for task in again.tasks] == [task.state for task in asked.tasks]
        plan = engine.settle(asked, [(call, Answer(Outcome.DONE)) for call in calls], NOW, PACE)
    assert all(task.state in ENDED or task.state is TaskState.WAITING for task in plan.tasks)


@settings(deadline=None)
@given(orders())
def test_planning_again_what_has_not_begun_changes_nothing(items):
    plan = decompose("order", items)
    assert engine.renew(plan, plan) == plan
    asked, _ = engine.ask(plan, NOW)
    assert engine.renew(asked, plan) == replace(asked, items=asked.items)
