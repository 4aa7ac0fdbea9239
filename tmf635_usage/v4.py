"""How TMF635 v4 usage says what the stored v5 product usage says; v4 usage specifications are stored as they are."""

from __future__ import annotations

from typing import Any

from common.domain.query import Document
from common.v4.shapes import ApiMapping, Codec, Part, Rename, Shape, States

_STATUS = States(
    "status",
    up={
        "received": "initialized",
        "guided": "validated",
        "rerated": "corrected",
        "recycled": "initialized",
        "billed": "rated",
    },
    down={
        "initialized": "received",
        "validated": "guided",
        "corrected": "rerated",
        "superseded": "rerated",
        "notRated": "guided",
        "failed": "rejected",
    },
)

_AMOUNTS = {
    "taxExcludedRatingAmount": "dutyFreeAmount",
    "taxIncludedRatingAmount": "taxIncludedAmount",
    "taxRate": "taxRate",
}


def _priced(part: Part, document: Document, beside: Part) -> Document:
    """The amounts of a v4 rating as a v5 price; what else v4 says of a rating is kept beside it."""
    price = {new: part[old] for old, new in _AMOUNTS.items() if old in part}
    return {"price": {"@type": "Price", **price}} if price else {}


def _rated(part: Part, document: Document) -> Document:
    price = part.get("price")
    return {old: price[new] for old, new in _AMOUNTS.items() if new in price} if isinstance(price, dict) else {}


def _product(part: Part, document: Document, beside: Part) -> Document:
    """v5 says once which product was used, v4 in each rating."""
    ratings: Any = document.get("ratedProductUsage")
    first = ratings[0] if isinstance(ratings, list) and ratings else None
    product = first.get("productRef") if isinstance(first, dict) else None
    return {"product": {"@type": "ProductRef", **product}} if isinstance(product, dict) else {}


def _nothing(part: Part, document: Document) -> Document:
    return {}


_PRICE = Codec(tuple(_AMOUNTS), ("price",), _priced, _rated, {(old,): ("price", new) for old, new in _AMOUNTS.items()})
_USED = Codec((), ("product",), _product, _nothing, {})

V4 = ApiMapping(
    resources={"usage": "productUsage"},
    shapes={
        "Usage": Shape((Rename("ratedProductUsage", "usageProductPrice"), _STATUS, _USED)),
        "RatedProductUsage": Shape((_PRICE,)),
    },
)
