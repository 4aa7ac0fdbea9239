"""Whether bills agree with their items, with what is shown of them, with usage, and with the ledger (`bss assure`).

Amounts are held against each other at every step from the rated line to the receivable. What another component keeps
is asked through what it offers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from common.assurance import Books, Check, Finding, in_parts
from common.domain.accounting import RECEIVABLE
from common.domain.money import minor_units, money_of
from common.domain.query import Document
from common.store.audit import Values
from tmf678_bill.billing.values import FOR_DAYS
from tmf678_bill.corrections.tables import CREDITED
from tmf678_bill.document.kept import DOCUMENTS
from tmf678_bill.issue import ON_CYCLE
from tmf678_bill.tables import APPLIED, BILLING, CHARGE, HEADS, ITEMS, NUMBERS, RECEIVABLES

# A run that is later than this is overdue.
LATE = timedelta(days=1)
# Days begin at other instants elsewhere.
_ZONES = timedelta(days=2)
_ZERO = Decimal(0)
_AMOUNTS = ("net", "tax", "gross")
_SENT = frozenset({"sent", "partiallyPaid", "settled"})
_BROKEN = "send nothing to the customer, compare with their contract, and tell us: this must not happen"


def _items(books: Books) -> Iterator[Finding]:
    for id in books.audit.missing(Values(ITEMS.name, "bill"), Values(HEADS.name, "bill")):
        yield Finding((f"customerBill {id}",), "items were billed on it, and it is not here", _BROKEN)
    for heads, items in _bills(books, ("id", "bill", *_AMOUNTS)):
        for head in heads:
            rows = items.get(head["bill"], [])
            yield from (_told(head, wrong) for wrong in _unlike(head, rows))


def _unlike(head: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> Iterator[str]:
    if len(rows) != head["items"]:
        yield f"it has {len(rows)} items, and was issued with {head['items']}"
    for name in _AMOUNTS:
        total = sum((row[name] for row in rows), _ZERO)
        if total != head[name]:
            yield f"its items come to {total:f} {head['currency']} {name}, and it says {head[name]:f}"
    for row in (*rows, head):
        if row["net"] + row["tax"] != row["gross"]:
            whose = f"item {row['id']}" if "id" in row else "the bill"
            yield f"net and tax of {whose} do not come to its gross"


def _taxes(books: Books) -> Iterator[Finding]:
    for heads, items in _bills(books, ("bill", "category", "rate", "tax")):
        for head in heads:
            stated, summed = _tax_items(head["doc"]), dict[tuple[str, Decimal], Decimal]()
            for row in items.get(head["bill"], []):
                group = row["category"] or "", (row["rate"] or _ZERO).normalize()
                summed[group] = summed.get(group, _ZERO) + row["tax"]
            for group in sorted(stated.keys() | summed.keys()):
                said, is_so = stated.get(group, _ZERO), summed.get(group, _ZERO)
                if said != is_so:
                    name = f"{group[0] or 'no category'} at {group[1]:f} %"
                    yield _told(head, f"it states {said:f} of tax for {name}, and its items have {is_so:f}")


def _shown(books: Books) -> Iterator[Finding]:
    rates = books.stored("appliedCustomerBillingRate")
    for heads, items in _bills(books, ("id", "bill", "gross")):
        documents = books.library.get_many("customerBill", {head["bill"] for head in heads})
        listed = books.audit.sums(rates, [], ["bill.id"], {"bill.id": tuple(sorted(documents))})
        counts = {one.group["bill.id"]: one.count for one in listed}
        for head in heads:
            document = documents.get(head["bill"])
            if document is None:
                yield _told(head, "it was issued, and no document shows it")
                continue
            rows = items.get(head["bill"], [])
            yield from (_told(head, wrong) for wrong in _shown_otherwise(head, document))
            if counts.get(head["bill"], 0) != len(rows):
                yield _told(head, f"{counts.get(head['bill'], 0)} rates show its {len(rows)} items")
            for part in in_parts(rows):
                yield from _rates(books, head, part)


def _rates(books: Books, head: Mapping[str, Any], rows: list[Mapping[str, Any]]) -> Iterator[Finding]:
    documents = books.library.get_many("appliedCustomerBillingRate", {row["id"] for row in rows})
    for row in rows:
        shown = _amount(documents.get(row["id"], {}), "taxIncludedAmount", head["currency"])
        if row["id"] in documents and shown != row["gross"]:
            yield _told(head, f"its rate {row['id']} shows {shown:f}, and the item is of {row['gross']:f}")


def _shown_otherwise(head: Mapping[str, Any], document: Document) -> Iterator[str]:
    if document.get("billNo") != head["number"]:
        yield f"it is shown with the number {document.get('billNo')!r}"
    for attribute, name in (("taxExcludedAmount", "net"), ("taxIncludedAmount", "gross"), ("amountDue", "gross")):
        shown = _amount(document, attribute, head["currency"])
        if shown != head[name]:
            yield f"its {attribute} is shown as {shown:f} {head['currency']}, and is {head[name]:f}"
    if _tax_items(document) != _tax_items(head["doc"]):
        yield "its taxItem is not what was issued"


def _receivables(books: Books) -> Iterator[Finding]:
    """What remains is the amount less what was applied; the bill shows it."""
    issued = Values(HEADS.name, "bill")
    for id in books.audit.missing(issued, Values(RECEIVABLES.name, "bill")):
        yield Finding((f"customerBill {id}",), "it was issued, and nobody knows what is open of it", _BROKEN)
    columns = ["bill", "number", "currency", "amount", "remaining", "disputed", "is_open"]
    for rows in in_parts(books.audit.rows(RECEIVABLES.name, columns, ["bill"])):
        bills = tuple(row["bill"] for row in rows)
        listed = books.audit.sums(APPLIED.name, ["amount"], ["bill"], {"bill": bills})
        applied = {one.group["bill"]: one.sums["amount"] for one in listed}
        heads = books.records(HEADS.name).get_many((bill,) for bill in bills)
        documents = books.library.get_many("customerBill", set(bills))
        for row in rows:
            head = heads.get((row["bill"],))
            found = _open_otherwise(row, applied.get(row["bill"], _ZERO), head, documents.get(row["bill"]))
            yield from (_told(row, wrong) for wrong in found)


def _open_otherwise(
    row: Mapping[str, Any], applied: Decimal, head: Mapping[str, Any] | None, document: Document | None
) -> Iterator[str]:
    currency = row["currency"]
    if head is not None and row["amount"] != head["gross"]:
        yield f"{row['amount']:f} {currency} are collected for it, and it is of {head['gross']:f}"
    left = max(row["amount"], _ZERO) - applied
    # A bill that was loaded may have been paid in part before.
    if row["remaining"] != left if head is not None else row["remaining"] > left:
        yield f"{row['remaining']:f} {currency} remain of it, and what was applied leaves {left:f}"
    if not 0 <= row["disputed"] <= max(row["amount"], _ZERO):
        yield f"{row['disputed']:f} {currency} of it are disputed, and it is of {row['amount']:f}"
    if row["is_open"] != (row["remaining"] > 0):
        yield f"{row['remaining']:f} {currency} remain of it, and it counts as {'open' if row['is_open'] else 'paid'}"
    if head is not None and document is not None:
        shown = _amount(document, "remainingAmount", currency)
        if shown != row["remaining"]:
            yield f"it shows that {shown:f} {currency} remain, and it is {row['remaining']:f}"


def _posted(books: Books) -> Iterator[Finding]:
    ledger = books.offered("ledger")
    if ledger is None:
        return
    for heads in in_parts(books.audit.rows(HEADS.name, ["bill", "number", "currency", "gross"], ["bill"])):
        causes = [f"{kind}/{head['bill']}" for head in heads for kind in ("bill", "credit")]
        owed = ledger.owed_by(causes)
        for head in heads:
            entered = owed.get(f"bill/{head['bill']}", owed.get(f"credit/{head['bill']}"))
            if entered is None:
                yield _told(head, "it was issued, and is not in the ledger")
            elif entered.get(head["currency"], _ZERO) != head["gross"] or len(entered) > 1:
                told = ", ".join(f"{amount:f} {currency}" for currency, amount in sorted(entered.items()))
                yield _told(head, f"{told} are entered in the ledger, and it is of {head['gross']:f}")
    for number in books.audit.missing(ledger.bill_numbers(), Values(HEADS.name, "number")):
        yield Finding((f"bill number {number}",), "it is in the ledger, and no such bill was issued", _BROKEN)


def _deferred(books: Books) -> Iterator[Finding]:
    """What was charged for days to come is earned as they go by, less what was credited of it."""
    ledger = books.offered("ledger")
    if ledger is None:
        return
    columns = ["id", "bill", "net", "currency", "first", "last"]
    where = {"kind": tuple(sorted(kind.value for kind in FOR_DAYS)), "origin": CHARGE}
    for rows in in_parts(books.audit.rows(ITEMS.name, columns, ["id"], where)):
        deferred = ledger.deferred(row["id"] for row in rows)
        heads = books.records(HEADS.name).get_many((row["bill"],) for row in rows)
        credited = books.records(CREDITED.name).get_many((row["id"],) for row in rows)
        for row in rows:
            taken = credited[row["id"],]["net"] if (row["id"],) in credited else _ZERO
            head, left = heads.get((row["bill"],)), deferred.get(row["id"])
            if left is not None and left != row["net"] - taken:
                told = (
                    f"{left:f} {row['currency']} of it are earned by the day, and {row['net'] - taken:f} were charged"
                )
                yield Finding((f"item {row['id']}",), told, _BROKEN)
            if left is None and head is not None and _is_ahead(row, head["issued_at"]) and row["net"]:
                told = f"{row['net']:f} {row['currency']} were charged until {row['last']}, and count as earned at once"
                yield Finding((f"item {row['id']}",), told, _BROKEN)


def _is_ahead(item: Mapping[str, Any], issued_at: datetime) -> bool:
    """Whether some of its days had not begun when it was billed, wherever one is."""
    first, last = item["first"], item["last"]
    return bool(first and last) and first < last and date.fromisoformat(last) > issued_at.date() + _ZONES


def _open(books: Books) -> Iterator[Finding]:
    """What is open of an account's bills is its receivable in the ledger."""
    ledger = books.offered("ledger")
    if ledger is None:
        return
    for one in books.audit.sums(RECEIVABLES.name, ["remaining"], ["account", "currency"]):
        account, currency = one.group["account"], one.group["currency"]
        entered = ledger.balance(account).get(currency, {}).get(RECEIVABLE, _ZERO)
        remaining = one.sums["remaining"]
        if entered != remaining and entered != _with_loaded(books, ledger, account, currency):
            told = f"{remaining:f} {currency} of its bills are open, and {entered:f} are receivable in the ledger"
            yield Finding((f"billingAccount {account}",), told, _BROKEN)


