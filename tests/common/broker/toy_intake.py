"""A component that keeps what it reads from a stream, once by its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from common.component import Component, Intake, Refusal
from common.installation import Installation

STREAM = "things"
COMPONENT = Component(
    name=__name__,
    api="TMF000",
    resources=(),
    intakes=(Intake(STREAM, "tests.common.broker.toy_intake:Shelf", "shelving"),),
)


class Shelf:
    """`component.Taker`. `before` and `after` are called with each batch, around keeping it."""

    shelves: list[Shelf]

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self.given: Counter[bytes] = Counter()
        self.batches: list[list[bytes]] = []
        self.before: Callable[[Sequence[bytes]], None] = lambda bodies: None
        self.after: Callable[[Sequence[bytes]], None] = lambda bodies: None
        Shelf.shelves.append(self)

    def take(self, bodies: Sequence[bytes]) -> list[Refusal | None]:
        self.before(bodies)
        self.batches.append(list(bodies))
        self.given.update(bodies)
        self.after(bodies)
        return [{"code": "toy.bad", "message": "it is bad"} if body.startswith(b"bad") else None for body in bodies]


Shelf.shelves = []
