"""How often the database is asked by a request of a session, and what (docs/charging.md)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.scenarios.charging import Network
from tests.scenarios.kit import PRODUCTS, Shop
from tests.scenarios.sessions import Call, Element
from tests.scenarios.statements import round_trips
from tests.tmf654_balance.kit import bucket, topped_up

# What is locked comes before what is read of it; the last four are what the places of rows are remembered from.
LOCKED = [
    "SELECT tmf635_scope",
    "SELECT tmf635_claim",
    "SELECT tmf635_session",
    "SELECT tmf635_bucket",
    "SELECT tmf635_hold",
    "SELECT tmf654_balance",
    "SELECT tmf654_total",
    "SELECT tmf654_reservation",
]
FACTS = [
    "SELECT tmf637_product_span",
    "SELECT tmf666_billing_account",
    "SELECT tmf620_product_offering_price",
    "SELECT tmf678_earlier_cycle",
    "SELECT tmf654_owner",
]
WRITTEN = [
    "INSERT tmf635_product_usage",
    "INSERT tmf635_product_usage_lookup",
    "INSERT tmf635_rating",
    "INSERT tmf635_rated_line",
    "INSERT tmf654_reservation",
    "INSERT tmf654_balance",
    "INSERT tmf654_movement",
    "UPDATE tmf654_v4_bucket",
    "UPDATE tmf654_v4_accumulated_balance",
    "INSERT tmf654_total",
    "INSERT work",
    "INSERT tmf635_usage_key",
    "INSERT tmf635_session",
    "INSERT outbox",
]


@pytest.fixture
def call(shop: Shop) -> Call:
    """A call that uses free units and money, in its second minute."""
    network = Network(shop)
    element = Element(network)
    network.plan("prepaid", network.price("voice", "voice", "0.10", "1 min"), network.allowance("m", "voice", "1 min"))
    network.sell("prepaid", account=network.account("acc-1"))
    element.fill("1", partyAccount={"id": "acc-1"})
    call = element.open("voice", "60 s")
    call.ask("60 s", "60 s")
    return call


def test_an_update_locks_and_reads_at_once_and_writes_with_the_commit(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with round_trips(monkeypatch) as sent:
        assert call.ask("60 s", "60 s") == "60 s"

    if call.suite.installation.database.dialect_name == "postgresql":
        assert sent == [["BEGIN", *LOCKED, *FACTS], [*WRITTEN, "COMMIT"]]
    else:
        assert [one for each in sent for one in each][: len(LOCKED) + len(FACTS)] == [*LOCKED, *FACTS]


def test_what_was_changed_meanwhile_is_looked_up_anew(call: Call) -> None:
    """Nothing that a process remembers is believed: which buckets there are, whether the product is active."""
    product, until = call.shown["product"]["id"], {"endDateTime": "2026-02-01T00:00:00Z"}

    topped_up(call.suite, "gift", 1, product=[{"id": product}], validFor=until)
    assert (call.ask("60 s", "60 s"), bucket(call.suite, "gift")) == ("60 s", (Decimal("0.9"), Decimal("0.1")))
    assert call.suite.patch(f"{PRODUCTS}/{product}", {"status": "suspended"}).status == 200
    assert call.ask("60 s", "60 s") == "charging.not-active"