def _with_loaded(books: Books, ledger: Any, account: str, currency: str) -> Decimal | None:
    """What is receivable where bills were loaded: they are in the books only as what the account opened with.

    None where every bill was issued here.
    """
    rows = books.records(RECEIVABLES.name).find({"account": account, "currency": currency})
    bills = [row["bill"] for row in rows]
    issued = books.records(HEADS.name).get_many((bill,) for bill in bills)
    total: Decimal = ledger.opening(account, currency).amount
    if total == 0 and len(issued) == len(bills):
        return None
    total += sum((max(head["gross"], _ZERO) for head in issued.values()), _ZERO)
    for part in in_parts(bills):
        for one in books.audit.sums(APPLIED.name, ["amount"], ["currency"], {"bill": tuple(part)}):
            total -= one.sums["amount"]
    return total


def _numbers(books: Books) -> Iterator[Finding]:
    last = {(row["entity"], row["series"]): row["last"] for row in books.records(NUMBERS.name).find({})}
    for one in books.audit.sums(HEADS.name, [], ["entity", "series"]):
        entity, series = one.group["entity"], one.group["series"]
        given = last.pop((entity, series), 0)
        if one.count != given:
            where = {"entity": entity, "series": series}
            used = {row["sequence"] for row in books.audit.rows(HEADS.name, ["sequence"], ["sequence"], where)}
            gaps = [number for number in range(1, max(given, *used) + 1) if number not in used]
            named = f"; {', '.join(map(str, gaps[:5]))} are missing" if gaps else ""
            told = f"{one.count} of them were issued, and the last number is {given}{named}"
            yield Finding((f"series {series} of {entity}",), told, _BROKEN)
    for (entity, series), given in sorted(last.items()):
        yield Finding((f"series {series} of {entity}",), f"{given} numbers were given out, and none was used", _BROKEN)
    for one in books.audit.repeated(HEADS.name, ["entity", "number"]):
        told = f"{one.count} documents of {one.group['entity']} have it"
        remedy = "give each series a format of its own in the billing file (docs/bill-runs.md); tell the customers"
        yield Finding((f"bill number {one.group['number']}",), told, remedy)


