"""What tests of payments share: an account with bills as a bill run leaves them, and what must be true at any time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from common import exact_json
from common.domain.accounting import Part
from common.domain.money import Money
from common.rest.actions import acting
from tests.client import Answer, Suite
from tests.tables import stored_tables
from tmf676_payment.tables import ALLOCATIONS, CREDITS, RETURNS
from tmf676_payment.webhook import signature

PAYMENTS = "/tmf-api/payment/v4/payment"
REFUNDS = "/tmf-api/payment/v4/refund"
METHODS = "/tmf-api/paymentMethod/v4/paymentMethod"
ACCOUNTS = "/tmf-api/accountManagement/v5/billingAccount"
BILLS = "/tmf-api/customerBillManagement/v5/customerBill"
WEBHOOK = "/tmf-api/paymentProvider/v1/webhook"
COLLECTION = "/tmf-api/collections/v1/account"
START = "2026-03-01T12:00:00Z"
SECRET = "a secret of both sides"
EUR = "EUR"


def emptied(suite: Suite) -> Suite:
    """The suite without anything of money in it."""
    with suite.installation.database.engine.begin() as connection:
        for name in stored_tables(connection):
            if any(part in name for part in ("666", "670", "676", "678", "622", "637")) or name in (
                "work",
                "outbox",
                "idempotency",
            ):
                connection.execute(text(f'DELETE FROM "{name}"'))
    return suite


def account(suite: Suite, id: str = "a1", **more: Any) -> str:
    body = {
        "@type": "BillingAccount",
        "id": id,
        "name": f"Account {id}",
        "relatedParty": [
            {
                "@type": "RelatedPartyRefOrPartyRoleRef",
                "role": "customer",
                "partyOrPartyRole": {"@type": "PartyRef", "id": "p1", "@referredType": "Individual"},
            }
        ],
        **more,
    }
    return str(suite.created(ACCOUNTS, body)["id"])


def issue(suite: Suite, id: str, amount: Any, due: str, account: str = "a1", unit: str = EUR) -> str:
    """A bill that is sent, as a bill run leaves it: document, receivable, ledger, and handed over for collection."""
    gross = Money(Decimal(amount), unit)
    with suite.installation.database.write() as uow:
        act = acting(suite.installation, uow)
        context = act.context("customerBill")
        act.create(
            "customerBill",
            {
                "id": id,
                "billNo": id.upper(),
                "state": "sent",
                "billDate": due,
                "paymentDueDate": due,
                "billingAccount": {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"},
                "amountDue": gross.document(),
                "taxIncludedAmount": gross.document(),
                "taxExcludedAmount": gross.document(),
                "remainingAmount": gross.document(),
            },
        )
        act.offered("ledger").bill_issued(
            context,
            bill=id,
            number=id.upper(),
            account=account,
            entity="main",
            at=act.now,
            currency=unit,
            parts=[Part(f"{id}/1", gross, Money(Decimal(0), unit))],
        )
        bill = act.offered("receivables").get(context, id)
        act.offered("collections").bill_issued(context, bill)
        uow.commit()
    return id


def paying(amount: Any, account: str = "a1", unit: str = EUR, **more: Any) -> dict[str, Any]:
    """A payment by bank transfer."""
    return {
        "totalAmount": {"unit": unit, "value": Decimal(amount)},
        "account": {"id": account},
        "paymentMethod": {"@type": "bankAccountTransfer", "name": "Transfer"},
        **more,
    }


def item(bill: str, amount: Any = None, unit: str = EUR) -> dict[str, Any]:
    of = {"item": {"id": bill, "@referredType": "CustomerBill"}}
    return of if amount is None else {**of, "totalAmount": {"unit": unit, "value": Decimal(amount)}}


def card(suite: Suite, token: str = "tok-1", account: str = "a1", **more: Any) -> str:
    """A card that the account pays by unless something else is said; its id."""
    body = {
        "@type": "tokenizedCard",
        "name": f"Card {token}",
        "token": token,
        "lastFourDigits": "1111",
        "expirationDate": "2030-01-01T00:00:00Z",
        "isPreferred": True,
        "account": [{"id": account}],
        **more,
    }
    return str(suite.created(METHODS, body)["id"])


def script(suite: Suite, *rules: Mapping[str, Any]) -> None:
    """What the sandbox provider does from now on."""
    Path(suite.installation.settings.payment_sandbox_file).write_text(json.dumps({"rules": rules}))


def by_card(suite: Suite, amount: Any, token: str = "tok-1", **more: Any) -> dict[str, Any]:
    """A payment that the provider is asked for, as it is answered at first."""
    method = {"@type": "tokenizedCard", "token": token, "name": "Card"}
    made: dict[str, Any] = suite.created(PAYMENTS, paying(amount, **{"paymentMethod": method, **more}))
    return made


def tell(suite: Suite, body: Mapping[str, Any], secret: str = SECRET) -> Answer:
    """A webhook of the provider."""
    content = exact_json.encode(body)
    return suite.post(WEBHOOK, content=content, headers={"payment-signature": signature(content, secret)})


def bill(suite: Suite, id: str) -> tuple[str, Decimal]:
    """State, and what remains."""
    document = suite.get(f"{BILLS}/{id}").json
    return document["state"], Decimal(document["remainingAmount"]["value"])


def payment(suite: Suite, id: str) -> dict[str, Any]:
    found: dict[str, Any] = suite.get(f"{PAYMENTS}/{id}").json
    return found


def left(suite: Suite, account: str = "a1") -> Decimal:
    """The credit that pays no bill."""
    shown = suite.get(f"{COLLECTION}/{account}").json
    return sum((Decimal(one["left"]["value"]) for one in shown["credit"]), Decimal(0))


def check(suite: Suite) -> None:
    """Credits, what they paid, bills and the ledger agree, and every currency of the ledger comes to zero."""
    with suite.installation.database.read() as uow:
        credits = uow.records(CREDITS.name).find({})
        paid = _sums(uow.records(ALLOCATIONS.name).sum(["amount"], {}, ["credit"]), "credit")
        gone = _sums(uow.records(RETURNS.name).sum(["amount"], {"state": ("open", "done")}, ["credit"]), "credit")
        for row in credits:
            assert row["left"] >= 0, row
            assert row["left"] == row["amount"] - paid.get(row["id"], 0) - gone.get(row["id"], 0), row
            assert row["is_left"] == (row["left"] > 0)
        on_bills = _sums(uow.records(ALLOCATIONS.name).sum(["amount"], {}, ["bill"]), "bill")
        applied = _sums(uow.records("tmf678_applied").sum(["amount"], {"kind": "payment"}, ["bill"]), "bill")
        assert {bill: amount for bill, amount in on_bills.items() if amount} == applied
        for row in uow.records("tmf678_receivable").find({}):
            assert 0 <= row["remaining"] <= max(row["amount"], 0), row
        entries = uow.records("tmf666_entry").sum(["amount"], {}, ["currency"])
        assert all(one.sums["amount"] == 0 for one in entries), entries
        books: dict[str, Decimal] = {}
        for one in uow.records("tmf666_entry").sum(["amount"], {"ledger_account": "customerCredit"}, ["account"]):
            books[one.group["account"]] = -one.sums["amount"]
        mine: dict[str, Decimal] = {}
        for row in credits:
            mine[row["account"]] = mine.get(row["account"], Decimal(0)) + row["left"]
        assert {name: amount for name, amount in books.items() if amount} == {
            name: amount for name, amount in mine.items() if amount
        }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _sums(found: Any, by: str) -> Mapping[str, Decimal]:
    return {one.group[by]: one.sums["amount"] for one in found}
