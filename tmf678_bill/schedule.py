"""Which accounts are billed, and when next (`Component.offers`: billing)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from common.component import Recording, RuleContext
from common.domain.cycles import Cycle
from common.domain.query import Document
from common.errors import Conflict
from common.store.records import Between
from common.store.statements import Question
from tmf678_bill.billing.values import Kind
from tmf678_bill.currency import billed_currency
from tmf678_bill.cycles import AccountCycle, account_cycle, kept_cycle, zone_of
from tmf678_bill.tables import BILLING, EARLIER, HEADS, ITEMS

# The key is the id of an account; of a request for a bill.
BILL_ACCOUNT, BILL_DEMAND = "bill.account", "bill.demand"
_EPOCH = datetime.fromtimestamp(0, UTC)


class CycleInUse(Conflict):
    """A cycle specification would cut again what was billed by it."""

    code, reason = "cycle.in-use", "Accounts were billed by this cycle"

    def __init__(self, id: str) -> None:
        super().__init__(
            f"accounts were billed by billingCycleSpecification {id[:80]!r}, and what was billed is not cut again: "
            "make another specification with this length and shift, and name it in the billStructure of the accounts; "
            "it counts from the end of their present period"
        )


class ZoneInUse(Conflict):
    """Days that were billed would begin at another instant."""

    code, reason = "account.time-zone", "The account was billed in its time zone"

    def __init__(self, id: str, kept: str) -> None:
        super().__init__(
            f"billingAccount {id[:80]!r} was billed by the days of {kept}, and they stay: leave timeZone as it is, or "
            "make another account and move the products to it"
        )


@dataclass(frozen=True)
class Covered:
    """Until when an account is billed, and when the bill of that was issued; None where its last run made none."""

    until: datetime | None = None
    issued_at: datetime | None = None


class Billing:
    """What the accounts tell us, and what others ask of how far they are billed."""

    def __init__(self, records: Recording) -> None:
        self._records = records
        self._table, self._heads, self._items = (records(table.name) for table in (BILLING, HEADS, ITEMS))

    def expect(self, context: RuleContext, account: Document) -> None:
        """An account was made or changed: it is billed when its next cycle ends, from now on.

        A cycle that is changed once something was billed by it holds until its present period ends. An account that no
        run bills any more, since it is closed, is looked at once more: something may have been used late.
        """
        kept = self._table.get(account["id"], for_update=True)
        cycle = account_cycle(account, context.library, context.settings, self._records)
        if kept is not None and kept["billed_until"] is not None and kept_cycle(kept) != cycle.cycle:
            cycle = self._changed(kept, cycle, context.now)
        row = new_row(account["id"], cycle, context.now) if kept is None else {**kept, **cycle_facts(cycle)}
        if kept is not None and cycle_facts(cycle) != {name: kept[name] for name in cycle_facts(cycle)}:
            row["next"] = cycle.cutoff_after(kept["billed_until"] or kept["since"])
        if row["next"] is None:
            row["next"] = cycle.cutoff_after(context.now)
        self._table.put([row])
        if context.settings.billing == "automatic" and context.schedule is not None and row["next"] is not None:
            context.schedule(BILL_ACCOUNT, account["id"], row["next"])

    def check_cycle(self, context: RuleContext, after: Document, before: Document | None = None) -> None:
        """A cycle specification is made or changed. Errors: CycleInUse."""
        cycle = _cycle_in(after, context)
        if before is not None and cycle == _cycle_in(before, context):
            return
        billed = {"specification": after["id"], "billed_until": Between(_EPOCH)}
        if any(kept_cycle(one.group) != cycle for one in self._table.sum((), billed, ("anchor", "unit", "count"))):
            raise CycleInUse(after["id"])

    def check_zone(self, context: RuleContext, before: Document, after: Document) -> None:
        """An account is changed. Errors: ZoneInUse."""
        kept = zone_of(before, context.settings)
        if kept != zone_of(after, context.settings):
            row = self._table.get(after["id"], for_update=True)
            if row is not None and row["billed_until"] is not None:
                raise ZoneInUse(after["id"], kept.key)

    def _changed(self, kept: dict[str, Any], cycle: AccountCycle, now: datetime) -> AccountCycle:
        """The present cycle, with the one before it. Of several changes in one period the last one counts."""
        before = replace(cycle, cycle=kept_cycle(kept))
        until = before.span_at(max(now, kept["billed_until"])).end
        row = {name: kept[name] for name in ("account", "anchor", "unit", "count")} | {"until": until.isoformat()}
        if not self._records(EARLIER.name).insert_new([row]):
            return cycle
        return replace(cycle, earlier=(*cycle.earlier, (before.cycle, until)))

    def asking_earlier(self, accounts: Iterable[str]) -> Question[list[dict[str, Any]]]:
        """The cycles that these accounts had before, the first first: `tables.EARLIER`. Shapes: some at a time."""
        return self._records(EARLIER.name).asking({"account": tuple(sorted(accounts))}, order=["account", "until"])

    def currency(self, account: str, document: Document) -> str | None:
        """The currency that an account is billed in, where it has one.

        Shapes: `document` is the account's; empty where it is not here.
        """
        return billed_currency(document, self._table.get(account) or {"currency": None})

    def charged(self, products: Iterable[str]) -> set[str]:
        """Those of these products that any recurring charge was billed for. Shapes: some at a time."""
        where = {"product": tuple(sorted(set(products))), "kind": Kind.RECURRING.value}
        return {str(one.group["product"]) for one in self._items.sum((), where, ("product",))}

    def billed_spans(self, accounts: Iterable[str]) -> dict[str, tuple[datetime, datetime]]:
        """From when until when each of these accounts was billed here; those never billed are left out."""
        rows = self._table.get_many((account,) for account in accounts).values()
        return {
            row["account"]: (row["opened"] or row["since"], row["billed_until"])
            for row in rows
            if row["billed_until"] is not None
        }

    def covered(self, accounts: Iterable[str]) -> dict[str, Covered]:
        """How far each of these accounts is billed; those that no run knows of, or bills any more, are left out.

        Shapes: some accounts at a time.
        """
        rows = self._table.get_many((account,) for account in accounts)
        known = {row["account"]: row["billed_until"] for row in rows.values() if row["next"] is not None}
        found = dict.fromkeys(known, Covered())
        ends = tuple(sorted({until for until in known.values() if until is not None}))
        # Credit notes of a bill are for its time too: the bill is the first.
        for head in self._heads.find({"account": tuple(sorted(known)), "end": ends}, order=["issued_at"]):
            account = head["account"]
            if known[account] == head["end"] and found[account].until is None:
                found[account] = Covered(head["end"], head["issued_at"])
        return found


def new_row(account: str, cycle: AccountCycle, since: datetime) -> dict[str, Any]:
    """An account that was never billed."""
    never = dict.fromkeys(("opened", "billed_until", "currency", "closed", "fingerprint", "problem"))
    known = {"account": account, "since": since, "next": cycle.cutoff_after(since), "bills": 0}
    return {**known, **cycle_facts(cycle), **never}


def _cycle_in(specification: Document, context: RuleContext) -> Cycle:
    """The cycle of an account that has what a specification says by value."""
    by_value = {name: value for name, value in specification.items() if name != "id"}
    account = {"billStructure": {"cycleSpecification": by_value}}
    return account_cycle(account, context.library, context.settings).cycle


def cycle_facts(cycle: AccountCycle) -> dict[str, Any]:
    """What an account's row says of its time zone and cycle."""
    return {
        "specification": cycle.specification,
        "zone": cycle.zone.key,
        "anchor": cycle.cycle.anchor.isoformat(),
        "unit": cycle.cycle.unit.value,
        "count": cycle.cycle.count,
    }
