"""The states of a request for reports.

Source: TMF677 v5.1.0 `TaskStateType` names the states, the same as TMF622 has for cancellations; so are the moves.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

QUERY = Lifecycle(
    attribute="state",
    initial="acknowledged",
    moves={
        "acknowledged": frozenset({"inProgress", "done", "rejected", "cancelled", "terminatedWithError"}),
        "inProgress": frozenset({"done", "cancelled", "terminatedWithError"}),
        "rejected": frozenset[str](),
        "cancelled": frozenset[str](),
        "done": frozenset[str](),
        "terminatedWithError": frozenset[str](),
    },
    source="TMF677 v5.1.0 TaskStateType; moves as those of TMF622's TaskStateType",
)
