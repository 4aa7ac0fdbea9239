"""How the documents of one contract relate to the stored ones.

The stored form is v5. A v5 contract shows it as it is, without the members that are only kept for v4 (their names start
with a mark no client may use); a v4 contract shows it through its mapping (docs/versions.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from common import exact_json
from common.domain.query import Document, FieldPath, Kind, Query
from common.rest import render
from common.spec.contract import ResourceContract
from common.store.repository import Row
from common.v4.mapping import Mapping, rejoin, shown_in_v5
from common.v4.routes import MARK

# v4 answers kept, for all resources together: about 12 MB when every one is as large as an offering.
PROJECTED_KEPT = 1_024
# What a stored text has when something in it is kept for v4 only; a text value may have it too, which costs a look.
_MARKED = f'"{MARK}'


class View(Protocol):
    """What an endpoint needs to know of its contract's form."""

    def path(self, steps: tuple[str, ...]) -> FieldPath:
        """A place in the documents as clients see them."""

    def query(self, asked: Query) -> Query:
        """The query on stored documents that a query on shown ones is."""

    def shown(self, row: Row) -> Document:
        """A stored document as clients see it, without href."""

    def whole(self, row: Row, link: str) -> bytes:
        """The same with its link, as JSON."""

    def editable(self, row: Row) -> Document:
        """What a patch is applied to: what clients see, and beside it, marked, what they do not."""

    def stored(self, document: Document, before: Document | None = None) -> Document:
        """The stored form of a new document, or of one that a patch made of the editable `before`."""


@dataclass(frozen=True)
class NativeView:
    """The contract's form is the stored one."""

    contract: ResourceContract

    def path(self, steps: tuple[str, ...]) -> FieldPath:
        return _path(self.contract, steps)

    def query(self, asked: Query) -> Query:
        return asked

    def shown(self, row: Row) -> Document:
        document = row.document()
        return shown_in_v5(document) if _MARKED in row.text else document

    def whole(self, row: Row, link: str) -> bytes:
        if _MARKED in row.text:
            return exact_json.encode(render.answer(self.shown(row), link))
        return render.whole(row, link)

    def editable(self, row: Row) -> Document:
        return row.document()

    def stored(self, document: Document, before: Document | None = None) -> Document:
        return document if before is None else rejoin(before, document)


@dataclass(frozen=True)
class MappedView:
    """The contract's form is mapped to the stored one."""

    contract: ResourceContract
    mapping: Mapping

    def path(self, steps: tuple[str, ...]) -> FieldPath:
        return _path(self.contract, steps)

    def query(self, asked: Query) -> Query:
        return self.mapping.query(asked)

    def shown(self, row: Row) -> Document:
        return self.mapping.project(row.document())

    def whole(self, row: Row, link: str) -> bytes:
        return render.linked(row.id, link, _projected(self.mapping, row.text))

    def editable(self, row: Row) -> Document:
        return self.mapping.project(row.document(), hidden=True)

    def stored(self, document: Document, before: Document | None = None) -> Document:
        edited = document if before is None else rejoin(before, document)
        self.contract.fields.normalise(edited)  # dates that only v4 has are stored in the one form, too
        return self.mapping.lift(edited)


@lru_cache(maxsize=PROJECTED_KEPT)
def _projected(mapping: Mapping, text: str) -> bytes:
    """What a stored text is in v4: the same text is the same answer, so what is read often is projected once."""
    return mapping.shown(text)


def _path(contract: ResourceContract, steps: tuple[str, ...]) -> FieldPath:
    if steps == ("id",):  # a text for us, also where a document says integer (TMF642 v4)
        return FieldPath(steps, Kind.STRING, many=False)
    return contract.fields.path(steps)
