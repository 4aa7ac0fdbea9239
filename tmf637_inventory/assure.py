"""Whether products are charged for, and what is charged is a product (`bss assure`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from common.assurance import Books, Check, Finding, in_parts
from common.domain.money import money_of
from common.domain.query import Compare, Document, FieldPath, Kind, Operator
from common.store.audit import Values
from tmf637_inventory.history import SPANS

# A month in arrears of a cycle that began a day after it is over by then, and billed.
_CERTAIN = timedelta(days=93)


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


def _charged(books: Books) -> Iterator[Finding]:
    """Products that have been active with a monthly price for as long as no bill can have left it out."""
    billing = books.offered("billing")
    if billing is None:
        return
    columns = ["product", "since", "status", "account", "doc"]
    rows = books.audit.rows(SPANS.name, columns, ["product", "since"])
    last = (list(spans)[-1] for _, spans in groupby(rows, key=lambda row: row["product"]))
    for part in in_parts(row for row in last if row["status"] == "active" and _is_monthly(row["doc"])):
        billed = billing.billed_spans({row["account"] for row in part if row["account"] is not None})
        missed = [row for row in part if row["account"] in billed and _is_due(row["since"], *billed[row["account"]])]
        charged = billing.charged(row["product"] for row in missed)
        for row in missed:
            if row["product"] not in charged:
                told = f"it has a monthly price since {row['since']:%Y-%m-%d}, and was never charged"
                remedy = f"see what `bss bill run --account {row['account']} --dry-run` charges, and tell us"
                yield Finding((f"product {row['product']}", f"billingAccount {row['account']}"), told, remedy)


def _is_due(since: datetime, begin: datetime, until: datetime) -> bool:
    return max(since, begin) <= until - _CERTAIN


def _is_monthly(product: Mapping[str, Any]) -> bool:
    """Whether it costs something every month whatever is used; what is discounted may come to nothing."""
    for entry in product.get("productPrice", ()):
        money = money_of((entry.get("price") or {}).get("dutyFreeAmount"))
        is_recurring = entry.get("priceType") == "recurring" and entry.get("recurringChargePeriod") == "month"
        if is_recurring and money is not None and money.amount > 0 and not entry.get("priceAlteration"):
            return True
    return False


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
    Check("product.charged", "Active products with a monthly price are on bills.", _charged),
    Check("product.payer", "Active products have an account that pays.", _payers),
    Check("product.kept", "What is charged is a product that is here.", _kept),
)
