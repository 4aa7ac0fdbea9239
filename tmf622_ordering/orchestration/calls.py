"""What is asked of whoever carries out a task, and how it is answered.

A task is asked for with a `Call` and answered with an `Answer`, at once or later. `Call.key` is the same at every
attempt, so that an adapter asked twice (after a crash, a time-out) does the work once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

# Where the details of a call have what somebody said of its task (`engine.nudge`), which is a hint and no answer.
HINT = "hint"


class Operation(StrEnum):
    """What is asked of a task: to be carried out, to be taken back, or how far it is."""

    DO = "do"
    UNDO = "undo"
    CHECK = "check"
    CHECK_UNDO = "checkUndo"


class Outcome(StrEnum):
    """How a task stands.

    `accepted`: under way, the adapter is asked again at `ask_again_at` or when it sends a hint. `retry`: nothing was
    done, and asking again later may help. `informationRequired`: it goes on once the customer said more.
    """

    DONE = "done"
    ACCEPTED = "accepted"
    RETRY = "retry"
    FAILED = "failed"
    INFORMATION_REQUIRED = "informationRequired"


@dataclass(frozen=True)
class Call:
    """One request to an adapter.

    Shapes: `kind` is reserve, provision, ship, activate, deactivate, swap, suspend or resume; `key` names the task
            across all orders and attempts, an undo has its own; `reference` is what the adapter gave when it accepted
            (checks, and undoing what was done, have it); `attempt` counts from 1; `requested_at` is when the task was
            first asked for; `details` has what is to be delivered: `productId`, `quantity`, `action`, and where the
            order says so `productOffering`, `serviceSpecification` or `resourceSpecification` (references),
            `characteristic` (name -> value), `place`, `relatedParty`, `expectedCompletionDate`, `realizingService`
            (what realizes the product already, or was made for this item).
    """

    key: str
    operation: Operation
    kind: str
    order_id: str
    item_id: str
    attempt: int
    requested_at: datetime
    reference: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """How a task stands, as its adapter says.

    Shapes: `reason` says why for everything but done; `reference` names the work at the other side; `effective_at` is
            when it was done there (now when None); `ask_again_at` when to check what was accepted (None: by the port's
            own pace); `services` and `resources` are references (id, href, name, @referredType) that realize the
            product; `missing` names the characteristics that are needed.
    """

    outcome: Outcome
    reason: str = ""
    reference: str | None = None
    effective_at: datetime | None = None
    ask_again_at: datetime | None = None
    services: tuple[Mapping[str, Any], ...] = ()
    resources: tuple[Mapping[str, Any], ...] = ()
    missing: tuple[str, ...] = ()
