"""Tasks as TMF641 service orders, and service orders as answers. Pure; what is sent when stands in `tmf641.py`.

| kind | action, state wanted | taken back by |
| --- | --- | --- |
| reserve | add, reserved | delete, terminated |
| provision | add, inactive (of a product that is there: modify) | delete, terminated (modify) |
| ship | add | delete |
| activate | modify, active | modify, inactive |
| deactivate | delete, terminated | add, active |
| swap | modify | modify |
| suspend | modify, inactive | modify, active |
| resume | modify, active | modify, inactive |

Source: TMF641 v4.1.0 ServiceOrder, OrderItemActionType, ServiceOrderStateType, ServiceStateType.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from common.domain.clock import normal_instant
from common.domain.numbers import whole_number
from tmf622_ordering.adapters.oss import REASON_CHARACTERS_MAX, OssTrouble
from tmf622_ordering.adapters.port import Answer, Call, Operation, Outcome

ID_CHARACTERS_MAX = 500
_SERVICES_MAX = 1_000

# The states of ServiceOrderStateType, all eleven, by what they mean for a task.
NOTHING_LEFT = frozenset({"rejected", "failed", "cancelled"})
LEFT_BEHIND = frozenset({"completed", "partial"})
BEING_CANCELLED = frozenset({"assessingCancellation", "pendingCancellation"})
OPEN = frozenset({"acknowledged", "pending", "held", "inProgress"})
# Waiting for somebody outside the OSS; the only state in which it is told more.
WAITING = "pending"


@dataclass(frozen=True)
class Wanted:
    """What an item asks for: the action, and the state that the service is to be in (None: the OSS knows)."""

    action: str
    state: str | None = None


_CARRIED_OUT = {
    "reserve": Wanted("add", "reserved"),
    "provision": Wanted("add", "inactive"),
    "ship": Wanted("add"),
    "activate": Wanted("modify", "active"),
    "deactivate": Wanted("delete", "terminated"),
    "swap": Wanted("modify"),
    "suspend": Wanted("modify", "inactive"),
    "resume": Wanted("modify", "active"),
}
_TAKEN_BACK = {
    "reserve": Wanted("delete", "terminated"),
    "provision": Wanted("delete", "terminated"),
    "ship": Wanted("delete"),
    "activate": Wanted("modify", "inactive"),
    "deactivate": Wanted("add", "active"),
    "swap": Wanted("modify"),
    "suspend": Wanted("modify", "active"),
    "resume": Wanted("modify", "inactive"),
}
_CHANGED = Wanted("modify")


@dataclass(frozen=True)
class ServiceOrder:
    """What is read of a service order. `key` is what its externalId stands for; an order that has just come in may be
    without a state, and counts as acknowledged.
    """

    id: str
    key: str | None
    state: str
    document: Mapping[str, Any]


def external_id(key: str) -> str:
    """A key as an externalId: without the characters that a filter reads as a list or a pattern."""
    return quote(key, safe="/:@ ")


def key_of(external: Any) -> str | None:
    """The key that an externalId stands for."""
    is_usable = isinstance(external, str) and 0 < len(external) <= ID_CHARACTERS_MAX
    return unquote(external) if is_usable else None


def read_order(document: Any, what: str) -> ServiceOrder:
    """Errors: OssTrouble for what is no service order with an id and one of the standard's states."""
    if not isinstance(document, Mapping) or not is_id(document.get("id")):
        raise OssTrouble(f"{what}, with a body that is no service order")
    state = document.get("state") or "acknowledged"
    if state not in NOTHING_LEFT | LEFT_BEHIND | BEING_CANCELLED | OPEN:
        raise OssTrouble(
            f"service order {document['id']} has the state {str(state)[:50]!r}, which TMF641 does not know"
        )
    return ServiceOrder(document["id"], key_of(document.get("externalId")), state, document)


def is_id(value: Any) -> bool:
    """Whether a value can be an id, and a segment of a path."""
    return isinstance(value, str) and 0 < len(value) <= ID_CHARACTERS_MAX and value not in (".", "..")


