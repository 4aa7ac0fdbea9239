"""What stories are told with: a shop over its APIs, the time that the story plays, and what everybody is told.

A story orders, changes and cancels as clients do, moves the clock, and looks at orders, products and events as they
are shown. Only the script of the simulator and the outbox are looked at from the inside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from common.domain.clock import SettableClock, instant_text
from common.domain.event import Event
from common.domain.query import Document
from common.jobs.inline import Inline
from common.store import outbox
from tests.client import Answer, Suite

V4, V5 = "/tmf-api/{api}/v4/{resource}", "/tmf-api/{api}/v5/{resource}"
ORDERS = "/tmf-api/productOrderingManagement/v5/productOrder"
ORDERS_V4 = ORDERS.replace("v5", "v4")
CANCELLATIONS = "/tmf-api/productOrderingManagement/v5/cancelProductOrder"
CANCELLATIONS_V4 = CANCELLATIONS.replace("v5", "v4")
PRODUCTS = "/tmf-api/productInventoryManagement/v5/product"
PRODUCTS_V4 = PRODUCTS.replace("v5", "v4").replace("Management", "")
# When every story begins.
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
_EVENTS_MAX = 10_000
# The list of a document that an event of this type is about, its name in a story, and what names its last element.
_ANNOUNCED = {
    "ProductOrderMilestoneEvent": ("milestone", "productOrderMilestone", "name"),
    "ProductOrderErrorMessageEvent": ("error", "productOrderErrorMessage", "code"),
    "ProductOrderJeopardyAlertEvent": ("jeopardy", "productOrderJeopardyAlert", "name"),
}


class StoryClock(SettableClock):
    """A clock that goes back to the beginning for the next story."""

    def rewind(self) -> None:
        self._now = START


@dataclass
class Shop:
    """One suite, the carrier of its work, and the script of its simulator."""

    suite: Suite
    clock: StoryClock
    carrier: Inline
    script_file: Path
    names: dict[str, str] = field(default_factory=dict)
    heard: int = 0

    # -- time ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do what is due now."""
        self.carrier.run_due()

    def wait(self, **span: float) -> None:
        """Let time pass, doing what falls due on the way."""
        self.carrier.move(self.clock, self.clock.now() + timedelta(**span))

    def wait_until(self, text: str) -> None:
        self.carrier.move(self.clock, datetime.fromisoformat(text))

    @property
    def now(self) -> str:
        return instant_text(self.clock.now())

    def after(self, **span: float) -> str:
        """The instant so long after the beginning of the story, as the suite writes it."""
        return instant_text(START + timedelta(**span))

    def script(self, *rules: Mapping[str, Any]) -> None:
        """What the simulator does from now on."""
        new = self.script_file.with_suffix(".new")
        new.write_text(json.dumps({"rules": rules}))
        os.replace(new, self.script_file)

    # -- orders -------------------------------------------------------------------------------------------

    def order(self, *items: Document, name: str = "order", **attributes: Any) -> Order:
        """An order of the customer Anna."""
        made = self.suite.created(ORDERS, order_of(items, **attributes))
        self.names[made["id"]] = name
        return Order(self, made["id"])

    def deliver(self, *items: Document, name: str = "earlier", **attributes: Any) -> Order:
        """An order that is carried out at once; what is told of it, nobody listens to."""
        order = self.order(*items, name=name, **attributes)
        self.run()
        assert order.state == "completed", order.document
        self.told()
        return order

    def cancel(self, order: Order, name: str = "cancellation", **attributes: Any) -> Cancellation:
        body = {"@type": "CancelProductOrder", "productOrder": order_ref(order.id), **attributes}
        made = self.suite.created(CANCELLATIONS, body)
        self.names[made["id"]] = name
        return Cancellation(self, made["id"])

    def product(self, id: str) -> Document:
        return found(self.suite.get(f"{PRODUCTS}/{id}"))

    def patch_product(self, id: str, **changes: Any) -> Document:
        return found(self.suite.patch(f"{PRODUCTS}/{id}", {"@type": "Product", **changes}))

    def products(self) -> list[tuple[str, str]]:
        """Name and status of every product there is."""
        listed = found(self.suite.get(f"{PRODUCTS}?sort=name,id"))
        return [(one["name"], one["status"]) for one in listed]

    # -- events -------------------------------------------------------------------------------------------

    def told(self) -> list[str]:
        """What everybody was told since this was asked last, in order; an event a line.

        `plan created: active`, `order: inProgress` (a change of state), `order changed: description, note`,
        `order milestone: shipped`. Products are called what they are named, orders as the story named them.
        """
        database = self.suite.installation.database
        with database.engine.connect() as connection:
            entries = outbox.unrelayed(connection, _EVENTS_MAX)
        fresh = [entry for entry in entries if entry.sequence > self.heard]
        self.heard = max((entry.sequence for entry in fresh), default=self.heard)
        return [self._line(entry.event) for entry in fresh]

    def _line(self, event: Event) -> str:
        document = event.document
        name = self.names.get(event.resource_id) or document.get("name") or event.resource
        if event.type in _ANNOUNCED:
            word, attribute, naming = _ANNOUNCED[event.type]
            return f"{name} {word}: {document[attribute][-1][naming]}"
        state = document.get("state") or document.get("status")
        if event.type.endswith("StateChangeEvent"):
            return f"{name}: {state}"
        if event.type.endswith("AttributeValueChangeEvent"):
            return f"{name} changed: {', '.join(event.changed)}"
        if event.type.endswith("CreateEvent"):
            return f"{name} created: {state}"
        return f"{name} {event.type}"


