"""Carries out orders: the only caller of the engine. Reads and writes the store, asks the fulfilment.

    prepare  order, catalogue, plan --engine.ask--> calls, noted before they are made
    perform  call --adapter--> answer, with no transaction open
    settle   answers --engine.settle--> plan, states, products, events

The plan is kept in the order's row of work; what has not begun is planned anew each time, so that an amended order is
carried out as amended.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common import exact_json
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.installation import Installation
from common.rest.actions import Actions, acting
from common.store.work import WorkTable
from tmf622_ordering.adapters.choice import fulfilment_of
from tmf622_ordering.capture import problems
from tmf622_ordering.desk import Desk, moment_of
from tmf622_ordering.facts import Facts, characteristics, gather, ordered_items
from tmf622_ordering.items import flat
from tmf622_ordering.lifecycle import ASSESSING, DRAFT, ITEM, ORDER
from tmf622_ordering.orchestration import engine
from tmf622_ordering.orchestration.calls import Answer, Call
from tmf622_ordering.orchestration.decompose import decompose
from tmf622_ordering.orchestration.engine import Pace
from tmf622_ordering.orchestration.plain import of_plain, to_plain
from tmf622_ordering.orchestration.plan import Plan, TaskState
from tmf622_ordering.standing import paused, starts_at
from tmf622_ordering.subscribe import OSS, callback_url
from tmf622_ordering.works import FULFILMENT as KIND
from tmf622_ordering.works import LISTENING

_GIVEN_UP = frozenset({"failed", "cancelled"})
# What was true when the order was captured and must be true when its delivery begins.
_STILL_REQUIRED = frozenset(
    {"relation.required", "relation.excluded", "product.unknown", "product.ended", "account.closed", "party.ended"}
)


class Fulfil:
    """The steps of carrying out one order (`component.Steps`); the key is the order's id."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._fulfilment = fulfilment_of(installation.settings)
        self._pace = Pace()
        self._is_listening = callback_url(installation.settings) is None

    def prepare(self, key: str) -> list[dict[str, Any]]:
        """Plan what can be planned, and ask for what is ready."""
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            work = uow.work(KIND)
            order, kept = act.hold("productOrder", key), work.get(key, for_update=True)
            if kept is None:
                return []
            if order is None or self._fulfilment is None:
                work.remove(key)
                uow.commit()
                return []
            sitting = Sitting(act, order, _plan(key, kept.doc))
            calls = sitting.go_on()
            sitting.close(work, is_asking=bool(calls))
            if not self._is_listening:
                # The first order of this process: from now on events are worth having.
                uow.work(LISTENING).wake(OSS, act.now)
            uow.commit()
        self._is_listening = True
        return [{"call": exact_json.encode(to_plain(call)).decode()} for call in calls]

    def perform(self, call: dict[str, Any]) -> dict[str, Any]:
        """Ask the fulfilment."""
        assert self._fulfilment is not None, "an order that people carry out asks nobody"
        answer = self._fulfilment.perform(_call(call), self._installation.clock.now())
        return {"answer": exact_json.encode(to_plain(answer)).decode()}

    def settle(self, key: str, calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        """Write down what the answers change."""
        pairs = [(_call(call), _answer(answer)) for call, answer in zip(calls, answers, strict=True)]
        with self._installation.database.write() as uow:
            act = acting(self._installation, uow, key)
            work = uow.work(KIND)
            order, kept = act.hold("productOrder", key), work.get(key, for_update=True)
            if kept is None or order is None:
                return
            sitting = Sitting(act, order, _plan(key, kept.doc))
            sitting.hear(pairs, self._pace)
            sitting.close(work, is_asking=False)
            uow.commit()


class Sitting:
    """One order and its plan in one transaction."""

    def __init__(self, act: Actions, order: Document, plan: Plan) -> None:
        self._act, self.plan = act, plan
        self._facts: Facts = gather(order, act.library)
        self._desk = Desk(act, order, self._facts)
        self._wait_until: datetime | None = None

    def go_on(self) -> tuple[Call, ...]:
        """What is to be asked now; states that follow from others are written."""
        if self._is_over():
            return ()
        before = self.plan
        self._plan_anew()
        if self._desk.state == ASSESSING:
            self._decide_cancellation()
        starts = starts_at(self._desk.order)
        if starts is not None and starts > self._act.now and not self._has_begun():
            self._wait_until = starts
            return ()
        self._unblock()
        self._check_again()
        self.plan, calls = engine.ask(self.plan, self._act.now, self._paused())
        self._desk.paused = self._paused()
        self._desk.progress(before, self.plan)
        self._alert()
        return calls

    def hear(self, answers: list[tuple[Call, Answer]], pace: Pace) -> None:
        """What the answers change."""
        before = self.plan
        self.plan = engine.settle(self.plan, answers, self._act.now, pace)
        self._desk.paused = self._paused()
        self._desk.progress(before, self.plan)

    def close(self, work: WorkTable, *, is_asking: bool) -> None:
        """Keep the plan, and when to look at it next."""
        now = self._act.now
        if self._is_over():
            due = None
        elif is_asking:
            due = now
        else:
            moments = [
                self._wait_until or engine.due(self.plan, now, self._paused()),
                self._late_at(),
            ]
            due = min((moment for moment in moments if moment is not None), default=None)
        work.put(self.plan.order, due, to_plain(self.plan))

    # -- the parts ----------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        state = self._desk.state
        is_unwinding = not engine.is_ended(self.plan)
        return state == DRAFT or (ORDER.is_final(state) and not is_unwinding)

    def _plan_anew(self) -> None:
        self._leave_finished()
        order = self._desk.order
        known = {item.id: item.products for item in self.plan.items}
        fresh = decompose(order["id"], ordered_items(order, self._facts, known, ordered_id))
        self.plan = engine.renew(self.plan, fresh)

    def _leave_finished(self) -> None:
        """Items that somebody else has finished meanwhile: done, and nothing is left to us; or given up."""
        stands = {item.id: str(item.document.get(ITEM.attribute)) for item in flat(self._desk.order)}
        states = engine.item_states(self.plan)
        finished = {
            id for id, state in states.items() if ITEM.is_final(stands.get(id, state)) and not ITEM.is_final(state)
        }
        failing = engine.failing(self.plan)
        given_up = {id for id in finished if stands[id] in _GIVEN_UP}
        new = {id for id in given_up if self.plan.delivery_of(id) not in failing}
        self._desk.finished(new | (finished - given_up), self.plan)
        if new:
            self.plan = engine.give_up(self.plan, new, self._act.now)
        self.plan = self.plan.without(finished - given_up)

    def _decide_cancellation(self) -> None:
        past = engine.past_return(self.plan)
        if past:
            self._desk.refuse_cancellation(self.plan, past)
        else:
            self.plan = engine.cancel(self.plan, self._act.now)
            self._desk.begin_cancellation()

    def _has_begun(self) -> bool:
        return self.plan.is_cancelling or not all(task.is_untouched for task in self.plan.tasks)

    def _unblock(self) -> None:
        """Items that know now what they were asked for, or that a client has put back into progress."""
        ready = set()
        for item in flat(self._desk.order):
            blocked = [task for task in self.plan.of_item(item.id) if task.state is TaskState.BLOCKED]
            given = characteristics(item.document.get("product", {}))
            is_told = all(task.missing and set(task.missing) <= given.keys() for task in blocked)
            resumes = any(task.hint for task in blocked)
            if blocked and (is_told or resumes or item.document.get(ITEM.attribute) == "inProgress"):
                ready.add(item.id)
        self.plan = engine.unblock(self.plan, ready)
        self._desk.resume(ready)

    def _check_again(self) -> None:
        """What begins now is still something the customer may have; what was offered and at which price is agreed."""
        items = engine.beginning(self.plan, self._act.now, self._paused())
        if not items:
            return
        found = problems(self._desk.order, self._act.context("productOrder"))
        reasons: dict[str, str] = {}
        for problem in found:
            if problem.item_id in items and problem.code in _STILL_REQUIRED:
                reasons.setdefault(str(problem.item_id), problem.message)
        self.plan = engine.fail(self.plan, reasons, self._act.now)

    def _paused(self) -> frozenset[str]:
        return paused(self._desk.order, self.plan)

    def _late_at(self) -> datetime | None:
        """When the order is late, unless that was said already."""
        text = self._expected()
        return None if text is None or self._desk.is_alerted(text) else datetime.fromisoformat(text)

    def _expected(self) -> str | None:
        order = self._desk.order
        return moment_of(order, "expectedCompletionDate") or moment_of(order, "requestedCompletionDate")

    def _alert(self) -> None:
        late, expected = self._late_at(), self._expected()
        if late is not None and expected is not None and late <= self._act.now and not ORDER.is_final(self._desk.state):
            self._desk.alert(expected)


def _plan(order: str, kept: dict[str, Any]) -> Plan:
    return of_plain(Plan, kept) if kept else Plan(order)


def _call(kept: dict[str, Any]) -> Call:
    return of_plain(Call, exact_json.decode_own(kept["call"]))


def _answer(kept: dict[str, Any]) -> Answer:
    return of_plain(Answer, exact_json.decode_own(kept["answer"]))
