"""Every resource that both majors create: what is done to it in one reaches the hubs of both, as each declares it."""

from __future__ import annotations

import json
from functools import cache

import pytest
from sqlalchemy import select

from common.events.relay import Relay
from common.serving import publications
from common.spec.contract import EventKind, Verb
from common.spec.dialect_v4 import SwaggerDialect
from common.spec.dialect_v5 import OpenApiDialect
from common.spec.schemas import SchemaCompiler
from common.spec.validators import CompiledValidator
from common.store.event_tables import delivery, notification
from tests.conformance.documents import Generator
from tests.conformance.test_versions import PAIRS, Pair

SPECIFICATION = "/tmf-api/productCatalogManagement/v5/productSpecification"
PARTY = {"@type": "PartyRef", "id": "42"}
PRODUCT = {"@type": "Product", "productSpecification": {"@type": "ProductSpecificationRef", "id": "s"}}
_ACCOUNT = {
    "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "payer", "partyOrPartyRole": PARTY}],
}
# Said beside the least that a contract accepts, by resource and major: what lets an order be accepted and a product
# be deleted later, and the id of a party, which v4 has to show and v5 may leave out.
MORE = {
    ("productOrder", 4): {
        "productOrderItem": [{"id": "1", "action": "add", "product": {"productSpecification": {"id": "s"}}}]
    },
    ("productOrder", 5): {
        "productOrderItem": [{"@type": "ProductOrderItem", "id": "1", "action": "add", "product": PRODUCT}]
    },
    **{("product", major): {"status": "pendingActive"} for major in (4, 5)},
    ("customer", 5): {"engagedParty": PARTY},
    **{(name, 5): _ACCOUNT for name in ("partyAccount", "billingAccount", "settlementAccount", "financialAccount")},
}
# The states that follow the first one, until the resource may be deleted; both majors call them so. The other
# resources have none or cannot be patched.
NEXT = {
    **dict.fromkeys(
        ("productCatalog", "category", "productOffering", "productOfferingPrice", "productSpecification"),
        ("In Design",),
    ),
    **dict.fromkeys(("partyAccount", "billingAccount", "settlementAccount", "financialAccount"), ("Suspended",)),
    **dict.fromkeys(("individual", "organization"), ("validated",)),
    "productOrder": ("inProgress", "failed"),
    "customer": ("Approved",),
    "productUsage": ("rejected",),
    "product": ("cancelled",),
}
ENVELOPE = {"eventId", "eventTime", "eventType", "correlationId", "domain", "title", "description", "priority"}


def test_every_resource_with_a_state_to_patch_has_its_next_one_here():
    assert NEXT.keys() == {
        pair.new.name for pair in PAIRS if pair.new.state_attribute and Verb.PATCH in pair.new.operations
    }


@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize("written", [4, 5], ids=["by v4", "by v5"])
def test_the_hub_of_each_major_is_told_what_it_declares_of_every_change(suite, pair, written):
    hubs = {major: _hub(suite, pair, major) for major in (4, 5)}
    done = _changed(suite, pair, written)
    told = _told(suite)

    for major, hub in hubs.items():
        contract, resource = (pair.v4, pair.old) if major == 4 else (pair.v5, pair.new)
        expected = [(resource.events[kind], value) for kind, value in done if kind in resource.events]
        bodies = told.get(hub, [])
        assert [body["eventType"] for body in bodies] == [event.type for event, _ in expected]
        for body, (event, value) in zip(bodies, expected, strict=True):
            _envelope(body, contract, event)
            payload = body[event.body_key][event.payload_key]
            assert payload["href"] == f"http://bss.example{pair.collection(major)}/{payload['id']}"
            assert not [name for name in payload if name.startswith("~")]
            if value:
                changed = resource.state_attribute if event.kind is EventKind.STATE_CHANGE else pair.shared
                assert payload[changed] == value
            if major == 4 and event.kind is not EventKind.CREATE:
                latest = "second" if Verb.PATCH in pair.new.operations else "first"
                assert payload[pair.shared] == latest, "v4 sends the whole resource, as it was"
            assert _schema(contract.key, event.listener_path).violations(body) == []


