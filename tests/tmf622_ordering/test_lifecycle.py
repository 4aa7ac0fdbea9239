"""TMF622: the tables of orders, items and cancellation tasks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.domain.lifecycle import Lifecycle
from tmf622_ordering.lifecycle import CANCELLATION, ITEM, ORDER

PUBLISHED = Path(__file__).resolve().parents[2] / "openapi" / "published" / "TMF622-v5.0.0.oas.json"
FINAL = {"rejected", "cancelled", "completed", "failed", "partial"}
DIAGRAM = [
    ("acknowledged", "inProgress"),
    ("acknowledged", "pending"),
    ("inProgress", "pending"),
    ("pending", "inProgress"),
    ("inProgress", "held"),
    ("held", "inProgress"),
    ("pending", "cancelled"),
    ("held", "cancelled"),
    ("inProgress", "assessingCancellation"),
    ("pending", "assessingCancellation"),
    ("held", "assessingCancellation"),
    ("assessingCancellation", "inProgress"),
    ("assessingCancellation", "pending"),
    ("assessingCancellation", "held"),
    ("assessingCancellation", "pendingCancellation"),
    ("pendingCancellation", "cancelled"),
    ("inProgress", "completed"),
    ("inProgress", "failed"),
    ("inProgress", "partial"),
]
BESIDE = [("acknowledged", "assessingCancellation"), ("assessingCancellation", "acknowledged")]
ORDER_ONLY = [
    ("draft", "acknowledged"),
    ("draft", "rejected"),
    ("draft", "cancelled"),
    ("acknowledged", "cancelled"),
    *((state, "inProgress.accepted") for state in ("acknowledged", "inProgress", "pending", "held")),
    ("assessingCancellation", "inProgress.accepted"),
    *(
        ("inProgress.accepted", state)
        for state in ("inProgress", "pending", "held", "completed", "failed", "partial", "assessingCancellation")
    ),
]


def moves(lifecycle: Lifecycle) -> list[tuple[str, str]]:
    return sorted((before, after) for before, followers in lifecycle.moves.items() for after in followers)


@pytest.mark.parametrize(
    ("lifecycle", "enum"),
    [(ORDER, "ProductOrderStateType"), (ITEM, "ProductOrderItemStateType"), (CANCELLATION, "TaskStateType")],
)
def test_the_table_has_every_state_of_the_enum(lifecycle: Lifecycle, enum: str) -> None:
    schemas = json.loads(PUBLISHED.read_text(encoding="utf-8"))["components"]["schemas"]

    assert set(lifecycle.moves) == set(schemas[enum]["enum"])


def test_items_move_as_in_the_diagram_and_may_be_cancelled_early() -> None:
    assert moves(ITEM) == sorted([*DIAGRAM, *BESIDE])


def test_orders_move_as_items_and_have_two_states_more() -> None:
    assert moves(ORDER) == sorted([*DIAGRAM, *BESIDE, *ORDER_ONLY])


def test_final_states_are_final() -> None:
    assert {state for state in ORDER.moves if ORDER.is_final(state)} == FINAL
    assert {state for state in ITEM.moves if ITEM.is_final(state)} == FINAL


def test_a_cancellation_ends_once() -> None:
    assert moves(CANCELLATION) == sorted(
        [
            *(("acknowledged", state) for state in CANCELLATION.moves if state != "acknowledged"),
            *(("inProgress", state) for state in ("done", "cancelled", "terminatedWithError")),
        ]
    )
