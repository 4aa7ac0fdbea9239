"""The way from a member of a v4 document to its place in the stored one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from common.domain.query import Condition, Kind, Operator
from common.v4.shapes import Steps

# What stands before the name of a member that only the other major version knows.
MARK = "~"


class Translation(Protocol):
    """A rule that changes values, and so the conditions on them."""

    def compare(self, operator: Operator, values: tuple[str, ...], kind: Kind) -> Condition:
        """The condition on the stored object around the member, paths starting there."""


class Routed(Protocol):
    """Something that knows where its v4 members are in the stored document."""

    def route(self, name: str) -> Route:
        """The way to a member from here."""


@dataclass(frozen=True)
class Route:
    """The stored steps to a v4 member, what knows the way further, and the rule that changes its values.

    Shapes: `whole` is where the member itself is found, when `steps` only lead to what is in it;
            `around` the part of `steps` that leads to the object which `translation` speaks of.
    """

    steps: Steps
    further: Routed | None = None
    translation: Translation | None = None
    whole: Steps | None = None
    around: Steps = ()
