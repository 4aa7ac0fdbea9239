"""The states of a bill and of a request for one.

Source: TMF678 v5.0.0 `CustomerBillStateType` and `CustomerBillOnDemandStateType` name the states. There is no official
diagram of a bill; its moves are a proposal (tmf630-rules, section 3.7). From `sent` on the state follows what is paid,
back as well: a payment that is charged back makes a settled bill one that is owed. Bills have no create operation:
whoever stores them, seed or bill run, may store them in any state.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

CUSTOMER_BILL = Lifecycle(
    attribute="state",
    initial="new",
    moves={
        "new": frozenset({"validated", "onHold"}),
        "onHold": frozenset({"new", "validated"}),
        "validated": frozenset({"sent", "onHold"}),
        "sent": frozenset({"partiallyPaid", "settled", "onHold"}),
        "partiallyPaid": frozenset({"sent", "settled", "onHold"}),
        "settled": frozenset({"sent", "partiallyPaid"}),
    },
    source="TMF678 v5.0.0 CustomerBillStateType; moves are a proposal",
    created=frozenset({"onHold", "validated", "sent", "partiallyPaid", "settled"}),
)

CUSTOMER_BILL_ON_DEMAND = Lifecycle(
    attribute="state",
    initial="inProgress",
    moves={
        "inProgress": frozenset({"rejected", "done", "terminatedWithError"}),
        "rejected": frozenset[str](),
        "done": frozenset[str](),
        "terminatedWithError": frozenset[str](),
    },
    source="TMF678 v5.0.0 CustomerBillOnDemandStateType",
)
