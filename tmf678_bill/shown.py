"""Bills, their rates and their cycle as TMF678 v5.0.0 shows them; v4 is mapped from these (`v4.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from common.domain.clock import instant_text
from common.domain.cycles import midnight
from common.domain.money import Money
from common.domain.numbers import whole_number
from common.domain.query import Document
from tmf678_bill.billing.values import Kind, TaxGroup
from tmf678_bill.tables import BILLS

if TYPE_CHECKING:
    from tmf678_bill.issue import Issued, Issuing

# appliedBillingRateType; what is given back is a credit.
RATE_TYPES = {
    Kind.RECURRING: "recurringCharge",
    Kind.ONE_TIME: "oneTimeCharge",
    Kind.USAGE: "usageCharge",
    Kind.DISCOUNT: "discount",
    Kind.COMMITMENT: "commitment",
}
CREDIT = "credit"
_OFFSETS = {
    "chargeDate": "chargeDateOffset",
    "creditDate": "creditDateOffset",
    "mailingDate": "mailingDateOffset",
    "paymentDueDate": "paymentDueDateOffset",
}


def bill_document(of: Issuing, issued: Issued, cycle_id: str | None, now: datetime) -> Document:
    account = of.account
    document: Document = {
        "@type": "CustomerBill",
        "id": issued.bill,
        "billNo": issued.number,
        "category": "creditNote" if issued.series != BILLS else "last" if of.is_last else "normal",
        "runType": of.run_type,
        "state": "new",
        "billDate": instant_text(now),
        "billingPeriod": _period(issued.start, issued.cutoff),
        "billingAccount": _reference(account, "BillingAccount"),
        "taxExcludedAmount": issued.net.document(),
        "taxIncludedAmount": issued.gross.document(),
        "amountDue": issued.gross.document(),
        "remainingAmount": Money(max(issued.gross.amount, Decimal(0)), issued.gross.currency).document(),
        "taxItem": tax_items(of.statement.groups),
        "relatedParty": account.get("relatedParty"),
        "financialAccount": account.get("financialAccount"),
        "paymentMethod": account.get("defaultPaymentMethod"),
    }
    if of.corrected is not None:
        number = {"name": str(of.corrected["billNo"])} if "billNo" in of.corrected else {}
        reference = {"@type": "CustomerBillRef", "id": of.corrected["id"], "@referredType": "CustomerBill"}
        document["correctedBill"] = {**reference, **number}
    if issued.series == BILLS:
        document["paymentDueDate"] = instant_text(issued.due)
    if cycle_id is not None:
        document["billCycle"] = {"@type": "BillCycleRef", "id": cycle_id, "@referredType": "BillCycle"}
    if of.next is not None:
        document["nextBillDate"] = instant_text(of.next)
    return {name: value for name, value in document.items() if value not in (None, [])}


def tax_items(groups: tuple[TaxGroup, ...]) -> list[Document]:
    """One TaxItem for each category, rate and certificate. What is not taxed at all has none."""
    sums: dict[tuple[str, Decimal, str], Money] = {}
    for group in groups:
        if group.category is None and group.rate == 0:
            continue
        key = group.category or "", group.rate, group.certificate or ""
        sums[key] = sums[key] + group.tax if key in sums else group.tax
    found = []
    for (category, rate, certificate), tax in sums.items():
        item: Document = {"@type": "TaxItem", "taxRate": rate, "taxAmount": tax.document()}
        if category:
            item["taxCategory"] = category
        if certificate:
            item["certificate"] = certificate
        found.append(item)
    return found


def rate_document(row: Mapping[str, Any], of: Issuing, now: datetime) -> Document:
    """An item as a rate. Shapes: `row` as `items.item_row` makes it."""
    currency = row["currency"]
    net, tax, gross = (Money(row[name], currency).document() for name in ("net", "tax", "gross"))
    is_credit = row["gross"] < 0 and row["kind"] != Kind.DISCOUNT
    document: Document = {
        "@type": "AppliedCustomerBillingRate",
        "id": row["id"],
        "name": row["name"],
        "appliedBillingRateType": CREDIT if is_credit else RATE_TYPES[Kind(row["kind"])],
        "date": instant_text(now),
        "isBilled": True,
        "bill": {"@type": "CustomerBillRef", "id": of.bill, "@referredType": "CustomerBill"},
        "billingAccount": _reference(of.account, "BillingAccount"),
        "periodCoverage": _days(row, of),
        "taxExcludedAmount": net,
        "taxIncludedAmount": gross,
        "characteristic": [_characteristic(name, value) for name, value in _facts(row) if value is not None],
    }
    if row["product"]:
        product = {"@type": "ProductRef", "id": row["product"], "@referredType": "Product"}
        document["product"] = {**product, "name": of.names.get(row["product"], row["product"])}
    if row["category"] is not None or row["rate"]:
        category = {"taxCategory": row["category"]} if row["category"] else {}
        applied = {"@type": "AppliedBillingTaxRate", **category, "taxRate": row["rate"], "taxAmount": tax}
        document["appliedTax"] = [applied]
    return document


def bill_cycle(of: Issuing) -> Document:
    """The run of a cycle: one for each specification, zone and date."""
    specification, zone = of.cycle.specification, of.cycle.zone.key
    day = of.cycle.day(of.cutoff)
    count, unit = of.cycle.cycle.count, of.cycle.cycle.unit.value
    every = f"{count} {unit}" if count > 1 else unit
    name = str(of.cycle.document.get("name") or f"every {every}")
    span = of.cycle.cycle.span(of.cycle.cycle.index(day) - 1)
    zone_name = zone.replace("/", "-").lower()
    by = specification or f"{every.replace(' ', '-')}-{of.cycle.cycle.anchor.day}"
    document: Document = {
        "@type": "BillCycle",
        "id": f"{by}-{zone_name}-{day.isoformat()}",
        "name": f"{name}, {day.isoformat()}",
        "billingPeriod": every,
        "billingDate": instant_text(of.cutoff),
        "validFor": _period(midnight(span.start, of.cycle.zone), midnight(span.end, of.cycle.zone)),
    }
    for name, offset in _OFFSETS.items():
        days = whole_number(of.cycle.document.get(offset))
        if days is not None:
            document[name] = instant_text(midnight(day + timedelta(days=days), of.cycle.zone))
    if specification is not None:
        document["BillCycleSpecification"] = {
            "@type": "BillCycleSpecificationRef",
            "id": specification,
            "name": str(of.cycle.document.get("name") or specification),
            "@referredType": "BillingCycleSpecification",
        }
    return document


def _facts(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What else is to be known of an item: its price, how much of what, how many usages, and why."""
    is_usage = row["kind"] == Kind.USAGE
    return [
        ("priceId", row["price"]),
        ("priceVersion", row["version"]),
        ("quantity", row["quantity"]),
        ("unit", row["unit"]),
        ("usageType", row["doc"]["purpose"]["usageType"]),
        ("usages", row["usages"] if is_usage else None),
        ("explanation", row["doc"]["explanation"]),
    ]


def _characteristic(name: str, value: Any) -> Document:
    kind, value_type = "StringCharacteristic", "string"
    if isinstance(value, int):
        kind, value_type = "IntegerCharacteristic", "integer"
    elif isinstance(value, Decimal):
        kind, value_type = "NumberCharacteristic", "number"
    elif isinstance(value, Mapping):
        kind, value_type = "ObjectCharacteristic", "object"
    return {"@type": kind, "name": name, "valueType": value_type, "value": value}


def _reference(document: Document, type_name: str) -> Document:
    name = document.get("name")
    reference: Document = {"@type": f"{type_name}Ref", "id": document["id"], "@referredType": type_name}
    return {**reference, "name": name} if isinstance(name, str) else reference


def _days(row: Mapping[str, Any], of: Issuing) -> Document:
    first, last = (midnight(date.fromisoformat(row[name]), of.cycle.zone) for name in ("first", "last"))
    return _period(first, last)


def _period(start: datetime, end: datetime) -> Document:
    return {"startDateTime": instant_text(start), "endDateTime": instant_text(end)}
