"""What stories of usage are told with: prices and plans as the catalogue is sent them, usage as networks report it.

A story sells plans, reports usage and looks at what it cost: lines as `usage 90 s 0.135`, in words of docs/rating.md.
What is left of allowances and how far tiers are is looked at from the inside; no API shows counters as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from common.domain.clock import instant_text
from common.domain.query import Document
from tests.client import Answer
from tests.scenarios.kit import PRODUCTS, Shop, add, characteristic_list, found, with_
from tmf635_usage import tariffs
from tmf635_usage.tables import BUCKETS, COUNTERS, LINES

USAGES = "/tmf-api/productUsageManagement/v5/productUsage"
USAGES_V4 = "/tmf-api/usageManagement/v4/usage"
CATALOGUE = "/tmf-api/productCatalogManagement/v5"
ACCOUNTS = "/tmf-api/accountManagement/v5/billingAccount"
ANNA = "+491701234567"
_SINCE = {"startDateTime": "2025-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Used:
    """A usage as v5 showed it when it was reported."""

    document: Document

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def status(self) -> str:
        return str(self.document["status"])

    @property
    def product(self) -> str | None:
        return self.document.get("product", {}).get("id")

    @property
    def reason(self) -> tuple[str, str]:
        reason = self.document["statusReason"]
        return reason["code"], reason["message"]

    @property
    def why(self) -> Document:
        return dict(self.document["ratingExplanation"])

    @property
    def lines(self) -> list[str]:
        """`usage 40 event 4 t0`: kind, quantity, amount, tier; held against the prices that the standard shows."""
        shown = []
        for line, price in zip(self.why["lines"], self.document["usageProductPrice"], strict=True):
            money = price.get("price", {}).get("dutyFreeAmount", {"value": Decimal(0), "unit": None})
            assert (price["name"], money["value"], money["unit"]) == (line["kind"], line["amount"], line["currency"])
            assert price["productOfferingPrice"]["id"] == line["price"]
            assert price["productOfferingPrice"]["version"] == line["version"]
            tier = f" t{line['tier']['index']}" if "tier" in line else ""
            shown.append(f"{line['kind']} {plain(line['quantity'])} {line['unit']} {plain(line['amount'])}{tier}")
        return shown

    @property
    def prices(self) -> list[str]:
        """Id and version of the price of each line."""
        return [f"{line['price']} {line['version']}" for line in self.why["lines"]]

    @property
    def total(self) -> str:
        return plain(self.why["total"])


@dataclass
class Network:
    """What reports the usage of a shop's customers."""

    shop: Shop
    sold: str = "nothing"

    # -- the catalogue ------------------------------------------------------------------------------------

    def price(self, id: str, usage_type: str, value: float | str | None, per: str, **attributes: Any) -> str:
        """A usage price, `per` as in `1 min`; the name of it."""
        amount, units = per.split()
        unit = attributes.pop("currency", "EUR")
        document: Document = {
            "@type": "UsagePrice",
            "id": id,
            "usageType": usage_type,
            "price": {"unit": unit} if value is None else {"unit": unit, "value": Decimal(str(value))},
            "unitOfMeasure": {"amount": Decimal(amount), "units": units},
            **attributes,
        }
        return self._price(document)

    def allowance(self, id: str, usage_type: str, quantity: str, **attributes: Any) -> str:
        """An allowance, its quantity as in `100 min`; the name of it."""
        document = {"@type": "AllowancePrice", "id": id, "usageType": usage_type, "quantity": size(quantity)}
        return self._price({**document, **attributes})

    def _price(self, document: Document) -> str:
        kind = {"UsagePrice": "usage", "AllowancePrice": "allowance"}[document["@type"]]
        whole = {
            "@baseType": "ProductOfferingPrice",
            "name": document["id"],
            "priceType": kind,
            "isBundle": False,
            "lifecycleStatus": "Active",
            "version": "1.0",
            "validFor": _SINCE,
            **document,
        }
        self.shop.suite.created(f"{CATALOGUE}/productOfferingPrice", whole)
        return str(document["id"])

    def plan(self, id: str, *prices: str, **attributes: Any) -> str:
        """An offering with these prices; the name of it."""
        refs = [
            {"@type": "ProductOfferingPriceRef", "id": price, "name": price, "@referredType": "ProductOfferingPrice"}
            for price in prices
        ]
        document = {
            "@type": "ProductOffering",
            "id": id,
            "name": id,
            "isBundle": False,
            "isSellable": True,
            "lifecycleStatus": "Active",
            "version": "1.0",
            "validFor": _SINCE,
            "productSpecification": {
                "@type": "ProductSpecificationRef",
                "id": "spec-line",
                "name": "line",
                "@referredType": "ProductSpecification",
            },
            "productOfferingPrice": refs,
            **attributes,
        }
        self.shop.suite.created(f"{CATALOGUE}/productOffering", document)
        return id

    def tariff(self, table: str, version: str, since: str, rates: str, currency: str = "EUR") -> None:
        """Load a version of a tariff table, as `bss tariff load` does; rates are CSV."""
        heading = tariffs.Heading(table, version, currency, datetime.fromisoformat(since))
        installation = self.shop.suite.installation
        with installation.database.write() as uow:
            assert tariffs.load(heading, tariffs.read_rates(rates.split()), uow.records, installation.clock.now())
            uow.commit()

    def calendar(self, name: str, *days: str) -> None:
        """Load days of a calendar, as `bss tariff calendar` does."""
        with self.shop.suite.installation.database.write() as uow:
            tariffs.add_days(name, map(date.fromisoformat, days), uow.records)
            uow.commit()

    # -- customers ----------------------------------------------------------------------------------------

    def account(self, id: str, **attributes: Any) -> str:
        person = {"@type": "PartyRef", "id": "anna", "name": "Anna", "@referredType": "Individual"}
        owner = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": person}
        document = {
            "@type": "BillingAccount",
            "id": id,
            "name": id,
            "accountType": "billing",
            "state": "Active",
            "relatedParty": [owner],
            **attributes,
        }
        self.shop.suite.created(ACCOUNTS, document)
        return id

    def sell(self, plan: str, msisdn: str = ANNA, account: str | None = None) -> str:
        """Order a plan and have it delivered; the product."""
        wanted: Document = {}
        if account is not None:
            wanted["billingAccount"] = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
        self.sold = self.shop.deliver(add("plan", plan, product=with_(msisdn=msisdn)), **wanted).product_id("plan")
        return self.sold

    def product(self, id: str, *prices: str, msisdn: str | None = None, **attributes: Any) -> str:
        """A product that somebody else made, with these prices; active since the beginning unless it says otherwise."""
        document = {
            "@type": "Product",
            "id": id,
            "name": id,
            "status": "active",
            "startDate": self.shop.now,
            "productPrice": [product_price(price) for price in prices],
            **attributes,
        }
        if msisdn is not None:
            document["productCharacteristic"] = characteristic_list(msisdn=msisdn)
        self.shop.suite.created(PRODUCTS, document)
        return id

    # -- usage --------------------------------------------------------------------------------------------

    def use(self, usage_type: str, at: str, used: str, product: str | None = None, **attributes: Any) -> Used:
        """Report a usage as it begins or late, `used` as in `90 s`, of the product sold last unless it is said."""
        self._reach(at)
        return self.created(usage(usage_type, at, used, product or self.sold, **attributes))

    def hear(self, usage_type: str, at: str, used: str, **attributes: Any) -> Used:
        """The same in v4, where nobody has to know the product."""
        self._reach(at)
        sent = usage(usage_type, at, used, None, **attributes)
        return self.shown(self.shop.suite.created(USAGES_V4, in_v4(sent))["id"])

    def _reach(self, at: str) -> None:
        if datetime.fromisoformat(at) > self.shop.clock.now():
            self.shop.wait_until(at)

    def created(self, document: Document) -> Used:
        made = Used(self.shop.suite.created(USAGES, document))
        assert self.shown(made.id) == made
        return made

    def send(self, document: Document) -> Answer:
        return self.shop.suite.post(USAGES, document)

    def shown(self, id: str) -> Used:
        return Used(found(self.shop.suite.get(f"{USAGES}/{id}")))

    def in_v4(self, id: str) -> Document:
        return dict(found(self.shop.suite.get(f"{USAGES_V4}/{id}")))

    # -- from the inside ----------------------------------------------------------------------------------

    def buckets(self) -> list[str]:
        """`month 2026-01-01T00:00:00.000Z 70 of 100 s rolled 30`: allowance, start, used of granted; then what was
        used after the bucket's own period.
        """
        shown = []
        for row in self._rows(BUCKETS.name, ["allowance", "start", "scope"]):
            rolled = f" rolled {plain(row['rolled'])}" if row["rolled"] else ""
            used = f"{plain(row['used'])} of {plain(row['granted'])} {row['unit']}{rolled}"
            shown.append(f"{row['allowance']} {instant_text(row['start'])} {used}")
        return shown

    def counters(self) -> list[str]:
        """`sms 2026-01-01T00:00:00.000Z 100`: price, start of the period, units counted."""
        return [
            f"{row['price']} {instant_text(row['start'])} {plain(row['quantity'])}"
            for row in self._rows(COUNTERS.name, ["price", "start", "scope"])
        ]

    def scopes(self) -> list[str]:
        """Whose the buckets and counters are."""
        rows = [*self._rows(BUCKETS.name, ["scope"]), *self._rows(COUNTERS.name, ["scope"])]
        return sorted({row["scope"] for row in rows})

    def charged(self, product: str) -> dict[str, str]:
        """The sum of all lines of a product, by currency."""
        with self.shop.suite.installation.database.read() as uow:
            sums = uow.records(LINES.name).sum(["amount"], {"product": product}, by=["currency"])
            return {str(one.group["currency"]): plain(one.sums["amount"]) for one in sums}

    def _rows(self, table: str, order: list[str]) -> list[Mapping[str, Any]]:
        with self.shop.suite.installation.database.read() as uow:
            return list(uow.records(table).find({}, order=order))


