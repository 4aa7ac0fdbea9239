"""The products that delivering an item makes and changes (TMF637 v5.0.0 Product), as documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from common.domain.clock import instant_text
from common.domain.query import Document
from tmf622_ordering.capture.characteristics import default_of
from tmf622_ordering.capture.reading import id_at, inner
from tmf622_ordering.capture.tariff import ONE_TIME, kind_of
from tmf622_ordering.facts import Facts, Sold
from tmf622_ordering.items import Item
from tmf622_ordering.orchestration.plan import Task, TaskState

# What the ordered product says of the product as it is to be; the rest is the inventory's to say.
_AGREED = ("name", "description", "place", "productSerialNumber", "agreementItem", "isCustomerVisible", "intent")
_PRICES = (
    *("name", "description", "priceType", "price", "productOfferingPrice"),
    *("recurringChargePeriod", "unitOfMeasure", "priceAlteration"),
)
_ROLES = {"add": "origin", "modify": "modification", "delete": "termination"}


def new_product(id: str, item: Item, order: Document, facts: Facts, whole: str | None) -> Document:
    """The product of an item that adds, before it is active.

    Shapes: `whole` is the product of the bundle around it.
    """
    offering, specification, wanted = facts.offering(item), facts.specification(item), inner(item.document, "product")
    document: dict[str, Any] = {
        "id": id,
        "status": "pendingActive",
        "name": offering.get("name") or specification.get("name"),
        "isBundle": offering.get("isBundle"),
        "productOffering": item.document.get("productOffering"),
        "productSpecification": wanted.get("productSpecification") or offering.get("productSpecification"),
        "billingAccount": item.document.get("billingAccount") or order.get("billingAccount"),
        "relatedParty": wanted.get("relatedParty") or order.get("relatedParty"),
        "orderDate": order.get("creationDate"),
        "productCharacteristic": _characteristics(wanted.get("productCharacteristic"), facts.sold(item)),
        **_agreement(item),
        "productOrderItem": [_order_item(item, order)],
        **{name: wanted[name] for name in _AGREED if name in wanted},
    }
    relationships = list(wanted.get("productRelationship", ()))
    if whole is not None:
        relationships.append(related(whole, "bundledBy"))
    document["productRelationship"] = relationships
    return {name: value for name, value in document.items() if value not in (None, [], {})}


def changed(product: Document, item: Item, order: Document, facts: Facts) -> dict[str, Any]:
    """What a `modify` changes of a product, besides its status."""
    wanted = inner(item.document, "product")
    changes = as_ordered(product, item)
    offering = item.document.get("productOffering")
    if offering is not None and offering.get("id") != inner(product, "productOffering").get("id"):
        changes["productOffering"] = offering
        changes["productSpecification"] = facts.offering(item).get("productSpecification")
        present = changes.get("productCharacteristic") or product.get("productCharacteristic", [])
        changes["productCharacteristic"] = _carried_over(present, wanted, facts.sold_before(item), facts.sold(item))
        changes["name"] = wanted.get("name") or facts.offering(item).get("name") or product.get("name")
    elif offering is not None and "productPrice" in changes:
        changes["productPrice"] += _paid_once(product, changes["productPrice"])
    if "realizingResource" in wanted:
        changes["realizingResource"] = wanted["realizingResource"]
    if item.document.get("billingAccount"):
        changes["billingAccount"] = item.document["billingAccount"]
    return changes | mentioned(product, item, order)


def _paid_once(product: Document, prices: Iterable[Document]) -> list[Document]:
    """The one-time prices of a product that an order does not repeat, since it keeps the offering: they stay agreed."""
    listed = {_told_apart(one) for one in prices}
    agreed = product.get("productPrice", ())
    return [one for one in agreed if kind_of(one.get("priceType")) == ONE_TIME and _told_apart(one) not in listed]


def _told_apart(price: Document) -> tuple[str | None, Any]:
    return id_at(price, "productOfferingPrice"), price.get("name")


def mentioned(product: Document, item: Item, order: Document) -> dict[str, Any]:
    """That the product was changed or ended by an item."""
    return {"productOrderItem": [*product.get("productOrderItem", ()), _order_item(item, order)]}


def as_ordered(product: Document, item: Item) -> dict[str, Any]:
    """What the item says now of its product: it may say more than when the product was made."""
    wanted = inner(item.document, "product")
    changes: dict[str, Any] = {name: wanted[name] for name in _AGREED if name in wanted}
    given = {one.get("name"): one for one in wanted.get("productCharacteristic", ())}
    if given:
        kept = [given.pop(one.get("name"), one) for one in product.get("productCharacteristic", ())]
        changes["productCharacteristic"] = [*kept, *given.values()]
    return changes | _agreement(item)


def is_of(product: Document, item: Item, order: Document) -> bool:
    """Whether a product was made, or taken over, for an item."""
    made_for = [(one.get("orderId"), one.get("orderItemId")) for one in product.get("productOrderItem", ())]
    return (order["id"], item.id) in made_for


def realized(product: Document, tasks: Iterable[Task]) -> dict[str, Any]:
    """The services and resources that realize a product after these tasks; what was there stays."""
    found: dict[str, Any] = {}
    done = [task for task in tasks if task.state in (TaskState.DONE, TaskState.NOT_UNDONE)]
    for name, made in (
        ("realizingService", [one for task in done for one in task.services]),
        ("realizingResource", [one for task in done for one in task.resources]),
    ):
        known = {one.get("id"): one for one in product.get(name, ())}
        known |= {one["id"]: dict(one) for one in made}
        if made:
            found[name] = list(known.values())
    return found


def effective(tasks: Iterable[Task], now: datetime) -> str:
    """When an item was delivered: when its last task was done; now when somebody else did what was left."""
    ends = [task.ended_at if task.state is TaskState.DONE else now for task in tasks]
    return instant_text(max((end for end in ends if end is not None), default=now))


def related(id: str, kind: str) -> Document:
    return {"@type": "ProductRelationship", "@referredType": "Product", "id": id, "relationshipType": kind}


def _carried_over(present: Iterable[Document], wanted: Document, before: Sold, after: Sold) -> list[Any]:
    """The characteristics under another offering: what it does not know goes, a former default becomes its own."""
    if not after.specification:
        return list(present)
    known = {one.get("name") for one in after.specification.get("productSpecCharacteristic", ())}
    given = {one.get("name") for one in wanted.get("productCharacteristic", ())}
    defaults = {one["name"]: one["value"] for one in _characteristics([], before)}
    kept = [
        one
        for one in present
        if one.get("name") in given
        or (one.get("name") in known and ("value" not in one or one["value"] != defaults.get(one.get("name"))))
    ]
    return _characteristics(kept, after)


def _characteristics(given: Any, sold: Sold) -> list[Any]:
    """What the order gives, and the default for what it leaves out: the offering's, else the specification's."""
    listed = list(given) if isinstance(given, list) else []
    names = {one.get("name") for one in listed}
    uses = {one.get("name"): one for one in sold.offering.get("prodSpecCharValueUse", ())}
    for one in sold.specification.get("productSpecCharacteristic", ()):
        default = default_of(one, uses.get(one.get("name"), {}))
        if default is not None and one.get("name") not in names:
            listed.append({"@type": _type_of(default), "name": one["name"], "value": default})
    return listed


def _type_of(value: Any) -> str:
    """The kind of TMF Characteristic that holds a value; a plain one where the standard has none of its own."""
    if isinstance(value, bool):
        return "BooleanCharacteristic"
    if isinstance(value, str):
        return "StringCharacteristic"
    if isinstance(value, int):
        return "IntegerCharacteristic"
    return "NumberCharacteristic" if not isinstance(value, list | dict) else "ObjectCharacteristic"


def _agreement(item: Item) -> dict[str, Any]:
    """Prices and terms as they were agreed on in the order."""
    found: dict[str, Any] = {}
    prices = item.document.get("itemPrice")
    if prices:
        found["productPrice"] = [_price(price) for price in prices]
    terms = item.document.get("itemTerm")
    if terms:
        names = ("name", "description", "duration")
        found["productTerm"] = [
            {"@type": "ProductTerm", **{name: term[name] for name in names if name in term}} for term in terms
        ]
    return found


def _price(price: Mapping[str, Any]) -> Document:
    return {"@type": "ProductPrice", **{name: price[name] for name in _PRICES if name in price}}


def _order_item(item: Item, order: Document) -> Document:
    return {
        "@type": "RelatedOrderItem",
        "@referredType": "ProductOrder",
        "orderId": order["id"],
        "orderItemId": item.id,
        "orderItemAction": item.document.get("action"),
        "role": _ROLES.get(str(item.document.get("action")), "origin"),
    }
