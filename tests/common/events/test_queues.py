"""The listeners' queues in the store: cursors, leases, places, and what is cleaned away."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from common.events.delivery import RETENTION
from common.store import event_tables as tables
from common.store import outbox, queues, subscriptions
from tests.common.events.conftest import TENANT, Scene, step
from tests.common.events.listeners import Answer, Listener
from tests.common.events.toys import ORDERING_V4, order_event


def rows(scene: Scene) -> dict[str, int]:
    """How many rows the tables of events have."""
    counted = (tables.outbox, tables.notification, tables.delivery, tables.subscription, tables.skip)
    with scene.database.read(TENANT) as uow:
        return {one.name: uow.connection.scalar(select(func.count()).select_from(one)) or 0 for one in counted}


def test_listeners_that_get_the_same_bytes_share_them(scene: Scene, listener: Listener) -> None:
    for _ in range(3):
        scene.register(listener.url)
    scene.register(listener.url, "fields=eventId")
    scene.register(listener.url, contract=ORDERING_V4)
    scene.record(order_event("e1"))

    assert step(scene.worker()) == 5
    found = rows(scene)
    assert (found["notification"], found["delivery"]) == (3, 5)


def test_who_lost_the_lease_notes_what_was_delivered_and_goes_no_further(scene: Scene) -> None:
    id = scene.register("http://127.0.0.1:1/")
    scene.record(order_event("e1"), order_event("e2"))
    step(scene.worker())
    now = scene.clock.now() + timedelta(minutes=1)
    with scene.database.write("") as uow:
        assert [one.id for one in subscriptions.claim_due(uow.connection, "mine", now, now, 10)] == [id]
        first, second = queues.due(uow.session, id, now, 10)
        assert queues.settle(uow.session, id, "mine", None, now)
        assert not queues.settle(uow.session, id, "other", second.notification.id, now)
        assert queues.due(uow.session, id, now, 10) == []
        assert not queues.settle(uow.session, id, "other", first.notification.id, now)
        assert queues.due(uow.session, id, now, 10) == []
        uow.commit()


def test_places_are_without_gaps_in_the_order_of_relaying(scene: Scene) -> None:
    worker = scene.worker()
    for events in (["a", "b"], ["c"]):
        scene.record(*(order_event(one) for one in events))
        step(worker)

    with scene.database.read(TENANT) as uow:
        assert outbox.last_place(uow.connection) == 3
        found = outbox.relayed_after(uow.connection, 1, 10)
    assert [(one.place, one.event.id) for one in found] == [(2, "b"), (3, "c")]


def test_the_places_go_on_when_everything_before_was_cleaned_away(scene: Scene) -> None:
    worker = scene.worker()
    scene.record(order_event("a"), order_event("b"))
    step(worker)
    scene.clock.advance(RETENTION + timedelta(minutes=1))
    step(worker)
    assert rows(scene)["outbox"] == 1

    scene.record(order_event("c"))
    step(worker)

    with scene.database.read(TENANT) as uow:
        assert [one.place for one in outbox.relayed_after(uow.connection, 0, 10)] == [2, 3]


def test_numbers_go_on_when_all_notifications_were_cleaned_away(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url)
    worker = scene.worker()
    scene.record(order_event("a"), order_event("b"))
    step(worker)
    scene.clock.advance(RETENTION + timedelta(minutes=1))
    step(worker)
    assert rows(scene)["notification"] == 0

    scene.record(order_event("c"))
    assert step(worker) == 1
    assert listener.event_ids == ["a", "b", "c"]


def test_what_one_listener_still_waits_for_is_kept_for_it_alone(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url)
    scene.register("http://127.0.0.1:1/")
    worker = scene.worker()
    scene.record(order_event("a"))
    step(worker)

    scene.clock.advance(RETENTION + timedelta(minutes=1))
    step(worker)

    found = rows(scene)
    assert (found["notification"], found["delivery"]) == (1, 1)


def test_the_queue_of_a_removed_listener_goes_with_it(scene: Scene, listener: Listener) -> None:
    listener.behave = lambda request: Answer(503)
    id = scene.register(listener.url)
    scene.record(order_event("a"), order_event("b"))
    worker = scene.worker()
    step(worker)
    scene.remove(id)

    scene.clock.advance(timedelta(minutes=1))
    assert step(worker) == 0

    found = rows(scene)
    assert (found["notification"], found["delivery"], found["subscription"]) == (0, 0, 0)


def test_what_was_marked_when_a_listener_came_is_unmarked_when_it_is_relayed(scene: Scene, listener: Listener) -> None:
    scene.record(order_event("before"))
    scene.register(listener.url)
    assert rows(scene)["event_skip"] == 1

    assert step(scene.worker()) == 0
    assert rows(scene)["event_skip"] == 0


def test_a_replay_comes_behind_what_waits(scene: Scene, listener: Listener) -> None:
    id = scene.register(listener.url)
    worker = scene.worker()
    scene.record(order_event("a"), order_event("b"))
    step(worker)
    scene.record(order_event("c"))
    listener.behave = lambda request: Answer(503)
    step(worker)
    listener.behave = lambda request: Answer(204)

    with scene.database.write(TENANT) as uow:
        assert queues.replay_subscription(uow.connection, TENANT, id, scene.clock.now()) == 2
        uow.commit()
    scene.clock.advance(timedelta(seconds=1))
    step(worker)

    assert listener.event_ids == ["a", "b", "c", "c", "a", "b"]
    found = rows(scene)
    assert (found["notification"], found["delivery"]) == (3, 3)
