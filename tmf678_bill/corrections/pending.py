"""Adjustments that wait for the account's next bill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from common.component import Recording
from common.domain.cycles import Span
from common.domain.money import Money
from tmf678_bill.billing.values import AppliedTax, Charge, Kind, Purpose, RateSource, TaxClass
from tmf678_bill.corrections.tables import ADJUSTMENT, CORRECTIONS

PENDING, BILLED = "pending", "billed"
_KEY = "adjustment/"


def pending_adjustments(records: Recording, account: str) -> tuple[Charge, ...]:
    """What was decided for the account and is on no bill yet, in the order of the decisions."""
    rows = records(CORRECTIONS.name).find({"account": account, "kind": ADJUSTMENT, "state": PENDING})
    return tuple(charge_of(row) for row in rows)


def adjustments_billed(records: Recording, charges: Iterable[Charge], bill: str) -> None:
    """They are on this bill."""
    table = records(CORRECTIONS.name)
    for charge in charges:
        row = table.get(charge.key.removeprefix(_KEY))
        assert row is not None, "an adjustment has a record"
        shown = {"@type": "CustomerBillRef", "id": bill, "@referredType": "CustomerBill"}
        table.put([{**row, "bill": bill, "state": BILLED, "doc": {**row["doc"], "state": BILLED, "bill": shown}}])


def charge_of(row: Mapping[str, Any]) -> Charge:
    """An adjustment as a charge, taxed as it was when it was decided."""
    doc = row["doc"]
    tax, day = doc["tax"], date.fromisoformat(doc["day"])
    applied = AppliedTax(
        tax.get("category"), tax["rate"], tax["isInclusive"], RateSource(tax["source"]), tax.get("certificate")
    )
    span = Span(day, day + timedelta(days=1))
    purpose = Purpose(
        f"{_KEY}{row['id']}",
        Kind.ONE_TIME,
        doc.get("product", {}).get("id", ""),
        None,
        None,
        doc["name"],
        TaxClass(applied.category, applied.rate, applied.is_inclusive),
        span,
    )
    amount = Money(row["amount"], row["currency"])
    signed = -amount if doc["adjustmentType"] == "credit" else amount
    grounds = {"adjustment": row["id"], "why": doc["reason"]}
    return Charge(purpose, signed, span, (), day, grounds=grounds, applied=applied)
