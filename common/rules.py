"""Rules that resources of several APIs share. Each says what is wrong through the context and decides nothing else.

None of them knows a resource by name: the caller says which one is meant and how its documents link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from common.component import RuleContext
from common.domain.money import is_currency
from common.domain.periods import is_reversed, reversed_at
from common.domain.query import Document

# More levels than any real tree has; a walk that gets here refuses the document instead of reading on.
TREE_LEVELS_MAX = 64

# What is said of a unit of money that is none (TMF630 Money: ISO 4217).
CURRENCY = "a currency is three capital letters, as in ISO 4217: EUR, USD"


class Link(NamedTuple):
    """One reference from a document to the next one of the same tree: where it stands, and to which id."""

    pointer: str
    id: str


Links = Callable[[Document], Iterable[Link]]


def check_period(document: Document, path: str, context: RuleContext) -> None:
    """Refuse each period at a dotted path (`validFor`, `contactMedium.validFor`) that ends before it starts.

    Source: TMF630 TimePeriod. Paths are named, never searched for: an official TMF637 example carries a reversed
    period in its intent, which is another API's to judge.
    """
    for pointer in reversed_at(document, tuple(path.split("."))):
        context.refuse(pointer, "period", "the period ends before it starts; give a later end, or leave it open")


def check_order_of_dates(document: Document, first: str, last: str, context: RuleContext) -> None:
    """Refuse a document whose date-time `last` is before its date-time `first` (top-level attributes)."""
    if is_reversed(document.get(first), document.get(last)):
        context.refuse(f"/{last}", "period", f"{last} is before {first}; give a later {last}, or leave one out")


def check_currency(unit: object, pointer: str, context: RuleContext) -> None:
    """Refuse a unit of money that is no currency."""
    if isinstance(unit, str) and not is_currency(unit):
        context.refuse(pointer, "currency", CURRENCY)


def check_no_cycle(
    document: Document,
    context: RuleContext,
    *,
    resource: str | tuple[str, ...],
    parents: Links,
    children: Links | None = None,
) -> None:
    """Refuse a document that would stand above or below itself in a tree of stored documents.

    Shapes: `parents` and `children` read a document's own links; trees that are written from one end only need just
            one of them. Several `resource`s form one tree (accounts of different kinds).
    What is not here ends the way: a dangling reference is no cycle. In reference mode `off` nothing is read.
    Does not: look for links that only the far end writes down, beyond this document's own.
    """
    if context.settings.reference_mode == "off":
        return
    resources = (resource,) if isinstance(resource, str) else resource
    above = list(parents(document))
    below = list(children(document)) if children is not None else []
    _refuse_meeting(document, context, resources, parents, above, {link.id for link in below})
    if children is not None:
        _refuse_meeting(document, context, resources, children, below, {link.id for link in above})


def change_in_turn(before: Document | None, after: Document, context: RuleContext, tree: str, *links: str) -> None:
    """Have links of one tree changed one after another: two changes at once could close a cycle that neither sees.

    Shapes: `tree` names it; `links` are the top-level attributes that it is written in. Who changes none of them waits
            for nobody.
    """
    is_changed = any(not same(before or {}, after, name) for name in links)
    if is_changed and context.settings.reference_mode != "off":
        assert context.in_turn is not None, "trees are changed where they are stored"
        context.in_turn(f"tree/{tree}")


def _refuse_meeting(
    document: Document,
    context: RuleContext,
    resources: tuple[str, ...],
    links: Links,
    first: list[Link],
    opposite: set[str],
) -> None:
    """Follow `links` level by level from the first ones; refuse each first link that leads to the document itself,
    or to what it names on the opposite side."""
    own = str(document["id"])
    origin = {link.id: link.pointer for link in reversed(first)}
    frontier = {id for id in origin if id != own}
    for _ in range(TREE_LEVELS_MAX):
        if not frontier:
            break
        reached: dict[str, str] = {}
        for step in _documents(context, resources, frontier):
            for link in links(step):
                if link.id not in origin:
                    reached[link.id] = origin[step["id"]]
        origin |= reached
        frontier = {id for id in reached if id != own}
    if frontier:
        pointer = min(link.pointer for link in first)
        context.refuse(pointer, "depth", f"the tree has more than {TREE_LEVELS_MAX} levels; flatten it")
    for pointer in sorted({origin[id] for id in ({own} | opposite) & origin.keys()}):
        context.refuse(pointer, "cycle", "this leads back to the resource itself; remove one of the links of the cycle")


def _documents(context: RuleContext, resources: tuple[str, ...], ids: set[str]) -> list[Document]:
    """The stored documents with these ids, in the order of their ids."""
    found: dict[str, Document] = {}
    for resource in resources:
        found |= context.library.get_many(resource, ids)
    return [found[id] for id in sorted(found)]


def same(before: Document, after: Document, name: str) -> bool:
    """Whether a patch leaves a top-level attribute as it was: what stands already is not judged again."""
    return before.get(name) == after.get(name)


def reference_id(document: Document, name: str) -> str | None:
    """The id in a top-level reference, or None when there is no reference or it has no id."""
    reference = document.get(name)
    id = reference.get("id") if isinstance(reference, dict) else None
    return id if isinstance(id, str) else None
