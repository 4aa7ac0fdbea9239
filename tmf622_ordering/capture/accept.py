"""The checks of an order on capture: can what it asks for be delivered at all, and at what price?

In reference mode `process` what is wrong makes the order `rejected`, at once and with an error message for each
problem; in `strict` the request is refused; in `off` only what needs no other resource is looked at.
Resources that are not served here prove nothing. docs/ordering.md lists the problems.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.query import Document
from tmf622_ordering.capture import eligibility
from tmf622_ordering.capture.bundles import bundle
from tmf622_ordering.capture.characteristics import flaws, relation_flaws
from tmf622_ordering.capture.found import Found, read
from tmf622_ordering.capture.problem import REASONS, Problem
from tmf622_ordering.capture.quote import Quote, quote, stated_periods, write
from tmf622_ordering.capture.reading import (
    QUANTITY_MAX,
    action_of,
    all_wholes_of,
    id_at,
    inner,
    objects,
    offering_id,
    parts_of,
    product_id,
    product_of,
    quantity_of,
    wholes_of,
)
from tmf622_ordering.capture.relations import ENDED, relations
from tmf622_ordering.capture.terms import terms
from tmf622_ordering.items import Item, flat, set_states
from tmf622_ordering.lifecycle import ACKNOWLEDGED, ORDER, REJECTED

_BUYING = ("add", "modify")


@dataclass(frozen=True)
class Assessment:
    """All that was found out about an order: its items, what they refer to, what is wrong, what they cost."""

    items: list[Item]
    found: Found
    problems: list[Problem]
    quote: Quote


def capture(order: Document, context: RuleContext) -> None:
    """Accept an order, reject it, or (`strict`) refuse it; state, items, prices and messages are written in place.

    Source: TMF622 v5.0.0, order state diagram: acknowledged or rejected; ProductOrderErrorMessage.
    """
    assessed = assess(order, context)
    if assessed.problems and context.settings.reference_mode == "strict":
        for problem in assessed.problems:
            context.refuse(problem.pointer, problem.code, problem.message)
        return
    state = REJECTED if assessed.problems else ACKNOWLEDGED
    order[ORDER.attribute] = state
    set_states(order, state)
    if assessed.problems:
        messages = [_error_message(problem, order, context) for problem in assessed.problems]
        order["productOrderErrorMessage"] = [*order.get("productOrderErrorMessage", []), *messages]
    else:
        write(order, assessed.items, assessed.quote, assessed.found)


def problems(order: Document, context: RuleContext) -> list[Problem]:
    """Everything that keeps an order from being delivered: first of the order, then item by item."""
    return assess(order, context).problems


def assess(order: Document, context: RuleContext) -> Assessment:
    """Read what the order refers to, check everything, and price it; changes nothing."""
    items = flat(order)
    found = read(order, items, context)
    wrong = list(_order_problems(order, items, found))
    whole = []
    for item in items:
        incomplete = _lacking(item)
        if incomplete is not None:
            wrong.append(incomplete)
        else:
            whole.append(item)
    around = wholes_of(items)
    parts = parts_of(items, around)
    for item in whole:
        wrong += _item_problems(order, item, parts.get(item.id, []), all_wholes_of(item, around), found)
    priced = Quote()
    if context.settings.reference_mode != "off":
        wrong += relations(order, whole, found, context)
        priced = quote(order, whole, found, context)
        wrong += priced.problems
    places = {item.id: index for index, item in enumerate(items)}
    by_item = sorted(dict.fromkeys(wrong), key=lambda one: -1 if one.item_id is None else places[one.item_id])
    return Assessment(items, found, by_item, priced)


def _error_message(problem: Problem, order: Document, context: RuleContext) -> Document:
    message: Document = {
        "@type": "ProductOrderErrorMessage",
        "code": problem.code,
        "reason": REASONS[problem.code],
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


def _order_problems(order: Document, items: list[Item], found: Found) -> Iterator[Problem]:
    is_buying = any(action_of(item) in _BUYING for item in items)
    yield from eligibility.account(order, "", None, found, is_buying=is_buying)
    yield from eligibility.parties(found, is_buying=is_buying)


def _lacking(item: Item) -> Problem | None:
    """What the item's action needs and the item has not, or has too much of.

    An item that says too little is rejected rather than refused: TMF622's profile asks for `id` and `action` only.
    """
    action = item.document.get("action")
    if action == "add":
        if offering_id(item) is None and id_at(product_of(item), "productSpecification") is None:
            message = "an item that adds names a productOffering, or a product with its productSpecification"
            return Problem(item.pointer, "item.incomplete", message, item.id)
        if quantity_of(item) > QUANTITY_MAX:
            message = f"an item adds at most {QUANTITY_MAX} products; order more with more items"
            return Problem(f"{item.pointer}/quantity", "quantity.too-many", message, item.id)
    elif product_id(item) is None:
        message = f"an item with action {str(action)[:20]!r} names the product by product.id"
        return Problem(f"{item.pointer}/product", "item.incomplete", message, item.id)
    return None


def _item_problems(
    order: Document, item: Item, parts: list[Item], wholes: list[Item], found: Found
) -> Iterator[Problem]:
    is_buying = action_of(item) in _BUYING
    yield from eligibility.account(item.document, item.pointer, item.id, found, is_buying=is_buying)
    yield from _product(item, found)
    where = eligibility.circumstances(order, item, wholes, found)
    yield from eligibility.eligibility(item, where, bool(wholes), found)
    yield from terms(item, found)
    yield from bundle(item, parts, found)
    if is_buying:
        yield from _specification(item, found)
        yield from stated_periods(item)


def _product(item: Item, found: Found) -> Iterator[Problem]:
    """What is changed, ended or kept is here, and has not ended."""
    action, id, product = action_of(item), product_id(item), found.product(item)
    pointer = f"{item.pointer}/product/id"
    if action == "add":
        return
    if found.lacks("product", id):
        yield Problem(pointer, "product.unknown", f"there is no product {id!r}", item.id)
    elif product is not None and action != "noChange" and product.get("status") in ENDED:
        yield Problem(pointer, "product.ended", f"product {id!r} is {str(product['status']).strip()}", item.id)


def _specification(item: Item, found: Found) -> Iterator[Problem]:
    """The product follows the specification of its offering, and its characteristics fit."""
    ordered, product = product_of(item), found.product(item) or {}
    offering = found.offering(item) or {}
    named, offered = id_at(ordered, "productSpecification"), id_at(offering, "productSpecification")
    pointer = f"{item.pointer}/product/productSpecification/id"
    if found.lacks("productSpecification", named):
        yield Problem(pointer, "specification.unknown", f"there is no productSpecification {named!r}", item.id)
    if named is not None and offered is not None and named != offered:
        yield Problem(pointer, "specification.other", f"the offering is of productSpecification {offered!r}", item.id)
        return
    holders = (ordered, offering, product)
    references = [inner(one, "productSpecification") for one in holders if id_at(one, "productSpecification")]
    specification = found.meant("productSpecification", references[0]) if references else None
    if specification is None:
        return  # without it nobody knows which characteristics there are
    specified = objects(specification, "productSpecCharacteristic")
    specified += objects(offering, "productOfferingCharacteristic")
    uses = objects(offering, "prodSpecCharValueUse")
    given = ordered.get("productCharacteristic")
    held = frozenset(str(one.get("name")) for one in objects(product, "productCharacteristic"))
    wrong = flaws(given, specified, uses, found.now, is_whole=action_of(item) == "add")
    wrong += relation_flaws(given, specified, held, specification.get("id"), found.now)
    for flaw in wrong:
        at = f"{item.pointer}/product/productCharacteristic{flaw.pointer}"
        yield Problem(at, "characteristic.invalid", flaw.message, item.id)
