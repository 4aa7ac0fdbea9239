"""Accounts that are billed together, in one transaction: what is known of all of them is read in sets, and what becomes
of them is written in sets (`common.store.group`). Each is billed as it would be by itself (`run`).

First everything that has no number is worked out and written; then the numbers are taken, since whoever has them keeps
other bills of the legal entity waiting until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.cycles import midnight
from common.domain.query import Document
from common.installation import Installation
from common.rest.actions import acting
from common.rules import reference_id
from common.store.group import GroupUnit
from common.store.records import Between
from tmf678_bill.corrections.pending import PENDING
from tmf678_bill.corrections.tables import ADJUSTMENT, CORRECTIONS
from tmf678_bill.issue import ON_CYCLE
from tmf678_bill.receivables import opened
from tmf678_bill.run import Billed, Due, claim, conclude, done, draw, due_of, is_billed_further, wake
from tmf678_bill.shared import Shared
from tmf678_bill.tables import BILLING, CHARGE, EARLIER, ITEMS

_ACCOUNT, _PRODUCT, _PARTIES = "billingAccount", "product", ("individual", "organization")
_DAY = timedelta(days=1)


def bill_together(
    installation: Installation, uow: GroupUnit, accounts: Mapping[str, datetime], run: str
) -> dict[str, Billed | None]:
    """The next cycle of each of these accounts, where it has ended by its instant; None where it has not.

    Accounts that others hold now, that are not here, or that were never looked at, are left out.
    Errors: Refused, of any; Clash: then they are to be billed one by one.
    """
    group = _Group(installation, uow, run)
    held = uow.repository(installation.by_name[_ACCOUNT].stored.name).foresee(
        accounts, for_update=True, skips_locked=True
    )
    ids = tuple(sorted(held))
    uow.records(BILLING.name).foresee({"account": ids}, for_update=True)
    uow.records(EARLIER.name).foresee({"account": ids})
    found: dict[str, Billed | None] = {}
    dues: list[Due] = []
    for id in ids:
        row = uow.records(BILLING.name).get(id)
        if row is None:
            continue
        if row["next"] is None or row["next"] > accounts[id]:
            wake(group.context(id), row)
            found[id] = None
        else:
            dues.append(group.due(id, row))
    further = [due for due in dues if is_billed_further(due)]
    found |= {due.id: done(group.context(due.id), due, None) for due in further}
    found |= {one.account: one for one in group.bill([due for due in dues if not is_billed_further(due)])}
    return found


@dataclass(frozen=True)
class _Group:
    installation: Installation
    uow: GroupUnit
    run: str

    def context(self, account: str) -> RuleContext:
        return acting(self.installation, self.uow, account).context(_ACCOUNT)

    def due(self, account: str, row: dict[str, Any]) -> Due:
        context = self.context(account)
        document = context.library.get(_ACCOUNT, account)
        assert document is not None, "it is held"
        return due_of(context, document, row, row["next"], ON_CYCLE, self.run)

    def bill(self, dues: list[Due]) -> list[Billed]:
        """Errors: Refused; Clash."""
        if not dues:
            return []
        shared = Shared(self.context(""))
        self._foresee(shared, dues)
        claim(shared, dues)
        drawn = [draw(shared, self.context(due.id), due) for due in dues]
        if shared.usage is not None:
            shared.usage.settle()
        self.uow.flush()
        # Series by series, so that two groups never wait for each other's numbers.
        drawn.sort(key=lambda one: (one.due.policy.entity, one.made is not None and one.made.of.statement.is_credit))
        return [conclude(shared, self.context(one.due.id), one) for one in drawn]

    def _foresee(self, shared: Shared, dues: list[Due]) -> None:
        """Read what will be asked of each."""
        ids, context = tuple(due.id for due in dues), shared.context
        first = [due for due in dues if due.row["billed_until"] is None]
        if first:
            known = opened(context, [due.id for due in first])
            for due in first:
                due.row["opened"] = known[due.id]
        records = self.uow.records
        records(CORRECTIONS.name).foresee({"account": ids, "kind": ADJUSTMENT, "state": PENDING})
        for part, since in _parted(dues):
            of = tuple(due.id for due in part)
            until = Between(None if since is None else (since + _DAY).isoformat())
            records(ITEMS.name).foresee({"account": of, "origin": CHARGE, "until": until})
            if shared.usage is not None:
                shared.usage.foresee(of, _first_instant(part, since))
        self._foresee_documents(shared, [due.account for due in dues])
        for name in ("ledger", "collections"):
            offered = context.offered(name) if context.offered is not None else None
            if offered is not None:
                offered.foresee(ids)

    def _foresee_documents(self, shared: Shared, accounts: Iterable[Document]) -> None:
        library, listed = shared.context.library, list(accounts)
        if shared.history is not None:
            products = shared.history.foresee([account["id"] for account in listed])
            library.get_many(_PRODUCT, products)
        parties = {
            id
            for account in listed
            for one in account.get("relatedParty", ())
            if (id := reference_id(one, "partyOrPartyRole")) is not None
        }
        for resource in _PARTIES:
            if library.serves(resource):
                parties -= library.get_many(resource, parties).keys()


def _parted(dues: Iterable[Due]) -> list[tuple[list[Due], date | None]]:
    """Those whose past is closed, from the first day of them on; and those of whom everything is read."""
    closed: list[Due] = []
    others: list[Due] = []
    for due in dues:
        (others if due.row["closed"] is None else closed).append(due)
    found: list[tuple[list[Due], date | None]] = [(others, None)] if others else []
    if closed:
        found.append((closed, min(date.fromisoformat(due.row["closed"]) for due in closed)))
    return found


def _first_instant(dues: Iterable[Due], since: date | None) -> datetime | None:
    """Before every period of usage that ends after a day."""
    if since is None:
        return None
    return min(midnight(due.cycle.span_on(since).start, due.cycle.zone) for due in dues)
