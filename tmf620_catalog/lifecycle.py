"""TMF620 v5.0.0: which catalogue state may follow which, and how a job proceeds. Tables only."""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

CATALOGUE = Lifecycle(
    attribute="lifecycleStatus",
    initial="In Study",
    created=frozenset({"In Design", "In Test", "Active", "Launched"}),
    moves={
        "In Study": frozenset({"In Design"}),
        "In Design": frozenset({"In Test"}),
        "In Test": frozenset({"In Design", "Active", "Rejected"}),
        "Active": frozenset({"Launched", "Retired"}),
        "Launched": frozenset({"Retired"}),
        "Retired": frozenset({"Obsolete"}),
        "Obsolete": frozenset(),
        "Rejected": frozenset(),
    },
    source="TMF620 user guide, life cycle of catalogue entities; moves as in tmforum/DSPRODUCTCATALOG2 "
    "LifecycleStatus.java. The standard's type is free text, so other states pass unguarded.",
    open=True,
)

# `status` is the server's: a client may send one (it is in ImportJob_FVO), and `common.jobs` overwrites it. That is
# why every state may be created here.
JOB = Lifecycle(
    attribute="status",
    initial="Not Started",
    created=frozenset({"Running", "Succeeded", "Failed"}),
    moves={
        "Not Started": frozenset({"Running", "Failed"}),
        "Running": frozenset({"Succeeded", "Failed"}),
        "Succeeded": frozenset(),
        "Failed": frozenset(),
    },
    source="TMF620 v5.0.0 JobStateType; the order of its values is the order of the moves, and a job that cannot "
    "start fails at once",
)

ON_SALE = frozenset({"Active", "Launched"})
OUT_OF_USE = frozenset({"Retired", "Obsolete", "Rejected"})
