"""Orders of several shapes, what is on sale for them, and how the simulator answers: by the ids of their items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tmf622_ordering.lifecycle import CANCELLATION, ORDER
from tmf637_inventory.lifecycle import PRODUCT

CATALOG = "/tmf-api/productCatalogManagement/v5"
ORDERING = "/tmf-api/productOrderingManagement/v5"
INVENTORY = "/tmf-api/productInventoryManagement/v5"
COMPONENTS = "tmf620_catalog,tmf622_ordering,tmf637_inventory"

Document = dict[str, Any]
Create = Callable[[str, Document], Any]

# Specification and offering: the services and resources that it is made of.
_PARTS: Mapping[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "package": ((), ()),
    "line": (("access",), (("number", "LogicalResourceSpecification"),)),
    "router": ((), (("box", "PhysicalResourceSpecification"),)),
    "option": (("filter",), ()),
    "plain": ((), ()),
}


def script(delay: str) -> Document:
    """The simulator's rules; `delay` is how long slow items take."""
    return {
        "rules": [
            {"when": {"item": "slow"}, "delay": delay},
            {"when": {"item": "flaky"}, "retries": 1},
            {"when": {"item": "failing", "kind": "activate"}, "outcome": "failed", "reason": "no signal"},
            {"when": {"item": "gone", "kind": "ship", "operation": "undo"}, "outcome": "failed", "reason": "it left"},
            {"when": {"item": "endless", "kind": "provision"}, "outcome": "never"},
        ]
    }


def stock(create: Create) -> None:
    """Put everything on sale."""
    for name, (services, resources) in _PARTS.items():
        specification: Document = {"@type": "ProductSpecification", "id": name, "name": name}
        if services:
            specification["serviceSpecification"] = [
                {"@type": "ServiceSpecificationRef", "id": id, "name": id} for id in services
            ]
        if resources:
            specification["resourceSpecification"] = [
                {"@type": "ResourceSpecificationRef", "id": id, "name": id, "@referredType": kind}
                for id, kind in resources
            ]
        create(f"{CATALOG}/productSpecification", {**specification, "lifecycleStatus": "Active"})
        reference = {"@type": "ProductSpecificationRef", "id": name, "name": name}
        offering = {"@type": "ProductOffering", "id": name, "name": name, "productSpecification": reference}
        create(
            f"{CATALOG}/productOffering",
            {**offering, "isBundle": name == "package", "lifecycleStatus": "Active"},
        )


@dataclass(frozen=True)
class Shape:
    """A kind of order.

    Shapes: `end` is the state it ends in, `states` those of its items; `products` the status of each product that an
            item adds or changes, in order; `milestones` and `errors` what is told of which item; `held` are offerings
            of products that the customer has before, as `<order>-<offering>`; one that `is_cancelled` is cancelled
            once it was acknowledged.
    """

    name: str
    items: tuple[Document, ...]
    end: str
    states: Mapping[str, str]
    products: Mapping[str, tuple[str, ...]]
    milestones: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str], ...] = ()
    held: tuple[str, ...] = ()
    is_cancelled: bool = False

    def order(self, id: str) -> Document:
        return {"@type": "ProductOrder", "id": id, "productOrderItem": [_named(item, id) for item in self.items]}

    def before(self, id: str) -> Iterator[Document]:
        """The products that are there already."""
        for offering in self.held:
            yield {
                **{"@type": "Product", "id": f"{id}-{offering}", "name": offering, "status": "active"},
                "productOffering": {"@type": "ProductOfferingRef", "id": offering},
                "productSpecification": {"@type": "ProductSpecificationRef", "id": offering},
            }

    def cancellation(self, id: str) -> Document:
        reference = {"@type": "ProductOrderRef", "id": id}
        return {"@type": "CancelProductOrder", "id": f"cancel-{id}", "productOrder": reference}


def _named(item: Document, order: str) -> Document:
    """The item, with the product it is about named after the order."""
    if item["action"] == "add":
        return item
    product = {**item.get("product", {}), "@type": "Product", "id": f"{order}-{item['productOffering']['id']}"}
    return {**item, "product": product}


def _item(id: str, offering: str, action: str = "add", **more: Any) -> Document:
    reference = {"@type": "ProductOfferingRef", "id": offering}
    return {"@type": "ProductOrderItem", "id": id, "action": action, "productOffering": reference, **more}


