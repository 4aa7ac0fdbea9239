"""Which version of a price a product has: a proposal, the standard has no rule (docs/price-plans.md).

Both readings are in use: what was sold is kept, or who names no version follows the catalogue (`unversioned_prices`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy

from common.component import RuleContext
from common.domain.query import Document
from common.rules import reference_id

_PRICE = "productOfferingPrice"


def keep_versions(before: Document, after: Document, context: RuleContext) -> None:
    """In place: a price without a version is of the one that the product had, else of the latest in the catalogue.

    What the catalogue has later is another price. Where it is elsewhere, or has no such price, no version is said.
    """
    is_followed = context.settings.unversioned_prices == "follow"
    if is_followed or all(_has_version(entry) for entry in _of_catalogue(after)):
        return
    after["productPrice"] = deepcopy(after["productPrice"])  # what a patch left alone is still that of before
    entries = list(_of_catalogue(after))
    had: defaultdict[str, list[str]] = defaultdict(list)
    for reference in (entry[_PRICE] for entry in _of_catalogue(before) if _has_version(entry)):
        had[reference["id"]].append(reference["version"])
    for reference in (entry[_PRICE] for entry in entries if _has_version(entry)):
        if reference["version"] in had[reference["id"]]:
            had[reference["id"]].remove(reference["version"])
    for reference in (entry[_PRICE] for entry in entries if not _has_version(entry)):
        if had[reference["id"]]:
            reference["version"] = had[reference["id"]].pop(0)
    _take_latest([entry for entry in entries if not _has_version(entry)], context)


def _take_latest(entries: list[Document], context: RuleContext) -> None:
    sold = context.offered("soldPrices") if context.offered is not None else None
    if sold is None or not entries:
        return
    for entry, price in zip(entries, sold.meant(entries, context.library), strict=True):
        if price is not None and isinstance(price.get("version"), str):
            entry[_PRICE]["version"] = price["version"]


def _of_catalogue(product: Document) -> Iterator[Document]:
    """The prices of a product, and what alters them, that the catalogue has."""
    return (entry for entry in _with_alterations(product.get("productPrice", ())) if reference_id(entry, _PRICE))


def _with_alterations(entries: Iterable[Document]) -> Iterator[Document]:
    for entry in entries:
        yield entry
        yield from entry.get("priceAlteration", ())


def _has_version(entry: Document) -> bool:
    return entry[_PRICE].get("version") is not None
