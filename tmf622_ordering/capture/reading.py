"""Reading the parts of an order and of what it refers to, whatever a client left out. Looks nothing up."""

from __future__ import annotations

import re
from typing import Any

from common.domain.numbers import whole_number
from common.domain.query import Document
from tmf622_ordering.items import CONTAINED_BY, CONTAINS, Item, relationships


def objects(document: Document, name: str) -> list[Document]:
    """The objects in a list attribute."""
    listed = document.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def inner(document: Document, name: str) -> Document:
    """The object at an attribute, or an empty one."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def id_at(document: Document, name: str) -> str | None:
    """The id of the reference at an attribute."""
    return id_of(inner(document, name))


def id_of(reference: Document) -> str | None:
    id = reference.get("id")
    return id if isinstance(id, str) else None


def plain(text: Any) -> str:
    """A name as it compares: `DependsOn`, `depends-on` and `dependsOn` are one kind."""
    return re.sub(r"[^a-z0-9]", "", str(text or "").casefold())


def action_of(item: Item) -> str:
    return str(item.document.get("action", ""))


# How many products one item may add; TMF637 has no quantity, so each is a product of its own.
QUANTITY_MAX = 100


def quantity_of(item: Item) -> int:
    """How many are ordered; one unless the item says so."""
    quantity = whole_number(item.document.get("quantity"))
    return quantity if quantity is not None and quantity > 0 else 1


def product_of(item: Item) -> Document:
    return inner(item.document, "product")


def product_id(item: Item) -> str | None:
    return id_at(item.document, "product")


def offering_id(item: Item) -> str | None:
    return id_at(item.document, "productOffering")


def wholes_of(items: list[Item]) -> dict[str, list[Item]]:
    """The items directly around each item, by its id: nested, or related with `bundles` or `bundledBy`."""
    known = {item.id: item for item in items}
    around: dict[str, dict[str, Item]] = {}

    def add(part: str, whole: str) -> None:
        if part in known and whole in known:
            around.setdefault(part, {})[whole] = known[whole]

    for item in items:
        if item.whole is not None:
            add(item.id, item.whole)
        for _, kind, target in relationships(item):
            if kind == CONTAINS:
                add(target, item.id)
            elif kind == CONTAINED_BY:
                add(item.id, target)
    return {part: list(wholes.values()) for part, wholes in around.items()}


def all_wholes_of(item: Item, around: dict[str, list[Item]]) -> list[Item]:
    """Everything that an item is part of, directly or not, the nearest first."""
    found: dict[str, Item] = {}
    level = around.get(item.id, [])
    while level:
        new = [whole for whole in level if whole.id not in found]
        found |= {whole.id: whole for whole in new}
        level = [outer for whole in new for outer in around.get(whole.id, [])]
    return list(found.values())


def parts_of(items: list[Item], around: dict[str, list[Item]]) -> dict[str, list[Item]]:
    """The items directly inside each item, by its id; `around` is what `wholes_of` found."""
    inside: dict[str, list[Item]] = {}
    for item in items:
        for whole in around.get(item.id, []):
            inside.setdefault(whole.id, []).append(item)
    return inside