def _to(kind: str, *items: str) -> list[Document]:
    return [{"@type": "OrderItemRelationship", "relationshipType": kind, "id": id} for id in items]


_RELATED = "productOrderItemRelationship"

BUNDLE = Shape(
    "bundle",
    (
        _item("whole", "package", **{_RELATED: _to("bundles", "line", "box")}),
        _item("line", "line"),
        _item("box", "router"),
        _item("extra", "option", quantity=2, **{_RELATED: _to("reliesOn", "line")}),
    ),
    "completed",
    dict.fromkeys(("whole", "line", "box", "extra"), "completed"),
    {"whole": ("active",), "line": ("active",), "box": ("active",), "extra": ("active", "active")},
    (("box", "activated"), ("box", "shipped"), ("extra", "activated"), ("line", "activated"), ("whole", "activated")),
)
FAILING = Shape(
    "failing",
    (
        _item("whole", "package", **{_RELATED: _to("bundles", "gone", "failing")}),
        _item("gone", "router"),
        _item("failing", "line"),
        _item("extra", "option", **{_RELATED: _to("reliesOn", "failing")}),
        _item("other", "plain"),
    ),
    "partial",
    {**dict.fromkeys(("whole", "gone", "failing", "extra"), "failed"), "other": "completed"},
    {"whole": ("aborted",), "gone": ("aborted",), "failing": ("aborted",), "extra": (), "other": ("active",)},
    (("gone", "shipped"), ("other", "activated")),
    (("failing", "task.failed"), ("gone", "compensation.failed")),
)
SLOW = Shape(
    "slow",
    (_item("slow", "option"), _item("flaky", "plain")),
    "completed",
    {"slow": "completed", "flaky": "completed"},
    {"slow": ("active",), "flaky": ("active",)},
    (("flaky", "activated"), ("slow", "activated")),
)
CANCELLED = Shape(
    "cancelled",
    (_item("endless", "line"), _item("line", "option", **{_RELATED: _to("reliesOn", "endless")})),
    "cancelled",
    {"endless": "cancelled", "line": "cancelled"},
    {"endless": ("cancelled",), "line": ()},
    (),
    is_cancelled=True,
)
CHANGE = Shape(
    "change",
    (
        _item("pause", "plain", "modify", product={"@type": "Product", "status": "suspended"}),
        _item("slow", "line", "delete"),
        _item("new", "option", "modify", product={"@type": "Product", "description": "as changed"}),
    ),
    "completed",
    dict.fromkeys(("pause", "slow", "new"), "completed"),
    {"pause": ("suspended",), "slow": ("terminated",), "new": ("active",)},
    (("pause", "suspended"), ("slow", "deactivated")),
    held=("plain", "line", "option"),
)
SHAPES = (BUNDLE, FAILING, SLOW, CANCELLED, CHANGE)


def product_states(order: Document, products: list[Document]) -> dict[str, tuple[str, ...]]:
    """The statuses of the products of each item: those made for it, or the one it names."""
    named = {item["product"]["id"]: item["id"] for item in order["productOrderItem"] if "id" in item.get("product", {})}
    found: dict[str, list[str]] = {item["id"]: [] for item in order["productOrderItem"]}
    for product in products:
        made = {one["orderItemId"] for one in product.get("productOrderItem", ()) if one["orderId"] == order["id"]}
        for item in made | {named[product["id"]]} if product["id"] in named else made:
            found[item].append(product["status"])
    return {item: tuple(sorted(statuses)) for item, statuses in found.items()}


def told(order: Document) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Milestones and error messages of an order: of which item, and what; in no order of time."""
    return _about(order, "productOrderMilestone", "name"), _about(order, "productOrderErrorMessage", "code")


def _about(order: Document, name: str, attribute: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted((one["productOrderItem"][0]["productOrderItemId"], one[attribute]) for one in order.get(name, ()))
    )


def check_moves(resource: str, events: list[tuple[str, str]]) -> None:
    """Type and state of the events of one resource: it moved as its table says, and each move was told once."""
    table = {"productOrder": ORDER, "product": PRODUCT, "cancelProductOrder": CANCELLATION}[resource]
    states = [state for _, state in events]
    moves = [(one, two) for one, two in pairwise(states) if one != two]
    assert [move for move in moves if not table.may_move(*move)] == []
    assert sum(type.endswith("StateChangeEvent") for type, _ in events) == len(moves), events
    assert [type.endswith("CreateEvent") for type, _ in events] == [True] + [False] * (len(events) - 1)