@dataclass(frozen=True)
class Order:
    """An order as v5 shows it."""

    shop: Shop
    id: str

    @property
    def document(self) -> Document:
        return found(self.shop.suite.get(f"{ORDERS}/{self.id}"))

    @property
    def in_v4(self) -> Document:
        return found(self.shop.suite.get(f"{ORDERS_V4}/{self.id}"))

    @property
    def state(self) -> str:
        return str(self.document["state"])

    @property
    def stands(self) -> tuple[str, dict[str, str]]:
        """The state of the order, and of each item by its id."""
        document = self.document
        return document["state"], {item["id"]: item["state"] for item in every_item(document)}

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Code and message of the error messages."""
        return [(one["code"], one["message"]) for one in self.document.get("productOrderErrorMessage", [])]

    @property
    def milestones(self) -> list[tuple[str, str, str]]:
        """Name, item and date of the milestones."""
        return [
            (one["name"], one["productOrderItem"][0]["productOrderItemId"], one["milestoneDate"])
            for one in self.document.get("productOrderMilestone", [])
        ]

    @property
    def alerts(self) -> list[tuple[str, str, list[str]]]:
        """Name, date and items of the jeopardy alerts."""
        return [
            (one["name"], one["alertDate"], [ref["productOrderItemId"] for ref in one["productOrderItem"]])
            for one in self.document.get("productOrderJeopardyAlert", [])
        ]

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each item's product; items whose product is not there are left out."""
        shown = {}
        for item in every_item(self.document):
            id = item.get("product", {}).get("id")
            answer = self.shop.suite.get(f"{PRODUCTS}/{id}")
            if id is not None and answer.status == 200:
                shown[item["id"]] = answer.json["status"]
        return shown

    def product_id(self, item: str) -> str:
        return next(str(one["product"]["id"]) for one in every_item(self.document) if one["id"] == item)

    def product(self, item: str) -> Document:
        return self.shop.product(self.product_id(item))

    def patch(self, **changes: Any) -> Document:
        return found(self.send(**changes))

    def send(self, **changes: Any) -> Answer:
        return self.shop.suite.patch(f"{ORDERS}/{self.id}", {"@type": "ProductOrder", **changes})

    def items(self, **changed: Mapping[str, Any]) -> list[Document]:
        """The items as they stand, some with changes, as a merge patch wants them: all of them."""
        items = self.document["productOrderItem"]
        for item in every_item({"productOrderItem": items}):
            item.update(changed.get(item["id"].replace(" ", "_"), {}))
        return list(items)

    def delete(self) -> Answer:
        return self.shop.suite.delete(f"{ORDERS}/{self.id}")


