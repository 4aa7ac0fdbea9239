"""Calls as orders make them, with overrides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tmf622_ordering.adapters.port import Call, Operation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALL = Call(
    key="order-1/1/provision/cfs-1",
    operation=Operation.DO,
    kind="provision",
    order_id="order-1",
    item_id="1",
    attempt=1,
    requested_at=NOW,
    details={
        "action": "add",
        "productId": "product-1",
        "productOffering": {"id": "offering-1", "name": "Fibre 500"},
        "serviceSpecification": {"id": "cfs-1", "name": "Broadband access"},
        "characteristic": {"speed": 500, "static": True},
    },
)


def call(**changes: Any) -> Call:
    details = {**CALL.details, **changes.pop("details", {})}
    return replace(CALL, **changes, details={name: value for name, value in details.items() if value is not None})
