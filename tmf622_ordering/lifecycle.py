"""TMF622 v5.0.0: states of orders, of their items and of cancellation tasks. Tables only."""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

_CANCELLING = frozenset({"assessingCancellation"})

# The diagram, and what it leaves out: `draft` and `inProgress.accepted` (values of the v5 enum without a picture),
# and a cancellation that arrives while an order is merely acknowledged, which customers do. An order that has not
# begun may be cancelled at once; one that fails or is refused before work begins ends there.
_ITEM_MOVES = {
    "acknowledged": frozenset({"inProgress", "pending", "held", "rejected", "cancelled", "failed"}) | _CANCELLING,
    "inProgress": frozenset({"pending", "held", "completed", "failed", "partial"}) | _CANCELLING,
    "pending": frozenset({"inProgress", "held", "cancelled"}) | _CANCELLING,
    "held": frozenset({"inProgress", "pending", "cancelled"}) | _CANCELLING,
    "assessingCancellation": frozenset({"acknowledged", "inProgress", "pending", "held", "pendingCancellation"}),
    "pendingCancellation": frozenset({"cancelled"}),
    "rejected": frozenset(),
    "cancelled": frozenset(),
    "completed": frozenset(),
    "failed": frozenset(),
    "partial": frozenset(),
}

ITEM = Lifecycle(
    attribute="state",
    initial="acknowledged",
    moves=_ITEM_MOVES,
    source="TMF622 v5.0.0 ProductOrderItemStateType; item state diagram of the TMF622 user guide, and `partial` of v5",
)

ORDER = Lifecycle(
    attribute="state",
    initial="acknowledged",
    created=frozenset({"draft", "rejected"}),
    moves={
        **_ITEM_MOVES,
        "draft": frozenset({"acknowledged", "rejected", "cancelled"}),
        "acknowledged": _ITEM_MOVES["acknowledged"] | {"inProgress.accepted"},
        "inProgress": _ITEM_MOVES["inProgress"] | {"inProgress.accepted"},
        "inProgress.accepted": _ITEM_MOVES["inProgress"] | {"inProgress"},
        "pending": _ITEM_MOVES["pending"] | {"inProgress.accepted"},
        "held": _ITEM_MOVES["held"] | {"inProgress.accepted"},
        "assessingCancellation": _ITEM_MOVES["assessingCancellation"] | {"inProgress.accepted"},
    },
    source="TMF622 v5.0.0 ProductOrderStateType; order state diagram of the TMF622 user guide",
)

CANCELLATION = Lifecycle(
    attribute="state",
    initial="acknowledged",
    moves={
        "acknowledged": frozenset({"inProgress", "done", "rejected", "cancelled", "terminatedWithError"}),
        "inProgress": frozenset({"done", "cancelled", "terminatedWithError"}),
        "rejected": frozenset(),
        "cancelled": frozenset(),
        "done": frozenset(),
        "terminatedWithError": frozenset(),
    },
    source="TMF622 v5.0.0 TaskStateType; task state diagram of the TMF622 user guide, and the two states v5 adds",
)
