"""States and the moves between them, as a table with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lifecycle:
    """The states of a resource and which may follow which.

    Shapes: `moves` has an entry for every state of the table; a state with no followers is final.
            `created` are the states a client may create with; `open` lets states outside the table pass
            unguarded (catalogue states are free text in the standard).
    Source: named in `source`, by API, version and table.
    """

    attribute: str
    initial: str
    moves: Mapping[str, frozenset[str]]
    source: str
    created: frozenset[str] = frozenset()
    open: bool = False

    def knows(self, state: str) -> bool:
        return state in self.moves

    def may_create(self, state: str) -> bool:
        if self.open and not self.knows(state):
            return True
        return state == self.initial or state in self.created

    def may_move(self, before: str, after: str) -> bool:
        """Whether `after` may follow `before`; staying is always allowed."""
        if before == after:
            return True
        if self.open and not (self.knows(before) and self.knows(after)):
            return True
        return after in self.moves.get(before, frozenset())

    def is_final(self, state: str) -> bool:
        return self.knows(state) and not self.moves[state]
