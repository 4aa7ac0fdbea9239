"""Which price documents the prices of products mean: what charging asks (`Component.offers`: soldPrices).

An entry of a product's `productPrice` keeps the version that it was sold with; without a version it means the latest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.component import Library, Recording
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator

_RESOURCE = "productOfferingPrice"
# Versions of prices in one question.
_VERSIONS_MAX = 1_000
_ID = FieldPath(("id",), Kind.STRING, False)
_VERSION = FieldPath(("version",), Kind.STRING, False)


class SoldPrices:
    """What the catalogue knows of prices that were sold."""

    def __init__(self, records: Recording) -> None:
        """Prices are documents; no records are asked."""

    def meant(self, agreed: Iterable[Document], library: Library) -> list[Document | None]:
        """The price document that each entry means; None where the entry names none, or one that is not here."""
        named = [_named(entry) for entry in agreed]
        pairs = {(one["id"], one.get("version")) for one in named if isinstance(one.get("id"), str)}
        latest = library.get_many(_RESOURCE, {id for id, _ in pairs})
        known: dict[Any, Document] = {(id, document.get("version")): document for id, document in latest.items()}
        older = {(id, version) for id, version in pairs if version is not None and (id, version) not in known}
        known |= _older(older, library)
        return [_meant(one, latest, known) for one in named]


def _named(entry: Document) -> Document:
    named = entry.get(_RESOURCE)
    return named if isinstance(named, dict) else {}


def _meant(named: Document, latest: dict[str, Document], known: dict[Any, Document]) -> Document | None:
    id, version = named.get("id"), named.get("version")
    if not isinstance(id, str):
        return None
    return latest.get(id) if version is None else known.get((id, version))


def _older(wanted: set[tuple[str, Any]], library: Library) -> dict[Any, Document]:
    """Versions that are not the latest."""
    if not wanted:
        return {}
    ids, versions = tuple(sorted({id for id, _ in wanted})), tuple(sorted({version for _, version in wanted}))
    where = AllOf((Compare(_ID, Operator.EQ, ids), Compare(_VERSION, Operator.EQ, versions)))
    return {(one["id"], one.get("version")): one for one in library.find(_RESOURCE, where, _VERSIONS_MAX)}
