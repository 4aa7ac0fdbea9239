"""What a prepaid customer cannot be sold: a discount on usage, which no balance takes off (docs/balances.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from common.component import RuleContext
from tmf622_ordering.capture.found import Found, is_chosen
from tmf622_ordering.capture.pricing import Line
from tmf622_ordering.capture.problem import Problem
from tmf622_ordering.capture.reading import id_of, objects, product_id
from tmf622_ordering.capture.tariff import USAGE, kind_of
from tmf622_ordering.items import Item

_MONEY = "monetary"


def prepaid_discounts(
    item: Item, account: Any, lines: Iterable[Line], found: Found, context: RuleContext
) -> Iterator[Problem]:
    """A discount on usage that is sold to who pays by a balance of the product, or of its account.

    Shapes: `account` is the document of who pays, None where it is not here.
    """
    discounted = [line for line in lines if _has_discount(line)] if is_chosen(item, found) else []
    balances = context.offered("balances") if discounted and context.offered is not None else None
    if balances is None:
        return
    product, payer = product_id(item), id_of(account or {})
    held = balances.standing(context, [] if product is None else [product], [] if payer is None else [payer])
    if any(one.usage_type == _MONEY and (not one.products or product in one.products) for one in held):
        message = "its discount on usage is taken off bills, and this customer's balance pays; offer a lower price"
        yield Problem(f"{item.pointer}/productOffering/id", "price.prepaid", message, item.id)


def _has_discount(line: Line) -> bool:
    return kind_of(line.document.get("priceType")) == USAGE and bool(objects(line.document, "priceAlteration"))
