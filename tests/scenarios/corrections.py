"""What stories of corrections are told with: what people decide about bills, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from common import exact_json
from common.domain.query import Document
from tests.client import Answer
from tests.scenarios.cashier import Cashier, collecting_stage, postgres_server
from tests.scenarios.charging import plain
from tests.scenarios.conftest import Stage
from tests.scenarios.kit import found

__all__ = ["Clerk", "clerk", "collecting_stage", "postgres_server"]

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = yaml.safe_load((ROOT / "openapi/extensions/billing-corrections.yaml").read_text())
CORRECTIONS = "/tmf-api/billing/v1"
CREDIT_NOTES, DISPUTES = f"{CORRECTIONS}/creditNote", f"{CORRECTIONS}/dispute"
ADJUSTMENTS, WRITE_OFFS = f"{CORRECTIONS}/adjustment", f"{CORRECTIONS}/writeOff"


@dataclass
class Clerk(Cashier):
    """Decides about bills."""

    def credits(self, bill: Document, **what: Any) -> Document:
        """A credit note over what is left of the bill, or `amount="10"`, `percentage=50`, `item=[...]` of it."""
        return self._decided(CREDIT_NOTES, bill={"id": bill["id"]}, **what)

    def disputes(self, bill: Document, **what: Any) -> Document:
        return self._decided(DISPUTES, bill={"id": bill["id"]}, **what)

    def adjusts(self, kind: str, amount: str, account: str = "ann", **what: Any) -> Document:
        of = {"billingAccount": {"id": account}, "adjustmentType": kind, "name": what.pop("name", "goodwill")}
        return self._decided(ADJUSTMENTS, amount=amount, **of, **what)

    def writes_off(self, bill: Document, **what: Any) -> Document:
        return self._decided(WRITE_OFFS, bill={"id": bill["id"]}, **what)

    def ends(self, decision: Document, **changes: Any) -> Document:
        """A decision that is changed: how a dispute ends, a recovery, an adjustment that is not to be."""
        answer = self.asks(decision["href"].removeprefix("http://bss.example"), "PATCH", **changes)
        self.shop.run()
        return as_described(dict(found(answer)))

    def asks(self, path: str, method: str = "POST", **body: Any) -> Answer:
        if isinstance(body.get("amount"), str):
            body["amount"] = {"unit": body.pop("unit", "EUR"), "value": Decimal(body["amount"])}
        return self.shop.suite.request(method, path, body)

    def books(self, account: str = "ann") -> dict[str, str]:
        """What the account has in each ledger account, without zeros."""
        installation = self.shop.suite.installation
        with installation.database.read() as uow:
            found = installation.offered("ledger", uow).balance(account)
        return {name: plain(amount) for name, amount in found.get("EUR", {}).items() if amount}

    def item_ids(self, bill: Document) -> dict[str, str]:
        """The id of each item of a bill, by its name."""
        listed = found(self.shop.suite.get(f"{RATES}?bill.id={bill['id']}"))
        return {one["name"]: one["id"] for one in listed}

    def _decided(self, path: str, **body: Any) -> Document:
        answer = self.asks(path, reason=body.pop("reason", "as agreed"), **body)
        assert answer.status == 201, answer.content
        self.shop.run()
        return as_described(dict(answer.json))


def as_described(document: Document) -> Document:
    """The document, which is what its description says."""
    validator = OAS30Validator({"$ref": f"#/components/schemas/{document['@type']}", **DESCRIPTION})
    plain_json = json.loads(exact_json.encode(document))
    assert [error.message for error in validator.iter_errors(plain_json)] == []
    return document


RATES = "/tmf-api/customerBillManagement/v5/appliedCustomerBillingRate"


@pytest.fixture
def clerk(collecting_stage: Stage) -> Iterator[Clerk]:
    """The books agree at the end of every story."""
    clerk = Clerk(collecting_stage.open())
    clerk.provider()
    yield clerk
    try:
        clerk.check()
        clerk.check_payments()
    finally:
        collecting_stage.tidy()