# -- answers ----------------------------------------------------------------------------------------------------------


def answer_of(order: ServiceOrder, call: Call, now: datetime, ask_again: timedelta) -> Answer:
    """How the task stands, as its service order does."""
    if order.state == "completed":
        is_undo = call.operation in (Operation.UNDO, Operation.CHECK_UNDO)
        return Answer(
            Outcome.DONE,
            reference=order.id,
            effective_at=_completed_at(order.document, call, now),
            services=() if is_undo else tuple(services_of(order)),
            resources=() if is_undo else tuple(_resources_of(order)),
        )
    reason = _reason(order)
    if order.state in NOTHING_LEFT | LEFT_BEHIND:
        return Answer(Outcome.FAILED, reason, reference=order.id)
    return Answer(Outcome.ACCEPTED, reason, reference=order.id, ask_again_at=now + ask_again)


def _completed_at(document: Mapping[str, Any], call: Call, now: datetime) -> datetime | None:
    """The completionDate, when it can be true: not before the task was asked for, not after now."""
    text = document.get("completionDate")
    normal = normal_instant(text) if isinstance(text, str) else None
    return None if normal is None else min(max(datetime.fromisoformat(normal), call.requested_at), now)


def _reason(order: ServiceOrder) -> str:
    """The state, and what the order and its items say of errors."""
    said: dict[str, None] = {}
    for part in (order.document, *_items(order.document)):
        for message in _mappings(part.get("errorMessage")):
            words = [str(message[name]) for name in ("code", "message", "reason") if message.get(name)]
            said[": ".join(words)] = None
    texts = [text for text in said if text]
    return (f"{order.state}: {'; '.join(texts)}" if texts else order.state)[:REASON_CHARACTERS_MAX]


def services_of(order: ServiceOrder) -> Iterator[Mapping[str, Any]]:
    """References to the services that an order has brought about or changed, each once."""
    services = (
        item["service"]
        for item in _items(order.document)
        if item.get("action") != "delete" and isinstance(item.get("service"), Mapping)
    )
    yield from _references(services, "Service")


def _resources_of(order: ServiceOrder) -> Iterator[Mapping[str, Any]]:
    services = (item.get("service") for item in _items(order.document))
    found = (
        resource
        for service in services
        if isinstance(service, Mapping)
        for resource in _mappings(service.get("supportingResource"))
    )
    yield from _references(found, "Resource")


def _references(found: Iterable[Mapping[str, Any]], kind: str) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    for one in found:
        if is_id(one.get("id")) and one["id"] not in seen and len(seen) < _SERVICES_MAX:
            seen.add(one["id"])
            texts = {name: one[name] for name in ("href", "name") if isinstance(one.get(name), str)}
            yield {"id": one["id"], **texts, "@type": f"{kind}Ref", "@referredType": one.get("@referredType") or kind}