def _periods(books: Books) -> Iterator[Finding]:
    """One bill of an account for each of its cycles."""
    columns = ["account", "number", "bill", "start", "end"]
    rows = books.audit.rows(HEADS.name, columns, ["account", "end", "place"], {"run_type": ON_CYCLE})
    for account, heads in groupby(rows, key=lambda row: row["account"]):
        before: dict[str, Any] | None = None
        for head in heads:
            if before is not None and head["start"] < before["end"]:
                records = f"customerBill {before['bill']}", f"customerBill {head['bill']}"
                told = f"{before['number']} and {head['number']} of account {account} are for the same time"
                yield Finding(records, told, "credit what is charged twice, and tell us: this must not happen")
            before = head


def _usage(books: Books) -> Iterator[Finding]:
    """Lines of usage and the items that charge them."""
    usage = books.offered("ratedUsage")
    if usage is None:
        return
    for id in books.audit.missing(usage.billed_items(), Values(ITEMS.name, "id")):
        yield Finding((f"item {id}",), "usage was billed on it, and it is not here", _BROKEN)
    columns = ["id", "account", "product", "key", "amount", "currency", "usages", "origin", "doc"]
    rows = books.audit.rows(ITEMS.name, columns, ["account", "key", "id"], {"kind": "usage", "origin": CHARGE})
    for _, listed in groupby(rows, key=lambda row: row["account"]):
        of_account = list(listed)
        behind = usage.behind([row["id"] for row in of_account])
        for _, of_key in groupby(of_account, key=lambda row: row["key"]):
            yield from _of_usage(list(of_key), behind)


