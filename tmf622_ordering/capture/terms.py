"""The commercial terms of an item: those that its offering has, and the one it takes when there is no choice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from common.domain.periods import covers
from common.domain.query import Document
from tmf622_ordering.capture.found import Found, is_chosen
from tmf622_ordering.capture.problem import Problem
from tmf622_ordering.capture.reading import action_of, objects, plain
from tmf622_ordering.items import Item

# How many of the smaller unit make one of the larger, where that is always the same number.
_LARGER = {"year": ("month", 12), "quarter": ("month", 3), "week": ("day", 7)}
# Beyond any contract; a longer duration is no number of periods.
_PERIODS_MAX = 100_000
_SPELLINGS = {"monthly": "month", "yearly": "year", "annual": "year", "weekly": "week", "daily": "day"}


def offered_terms(offering: Document | None, found: Found) -> list[Document]:
    """The terms of an offering that are valid now."""
    return [one for one in objects(offering or {}, "productOfferingTerm") if covers(one.get("validFor"), found.now)]


def terms(item: Item, found: Found) -> Iterator[Problem]:
    """Terms that the offering does not have; an offering without terms leaves them to the agreement of the two."""
    offered = offered_terms(found.offering(item), found)
    if not offered or action_of(item) not in ("add", "modify"):
        return
    for index, given in enumerate(objects(item.document, "itemTerm")):
        if not any(is_term(given, one) for one in offered):
            names = ", ".join(str(one.get("name"))[:80] for one in offered)
            yield Problem(f"{item.pointer}/itemTerm/{index}", "term.not-offered", f"the terms are: {names}", item.id)


def is_term(given: Document, offered: Document) -> bool:
    """Whether a term is the one offered: by what it says of name and duration. One that says neither may be any."""
    if given.get("name") is not None and plain(given["name"]) != plain(offered.get("name")):
        return False
    length = duration(given.get("duration"))
    return length is None or length == duration(offered.get("duration"))


def is_same_term(given: Document, other: Document) -> bool:
    """Whether two terms last equally long; where one does not say, whether they have the same name."""
    lengths = duration(given.get("duration")), duration(other.get("duration"))
    if None in lengths:
        return plain(given.get("name")) == plain(other.get("name"))
    return lengths[0] == lengths[1]


def settled_terms(item: Item, found: Found) -> list[Document]:
    """The terms of the item as they are to be kept: as given, completed from the offering; its only one if none is.

    Of several offered terms the customer takes one, and nobody else does that for them.
    """
    given = objects(item.document, "itemTerm")
    offered = offered_terms(found.offering(item), found)
    if not given:
        return [_order_term(offered[0])] if len(offered) == 1 and is_chosen(item, found) else []
    settled = []
    for term in given:
        one = next((one for one in offered if is_term(term, one)), None)
        settled.append(term if one is None else {**_order_term(one), **term})
    return settled


def _order_term(offered: Document) -> Document:
    kept: Document = {name: offered[name] for name in ("name", "description", "duration") if name in offered}
    return {"@type": "OrderTerm", **kept}


def duration(value: Any) -> tuple[Decimal, str] | None:
    """A length of time in its smallest equal unit: a year and twelve months are the same."""
    if not isinstance(value, dict):
        return None
    amount = value.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    smaller, factor = _LARGER.get(unit(value.get("units")), (unit(value.get("units")), 1))
    return Decimal(amount) * factor, smaller


def unit(text: Any) -> str:
    """A unit of time as it compares: `Months`, `monthly` and `month` are one."""
    name = plain(text)
    return _SPELLINGS.get(name, name.removesuffix("s"))


def periods_in(length: Any, period: str, per: int) -> int | None:
    """How many charge periods a duration lasts, or None when it is no whole number of them."""
    whole, one = duration(length), duration({"amount": per, "units": period})
    if whole is None or one is None or whole[1] != one[1] or not 0 < one[0] <= whole[0] <= _PERIODS_MAX:
        return None
    if whole[0] % one[0] != 0:
        return None
    return int(whole[0] / one[0])
