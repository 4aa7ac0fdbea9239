"""Items of bills as they are recorded, and what was charged before as the engine takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from common.domain.cycles import Span
from common.domain.money import Money
from common.domain.query import Document
from tmf678_bill.billing.difference import taxed_then
from tmf678_bill.billing.explain import explain_item
from tmf678_bill.billing.values import (
    AppliedTax,
    Existing,
    Item,
    Kind,
    Purpose,
    RateSource,
    TaxClass,
)
from tmf678_bill.tables import CHARGE

_PLAIN = frozenset({str, Decimal, int, bool, type(None)})
# Quantities have 34 digits at most (`tmf635_usage`): sums of any number of them fit.
_EXACT = Context(prec=60, traps=[InvalidOperation, Inexact])


def item_row(id: str, bill: str, place: int, account: str, item: Item, origin: str = CHARGE) -> dict[str, Any]:
    """The record of an item; `place` counts those of the bill."""
    charge, applied = item.charge, item.applied
    of = charge.purpose
    return {
        **{"id": id, "bill": bill, "place": place, "account": account, "origin": origin},
        **{"key": of.key, "kind": of.kind.value, "name": of.name, "product": of.product or None},
        **{"price": of.price, "version": of.version},
        **{"first": charge.span.start.isoformat(), "last": charge.span.end.isoformat()},
        "until": of.period.end.isoformat(),
        **{"amount": charge.amount.amount, "currency": charge.amount.currency},
        **{"net": item.net.amount, "tax": item.tax.amount, "gross": item.gross.amount},
        **{"category": applied.category, "rate": applied.rate, "is_inclusive": applied.is_inclusive},
        **{"quantity": charge.quantity, "unit": charge.unit, "usages": charge.claimed},
        "doc": {
            "purpose": _plain_purpose(of),
            "covers": [_plain_span(span) for span in charge.covers],
            "applied": _plain_tax(applied),
            "place": charge.place,
            "explanation": plain(explain_item(item)),
        },
    }


def existing_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Existing, ...]:
    """What was charged for each key. Shapes: rows of items in the order in which they were issued."""
    found: dict[str, Existing] = {}
    for row in rows:
        doc, before = row["doc"], found.get(row["key"])
        amount, quantity = Money(row["amount"], row["currency"]), row["quantity"]
        taxed = taxed_then(() if before is None else before.taxed, _tax(doc["applied"]), amount)
        if before is not None:
            amount = before.amount + amount
            quantity = before.quantity if quantity is None else added([quantity, before.quantity or Decimal(0)])
        found[row["key"]] = Existing(
            _purpose(row, doc["purpose"]),
            amount,
            tuple(_span(one) for one in doc["covers"]),
            quantity,
            row["unit"],
            taxed,
            doc["place"],
        )
    return tuple(found.values())


def ends_of(rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, date], ...]:
    """The key of each item, and the day by which it says that the period of that ends (`closed.closed_day`)."""
    return tuple((row["key"], date.fromisoformat(row["until"])) for row in rows)


def added(quantities: Iterable[Decimal]) -> Decimal:
    """Their sum, with every digit."""
    total = Decimal(0)
    for one in quantities:
        total = _EXACT.add(total, one)
    return total


def plain(value: Any) -> Any:
    """Plain data as documents have it: lists for tuples, no empty values."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value


def _plain_purpose(of: Purpose) -> Document:
    tax = {"category": of.tax.category, "rate": of.tax.rate, "isInclusive": of.tax.is_inclusive}
    return {
        "period": _plain_span(of.period),
        "inAdvance": of.in_advance,
        "usageType": of.usage_type,
        "lineKind": of.line_kind,
        "tax": tax,
    }


def _purpose(row: Mapping[str, Any], doc: Document) -> Purpose:
    tax = TaxClass(doc["tax"]["category"], doc["tax"]["rate"], doc["tax"]["isInclusive"])
    return Purpose(
        row["key"],
        Kind(row["kind"]),
        row["product"] or "",
        row["price"],
        row["version"],
        row["name"],
        tax,
        _span(doc["period"]),
        doc["inAdvance"],
        doc["usageType"],
        doc["lineKind"],
    )


def _plain_tax(tax: AppliedTax) -> Document:
    return {
        "category": tax.category,
        "rate": tax.rate,
        "isInclusive": tax.is_inclusive,
        "source": tax.source.value,
        "certificate": tax.certificate,
        "place": tax.place,
    }


def _tax(doc: Document) -> AppliedTax:
    return AppliedTax(
        doc["category"],
        doc["rate"],
        doc["isInclusive"],
        RateSource(doc["source"]),
        doc["certificate"],
        doc["place"],
    )


def _plain_span(span: Span) -> list[str]:
    return [span.start.isoformat(), span.end.isoformat()]


def _span(texts: list[str]) -> Span:
    return Span(date.fromisoformat(texts[0]), date.fromisoformat(texts[1]))
