"""The states of payments and refunds.

Source: TMF676 v4.0.0 `PaymentStatusExampleType` and `RefundStatusExampleType` name the states; the standard draws no
diagram, and the moves are a proposal. What has ended never changes: money goes back by a refund of its own.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

_MOVES = {
    "pendingAuthorization": frozenset({"authorized", "captured", "done", "denied", "failed", "canceled"}),
    "authorized": frozenset({"captured", "done", "denied", "failed", "canceled"}),
    "captured": frozenset({"done", "failed"}),
    "done": frozenset[str](),
    "denied": frozenset[str](),
    "failed": frozenset[str](),
    "canceled": frozenset[str](),
}
PAYMENT = Lifecycle(
    attribute="status",
    initial="pendingAuthorization",
    moves=_MOVES,
    source="TMF676 v4.0.0 PaymentStatusExampleType; moves are a proposal",
    created=frozenset({"done", "failed"}),
)
REFUND = Lifecycle(
    attribute="status",
    initial="pendingAuthorization",
    moves=_MOVES,
    source="TMF676 v4.0.0 RefundStatusExampleType; moves are a proposal",
    created=frozenset({"done", "failed"}),
)
