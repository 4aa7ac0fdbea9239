"""The states of a payment method.

TMF670 v4.0.0 leaves `status` free text; `Active` is its example. The moves are a proposal, and the table is open:
states outside it pass unguarded.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

PAYMENT_METHOD = Lifecycle(
    attribute="status",
    initial="Active",
    moves={
        "Active": frozenset({"Inactive", "Expired", "Revoked"}),
        "Inactive": frozenset({"Active", "Expired", "Revoked"}),
        "Expired": frozenset[str](),
        "Revoked": frozenset[str](),
    },
    source="TMF670 v4.0.0 PaymentMethod.status is free text; states and moves are a proposal",
    created=frozenset({"Inactive"}),
    open=True,
)