# -- what is sent -----------------------------------------------------------------------------------------------------


def usage(usage_type: str, at: str | None, used: str | None, product: str | None, **attributes: Any) -> Document:
    """A usage; `record` is its number at the source, other attributes are characteristics."""
    values: Document = {} if at is None else {"startDateTime": at}
    if used is not None:
        amount, unit = used.split()
        values |= {"quantity": Decimal(amount), "unit": unit}
    record = attributes.pop("record", None)
    document: Document = {
        "@type": "ProductUsage",
        "usageType": usage_type,
        "usageSpecification": {"@type": "ProductUsageSpecificationRef", "id": f"usage-spec-{usage_type}"},
        "usageCharacteristic": [characteristic(name, value) for name, value in {**values, **attributes}.items()],
    }
    if product is not None:
        document["product"] = {"@type": "ProductRef", "id": product, "@referredType": "Product"}
    if record is not None:
        document["externalIdentifier"] = [
            {"@type": "ExternalIdentifier", "owner": "mediation", "externalIdentifierType": "cdr", "id": record}
        ]
    return document


def in_v4(document: Document) -> Document:
    """The same usage as v4 has it."""
    return {name: value for name, value in document.items() if name != "@type"} | {
        "usageCharacteristic": [
            {name: value for name, value in one.items() if name != "@type"} for one in document["usageCharacteristic"]
        ]
    }


