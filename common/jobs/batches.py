"""How far an import is, and what one batch of it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.jobs.ledger import Counts


@dataclass(frozen=True)
class Place:
    """How far a file has been read, and what became of it so far."""

    offset: int = 0
    number: int = 0
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True)
class Batch:
    """What one batch did: where the next begins, what went wrong in it, and whether and why it was the last."""

    place: Place
    notes: tuple[str, ...] = ()
    is_last: bool = False
    problem: str = ""
