"""The month: two new customers, a second line of one that is there, what they use, their bills, and how they pay.

Ada Byron buys by the v5 APIs and pays by direct debit; Bruno Lange buys by the v4 ones and pays a part of his bill.
The customers of the sample data are billed with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from demo.client import Client

B = "/tmf-api"
PARTIES, PARTIES_V4 = f"{B}/partyManagement/v5/individual", f"{B}/party/v4/individual"
ACCOUNTS, ACCOUNTS_V4 = (f"{B}/accountManagement/{major}/billingAccount" for major in ("v5", "v4"))
ORDERS, ORDERS_V4 = (f"{B}/productOrderingManagement/{major}/productOrder" for major in ("v5", "v4"))
METHODS, PAYMENTS = f"{B}/paymentMethod/v4/paymentMethod", f"{B}/payment/v4/payment"
USAGE, USAGE_V4 = f"{B}/productUsageManagement/v5/productUsage", f"{B}/usageManagement/v4/usage"
USAGE_BATCH, PRODUCTS = f"{B}/usageManagement/v4/usageBatch", f"{B}/productInventory/v5/product"
BILLS, RATES = (f"{B}/customerBillManagement/v5/{name}" for name in ("customerBill", "appliedCustomerBillingRate"))
BILLS_V4 = BILLS.replace("v5", "v4")
BILLED_USAGE = f"{B}/billing/v1/usage"

# The clock of the story. The month is over at midnight in Berlin; bills are due 14 days later.
BEGIN, SOLD, USED = "2026-12-10T08:00:00Z", "2026-12-10T08:00:00Z", "2026-12-20T18:00:00Z"
MONTH_END, PART_PAID, DUE, END = (
    *("2026-12-31T23:00:00Z", "2027-01-08T09:00:00Z", "2027-01-14T23:00:00Z", "2027-01-16T08:00:00Z"),
)
ADA, BRUNO, AMELIE = "acc-ada", "acc-bruno", "acc-brandt"
NUMBERS = {ADA: "+491701234567", BRUNO: "+491701234568"}
SECOND_LINE = "+491701234569"
_PART = Decimal("10.00")
# More than the 25 GB that Plan M includes; calls that Bruno's Plan S includes the minutes of but for the last.
_VOLUME_MEGABYTES, _CALLS = 27_000, 21

Tell = Callable[[str], None]


@dataclass
class Told:
    """What came of it, for whoever shows it."""

    orders: dict[str, str] = field(default_factory=dict)
    usages: list[dict[str, Any]] = field(default_factory=list)
    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    rates: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pdf: bytes = b""


class Story:
    """Plays it. `tell` hears each step in a sentence."""

    def __init__(self, client: Client, tell: Tell) -> None:
        self._client, self._tell, self.told = client, tell, Told()

    def play(self) -> Told:
        self._sell()
        self._use()
        self._bill()
        self._pay()
        self._look()
        return self.told

    # -- the steps ----------------------------------------------------------------------------------------------------

    def _sell(self) -> None:
        client = self._client
        self._tell("10 December: Ada becomes a customer (TMF632, TMF666, TMF670 v5) and buys Plan M (TMF622 v5)")
        client.create(PARTIES, {"@type": "Individual", "id": "ada", "givenName": "Ada", "familyName": "Byron"})
        owner = {"@type": "PartyRef", "id": "ada", "name": "Ada Byron", "@referredType": "Individual"}
        role = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "customer", "partyOrPartyRole": owner}
        contact = [{"@type": "Contact", "contactType": "primary", "contactName": "Ada Byron", "contactMedium": [_HOME]}]
        account = {"@type": "BillingAccount", "id": ADA, "name": "Ada Byron", "state": "Active"}
        client.create(ACCOUNTS, {**account, "relatedParty": [role], "contact": contact})
        client.create(METHODS, {**_DEBIT, "account": [{"id": ADA}]})
        self._order(ADA, client.create(ORDERS, _order(ADA, "plan-m", NUMBERS[ADA])), ORDERS)
        self.product = client.get(PRODUCTS, **{"billingAccount.id": ADA})[0]["id"]
        self._tell("10 December: Bruno does the same over the v4 APIs, and buys Plan S")
        person = client.create(PARTIES_V4, {"givenName": "Bruno", "familyName": "Lange"})
        party = {"id": person["id"], "name": "Bruno Lange", "role": "customer", "@referredType": "Individual"}
        made = client.create(ACCOUNTS_V4, {"name": "Bruno Lange", "state": "Active", "relatedParty": [party]})
        self.bruno = str(made["id"])
        order = _order_v4(self.bruno, "plan-s", NUMBERS[BRUNO])
        self._order(BRUNO, client.create(ORDERS_V4, order), ORDERS_V4)
        self._tell("10 December: Amelie Brandt, a customer of the sample data, buys a second line")
        self._order(AMELIE, client.create(ORDERS, _order(AMELIE, "plan-s", SECOND_LINE)), ORDERS)

    def _order(self, name: str, order: Mapping[str, Any], path: str) -> None:
        done = self._client.until(f"{path}/{order['id']}", state="completed")
        self.told.orders[name] = str(done["state"])

    def _use(self) -> None:
        client = self._client
        client.move_to(USED)
        self._tell("20 December: the network reports usage, one by one (TMF635 v5 and v4) and 42 records in a batch")
        call = _usage(self.product, NUMBERS[ADA], calledNumber="+447700900444", durationSeconds=90)
        self.told.usages.append(client.create(USAGE, call))
        data = _usage_v4("data", 0, servedNumber=NUMBERS[ADA], volumeMegabytes=_VOLUME_MEGABYTES)
        made = client.create(USAGE_V4, data)
        self.told.usages.append(client.get(f"{USAGE}/{made['id']}"))
        records = [
            _usage_v4("voice", quarter, callingNumber=number, calledNumber="+491713920011", durationSeconds=600)
            for quarter in range(_CALLS)
            for number in NUMBERS.values()
        ]
        answers = client.batch(USAGE_BATCH, records)
        assert [one["status"] for one in answers] == ["rated"] * len(records), "every record is rated"

    def _bill(self) -> None:
        self._client.move_to(MONTH_END)
        self._tell("1 January, midnight in Berlin: the month is over; the clock bills everybody (TMF678)")
        for name, account in ((ADA, ADA), (BRUNO, self.bruno), (AMELIE, AMELIE)):
            bills = self._client.get(BILLS, **{"billingAccount.id": account, "billDate.gte": MONTH_END})
            self.told.bills[name] = self._client.until(f"{BILLS}/{bills[0]['id']}", state="sent")

    def _pay(self) -> None:
        client, theirs = self._client, self.told.bills[BRUNO]
        client.move_to(PART_PAID)
        self._tell(f"8 January: Bruno transfers {_PART} EUR of {theirs['amountDue']['value']} EUR (TMF676)")
        money = {"unit": "EUR", "value": _PART}
        item = {"item": {"id": theirs["id"], "@referredType": "CustomerBill"}}
        transfer = {"@type": "bankAccountTransfer", "name": "Transfer"}
        payment = {"totalAmount": money, "account": {"id": self.bruno}, "paymentMethod": transfer}
        client.create(PAYMENTS, {**payment, "paymentItem": [item]})
        client.move_to(DUE)
        self._tell("15 January: Ada's bill is due and is debited by the sandbox provider (TMF670, TMF676)")
        client.move_to(END)
        self._tell("16 January: Bruno still owes the rest, and is in arrears")

    def _look(self) -> None:
        client, bills = self._client, self.told.bills
        for name, bill in bills.items():
            bills[name] = client.get(f"{BILLS}/{bill['id']}")
        self.told.rates = client.get(RATES, **{"bill.id": bills[ADA]["id"]})
        for rate in self.told.rates:
            if rate["appliedBillingRateType"] == "usageCharge":
                self.told.lines[rate["id"]] = client.get(BILLED_USAGE, item=rate["id"])
        [pdf] = [one for one in bills[ADA]["billDocument"] if one["mimeType"] == "application/pdf"]
        self.told.pdf = client.download(pdf["url"])


# -- what is sent -----------------------------------------------------------------------------------------------------

_HOME = {
    "@type": "GeographicAddressContactMedium",
    "contactType": "home",
    "street1": "Lindenweg 5",
    "postCode": "20095",
    "city": "Hamburg",
    "country": "DE",
}
_DEBIT = {
    "@type": "directDebit",
    "name": "Direct debit, account ending 0001",
    "mandateType": "SEPA core",
    "mandateId": "LW-M-900001",
    "accountNumber": "DE02120300000000202051",
    "firstDebitDate": "2026-12-10T00:00:00Z",
    "owner": "Ada Byron",
    "bank": "Musterbank",
    "isPreferred": True,
}
_TYPES = {int: "IntegerCharacteristic", str: "StringCharacteristic"}


def _order(account: str, offering: str, msisdn: str) -> dict[str, Any]:
    place = {"@type": "PlaceRef", "id": "country-de", "@referredType": "Place"}
    product = {
        "@type": "Product",
        "productCharacteristic": [
            {"@type": "StringCharacteristic", "name": name, "value": value}
            for name, value in (("msisdn", msisdn), ("simType", "eSIM"))
        ],
        "place": [{"@type": "RelatedPlaceRefOrValue", "role": "home", "place": place}],
    }
    item = {"@type": "ProductOrderItem", "id": "1", "action": "add", "quantity": 1, "product": product}
    return {
        "@type": "ProductOrder",
        "billingAccount": {"@type": "BillingAccountRef", "id": account},
        "productOrderItem": [{**item, "productOffering": {"@type": "ProductOfferingRef", "id": offering}}],
    }


def _order_v4(account: str, offering: str, msisdn: str) -> dict[str, Any]:
    characteristics = [{"name": name, "value": value} for name, value in (("msisdn", msisdn), ("simType", "eSIM"))]
    place = [{"id": "country-de", "role": "home", "@referredType": "Place"}]
    product = {"productCharacteristic": characteristics, "place": place}
    item = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": offering}, "product": product}
    return {"billingAccount": {"id": account}, "productOrderItem": [item]}


def _usage(product: str, msisdn: str, **used: Any) -> dict[str, Any]:
    """A call as v5 has it, which names the product."""
    named = {"callingNumber": msisdn, "startDateTime": _at(0), **used}
    return {
        "@type": "ProductUsage",
        "usageType": "voice",
        "usageSpecification": {"@type": "UsageSpecificationRef", "id": "usage-spec-voice"},
        "product": {"@type": "ProductRef", "id": product, "@referredType": "Product"},
        "usageCharacteristic": [
            {"@type": _TYPES[type(value)], "name": name, "value": value} for name, value in named.items()
        ],
    }


def _usage_v4(kind: str, quarter: int, **used: Any) -> dict[str, Any]:
    """As a switch sends it in v4: the number leads to the product."""
    named = {"startDateTime": _at(quarter), **used}
    characteristics = [{"name": name, "value": value} for name, value in named.items()]
    specification = {"id": f"usage-spec-{kind}"}
    return {"usageType": kind, "usageSpecification": specification, "usageCharacteristic": characteristics}


def _at(quarter: int) -> str:
    """Instants of the 19th of December, a quarter of an hour apart."""
    hour, part = divmod(quarter, 4)
    return f"2026-12-19T{8 + hour:02}:{15 * part:02}:00Z"
