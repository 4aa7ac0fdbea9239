"""What stories of payments and dunning are told with: who pays what and how, and what becomes of who does not.

Bills are of 100 EUR a month without tax, unless the story says otherwise: the account `ann` has a product since
1 January, is billed on the first of the month, and has 14 days to pay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.domain.query import Document
from common.rest.actions import acting
from tests.scenarios.billing import BILLS, Office
from tests.scenarios.charging import ACCOUNTS, ANNA, plain
from tests.scenarios.conftest import Stage, postgres_server, staged
from tests.scenarios.kit import PRODUCTS, Shop, found
from tests.tmf676_payment.kit import COLLECTION, METHODS, PAYMENTS, REFUNDS, item, paying
from tests.tmf676_payment.kit import check as check_money
from tmf676_payment.dunning.command import cases
from tmf676_payment.providers.sandbox import captured
from tmf676_payment.tables import STEPS

FEBRUARY, MARCH, APRIL = "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"
# The first bill is due, and in arrears a day later.
DUE, ARREARS = "2026-02-15T00:00:00Z", "2026-02-16T00:00:00Z"


@dataclass
class Cashier(Office):
    """Takes money, and looks at who owes what."""

    # -- customers ----------------------------------------------------------------------------------------

    def customer(self, account: str = "ann", msisdn: str = ANNA, **attributes: Any) -> str:
        """An account with a product of 100 EUR a month; the product."""
        if "plan" not in self.plans():
            self.plan("plan", self.recurring("base", "100", tax=None))
        self.account(account, **attributes)
        return self.sell("plan", msisdn, account)

    def plans(self) -> set[str]:
        listed = found(self.shop.suite.get("/tmf-api/productCatalogManagement/v5/productOffering?limit=100"))
        return {one["id"] for one in listed}

    def pays_by(self, token: str = "mandate-1", account: str = "ann") -> str:
        """The account is debited from now on."""
        body = {
            "@type": "directDebit",
            "name": "Debit",
            "mandateType": "SEPA core",
            "mandateId": token,
            "accountNumber": "DE02",
            "firstDebitDate": "2026-01-01T00:00:00Z",
            "owner": account,
            "bank": "Bank",
            "isPreferred": True,
            "account": [{"id": account}],
        }
        return str(self.shop.suite.created(METHODS, body)["id"])

    # -- money --------------------------------------------------------------------------------------------

    def provider(self, *rules: Mapping[str, Any]) -> None:
        """What the payment provider does from now on."""
        path = Path(self.shop.suite.installation.settings.payment_sandbox_file)
        path.write_text(json.dumps({"rules": rules}))

    def pay(self, amount: str, *bills: Document, account: str = "ann", **more: Any) -> Document:
        """By bank transfer, told to pay these bills."""
        told = {"paymentItem": [item(one["id"]) for one in bills]} if bills else {}
        made = self.shop.suite.created(PAYMENTS, paying(amount, account, **told, **more))
        self.shop.run()
        return dict(made)

    def refund(self, payment: Document, amount: str, account: str = "ann") -> Document:
        body = {**paying(amount, account), "payment": {"id": payment["id"]}}
        made = self.shop.suite.created(REFUNDS, body)
        self.shop.run()
        return dict(found(self.shop.suite.get(f"{REFUNDS}/{made['id']}")))

    def payments(self, account: str = "ann") -> list[str]:
        """`2026-02-15 100 done`: day, amount and state of each payment, the first first."""
        listed = found(self.shop.suite.get(f"{PAYMENTS}?account.id={account}&sort=id&limit=100"))
        return [
            f"{one['statusDate'][:10]} {plain(one['totalAmount']['value'])} {one['status']}"
            for one in sorted(listed, key=lambda one: str(one["id"]))
        ]

    def taken(self) -> list[str]:
        """What the provider took from customers."""
        return sorted(plain(money.amount) for money in captured(self.shop.suite.installation).values())

    def stand(self, account: str = "ann") -> list[str]:
        """`settled 0`: state of each bill, and what remains of it; the first first."""
        return [f"{one['state']} {plain(one['remainingAmount']['value'])}" for one in self.bills(account)]

    def credit(self, account: str = "ann") -> str:
        shown = found(self.shop.suite.get(f"{COLLECTION}/{account}"))["credit"]
        return plain(sum((Decimal(one["left"]["value"]) for one in shown), Decimal(0)))

    # -- dunning ------------------------------------------------------------------------------------------

    def status(self, account: str = "ann") -> str:
        return str(found(self.shop.suite.get(f"{ACCOUNTS}/{account}")).get("paymentStatus"))

    def steps(self, account: str = "ann") -> list[str]:
        """`2026-02-18 reminder 100`: day, action and amount of every step that was taken."""
        with self.shop.suite.installation.database.read() as uow:
            rows = uow.records(STEPS.name).find({"account": account})
        return [f"{row['at']:%Y-%m-%d} {row['action']} {plain(row['amount'])}" for row in rows]

    def product_status(self, product: str) -> str:
        return str(found(self.shop.suite.get(f"{PRODUCTS}/{product}"))["status"])

    def hold(self, until: str | None, account: str = "ann") -> None:
        wanted = None if until is None else {"until": until, "reason": "promised to pay"}
        found(self.shop.suite.patch(f"{COLLECTION}/{account}", {"hold": wanted}))
        self.shop.run()

    def dispute(self, bill: Document, amount: str) -> None:
        """The customer disputes a part of what remains of a bill."""
        installation = self.shop.suite.installation
        with installation.database.write() as uow:
            act = acting(installation, uow)
            context = act.context("customerBill")
            receivables = act.offered("receivables")
            open_bill = receivables.get(context, bill["id"])
            receivables.dispute(context, bill["id"], type(open_bill.remaining)(Decimal(amount), "EUR"))
            uow.commit()

    def listed(self) -> list[Document]:
        """As `bss dunning list` has them."""
        return cases(self.shop.suite.installation)

    # -- the books ----------------------------------------------------------------------------------------

    def check_payments(self) -> None:
        check_money(self.shop.suite)


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def collecting_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One that bills, collects and duns by the clock and the usual policies, with the sandbox for a provider."""
    script = tmp_path_factory.mktemp("sandbox") / "script.json"
    script.write_text('{"rules": []}')
    with staged(request, tmp_path_factory, billing="automatic", payment_sandbox_file=str(script)) as opened:
        yield opened


@pytest.fixture
def cashier(collecting_stage: Stage) -> Iterator[Cashier]:
    """The books agree at the end of every story."""
    cashier = Cashier(collecting_stage.open())
    cashier.provider()
    yield cashier
    try:
        cashier.check()
        cashier.check_payments()
    finally:
        collecting_stage.tidy()


__all__ = [
    "APRIL",
    "ARREARS",
    "BILLS",
    "DUE",
    "FEBRUARY",
    "MARCH",
    "Cashier",
    "Shop",
    "cashier",
    "collecting_stage",
    "postgres_server",
]