@dataclass(frozen=True)
class Cancellation:
    """A CancelProductOrder as v5 shows it."""

    shop: Shop
    id: str

    @property
    def document(self) -> Document:
        return found(self.shop.suite.get(f"{CANCELLATIONS}/{self.id}"))

    @property
    def state(self) -> str:
        return str(self.document["state"])


# -- what is sent -----------------------------------------------------------------------------------------------------


def order_of(items: Iterable[Document], **attributes: Any) -> Document:
    return {
        "@type": "ProductOrder",
        "billingAccount": {"@type": "BillingAccountRef", "id": "acc-anna", "@referredType": "BillingAccount"},
        "relatedParty": [
            {
                "@type": "RelatedPartyRefOrPartyRoleRef",
                "role": "customer",
                "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "cust-anna", "@referredType": "Customer"},
            }
        ],
        "productOrderItem": list(items),
        **attributes,
    }


def add(id: str, offering: str, *parts: Document, relies_on: str | None = None, **attributes: Any) -> Document:
    """An item for a new product; `relies_on` names another item of the order."""
    item: Document = {
        "@type": "ProductOrderItem",
        "id": id,
        "action": "add",
        "quantity": 1,
        "productOffering": offering_ref(offering),
        **attributes,
    }
    if parts:
        item["productOrderItem"] = list(parts)
    if relies_on is not None:
        item["productOrderItemRelationship"] = [
            {"@type": "OrderItemRelationship", "id": relies_on, "relationshipType": "reliesOn"}
        ]
    return item


def change(id: str, action: str, product: str, offering: str | None = None, **product_attributes: Any) -> Document:
    """An item for a product there is: modify, delete or noChange."""
    item: Document = {
        "@type": "ProductOrderItem",
        "id": id,
        "action": action,
        "product": {"@type": "ProductRef" if not product_attributes else "Product", "id": product} | product_attributes,
    }
    return item if offering is None else {**item, "productOffering": offering_ref(offering)}


def with_(**characteristics: str) -> Document:
    """A product that is to have these characteristics."""
    return {"@type": "Product", "productCharacteristic": characteristic_list(**characteristics)}


def characteristic_list(**characteristics: str) -> list[Document]:
    return [{"@type": "StringCharacteristic", "name": name, "value": value} for name, value in characteristics.items()]


def offering_ref(id: str) -> Document:
    return {"@type": "ProductOfferingRef", "id": id, "@referredType": "ProductOffering"}


def order_ref(id: str) -> Document:
    return {"@type": "ProductOrderRef", "id": id, "@referredType": "ProductOrder"}


# -- what is shown ----------------------------------------------------------------------------------------------------


def found(answer: Answer) -> Any:
    assert answer.status == 200, answer.content
    return answer.json


def every_item(order: Document) -> list[Document]:
    """The items of an order at any depth, a whole before its parts."""
    listed = []
    for item in order.get("productOrderItem", []):
        listed += [item, *every_item(item)]
    return listed


def dates(product: Document) -> tuple[str | None, str | None]:
    return product.get("startDate"), product.get("terminationDate")


def characteristics(product: Document) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in product.get("productCharacteristic", [])}


def costs(holder: Document) -> list[tuple[str, str, Decimal, Decimal]]:
    """Kind, name, net and gross of the prices of an item (`itemPrice`), order (`orderTotalPrice`) or product."""
    listed = next((holder[name] for name in ("itemPrice", "orderTotalPrice", "productPrice") if name in holder), [])
    return [
        (
            one["priceType"],
            one.get("name", ""),
            one["price"]["dutyFreeAmount"]["value"],
            one["price"]["taxIncludedAmount"]["value"],
        )
        for one in listed
    ]
