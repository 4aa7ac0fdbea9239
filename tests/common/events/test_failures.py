"""What happens when listeners, workers or the network fail: nothing is lost, and order is kept."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import NotFound
from common.events import admin
from common.events.admin import DeliveryState
from common.events.delivery import PARKED_RETENTION, RETENTION, DeliveryWorker, backoff
from common.settings import Settings
from tests.common.events.conftest import TENANT, Scene, step
from tests.common.events.listeners import Answer, Listener, Received
from tests.common.events.toys import order_event

FAIL, TAKE = Answer(503), Answer(204)


def states(scene: Scene) -> list[tuple[str, str, int]]:
    with scene.database.read(TENANT) as uow:
        return [(one.event_id, one.state, one.attempts) for one in admin.deliveries(uow)]


def test_a_failed_event_is_tried_again_with_the_same_bytes_and_holds_the_ones_behind_it(
    scene: Scene, listener: Listener
) -> None:
    answers = iter([FAIL, TAKE, TAKE])
    listener.behave = lambda request: next(answers)
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    worker = scene.worker()

    assert step(worker) == 1
    assert step(worker) == 0
    scene.clock.advance(timedelta(milliseconds=999))
    assert step(worker) == 0
    scene.clock.advance(timedelta(milliseconds=1))
    assert step(worker) == 2

    assert listener.event_ids == ["e1", "e1", "e2"]
    assert listener.received[0].body == listener.received[1].body
    assert states(scene) == [("e1", "delivered", 1), ("e2", "delivered", 0)]


def test_the_bytes_stay_the_same_when_the_settings_change_between_attempts(scene: Scene, listener: Listener) -> None:
    answers = iter([FAIL, TAKE])
    listener.behave = lambda request: next(answers)
    scene.register(listener.url)
    scene.record(order_event("e1"))

    step(scene.worker())
    scene.clock.advance(timedelta(seconds=1))
    step(scene.worker(replace(scene.settings, base_url="https://moved.example")))

    assert listener.received[0].body == listener.received[1].body


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (5000, 300)])
def test_the_pause_doubles_up_to_its_limit(attempts: int, seconds: int) -> None:
    assert backoff(attempts, Settings()) == timedelta(seconds=seconds)


def test_after_the_last_attempt_an_event_is_parked_and_the_next_goes(scene: Scene, listener: Listener) -> None:
    listener.behave = lambda request: FAIL if request.event_id == "e1" else TAKE
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    worker = scene.worker()

    for pause in (0, 1, 2):
        scene.clock.advance(timedelta(seconds=pause))
        step(worker)

    assert listener.event_ids == ["e1", "e1", "e1", "e2"]
    assert states(scene) == [("e1", "parked", 3), ("e2", "delivered", 0)]
    with scene.database.read(TENANT) as uow:
        (parked,) = admin.deliveries(uow, state=DeliveryState.PARKED)
    assert (parked.last_error, parked.callback) == ("answered 503", listener.url)


def test_a_listener_that_is_not_there_is_a_failed_attempt(scene: Scene) -> None:
    scene.register("http://127.0.0.1:1/nobody")
    scene.record(order_event("e1"))

    step(scene.worker())

    with scene.database.read(TENANT) as uow:
        (record,) = admin.deliveries(uow)
    assert (record.state, record.attempts) == ("pending", 1)
    assert record.last_error is not None
    assert record.last_error.startswith("ConnectionRefusedError")


def test_a_listener_that_does_not_answer_in_time_has_failed(scene: Scene, listener: Listener) -> None:
    ended = threading.Event()

    def hang(request: Received) -> Answer:
        ended.wait(5)
        return TAKE

    listener.behave = hang
    scene.register(listener.url)
    scene.record(order_event("e1"))

    step(scene.worker(replace(scene.settings, delivery_timeout_seconds=0)))
    ended.set()

    with scene.database.read(TENANT) as uow:
        (record,) = admin.deliveries(uow)
    assert (record.state, record.attempts, record.last_error) == ("pending", 1, "no answer within 0 s")


def test_private_addresses_are_refused_at_delivery(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url)
    scene.record(order_event("e1"))

    step(scene.worker(replace(scene.settings, callback_allow_private=False)))

    assert listener.received == []
    with scene.database.read(TENANT) as uow:
        (record,) = admin.deliveries(uow)
    assert record.last_error is not None
    assert record.last_error.startswith("CallbackRefused: 127.0.0.1 leads to 127.0.0.1")


def test_parked_events_go_again_when_replayed(scene: Scene, listener: Listener) -> None:
    scene.settings = replace(scene.settings, delivery_attempts_max=1)
    listener.behave = lambda request: FAIL
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    worker = scene.worker()
    step(worker)
    listener.behave = lambda request: TAKE

    with scene.database.write(TENANT) as uow:
        queued = admin.replay_parked(uow, scene.clock.now())
        uow.commit()
    step(worker)

    assert queued == 2
    assert listener.event_ids == ["e1", "e2", "e1", "e2"]
    assert listener.received[0].body == listener.received[2].body
    assert states(scene) == [("e1", "delivered", 0), ("e2", "delivered", 0)]


def test_one_event_or_one_listener_can_be_replayed(scene: Scene, listener: Listener, other_listener: Listener) -> None:
    first = scene.register(listener.url)
    scene.register(other_listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    worker = scene.worker()
    step(worker)

    with scene.database.write(TENANT) as uow:
        assert admin.replay_event(uow, "e2", scene.clock.now()) == 2
        uow.commit()
    step(worker)
    with scene.database.write(TENANT) as uow:
        assert admin.replay_subscription(uow, first, scene.clock.now()) == 2
        uow.commit()
    step(worker)

    assert listener.event_ids == ["e1", "e2", "e2", "e1", "e2"]
    assert other_listener.event_ids == ["e1", "e2", "e2"]


def test_there_is_nothing_to_replay_of_what_nobody_got(scene: Scene, listener: Listener) -> None:
    subscription = scene.register(listener.url)

    with scene.database.write(TENANT) as uow, pytest.raises(NotFound):
        admin.replay_event(uow, "e9", scene.clock.now())
    with scene.database.write(TENANT) as uow, pytest.raises(NotFound):
        admin.replay_subscription(uow, subscription, scene.clock.now())
    with scene.database.write("t2") as uow:
        assert admin.replay_parked(uow, scene.clock.now()) == 0


def test_what_a_killed_worker_had_under_way_is_delivered_by_another_after_its_lease(
    scene: Scene, listener: Listener
) -> None:
    killed = threading.Event()

    def hang(request: Received) -> Answer:
        killed.wait(5)
        return TAKE

    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"), order_event("e3"))
    listener.behave = lambda request: hang(request) if request.event_id == "e2" else TAKE
    asyncio.run(_killed_at(scene.worker(), listener, "e2"))
    killed.set()
    other = scene.worker()

    assert step(other) == 0
    scene.clock.advance(timedelta(seconds=scene.settings.delivery_lease_seconds))
    assert step(other) == 2

    # e2 came twice: it was under way, and nobody had noted whether it arrived.
    assert listener.event_ids == ["e1", "e2", "e2", "e3"]
    assert [state for _, state, _ in states(scene)] == ["delivered"] * 3


async def _killed_at(worker: DeliveryWorker, listener: Listener, event_id: str) -> None:
    """A worker that ends without a word while it posts an event."""
    work = asyncio.create_task(worker.step())
    while event_id not in listener.event_ids:
        await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def test_two_workers_share_the_listeners_and_keep_the_order(
    scene: Scene, listener: Listener, other_listener: Listener
) -> None:
    scene.register(listener.url)
    scene.register(other_listener.url)
    expected = [f"e{number:02}" for number in range(60)]
    scene.record(*(order_event(event_id) for event_id in expected))
    workers = [scene.worker(), scene.worker()]

    async def together() -> int:
        return sum(await asyncio.gather(*(worker.step() for worker in workers)))

    attempts = 0
    while done := asyncio.run(together()):
        attempts += done

    assert attempts == 120
    assert listener.event_ids == expected
    assert other_listener.event_ids == expected


def test_a_removed_listener_gets_nothing_more(scene: Scene, listener: Listener) -> None:
    subscription = scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))

    def remove(request: Received) -> Answer:
        scene.remove(subscription)
        return TAKE

    listener.behave = remove
    worker = scene.worker()
    step(worker)

    assert step(worker) == 0
    assert listener.event_ids == ["e1"]


def test_settled_rows_go_after_their_retention_and_parked_ones_later(scene: Scene, listener: Listener) -> None:
    scene.settings = replace(scene.settings, delivery_attempts_max=1)
    listener.behave = lambda request: FAIL if request.event_id == "e1" else TAKE
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    worker = scene.worker()
    step(worker)

    scene.clock.advance(RETENTION)
    step(worker)
    assert [event_id for event_id, _, _ in states(scene)] == ["e1", "e2"]
    scene.clock.advance(timedelta(minutes=1))
    step(worker)
    assert [event_id for event_id, _, _ in states(scene)] == ["e1"]
    scene.clock.advance(PARKED_RETENTION)
    step(worker)
    assert states(scene) == []
