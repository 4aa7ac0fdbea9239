"""What tests of balances share: a suite on each database, and what must be true of its balances at any time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from common.domain.query import AllOf
from tests.client import Suite
from tests.tables import stored_tables
from tmf654_balance.tables import BALANCES, HELD, MOVEMENTS, RESERVATIONS

BASE = "/tmf-api/prepayBalanceManagement/v4"
START = "2026-03-01T12:00:00Z"


def emptied(suite: Suite) -> Suite:
    """The suite without anything of balances in it, and with empty books."""
    with suite.installation.database.engine.begin() as connection:
        for name in stored_tables(connection):
            if "654" in name or "tmf666" in name or name in ("work", "outbox", "idempotency"):
                connection.execute(text(f'DELETE FROM "{name}"'))
    return suite


def of(bucket: str, amount: Any, units: str = "EUR", **more: Any) -> dict[str, Any]:
    """An action on a bucket of account a1."""
    common = {"usageType": "monetary", "bucket": {"id": bucket}, "partyAccount": {"id": "a1"}}
    return {**common, "amount": {"amount": amount, "units": units}, **more}


def bucket_document(suite: Suite, id: str, amount: str, **more: Any) -> None:
    """A bucket that came as a document, of account a1 unless it says otherwise."""
    common = {"id": id, "usageType": "monetary", "status": "active", "partyAccount": {"id": "a1"}}
    value = {"amount": Decimal(amount), "units": "EUR"}
    held = {"remainingValue": value, "reservedValue": {"amount": 0, "units": "EUR"}}
    document = {name: one for name, one in {**common, **held, **more}.items() if one is not None}
    with suite.installation.database.write() as uow:
        stored = suite.installation.by_name["bucket"].stored.name
        uow.repository(stored).add(id, document, suite.installation.clock.now())
        uow.commit()


def topped_up(suite: Suite, bucket: str, amount: Any, **more: Any) -> Any:
    answer = suite.created(f"{BASE}/topupBalance", of(bucket, amount, **more))
    assert answer["status"] == "completed", answer
    return answer


def transfer(giver: str, taker: str, amount: Any, **more: Any) -> dict[str, Any]:
    mandatory = {"reason": "gift", "channel": {"id": "shop"}, "receiverLogicalResource": {"id": "n2"}}
    to = {"receiverBucket": {"id": taker}, "receiverBucketUsageType": "monetary", "logicalResource": [{"id": "n1"}]}
    return {**of(giver, amount), **mandatory, **to, **more}


def bucket(suite: Suite, id: str) -> tuple[Decimal, Decimal]:
    """What is left in it and what of that is reserved, by its document."""
    document = suite.get(f"{BASE}/bucket/{id}").json
    return Decimal(document["remainingValue"]["amount"]), Decimal(document["reservedValue"]["amount"])


def check(suite: Suite) -> dict[str, Decimal]:
    """Rows, movements, reservations and documents agree, and none is below its limit; what is left in each bucket."""
    with suite.installation.database.read() as uow:
        rows = uow.records(BALANCES.name).find({})
        moved = {
            one.group["bucket"]: one.sums["amount"]
            for one in uow.records(MOVEMENTS.name).sum(["amount"], {}, ["bucket"])
        }
        reserved = {
            one.group["bucket"]: one.sums["amount"]
            for one in uow.records(RESERVATIONS.name).sum(["amount"], {"state": HELD}, ["bucket"])
        }
        documents = suite.installation.library(uow).get_many("bucket", {row["bucket"] for row in rows})
        totals = suite.installation.library(uow)
        of_accounts: dict[tuple[str, str], Decimal] = {}
        for row in rows:
            id = row["bucket"]
            assert row["remaining"] == moved.get(id, 0), row
            assert row["reserved"] == reserved.get(id, 0), row
            assert row["remaining"] - row["reserved"] >= row["floor"], row
            shown = documents[id]
            assert (shown["remainingValue"]["amount"], shown["remainingValue"]["units"]) == (
                row["remaining"],
                row["unit"],
            )
            assert (shown["reservedValue"]["amount"], shown["status"]) == (row["reserved"], row["status"])
            key = (row["account"], f"{row['usage_type']} {row['unit']}")
            of_accounts[key] = of_accounts.get(key, Decimal(0)) + row["remaining"]
        for shown in totals.find("accumulatedBalance", AllOf(()), limit=1000):
            key = (shown["partyAccount"]["id"], shown["name"])
            assert of_accounts.pop(key) == shown["totalBalance"]["amount"]
        assert of_accounts == {}
    return {row["bucket"]: row["remaining"] for row in rows}
