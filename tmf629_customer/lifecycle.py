"""The states of a customer.

TMF629 v5.0.1 leaves `status` free text and draws no diagram; the table is a proposal (tmf630-rules, section 3.5),
so it is open: statuses outside it pass unguarded.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

_MOVES = {
    "Created": frozenset({"CreditCheckDone", "Approved", "Active", "Terminated"}),
    "CreditCheckDone": frozenset({"Approved", "Active", "Terminated"}),
    "Approved": frozenset({"Active", "Terminated"}),
    "Active": frozenset({"Suspended", "Terminated"}),
    "Suspended": frozenset({"Active", "Terminated"}),
    "Terminated": frozenset[str](),
}

CUSTOMER = Lifecycle(
    attribute="status",
    initial="Created",
    moves=_MOVES,
    source="TMF629 v5.0.1 Customer.status is free text; states and moves are a proposal",
    created=frozenset({"CreditCheckDone", "Approved", "Active", "Suspended"}),
    open=True,
)