def _items(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The items of an order, with those inside items."""
    for item in _mappings(document.get("serviceOrderItem")):
        yield item
        yield from _items(item)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


# -- bodies -----------------------------------------------------------------------------------------------------------


def order_body(call: Call, key: str, *, takes_back: ServiceOrder | None = None) -> dict[str, Any]:
    """The service order that asks for a task, or that takes back what another one did."""
    wanted = (_TAKEN_BACK if takes_back else _CARRIED_OUT)[call.kind]
    if call.kind == "provision" and call.details.get("action") == "modify":
        wanted = _CHANGED
    known = services_of(takes_back) if takes_back else _mappings(call.details.get("realizingService"))
    ids = [service["id"] for service in known if is_id(service.get("id"))]
    aim = "taking back: " if takes_back else ""
    body = {
        "externalId": external_id(key),
        "category": call.kind,
        "description": f"{aim}{call.kind} for item {call.item_id} of product order {call.order_id}",
        "requestedCompletionDate": call.details.get("expectedCompletionDate"),
        "externalReference": [{"id": call.order_id, "externalReferenceType": "ProductOrder", "name": "product order"}],
        "relatedParty": [*_parties(call.details.get("relatedParty"))],
        "serviceOrderItem": [_item(call, wanted, str(n), id) for n, id in enumerate(ids or [None], start=1)],
        "@type": "ServiceOrder",
    }
    return _lean(body)


def _item(call: Call, wanted: Wanted, number: str, service_id: str | None) -> dict[str, Any]:
    service = {
        "id": service_id,
        "state": wanted.state,
        "serviceSpecification": _flat(call.details.get("serviceSpecification"), "ServiceSpecificationRef"),
        "serviceCharacteristic": _characteristics(call),
        "relatedEntity": [*_entities(call.details)],
        "place": [_place(place) for place in _mappings(call.details.get("place"))],
        "@type": "Service",
    }
    item = {
        "id": number,
        "action": wanted.action,
        "quantity": whole_number(call.details.get("quantity")),
        "service": _lean(service),
        "@type": "ServiceOrderItem",
    }
    return _lean(item)


def missing_values(order: ServiceOrder, call: Call) -> dict[str, Any] | None:
    """A patch with the characteristics that the order's first item does not have as the task does; None without any."""
    items = [dict(item) for item in _mappings(order.document.get("serviceOrderItem"))]
    if not items:
        return None
    service = items[0].get("service")
    service = dict(service) if isinstance(service, Mapping) else {}
    there = {str(one.get("name")): one for one in _mappings(service.get("serviceCharacteristic"))}
    told = [one for one in _characteristics(call) if there.get(one["name"], {}).get("value") != one["value"]]
    if not told:
        return None
    merged = {**there, **{one["name"]: {**there.get(one["name"], {}), **one} for one in told}}
    items[0]["service"] = {**service, "serviceCharacteristic": [*merged.values()]}
    return {"serviceOrderItem": items}


def cancellation_body(order: ServiceOrder) -> dict[str, Any]:
    return {
        "cancellationReason": "the product order is being taken back",
        "serviceOrder": {"id": order.id, "@referredType": "ServiceOrder"},
        "@type": "CancelServiceOrder",
    }


def _characteristics(call: Call) -> list[dict[str, Any]]:
    given = call.details.get("characteristic") or {}
    return [{"name": name, "value": value} for name, value in given.items() if value is not None]


def _entities(details: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What else the service is about: TMF641 has no attributes for products and their specifications."""
    if is_id(details.get("productId")):
        yield {"id": details["productId"], "role": "product", "@referredType": "Product", "@type": "RelatedEntityRef"}
    for name, kind in (("productOffering", "ProductOffering"), ("resourceSpecification", "ResourceSpecification")):
        reference = _flat(details.get(name), "RelatedEntityRef")
        if reference is not None:
            yield {"@referredType": kind, **reference, "role": name}


def _parties(given: Any) -> Iterator[dict[str, Any]]:
    """Parties with the role beside the reference, as v4 writes them; one without an id cannot be named there."""
    for related in _mappings(given):
        inner = related.get("partyOrPartyRole")
        reference = _flat(inner if isinstance(inner, Mapping) else related, "RelatedParty")
        if reference is not None:
            kind = inner.get("@type", "") if isinstance(inner, Mapping) else ""
            kind = "Party" if kind in ("", "PartyRef") else kind.removesuffix("Ref")
            yield _lean({"@referredType": kind, **reference, "role": related.get("role")})


def _place(related: Mapping[str, Any]) -> dict[str, Any]:
    """A place, whole or by reference, with the role beside it."""
    inner = related.get("place")
    place = dict(inner) if isinstance(inner, Mapping) else dict(related)
    return {**place, "role": related.get("role") or "place"}


def _flat(reference: Any, kind: str) -> dict[str, Any] | None:
    """A reference with the attributes that v4 has for all of them."""
    if not isinstance(reference, Mapping) or not is_id(reference.get("id")):
        return None
    names = ("id", "href", "name", "version", "@referredType")
    return {**{name: reference[name] for name in names if isinstance(reference.get(name), str)}, "@type": kind}


def _lean(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value not in (None, [], "")}
