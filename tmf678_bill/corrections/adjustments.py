"""Adjustments: a credit (goodwill, a rebate) or a charge that belongs to no bill that was issued.

It is on the account's next bill, or at once on a bill of its own: a credit note when it is a credit. It is taxed as it
is said, by the tax table and the customer's exemptions as any charge of that category.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.cycles import Span
from common.domain.ids import ordered_id
from common.domain.money import Money
from common.domain.query import Document
from tmf678_bill.billing.rates import applied
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import Charge, Kind, Purpose, TaxClass
from tmf678_bill.corrections.errors import HasEnded, OtherCurrency
from tmf678_bill.corrections.kept import Asked, change, held, keep, known, recording, reference
from tmf678_bill.corrections.pending import PENDING, adjustments_billed, charge_of, pending_adjustments
from tmf678_bill.corrections.tables import ADJUSTMENT, CORRECTIONS
from tmf678_bill.currency import billed_currency, charged_currency
from tmf678_bill.cycles import AccountCycle, account_cycle
from tmf678_bill.facts import agreed_currency
from tmf678_bill.issue import OFF_CYCLE, Issuing, issue
from tmf678_bill.parties import customers_of, place_of_account
from tmf678_bill.policies import entity_of, policy_of
from tmf678_bill.run import held_account, wake
from tmf678_bill.shared import Shared
from tmf678_bill.tables import BILLING
from tmf678_bill.taxes import exemptions_of, rate_table

CREDIT, DEBIT = "credit", "debit"
NEXT_BILL, AT_ONCE = "nextBill", "atOnce"
CANCELLED = "cancelled"
# An amount with whatever tax there is in it.
GROSS = TaxClass(is_inclusive=True)


@dataclass(frozen=True)
class Adjustment:
    """What is to be credited or charged. Shapes: `amount` is above zero; `name` is shown on the bill."""

    account: str
    type: str
    amount: Money
    name: str
    when: str = NEXT_BILL
    tax: TaxClass = GROSS
    product: str | None = None


def adjust(context: RuleContext, wanted: Adjustment, asked: Asked) -> Document:
    """Errors: NotFound; OtherCurrency when the account is billed in another, or will be; OtherExternal."""
    before = known(context, ADJUSTMENT, asked)
    if before is not None:
        return before
    account, billing = held_account(context, wanted.account)
    before = known(context, ADJUSTMENT, asked)
    if before is not None:
        return before
    cycle = account_cycle(account, context.library, context.settings)
    _check_currency(context, account, billing, cycle, wanted)
    id = ordered_id()
    doc = _document(context, account, cycle, wanted)
    keep(context, ADJUSTMENT, asked, id=id, account=wanted.account, bill=None, state=PENDING, amount=wanted.amount,
         doc=doc)  # fmt: skip
    if wanted.when == AT_ONCE:
        _bill(context, account, billing, cycle, id)
    elif billing["next"] is None:  # it is closed, and no run bills it any more
        billing["next"] = cycle.cutoff_after(context.now)
        recording(context)(BILLING.name).put([billing])
        wake(context, billing)
    row = held(context, ADJUSTMENT, id)
    return {"id": id, **row["doc"]}


def cancel(context: RuleContext, id: str) -> Document:
    """One that is on no bill yet. Errors: NotFound; HasEnded."""
    row = held(context, ADJUSTMENT, id)
    held_account(context, row["account"])
    row = held(context, ADJUSTMENT, id)
    if row["state"] != PENDING:
        raise HasEnded(ADJUSTMENT, id, row["state"])
    return change(context, row, CANCELLED)


# -- the parts --------------------------------------------------------------------------------------------------------


def _check_currency(
    context: RuleContext, account: Document, billing: dict[str, Any], cycle: AccountCycle, wanted: Adjustment
) -> None:
    """An account that was never charged will be billed in the currency of what was agreed, or was decided first."""
    currency = billed_currency(account, billing) or agreed_currency(Shared(context), context, wanted.account, cycle)
    waiting = pending_adjustments(recording(context), wanted.account)
    currency = currency or next((one.amount.currency for one in waiting), None)
    if currency is not None and wanted.amount.currency != currency:
        raise OtherCurrency(f"billingAccount {wanted.account}", currency, wanted.amount.currency)


def _document(context: RuleContext, account: Document, cycle: AccountCycle, wanted: Adjustment) -> Document:
    day = cycle.day(context.now)
    customers = customers_of(account, context.library)
    span = Span(day, day + timedelta(days=1))
    purpose = Purpose("", Kind.ONE_TIME, "", None, None, wanted.name, wanted.tax, span)
    charge = Charge(purpose, wanted.amount, span, (), day, place_of_account(account, customers))
    rates = rate_table(recording(context), [wanted.tax.category] if wanted.tax.category is not None else [])
    tax = applied(charge, rates, exemptions_of([account, *customers], cycle.zone))
    stated = {"category": tax.category, "rate": tax.rate, "certificate": tax.certificate}
    doc: Document = {
        "@type": "Adjustment",
        "date": instant_text(context.now),
        "day": day.isoformat(),
        "billingAccount": reference("BillingAccount", wanted.account),
        "adjustmentType": wanted.type,
        "name": wanted.name,
        "amount": wanted.amount.document(),
        "when": wanted.when,
        "tax": {
            **{name: value for name, value in stated.items() if value is not None},
            **{"isInclusive": tax.is_inclusive, "source": tax.source.value},
        },
    }
    if wanted.product is not None:
        doc["product"] = reference("Product", wanted.product)
    return doc


def _bill(context: RuleContext, account: Document, billing: dict[str, Any], cycle: AccountCycle, id: str) -> None:
    """A bill, or a credit note, of this alone."""
    row = recording(context)(CORRECTIONS.name).get(id)
    assert row is not None, "it was just kept"
    charge = charge_of(row)
    policy = policy_of(entity_of(account, context.settings), context.settings)
    billing["bills"] += 1
    billing["currency"] = charged_currency(billing) or row["currency"]
    product = row["doc"].get("product", {}).get("id")
    found = context.library.get("product", product) if product is not None else None
    names = {} if found is None else {found["id"]: str(found.get("name") or found["id"])}
    start, end = cycle.period_at(context.now)
    issued = issue(
        context,
        Issuing(
            account,
            cycle,
            policy,
            state([charge], policy.engine),
            start,
            min(end, context.now) if context.now > start else end,
            billing["bills"],
            OFF_CYCLE,
            next=billing["next"],
            names=names,
            corrections=frozenset([charge.key]),
        ),
    )
    recording(context)(BILLING.name).put([billing])
    adjustments_billed(recording(context), [charge], issued.bill)
