"""What the story came to, for people: a bill and where each of its lines came from, who paid, the books, the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from demo.story import ADA, Told

_MEGABYTE = 1_000_000
_ZONE = ZoneInfo("Europe/Berlin")


def show(out: Console, told: Told, balance: list[dict[str, Any]], checks: list[dict[str, Any]], pdf: Path) -> None:
    """Print all of it, in the order in which it happened."""
    out.rule("Why a usage costs what it does")
    for usage in told.usages:
        _explanation(out, usage)
    out.rule(f"The bill of Ada Byron, {told.bills[ADA]['billNo']}")
    out.print(_bill(told))
    out.print(_taxes(told.bills[ADA]))
    out.rule("Who paid")
    out.print(_paid(told))
    out.rule("The ledger's trial balance")
    out.print(_balance(balance))
    out.rule("Assurance")
    findings = [finding for check in checks for finding in check["findings"]]
    for finding in findings:
        out.print(f"{', '.join(finding['records'])}: {finding['message']}", markup=False)
    out.print(f"{len(checks)} checks, {len(findings)} findings", markup=False)
    out.print(f"Ada's bill on paper: {pdf}", markup=False, soft_wrap=True)


def source(rate: Mapping[str, Any], lines: Mapping[str, list[Any]]) -> str:
    """Where a line of the bill came from: a price in its version and its days, or usages at it."""
    facts = characteristics(rate)
    price = f"{facts.get('priceId', '')} {facts.get('priceVersion', '')}".strip()
    if rate["id"] in lines:
        count = len(lines[rate["id"]])
        return f"{count} {'usage' if count == 1 else 'usages'} at {price}"
    said = [price]
    for part in facts.get("explanation", {}).get("parts", ()):
        said += [f"{part['price']['amount']:.2f} a month"] if "days" in part and part["ofDays"] > 1 else []
        said += [f"less {one['taken']:.2f} ({one['name']})" for one in part.get("discounts", ())]
        said += [f"{part['days']} of {part['ofDays']} days"] if part["days"] != part["ofDays"] else []
    return ", ".join(said)


def characteristics(rate: Mapping[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in rate.get("characteristic", ())}


# -- the parts --------------------------------------------------------------------------------------------------------


def _explanation(out: Console, usage: Mapping[str, Any]) -> None:
    why = usage["ratingExplanation"]
    out.print(f"{usage['usageType']}, {usage['status']}: {_plain(why['total'])} {_currency(why)}", markup=False)
    for line in why["lines"]:
        cost = f"{_plain(line['amount'])} {line['currency'] or ''}"
        out.print(f"    {_quantity(line)} at {line['price']} {line['version']}: {cost}", markup=False)


def _quantity(of: Mapping[str, Any]) -> str:
    if of["unit"] == "B":
        return f"{_plain(of['quantity'] / _MEGABYTE)} MB"
    return f"{_plain(of['quantity'])} {of['unit']}"


def _currency(why: Mapping[str, Any]) -> str:
    return next((line["currency"] for line in why["lines"] if line["currency"]), "")


def _plain(value: Any) -> str:
    return f"{Decimal(value).normalize():f}"


def _bill(told: Told) -> Table:
    table = Table("line")
    table.add_column("days", no_wrap=True)
    table.add_column("from", overflow="fold")
    for name in ("net", "tax", "gross"):
        table.add_column(name, justify="right", no_wrap=True)
    for rate in told.rates:
        net, gross = rate["taxExcludedAmount"], rate["taxIncludedAmount"]
        tax = gross["value"] - net["value"]
        amounts = (f"{value:,.2f}" for value in (net["value"], tax, gross["value"]))
        table.add_row(rate["name"], _days(rate["periodCoverage"]), source(rate, told.lines), *amounts)
    bill = told.bills[ADA]
    net, gross = bill["taxExcludedAmount"], bill["taxIncludedAmount"]
    table.add_section()
    table.add_row(
        "to pay", "", f"by {_day(bill['paymentDueDate'])}", f"{net['value']:,.2f}",
        f"{gross['value'] - net['value']:,.2f}", f"{gross['value']:,.2f}",
    )  # fmt: skip
    return table


def _days(period: Mapping[str, str]) -> str:
    """The first and the last day of a period, in the customer's time zone."""
    start, end = (datetime.fromisoformat(period[name]).astimezone(_ZONE) for name in ("startDateTime", "endDateTime"))
    first, last = start.date(), max(end.date() - timedelta(days=1), start.date())
    return f"{first:%d.%m.}" if first == last else f"{first:%d.%m.} - {last:%d.%m.%Y}"


def _day(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(_ZONE):%d.%m.%Y}"


def _taxes(bill: Mapping[str, Any]) -> Table:
    table = Table("tax", "rate", "amount", box=None)
    for item in bill.get("taxItem", ()):
        table.add_row(item.get("taxCategory", ""), f"{_plain(item['taxRate'])} %", f"{item['taxAmount']['value']:,.2f}")
    return table


def _paid(told: Told) -> Table:
    table = Table()
    for name in ("bill", "account", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("amount", "paid", "remains"):
        table.add_column(name, justify="right")
    for bill in told.bills.values():
        amount, remains = bill["amountDue"]["value"], bill["remainingAmount"]["value"]
        account = bill["billingAccount"].get("name", bill["billingAccount"]["id"])
        shown = (f"{one:,.2f}" for one in (amount, amount - remains, remains))
        table.add_row(bill["billNo"], account, bill["state"], *shown)
    return table


def _balance(groups: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("ledger account", "currency")
    for name in ("debit", "credit"):
        table.add_column(name, justify="right")
    for group in groups:
        for one in group["account"]:
            amount = one["amount"]
            sides = (f"{amount:,.2f}", "") if amount >= 0 else ("", f"{-amount:,.2f}")
            table.add_row(one["name"], group["currency"], *sides)
        table.add_row("debits less credits", group["currency"], f"{group['sum']:,.2f}", "", end_section=True)
    return table
