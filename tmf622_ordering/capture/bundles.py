"""Whether the parts of a bundle are those it is made of, as many of each as it allows.

TMF620 v5.0.0 BundledProductOfferingOption and BundledGroupProductOfferingOption. The limits are for one bundle:
an order for two of it takes twice as many parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from common.domain.numbers import whole_number
from common.domain.query import Document
from tmf622_ordering.capture.found import Found
from tmf622_ordering.capture.problem import Problem
from tmf622_ordering.capture.reading import action_of, id_at, id_of, inner, objects, offering_id, quantity_of
from tmf622_ordering.items import CONTAINS, Item

_GROUP_LEVELS_MAX = 8


@dataclass(frozen=True)
class Limit:
    """How many of some offerings, together, one bundle takes; None where it does not say."""

    name: str
    offerings: frozenset[str]
    least: int | None
    most: int | None


def limits(offering: Document) -> list[Limit]:
    """Everything a bundle says of its parts: each offering by itself, and each group, nested ones included."""
    found = [_limit(one) for one in objects(offering, "bundledProductOffering")]
    for group in objects(offering, "bundledGroupProductOffering"):
        found += _group_limits(group, 1)
    return [limit for limit in found if limit.offerings]


def _limit(part: Document) -> Limit:
    id = id_of(part)
    name = f"offering {str(part.get('name') or id)[:80]!r}"
    option = inner(part, "bundledProductOfferingOption")
    return Limit(name, frozenset({id} if id is not None else ()), *_bounds(option))


def _group_limits(group: Document, level: int) -> list[Limit]:
    """The limits of a group's members, then its own: of all below it together."""
    inside = [_limit(one) for one in objects(group, "bundledProductOffering")]
    if level < _GROUP_LEVELS_MAX:
        for one in objects(group, "bundledGroupProductOffering"):
            inside += _group_limits(one, level + 1)
    members = frozenset().union(*(limit.offerings for limit in inside))
    name = f"group {str(group.get('name') or group.get('id'))[:80]!r}"
    return [*inside, Limit(name, members, *_bounds(inner(group, "bundledGroupProductOfferingOption")))]


def _bounds(option: Document) -> tuple[int | None, int | None]:
    least, most = (option.get(f"numberRelOffer{which}Limit") for which in ("Lower", "Upper"))
    return _count(least), _count(most)


def _count(value: object) -> int | None:
    count = whole_number(value)
    return count if count is not None and count >= 0 else None


def bundle(whole: Item, parts: list[Item], found: Found) -> Iterator[Problem]:
    """What is wrong with the parts of one item; nothing when its offering says nothing of parts."""
    offering = found.offering(whole) or (found.offering_had(whole) if action_of(whole) == "modify" else None)
    bounded = limits(offering or {})
    if action_of(whole) not in ("add", "modify") or offering is None or not bounded:
        return
    known = frozenset().union(*(limit.offerings for limit in bounded))
    had = _had(whole, found)
    counted = Counter(had or {})
    for part in parts:
        product = found.product(part) or {}
        id = offering_id(part) or id_at(product, "productOffering")
        is_kept = action_of(part) in ("noChange", "delete")
        if id is not None and id not in known and not is_kept:
            message = f"offering {id!r} is no part of bundle {offering['id']!r}"
            yield Problem(f"{part.pointer}/productOffering/id", "bundle.not-part", message, part.id)
        _count_in(counted, part, id, product, whole, found)
    if action_of(whole) == "add" or had is not None:
        yield from _outside(whole, bounded, counted)


def _count_in(counted: Counter[str], part: Item, id: str | None, product: Document, whole: Item, found: Found) -> None:
    """Count a part in, or out when it ends; a product that the bundle has already is counted."""
    if id is None:
        return
    present = id_at(product, "productOffering")
    is_had = action_of(whole) == "modify" and id_of(product) in _part_ids(found.product(whole) or {})
    if is_had and present is not None:
        counted[present] -= 1
    if action_of(part) != "delete":
        counted[id] += quantity_of(part)


def _had(whole: Item, found: Found) -> dict[str, int] | None:
    """How many of each offering a bundle has that is changed, by its products; None when they are not all here."""
    product = found.product(whole)
    if product is None:
        return None
    counted: Counter[str] = Counter()
    inside = {one["id"]: one for one in objects(product, "product") if "productOffering" in one and id_of(one)}
    parts = _part_ids(product)
    if not parts:
        return None
    for id in parts:
        offering = id_at(found.get("product", id) or inside.get(id, {}), "productOffering")
        if offering is None:
            return None
        counted[offering] += 1
    return dict(counted)


def _part_ids(product: Document) -> set[str]:
    related = [one for one in objects(product, "productRelationship") if one.get("relationshipType") == CONTAINS]
    return {id for one in (*objects(product, "product"), *related) if (id := id_of(one)) is not None}


def _outside(whole: Item, bounded: list[Limit], counted: Counter[str]) -> Iterator[Problem]:
    bundles = quantity_of(whole)
    for limit in bounded:
        number = sum(counted[id] for id in limit.offerings)
        least = None if limit.least is None else limit.least * bundles
        most = None if limit.most is None else limit.most * bundles
        if least is not None and number < least:
            message = f"the bundle takes at least {least} of {limit.name}; {number} ordered"
            yield Problem(whole.pointer, "bundle.too-few", message, whole.id)
        # A maximum below the minimum, or of 0, is how some write "no limit".
        elif most and most >= (least or 0) and number > most:
            message = f"the bundle takes at most {most} of {limit.name}; {number} ordered"
            yield Problem(whole.pointer, "bundle.too-many", message, whole.id)