def _hub(suite, pair: Pair, major: int) -> str:
    base = (pair.v4 if major == 4 else pair.v5).base_path
    body = {"callback": f"https://listener.example/v{major}"}
    return suite.created(f"{base}/hub", body if major == 4 else {"@type": "Hub", **body})["id"]


def _changed(suite, pair: Pair, major: int) -> list[tuple[EventKind, str]]:
    """Create, patch, move and delete, as far as the resource can be: the events that is, and the value that is new."""
    name, verbs = pair.new.name, pair.new.operations
    if name == "productOrder":
        suite.created(SPECIFICATION, {"@type": "ProductSpecification", "id": "s", "name": "s"})
    body = {**pair.body(major), **MORE.get((name, major), {}), pair.shared: "first"}
    made = suite.created(pair.collection(major), body)
    item, done = f"{pair.collection(major)}/{made['id']}", [(EventKind.CREATE, "")]
    if name == "queryUsageConsumption":  # it is answered as it is created
        done.append((EventKind.STATE_CHANGE, ""))
    if Verb.PATCH in verbs:
        _accepted(suite.patch(item, {pair.shared: "second"}), 200)
        done.append((EventKind.ATTRIBUTE_VALUE_CHANGE, "second"))
    for state in NEXT.get(name, ()):
        _accepted(suite.patch(item, {pair.new.state_attribute: state}), 200)
        if name == "productOrder":  # its items move with it
            done.append((EventKind.ATTRIBUTE_VALUE_CHANGE, ""))
        done.append((EventKind.STATE_CHANGE, state))
    if Verb.DELETE in verbs:
        _accepted(suite.delete(item), 204)
        done.append((EventKind.DELETE, ""))
    return done


def _accepted(answer, status: int) -> None:
    assert answer.status == status, answer.content


def _told(suite):
    """The bodies in the queue of each listener, in order, as the relay puts them there."""
    installation = suite.installation
    relay = Relay(publications(installation), installation.settings)
    bodies: dict[str, list] = {}
    with installation.database.write("") as uow:
        while relay.relay(uow, installation.clock.now()):
            pass
        queued = select(delivery.c.subscription_id, notification.c.body)
        queued = queued.join(notification, notification.c.id == delivery.c.notification_id)
        for row in uow.connection.execute(queued.order_by(notification.c.id)):
            bodies.setdefault(row.subscription_id, []).append(json.loads(row.body))
        uow.commit()
    return bodies


def _envelope(body, contract, event) -> None:
    if contract.is_v4:
        assert body.keys() == ENVELOPE | {"timeOcurred", event.body_key}
        assert body["timeOcurred"] == body["eventTime"]
    else:
        assert body.keys() == ENVELOPE | {"@type", "@baseType", "timeOccurred", event.body_key}
        assert (body["@type"], body["@baseType"], body["timeOccurred"]) == (event.type, "Event", body["eventTime"])
    assert (body["title"], body["domain"]) == (event.type, contract.title)
    assert body[event.body_key].keys() == {event.payload_key}


@cache
def _schema(key: str, listener_path: str) -> CompiledValidator:
    """The contract's own schema of what a listener gets."""
    pair = next(pair for pair in PAIRS if key in (pair.v4.key, pair.v5.key))
    contract = pair.v4 if key == pair.v4.key else pair.v5
    dialect = SwaggerDialect() if contract.is_v4 else OpenApiDialect()
    compiler = SchemaCompiler(dialect.schemas(contract.document), dialect.nullable)
    schema = Generator(contract.document).body_schema(contract.document["paths"][listener_path]["post"])
    return CompiledValidator(lambda: compiler.compile(schema), f"{key} {listener_path}")
