"""Toy contracts, events and stored names for the tests of events: orders and catalogues in both majors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from common.domain.event import Event
from common.domain.query import Document, FieldPath
from common.errors import Violation
from common.events.publication import Publication, publication
from common.spec.contract import Contract, EventContract, EventKind, HubContract, ReferenceAt, ResourceContract

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
START_TEXT = "2026-03-01T09:00:00.000Z"
ORDERS, CATALOGS = "tmf622_product_order", "tmf620_product_catalog"
GENERIC = (EventKind.CREATE, EventKind.DELETE, EventKind.STATE_CHANGE, EventKind.ATTRIBUTE_VALUE_CHANGE)


class Anything:
    """A validator and field table that knows nothing and allows everything."""

    def violations(self, document: Any) -> list[Violation]:
        return []

    def path(self, steps: tuple[str, ...]) -> FieldPath:
        return FieldPath(steps)

    def normalise(self, document: Document) -> None:
        return None

    def references(self, document: Document) -> list[ReferenceAt]:
        return []

    def target_types(self, steps: tuple[str, ...]) -> frozenset[str]:
        return frozenset()


def event_contract(name: str, kind: EventKind, *, stem: str | None = None, body_key: str = "event") -> EventContract:
    event_type = f"{name[0].upper()}{name[1:]}{stem or kind.value}Event"
    listener = f"/listener/{event_type[0].lower()}{event_type[1:]}"
    return EventContract(event_type, kind, name, name, body_key, listener)


def resource(
    name: str,
    *,
    kinds: tuple[EventKind, ...] = GENERIC,
    state: str | None = "state",
    others: tuple[str, ...] = (),
    body_key: str = "event",
    typed: bool = True,
) -> ResourceContract:
    other_events = [event_contract(name, EventKind.OTHER, stem=stem, body_key=body_key) for stem in others]
    return ResourceContract(
        name=name,
        path=f"/{name}",
        type_name=name[0].upper() + name[1:],
        operations={},
        creating=None,
        patched=None,
        whole=Anything(),
        attributes=frozenset(),
        settable=frozenset(),
        immutable=frozenset(),
        mandatory=frozenset(),
        fillable=frozenset(),
        created_at=None,
        updated_at="lastUpdate",
        state_attribute=state,
        states=(),
        events={kind: event_contract(name, kind, body_key=body_key) for kind in kinds},
        other_events={event.type: event for event in other_events},
        fields=Anything(),
        typed=typed,
    )


def contract(api: str, major: int, title: str, path: str, *resources: ResourceContract) -> Contract:
    events = [event for one in resources for event in (*one.events.values(), *one.other_events.values())]
    return Contract(
        key=f"{api}/v{major}",
        api=api,
        major=major,
        version=f"{major}.0.0",
        title=title,
        base_path=f"/tmf-api/{path}/v{major}",
        aliases=(),
        document={},
        resources={one.name: one for one in resources},
        hub=HubContract(creatable=True, retrievable=True, deletable=True),
        events={event.type: event for event in events},
        gaps={},
    )


ORDER_V5 = resource("productOrder", others=("InformationRequired",))
ORDERING_V5 = contract("TMF622", 5, "Product Ordering", "productOrderingManagement", ORDER_V5)
ORDERING_V4 = contract("TMF622", 4, "Product Ordering", "productOrderingManagement", replace(ORDER_V5, typed=False))
CATALOG_V5 = contract(
    "TMF620", 5, "Product Catalog", "productCatalogManagement", resource("productCatalog", state="lifecycleStatus")
)
CATALOG_V4 = contract(
    "TMF620", 4, "Product Catalog", "productCatalogManagement", resource("catalog", state="lifecycleStatus")
)

BILLS_V4 = publication(
    contract("TMF678", 4, "Customer Bill", "customerBillManagement", resource("customerBill", kinds=())),
    {"customerBill": "tmf678_customer_bill"},
)
ORDERS_V5 = publication(ORDERING_V5, {"productOrder": ORDERS})
ORDERS_V4 = publication(ORDERING_V4, {"productOrder": ORDERS})
CATALOGS_V5 = publication(CATALOG_V5, {"productCatalog": CATALOGS})
CATALOGS_V4 = publication(CATALOG_V4, {"catalog": CATALOGS})
PUBLICATIONS: tuple[Publication, ...] = (ORDERS_V5, ORDERS_V4, CATALOGS_V5, CATALOGS_V4, BILLS_V4)


def order(id: str = "o1", **attributes: Any) -> Document:
    return {"id": id, "@type": "ProductOrder", "state": "acknowledged"} | attributes


def order_event(
    event_id: str,
    kind: str = "Create",
    *,
    changed: tuple[str, ...] = (),
    extra: Document | None = None,
    at: datetime = START,
    **attributes: Any,
) -> Event:
    document = order(**attributes)
    return Event(
        id=event_id,
        type=f"ProductOrder{kind}Event",
        occurred_at=at,
        source=ORDERS,
        resource="productOrder",
        resource_id=document["id"],
        document=document,
        changed=changed,
        extra=extra or {},
        correlation_id="c1",
    )
