"""Fulfilment by an OSS: a task is a TMF641 v4 service order, found again by its externalId, which is the call's key.

Nothing is kept here between calls. Before an order is created it is looked for, so that a call made twice makes one
order; events are hints (`hint.py`), and what counts is the order as the OSS shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from tmf622_ordering.adapters.hint import INFORMATION_REQUIRED, Hint, with_hint
from tmf622_ordering.adapters.oss import Oss, OssTrouble, Reply
from tmf622_ordering.adapters.port import HINT, Answer, Call, Operation, Outcome
from tmf622_ordering.adapters.service_order import (
    BEING_CANCELLED,
    LEFT_BEHIND,
    NOTHING_LEFT,
    WAITING,
    ServiceOrder,
    answer_of,
    cancellation_body,
    external_id,
    is_id,
    key_of,
    missing_values,
    order_body,
    read_order,
)

UNDO_SUFFIX = "/undo"
# A reference to what may or may not be there: an order that was asked for and not confirmed.
UNCONFIRMED = "externalId="
PAGE_ITEMS = 100
# Only a server that ignores the filter has more than one page. What is not found on these cannot be ruled out.
PAGES_MAX = 20

_BODY_REFUSED = frozenset({400, 413, 422})
_NO_SEARCH = frozenset({400, 404, 501})
_NO_CANCELLATION = _BODY_REFUSED | {404, 405, 501}


@dataclass(frozen=True)
class Found:
    """What a search came to; without an order and not certain, there may be one all the same."""

    order: ServiceOrder | None
    is_certain: bool = True


class Tmf641:
    """Fulfilment at one OSS. Safe to call from several threads."""

    def __init__(self, oss: Oss, poll_seconds: int) -> None:
        """Units: an order under way is asked for again after `poll_seconds`, when no event came before."""
        self._oss = oss
        self._poll = timedelta(seconds=poll_seconds)

    def perform(self, call: Call, now: datetime) -> Answer:
        """How the task stands at the OSS. What keeps us from knowing is a reason to ask again later."""
        try:
            if call.operation in (Operation.DO, Operation.CHECK):
                return self._carry_out(call, now)
            return self._take_back(call, now)
        except OssTrouble as trouble:
            return Answer(Outcome.RETRY, trouble.reason)

    # -- carrying out -------------------------------------------------------------------------------------------------

    def _carry_out(self, call: Call, now: datetime) -> Answer:
        found = self._find(call.reference, call.key)
        if found.order is not None:
            order = self._told(found.order, call) if call.operation is Operation.DO else found.order
            return _with_what_was_said(answer_of(order, call, now, self._poll), call)
        is_first = call.attempt == 1 and call.reference is None
        if not found.is_certain and not is_first:
            raise OssTrouble("the OSS does not say whether it has the service order: it cannot filter by externalId")
        if call.operation is Operation.CHECK or _is_confirmed(call.reference):
            return _lost(call)
        return self._create(call, call.key, order_body(call, call.key), now)

    def _create(self, call: Call, key: str, body: dict[str, Any], now: datetime) -> Answer:
        unconfirmed = UNCONFIRMED + key
        try:
            reply = self._oss.post("serviceOrder", body, key)
            if reply.is_success:
                return answer_of(read_order(reply.document, reply.what), call, now, self._poll)
        except OssTrouble as trouble:
            return Answer(Outcome.RETRY, trouble.reason, reference=unconfirmed if trouble.is_unsure else None)
        if reply.status in _BODY_REFUSED:
            return Answer(Outcome.FAILED, reply.problem)
        return Answer(Outcome.RETRY, reply.problem, reference=unconfirmed if reply.status >= 500 else None)

    def _told(self, order: ServiceOrder, call: Call) -> ServiceOrder:
        """A waiting order is told the characteristics that have come since."""
        patch = missing_values(order, call) if order.state == WAITING else None
        if patch is None:
            return order
        reply = self._oss.patch(_path(order.id), patch)
        if not reply.is_success:
            raise OssTrouble(reply.problem)
        return read_order(reply.document, reply.what)

    # -- taking back --------------------------------------------------------------------------------------------------

    def _take_back(self, call: Call, now: datetime) -> Answer:
        """An order under way is cancelled; what one has done is taken back by another with the undo's key.

        The order itself says which way is open, at every asking: a cancellation may be refused or come too late.
        """
        key = call.key.removesuffix(UNDO_SUFFIX)
        found = self._find(call.reference, key)
        order = found.order
        if order is None:
            if not found.is_certain:
                raise OssTrouble("the OSS does not say whether there is something to take back")
            return _lost(call) if _is_confirmed(call.reference) else Answer(Outcome.DONE)
        if order.key == key + UNDO_SUFFIX:
            return answer_of(order, call, now, self._poll)
        if order.key != key:
            reason = f"service order {order.id} is not that of this task any more; take back there what is to be"
            return Answer(Outcome.FAILED, reason, reference=order.id)
        if order.state in NOTHING_LEFT:
            return Answer(Outcome.DONE, reference=order.id)
        if order.state in LEFT_BEHIND:
            return self._reverse(call, order, key + UNDO_SUFFIX, now)
        if order.state in BEING_CANCELLED or call.operation is Operation.CHECK_UNDO:
            return answer_of(order, call, now, self._poll)
        return self._cancel(call, order, now)

    def _reverse(self, call: Call, order: ServiceOrder, key: str, now: datetime) -> Answer:
        found = self._search(key)
        if found.order is not None:
            return answer_of(found.order, call, now, self._poll)
        if not found.is_certain and call.attempt > 1:
            raise OssTrouble(
                "the OSS does not say whether the order is being taken back: it cannot filter by externalId"
            )
        answer = self._create(call, key, order_body(call, key, takes_back=order), now)
        # What was not confirmed is looked for by its key; the reference stays that of the order to take back.
        is_known = answer.outcome in (Outcome.DONE, Outcome.ACCEPTED)
        return answer if is_known else Answer(answer.outcome, answer.reason, reference=answer.reference and order.id)

    def _cancel(self, call: Call, order: ServiceOrder, now: datetime) -> Answer:
        reply = self._oss.post("cancelServiceOrder", cancellation_body(order), call.key)
        if reply.is_success or reply.status in _NO_CANCELLATION:
            reason = "being cancelled" if reply.is_success else f"is taken back once it has ended: {reply.problem}"
            return Answer(Outcome.ACCEPTED, reason, reference=order.id, ask_again_at=now + self._poll)
        raise OssTrouble(reply.problem)

    # -- finding ------------------------------------------------------------------------------------------------------

    def _find(self, reference: str | None, key: str) -> Found:
        """The order by its id, or else by the key: an OSS that was restored may show it under another id."""
        if reference is not None and _is_confirmed(reference):
            reply = self._oss.get(_path(reference))
            if reply.is_success:
                return Found(_the_one(reply, reference))
            if reply.status != 404:
                raise OssTrouble(reply.problem)
        return self._search(key)

    def _search(self, key: str) -> Found:
        """The first order made with this key. Filters are advice: what comes back is compared here."""
        seen: set[str] = set()
        while len(seen) < PAGE_ITEMS * PAGES_MAX:
            reply = self._oss.get(
                "serviceOrder",
                externalId=external_id(key),
                fields="id,externalId,state,orderDate",
                offset=str(len(seen)),
                limit=str(PAGE_ITEMS),
            )
            if reply.status in _NO_SEARCH:
                return Found(None, is_certain=False)
            if not reply.is_success:
                raise OssTrouble(reply.problem)
            listed = _listed(reply)
            matching = [one for one in listed if key_of(one.get("externalId")) == key]
            if matching:
                first = min(matching, key=lambda one: (str(one.get("orderDate") or "~"), one["id"]))
                return Found(self._shown(first["id"]))
            new = {one["id"] for one in listed} - seen
            seen |= new
            if not new:
                # The end, or a server that ignores `offset`: without paging it lists all, unless the page is just full.
                return Found(None, is_certain=len(listed) != PAGE_ITEMS)
            if reply.total is not None and len(seen) >= reply.total:
                return Found(None)
        return Found(None, is_certain=False)

    def _shown(self, id: str) -> ServiceOrder:
        reply = self._oss.get(_path(id))
        if not reply.is_success:
            raise OssTrouble(reply.problem)
        return _the_one(reply, id)

    def close(self) -> None:
        """Close the connections."""
        self._oss.close()


def _with_what_was_said(answer: Answer, call: Call) -> Answer:
    """The answer with what events said is missing, as far as the order confirms it."""
    said = call.details.get(HINT, {})
    if "missing" not in said:
        return answer
    return with_hint(answer, Hint(answer.reference, call.key, INFORMATION_REQUIRED, missing=tuple(said["missing"])))


def _path(id: str) -> str:
    return f"serviceOrder/{quote(id, safe='')}"


def _is_confirmed(reference: str | None) -> bool:
    return reference is not None and not reference.startswith(UNCONFIRMED)


def _the_one(reply: Reply, id: str) -> ServiceOrder:
    order = read_order(reply.document, reply.what)
    if order.id != id:
        raise OssTrouble(f"{reply.what} with another service order")
    return order


def _listed(reply: Reply) -> list[dict[str, Any]]:
    if not isinstance(reply.document, list):
        raise OssTrouble(f"{reply.what}, with a body that is no list")
    return [one for one in reply.document if isinstance(one, dict) and is_id(one.get("id"))]


def _lost(call: Call) -> Answer:
    """Whether a vanished order was carried out is for people to find out; asking anew may do the work twice."""
    reason = f"the OSS no longer has service order {call.reference}; look there for what was done of {call.key}"
    return Answer(Outcome.FAILED, reason, reference=call.reference)
