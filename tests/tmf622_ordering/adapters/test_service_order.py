"""What is sent to a TMF641 API, by the official schema, and what its orders and events say."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import jsonschema
import pytest

from common import exact_json
from tests import official
from tests.tmf622_ordering.adapters.calls import NOW, call
from tmf622_ordering.adapters.hint import INFORMATION_REQUIRED, Hint, hint, with_hint
from tmf622_ordering.adapters.oss import OssTrouble
from tmf622_ordering.adapters.port import Operation, Outcome
from tmf622_ordering.adapters.service_order import (
    answer_of,
    cancellation_body,
    external_id,
    key_of,
    missing_values,
    order_body,
    read_order,
)

KINDS = ("reserve", "provision", "ship", "activate", "deactivate", "swap", "suspend", "resume")
POLL = timedelta(minutes=1)
FILE = [path for path in official.files() if path.name.startswith("TMF641")]
FULL = {
    "quantity": 2,
    "expectedCompletionDate": "2026-03-02T00:00:00.000Z",
    "resourceSpecification": {"id": "sim", "name": "SIM", "@type": "ResourceSpecificationRef"},
    "place": [
        {"role": "installation", "@type": "RelatedPlaceRefOrValue", "place": {"id": "p-1", "@type": "PlaceRef"}},
        {"role": "delivery", "place": {"city": "Delft", "@type": "GeographicAddress"}},
    ],
    "relatedParty": [
        {"role": "customer", "partyOrPartyRole": {"id": "c-1", "@type": "PartyRoleRef", "@referredType": "Customer"}},
        {"role": "seller", "partyOrPartyRole": {"id": "o-1", "name": "Shop", "@type": "PartyRef"}},
        {"role": "visitor", "partyOrPartyRole": {"givenName": "A", "@type": "Individual"}},
    ],
    "realizingService": [{"id": "s-1"}, {"id": "s-2"}],
}


def order(**attributes):
    return read_order({"id": "so-1", **attributes}, "the OSS answered")


def said(state, **attributes):
    return answer_of(order(state=state, **attributes), call(operation=Operation.CHECK), NOW, POLL)


@pytest.mark.skipif(not FILE, reason="TM Forum's files are not beside the project")
def test_every_body_fits_the_official_file():
    definitions = json.loads(FILE[0].read_text())["definitions"]

    def check(name, body):
        document = json.loads(exact_json.encode(body))
        jsonschema.Draft4Validator({"$ref": f"#/definitions/{name}", "definitions": definitions}).validate(document)

    bodies = [
        order_body(call(kind=kind, details=details), "k", takes_back=taken)
        for kind, details, taken in itertools.product(KINDS, ({}, FULL, {"action": "modify"}), (None, order()))
    ]
    for body in bodies:
        check("ServiceOrder_Create", body)
    check("CancelServiceOrder_Create", cancellation_body(order()))
    check("ServiceOrder_Update", missing_values(order(**bodies[0]), call(details={"characteristic": {"a": 1}})))
    with pytest.raises(jsonschema.ValidationError):
        check("ServiceOrder_Create", {**bodies[0], "serviceOrderItem": [{"id": "1"}]})


def test_an_order_says_all_that_a_task_knows():
    body = order_body(call(details=FULL), "order-1/1/provision/cfs-1")

    first, second = body.pop("serviceOrderItem")
    assert second == {**first, "id": "2", "service": {**first["service"], "id": "s-2"}}
    assert body == {
        "externalId": "order-1/1/provision/cfs-1",
        "category": "provision",
        "description": "provision for item 1 of product order order-1",
        "requestedCompletionDate": "2026-03-02T00:00:00.000Z",
        "externalReference": [{"id": "order-1", "externalReferenceType": "ProductOrder", "name": "product order"}],
        "relatedParty": [
            {"id": "c-1", "@referredType": "Customer", "role": "customer", "@type": "RelatedParty"},
            {"id": "o-1", "name": "Shop", "@referredType": "Party", "role": "seller", "@type": "RelatedParty"},
        ],
        "@type": "ServiceOrder",
    }
    service = first.pop("service")
    assert first == {"id": "1", "action": "add", "quantity": 2, "@type": "ServiceOrderItem"}
    assert service == {
        "id": "s-1",
        "state": "inactive",
        "serviceSpecification": {"id": "cfs-1", "name": "Broadband access", "@type": "ServiceSpecificationRef"},
        "serviceCharacteristic": [{"name": "speed", "value": 500}, {"name": "static", "value": True}],
        "relatedEntity": [
            {"id": "product-1", "role": "product", "@referredType": "Product", "@type": "RelatedEntityRef"},
            {
                "id": "offering-1",
                "name": "Fibre 500",
                "role": "productOffering",
                "@referredType": "ProductOffering",
                "@type": "RelatedEntityRef",
            },
            {
                "id": "sim",
                "name": "SIM",
                "role": "resourceSpecification",
                "@referredType": "ResourceSpecification",
                "@type": "RelatedEntityRef",
            },
        ],
        "place": [
            {"id": "p-1", "@type": "PlaceRef", "role": "installation"},
            {"city": "Delft", "@type": "GeographicAddress", "role": "delivery"},
        ],
        "@type": "Service",
    }


@pytest.mark.parametrize(
    ("kind", "action", "done", "undone"),
    [
        ("reserve", "add", ("add", "reserved"), ("delete", "terminated")),
        ("provision", "add", ("add", "inactive"), ("delete", "terminated")),
        ("provision", "modify", ("modify", None), ("modify", None)),
        ("ship", "add", ("add", None), ("delete", None)),
        ("activate", "add", ("modify", "active"), ("modify", "inactive")),
        ("deactivate", "delete", ("delete", "terminated"), ("add", "active")),
        ("swap", "modify", ("modify", None), ("modify", None)),
        ("suspend", "modify", ("modify", "inactive"), ("modify", "active")),
        ("resume", "modify", ("modify", "active"), ("modify", "inactive")),
    ],
)
def test_each_kind_has_its_action_and_its_way_back(kind, action, done, undone):
    one = call(kind=kind, details={"action": action})
    for taken, expected in ((None, done), (order(), undone)):
        (item,) = order_body(one, "k", takes_back=taken)["serviceOrderItem"]
        assert (item["action"], item["service"].get("state")) == expected


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("acknowledged", Outcome.ACCEPTED),
        ("pending", Outcome.ACCEPTED),
        ("held", Outcome.ACCEPTED),
        ("inProgress", Outcome.ACCEPTED),
        ("assessingCancellation", Outcome.ACCEPTED),
        ("pendingCancellation", Outcome.ACCEPTED),
        (None, Outcome.ACCEPTED),
        ("completed", Outcome.DONE),
        ("partial", Outcome.FAILED),
        ("failed", Outcome.FAILED),
        ("rejected", Outcome.FAILED),
        ("cancelled", Outcome.FAILED),
    ],
)
def test_each_state_is_an_outcome(state, outcome):
    answer = said(state)
    assert (answer.outcome, answer.reference) == (outcome, "so-1")
    assert answer.ask_again_at == (NOW + POLL if outcome is Outcome.ACCEPTED else None)


@pytest.mark.skipif(not FILE, reason="TM Forum's files are not beside the project")
def test_no_state_of_the_official_file_is_left_out():
    states = json.loads(FILE[0].read_text())["definitions"]["ServiceOrderStateType"]["enum"]
    assert len([said(state).outcome for state in states]) == 11


@pytest.mark.parametrize("document", [None, [], "x", {}, {"id": 7}, {"id": ".."}, {"id": "1", "state": "done"}])
def test_what_is_no_service_order_is_trouble(document):
    with pytest.raises(OssTrouble):
        read_order(document, "the OSS answered 200 to GET serviceOrder/1")


def test_a_completed_order_gives_its_services_once():
    items = [
        {"action": "add", "service": {"id": "s-1", "name": "Access", "supportingResource": [{"id": "r-1"}, {}]}},
        {"action": "add", "service": {"id": "s-1"}, "serviceOrderItem": [{"action": "add", "service": {"id": "s-3"}}]},
        {"action": "delete", "service": {"id": "s-9"}},
        {"action": "add", "service": {"name": "without an id"}},
    ]
    answer = said("completed", serviceOrderItem=items)
    assert answer.services == (
        {"id": "s-1", "name": "Access", "@type": "ServiceRef", "@referredType": "Service"},
        {"id": "s-3", "@type": "ServiceRef", "@referredType": "Service"},
    )
    assert answer.resources == ({"id": "r-1", "@type": "ResourceRef", "@referredType": "Resource"},)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T13:00:00+01:00", NOW),
        ("2026-03-01T12:00:05Z", NOW + timedelta(seconds=5)),
        ("2026-03-01T11:59:00Z", NOW),
        ("1970-01-01T00:00:00Z", NOW),
        ("2026-03-01T12:00:11Z", NOW + timedelta(seconds=10)),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_completion_lies_between_asking_and_now(text, expected):
    found = order(state="completed", completionDate=text)
    assert answer_of(found, call(), NOW + timedelta(seconds=10), POLL).effective_at == expected


def test_a_failure_says_why():
    errors = [{"code": "E7", "message": "no port", "reason": "street 5"}, {"message": "call us"}, {}]
    answer = said("failed", errorMessage=errors, serviceOrderItem=[{"errorMessage": [{"message": "item"}, errors[1]]}])
    assert answer.reason == "failed: E7: no port: street 5; call us; item"
    assert len(said("failed", errorMessage=[{"message": "x" * 5_000}]).reason) == 300


@pytest.mark.parametrize("key", ["o/1/ship", "a,b;c*|d", "100%", "é/\u2028", "%2C", "a b&c=d"])
def test_a_key_comes_back_from_its_external_id(key):
    written = external_id(key)
    assert key_of(written) == key
    assert not set(written) & set(",;*|&=\"'")


def test_only_what_is_missing_is_told():
    there = [{"name": "speed", "value": 100, "id": "c1"}, {"name": "extra", "value": 1}]
    found = order(serviceOrderItem=[{"id": "1", "service": {"id": "s", "serviceCharacteristic": there}}, {"id": "2"}])

    patch = missing_values(found, call())
    assert patch == {
        "serviceOrderItem": [
            {
                "id": "1",
                "service": {
                    "id": "s",
                    "serviceCharacteristic": [
                        {"name": "speed", "value": 500, "id": "c1"},
                        {"name": "extra", "value": 1},
                        {"name": "static", "value": True},
                    ],
                },
            },
            {"id": "2"},
        ]
    }
    assert missing_values(order(**patch), call()) is None


ORDER = {"id": "so-1", "externalId": "o/1/ship", "state": "completed"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"eventType": "E", "event": {"serviceOrder": ORDER}}, Hint("so-1", "o/1/ship", "E", state="completed")),
        ({"event": {"serviceOrder": {"id": "so-1"}}}, Hint("so-1", None)),
        ({"event": {"serviceOrder": {"externalId": "a%2Cb"}}}, Hint(None, "a,b")),
        ({"serviceOrder": ORDER}, Hint("so-1", "o/1/ship", state="completed")),
        ({"event": {"cancelServiceOrder": {"id": "c", "serviceOrder": {"id": "so-1"}}}}, Hint("so-1", None)),
        ({"eventType": 7, "event": {"serviceOrder": ORDER}}, Hint("so-1", "o/1/ship", state="completed")),
        ({}, None),
        ({"event": None}, None),
        ({"event": []}, None),
        ({"event": {"serviceOrder": []}}, None),
        ({"event": {"serviceOrder": {"id": 1, "externalId": ["x"]}}}, None),
        ({"event": {"serviceOrder": {"id": "x" * 501}}}, None),
        ({"event": {"cancelServiceOrder": "c"}}, None),
    ],
)
def test_an_event_is_a_hint_or_nothing(event, expected):
    assert hint(event) == expected


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("serviceOrderItem[0].service.serviceCharacteristic.iccid", ("iccid",)),
        ("$.serviceOrderItem[*].service.serviceCharacteristic[?(@.name=='SIM card')].value", ("SIM card",)),
        ("/serviceOrderItem/0/service/serviceCharacteristic/iccid/value", ("iccid",)),
        ("", ()),
        (None, ()),
        ("x" * 501, ()),
    ],
)
def test_required_information_is_taken_from_the_event_and_confirmed_by_the_order(path, missing):
    given = hint({"eventType": INFORMATION_REQUIRED, "fieldPath": path, "event": {"serviceOrder": ORDER}})

    waiting = with_hint(said("pending", errorMessage=[{"message": "which SIM?"}]), given)

    assert (waiting.outcome, waiting.missing) == (Outcome.INFORMATION_REQUIRED, missing)
    assert waiting.reason == "pending: which SIM?"
    for state in ("inProgress", "completed", "pendingCancellation"):
        assert with_hint(said(state), given) == said(state)
    assert with_hint(said("pending"), Hint("so-1", None, "ServiceOrderStateChangeEvent")) == said("pending")
