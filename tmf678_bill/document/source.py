"""The view of a bill, from its document, its records and what they refer to.

Items come from the records; of a bill that was loaded, which has none, from its rates. Everything is read in the
transaction of the context, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from common.component import RuleContext
from common.domain.clock import normal_instant
from common.domain.money import Money, money_of
from common.domain.query import Compare, Document, FieldPath, Kind, Operator
from common.errors import NotFound
from common.rules import reference_id
from tmf678_bill.cycles import zone_of
from tmf678_bill.document.entity import Letterhead, letterhead
from tmf678_bill.document.recipient import language_of, party_of, recipient_of
from tmf678_bill.document.view import (
    CREDIT,
    DISCOUNT,
    AppliedPayment,
    BillView,
    Item,
    Less,
    Part,
    PaymentSlip,
    ProductItems,
    Span,
    TaxGroup,
    UsageRow,
)
from tmf678_bill.policies import entity_of
from tmf678_bill.tables import CREDIT_NOTES, HEADS, ITEMS

# Rates of one loaded bill that are read.
RATES_MAX = 10_000
_AT_ONCE = 500
_RATE_TYPE_ENDING = "Charge"
# What usages are told apart by, the first that one has.
_TOLD_BY = ("calledNumber", "destination", "destinationZone", "apn", "dnn", "serviceName")
# Ways to pay that the customer sets in motion.
_BY_CUSTOMER = frozenset({"bankAccountTransfer", "cash", "check", "voucher"})
_ZERO = Decimal(0)


def view_of(context: RuleContext, bill_id: str) -> tuple[BillView, Letterhead]:
    """The bill as a document shows it, and the letterhead of who issued it.

    Errors: NotFound; ConfigurationError for a billing file that cannot be read.
    """
    bill = context.library.get("customerBill", bill_id)
    if bill is None:
        raise NotFound("customerBill", bill_id)
    return _Source(context, bill).view()


class _Source:
    """One bill with what is around it."""

    def __init__(self, context: RuleContext, bill: Document) -> None:
        self._context, self._bill = context, bill
        account_id = reference_id(bill, "billingAccount") or ""
        self._account = context.library.get("billingAccount", account_id) or dict(bill.get("billingAccount") or {})
        assert context.records is not None, "a bill is read where it is stored"
        self._head = context.records(HEADS.name).get(bill["id"]) or {}
        self._zone = zone_of(self._account, context.settings)

    def view(self) -> tuple[BillView, Letterhead]:
        bill, context = self._bill, self._context
        entity = self._head.get("entity") or entity_of(self._account, context.settings)
        letter = letterhead(context.settings, entity, context.library)
        party, role = party_of([bill, self._account], context.library)
        products = self._products()
        currency = self._currency(products)
        nothing = Money(_ZERO, currency)
        gross = _amount(bill, "taxIncludedAmount", "amountDue") or _sum(products, "gross", nothing)
        net = _amount(bill, "taxExcludedAmount") or _sum(products, "net", nothing)
        is_credit = CREDIT_NOTES in (self._head.get("series"), bill.get("category")) or gross.amount < 0
        remaining = _amount(bill, "remainingAmount") or (nothing if bill.get("state") == "settled" else gross)
        view = BillView(
            id=bill["id"],
            number=str(bill.get("billNo") or bill["id"]),
            kind="creditNote" if is_credit else "bill",
            issued=self._day(bill.get("billDate")) or context.now.astimezone(self._zone).date(),
            period=self._span(bill.get("billingPeriod")),
            due=self._day(bill.get("paymentDueDate")),
            issuer=letter.issuer,
            recipient=recipient_of(self._account, party, role),
            account=str(self._account.get("id", "")),
            account_name=str(self._account.get("name") or self._account.get("id", "")),
            language=language_of(self._account, party) or letter.language,
            currency=currency,
            products=products,
            tax_groups=_tax_groups(products, bill),
            net=net,
            tax=gross - net,
            gross=gross,
            remaining=remaining,
            payments=tuple(self._payments(currency)),
            corrects=self._corrects(),
            direct_debit=self._collected_by(),
            usage=self._usage_by(products),
        )
        return replace(view, slip=_slip(view)), letter

    # -- the head -----------------------------------------------------------------------------------------------------

    def _day(self, text: Any) -> date | None:
        moment = _moment(text)
        return None if moment is None else moment.astimezone(self._zone).date()

    def _span(self, period: Any) -> Span | None:
        if not isinstance(period, Mapping):
            return None
        start, end = self._day(period.get("startDateTime")), self._day(period.get("endDateTime"))
        return None if start is None or end is None else Span(start, end)

    def _currency(self, products: tuple[ProductItems, ...]) -> str:
        stated = _amount(self._bill, "taxIncludedAmount", "amountDue", "taxExcludedAmount", "remainingAmount")
        items = [item.net.currency for product in products for item in product.items]
        return str(self._head.get("currency") or (stated.currency if stated else next(iter(items), "")))

    def _payments(self, currency: str) -> Iterator[AppliedPayment]:
        for one in self._bill.get("appliedPayment", ()):
            amount = money_of(one.get("appliedAmount"))
            if amount is not None and amount.currency == currency and not amount.is_zero:
                reference = one.get("payment") or {}
                yield AppliedPayment(amount, self._day(reference.get("paymentDate")), str(reference.get("name", "")))

    def _corrects(self) -> str:
        """The number of the bill that a credit note is about."""
        said = self._bill.get("correctedBill")
        return str(said.get("name") or said.get("id") or "") if isinstance(said, Mapping) else ""

    def _collected_by(self) -> str:
        """The name of the payment method that pays by itself."""
        for document in (self._bill, self._account):
            reference = document.get("paymentMethod") or document.get("defaultPaymentMethod")
            if isinstance(reference, Mapping) and reference.get("id"):
                method = self._method(str(reference["id"]))
                kind = str(method.get("@type") or reference.get("@referredType") or "")
                if kind[:1].lower() + kind[1:] in _BY_CUSTOMER:
                    return ""
                return str(reference.get("name") or method.get("name") or reference["id"])
        return ""

    def _method(self, id: str) -> Document:
        library = self._context.library
        return (library.get("paymentMethod", id) if library.serves("paymentMethod") else None) or {}

    # -- items --------------------------------------------------------------------------------------------------------

    def _products(self) -> tuple[ProductItems, ...]:
        """Items by product: products in the order of their first item, what belongs to none at the end."""
        found: dict[str, list[Item]] = {}
        for product, item in self._items():
            found.setdefault(product, []).append(item)
        order = sorted(found, key=lambda id: not id)
        known = self._context.library.get_many("product", {id for id in order if id})
        return tuple(self._product(id, found[id], known.get(id) or {}) for id in order)

    def _product(self, id: str, items: list[Item], product: Document) -> ProductItems:
        names = [name for name in self._context.settings.identifier_characteristics.split(",") if name]
        values = {
            str(one.get("name")): one.get("value")
            for one in product.get("productCharacteristic", ())
            if isinstance(one, dict)
        }
        label = next((str(values[name]) for name in names if values.get(name)), "")
        return ProductItems(id, str(product.get("name") or self._names.get(id, "")), tuple(items), label)

    def _items(self) -> list[tuple[str, Item]]:
        assert self._context.records is not None
        self._names: dict[str, str] = {}
        rows = self._context.records(ITEMS.name).find({"bill": self._bill["id"]}, order=["place"])
        self._of_usage = [row["id"] for row in rows if row["usages"] and row["product"]]
        if rows:
            return [(row["product"] or "", _item(row)) for row in rows]
        of_bill = Compare(FieldPath(("bill", "id"), Kind.STRING, many=False), Operator.EQ, (self._bill["id"],))
        rates = self._context.library.find("appliedCustomerBillingRate", of_bill, RATES_MAX)
        return [self._rated(rate) for rate in rates]

    def _rated(self, rate: Document) -> tuple[str, Item]:
        """A rate of a bill that was loaded."""
        product = rate.get("product") or {}
        id = str(product.get("id", ""))
        self._names.setdefault(id, str(product.get("name", "")))
        net, gross = _amount(rate, "taxExcludedAmount"), _amount(rate, "taxIncludedAmount")
        net = net or gross or Money(_ZERO, "")
        gross = gross or net
        tax: Document = next(iter(rate.get("appliedTax", ())), {})
        kind = str(rate.get("appliedBillingRateType", "")).removesuffix(_RATE_TYPE_ENDING)
        return id, Item(
            id=rate["id"],
            name=str(rate.get("name") or rate["id"]),
            kind=kind,
            net=net,
            tax=gross - net,
            gross=gross,
            description=str(rate.get("description", "")),
            span=self._span(rate.get("periodCoverage")),
            tax_category=str(tax.get("taxCategory", "")),
            tax_rate=tax.get("taxRate") if tax.get("taxRate") is None else Decimal(tax["taxRate"]),
        )

    # -- usage --------------------------------------------------------------------------------------------------------

    def _usage_by(self, products: tuple[ProductItems, ...]) -> Callable[[], Iterable[UsageRow]]:
        """The rated usage behind the items, by product in their order, then by time."""
        offered = self._context.offered("ratedUsage") if self._context.offered is not None else None
        items = self._of_usage
        order = {product.id: place for place, product in enumerate(products)}

        def rows() -> Iterator[UsageRow]:
            if offered is None or not items:
                return
            lines = offered.lines_of(items)
            lines.sort(key=lambda one: (order.get(one.product, len(order)), one.product, one.at, one.id))
            for start in range(0, len(lines), _AT_ONCE):
                part = lines[start : start + _AT_ONCE]
                usages = self._context.library.get_many("productUsage", {one.usage for one in part})
                for line in part:
                    yield self._usage_row(line, usages.get(line.usage) or {})

        return rows

    def _usage_row(self, line: Any, usage: Document) -> UsageRow:
        return UsageRow(
            product=line.product,
            at=line.at.astimezone(self._zone),
            usage_type=line.usage_type,
            quantity=line.quantity,
            unit=line.unit,
            amount=line.amount,
            description=_told(usage),
        )


def _item(row: Mapping[str, Any]) -> Item:
    """An item as it is recorded. What was charged and is given back is a credit."""
    currency, kind = row["currency"], row["kind"]
    net, tax, gross = (Money(row[name], currency) for name in ("net", "tax", "gross"))
    is_credit = gross.amount < 0 and kind != DISCOUNT
    first, last = row["first"], row["last"]
    explained = (row["doc"] or {}).get("explanation") or {}
    parts = tuple(_parts(explained)) if not is_credit else ()
    is_whole = len(parts) == 1 and parts[0].is_whole and parts[0].price is not None
    return Item(
        id=row["id"],
        name=row["name"],
        kind=CREDIT if is_credit else kind,
        net=net,
        tax=tax,
        gross=gross,
        span=Span(date.fromisoformat(first), date.fromisoformat(last)) if first and last and first < last else None,
        quantity=Decimal(1) if is_whole and row["quantity"] is None else row["quantity"],
        unit=row["unit"] or "",
        unit_price=parts[0].price if is_whole else None,
        tax_category=row["category"] or "",
        tax_rate=row["rate"],
        usages=row["usages"],
        parts=() if is_whole and not parts[0].less else parts,
    )


def _parts(explained: Mapping[str, Any]) -> Iterator[Part]:
    """What a charge for days is made of (`billing.explain`)."""
    for part in explained.get("parts") or ():
        days, of, price = part.get("days"), part.get("ofDays"), (part.get("price") or {}).get("amount")
        if isinstance(days, int) and isinstance(of, int) and days > 0:
            less = tuple(
                Less(str(one.get("name") or ""), Decimal(one["taken"]))
                for one in part.get("discounts") or ()
                if isinstance(one.get("taken"), int | Decimal)
            )
            yield Part(days, of, Decimal(price) if isinstance(price, int | Decimal) else None, less)


def _tax_groups(products: tuple[ProductItems, ...], bill: Document) -> tuple[TaxGroup, ...]:
    """The items by category and rate, with the certificates that the bill states."""
    certificates = {
        (str(one.get("taxCategory", "")), Decimal(one["taxRate"])): str(one.get("certificate") or "")
        for one in bill.get("taxItem", ())
        if isinstance(one.get("taxRate"), int | Decimal)
    }
    items = [item for product in products for item in product.items]

    def key(item: Item) -> tuple[str, Decimal]:
        return item.tax_category, item.tax_rate or _ZERO

    groups = []
    for (category, rate), group in groupby(sorted(items, key=key), key):
        listed = list(group)
        net, tax, gross = (
            sum((getattr(item, name) for item in listed[1:]), start=getattr(listed[0], name))
            for name in ("net", "tax", "gross")
        )
        groups.append(TaxGroup(category, rate, net, tax, gross, certificates.get((category, rate), "")))
    return tuple(groups)


def _slip(view: BillView) -> PaymentSlip | None:
    """How to pay what remains, unless it is collected or there is nowhere to pay it to."""
    bank = view.issuer.bank
    if bank is None or not bank.iban or view.kind == "creditNote" or view.direct_debit or view.remaining.amount <= 0:
        return None
    return PaymentSlip(bank, f"{bank.reference_prefix}{view.number}", view.remaining, view.due)


def _sum(products: tuple[ProductItems, ...], name: str, nothing: Money) -> Money:
    return sum((getattr(item, name) for product in products for item in product.items), start=nothing)


def _told(usage: Document) -> str:
    values = {
        str(one.get("name")): one.get("value") for one in usage.get("usageCharacteristic", ()) if isinstance(one, dict)
    }
    told = next((str(values[name]) for name in _TOLD_BY if values.get(name)), "")
    return told or str(usage.get("description", ""))


def _amount(document: Document, *names: str) -> Money | None:
    return next((money for name in names if (money := money_of(document.get(name))) is not None), None)


def _moment(text: Any) -> datetime | None:
    normal = normal_instant(text) if isinstance(text, str) else None
    return None if normal is None else datetime.fromisoformat(normal)
