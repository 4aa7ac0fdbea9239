"""Why an item is what it is: plain data (texts, numbers, lists, mappings), made when somebody asks."""

from __future__ import annotations

from typing import Any

from common.domain.cycles import Span
from tmf678_bill.billing.products import decimal_text
from tmf678_bill.billing.values import AppliedTax, Charge, Item, Part


def explain(charge: Charge) -> dict[str, Any]:
    """Which days of how many, which version of which price, which discounts; and what was charged before.

    Shapes: days are texts, half-open; amounts are Decimals, or texts where they are exact and may not end (`...`).
    """
    of = charge.purpose
    shown: dict[str, Any] = {"kind": of.kind.value, "period": _days(of.period), "due": charge.due.isoformat()}
    if of.price is not None:
        shown["price"] = {"id": of.price, "version": of.version}
    if charge.parts:
        shown["parts"] = [_part(part) for part in charge.parts]
    if charge.quantity is not None:
        shown |= {"quantity": charge.quantity, "unit": charge.unit, "lines": charge.lines, "newLines": charge.claimed}
    shown |= charge.grounds
    shown["amount"] = charge.amount.amount
    if charge.before is not None and not charge.before.is_zero:
        shown["chargedBefore"] = charge.before.amount
        shown["reason"] = "what was charged for this before is corrected" if charge.covers else "not charged any more"
    return shown


def explain_item(item: Item) -> dict[str, Any]:
    """The charge's explanation with that of its tax."""
    return explain(item.charge) | {"tax": _tax(item.applied)}


def _part(part: Part) -> dict[str, Any]:
    price = part.price
    shown: dict[str, Any] = {**_days(part.span), "days": part.span.days, "ofDays": part.of}
    shown["price"] = {"id": price.id, "version": price.version, "amount": price.amount and price.amount.amount}
    if part.taken:
        shown["discounts"] = [
            {"name": one.discount.name, "percentage": one.discount.percentage, "taken": one.amount.amount}
            for one in part.taken
        ]
    shown["exact"] = decimal_text(part.amount)
    return shown


def _tax(tax: AppliedTax) -> dict[str, Any]:
    shown = {
        "category": tax.category,
        "rate": tax.rate,
        "source": tax.source.value,
        "certificate": tax.certificate,
        "place": tax.place,
    }
    return {name: value for name, value in shown.items() if value is not None} | {"isInclusive": tax.is_inclusive}


def _days(span: Span) -> dict[str, str]:
    return {"start": span.start.isoformat(), "end": span.end.isoformat()}