def _of_usage(items: list[dict[str, Any]], behind: Mapping[str, Any]) -> Iterator[Finding]:
    """The items of one key: together they are what their lines come to, rounded once."""
    for row in items:
        lines = behind[row["id"]].count if row["id"] in behind else 0
        if lines != row["usages"]:
            yield Finding(
                (f"item {row['id']}",), f"it charges {row['usages']} lines of usage, and has {lines}", _BROKEN
            )
    if any("discounts" in row["doc"]["explanation"] for row in items):
        return  # what a discount leaves of them is the bill run's to say
    charged = sum((row["amount"] for row in items), _ZERO)
    used = sum((behind[row["id"]].amount for row in items if row["id"] in behind), _ZERO)
    currency = items[0]["currency"]
    if 2 * abs(charged - used) > Decimal(1).scaleb(-minor_units(currency)):
        records = tuple(f"item {row['id']}" for row in items)
        yield Finding(records, f"{charged:f} {currency} are charged for usage of {used:f}", _BROKEN)


def _due(books: Books) -> Iterator[Finding]:
    """Accounts that are not billed when they should be."""
    accounts = Values(books.stored("billingAccount"), "id") if books.serves("billingAccount") else None
    for id in books.audit.missing(accounts, Values(BILLING.name, "account")) if accounts is not None else ():
        remedy = "PATCH the account (any attribute), which has it billed"
        yield Finding((f"billingAccount {id}",), "no bill run knows of it", remedy)
    columns = ["account", "next", "problem"]
    for row in books.audit.rows(BILLING.name, columns, ["account"]):
        record = f"billingAccount {row['account']}"
        if row["problem"] is not None:
            remedy = f"mend that, then `bss bill run --account {row['account']}`"
            yield Finding((record,), f"its bill run fails: {row['problem']}", remedy)
        elif row["next"] is not None and row["next"] < books.now - LATE:
            remedy = "see that a worker runs (bss serve or bss worker), or `bss bill run --due`"
            yield Finding((record,), f"it should have been billed on {row['next']:%Y-%m-%d}", remedy)


def _products(books: Books) -> Iterator[Finding]:
    if not books.serves("product"):
        return
    for id in books.audit.missing(Values(ITEMS.name, "product"), Values(books.stored("product"), "id")):
        told = "it was billed, and the product is not here"
        yield Finding((f"product {id}",), told, "restore the product, or credit what was charged for it")


