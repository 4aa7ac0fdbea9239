"""The checks of an order on capture: can what it asks for be delivered at all?

In reference mode `process` what is wrong makes the order `rejected`, at once and with an error message for each
problem; in `strict` the request is refused; in `off` only what needs no other resource is looked at.
Resources that are not served here prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.periods import covers
from common.domain.query import Document
from tmf622_ordering.characteristics import flaws
from tmf622_ordering.items import Item, flat, in_bundles, set_states
from tmf622_ordering.lifecycle import ACKNOWLEDGED, ORDER, REJECTED

# TMF620's catalogue states that are not on sale; others are free text, which only their owner understands.
_NOT_ON_SALE = frozenset({"In Study", "In Design", "In Test", "Retired", "Obsolete", "Rejected"})
# TMF637 v5.0.0 ProductStatusType; the enum writes `aborted` with a space behind it.
_ENDED = frozenset({"terminated", "cancelled", "aborted", "aborted "})
_REASONS = {
    "item.incomplete": "The item lacks what its action needs",
    "offering.unknown": "The offering does not exist",
    "offering.not-on-sale": "The offering is not on sale",
    "offering.not-sellable": "The offering is sold in bundles only",
    "offering.not-valid": "The offering is not valid now",
    "specification.unknown": "The product specification does not exist",
    "specification.other": "The product does not follow the offering's specification",
    "characteristic.invalid": "A characteristic does not fit the specification",
    "product.unknown": "The product does not exist",
    "product.ended": "The product has ended",
    "account.unknown": "The billing account does not exist",
    "party.unknown": "The party does not exist",
}


@dataclass(frozen=True)
class Problem:
    """Why an order cannot be delivered; `item_id` is None when it is about the order itself."""

    pointer: str
    code: str
    message: str
    item_id: str | None = None


@dataclass
class Found:
    """What an order refers to, as far as it is here; a resource that is not looked at is not in `looked_at`."""

    looked_at: set[str] = field(default_factory=set)
    documents: dict[tuple[str, str], Document] = field(default_factory=dict)

    def get(self, resource: str, id: str | None) -> Document | None:
        return self.documents.get((resource, id)) if id is not None else None

    def lacks(self, resource: str, id: str | None) -> bool:
        return id is not None and resource in self.looked_at and (resource, id) not in self.documents


def capture(order: Document, context: RuleContext) -> None:
    """Accept an order, reject it, or (`strict`) refuse it; state, items and error messages are written in place.

    Source: TMF622 v5.0.0, order state diagram: acknowledged or rejected; ProductOrderErrorMessage.
    """
    found = problems(order, context)
    if found and context.settings.reference_mode == "strict":
        for problem in found:
            context.refuse(problem.pointer, problem.code, problem.message)
        return
    state = REJECTED if found else ACKNOWLEDGED
    order[ORDER.attribute] = state
    set_states(order, state)
    if found:
        messages = [_error_message(problem, order, context) for problem in found]
        order["productOrderErrorMessage"] = [*order.get("productOrderErrorMessage", []), *messages]


def problems(order: Document, context: RuleContext) -> list[Problem]:
    """Everything that keeps an order from being delivered, item by item."""
    items = flat(order)
    bundled = in_bundles(items)
    found = _read(order, items, context)
    result = list(_order_problems(order, found, context))
    for item in items:
        incomplete = _lacking(item)
        if incomplete is not None:
            result.append(incomplete)
        else:
            result += _item_problems(item, item.id in bundled, found, context)
    return result


def _error_message(problem: Problem, order: Document, context: RuleContext) -> Document:
    message: Document = {
        "@type": "ProductOrderErrorMessage",
        "code": problem.code,
        "reason": _REASONS[problem.code],
        "message": f"{problem.pointer}: {problem.message}",
        "status": REJECTED,
        "timestamp": instant_text(context.now),
    }
    if problem.item_id is not None:
        reference = {
            "@type": "ProductOrderItemRef",
            "productOrderId": order["id"],
            "productOrderItemId": problem.item_id,
        }
        message["productOrderItem"] = [reference]
    return message


def _read(order: Document, items: list[Item], context: RuleContext) -> Found:
    """One look-up per resource."""
    found = Found()
    if context.settings.reference_mode == "off":
        return found
    _look_up("productOffering", (_offering_id(item) for item in items), found, context)
    _look_up("product", (_product_id(item) for item in items), found, context)
    accounts = [_id_at(holder, "billingAccount") for holder in (order, *(item.document for item in items))]
    _look_up("billingAccount", accounts, found, context)
    named = {_id_at(_product(item), "productSpecification") for item in items}
    offered = {_id_at(offering, "productSpecification") for offering in found.documents.values()}
    _look_up("productSpecification", named | offered, found, context)
    return found


def _look_up(resource: str, ids: Iterable[str | None], found: Found, context: RuleContext) -> None:
    if context.library.serves(resource):
        found.looked_at.add(resource)
        documents = context.library.get_many(resource, {id for id in ids if id is not None})
        found.documents |= {(resource, id): document for id, document in documents.items()}


def _order_problems(order: Document, found: Found, context: RuleContext) -> Iterable[Problem]:
    account = _id_at(order, "billingAccount")
    if found.lacks("billingAccount", account):
        yield Problem("/billingAccount/id", "account.unknown", f"there is no billingAccount {account!r}")
    if context.settings.reference_mode == "off":
        return
    for index, related in enumerate(order.get("relatedParty", [])):
        party = related.get("partyOrPartyRole") if isinstance(related, dict) else None
        id = _id_at({"party": party}, "party")
        owner = context.library.owner_of(str(party.get("@referredType", ""))) if isinstance(party, dict) else None
        if id is not None and owner is not None and context.library.get(owner, id) is None:
            pointer = f"/relatedParty/{index}/partyOrPartyRole/id"
            yield Problem(pointer, "party.unknown", f"there is no {owner} {id[:80]!r}")


def _lacking(item: Item) -> Problem | None:
    """What the item's action needs and the item has not.

    An item that says too little is rejected rather than refused: TMF622's profile asks for `id` and `action` only.
    """
    action = item.document.get("action")
    if action == "add":
        if _offering_id(item) is None and _id_at(_product(item), "productSpecification") is None:
            message = "an item that adds names a productOffering, or a product with its productSpecification"
            return Problem(item.pointer, "item.incomplete", message, item.id)
    elif _product_id(item) is None:
        message = f"an item with action {str(action)[:20]!r} names the product by product.id"
        return Problem(f"{item.pointer}/product", "item.incomplete", message, item.id)
    return None


def _item_problems(item: Item, is_bundled: bool, found: Found, context: RuleContext) -> Iterable[Problem]:
    action, account = item.document.get("action"), _id_at(item.document, "billingAccount")
    if found.lacks("billingAccount", account):
        pointer = f"{item.pointer}/billingAccount/id"
        yield Problem(pointer, "account.unknown", f"there is no billingAccount {account!r}", item.id)
    product = found.get("product", _product_id(item)) if action != "add" else None
    if action != "add":
        pointer = f"{item.pointer}/product/id"
        if found.lacks("product", _product_id(item)):
            yield Problem(pointer, "product.unknown", f"there is no product {_product_id(item)!r}", item.id)
        elif product is not None and action != "noChange" and product.get("status") in _ENDED:
            message = f"product {_product_id(item)!r} is {str(product['status']).strip()}"
            yield Problem(pointer, "product.ended", message, item.id)
    # What a customer has already may be off sale by now; what is newly chosen may not.
    present = _id_at(product or {}, "productOffering")
    if action == "add" or (action == "modify" and product is not None and _offering_id(item) not in (None, present)):
        yield from _offering_problems(item, is_bundled, found, context)
    if action in ("add", "modify"):
        yield from _specification_problems(item, product, found, context)


def _offering_problems(item: Item, is_bundled: bool, found: Found, context: RuleContext) -> Iterable[Problem]:
    id, pointer = _offering_id(item), f"{item.pointer}/productOffering/id"
    if found.lacks("productOffering", id):
        yield Problem(pointer, "offering.unknown", f"there is no productOffering {id!r}", item.id)
    offering = found.get("productOffering", id)
    if offering is None:
        return
    status = offering.get("lifecycleStatus")
    if status in _NOT_ON_SALE:
        message = f"offering {id!r} is {status}; only Active and Launched ones are sold"
        yield Problem(pointer, "offering.not-on-sale", message, item.id)
    if offering.get("isSellable") is False and not is_bundled:
        yield Problem(pointer, "offering.not-sellable", f"offering {id!r} is sold as part of a bundle only", item.id)
    if not covers(offering.get("validFor"), context.now):
        yield Problem(pointer, "offering.not-valid", f"offering {id!r} is not valid at {context.now:%Y-%m-%d}", item.id)


def _specification_problems(
    item: Item, product: Document | None, found: Found, context: RuleContext
) -> Iterable[Problem]:
    ordered = _product(item)
    offering = found.get("productOffering", _offering_id(item)) or {}
    named, offered = _id_at(ordered, "productSpecification"), _id_at(offering, "productSpecification")
    pointer = f"{item.pointer}/product/productSpecification/id"
    if found.lacks("productSpecification", named):
        yield Problem(pointer, "specification.unknown", f"there is no productSpecification {named!r}", item.id)
    if named is not None and offered is not None and named != offered:
        yield Problem(pointer, "specification.other", f"the offering is of productSpecification {offered!r}", item.id)
        return
    followed = named or offered or _id_at(product or {}, "productSpecification")
    specification = found.get("productSpecification", followed)
    if specification is None:
        return  # without it nobody knows which characteristics there are
    specified = _objects(specification, "productSpecCharacteristic")
    specified += _objects(offering, "productOfferingCharacteristic")
    uses = _objects(offering, "prodSpecCharValueUse")
    given, is_whole = ordered.get("productCharacteristic"), item.document.get("action") == "add"
    for flaw in flaws(given, specified, uses, context.now, is_whole=is_whole):
        at = f"{item.pointer}/product/productCharacteristic{flaw.pointer}"
        yield Problem(at, "characteristic.invalid", flaw.message, item.id)


def _objects(document: Document, name: str) -> list[Document]:
    listed = document.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _product(item: Item) -> Document:
    product = item.document.get("product")
    return product if isinstance(product, dict) else {}


def _product_id(item: Item) -> str | None:
    return _id_at(item.document, "product")


def _offering_id(item: Item) -> str | None:
    return _id_at(item.document, "productOffering")


def _id_at(document: Document, name: str) -> str | None:
    """The id of the reference at an attribute."""
    reference: Any = document.get(name)
    id = reference.get("id") if isinstance(reference, dict) else None
    return id if isinstance(id, str) else None
