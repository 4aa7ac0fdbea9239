"""Bills an account: the only caller of the engine. In the caller's transaction, by itself or with others (`together`).

    hold      the account; nobody else bills it, pays or credits it meanwhile
    claim     its unbilled usage before the cutoff
    draw      propose everything that is due, less what was charged before, with taxes, as items
    conclude  number, records, documents, receivable, ledger, collection

Nothing left to charge: no bill, and the cycle goes on. Run again: nothing. Whoever makes a dry run does not commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.clock import normal_instant
from common.domain.query import Document
from common.errors import Conflict, NotFound
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import Charge, Kind, OtherCurrency, RatesOverlap, UnreadablePeriod
from tmf678_bill.corrections.pending import adjustments_billed, pending_adjustments
from tmf678_bill.currency import charged_currency, fixed_by
from tmf678_bill.cycles import AccountCycle, account_cycle
from tmf678_bill.facts import Facts, read_facts, usage_key
from tmf678_bill.issue import OFF_CYCLE, ON_CYCLE, Issued, Issuing, Itemised, itemised, numbered
from tmf678_bill.policies import EntityPolicy, entity_of, policy_of
from tmf678_bill.receivables import opened
from tmf678_bill.schedule import BILL_ACCOUNT, cycle_facts, new_row
from tmf678_bill.shared import Shared
from tmf678_bill.tables import BILLING

_MOMENT = timedelta(milliseconds=1)
# Records of other networks come weeks late: a closed account is billed so long after it was changed last.
LATE_USAGE = timedelta(days=92)


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


@dataclass(frozen=True)
class Due:
    """An account, held, that is billed until a cutoff. Shapes: `row` is that of its billing, and changed."""

    account: Document
    row: dict[str, Any]
    cutoff: datetime
    cycle: AccountCycle
    policy: EntityPolicy
    run_type: str
    run: str | None

    @property
    def id(self) -> str:
        id: str = self.account["id"]
        return id


@dataclass(frozen=True)
class Drawn:
    """A bill that is worked out and has its items. Shapes: without `made` there is nothing to charge."""

    due: Due
    facts: Facts
    proposed: tuple[Charge, ...]
    decided: tuple[Charge, ...] = ()
    made: Itemised | None = None


def bill_next_cycle(context: RuleContext, account_id: str, until: datetime, run: str | None = None) -> Billed | None:
    """Bill the account's next cycle when it has ended by `until`; None when it has not.

    Errors: NotFound; Refused.
    """
    account, row = held_account(context, account_id)
    if row["next"] is None or row["next"] > until:
        wake(context, row)
        return None
    return _bill(context, account, row, row["next"], ON_CYCLE, run)


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
    due = due_of(context, account, row, cutoff, run_type, run)
    if is_billed_further(due):
        return done(context, due, None)
    shared = Shared(context)
    if due.row["billed_until"] is None:
        due.row["opened"] = opened(context, [due.id])[due.id]
    claim(shared, [due])
    drawn = draw(shared, context, due)
    if shared.usage is not None:
        shared.usage.settle()
    return conclude(shared, context, drawn)


def due_of(
    context: RuleContext, account: Document, row: dict[str, Any], cutoff: datetime, run_type: str, run: str | None
) -> Due:
    """Shapes: the row goes on to the cycle after, and says by which it is billed now."""
    cycle = account_cycle(account, context.library, context.settings, context.records)
    row.update(cycle_facts(cycle))
    row["next"] = cycle.cutoff_after(cutoff) if run_type == ON_CYCLE else row["next"]
    policy = policy_of(entity_of(account, context.settings), context.settings)
    return Due(account, row, cutoff, cycle, policy, run_type, run)


def is_billed_further(due: Due) -> bool:
    """Whether a bill on demand went further than the cutoff."""
    return due.row["billed_until"] is not None and due.cutoff < due.row["billed_until"]


def claim(shared: Shared, dues: Iterable[Due]) -> None:
    """The unbilled usage of these accounts is for the bills that are made now."""
    if shared.usage is not None:
        shared.usage.claim({due.id: (due.cutoff, due.cycle.period_at) for due in dues})


def draw(shared: Shared, context: RuleContext, due: Due) -> Drawn:
    """Work out what is to be charged, and write its items. Errors: Refused."""
    row, cycle, policy = due.row, due.cycle, due.policy
    decided = pending_adjustments(shared.records, due.id)
    try:
        facts = read_facts(shared, context, due.account, cycle, row, policy.engine, decided)
        proposed = propose(facts.account, cycle.day(due.cutoff), policy.engine, facts.since)
        charges = (*settle(_here(proposed, row["opened"], cycle), facts.existing), *decided)
        if not charges:
            return Drawn(due, facts, proposed)
        statement = state(charges, policy.engine, facts.rates, facts.exemptions)
    except (OtherCurrency, RatesOverlap, UnreadablePeriod) as error:
        raise Refused(due.id, error.code, str(error)) from error
    since = row["billed_until"] or row["opened"] or min(row["since"], cycle.period_at(due.cutoff)[0])
    row["bills"], row["currency"] = row["bills"] + 1, fixed_by(statement) or charged_currency(row)
    of = Issuing(
        due.account, cycle, policy, statement, since, due.cutoff, row["bills"], due.run_type, due.run, row["next"],
        is_last=_has_ended(facts, cycle, due.cutoff), names=facts.names,
        corrections=frozenset(one.key for one in decided),
    )  # fmt: skip
    made = itemised(context, of)
    if shared.usage is not None:
        _assign(shared.usage, facts, charges, made)
    return Drawn(due, facts, proposed, decided, made)


def conclude(shared: Shared, context: RuleContext, drawn: Drawn) -> Billed:
    """Give the bill its number, and all that follows from it."""
    due, issued = drawn.due, None
    if drawn.made is not None:
        issued = numbered(context, drawn.made)
        adjustments_billed(shared.records, drawn.decided, issued.bill)
    due.row.update(drawn.facts.closed(due.cycle.day(due.cutoff), due.policy.engine, drawn.proposed))
    return done(context, due, issued)


def _here(proposed: tuple[Charge, ...], opened: datetime | None, cycle: AccountCycle) -> tuple[Charge, ...]:
    """Without what was due by the end of the last bill that was loaded; usage that is here was never on one.

    A day of which it billed a part is billed: it may have been cut at the midnight of another time zone.
    """
    if opened is None:
        return proposed
    day = cycle.day(opened - _MOMENT) + timedelta(days=1)
    return tuple(one for one in proposed if one.due > day or one.purpose.kind is Kind.USAGE)


def done(context: RuleContext, due: Due, issued: Issued | None) -> Billed:
    """The account goes on to its next cycle; a closed one of which nothing is left, and nothing to come, does not."""
    assert context.records is not None, "accounts are billed where they are stored"
    account, row, cutoff = due.account, due.row, due.cutoff
    row["billed_until"], row["problem"] = max(row["billed_until"] or cutoff, cutoff), None
    if issued is None and _is_over(account, cutoff):
        row["next"] = None
    context.records(BILLING.name).put([row])
    wake(context, row)
    return Billed(account["id"], cutoff, issued, row["next"])


def _is_over(account: Document, cutoff: datetime) -> bool:
    changed = normal_instant(account["lastUpdate"]) if isinstance(account.get("lastUpdate"), str) else None
    may_be_late = changed is not None and cutoff < datetime.fromisoformat(changed) + LATE_USAGE
    return str(account.get("state", "")).casefold() == "closed" and not may_be_late


def wake(context: RuleContext, row: dict[str, Any]) -> None:
    """Have the account billed when its next cycle ends."""
    if context.settings.billing == "automatic" and context.schedule is not None and row["next"] is not None:
        context.schedule(BILL_ACCOUNT, row["account"], row["next"])


def _assign(usage: Any, facts: Facts, charges: tuple[Charge, ...], made: Itemised) -> None:
    """Each line that was claimed belongs to the item that it is charged in."""
    for charge, item in zip(charges, made.items, strict=True):
        if charge.purpose.kind is not Kind.USAGE or not charge.claimed:
            continue
        listed = facts.sums[usage_key(charge.purpose)]
        found = sum(usage.assign(facts.account.id, one, item) for one in listed if one.claimed)
        assert found == charge.claimed, "every line that was claimed has an item"


def _has_ended(facts: Facts, cycle: AccountCycle, cutoff: datetime) -> bool:
    """Whether the account has nothing that is charged any more."""
    products = facts.account.products
    day = cycle.day(cutoff)
    return bool(products) and all(one.terminated is not None and one.terminated <= day for one in products)