def _documents(books: Books) -> Iterator[Finding]:
    without = books.audit.missing(Values(HEADS.name, "bill"), Values(DOCUMENTS.name, "bill"))
    for bills in in_parts(without):
        documents = books.library.get_many("customerBill", set(bills))
        for id in bills:
            state = documents.get(id, {}).get("state")
            if state in _SENT:
                remedy = "tell us, and send the customer `bss bill document` of it: this must not happen"
                yield Finding((f"customerBill {id}",), f"it is {state}, and has no document", remedy)


def _credited(books: Books) -> Iterator[Finding]:
    """No more of an item is credited than was charged."""
    for rows in in_parts(books.audit.rows(CREDITED.name, ["item", "bill", "net", "tax"], ["item"])):
        items = books.records(ITEMS.name).get_many((row["item"],) for row in rows)
        for row in rows:
            item = items.get((row["item"],))
            if item is None or not all(_is_within(row[name], item[name]) for name in ("net", "tax")):
                charged = "which is not here" if item is None else f"which is of {item['net']:f} + {item['tax']:f}"
                told = f"{row['net']:f} + {row['tax']:f} are credited of item {row['item']}, {charged}"
                yield Finding((f"customerBill {row['bill']}",), told, _BROKEN)


# -- the parts --------------------------------------------------------------------------------------------------------


def _bills(
    books: Books, columns: tuple[str, ...]
) -> Iterator[tuple[list[dict[str, Any]], dict[str, list[Mapping[str, Any]]]]]:
    """Bills as they were issued, some at a time, with these columns of their items."""
    issued = ["bill", "number", "currency", *_AMOUNTS, "items", "doc"]
    for heads in in_parts(books.audit.rows(HEADS.name, issued, ["bill"])):
        items: dict[str, list[Mapping[str, Any]]] = {}
        where = {"bill": tuple(head["bill"] for head in heads)}
        for row in books.audit.rows(ITEMS.name, columns, ["bill", "place"], where):
            items.setdefault(row["bill"], []).append(row)
        yield heads, items


def _told(bill: Mapping[str, Any], message: str) -> Finding:
    return Finding((f"customerBill {bill['bill']}", f"number {bill['number']}"), message, _BROKEN)


def _tax_items(document: Mapping[str, Any]) -> dict[tuple[str, Decimal], Decimal]:
    """The tax of each category and rate; certificates of one rate together, and rates of no tax left out."""
    found: dict[tuple[str, Decimal], Decimal] = {}
    for item in document.get("taxItem", ()):
        tax = money_of(item.get("taxAmount"))
        key = str(item.get("taxCategory", "")), Decimal(item.get("taxRate", 0)).normalize()
        found[key] = found.get(key, _ZERO) + (tax.amount if tax is not None else _ZERO)
    return found


def _amount(document: Mapping[str, Any], attribute: str, currency: str) -> Decimal:
    """What a document states in this currency; nothing, or another currency, is zero."""
    money = money_of(document.get(attribute))
    return money.amount if money is not None and money.currency == currency else _ZERO


def _is_within(part: Decimal, whole: Decimal) -> bool:
    return 0 <= part <= whole or whole <= part <= 0


CHECKS = (
    Check("bill.items", "Items of a bill come to the bill, and net and tax to gross.", _items),
    Check("bill.tax", "The tax that a bill states for each rate is that of its items.", _taxes),
    Check("bill.shown", "Bills and their rates are shown as they were issued.", _shown),
    Check("bill.receivable", "What remains of a bill is its amount less what was applied to it.", _receivables),
    Check("bill.posted", "Every bill is in the ledger, and no other.", _posted),
    Check("bill.deferred", "What was charged for days to come is earned as they go by.", _deferred),
    Check("bill.open", "What is open of an account's bills is receivable in the ledger.", _open),
    Check("bill.numbers", "Numbers of bills have no gap and are given out once.", _numbers),
    Check("bill.periods", "An account has one bill for each of its cycles.", _periods),
    Check("bill.usage", "Items of usage have their lines, and are what these come to.", _usage),
    Check("bill.due", "Accounts are billed when their cycle ends.", _due),
    Check("bill.products", "What was billed is a product that is here.", _products),
    Check("bill.documents", "Bills that were sent have their documents.", _documents),
    Check("bill.credited", "No more is credited than was charged.", _credited),
)