def characteristic(name: str, value: Any) -> Document:
    kind = {bool: "Boolean", int: "Integer", Decimal: "Number", str: "String"}[type(value)]
    return {"@type": f"{kind}Characteristic", "name": name, "valueType": kind.lower(), "value": value}


def product_price(id: str, version: str = "1.0") -> Document:
    ref = {"@type": "ProductOfferingPriceRef", "id": id, "version": version, "@referredType": "ProductOfferingPrice"}
    price = {"@type": "Price", "dutyFreeAmount": money("0")}
    return {"@type": "ProductPrice", "name": id, "priceType": "usage", "price": price, "productOfferingPrice": ref}


def size(text: str) -> Document:
    amount, units = text.split()
    return {"amount": Decimal(amount), "units": units}


def money(value: str, unit: str = "EUR") -> Document:
    return {"unit": unit, "value": Decimal(value)}


def tiers(*steps: tuple[str, str] | tuple[str, str, str]) -> list[Document]:
    """Start and amount of each tier; of packages their size."""
    return [
        {"start": Decimal(start), "price": money(amount), **({"size": Decimal(more[0])} if more else {})}
        for start, amount, *more in steps
    ]


def plain(number: Any) -> str:
    """A number without the zeros that say nothing."""
    return f"{Decimal(number).normalize():f}"
