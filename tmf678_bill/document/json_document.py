"""A bill as one JSON document: the bill of TMF678 v5 with its rates and the usage behind them, in exact numbers."""

from __future__ import annotations

from typing import Any

from common import exact_json
from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.money import Money
from common.domain.query import Compare, Document, FieldPath, Kind, Operator
from tmf678_bill.document.source import RATES_MAX
from tmf678_bill.document.view import BillView, UsageRow

MEDIA_TYPE = "application/json"
# What goes on changing after the bill was issued is asked of the API.
_MOVING = ("state", "lastUpdate", "billDocument")


def render(context: RuleContext, view: BillView) -> bytes:
    """The document; the same bill is the same bytes."""
    bill = context.library.get("customerBill", view.id) or {}
    of_bill = Compare(FieldPath(("bill", "id"), Kind.STRING, many=False), Operator.EQ, (view.id,))
    rates = context.library.find("appliedCustomerBillingRate", of_bill, RATES_MAX)
    place = {item.id: number for number, item in enumerate(item for product in view.products for item in product.items)}
    rates.sort(key=lambda rate: (place.get(rate["id"], len(place)), rate["id"]))
    document = {
        "@type": "CustomerBillDocument",
        "customerBill": {name: value for name, value in bill.items() if name not in _MOVING},
        "appliedCustomerBillingRate": rates,
        "usage": [_usage(row, view.currency) for row in view.usage()],
    }
    return exact_json.encode(document)


def _usage(row: UsageRow, currency: str) -> Document:
    """Amounts of single usages are unrounded."""
    shown: dict[str, Any] = {
        "product": {"@type": "ProductRef", "id": row.product},
        "date": instant_text(row.at),
        "usageType": row.usage_type,
        "quantity": {"amount": row.quantity, "units": row.unit},
        "amount": Money(row.amount, currency).document(),
    }
    return shown | ({"description": row.description} if row.description else {})
