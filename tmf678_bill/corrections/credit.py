"""Credit notes: a bill taken back, whole or in part.

The bill itself stays as it was issued. The credit note has items of its own, with the tax of what they credit, and a
number of the series of credit notes. What remains of the bill falls; what was paid on it already is the customer's
credit, which pays other bills. Never more is credited than was billed.

Locks: the account, its row of billing, the bill, records; the number last (`issue`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.accounting import Part
from common.domain.clock import instant_text
from common.domain.cycles import Span
from common.domain.money import Money
from common.domain.query import Document
from common.errors import InvalidBody, NotFound, Violation
from common.store.records import Row
from tmf678_bill.asking import lowered
from tmf678_bill.billing.values import AppliedTax, Charge, Item, Statement, TaxGroup
from tmf678_bill.corrections.errors import IsCreditNote, IsWrittenOff, NotIssuedHere, OtherCurrency, OverCredited
from tmf678_bill.corrections.kept import Asked, keep, known, recording, reference
from tmf678_bill.corrections.shares import Billed, Share, share, spread, sum_of, whole
from tmf678_bill.corrections.tables import CREDIT_NOTE, CREDITED
from tmf678_bill.cycles import account_cycle
from tmf678_bill.issue import OFF_CYCLE, Issued, Issuing, issue
from tmf678_bill.items import existing_of
from tmf678_bill.policies import policy_of
from tmf678_bill.receivables import WRITE_OFF, OpenBill, Receivables
from tmf678_bill.run import held_account
from tmf678_bill.tables import BILLING, CREDIT_NOTES, HEADS, ITEMS

Group = tuple[str | None, Decimal, bool, str | None]


@dataclass(frozen=True)
class Selection:
    """What of a bill: everything that is left, an amount, a percentage of what was billed, or items of it.

    Shapes: amounts gross; of an item None is all that is left of it. One of the three at most is given.
    """

    amount: Money | None = None
    percentage: Decimal | None = None
    items: tuple[tuple[str, Money | None], ...] = ()


EVERYTHING = Selection()


@dataclass(frozen=True)
class Bill:
    """A bill that was issued here, held with its account."""

    head: Row
    document: Document
    account: Document
    billing: Row
    items: dict[str, Row]
    billed: tuple[Billed, ...]

    @property
    def number(self) -> str:
        return str(self.head["number"])

    @property
    def left(self) -> Money:
        """What may still be credited of it, gross."""
        return sum_of([one.left for one in self.billed])


def credit_bill(context: RuleContext, bill_id: str, selection: Selection, asked: Asked) -> Document:
    """Issue a credit note; its document (`openapi/extensions/billing-corrections.yaml`).

    Errors: NotFound; InvalidBody for items that the bill does not have; NotIssuedHere; IsCreditNote; IsWrittenOff;
            OverCredited; OtherCurrency; OtherExternal.
    """
    before = known(context, CREDIT_NOTE, asked)
    if before is not None:
        return before
    bill = held_bill(context, bill_id)
    before = known(context, CREDIT_NOTE, asked)  # by somebody who held the account until now
    if before is not None:
        return before
    receivables = Receivables(recording(context))
    open_bill = receivables.get(context, bill_id)
    written_off = sum(receivables.applied(bill_id, WRITE_OFF).values(), Decimal(0))
    if written_off:
        raise IsWrittenOff(bill.number, Money(written_off, bill.head["currency"]))
    shares = selected(bill, selection)
    issued = _issue(context, bill, shares, asked.reason)
    _note_credited(context, bill, shares)
    gross = -issued.gross
    applied = gross.smaller(open_bill.remaining)
    if applied.amount > 0:
        receivables.credit(context, bill_id, issued.bill, applied)
    _enter(context, bill, issued, shares, applied)
    return _keep(context, bill, issued, shares, applied, asked)


def held_bill(context: RuleContext, bill_id: str) -> Bill:
    """Errors: NotFound; NotIssuedHere; IsCreditNote."""
    records = recording(context)
    document = context.library.get("customerBill", bill_id)
    if document is None:
        raise NotFound("customerBill", bill_id)
    head = records(HEADS.name).get(bill_id)
    if head is None:
        raise NotIssuedHere(bill_id)
    if head["series"] == CREDIT_NOTES:
        raise IsCreditNote(head["number"])
    account, billing = held_account(context, head["account"])
    rows = {row["id"]: row for row in records(ITEMS.name).find({"bill": bill_id}, order=["place"])}
    credited = records(CREDITED.name).get_many((id,) for id in rows)
    billed = tuple(_billed(row, credited.get((id,))) for id, row in rows.items())
    return Bill(head, document, account, billing, rows, billed)


def selected(bill: Bill, selection: Selection) -> tuple[Share, ...]:
    """How much of each item. Errors: InvalidBody; OverCredited; OtherCurrency."""
    left, what = bill.left, f"bill {bill.number}"
    amounts = [selection.amount, *(amount for _, amount in selection.items)]
    for given in amounts:
        if given is not None and given.currency != left.currency:
            raise OtherCurrency(what, left.currency, given.currency)
    if selection.items:
        shares = _of_items(bill, selection.items)
        total = sum_of([one.gross for one in shares]) if shares else left - left
        if not 0 < total.amount <= left.amount:
            raise OverCredited(f"these items of {what}", total, left)
        return shares
    amount = selection.amount
    if selection.percentage is not None:
        amount = Money(bill.head["gross"], bill.head["currency"]).share(selection.percentage).rounded()
    if amount is None:
        amount = left
    if not 0 < amount.amount <= left.amount:
        raise OverCredited(what, amount, left)
    return whole(bill.billed) if amount == left else spread(bill.billed, amount)


# -- the parts --------------------------------------------------------------------------------------------------------


def _billed(row: Row, credited: Row | None) -> Billed:
    of = credited or {"net": Decimal(0), "tax": Decimal(0)}
    net, tax, before_net, before_tax = (
        Money(amount, row["currency"]) for amount in (row["net"], row["tax"], of["net"], of["tax"])
    )
    return Billed(row["id"], net, tax, before_net, before_tax)


def _of_items(bill: Bill, wanted: Sequence[tuple[str, Money | None]]) -> tuple[Share, ...]:
    by_id = {one.item: one for one in bill.billed}
    wrong = [
        Violation(f"/item/{place}/id", "reference", f"bill {bill.number} has no item {id[:80]!r}")
        for place, (id, _) in enumerate(wanted)
        if id not in by_id
    ]
    if wrong:
        raise InvalidBody(wrong)
    shares = []
    for id, amount in wanted:
        one = by_id[id]
        taken = one.left if amount is None else amount
        if abs(taken).amount > abs(one.left).amount or (taken.amount < 0) != (one.left.amount < 0):
            raise OverCredited(f"item {id} of bill {bill.number}", taken, one.left)
        if not taken.is_zero:
            shares.append(share(one, taken))
    return tuple(shares)


def _issue(context: RuleContext, bill: Bill, shares: Sequence[Share], reason: str) -> Issued:
    items = [_item(bill.items[one.item], one, reason) for one in shares]
    cycle = account_cycle(bill.account, context.library, context.settings)
    policy = policy_of(bill.head["entity"], context.settings)
    bill.billing["bills"] += 1
    products = {row["product"] for row in bill.items.values() if row["product"]}
    names = {id: str(one.get("name") or id) for id, one in context.library.get_many("product", products).items()}
    issued = issue(
        context,
        Issuing(
            bill.account,
            cycle,
            policy,
            stated(items),
            bill.head["start"],
            bill.head["end"],
            bill.billing["bills"],
            OFF_CYCLE,
            names=names,
            corrections=frozenset(one.charge.key for one in items),
            corrected=bill.document,
        ),
    )
    recording(context)(BILLING.name).put([bill.billing])
    return issued


def _item(row: Row, taken: Share, reason: str) -> Item:
    [before] = existing_of([row])
    [taxed] = before.taxed
    net, tax, gross = -taken.net, -taken.tax, -taken.gross
    span = Span(date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
    charge = Charge(
        before.purpose,
        gross if taxed.applied.is_inclusive else net,
        span,
        (),
        before.purpose.period.start,
        before.place,
        grounds={"credits": row["id"], "why": reason},
        applied=taxed.applied,
    )
    return Item(charge, taxed.applied, net, tax, gross)


def stated(items: Sequence[Item]) -> Statement:
    """Items that are taxed already, as a statement."""
    groups: dict[Group, list[Item]] = {}
    for item in items:
        groups.setdefault(_group(item.applied), []).append(item)
    currency = items[0].net.currency
    taxed = tuple(
        TaxGroup(*group, *_totals(groups[group]), len(groups[group]))
        for group in sorted(groups, key=lambda one: (one[0] or "", one[1], one[2], one[3] or ""))
    )
    return Statement(currency, tuple(items), taxed, *_totals(items))


def _group(tax: AppliedTax) -> Group:
    return tax.category, tax.rate, tax.is_inclusive, tax.certificate


def _totals(items: Sequence[Item]) -> tuple[Money, Money, Money]:
    net, tax = sum_of([one.net for one in items]), sum_of([one.tax for one in items])
    return net, tax, net + tax


def _note_credited(context: RuleContext, bill: Bill, shares: Sequence[Share]) -> None:
    before = {one.item: one for one in bill.billed}
    recording(context)(CREDITED.name).put(
        {
            "item": one.item,
            "bill": bill.head["bill"],
            "net": (before[one.item].credited_net + one.net).amount,
            "tax": (before[one.item].credited_tax + one.tax).amount,
        }
        for one in shares
    )


def _enter(context: RuleContext, bill: Bill, issued: Issued, shares: Sequence[Share], applied: Money) -> None:
    """In the ledger; what is over pays other bills."""
    offered = context.offered or (lambda name: None)
    ledger, collections = offered("ledger"), offered("collections")
    if ledger is not None:
        parts = [Part(id, one.net, one.tax, corrects=one.item) for id, one in zip(issued.items, shares, strict=True)]
        ledger.credit_issued(
            context,
            credit=issued.bill,
            number=issued.number,
            account=issued.account,
            entity=bill.head["entity"],
            at=context.now,
            currency=bill.head["currency"],
            parts=parts,
            applied=applied,
        )
    if applied.amount > 0:
        lowered(context, issued.account)
    over = -issued.gross - applied
    if over.amount > 0 and collections is not None:
        collections.credit_issued(context, account=issued.account, credit=issued.bill, amount=over, name=issued.number)


def _keep(
    context: RuleContext, bill: Bill, issued: Issued, shares: Sequence[Share], applied: Money, asked: Asked
) -> Document:
    gross = -issued.gross
    doc: dict[str, Any] = {
        "@type": "CreditNote",
        "creditNoteNo": issued.number,
        "date": instant_text(context.now),
        "bill": reference("CustomerBill", bill.head["bill"], bill.number),
        "billingAccount": reference("BillingAccount", issued.account),
        "customerBill": reference("CustomerBill", issued.bill, issued.number),
        "taxExcludedAmount": (-issued.net).document(),
        "taxAmount": (-issued.tax).document(),
        "amount": gross.document(),
        "appliedAmount": applied.document(),
        "customerCreditAmount": (gross - applied).document(),
        "item": [{"id": one.item, "amount": one.gross.document(), "taxAmount": one.tax.document()} for one in shares],
    }
    kept = {"id": issued.bill, "account": issued.account, "bill": bill.head["bill"]}
    return keep(context, CREDIT_NOTE, asked, **kept, state="issued", amount=gross, doc=doc)


def open_of(context: RuleContext, bill_id: str) -> OpenBill:
    return Receivables(recording(context)).get(context, bill_id)
