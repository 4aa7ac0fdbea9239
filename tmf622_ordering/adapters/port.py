"""The port between orders and whoever carries out their tasks; `orchestration.calls` says what passes through it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from tmf622_ordering.orchestration.calls import HINT, Answer, Call, Operation, Outcome

__all__ = ["HINT", "Answer", "Call", "Fulfilment", "Operation", "Outcome"]


class Fulfilment(Protocol):
    """A system that carries out tasks.

    Never raises for what the other side does: no answer in time is `retry`. Safe to call from several threads.
    """

    def perform(self, call: Call, now: datetime) -> Answer: ...
