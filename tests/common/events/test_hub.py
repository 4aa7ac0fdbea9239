"""Registering at a hub: what is accepted, what is refused, what is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, none, recursive, sampled_from

from common.domain.query import Document, matches
from common.errors import ClientError, Conflict, InvalidBody, InvalidParameter, NotFound, NotImplementedFeature
from common.events import hub
from common.events.hub_query import HubQuery, parse_hub_query
from common.events.publication import Told
from common.events.render import render
from common.settings import Settings
from common.spec.contract import Contract
from common.store import subscriptions
from common.store.subscriptions import Subscription
from tests.common.events.conftest import ORIGIN, TENANT, Scene
from tests.common.events.toys import (
    BILLS_V4,
    CATALOG_V4,
    CATALOG_V5,
    ORDERING_V4,
    ORDERING_V5,
    ORDERS_V5,
    START,
    order_event,
)

URL = "https://listener.example/cb?k=1"


def registered(scene: Scene, body: Document, contract: Contract = ORDERING_V5) -> Subscription:
    with scene.database.write(TENANT) as uow:
        made = hub.register(uow, contract, body, origin=ORIGIN, settings=scene.settings, now=START)
        uow.commit()
    return made


def test_a_listener_needs_a_callback_only_and_is_found_again(scene: Scene) -> None:
    made = registered(scene, {"callback": URL})

    with scene.database.read(TENANT) as uow:
        assert hub.find(uow, ORDERING_V5, made.id) == made
    assert (made.callback, made.query, made.secret, made.origin, made.created_at) == (URL, None, None, ORIGIN, START)


def test_the_hub_shows_what_was_registered_and_never_the_secret(scene: Scene) -> None:
    body = {"@type": "Hub", "callback": URL, "query": "eventType=ProductOrderCreateEvent", "secret": "0123456789abcdef"}

    made = registered(scene, body)

    shown = {"id": made.id, "callback": URL, "query": "eventType=ProductOrderCreateEvent"}
    assert hub.hub_document(ORDERING_V4, made) == shown
    assert hub.hub_document(ORDERING_V5, made) == {"@type": "Hub"} | shown


def test_a_listener_belongs_to_one_api_in_one_major_of_one_tenant(scene: Scene) -> None:
    made = registered(scene, {"callback": URL})

    with scene.database.write(TENANT) as uow:
        with pytest.raises(NotFound):
            hub.find(uow, ORDERING_V4, made.id)
        with pytest.raises(NotFound):
            hub.remove(uow, ORDERING_V4, made.id)
    with scene.database.read("t2") as uow, pytest.raises(NotFound):
        hub.find(uow, ORDERING_V5, made.id)


def test_a_removed_listener_is_gone(scene: Scene) -> None:
    made = registered(scene, {"callback": URL})

    scene.remove(made.id)

    with scene.database.write(TENANT) as uow:
        with pytest.raises(NotFound):
            hub.find(uow, ORDERING_V5, made.id)
        with pytest.raises(NotFound):
            hub.remove(uow, ORDERING_V5, made.id)


def test_a_hub_has_a_limit_for_each_api(scene: Scene) -> None:
    scene.settings = replace(scene.settings, subscriptions_max=1)
    registered(scene, {"callback": URL})

    with pytest.raises(Conflict, match="has 1 listeners, which is its limit"):
        registered(scene, {"callback": URL})
    registered(scene, {"callback": URL}, ORDERING_V4)


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({}, "/callback", "required"),
        ({"callback": None}, "/callback", "required"),
        ({"callback": 7}, "/callback", "type"),
        ({"callback": "not a url"}, "/callback", "format"),
        ({"callback": "ftp://a.example"}, "/callback", "format"),
        ({"callback": "/listener"}, "/callback", "format"),
        ({"callback": "https://"}, "/callback", "format"),
        ({"callback": "https://u:p@a.example/"}, "/callback", "format"),
        ({"callback": "https://a.example:99999/"}, "/callback", "format"),
        ({"callback": "https://a.example/\n"}, "/callback", "format"),
        ({"callback": "https://a.example\\@b.example/"}, "/callback", "format"),
        ({"callback": "https://a.example/" + "x" * 2_000}, "/callback", "maxLength"),
        ({"callback": URL, "query": 7}, "/query", "type"),
        ({"callback": URL, "query": "x" * 4_001}, "/query", "length"),
        ({"callback": URL, "secret": "short"}, "/secret", "length"),
        ({"callback": URL, "secret": ["x"]}, "/secret", "type"),
    ],
)
def test_a_bad_body_is_refused_and_nothing_is_stored(scene: Scene, body: Document, pointer: str, rule: str) -> None:
    with pytest.raises(InvalidBody) as refused:
        registered(scene, body)

    assert [(one.pointer, one.rule) for one in refused.value.violations] == [(pointer, rule)]
    with scene.database.read(TENANT) as uow:
        assert subscriptions.count(uow.connection, TENANT, ORDERING_V5.key) == 0


def test_unknown_attributes_are_refused_only_when_the_setting_says_so(scene: Scene) -> None:
    registered(scene, {"callback": URL, "a/b": 1})

    scene.settings = replace(scene.settings, unknown_attributes="refuse")
    with pytest.raises(InvalidBody) as refused:
        registered(scene, {"callback": URL, "a/b": 1})

    assert [one.pointer for one in refused.value.violations] == ["/a~1b"]


def test_literal_private_callbacks_are_refused_at_registration(scene: Scene) -> None:
    scene.settings = replace(scene.settings, callback_allow_private=False)

    with pytest.raises(InvalidBody) as refused:
        registered(scene, {"callback": "http://169.254.169.254/latest"})

    assert [one.rule for one in refused.value.violations] == ["address"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("eventType=NoSuchEvent", InvalidParameter),
        ("eventType=ProductOrderCreateEvent,NoSuchEvent", InvalidParameter),
        ("eventTime.gt=yesterday", InvalidParameter),
        ("event.productOrder.state.regex=(((", InvalidParameter),
        ("novalue", InvalidParameter),
        ("limit=5", InvalidParameter),
        ("sort=eventTime", InvalidParameter),
        ("fields=", InvalidParameter),
        ("filter=$..x", ClientError),
        ("filter=$[?(@.x", InvalidParameter),
        ("filter=$[?(max(@.x)==1)]", NotImplementedFeature),
    ],
)
def test_a_bad_query_is_refused_at_registration(scene: Scene, query: str, error: type[ClientError]) -> None:
    with pytest.raises(error):
        registered(scene, {"callback": URL, "query": query})

    with scene.database.read(TENANT) as uow:
        assert subscriptions.count(uow.connection, TENANT, ORDERING_V5.key) == 0


def test_a_type_that_cannot_be_is_answered_with_those_that_can() -> None:
    with pytest.raises(InvalidParameter, match="'Nope' is no event of this API; its events are CatalogAttribute"):
        parse_hub_query(CATALOG_V4, "eventType=Nope", Settings())


def wanted(query: str, **event: Any) -> bool:
    told = ORDERS_V5.tells(order_event("e1", **event))
    assert told is not None
    body = render(ORDERS_V5, told, order_event("e1", **event), ORIGIN)
    return parse_hub_query(ORDERING_V5, query, Settings()).admits(told, body)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", True),
        ("?eventType=ProductOrderCreateEvent", True),
        ("eventType=ProductOrderCreateEvent", True),
        ("eventType=OrderCreateEvent", True),
        ("eventType=productOrderCreateEvent", True),
        ("eventType=ProductOrderDeleteEvent", False),
        ("eventType=ProductOrderDeleteEvent,ProductOrderCreateEvent", True),
        ("eventType=ProductOrderDeleteEvent&eventType=ProductOrderCreateEvent", True),
        ("eventType=ProductOrderDeleteEvent;eventType=ProductOrderCreateEvent", True),
        ("eventType.ne=ProductOrderCreateEvent", False),
        ("eventType=ProductOrderCreateEvent&event.productOrder.state=acknowledged", True),
        ("event.productOrder.state=completed", False),
        ("event.productOrder.amount.gt=9", True),
        ("event.order.amount.gt=9", True),
        ("event.productOrder.amount.gt=10", False),
        ("event.productOrder.note.text*=^lat", True),
        ("eventTime.gt=2026-03-01T10:30:00%2B02:00", True),
        ("eventTime=2026-03-01", True),
        ("eventTime.lt=2026-03-01T09:00:00Z", False),
        ("nosuch=1", False),
        ("filter=$[?(@.eventType=='ProductOrderCreateEvent')]", True),
        ("filter=$[?(@.eventType=='ProductOrderDeleteEvent')]", False),
        ("filter=event.productOrder.note[?(@.text=='late')]", True),
    ],
)
def test_a_query_is_asked_of_the_event(query: str, expected: bool) -> None:
    assert wanted(query, amount=10, note=[{"text": "late"}, {"text": "x"}]) is expected


@pytest.mark.parametrize("written", ["CatalogCreateEvent", "ProductCatalogCreateEvent"])
@pytest.mark.parametrize("contract", [CATALOG_V4, CATALOG_V5])
def test_both_names_of_a_catalogue_event_mean_the_contracts(written: str, contract: Contract) -> None:
    (declared,) = [name for name in contract.events if name.endswith("CatalogCreateEvent")]

    assert parse_hub_query(contract, f"eventType={written}", Settings()).named == {declared}


def test_an_event_the_contract_lacks_may_be_asked_for_by_name() -> None:
    query = parse_hub_query(BILLS_V4.contract, "eventType=CustomerBillCreateEvent", Settings())

    assert query.named == {"CustomerBillCreateEvent"}


def test_fields_trim_through_objects_and_arrays_and_leave_what_identifies() -> None:
    body = {
        "@type": "X",
        "eventId": "e",
        "eventType": "X",
        "priority": "1",
        "event": {"o": {"id": 1, "n": [{"a": 1, "b": 2}]}},
    }

    trimmed = HubQuery(fields=(("event", "o", "n", "a"), ("title",))).trim(body)

    assert trimmed == {"@type": "X", "eventId": "e", "eventType": "X", "event": {"o": {"n": [{"a": 1}]}}}


@given(
    value=recursive(none() | booleans() | sampled_from("ab1") | integers(0, 1), lambda inner: lists(inner, max_size=2)),
    wanted=sampled_from(["a", "b", "1", "true"]),
    is_there=booleans(),
)
def test_what_is_told_apart_early_is_told_apart_by_the_whole_query(value: Any, wanted: str, is_there: bool) -> None:
    query = parse_hub_query(
        ORDERING_V5, f"event.productOrder.note={wanted}&eventType=ProductOrderCreateEvent", Settings()
    )
    body = {
        "eventType": "ProductOrderCreateEvent",
        "event": {"productOrder": {"note": value} if is_there else {"id": "o"}},
    }
    event = ORDERING_V5.events["ProductOrderCreateEvent"]
    told = Told(ORDERING_V5.resources["productOrder"], event, declared=True)

    assert len(query.required) == 2
    assert query.admits(told, body) == matches(query.condition, body)
