"""A statement becomes a bill: its number, its records, its documents, its receivable, its entry in the ledger.

Everything in the transaction of the account's run. The number is taken late, since whoever has it keeps other accounts
of the legal entity waiting until the transaction ends: items and rates are written before, what shows the number after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.accounting import Part, Service
from common.domain.cycles import midnight
from common.domain.ids import ordered_id
from common.domain.money import Money
from common.domain.numbers import whole_number
from common.domain.query import Document
from tmf678_bill.billing.values import FOR_DAYS, Item, Statement
from tmf678_bill.cycles import AccountCycle
from tmf678_bill.document.schedule import look_again
from tmf678_bill.items import item_row
from tmf678_bill.numbers import next_number
from tmf678_bill.policies import EntityPolicy
from tmf678_bill.receivables import Receivables, new_row
from tmf678_bill.shown import bill_cycle, bill_document, rate_document
from tmf678_bill.tables import BILLS, CHARGE, CORRECTION, CREDIT_NOTES, CYCLES, HEADS, ITEMS, RECEIVABLES

ON_CYCLE, OFF_CYCLE = "onCycle", "offCycle"
NORMAL, LAST = "normal", "last"


@dataclass(frozen=True)
class Issuing:
    """What a bill is issued from.

    Shapes: [start, cutoff) is the billing period; `place` counts the account's bills; `next` is when it is billed next;
            `names` are those of its products. Items whose key is among `corrections` are what people decided, and count
            for nothing where it is asked what was charged. `corrected` is the bill that a credit note corrects: who
            issues one enters it in the ledger and applies it.
    """

    account: Document
    cycle: AccountCycle
    policy: EntityPolicy
    statement: Statement
    start: datetime
    cutoff: datetime
    place: int
    run_type: str
    run: str | None = None
    next: datetime | None = None
    is_last: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    corrections: frozenset[str] = frozenset()
    corrected: Document | None = None
    bill: str = field(default_factory=ordered_id)


@dataclass(frozen=True)
class Issued:
    """Shapes: `series` is that of bills or of credit notes; `items` are ids in the order of the statement."""

    bill: str
    number: str
    series: str
    account: str
    start: datetime
    cutoff: datetime
    due: datetime
    net: Money
    tax: Money
    gross: Money
    items: tuple[str, ...]


@dataclass(frozen=True)
class Itemised:
    """The items of a bill that has no number yet, written with the rates that show them. Shapes: ids in their order."""

    of: Issuing
    items: tuple[str, ...]


def issue(context: RuleContext, of: Issuing) -> Issued:
    """Write the bill. Shapes: the account is held, and its usage claimed."""
    return numbered(context, itemised(context, of))


def itemised(context: RuleContext, of: Issuing) -> Itemised:
    """Write the items."""
    assert context.records is not None, "bills are issued where they are stored"
    assert context.create is not None, "bills are issued where they are stored"
    account, items = of.account["id"], of.statement.items
    ids = tuple(ordered_id() for _ in items)
    rows = [
        item_row(id, of.bill, place, account, item, _origin(of, item))
        for place, (id, item) in enumerate(zip(ids, items, strict=True))
    ]
    context.records(ITEMS.name).insert(rows)
    for row in rows:
        context.create("appliedCustomerBillingRate", rate_document(row, of, context.now), as_stored=True)
    return Itemised(of, ids)


def numbered(context: RuleContext, made: Itemised) -> Issued:
    """Give the bill its number and write what shows it."""
    assert context.records is not None, "bills are issued where they are stored"
    assert context.create is not None, "bills are issued where they are stored"
    of, records = made.of, context.records
    statement, account = of.statement, of.account["id"]
    series = CREDIT_NOTES if statement.is_credit else BILLS
    due = payment_due(of.cycle, of.policy, context.now)
    sequence = next_number(records, of.policy.entity, series)
    number = of.policy.number(series, sequence, of.cycle.day(context.now))
    issued = Issued(of.bill, number, series, account, of.start, of.cutoff, due, statement.net, statement.tax,
                    statement.gross, made.items)  # fmt: skip
    cycle_id = _cycle(context, of)
    document = bill_document(of, issued, cycle_id, context.now)
    records(HEADS.name).insert([_head(of, issued, sequence, context.now, document)])
    row = new_row(
        bill=of.bill, account=account, entity=of.policy.entity, number=number, issued_at=context.now, due=due,
        amount=statement.gross,
    )  # fmt: skip
    records(RECEIVABLES.name).insert([row])
    context.create("customerBill", document, as_stored=True)
    if of.corrected is None:
        _enter(context, of, issued)
    look_again(of.bill, context)
    return issued


def _origin(of: Issuing, item: Item) -> str:
    return CORRECTION if item.charge.purpose.key in of.corrections else CHARGE


def payment_due(cycle: AccountCycle, policy: EntityPolicy, now: datetime) -> datetime:
    """When is due what is asked for from now on: so many days later, by the cycle's own words or the legal entity's, at
    local midnight.
    """
    offset = whole_number(cycle.document.get("paymentDueDateOffset"))
    days = policy.payment_days if offset is None or offset < 0 else offset
    return max(midnight(cycle.day(now) + timedelta(days=days), cycle.zone), now)


def _head(of: Issuing, issued: Issued, sequence: int, now: datetime, document: Document) -> dict[str, Any]:
    statement = of.statement
    return {
        **{"bill": of.bill, "account": of.account["id"], "place": of.place, "entity": of.policy.entity},
        **{"series": issued.series, "sequence": sequence, "number": issued.number, "category": document["category"]},
        **{"run_type": of.run_type, "run": of.run, "issued_at": now, "start": of.start, "end": of.cutoff},
        **{"due": issued.due, "currency": statement.currency, "items": len(statement.items)},
        **{"net": statement.net.amount, "tax": statement.tax.amount, "gross": statement.gross.amount},
        "doc": {name: document[name] for name in ("taxItem", "relatedParty", "billCycle") if name in document},
    }


def _cycle(context: RuleContext, of: Issuing) -> str | None:
    """The billCycle that the bill belongs to, made by the first bill of it; a bill outside the cycle has none."""
    if of.run_type != ON_CYCLE:
        return None
    assert context.records is not None, "bills are issued where they are stored"
    assert context.create is not None, "bills are issued where they are stored"
    document = bill_cycle(of)
    if context.records(CYCLES.name).insert_new([{"id": document["id"], "cutoff": of.cutoff}]):
        context.create("billCycle", document)
    return str(document["id"])


# -- what it is worth -------------------------------------------------------------------------------------------------


def _enter(context: RuleContext, of: Issuing, issued: Issued) -> None:
    """In the ledger, and on to whoever collects it. A credit note is the customer's to spend."""
    ledger = context.offered("ledger") if context.offered is not None else None
    at = {"account": issued.account, "entity": of.policy.entity, "at": context.now}
    if ledger is not None:
        parts = list(_parts(of.statement.items, issued.items))
        ledger.bill_issued(
            context, bill=issued.bill, number=issued.number, currency=of.statement.currency, parts=parts, **at
        )
    collections = context.offered("collections") if context.offered is not None else None
    if issued.gross.amount > 0 and collections is not None:
        assert context.records is not None, "bills are issued where they are stored"
        collections.bill_issued(context, Receivables(context.records).get(context, issued.bill))
    if issued.gross.amount < 0:
        credit = -issued.gross
        if ledger is not None:
            ledger.deallocated(context, allocation=issued.bill, amount=credit, reference=issued.number, **at)
        if collections is not None:
            collections.credit_issued(
                context, account=issued.account, credit=issued.bill, amount=credit, name=issued.number
            )


def _parts(items: Iterable[Item], ids: Iterable[str]) -> Iterator[Part]:
    """What is for days is earned as they go by, or taken off what is; everything else at once."""
    for id, item in zip(ids, items, strict=True):
        span = item.charge.span
        is_for_days = item.charge.purpose.kind in FOR_DAYS and span.start < span.end
        yield Part(id, item.net, item.tax, Service(span.start, span.end) if is_for_days else None)
