"""Write-offs: a debt that nobody will pay, and its recovery when it is paid after all.

Tax that was paid on a bad debt is given back by the state where the law says so (`taxRelief: true` of the legal entity,
docs/corrections.md); else the whole is the operator's loss.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.money import Money, money_of
from common.domain.query import Document
from common.errors import ConfigurationError
from common.legal_entities import legal_entity
from common.store.records import Row
from tmf678_bill.asking import ask_again, lowered
from tmf678_bill.corrections.credit import open_of
from tmf678_bill.corrections.errors import HasEnded, NothingOpen, OtherCurrency
from tmf678_bill.corrections.kept import Asked, change, held, keep, known, recording, reference
from tmf678_bill.corrections.tables import CORRECTIONS, WRITE_OFF
from tmf678_bill.receivables import WRITE_OFF as APPLIED_WRITE_OFF
from tmf678_bill.receivables import OpenBill, Receivables
from tmf678_bill.tables import HEADS

WRITTEN_OFF, RECOVERED = "writtenOff", "recovered"


def write_off(context: RuleContext, bill_id: str, amount: Money | None, asked: Asked) -> Document:
    """Write off what remains of a bill, or so much of it.

    Errors: NotFound; NothingOpen; OtherCurrency; OtherExternal.
    """
    bill = open_of(context, bill_id)
    before = known(context, WRITE_OFF, asked)
    if before is not None:
        return before
    amount = bill.undisputed if amount is None else amount
    if amount.currency != bill.remaining.currency:
        raise OtherCurrency(f"bill {bill.number}", bill.remaining.currency, amount.currency)
    if not 0 < amount.amount <= bill.undisputed.amount:
        raise NothingOpen(f"bill {bill.number} (what is disputed is not written off)", amount, bill.undisputed)
    id, tax = ordered_id(), _relief(context, bill, amount)
    Receivables(recording(context)).credit(context, bill_id, id, amount, APPLIED_WRITE_OFF)
    ledger = context.offered("ledger") if context.offered is not None else None
    if ledger is not None:
        of = {"account": bill.account, "entity": bill.entity, "at": context.now, "reference": bill.number}
        ledger.written_off(context, write_off=id, net=amount - tax, tax=tax, **of)
    lowered(context, bill.account)
    nothing = amount - amount
    doc: Document = {
        "@type": "WriteOff",
        "date": instant_text(context.now),
        "bill": reference("CustomerBill", bill_id, bill.number),
        "billingAccount": reference("BillingAccount", bill.account),
        "amount": amount.document(),
        "taxReliefAmount": tax.document(),
        "recoveredAmount": nothing.document(),
    }
    of_row = {"id": id, "account": bill.account, "bill": bill_id}
    return keep(context, WRITE_OFF, asked, **of_row, state=WRITTEN_OFF, amount=amount, doc=doc)


def recover(context: RuleContext, id: str, amount: Money | None) -> Document:
    """What was written off is owed again, or so much of it: the customer's credit pays it, and it may be asked for.

    Errors: NotFound; HasEnded when all of it was recovered; NothingOpen; OtherCurrency.
    """
    row = held(context, WRITE_OFF, id)
    bill = open_of(context, row["bill"])
    row = held(context, WRITE_OFF, id)
    if row["state"] == RECOVERED:
        raise HasEnded(WRITE_OFF, id, row["state"])
    whole, before = Money(row["amount"], row["currency"]), _amount(row, "recoveredAmount")
    amount = whole - before if amount is None else amount
    if amount.currency != whole.currency:
        raise OtherCurrency(f"bill {bill.number}", whole.currency, amount.currency)
    if not 0 < amount.amount <= (whole - before).amount:
        raise NothingOpen(f"what was written off of bill {bill.number}", amount, whole - before)
    until = before + amount
    tax = _share_of(_amount(row, "taxReliefAmount"), until, whole) - _share_of(
        _amount(row, "taxReliefAmount"), before, whole
    )
    Receivables(recording(context)).credit(context, bill.id, id, -amount, APPLIED_WRITE_OFF)
    ledger = context.offered("ledger") if context.offered is not None else None
    if ledger is not None:
        of = {"account": bill.account, "entity": bill.entity, "at": context.now, "reference": bill.number}
        ledger.recovered(context, recovery=f"{id}/{until.amount.normalize():f}", net=amount - tax, tax=tax, **of)
    state = RECOVERED if until == whole else WRITTEN_OFF
    changes: dict[str, Any] = {"recoveredAmount": until.document(), "recoveryDate": instant_text(context.now)}
    document = change(context, row, state, **changes)
    ask_again(context, open_of(context, bill.id))
    return document


# -- the parts --------------------------------------------------------------------------------------------------------


def _relief(context: RuleContext, bill: OpenBill, amount: Money) -> Money:
    """The tax in an amount that is written off: the bill's, in proportion, cumulatively over its write-offs."""
    given = legal_entity(context.settings, bill.entity).get("taxRelief", False)
    if not isinstance(given, bool):
        raise ConfigurationError(f"taxRelief of legal entity {bill.entity!r} is true or false")
    head = recording(context)(HEADS.name).get(bill.id)
    if not given or head is None or head["gross"] == 0:
        return amount - amount
    rows = recording(context)(CORRECTIONS.name).find({"bill": bill.id, "kind": WRITE_OFF})
    before = Money(sum((row["amount"] for row in rows), Decimal(0)), amount.currency)
    tax, gross = (Money(head[name], amount.currency) for name in ("tax", "gross"))
    return _share_of(tax, before + amount, gross) - _share_of(tax, before, gross)


def _share_of(tax: Money, part: Money, whole: Money) -> Money:
    return tax if part == whole else tax.portion(part.amount, whole.amount).rounded()


def _amount(row: Row, name: str) -> Money:
    stated = money_of(row["doc"][name])
    assert stated is not None, "a write-off says its amounts"
    return stated
