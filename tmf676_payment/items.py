"""What a payment is for: the bills that it names, or those that it paid."""

from __future__ import annotations

from typing import Any

from common.domain.money import Money, money_of
from common.domain.query import Document
from common.rules import reference_id
from tmf676_payment.credit import Allocated, Told


def told_of(payment: Document) -> list[Told]:
    """What a payment names, in its order."""
    listed = payment.get("paymentItem", ())
    named = [(reference_id(one, "item"), _item_amount(one)) for one in listed]
    return [Told(id, amount) for id, amount in named if id is not None]


def items(payment: Document, paid: list[Allocated]) -> dict[str, Any]:
    """The items of a payment that named none: the bills it paid."""
    if payment.get("paymentItem") or not paid:
        return {}
    return {
        "paymentItem": [
            {
                "@type": "PaymentItem",
                "totalAmount": one.amount.document(),
                "item": {"@type": "EntityRef", "id": one.bill, "name": one.number, "@referredType": "CustomerBill"},
            }
            for one in paid
        ]
    }


def _item_amount(item: Document) -> Money | None:
    return money_of(item.get("totalAmount")) or money_of(item.get("amount"))
