"""A bill as a bill run leaves it, for what makes its documents."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from common.domain.money import Money
from common.rest.actions import acting
from common.settings import Settings
from tests.client import Suite
from tests.tables import stored_tables
from tmf635_usage.tables import BILLED_SUMS, CHARGED, LINES, SUMMED
from tmf678_bill.document.schedule import look_again
from tmf678_bill.receivables import new_row
from tmf678_bill.tables import CHARGE, HEADS, ITEMS, RECEIVABLES

START = "2026-11-01T00:00:00Z"
BILLS = "/tmf-api/customerBillManagement/v5/customerBill"
ISSUED = datetime(2026, 10, 31, 23, tzinfo=UTC)
SINCE, DUE = datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 11, 14, 23, tzinfo=UTC)
_OURS = ("678", "635", "666", "632", "637", "629")

Amounts = tuple[str, str, str]


def suite_on(url: str, **settings: Any) -> Suite:
    given = {"clock": START, "time_zone": "Europe/Berlin", "billing": "manual", **settings}
    return Suite(Settings(database_url=url, **given))


def emptied(suite: Suite) -> Suite:
    with suite.installation.database.engine.begin() as connection:
        for name in stored_tables(connection):
            if any(number in name for number in _OURS) or name in ("work", "outbox", "idempotency"):
                connection.execute(text(f'DELETE FROM "{name}"'))
    return suite


def item(id: str, place: int, amounts: Amounts, **more: Any) -> dict[str, Any]:
    """An item of bill b1 at 19 %, (net, tax, gross)."""
    net, tax, gross = map(Decimal, amounts)
    return {
        "id": id,
        "bill": "b1",
        "place": place,
        "account": "acc-1",
        "origin": CHARGE,
        "key": f"key-{id}",
        "kind": "recurring",
        "name": "Plan M",
        "product": "prod-1",
        "first": "2026-10-01",
        "last": "2026-11-01",
        "until": "2026-11-01",
        "amount": net,
        "currency": "EUR",
        "net": net,
        "tax": tax,
        "gross": gross,
        "category": "VAT",
        "rate": Decimal(19),
        "is_inclusive": False,
        "usages": 0,
        "doc": {"purpose": {"period": ["2026-10-01", "2026-11-01"]}},
        **more,
    }


def usual_items() -> list[dict[str, Any]]:
    calls = {"kind": "usage", "name": "Calls", "quantity": Decimal(205), "unit": "s", "usages": 2}
    discount = {"kind": "discount", "name": "Welcome <b>discount</b> & more"}
    return [
        item("i1", 1, ("15.12", "2.87", "17.99")),
        item("i2", 2, ("-4.20", "-0.80", "-5.00"), **discount),
        item("i3", 3, ("1.81", "0.34", "2.15"), **calls),
        item("i4", 4, ("1.00", "0.19", "1.19"), name="Late fee", kind="oneTime", product=None, first=None, last=None),
    ]


def issue(
    suite: Suite,
    items: list[dict[str, Any]],
    series: str = "bill",
    number: str = "LW-2026-00102",
    entity: str = "main",
    **more: Any,
) -> None:
    """Bill b1 of account acc-1, with its records and its work, as one transaction made them."""
    net, tax, gross = (sum((one[name] for one in items), Decimal(0)) for name in ("net", "tax", "gross"))

    def money(value: Decimal) -> dict[str, Any]:
        return Money(value, "EUR").document()

    with suite.installation.database.write() as uow:
        act = acting(suite.installation, uow)
        for resource, document in _around():
            act.create(resource, document)
        taxed = {"@type": "TaxItem", "taxCategory": "VAT", "taxRate": Decimal(19), "taxAmount": money(tax)}
        bill = {
            "id": "b1",
            "billNo": number,
            "category": "creditNote" if series == "creditNote" else "normal",
            "state": "new",
            "billDate": "2026-10-31T23:00:00.000Z",
            "billingPeriod": {"startDateTime": "2026-09-30T22:00:00.000Z", "endDateTime": "2026-10-31T23:00:00.000Z"},
            "paymentDueDate": "2026-11-14T23:00:00.000Z",
            "billingAccount": {"@type": "BillingAccountRef", "id": "acc-1", "@referredType": "BillingAccount"},
            "taxItem": [taxed],
            "taxExcludedAmount": money(net),
            "taxIncludedAmount": money(gross),
            "amountDue": money(gross),
            "remainingAmount": money(max(gross, Decimal(0))),
            **more,
        }
        act.create("customerBill", bill)
        for one in items:
            rate = {
                "id": one["id"],
                "name": one["name"],
                "isBilled": True,
                "bill": {"@type": "CustomerBillRef", "id": "b1", "@referredType": "CustomerBill"},
                "taxExcludedAmount": money(one["net"]),
                "taxIncludedAmount": money(one["gross"]),
            }
            act.create("appliedCustomerBillingRate", rate)
        act.records(ITEMS.name).insert(items)
        head = {"bill": "b1", "account": "acc-1", "entity": entity, "number": number}
        numbers = {"place": 1, "series": series, "sequence": 1, "items": len(items)}
        times = {"issued_at": ISSUED, "start": SINCE, "end": ISSUED, "due": DUE}
        sums = {"currency": "EUR", "net": net, "tax": tax, "gross": gross}
        said = {"category": "normal", "run_type": "onCycle", "doc": {}}
        act.records(HEADS.name).insert([{**head, **numbers, **times, **sums, **said}])
        owed = Money(gross, "EUR")
        of = {"bill": "b1", "account": "acc-1", "entity": entity, "number": number}
        act.records(RECEIVABLES.name).insert([new_row(**of, issued_at=ISSUED, due=DUE, amount=owed)])
        lines = [_line("l1", 9, "0.81"), _line("l2", 8, "1.00")]
        act.records(LINES.name).insert(lines)
        said = {name: lines[0][name] for name in (*SUMMED, "claim")} | {"start": SINCE, "end": ISSUED}
        sums = {"quantity": Decimal(205), "amount": Decimal("1.81"), "lines": 2}
        act.records(BILLED_SUMS.name).insert([{**said, **sums, "bill_item": "i3"}])
        look_again("b1", act.context("customerBill"))
        uow.commit()


def _around() -> list[tuple[str, dict[str, Any]]]:
    """The party, account, product and usage that the bill is about."""
    amelie = {"@type": "PartyRef", "id": "person-1", "@referredType": "Individual"}
    owner = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": amelie}
    address = {
        "@type": "GeographicAddressContactMedium",
        "contactType": "home",
        "street1": "Kastanienallee 7",
        "postCode": "10435",
        "city": "Berlin",
        "country": "Germany",
    }
    number = {"@type": "StringCharacteristic", "name": "msisdn", "value": "+49 170 5550101"}
    called = {"@type": "StringCharacteristic", "name": "calledNumber", "value": "+44 20 7946 0001"}
    person = {"id": "person-1", "givenName": "Amelie", "familyName": "Brandt", "contactMedium": [address]}
    speaks = {"@type": "LanguageAbility", "languageCode": "de", "isFavouriteLanguage": True}
    return [
        ("individual", {**person, "languageAbility": [speaks]}),
        ("billingAccount", {"id": "acc-1", "name": "Brandt", "state": "Active", "relatedParty": [owner]}),
        ("product", {"id": "prod-1", "name": "Plan M", "status": "active", "productCharacteristic": [number]}),
        ("productUsage", {"id": "u1", "usageType": "voice", "usageCharacteristic": [called]}),
    ]


def _line(id: str, hour: int, amount: str) -> dict[str, Any]:
    return {
        "id": id,
        "usage": "u1",
        "number": 1,
        "place": 1,
        "product": "prod-1",
        "account": "acc-1",
        "at": datetime(2026, 10, 20, hour, 30, tzinfo=UTC),
        "usage_type": "voice",
        "kind": "usage",
        "price": "p",
        "version": "1",
        "quantity": Decimal("102.5"),
        "unit": "s",
        "amount": Decimal(amount),
        "currency": "EUR",
        "state": CHARGED,
        "claim": 0,
    }
