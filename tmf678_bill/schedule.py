"""Which accounts are billed, and when next (`Component.offers`: billing)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.component import Recording, RuleContext
from common.domain.query import Document
from tmf678_bill.cycles import AccountCycle, account_cycle
from tmf678_bill.tables import BILLING

# The key is the id of an account; of a request for a bill.
BILL_ACCOUNT, BILL_DEMAND = "bill.account", "bill.demand"


class Billing:
    """What the accounts tell us."""

    def __init__(self, records: Recording) -> None:
        self._table = records(BILLING.name)

    def expect(self, context: RuleContext, account: Document) -> None:
        """An account was made or changed: it is billed when its next cycle ends, from now on.

        A cycle that is changed goes on from what was billed; what a longer one covers is not billed twice.
        """
        cycle = account_cycle(account, context.library, context.settings)
        kept = self._table.get(account["id"], for_update=True)
        row = new_row(account["id"], cycle, context.now) if kept is None else {**kept, **_facts(cycle)}
        if kept is not None and _facts(cycle) != {name: kept[name] for name in _facts(cycle)}:
            row["next"] = cycle.cutoff_after(kept["billed_until"] or kept["since"])
        self._table.put([row])
        if context.settings.billing == "automatic" and context.schedule is not None and row["next"] is not None:
            context.schedule(BILL_ACCOUNT, account["id"], row["next"])


def new_row(account: str, cycle: AccountCycle, since: datetime) -> dict[str, Any]:
    """An account that was never billed."""
    never = {"opened": None, "billed_until": None, "currency": None, "bills": 0, "problem": None}
    return {"account": account, **_facts(cycle), "since": since, "next": cycle.cutoff_after(since), **never}


def _facts(cycle: AccountCycle) -> dict[str, Any]:
    return {
        "specification": cycle.specification,
        "zone": cycle.zone.key,
        "anchor": cycle.cycle.anchor.isoformat(),
        "unit": cycle.cycle.unit.value,
        "count": cycle.cycle.count,
    }
