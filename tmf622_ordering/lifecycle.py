"""TMF622 v5.0.0: states of orders, of their items and of cancellation tasks. Tables only."""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

_CANCELLING = frozenset({"assessingCancellation"})

# The arrows of the diagram, and one that it leaves out: a cancellation that arrives while an item is merely
# acknowledged, which customers do. It may be denied, so there is a way back.
_ITEM_MOVES = {
    "acknowledged": frozenset({"inProgress", "pending"}) | _CANCELLING,
    "inProgress": frozenset({"pending", "held", "completed", "failed", "partial"}) | _CANCELLING,
    "pending": frozenset({"inProgress", "cancelled"}) | _CANCELLING,
    "held": frozenset({"inProgress", "cancelled"}) | _CANCELLING,
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

# `draft` and `inProgress.accepted` are values of the v5 enum without a picture. What has not begun is cancelled at
# once by its CancelProductOrder task; `rules` keeps that move to the task.
ORDER = Lifecycle(
    attribute="state",
    initial="acknowledged",
    created=frozenset({"draft", "rejected"}),
    moves={
        **_ITEM_MOVES,
        "draft": frozenset({"acknowledged", "rejected", "cancelled"}),
        "acknowledged": _ITEM_MOVES["acknowledged"] | {"inProgress.accepted", "cancelled"},
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

DRAFT, ACKNOWLEDGED, REJECTED, CANCELLED, COMPLETED = "draft", "acknowledged", "rejected", "cancelled", "completed"
ASSESSING, PENDING_CANCELLATION = "assessingCancellation", "pendingCancellation"
