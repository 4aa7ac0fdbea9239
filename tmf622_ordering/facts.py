"""What the engine needs to know of an order's items, read from the order, the catalogue and the inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common.component import Library
from common.domain.query import Document
from tmf622_ordering.capture.reading import id_at, inner, quantity_of
from tmf622_ordering.items import Item, flat, needs, part_of
from tmf622_ordering.lifecycle import ITEM
from tmf622_ordering.orchestration.decompose import OrderedItem

_PHYSICAL = "PhysicalResourceSpecification"
# TMF637 v5.0.0 ProductStatusType: a product that an `add` may take over instead of making one.
ADOPTABLE = frozenset({"created", "pendingActive"})


class Sold(NamedTuple):
    """An offering and the specification of its product; empty where they are not here."""

    offering: Document
    specification: Document


@dataclass(frozen=True)
class Facts:
    """What an order refers to, by id."""

    offerings: Mapping[str, Document] = field(default_factory=dict)
    specifications: Mapping[str, Document] = field(default_factory=dict)
    products: Mapping[str, Document] = field(default_factory=dict)

    def offering(self, item: Item) -> Document:
        """The offering that the item names, or that its product has."""
        own = self.offerings.get(id_at(item.document, "productOffering") or "")
        return own or self.offerings.get(id_at(self.product(item), "productOffering") or "") or {}

    def product(self, item: Item) -> Document:
        """The product as the inventory has it; empty when it is not there."""
        return self.products.get(id_at(item.document, "product") or "") or {}

    def specification(self, item: Item) -> Document:
        """The specification that the item names, or its offering's, or its product's."""
        named = id_at(inner(item.document, "product"), "productSpecification")
        for id in (named, id_at(self.offering(item), "productSpecification"), self._present(item)):
            if id is not None and id in self.specifications:
                return self.specifications[id]
        return {}

    def former(self, item: Item) -> Document:
        """The specification that the product follows before it is changed."""
        return self.specifications.get(self._present(item) or "") or {}

    def sold(self, item: Item) -> Sold:
        return Sold(self.offering(item), self.specification(item))

    def sold_before(self, item: Item) -> Sold:
        """What the product is of before it is changed."""
        return Sold(self.offerings.get(id_at(self.product(item), "productOffering") or "") or {}, self.former(item))

    def _present(self, item: Item) -> str | None:
        return id_at(self.product(item), "productSpecification")


def gather(order: Document, library: Library) -> Facts:
    """One look-up for each resource."""
    items = flat(order)
    products = library.get_many("product", _ids(id_at(item.document, "product") for item in items))
    named = [id_at(item.document, "productOffering") for item in items]
    offerings = library.get_many(
        "productOffering", _ids([*named, *(id_at(product, "productOffering") for product in products.values())])
    )
    wanted = [id_at(inner(item.document, "product"), "productSpecification") for item in items]
    wanted += [id_at(one, "productSpecification") for one in (*offerings.values(), *products.values())]
    return Facts(offerings, library.get_many("productSpecification", _ids(wanted)), products)


def ordered_items(
    order: Document, facts: Facts, known: Mapping[str, tuple[str, ...]], new_id: Callable[[], str]
) -> list[OrderedItem]:
    """The items that are still to be delivered.

    Shapes: `known` has the ids of the products that an earlier plan made for an item.
    """
    items = flat(order)
    wholes, relied_on = dict(part_of(items)), needs(items)
    return [
        _ordered(item, order, facts, wholes.get(item.id), relied_on.get(item.id, set()), known, new_id)
        for item in items
        if not ITEM.is_final(item.document.get(ITEM.attribute, ITEM.initial))
    ]


def _ordered(
    item: Item,
    order: Document,
    facts: Facts,
    whole: str | None,
    relied_on: set[str],
    known: Mapping[str, tuple[str, ...]],
    new_id: Callable[[], str],
) -> OrderedItem:
    action = str(item.document.get("action", "add"))
    products = known.get(item.id) or _products(item, action, facts, new_id)
    specification, change = facts.specification(item), _change(item, facts)
    resources = references(specification, "resourceSpecification")
    if action == "modify" and change == "migrate":
        had = {one["id"] for one in references(facts.former(item), "resourceSpecification")}
        resources = tuple(one for one in resources if one["id"] not in had)
    return OrderedItem(
        id=item.id,
        action=action,
        whole=whole,
        needs=tuple(sorted(relied_on)),
        services=references(specification, "serviceSpecification"),
        resources=resources,
        physical=frozenset(one["id"] for one in resources if one.get("@referredType") == _PHYSICAL),
        change=change,
        products=products,
        details=_details(item, order, facts, products),
    )


def _products(item: Item, action: str, facts: Facts, new_id: Callable[[], str]) -> tuple[str, ...]:
    """The products that the item is about: the one it names, or new ones, as many as it orders."""
    named = id_at(item.document, "product")
    if action != "add":
        return () if named is None else (named,)
    present = facts.products.get(named) if named is not None else None
    is_free = named is not None and (present is None or present.get("status") in ADOPTABLE)
    first = named if is_free and named is not None else new_id()
    return (first, *(new_id() for _ in range(quantity_of(item) - 1)))


def _change(item: Item, facts: Facts) -> str:
    """What a modify does to its product (`OrderedItem.change`)."""
    wanted, present = inner(item.document, "product"), facts.product(item)
    status = wanted.get("status")
    if status == "suspended" and present.get("status") != "suspended":
        return "suspend"
    if status == "active" and present.get("status") == "suspended":
        return "resume"
    offering = id_at(item.document, "productOffering")
    if offering is not None and offering != id_at(present, "productOffering"):
        return "migrate"
    is_swapped = any(
        name in wanted and wanted[name] != present.get(name) for name in ("productSerialNumber", "realizingResource")
    )
    return "swap" if is_swapped else "configure"


def _details(item: Item, order: Document, facts: Facts, products: tuple[str, ...]) -> dict[str, Any]:
    wanted = inner(item.document, "product")
    details: dict[str, Any] = {"quantity": quantity_of(item)}
    if products:
        details["productId"] = products[0]
    offering = item.document.get("productOffering") or facts.product(item).get("productOffering")
    present = facts.product(item).get("realizingService") if item.document.get("action") != "add" else None
    for name, value in (
        ("productOffering", offering),
        ("realizingService", present),
        ("characteristic", characteristics(wanted)),
        ("place", wanted.get("place")),
        ("relatedParty", wanted.get("relatedParty") or order.get("relatedParty")),
        ("expectedCompletionDate", order.get("expectedCompletionDate") or order.get("requestedCompletionDate")),
    ):
        if value:
            details[name] = value
    return details


def characteristics(product: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a product's characteristics, by name."""
    listed = product.get("productCharacteristic")
    return {
        str(one["name"]): one["value"]
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and "name" in one and "value" in one
    }


def references(document: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """The references at an attribute that name something by id, each once."""
    listed = document.get(name)
    found: dict[str, Mapping[str, Any]] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            found.setdefault(one["id"], one)
    return tuple(found.values())


def _ids(found: Iterable[str | None]) -> set[str]:
    return {id for id in found if id is not None}
