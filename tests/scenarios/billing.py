"""What stories of bills are told with: plans with every kind of price, accounts, and bills as they are shown.

A story sells, uses, changes and lets time pass; the suite bills by the clock. Items are told as
`recurring base 2026-01-10/2026-02-01 14.19 + 2.70`: kind, name, days, net and tax. Every story ends with `check`: the
books agree, whatever was done (docs/billing.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.assurance import assure
from common.domain.query import Document
from common.rest.actions import acting
from tests.client import Answer
from tests.scenarios.charging import ACCOUNTS, CATALOGUE, Network, plain
from tests.scenarios.kit import PRODUCTS, Order, add, change, found, with_
from tmf635_usage.tables import BILLED_SUMS, CHARGED, CLAIMS, LINES, RETIRED_SUMS
from tmf678_bill.tables import BILLING, HEADS, ITEMS, NUMBERS, RECEIVABLES

BILLS = "/tmf-api/customerBillManagement/v5/customerBill"
BILLS_V4 = BILLS.replace("v5", "v4")
RATES = "/tmf-api/customerBillManagement/v5/appliedCustomerBillingRate"
CYCLES = "/tmf-api/customerBillManagement/v5/billCycle"
DEMANDS = "/tmf-api/customerBillManagement/v5/customerBillOnDemand"
CYCLE_SPECIFICATIONS = "/tmf-api/accountManagement/v5/billingCycleSpecification"
INDIVIDUALS = "/tmf-api/partyManagement/v5/individual"
_SINCE = {"startDateTime": "2025-01-01T00:00:00Z"}
_KINDS = {
    "RecurringPrice": "recurring",
    "OneTimePrice": "oneTime",
    "DiscountPrice": "discount",
    "CommitmentPrice": "commitment",
}


@dataclass
class Office(Network):
    """Sells, reports usage and looks at the bills. A story that ends with something amiss says which checks find it."""

    amiss: set[str] = field(default_factory=set)

    # -- the catalogue ------------------------------------------------------------------------------------

    def recurring(self, id: str, value: str, per: str = "month", *, tax: Any = 19, **attributes: Any) -> str:
        count, unit = per.split() if " " in per else ("1", per)
        every = {"recurringChargePeriodType": unit, "recurringChargePeriodLength": int(count)}
        return self._charged("RecurringPrice", id, value, tax, **(every | attributes))

    def one_time(self, id: str, value: str, *, tax: Any = 19, **attributes: Any) -> str:
        return self._charged("OneTimePrice", id, value, tax, **attributes)

    def commitment(self, id: str, value: str, *, tax: Any = 19, **attributes: Any) -> str:
        return self._charged("CommitmentPrice", id, value, tax, **attributes)

    def discount(self, id: str, off: str, *prices: str, **attributes: Any) -> str:
        """`25 %` or `5 EUR` off these prices."""
        value, unit = off.split()
        amount = {"percentage": Decimal(value)} if unit == "%" else {"price": {"unit": unit, "value": Decimal(value)}}
        lowers = [
            {"@type": "ProductOfferingPriceRelationship", "id": one, "relationshipType": "discounts"} for one in prices
        ]
        return self._document({"@type": "DiscountPrice", "id": id, "popRelationship": lowers, **amount, **attributes})

    def _charged(self, kind: str, id: str, value: str, tax: Any, **attributes: Any) -> str:
        currency = attributes.pop("currency", "EUR")
        document = {"@type": kind, "id": id, "price": {"unit": currency, "value": Decimal(value)}, **attributes}
        return self._document(document | taxed(tax, currency))

    def _document(self, document: Document) -> str:
        whole = {
            "@baseType": "ProductOfferingPrice",
            "name": document["id"],
            "priceType": _KINDS[document["@type"]],
            "isBundle": False,
            "lifecycleStatus": "Active",
            "version": "1.0",
            "validFor": _SINCE,
            **document,
        }
        self.shop.suite.created(f"{CATALOGUE}/productOfferingPrice", whole)
        return str(document["id"])

    # -- customers ----------------------------------------------------------------------------------------

    def cycle(self, id: str, **attributes: Any) -> str:
        self.shop.suite.created(
            CYCLE_SPECIFICATIONS, {"@type": "BillingCycleSpecification", "id": id, "name": id, **attributes}
        )
        return id

    def on_cycle(self, account: str, specification: str, **attributes: Any) -> str:
        """An account that is billed on a cycle."""
        reference = {"@type": "BillingCycleSpecificationRef", "id": specification}
        structure = {"@type": "BillStructure", "cycleSpecification": reference}
        return self.account(account, billStructure=structure, **attributes)

    def move_to(self, plan: str, product: str, account: str) -> Order:
        """The product's customer changes to another plan; it is done at once."""
        return self.shop.deliver(change("item", "modify", product, plan), billingAccount=account_ref(account))

    def end(self, product: str, account: str) -> Order:
        return self.shop.deliver(change("item", "delete", product), billingAccount=account_ref(account))

    def suspend(self, product: str) -> None:
        self.shop.patch_product(product, status="suspended")

    def resume(self, product: str) -> None:
        self.shop.patch_product(product, status="active")

    def sell_bundle(self, offering: str, account: str, *parts: str, msisdn: str) -> Order:
        listed = [add(part, part, product=with_(msisdn=msisdn)) for part in parts]
        return self.shop.deliver(add(offering, offering, *listed), billingAccount=account_ref(account))

    # -- bills --------------------------------------------------------------------------------------------

    def bills(self, account: str) -> list[Document]:
        """The bills of an account that were issued here, the first first."""
        listed = found(self.shop.suite.get(f"{BILLS}?billingAccount.id={account}&limit=100"))
        places = {row["bill"]: row["place"] for row in self._table(HEADS.name, {"account": account})}
        return sorted((one for one in listed if one["id"] in places), key=lambda one: places[one["id"]])

    def told(self, account: str) -> list[str]:
        """`B-00000001 2026-02-01 14.19 + 2.70 = 16.89 EUR sent`: number, day, amounts and state of each bill."""
        shown = []
        for bill in self.bills(account):
            net, gross = bill["taxExcludedAmount"], bill["taxIncludedAmount"]
            tax = gross["value"] - net["value"]
            amounts = f"{plain(net['value'])} + {plain(tax)} = {plain(gross['value'])} {gross['unit']}"
            shown.append(f"{bill['billNo']} {bill['billDate'][:10]} {amounts} {bill['state']}")
        return shown

    def items(self, bill: Document) -> list[str]:
        """The items of a bill in its order."""
        rows = sorted(self._table(ITEMS.name, {"bill": bill["id"]}), key=lambda row: row["place"])
        return [
            f"{row['kind']} {row['name']} {row['first']}/{row['last']} {plain(row['net'])} + {plain(row['tax'])}"
            for row in rows
        ]

    def last(self, account: str) -> list[str]:
        """The items of the account's last bill."""
        return self.items(self.bills(account)[-1])

    def demand(self, account: str) -> Document:
        """A bill on demand, made at once; the request."""
        body = {"@type": "CustomerBillOnDemand", "name": "now", "billingAccount": account_ref(account)}
        request = self.shop.suite.created(DEMANDS, body)
        self.shop.run()
        return dict(found(self.shop.suite.get(f"{DEMANDS}/{request['id']}")))

    def send(self, bill: Document, **changes: Any) -> Answer:
        return self.shop.suite.patch(f"{BILLS}/{bill['id']}", {"@type": "CustomerBill", **changes})

    def problem(self, account: str) -> str | None:
        return next(row["problem"] for row in self._table(BILLING.name, {"account": account}))

    # -- the books ----------------------------------------------------------------------------------------

    def check(self) -> None:
        """The books agree: each bill with its items, documents, receivable and entry; no number is missing."""
        heads = self._table(HEADS.name, {})
        for head in heads:
            self._check_bill(head)
        self._check_contracts()
        for row in self._table(NUMBERS.name, {}):
            of = [one["sequence"] for one in heads if (one["entity"], one["series"]) == (row["entity"], row["series"])]
            assert sorted(of) == list(range(1, row["last"] + 1)), "numbers have no gap"
        items = {row["id"] for row in self._table(ITEMS.name, {})}
        sums = self._table(BILLED_SUMS.name, {})
        assert {row["bill_item"] for row in sums} <= items, "all billed usage is in an item"
        claimed = {row["id"]: row["usages"] for row in self._table(ITEMS.name, {"kind": "usage"})}
        charged = [row["bill_item"] for row in sums for _ in range(row["lines"])]
        assert claimed == {id: charged.count(id) for id in claimed}, "every item has its lines"
        numbers = {row["account"]: row["number"] for row in self._table(CLAIMS.name, {})}
        lines = Counter(
            (row["account"], row["claim"])
            for row in self._table(LINES.name, {"state": CHARGED})
            if row["claim"] < numbers.get(row["account"], 0)
        )
        lines.update({(row["account"], row["claim"]): row["lines"] for row in self._table(RETIRED_SUMS.name, {})})
        of_claims = Counter((row["account"], row["claim"]) for row in sums for _ in range(row["lines"]))
        assert lines == of_claims, "all lines of a claim are charged"
        self._check_ledger()
        self.assured()

    def assured(self) -> None:
        """`bss assure` finds nothing but what the story left amiss."""
        results = assure(self.shop.suite.installation)
        found = {one.check.name: one.findings for one in results if one.count and one.check.name not in self.amiss}
        assert found == {}, found

    def _check_bill(self, head: Mapping[str, Any]) -> None:
        items = self._table(ITEMS.name, {"bill": head["bill"]})
        assert len(items) == head["items"] > 0
        for row in (*items, head):
            assert row["net"] + row["tax"] == row["gross"]
        for name in ("net", "tax", "gross"):
            assert sum(row[name] for row in items) == head[name], "items come to the bill"
        document = found(self.shop.suite.get(f"{BILLS}/{head['bill']}"))
        assert document["taxIncludedAmount"] == {"unit": head["currency"], "value": head["gross"]}
        assert document["taxExcludedAmount"]["value"] == head["net"]
        assert sum(one["taxAmount"]["value"] for one in document.get("taxItem", [])) == head["tax"]
        rates = found(self.shop.suite.get(f"{RATES}?bill.id={head['bill']}&limit=1000"))
        assert sorted(one["id"] for one in rates) == sorted(row["id"] for row in items)
        assert sum(one["taxIncludedAmount"]["value"] for one in rates) == head["gross"]
        receivable = self._table(RECEIVABLES.name, {"bill": head["bill"]})[0]
        assert receivable["amount"] == head["gross"]
        assert receivable["remaining"] == document["remainingAmount"]["value"]

    def _check_contracts(self) -> None:
        """What is shown is as the contracts of both majors have it."""
        for (_, name), served in sorted(self.shop.suite.installation.served.items()):
            if name in ("customerBill", "appliedCustomerBillingRate", "billCycle"):
                shown = found(self.shop.suite.get(f"{served.contract.base_path}/{name}?limit=1000"))
                for document in shown:
                    assert served.resource.whole.violations(document) == [], (served.contract.key, document)

    def _check_ledger(self) -> None:
        """Debits are credits, and what customers owe is what their open bills and their credit come to."""
        installation = self.shop.suite.installation
        with installation.database.read() as uow:
            ledger = acting(installation, uow).offered("ledger")
            sums: dict[str, Decimal] = {}
            for one in ledger.trial_balance():
                sums[one.amount.currency] = sums.get(one.amount.currency, Decimal(0)) + one.amount.amount
            assert all(total == 0 for total in sums.values()), "the trial balance is zero"
            for account in {row["account"] for row in self._table(HEADS.name, {})}:
                rows = self._table(RECEIVABLES.name, {"account": account})
                for currency in {row["currency"] for row in rows}:
                    remaining = sum(row["remaining"] for row in rows if row["currency"] == currency)
                    owed = ledger.owes(account, currency) + ledger.credit_of(account, currency)
                    assert owed.amount == remaining, "what is owed is what is open"

    def _table(self, name: str, where: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        with self.shop.suite.installation.database.read() as uow:
            return list(uow.records(name).find(where))


def taxed(tax: Any, currency: str) -> Document:
    """`19`: VAT on top; `(19, "9.58")`: VAT of 9.58 in the price; None: no tax."""
    if tax is None:
        return {}
    rate, inside = tax if isinstance(tax, tuple) else (tax, None)
    item: Document = {"@type": "TaxItem", "taxCategory": "VAT", "taxRate": Decimal(str(rate))}
    if inside is not None:
        item["taxAmount"] = {"unit": currency, "value": Decimal(inside)}
    return {"tax": [item]}


def account_ref(id: str) -> Document:
    return {"@type": "BillingAccountRef", "id": id, "@referredType": "BillingAccount"}


__all__ = ["ACCOUNTS", "BILLS", "PRODUCTS", "Office", "account_ref", "taxed"]
