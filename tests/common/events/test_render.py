"""How an event looks to the listeners of each major."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.domain.event import Event
from common.domain.query import Document
from common.events.publication import Publication, publication
from common.events.render import href_base, render
from common.settings import Settings
from common.spec.contract import ResourceContract
from tests.common.events.toys import (
    CATALOG_V4,
    CATALOGS,
    CATALOGS_V4,
    CATALOGS_V5,
    ORDERS_V4,
    ORDERS_V5,
    START,
    START_TEXT,
    contract,
    order_event,
    resource,
)

BASE = "http://127.0.0.1:8080"
V5, V4 = (f"{BASE}/tmf-api/productOrderingManagement/{major}/productOrder" for major in ("v5", "v4"))
IDENTITY = {"id": "o1", "href": f"{V5}/o1", "@type": "ProductOrder"}


def body(sender: Publication, event: Event) -> Document:
    told = sender.tells(event)
    assert told is not None
    return render(sender, told, event, BASE)


def test_a_v5_event_has_the_envelope_of_the_standard() -> None:
    assert body(ORDERS_V5, order_event("e1", "Create")) == {
        "@type": "ProductOrderCreateEvent",
        "@baseType": "Event",
        "eventId": "e1",
        "eventTime": START_TEXT,
        "eventType": "ProductOrderCreateEvent",
        "correlationId": "c1",
        "domain": "Product Ordering",
        "title": "ProductOrderCreateEvent",
        "description": "ProductOrder o1 was created.",
        "priority": "1",
        "timeOccurred": START_TEXT,
        "event": {"productOrder": IDENTITY | {"state": "acknowledged"}},
    }


def test_a_v4_event_has_the_misspelt_time_no_type_and_the_whole_resource() -> None:
    assert body(ORDERS_V4, order_event("e1", "StateChange", changed=("state",), note="x")) == {
        "eventId": "e1",
        "eventTime": START_TEXT,
        "eventType": "ProductOrderStateChangeEvent",
        "correlationId": "c1",
        "domain": "Product Ordering",
        "title": "ProductOrderStateChangeEvent",
        "description": "The state of ProductOrder o1 changed.",
        "priority": "1",
        "timeOcurred": START_TEXT,
        "event": {
            "productOrder": {
                "id": "o1",
                "href": f"{V4}/o1",
                "@type": "ProductOrder",
                "state": "acknowledged",
                "note": "x",
            }
        },
    }


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (order_event("e", "Create", note="x"), IDENTITY | {"state": "acknowledged", "note": "x"}),
        (order_event("e", "Delete", note="x"), IDENTITY),
        (order_event("e", "StateChange", changed=("state",), note="x"), IDENTITY | {"state": "acknowledged"}),
        (
            order_event("e", "StateChange", changed=("state",), extra={"itemStateChange": []}),
            IDENTITY | {"state": "acknowledged", "itemStateChange": []},
        ),
        (order_event("e", "AttributeValueChange", changed=("note",), note="x"), IDENTITY | {"note": "x"}),
        (order_event("e", "AttributeValueChange", changed=("gone", "note"), note="x"), IDENTITY | {"note": "x"}),
        (
            order_event("e", "InformationRequired", extra={"informationRequired": {"op": "add"}}),
            IDENTITY | {"informationRequired": {"op": "add"}},
        ),
    ],
)
def test_the_v5_payload_of_each_kind(event: Event, payload: Document) -> None:
    assert body(ORDERS_V5, event)["event"] == {"productOrder": payload}


def test_an_event_without_correlation_has_no_such_member() -> None:
    assert "correlationId" not in body(ORDERS_V5, replace(order_event("e"), correlation_id=None))


def test_an_id_is_percent_encoded_in_the_link_only() -> None:
    payload = body(ORDERS_V5, order_event("e", id="a/b ü"))["event"]["productOrder"]

    assert (payload["id"], payload["href"]) == ("a/b ü", f"{V5}/a%2Fb%20%C3%BC")


def test_one_stored_event_has_the_name_of_each_contract() -> None:
    event = Event("e", "ProductCatalogCreateEvent", START, CATALOGS, "productCatalog", "k", {"id": "k"})

    new, old = body(CATALOGS_V5, event), body(CATALOGS_V4, event)

    assert (new["eventType"], list(new["event"])) == ("ProductCatalogCreateEvent", ["productCatalog"])
    assert (old["eventType"], list(old["event"])) == ("CatalogCreateEvent", ["catalog"])


def test_the_body_key_is_the_contracts() -> None:
    account = resource("partyAccount", body_key="payload")
    sender = publication(contract("TMF666", 4, "Account", "accountManagement", account), {"partyAccount": "t"})
    event = Event("e", "PartyAccountCreateEvent", START, "t", "partyAccount", "a", {"id": "a"})

    rendered = body(sender, event)

    assert list(rendered["payload"]) == ["partyAccount"]
    assert "event" not in rendered


def test_a_contract_shows_a_document_its_own_way() -> None:
    def shout(shape: ResourceContract, document: Document) -> Document:
        return document | {"name": document["name"].upper(), "shape": shape.name}

    sender = publication(CATALOG_V4, {"catalog": CATALOGS}, shout)
    stored: dict[str, Any] = {"id": "k", "name": "summer"}
    event = Event("e", "ProductCatalogCreateEvent", START, CATALOGS, "productCatalog", "k", stored)

    payload = body(sender, event)["event"]["catalog"]

    assert (payload["name"], payload["shape"], stored["name"]) == ("SUMMER", "catalog", "summer")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), "http://10.0.0.1:80"),
        (Settings(base_prefix="/r1"), "http://10.0.0.1:80/r1"),
        (Settings(base_url="https://bss.example/", base_prefix="/r1"), "https://bss.example/r1"),
    ],
)
def test_links_start_at_the_configured_address_or_where_the_listener_came_in(settings: Settings, expected: str) -> None:
    assert href_base(settings, "http://10.0.0.1:80") == expected


def test_an_event_of_another_resource_is_not_told() -> None:
    assert ORDERS_V5.tells(replace(order_event("e"), source="something_else")) is None
    assert ORDERS_V5.tells(replace(order_event("e"), type="ProductOrderMilestoneEvent")) is None


def test_a_generic_event_that_the_contract_lacks_is_told_as_undeclared() -> None:
    sender = publication(
        contract("TMF678", 4, "Bill", "bill", resource("customerBill", kinds=())), {"customerBill": "b"}
    )
    event = Event("e", "CustomerBillStateChangeEvent", START, "b", "customerBill", "1", {"id": "1"})

    told = sender.tells(event)

    assert told is not None
    assert (told.event.type, told.event.payload_key, told.declared) == (
        "CustomerBillStateChangeEvent",
        "customerBill",
        False,
    )
    assert told.event.listener_path == "/listener/customerBillStateChangeEvent"
