"""Batches, corrections and single usages at once: every record once, every unit and cent, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.charging import Network, usage
from tests.scenarios.kit import Shop
from tests.scenarios.test_usage_rerate import correct, line, stored
from tmf635_usage.ingest import Ingest, Outcome
from tmf635_usage.rerate import rerate
from tmf635_usage.tables import LINES, RATINGS

WRITERS, RECORDS = 6, 24


@pytest.fixture
def network(shop: Shop) -> Network:
    told = Network(shop)
    told.price("sms", "sms", "0.10", "1 event")
    told.allowance("family", "sms", "20 event", sharing="family")
    account = told.account("acc-family")
    ref = {"@type": "BillingAccountRef", "id": account, "@referredType": "BillingAccount"}
    for id in ("one", "two"):
        line(told, id, "sms", "family", billingAccount=ref)
    return told


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(action) for action in actions]]


def record(number: int) -> dict[str, Any]:
    return usage("sms", f"2025-12-01T10:00:{number:02}Z", "1 event", ("one", "two")[number % 2], record=str(number))


def test_the_same_records_in_any_order_at_once_count_once(shop: Shop, network: Network) -> None:
    ingest = Ingest.of(shop.suite.installation)

    def take(writer: int) -> list[Outcome]:
        order = [(number * (1, 5, 7, 11, 13, 17)[writer] + writer) % RECORDS for number in range(RECORDS)]
        return ingest.take([record(number) for number in order])

    outcomes = [one for taken in at_once(*(lambda w=w: take(w) for w in range(WRITERS))) for one in taken]

    results = [one.result for one in outcomes]
    assert (results.count("created"), results.count("duplicate")) == (RECORDS, RECORDS * (WRITERS - 1))
    assert len({one.id for one in outcomes}) == RECORDS
    assert network.buckets() == ["family 2025-12-01T00:00:00.000Z 20 of 20 event"]
    assert charged(shop) == Decimal("0.4")


def test_ratings_are_done_over_while_usage_arrives(shop: Shop, network: Network) -> None:
    installation = shop.suite.installation
    ingest = Ingest.of(installation)
    ingest.take([record(number) for number in range(8)])
    correct(network, "sms", "sms", "0.02", "1 event")

    at_once(
        *(lambda n=n: ingest.take([record(n)]) for n in range(8, RECORDS)),
        *(lambda id=id: rerate(installation, id) for id in ("one", "two", "one")),
    )

    rows = stored(shop)
    assert sum(row["is_current"] for row in rows[RATINGS.name]) == RECORDS
    assert network.buckets() == ["family 2025-12-01T00:00:00.000Z 20 of 20 event"]
    units = sum(row["quantity"] for row in rows[LINES.name] if row["kind"] == "usage")
    assert (units, charged(shop)) == (4, Decimal("0.08"))


def charged(shop: Shop) -> Decimal:
    """What all lines come to."""
    return sum((row["amount"] for row in stored(shop)[LINES.name]), Decimal(0))
