"""Whether products are charged for, and what is charged is a product (`bss assure`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from common.assurance import Books, Check, Finding
from common.domain.query import Compare, Document, FieldPath, Kind, Operator
from common.store.audit import Values
from tmf637_inventory.history import SPANS


def _priced(books: Books) -> Iterator[Finding]:
    """Active products that cost nothing by themselves, and are no part of one that does."""
    columns = ["product", "since", "status", "account", "doc"]
    rows = books.audit.rows(SPANS.name, columns, ["product", "since"])
    for product, spans in groupby(rows, key=lambda row: row["product"]):
        last = list(spans)[-1]
        if last["status"] != "active" or last["doc"].get("productPrice"):
            continue
        document = books.library.get("product", product) or {}
        related = document.get("productRelationship", ())
        if any(one.get("relationshipType") == "bundledBy" for one in related) or _has_priced_part(books, document):
            continue
        yield Finding(
            (f"product {product}",),
            "it is active and has no price, so that it is never charged",
            "order a change of the product to an offering with prices, or PATCH its productPrice",
        )


def _has_priced_part(books: Books, bundle: Document) -> bool:
    """Whether something is charged for a bundle by its parts, whichever of both names the other."""
    named = {one["id"] for one in bundle.get("product", ()) if isinstance(one.get("id"), str)}
    related = FieldPath(("productRelationship", "id"), Kind.STRING, many=True)
    parts = list(books.library.get_many("product", named).values()) if named else []
    if "id" in bundle:
        parts += books.library.find("product", Compare(related, Operator.EQ, (bundle["id"],)))
    return any(part.get("productPrice") for part in parts)


def _payers(books: Books) -> Iterator[Finding]:
    last: dict[str, dict[str, object]] = {}
    for row in books.audit.rows(SPANS.name, ["product", "status", "account"], ["product", "since"]):
        last[row["product"]] = row
    for product, row in last.items():
        if row["status"] == "active" and row["account"] is None:
            yield Finding(
                (f"product {product}",),
                "it is active and no account pays for it",
                "give it a billingAccount (order a change, or PATCH it)",
            )


def _kept(books: Books) -> Iterator[Finding]:
    for id in books.audit.missing(Values(SPANS.name, "product"), Values(books.stored("product"), "id")):
        yield Finding(
            (f"product {id}",),
            "its history is kept and charged by, and the product is not here",
            "restore the product, or end its history by deleting it through the API",
        )


CHECKS = (
    Check("product.priced", "Active products have prices, or are part of one that has.", _priced),
    Check("product.payer", "Active products have an account that pays.", _payers),
    Check("product.kept", "What is charged is a product that is here.", _kept),
)
