"""The states of an account of any kind.

TMF666 v5.0.0 leaves `state` free text; its older text names the states of this table. The moves are a proposal
(tmf630-rules, section 3.5), so the table is open: states outside it pass unguarded. An account is usable as soon as
it is created with what the contract demands, hence `Active` at first; who prepares one says `Defined`.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

CLOSED = "Closed"

ACCOUNT = Lifecycle(
    attribute="state",
    initial="Active",
    moves={
        "Defined": frozenset({"Active", CLOSED}),
        "Active": frozenset({"Pending update", "Suspended", "Pending closed", CLOSED}),
        "Pending update": frozenset({"Active", "Suspended", "Pending closed", CLOSED}),
        "Suspended": frozenset({"Active", "Pending update", "Pending closed", CLOSED}),
        "Pending closed": frozenset({"Active", "Suspended", CLOSED}),
        CLOSED: frozenset[str](),
    },
    source="TMF666 v5.0.0 Account.state is free text; states from its older text, moves are a proposal",
    created=frozenset({"Defined", "Pending update", "Suspended", "Pending closed", CLOSED}),
    open=True,
)
