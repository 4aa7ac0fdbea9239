"""The states of a bucket and of what changes one.

Source: TMF654 v4.0.0 `BucketStatusType` and `ActionStatusType` name the states; the standard draws no diagram, and the
moves are a proposal. What has come to an end stays as it ended: a top-up that was wrong is mended by an adjustment, a
reservation that lapsed is made anew.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

BUCKET = Lifecycle(
    attribute="status",
    initial="active",
    moves={
        "active": frozenset({"suspended", "expired"}),
        "suspended": frozenset({"active", "expired"}),
        "expired": frozenset[str](),
    },
    source="TMF654 v4.0.0 BucketStatusType; moves are a proposal",
)

ACTION = Lifecycle(
    attribute="status",
    initial="created",
    moves={
        "created": frozenset({"completed", "failed", "cancelled"}),
        "completed": frozenset[str](),
        "failed": frozenset[str](),
        "cancelled": frozenset[str](),
    },
    source="TMF654 v4.0.0 ActionStatusType; moves are a proposal",
)
