"""When an offering may go on sale.

What it is made of must be usable: its specification, its prices, the parts of a bundle. How much must be proved
depends on the reference mode (`BSS_REFERENCE_MODE`): by default only what is here and unusable is refused, since a
reference to something that is not here is kept and nothing acts on it; `strict` refuses that too; `off` looks at
nothing.
"""

from __future__ import annotations

from common.component import RuleContext
from common.domain.query import Document
from tmf620_catalog.lifecycle import CATALOGUE, ON_SALE, OUT_OF_USE
from tmf620_catalog.periods import has_ended, overlap
from tmf620_catalog.trees import Place, bundled_offerings, enumerate_elements

# What decides whether an offering on sale still may be; a patch of anything else is not judged again.
_DECIDING = (
    "lifecycleStatus",
    "productSpecification",
    "productOfferingPrice",
    "isBundle",
    "bundledProductOffering",
    "bundledGroupProductOffering",
    "validFor",
)
# An entry with one of these is a price by value; without, it refers to one.
_PRICE_BY_VALUE = frozenset({"price", "percentage", "priceType", "lifecycleStatus", "validFor", "isBundle"})


def is_judged_for_sale(before: Document | None, document: Document, context: RuleContext) -> bool:
    """Whether it is to be sold, and something that decides about that has changed."""
    if document.get(CATALOGUE.attribute) not in ON_SALE or context.settings.reference_mode == "off":
        return False
    return before is None or any(before.get(name) != document.get(name) for name in _DECIDING)


def made_of(document: Document) -> dict[str, set[str]]:
    """The ids of the prices and the specification that it refers to, by resource."""
    prices = enumerate_elements(document.get("productOfferingPrice"))
    named = document.get("productSpecification")
    specifications = {named["id"]} if isinstance(named, dict) and isinstance(named.get("id"), str) else set()
    return {
        "productOfferingPrice": {entry["id"] for _, entry in prices if isinstance(entry.get("id"), str)},
        "productSpecification": specifications,
    }


def check_sale(document: Document, context: RuleContext) -> None:
    """Refuse to sell what cannot be provided or priced.

    Source: TMF620 user guide, life cycle of an offering (Active: tested and ready for sale; Launched: on sale);
            conformance profile CP4-620 on bundles; DESIGN section 4 on references.
    """
    if document.get("isBundle") is True:
        _check_parts(document, context)
    _check_specification(document, context)
    _check_prices(document, context)


def _check_parts(document: Document, context: RuleContext) -> None:
    parts = bundled_offerings(document)
    is_strict = context.settings.reference_mode == "strict"
    if not parts and is_strict:
        context.refuse("/bundledProductOffering", "on-sale", "a bundle names the offerings that make it up")
    found = context.library.get_many("productOffering", {part.id for part in parts})
    for part in parts:
        _check_ready(part, "productOffering", found.get(part.id), context)


def _check_specification(document: Document, context: RuleContext) -> None:
    named = document.get("productSpecification")
    if isinstance(named, dict) and isinstance(named.get("id"), str):
        place = Place("/productSpecification/id", named["id"])
        _check_ready(place, "productSpecification", context.library.get("productSpecification", place.id), context)


def _check_ready(place: Place, resource: str, found: Document | None, context: RuleContext) -> None:
    """What an offering is made of is on sale itself, or in a state that only its owner understands."""
    if found is None:
        _refuse_missing(place, resource, context)
        return
    status = str(found.get(CATALOGUE.attribute, ""))
    if CATALOGUE.knows(status) and status not in ON_SALE:
        states = " or ".join(sorted(ON_SALE))
        context.refuse(
            place.pointer,
            "on-sale",
            f"{resource} {place.id[:80]!r} is {status}; it must be {states} before this is sold",
        )


def _check_prices(document: Document, context: RuleContext) -> None:
    entries = list(enumerate_elements(document.get("productOfferingPrice")))
    ids = {entry["id"] for _, entry in entries if isinstance(entry.get("id"), str)}
    stored = context.library.get_many("productOfferingPrice", ids)
    for suffix, entry in entries:
        pointer, id = f"/productOfferingPrice{suffix}", entry.get("id")
        price = stored.get(id) if isinstance(id, str) else None
        if price is not None:
            _check_price(f"{pointer}/id", price, document, context)
        elif _PRICE_BY_VALUE.intersection(entry):
            _check_price(pointer, entry, document, context)
        elif isinstance(id, str):
            _refuse_missing(Place(f"{pointer}/id", id), "productOfferingPrice", context)


def _check_price(pointer: str, price: Document, offering: Document, context: RuleContext) -> None:
    name = f"price {str(price.get('id') or price.get('name') or '')[:80]!r}"
    status = price.get(CATALOGUE.attribute)
    if status in OUT_OF_USE:
        context.refuse(pointer, "on-sale", f"{name} is {status}; choose one that is in use")
    elif not overlap(price, offering):
        context.refuse(pointer, "on-sale", f"{name} is never valid while the offering is")
    elif has_ended(price, context.now) and not has_ended(offering, context.now):
        # An offering that is over itself may keep the prices it had.
        context.refuse(pointer, "on-sale", f"{name} is no longer valid; choose one that is")


def _refuse_missing(place: Place, resource: str, context: RuleContext) -> None:
    if context.settings.reference_mode == "strict" and context.library.serves(resource):
        context.refuse(place.pointer, "reference", f"there is no {resource} with id {place.id[:80]!r}")
