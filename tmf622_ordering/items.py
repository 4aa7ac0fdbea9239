"""The items of an order: what is wrong with their structure whatever they order, and how their states move.

TMF622 v5.0.0 ProductOrderItem. Items may contain items; ids are unique within the whole order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from common.component import RuleContext
from common.domain.numbers import whole_number
from common.domain.query import Document
from common.errors import IllegalTransition
from tmf622_ordering.lifecycle import ITEM, ORDER

RELATIONSHIPS = "productOrderItemRelationship"
# Kinds of ProductOrderItemRelationshipType in which a circle makes no sense; the second of each pair reads backwards.
CONTAINS, CONTAINED_BY = "bundles", "bundledBy"
_NEEDS, _NEEDED_BY = frozenset({"reliesOn", "requires", "dependsOn"}), "enables"
_CANCELLATION_STATES = frozenset({"assessingCancellation", "pendingCancellation"})


@dataclass(frozen=True)
class Item:
    """One item, wherever it stands: its JSON Pointer, and the id of the item around it."""

    pointer: str
    document: Document
    whole: str | None = None

    @property
    def id(self) -> str:
        return str(self.document.get("id", ""))


def flat(order: Document) -> list[Item]:
    """Every item of an order, a whole before its parts."""
    return list(_flat(order.get("productOrderItem"), "", None))


def _flat(items: Any, pointer: str, whole: str | None) -> Iterator[Item]:
    for index, document in enumerate(items if isinstance(items, list) else ()):
        if isinstance(document, dict):
            item = Item(f"{pointer}/productOrderItem/{index}", document, whole)
            yield item
            yield from _flat(document.get("productOrderItem"), item.pointer, item.id)


def relationships(item: Item) -> list[tuple[str, str, str]]:
    """Pointer, kind and target of each relationship of an item to another."""
    related = item.document.get(RELATIONSHIPS)
    return [
        (f"{item.pointer}/{RELATIONSHIPS}/{index}/id", str(one.get("relationshipType", "")), str(one["id"]))
        for index, one in enumerate(related if isinstance(related, list) else ())
        if isinstance(one, dict) and "id" in one
    ]


def check_structure(order: Document, context: RuleContext) -> None:
    """Refuse an order that nobody could read: ids that are not unique, relationships that lead nowhere or in circles.

    Refused in every reference mode and for drafts too: nothing here depends on other resources.
    Source: TMF622 v5.0.0 ProductOrderItem.id (unique within the order), quantity, productOrderItemRelationship.
    """
    items = flat(order)
    ids: set[str] = set()
    for item in items:
        if not item.id:
            context.refuse(f"{item.pointer}/id", "required", "an item has an id")
        elif item.id in ids:
            context.refuse(f"{item.pointer}/id", "unique", f"there is another item {item.id[:80]!r} in this order")
        ids.add(item.id)
        quantity = whole_number(item.document.get("quantity"))
        if quantity is not None and quantity < 1:
            context.refuse(f"{item.pointer}/quantity", "quantity", "a quantity is 1 or more")
    for item in items:
        for pointer, _, target in relationships(item):
            if target == item.id:
                context.refuse(pointer, "cycle", "an item is not related to itself")
            elif target not in ids:
                context.refuse(pointer, "reference", f"there is no item {target[:80]!r} in this order")
    if not context.violations:
        _check_circles(items, context)


def _check_circles(items: list[Item], context: RuleContext) -> None:
    parts = {id: {part for part, whole in part_of(items) if whole == id} for _, id in part_of(items)}
    pointers = {item.id: item.pointer for item in items}
    for graph, fact in ((parts, "contain"), (needs(items), "need")):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1]
            names = ", ".join(sorted(set(circle)))[:200]
            pointer = min(pointers[id] for id in circle)
            context.refuse(f"{pointer}/{RELATIONSHIPS}", "cycle", f"the items {names} {fact} each other in a circle")


def part_of(items: Iterable[Item]) -> list[tuple[str, str]]:
    """Part and whole of each bundle among the items, whichever of the two says so."""
    found: dict[tuple[str, str], None] = {}
    for item in items:
        if item.whole is not None:
            found[item.id, item.whole] = None
        for _, kind, target in relationships(item):
            if kind == CONTAINS:
                found[target, item.id] = None
            elif kind == CONTAINED_BY:
                found[item.id, target] = None
    return list(found)


def needs(items: Iterable[Item]) -> dict[str, set[str]]:
    """The items that each relies on, whichever of the two says so."""
    found: dict[str, set[str]] = {}
    for item in items:
        for _, kind, target in relationships(item):
            if kind in _NEEDS:
                found.setdefault(item.id, set()).add(target)
            elif kind == _NEEDED_BY:
                found.setdefault(target, set()).add(item.id)
    return found


def set_states(order: Document, state: str | None) -> None:
    """Put every item into a state, or (drafts) into none; in place."""
    for item in flat(order):
        item.document.pop("state", None)
        if state is not None:
            item.document["state"] = state


def check_moves(before: Document, after: Document) -> bool:
    """Whether a patch changed the state of an item; what it left out stays, in place.

    Errors: IllegalTransition when the table of items has no such move.
    """
    states = item_states(before)
    is_changed = False
    for item in flat(after):
        old, new = states.get(item.id), item.document.get("state")
        if new is None and old is not None:
            item.document["state"] = old
        elif old is not None and new is not None and old != new:
            if not ITEM.may_move(old, new):
                name = f"productOrderItem {item.id[:80]!r}"
                raise IllegalTransition(name, ITEM.attribute, old, new, ITEM.moves.get(old, frozenset()))
            is_changed = True
    return is_changed


def item_states(order: Document) -> Mapping[str, str]:
    """The states of the items that have one, by item id."""
    return {item.id: item.document["state"] for item in flat(order) if isinstance(item.document.get("state"), str)}


def follow(order: Document, before: str, after: str) -> None:
    """Take the items along that stood where the order stood, as far as their table goes; in place."""
    old, new = (state.partition(".")[0] for state in (before, after))
    for item in flat(order):
        if item.document.get("state") == old and new in ITEM.moves and ITEM.may_move(old, new):
            item.document["state"] = new


def way(before: str, after: str) -> tuple[str, ...]:
    """The states that lead an item from one to another, the last one first reached; empty when no way leads there.

    The shortest by the table, without a cancellation unless it begins in one.
    """
    ways: dict[str, tuple[str, ...]] = {before: ()}
    queue = [before]
    for state in queue:
        for follower in sorted(ITEM.moves.get(state, ())):
            if follower not in ways and (follower not in _CANCELLATION_STATES or follower == after):
                ways[follower] = (*ways[state], follower)
                queue.append(follower)
    return ways.get(after, ())


def aggregate(order_state: str, states: Iterable[str]) -> str:
    """The state of an order whose items stand so.

    Where a cancellation is under way, or the table has no way there, the order stays where it is.
    Source: TMF622 user guide, order state from item states; what it leaves open is decided here: an order with
            finished items and others that have not begun is in progress.
    """
    found = set(states)
    if not found or found & _CANCELLATION_STATES:
        return order_state
    state = _aggregated(found)
    if state == order_state.partition(".")[0]:
        return order_state
    is_reachable = ORDER.may_move(order_state, state) or (
        ORDER.may_move(order_state, "inProgress") and ORDER.may_move("inProgress", state)
    )
    return state if is_reachable else order_state


def _aggregated(found: set[str]) -> str:
    if len(found) == 1:
        return next(iter(found))
    if all(ITEM.is_final(state) for state in found):
        return "partial"
    return next((state for state in ("inProgress", "held", "pending") if state in found), "inProgress")
