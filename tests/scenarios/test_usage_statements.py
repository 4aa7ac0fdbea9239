"""How often the database is asked by one usage, and what (docs/performance.md)."""

from __future__ import annotations

import pytest

from tests.scenarios.charging import ANNA, Network
from tests.scenarios.kit import Shop
from tests.scenarios.statements import round_trips

FIRST = [
    "INSERT tmf635_usage_key",
    "SELECT tmf635_horizon",
    "SELECT tmf637_identifier",
    "SELECT tmf637_product_span",
    "SELECT tmf637_product_span",
]
AGREED = ["SELECT tmf666_billing_account", "SELECT tmf620_product_offering_price", "SELECT tmf678_earlier_cycle"]
LOCKED = [
    "INSERT tmf635_scope",
    "INSERT tmf635_claim",
    "SELECT tmf635_scope",
    "SELECT tmf635_claim",
    "SELECT tmf635_bucket",
    "SELECT tmf635_counter",
    "SELECT tmf635_hold",
    "SELECT tmf654_owner",
]
WRITTEN = [
    "INSERT tmf635_rating",
    "INSERT tmf635_rated_line",
    "INSERT tmf635_product_usage",
    "INSERT tmf635_product_usage_lookup",
    "INSERT outbox",
]


def test_one_usage_is_four_round_trips(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(shop)
    network.plan("s", network.price("voice", "voice", "0.12", "1 min"))
    network.sell("s", account=network.account("acc-1"))
    at = "2026-01-02T00:00:00.000Z"
    network.use("voice", at, "60 s")

    with round_trips(monkeypatch) as sent:
        assert network.use("voice", at, "60 s", msisdn=ANNA, record="1").total == "0.12"

    made, asked = sent[:4], [one for each in sent for one in each]
    if shop.suite.installation.database.dialect_name == "postgresql":
        assert made == [["BEGIN", *FIRST], AGREED, LOCKED, [*WRITTEN, "COMMIT"]]
    else:
        assert [one for one in asked if one in FIRST] == FIRST
