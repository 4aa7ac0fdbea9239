"""The states of a product.

Source: TMF637 v5.0.0 `ProductStatusType` and the product state diagram (tmf630-rules, section 3.4). Not drawn there
and a proposal: a suspended product is ended through pendingTerminate, like an active one.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.lifecycle import Lifecycle


@dataclass(frozen=True)
class ProductLifecycle(Lifecycle):
    """Takes the official files' spelling `"aborted "` for the state it is; the rules store it without the blank."""

    def may_create(self, state: str) -> bool:
        return super().may_create(state.strip())

    def may_move(self, before: str, after: str) -> bool:
        return super().may_move(before.strip(), after.strip())


PRODUCT = ProductLifecycle(
    attribute="status",
    initial="created",
    moves={
        "created": frozenset({"pendingActive", "active"}),
        "pendingActive": frozenset({"active", "aborted", "cancelled"}),
        "active": frozenset({"suspended", "pendingTerminate", "terminated"}),
        "suspended": frozenset({"active", "pendingTerminate"}),
        "pendingTerminate": frozenset({"terminated"}),
        "terminated": frozenset[str](),
        "aborted": frozenset[str](),
        "cancelled": frozenset[str](),
    },
    source="TMF637 v5.0.0 ProductStatusType and state diagram",
    created=frozenset({"pendingActive", "active", "suspended", "pendingTerminate"}),
)
