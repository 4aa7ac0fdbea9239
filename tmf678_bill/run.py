"""Bills one account: the only caller of the engine. One call is one transaction of the caller's.

    hold      the account; nobody else bills it, pays or credits it meanwhile
    claim     its unbilled usage before the cutoff
    propose   everything that is due since it began; settle: less what was charged before
    state     with taxes; issue: number, records, documents, receivable, ledger, collection

Nothing left to charge: no bill, and the cycle goes on. Run again: nothing. Whoever makes a dry run does not commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import Conflict, NotFound
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import Charge, Kind, OtherCurrency, RatesOverlap
from tmf678_bill.corrections.pending import adjustments_billed, pending_adjustments
from tmf678_bill.cycles import AccountCycle, account_cycle
from tmf678_bill.facts import Facts, read_facts, usage_key
from tmf678_bill.issue import OFF_CYCLE, ON_CYCLE, Issued, Issuing, issue
from tmf678_bill.policies import entity_of, policy_of
from tmf678_bill.receivables import opened
from tmf678_bill.schedule import BILL_ACCOUNT, new_row
from tmf678_bill.tables import BILLING

_MOMENT = timedelta(milliseconds=1)


class Refused(Conflict):
    """The account cannot be billed as it is; `code` says why."""

    code, reason = "bill.refused", "The account cannot be billed"

    def __init__(self, account: str, code: str, message: str) -> None:
        super().__init__(f"billingAccount {account[:80]!r} cannot be billed: {message}")
        self.code = code  # type: ignore[misc]


@dataclass(frozen=True)
class Billed:
    """What came of one run of an account. Shapes: no `bill`: there was nothing to charge; `next` is its next cutoff."""

    account: str
    cutoff: datetime
    bill: Issued | None
    next: datetime | None


def bill_next_cycle(context: RuleContext, account_id: str, until: datetime, run: str | None = None) -> Billed | None:
    """Bill the account's next cycle when it has ended by `until`; None when it has not.

    Errors: NotFound; Refused.
    """
    account, row = held_account(context, account_id)
    cutoff = row["next"]
    if cutoff is None or cutoff > until:
        _wake(context, row)
        return None
    return _bill(context, account, row, cutoff, ON_CYCLE, run)


def bill_now(context: RuleContext, account_id: str, run: str | None = None) -> Billed:
    """Bill what is due by now, outside the cycle. Errors: NotFound; Refused."""
    account, row = held_account(context, account_id)
    return _bill(context, account, row, context.now, OFF_CYCLE, run)


def held_account(context: RuleContext, account_id: str) -> tuple[Document, dict[str, Any]]:
    """The account and its row of billing, which nobody else changes meanwhile. Errors: NotFound."""
    assert context.hold is not None, "accounts are billed where they are stored"
    assert context.records is not None, "accounts are billed where they are stored"
    account = context.hold("billingAccount", account_id)
    if account is None:
        raise NotFound("billingAccount", account_id)
    table = context.records(BILLING.name)
    row = table.get(account_id, for_update=True)
    if row is None:
        cycle = account_cycle(account, context.library, context.settings, context.records)
        table.insert_new([new_row(account_id, cycle, context.now)])
        row = table.get(account_id, for_update=True)
    assert row is not None, "it is there now"
    return account, row


def _bill(
    context: RuleContext, account: Document, row: dict[str, Any], cutoff: datetime, run_type: str, run: str | None
) -> Billed:
    cycle = account_cycle(account, context.library, context.settings, context.records)
    assert context.records is not None, "accounts are billed where they are stored"
    row["next"] = cycle.cutoff_after(cutoff) if run_type == ON_CYCLE else row["next"]
    if row["billed_until"] is None:
        row["opened"] = opened(context, account["id"])
    since = row["billed_until"] or row["opened"] or min(row["since"], cycle.period_at(cutoff)[0])
    if row["billed_until"] is not None and cutoff < row["billed_until"]:
        return _done(context, account, row, cutoff, None)  # a bill on demand went further
    bill = ordered_id()
    usage = context.offered("ratedUsage") if context.offered is not None else None
    if usage is not None:
        usage.claim(account["id"], cutoff, cycle.period_at, bill)
    facts = read_facts(context, account, cycle, row["currency"], usage)
    policy = policy_of(entity_of(account, context.settings), context.settings)
    try:
        proposed = _here(propose(facts.account, cycle.day(cutoff), policy.engine), row["opened"], cycle)
        decided = pending_adjustments(context.records, account["id"])
        charges = (*settle(proposed, facts.existing), *decided)
        if not charges:
            return _done(context, account, row, cutoff, None)
        statement = state(charges, policy.engine, facts.rates, facts.exemptions)
    except (OtherCurrency, RatesOverlap) as error:
        raise Refused(account["id"], error.code, str(error)) from error
    row["bills"], row["currency"] = row["bills"] + 1, statement.currency
    of = Issuing(
        account, cycle, policy, statement, since, cutoff, row["bills"], run_type, run, row["next"],
        is_last=_has_ended(facts, cycle, cutoff), names=facts.names, bill=bill,
        corrections=frozenset(one.key for one in decided),
    )  # fmt: skip
    issued = issue(context, of)
    adjustments_billed(context.records, decided, issued.bill)
    if usage is not None:
        _assign(usage, bill, facts, charges, issued)
    return _done(context, account, row, cutoff, issued)


def _here(proposed: tuple[Charge, ...], opened: datetime | None, cycle: AccountCycle) -> tuple[Charge, ...]:
    """Without what was due by the end of the last bill that was loaded; usage that is here was never on one.

    A day of which it billed a part is billed: it may have been cut at the midnight of another time zone.
    """
    if opened is None:
        return proposed
    day = cycle.day(opened - _MOMENT) + timedelta(days=1)
    return tuple(one for one in proposed if one.due > day or one.purpose.kind is Kind.USAGE)


def _done(
    context: RuleContext, account: Document, row: dict[str, Any], cutoff: datetime, issued: Issued | None
) -> Billed:
    """The account goes on to its next cycle; a closed one of which nothing is left does not."""
    assert context.records is not None, "accounts are billed where they are stored"
    row["billed_until"], row["problem"] = max(row["billed_until"] or cutoff, cutoff), None
    if issued is None and str(account.get("state", "")).casefold() == "closed":
        row["next"] = None
    context.records(BILLING.name).put([row])
    _wake(context, row)
    return Billed(account["id"], cutoff, issued, row["next"])


def _wake(context: RuleContext, row: dict[str, Any]) -> None:
    if context.settings.billing == "automatic" and context.schedule is not None and row["next"] is not None:
        context.schedule(BILL_ACCOUNT, row["account"], row["next"])


def _assign(usage: Any, mark: str, facts: Facts, charges: tuple[Charge, ...], issued: Issued) -> None:
    """Each line that was claimed belongs to the item that it is charged in."""
    for charge, item in zip(charges, issued.items, strict=True):
        if charge.purpose.kind is not Kind.USAGE or not charge.claimed:
            continue
        found = sum(usage.assign(mark, one, item) for one in facts.sums[usage_key(charge.purpose)] if one.claimed)
        assert found == charge.claimed, "every line that was claimed has an item"


def _has_ended(facts: Facts, cycle: AccountCycle, cutoff: datetime) -> bool:
    """Whether the account has nothing that is charged any more."""
    products = facts.account.products
    day = cycle.day(cutoff)
    return bool(products) and all(one.terminated is not None and one.terminated <= day for one in products)
