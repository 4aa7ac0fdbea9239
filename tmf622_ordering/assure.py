"""Whether orders are being carried out, and what was delivered is as it was ordered (`bss assure`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common.assurance import Books, Check, Finding, in_parts
from common.domain.query import Document
from tmf622_ordering.capture.reading import inner
from tmf622_ordering.items import Item, flat
from tmf622_ordering.works import FULFILMENT

_GOING_ON = ("acknowledged", "inProgress", "inProgress.accepted", "assessingCancellation", "pendingCancellation")
# What a product that was ordered is not any more once the order is completed, and what one that was ended is.
_UNDELIVERED = frozenset({"created", "pendingActive", "None"})
_ENDED = frozenset({"terminated", "pendingTerminate", "cancelled", "aborted"})
_AGAIN = "PATCH the order (any attribute), which has it looked at"


def _worked(books: Books) -> Iterator[Finding]:
    """What goes on is work of somebody; where people carry out orders, it is theirs."""
    if books.settings.fulfilment == "none":
        return
    orders = books.stored("productOrder")
    for row in books.audit.rows(orders, ["id", "state"], ["id"], {"state": _GOING_ON}):
        if books.uow.agenda.get(FULFILMENT, row["id"]) is None:
            told = f"it is {row['state']}, and nobody works on it"
            yield Finding((f"productOrder {row['id']}",), told, _AGAIN)


def _delivered(books: Books) -> Iterator[Finding]:
    if not books.serves("product"):
        return
    orders = books.audit.rows(books.stored("productOrder"), ["id"], ["id"], {"state": "completed"})
    for part in in_parts(orders):
        documents = books.library.get_many("productOrder", {row["id"] for row in part})
        items = {row["id"]: flat(documents[row["id"]]) for row in part if row["id"] in documents}
        wanted = {id for listed in items.values() for item in listed if (id := _product_of(item)) is not None}
        products: dict[str, Document] = {}
        for ids in in_parts(sorted(wanted)):
            products |= books.library.get_many("product", set(ids))
        for order, listed in items.items():
            for item in listed:
                wrong = _unlike(item, order, products)
                if wrong is not None:
                    remedy = "order what is missing, or PATCH the product; restore it when it is lost"
                    yield Finding((f"productOrder {order}", f"item {item.id}"), wrong, remedy)


def _unlike(item: Item, order: str, products: dict[str, Document]) -> str | None:
    """What is not as the item ordered it; what became of the product by later orders is theirs."""
    id, action = _product_of(item), item.document.get("action")
    if item.document.get("state") != "completed" or action not in ("add", "modify", "delete"):
        return None
    if id is None:
        return f"it is completed, and names no product ({action})"
    product = products.get(id)
    if product is None:
        return None if action == "delete" else f"product {id} was delivered, and is not here"
    status = str(product.get("status"))
    if action == "delete":
        return None if status in _ENDED else f"product {id} was ended, and is {status}"
    if status in _UNDELIVERED:
        return f"product {id} was delivered, and is {status}"
    ordered, has = (inner(one, "productOffering").get("id") for one in (item.document, product))
    if ordered is not None and _is_last(product, order) and ordered != has:
        return f"product {id} was delivered as {ordered}, and is {has}"
    return None


def _is_last(product: Document, order: str) -> bool:
    mentions: list[Any] = product.get("productOrderItem") or []
    return bool(mentions) and mentions[-1].get("orderId") == order


def _product_of(item: Item) -> str | None:
    id = inner(item.document, "product").get("id")
    return id if isinstance(id, str) else None


CHECKS = (
    Check("order.worked", "Orders that are going on are worked on.", _worked),
    Check("order.delivered", "Products are as completed orders ordered them.", _delivered),
)
