"""The states of individuals and organizations.

Source: TMF632 v5.0.0 `IndividualStateType` and `OrganizationStateType` name the states; the moves are those of the
party diagrams (tmf630-rules, section 3.5). A party that another system has validated may be created validated.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

INDIVIDUAL = Lifecycle(
    attribute="status",
    initial="initialized",
    moves={
        "initialized": frozenset({"validated", "deceased"}),
        "validated": frozenset({"deceased"}),
        "deceased": frozenset[str](),
    },
    source="TMF632 v5.0.0 IndividualStateType",
    created=frozenset({"validated", "deceased"}),
)

ORGANIZATION = Lifecycle(
    attribute="status",
    initial="initialized",
    moves={
        "initialized": frozenset({"validated"}),
        "validated": frozenset({"closed"}),
        "closed": frozenset[str](),
    },
    source="TMF632 v5.0.0 OrganizationStateType",
    created=frozenset({"validated", "closed"}),
)
