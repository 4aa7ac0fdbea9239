"""Events reach their listeners: all, in order, as asked for."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.domain.event import Event
from common.events import delivery
from common.events.sending import listener_url, signature
from common.settings import Settings
from tests.common.events.conftest import ORIGIN, Scene, step
from tests.common.events.listeners import Answer, Listener, Received
from tests.common.events.toys import BILLS_V4, CATALOG_V4, CATALOG_V5, CATALOGS, START, order_event


def test_events_come_in_the_order_of_their_changes_and_once(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2", "AttributeValueChange"))
    scene.record(order_event("e3", "Delete"))
    worker = scene.worker()

    attempts = step(worker)

    assert attempts == 3
    assert listener.event_ids == ["e1", "e2", "e3"]
    assert step(worker) == 0
    assert len(listener.received) == 3


def test_the_post_is_json_to_the_callback_as_registered(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url + "?k=1%202")
    scene.record(order_event("e1"))

    step(scene.worker())

    (request,) = listener.received
    assert request.path == "/listener?k=1%202"
    assert request.headers["Content-Type"] == "application/json"
    assert "X-BSS-Signature" not in request.headers
    order = listener.bodies[0]["event"]["productOrder"]
    assert order["href"] == f"{ORIGIN}/tmf-api/productOrderingManagement/v5/productOrder/o1"


def test_the_listener_path_is_appended_when_that_is_the_style(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url + "?k=1")
    scene.record(order_event("e1"))

    step(scene.worker(replace(scene.settings, callback_style="append_listener")))

    assert [request.path for request in listener.received] == ["/listener/listener/productOrderCreateEvent?k=1"]


def test_the_verbatim_style_leaves_a_callback_alone() -> None:
    assert listener_url("http://a/b/?x=y", "/listener/z", Settings()) == "http://a/b/?x=y"


def test_a_query_filters_and_trims(scene: Scene, listener: Listener) -> None:
    query = "eventType=ProductOrderStateChangeEvent&event.productOrder.state=completed&fields=event.productOrder.id"
    scene.register(listener.url, query)
    scene.record(order_event("e1"))
    scene.record(order_event("e2", "StateChange", changed=("state",), state="inProgress"))
    scene.record(order_event("e3", "StateChange", changed=("state",), state="completed"))

    step(scene.worker())

    assert listener.bodies == [
        {
            "@type": "ProductOrderStateChangeEvent",
            "eventId": "e3",
            "eventType": "ProductOrderStateChangeEvent",
            "event": {"productOrder": {"id": "o1"}},
        }
    ]


def test_each_major_gets_the_event_in_its_own_words(scene: Scene, listener: Listener, other_listener: Listener) -> None:
    scene.register(listener.url, "eventType=CatalogCreateEvent&event.catalog.id=k", contract=CATALOG_V5)
    scene.register(other_listener.url, contract=CATALOG_V4)
    scene.record(Event("e1", "ProductCatalogCreateEvent", START, CATALOGS, "productCatalog", "k", {"id": "k"}))

    step(scene.worker())

    assert [body["eventType"] for body in listener.bodies] == ["ProductCatalogCreateEvent"]
    assert [body["eventType"] for body in other_listener.bodies] == ["CatalogCreateEvent"]
    assert listener.event_ids == other_listener.event_ids == ["e1"]


def test_a_listener_gets_only_what_came_after_it(scene: Scene, listener: Listener) -> None:
    worker = scene.worker()
    scene.record(order_event("relayed"))
    step(worker)
    scene.record(order_event("waiting"))

    scene.register(listener.url)
    scene.record(order_event("later"))
    step(worker)

    assert listener.event_ids == ["later"]


def test_tenants_and_apis_do_not_hear_each_other(scene: Scene, listener: Listener, other_listener: Listener) -> None:
    scene.register(listener.url, tenant="t2")
    scene.register(other_listener.url, contract=CATALOG_V5)
    scene.record(order_event("e1"))

    assert step(scene.worker()) == 0
    assert listener.received == other_listener.received == []


def test_more_events_than_a_turn_a_set_or_a_batch_all_come_in_order(
    scene: Scene, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "TURN", 150)
    scene.register(listener.url)
    expected = [f"e{number:03}" for number in range(320)]
    scene.record(*(order_event(event_id) for event_id in expected))
    worker = scene.worker()

    assert [step(worker), step(worker), step(worker), step(worker)] == [150, 150, 20, 0]
    assert listener.event_ids == expected


def test_a_listener_that_does_not_answer_slows_no_other(
    scene: Scene, listener: Listener, other_listener: Listener
) -> None:
    others_done = threading.Event()

    def hang(request: Received) -> Answer:
        # Answers only when the other listener has got everything: served one after the other, this would fail.
        return Answer(204 if others_done.wait(5) else 500)

    def count(request: Received) -> Answer:
        if len(other_listener.received) == 3:
            others_done.set()
        return Answer()

    listener.behave, other_listener.behave = hang, count
    scene.register(listener.url, "eventType=ProductOrderCreateEvent&event.productOrder.id=o1")
    scene.register(other_listener.url)
    scene.record(order_event("e1"), order_event("e2", id="o2"), order_event("e3", id="o3"))

    assert step(scene.worker()) == 4
    assert listener.event_ids == ["e1"]
    assert other_listener.event_ids == ["e1", "e2", "e3"]
    assert others_done.is_set()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_success(scene: Scene, listener: Listener, status: int) -> None:
    listener.behave = lambda request: Answer(status)
    scene.register(listener.url)
    scene.record(order_event("e1"))
    worker = scene.worker()

    assert (step(worker), step(worker)) == (1, 0)


def test_a_large_answer_is_not_read_and_means_nothing(scene: Scene, listener: Listener) -> None:
    listener.behave = lambda request: Answer(200, body=b"x" * 50_000)
    scene.register(listener.url)
    scene.record(order_event("e1"), order_event("e2"))
    worker = scene.worker()

    assert (step(worker), step(worker)) == (2, 0)
    assert listener.event_ids == ["e1", "e2"]


def test_a_redirect_is_a_failure_and_not_followed(scene: Scene, listener: Listener, other_listener: Listener) -> None:
    listener.behave = lambda request: Answer(307, {"Location": other_listener.url})
    scene.register(listener.url)
    scene.record(order_event("e1"))
    worker = scene.worker()

    step(worker)
    scene.clock.advance(timedelta(seconds=1))

    assert step(worker) == 1
    assert listener.event_ids == ["e1", "e1"]
    assert other_listener.received == []


def test_the_signature_proves_sender_moment_and_body(scene: Scene, listener: Listener) -> None:
    secret = "a-secret-of-the-listener"
    scene.register(listener.url, secret=secret)
    scene.record(order_event("e1"))

    step(scene.worker())

    (request,) = listener.received
    moment, _, version = request.headers["X-BSS-Signature"].partition(",v1=")
    signed = moment.removeprefix("t=").encode() + b"." + request.body
    assert moment == f"t={int(START.timestamp())}"
    assert version == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def test_the_check_in_the_documentation_tells_genuine_from_forged() -> None:
    page = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
    names: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], names)
    is_genuine, secret, body = names["is_genuine"], "a-secret-of-the-listener", b'{"eventId":"e1"}'
    header = signature(secret, body, datetime.now(UTC))

    assert is_genuine(header, body, secret)
    assert not is_genuine(header, body + b" ", secret)
    assert not is_genuine(header, body, secret + "x")
    assert not is_genuine(signature(secret, body, datetime.now(UTC) - timedelta(hours=1)), body, secret)


def test_environment_proxies_are_not_used(
    scene: Scene, listener: Listener, other_listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other_listener.url)
    monkeypatch.setenv("ALL_PROXY", other_listener.url)
    scene.register(listener.url)
    scene.record(order_event("e1"))

    step(scene.worker())

    assert (listener.event_ids, other_listener.received) == (["e1"], [])


def test_an_undeclared_event_goes_only_to_who_asks_by_name(
    scene: Scene, listener: Listener, other_listener: Listener
) -> None:
    scene.register(listener.url, "eventType=CustomerBillCreateEvent", contract=BILLS_V4.contract)
    scene.register(other_listener.url, contract=BILLS_V4.contract)
    scene.record(
        Event("e1", "CustomerBillCreateEvent", START, "tmf678_customer_bill", "customerBill", "b", {"id": "b"})
    )

    step(scene.worker())

    assert (listener.event_ids, other_listener.event_ids) == (["e1"], [])


def test_a_query_that_is_not_understood_any_more_delivers_everything(scene: Scene, listener: Listener) -> None:
    scene.register(listener.url, "eventType=ProductOrderDeleteEvent&fields=eventId")
    scene.record(order_event("e1"))

    step(scene.worker(replace(scene.settings, filter_terms_max=0)))

    assert listener.event_ids == ["e1"]
    assert "event" in listener.bodies[0]
