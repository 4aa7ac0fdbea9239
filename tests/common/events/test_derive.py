"""Which events a change is."""

from __future__ import annotations

from itertools import count

import pytest

from common.domain.event import Event
from common.domain.query import Document
from common.events.derive import derive
from common.spec.contract import EventKind, ResourceContract
from tests.common.events.toys import GENERIC, ORDER_V5, ORDERS, START, order, resource

CREATE_AND_CHANGE = (EventKind.CREATE, EventKind.ATTRIBUTE_VALUE_CHANGE)
CHANGED, STATE = "ProductOrderAttributeValueChangeEvent", "ProductOrderStateChangeEvent"


def changes(contract: ResourceContract, before: Document | None, after: Document | None) -> list[Event]:
    numbers = count(1)
    return derive(
        contract,
        ORDERS,
        before=before,
        after=after,
        now=START,
        new_id=lambda: f"e{next(numbers)}",
        correlation_id="c1",
    )


@pytest.mark.parametrize(
    ("kinds", "before", "after", "expected"),
    [
        (GENERIC, None, order(), [("ProductOrderCreateEvent", ())]),
        (GENERIC, order(), None, [("ProductOrderDeleteEvent", ())]),
        (GENERIC, order(), order(state="completed"), [(STATE, ("state",))]),
        (GENERIC, order(), order(b=1, a=2), [(CHANGED, ("a", "b"))]),
        (GENERIC, order(a=1), order(), [(CHANGED, ("a",))]),
        (GENERIC, order(a=None), order(), [(CHANGED, ("a",))]),
        (GENERIC, order(), order(state="completed", a=1), [(CHANGED, ("a",)), (STATE, ("state",))]),
        (GENERIC, order(), order(), []),
        (GENERIC, order(lastUpdate="x"), order(lastUpdate="y"), []),
        (GENERIC, order(href="x"), order(href="y"), []),
        (GENERIC, order(a={"b": [1, 2]}), order(a={"b": [1, 2]}), []),
        (CREATE_AND_CHANGE, order(), order(state="completed"), [(CHANGED, ("state",))]),
        (CREATE_AND_CHANGE, order(), order(state="completed", a=1), [(CHANGED, ("a", "state"))]),
        (CREATE_AND_CHANGE, order(), None, []),
        ((EventKind.STATE_CHANGE,), order(), order(state="completed", a=1), [(STATE, ("state",))]),
        ((EventKind.STATE_CHANGE,), order(), order(a=1), []),
        ((), None, order(), []),
    ],
)
def test_a_change_is_these_events(
    kinds: tuple[EventKind, ...],
    before: Document | None,
    after: Document | None,
    expected: list[tuple[str, tuple[str, ...]]],
) -> None:
    events = changes(resource("productOrder", kinds=kinds), before, after)

    assert [(event.type, event.changed) for event in events] == expected


def test_without_a_state_attribute_every_attribute_is_one() -> None:
    events = changes(resource("productOrder", state=None), order(), order(state="completed"))

    assert [(event.type, event.changed) for event in events] == [(CHANGED, ("state",))]


def test_an_event_tells_of_its_resource_without_href() -> None:
    (event,) = changes(ORDER_V5, None, order(href="http://elsewhere/o1", note="x"))

    assert event == Event(
        id="e1",
        type="ProductOrderCreateEvent",
        occurred_at=START,
        source=ORDERS,
        resource="productOrder",
        resource_id="o1",
        document={"id": "o1", "@type": "ProductOrder", "state": "acknowledged", "note": "x"},
        correlation_id="c1",
    )


def test_a_deletion_carries_the_document_before_it_and_events_of_one_change_have_their_own_ids() -> None:
    (gone,) = changes(ORDER_V5, order(note="last"), None)
    both = changes(ORDER_V5, order(), order(state="completed", note="x"))

    assert gone.document["note"] == "last"
    assert [event.id for event in both] == ["e1", "e2"]
