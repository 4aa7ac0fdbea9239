"""Catalogue trees without cycles: categories, bundles of offerings, of specifications and of prices.

A containment may be written on either side (`subCategory` or `parent`), so a walk upwards reads what a document
says of its wholes and asks who names it as a part. Walks are bounded: a stored cycle could not hang a request.
Trees of one resource are changed one after another: two changes at once could close a cycle that neither sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from common.component import Library, RuleContext
from common.domain.query import AnyOf, Compare, Document, FieldPath, Kind, Operator

# Deeper catalogues than this were never seen; without a bound one request could walk for ever.
LEVELS_MAX = 32
# Wholes of one level: more than any catalogue has, few enough for one query.
WHOLES_MAX = 1_000
# Kinds of relationship that contain; TMF622 v5.0.0 ProductOrderItemRelationshipType has the same words.
_CONTAINS, _CONTAINED_BY = "bundles", "bundledby"


@dataclass(frozen=True)
class Place:
    """An id met in a document, and the JSON Pointer to it."""

    pointer: str
    id: str


@dataclass(frozen=True)
class Tree:
    """How documents of one resource contain each other.

    Shapes: `parts` and `wholes` read what a document names below and above it; `parts_at` are the attribute paths
            at which `parts` may be found.
    """

    resource: str
    parts: Callable[[Document], list[Place]]
    wholes: Callable[[Document], list[Place]]
    parts_at: tuple[tuple[str, ...], ...]


def check_tree(tree: Tree, before: Document | None, document: Document, context: RuleContext) -> None:
    """Refuse what would make a document contain itself, directly or through others.

    Source: TMF620 v5.0.0 Category.parent and subCategory, ProductOffering.bundledProductOffering,
            ProductSpecification.bundledProductSpecification, ProductOfferingPrice.bundledPopRelationship.
    """
    parts, wholes = tree.parts(document), tree.wholes(document)
    if not (parts or wholes) or (before and (parts, wholes) == (tree.parts(before), tree.wholes(before))):
        return
    own = document["id"]
    itself = [place for place in (*parts, *wholes) if place.id == own]
    for place in itself:
        context.refuse(place.pointer, "cycle", f"a {tree.resource} cannot be part of itself")
    if itself:
        return
    assert context.in_turn is not None, "trees are changed where they are stored"
    context.in_turn(f"tree/{tree.resource}")
    above = _above(tree, context.library, own, {place.id for place in wholes})
    if above is None:
        context.refuse("", "depth", f"a {tree.resource} may stand at most {LEVELS_MAX} levels deep")
        return
    for place in parts:
        if place.id in above:
            _refuse_cycle(place, f"{tree.resource} {place.id[:80]!r} contains this one already", context)
    if own in above:
        for place in wholes:
            _refuse_cycle(place, f"{tree.resource} {place.id[:80]!r} is part of this one already", context)


def _refuse_cycle(place: Place, fact: str, context: RuleContext) -> None:
    context.refuse(place.pointer, "cycle", f"{fact}, directly or through others")


def _above(tree: Tree, library: Library, own: str, wholes: set[str]) -> set[str] | None:
    """Every id above `own`, itself too when the way up leads back; None when it is too far to the top."""
    seen: set[str] = set()
    waiting = wholes | _naming(tree, library, {own}, own)
    for _ in range(LEVELS_MAX + 1):
        if not waiting:
            return seen
        seen |= waiting
        # What the store has of `own` is about to be replaced; it ends a walk and is not read.
        followed = waiting - {own}
        documents = library.get_many(tree.resource, followed)
        named = {place.id for document in documents.values() for place in tree.wholes(document)}
        waiting = (named | _naming(tree, library, followed, own)) - seen
    return None


def _naming(tree: Tree, library: Library, ids: set[str], own: str) -> set[str]:
    """Who names one of these as its part, `own` left out."""
    if not ids:
        return set()
    wanted = tuple(sorted(ids))
    at_any = AnyOf(tuple(Compare(FieldPath(steps, Kind.STRING), Operator.EQ, wanted) for steps in tree.parts_at))
    found = library.find(tree.resource, at_any, WHOLES_MAX)
    return {
        document["id"]
        for document in found
        if document["id"] != own and any(place.id in ids for place in tree.parts(document))
    }


def _places(value: Any, pointer: str) -> Iterator[Place]:
    """The references of one attribute, whether it holds one or a list."""
    for suffix, element in enumerate_elements(value):
        if isinstance(element.get("id"), str):
            yield Place(f"{pointer}{suffix}/id", element["id"])


def enumerate_elements(value: Any) -> Iterator[tuple[str, Document]]:
    """The objects of an attribute, each with the rest of its JSON Pointer."""
    if isinstance(value, dict):
        yield "", value
    elif isinstance(value, list):
        yield from ((f"/{index}", element) for index, element in enumerate(value) if isinstance(element, dict))


def bundled_offerings(document: Document, pointer: str = "") -> list[Place]:
    """The offerings that make up a bundle, those in groups too."""
    found = list(_places(document.get("bundledProductOffering"), f"{pointer}/bundledProductOffering"))
    for suffix, group in enumerate_elements(document.get("bundledGroupProductOffering")):
        found += bundled_offerings(group, f"{pointer}/bundledGroupProductOffering{suffix}")
    return found


def _related_offerings(document: Document, kind: str) -> list[Place]:
    related = document.get("productOfferingRelationship")
    return [
        Place(f"/productOfferingRelationship{suffix}/id", element["id"])
        for suffix, element in enumerate_elements(related)
        if isinstance(element.get("id"), str) and str(element.get("relationshipType", "")).casefold() == kind
    ]


def _nothing(document: Document) -> list[Place]:
    return []


CATEGORIES = Tree(
    resource="category",
    parts=lambda document: list(_places(document.get("subCategory"), "/subCategory")),
    wholes=lambda document: list(_places(document.get("parent"), "/parent")),
    parts_at=(("subCategory", "id"),),
)
OFFERINGS = Tree(
    resource="productOffering",
    parts=lambda document: [*bundled_offerings(document), *_related_offerings(document, _CONTAINS)],
    wholes=lambda document: _related_offerings(document, _CONTAINED_BY),
    parts_at=(
        ("bundledProductOffering", "id"),
        ("bundledGroupProductOffering", "bundledProductOffering", "id"),
        ("productOfferingRelationship", "id"),
    ),
)
SPECIFICATIONS = Tree(
    resource="productSpecification",
    parts=lambda document: list(_places(document.get("bundledProductSpecification"), "/bundledProductSpecification")),
    wholes=_nothing,
    parts_at=(("bundledProductSpecification", "id"),),
)
PRICES = Tree(
    resource="productOfferingPrice",
    parts=lambda document: list(_places(document.get("bundledPopRelationship"), "/bundledPopRelationship")),
    wholes=_nothing,
    parts_at=(("bundledPopRelationship", "id"),),
)
