"""Bills that are collected by the customer's means of paying: on the due date, and again after a decline.

The account's `defaultPaymentMethod` at that moment is asked. What is declined for good (a stolen card, a mandate that
was revoked) is not asked for again; what may go well another day is, by the policy.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.money import Money
from common.domain.query import Document
from common.errors import NotFound
from common.rules import reference_id
from tmf676_payment import charges
from tmf676_payment.accounts import hold, offered, table
from tmf676_payment.methods import means_of
from tmf676_payment.policy import policy_for
from tmf676_payment.tables import CHARGES, COLLECTIONS

WORK = "payment.collect"
WAITING, ASKED, ENDED = "waiting", "asked", "ended"


def begin(context: RuleContext, bill: str, account: str, due: datetime) -> bool:
    """Have a bill collected from its due date on; False when it is already."""
    assert context.schedule is not None, "bills are collected later"
    row = {"bill": bill, "account": account, "state": WAITING, "tries": 0, "due": due}
    if not table(context, COLLECTIONS.name).insert_new([row]):
        return False
    context.schedule(WORK, bill, max(due, context.now))
    return True


def again(context: RuleContext, bill: str, account: str, due: datetime) -> None:
    """Have a bill collected anew from this due date on, unless a payment for it is under way."""
    assert context.schedule is not None, "bills are collected later"
    row = table(context, COLLECTIONS.name).get(bill, for_update=True)
    if row is None:
        begin(context, bill, account, due)
    elif row["state"] != ASKED:
        table(context, COLLECTIONS.name).put([{**row, "state": WAITING, "tries": 0, "due": due, "reason": None}])
        context.schedule(WORK, bill, max(due, context.now))


def collect(context: RuleContext, bill: str) -> datetime | None:
    """Ask for what is open of it, when that is due; when to look again, None for not at all."""
    collections = table(context, COLLECTIONS.name)
    known = collections.get(bill)
    if known is None:
        return None
    document = hold(context, known["account"])
    row = collections.get(bill, for_update=True)
    assert row is not None, "nobody removes it"
    if row["state"] != WAITING:
        return None
    due: datetime = row["due"]
    if due > context.now:
        return due
    amount = _open(context, bill)
    if amount is None or amount.amount <= 0:
        _end(context, row, "nothing of it may be asked for")
        return None
    problem = _problem(document, context)
    if problem:
        _end(context, row, problem)
        return None
    _ask(context, row, amount, document["defaultPaymentMethod"])
    return None


def concluded(context: RuleContext, charge: dict[str, Any], *, is_done: bool) -> None:
    """What becomes of the collection of a bill after a payment for it was decided. The account is held."""
    if charge["bill"] is None:
        return
    row = table(context, COLLECTIONS.name).get(charge["bill"], for_update=True)
    if row is None or row["state"] != ASKED:
        return
    policy = policy_for(context, hold(context, row["account"])).collection
    retries = policy.retry_after_days
    if is_done or charge["code"] in policy.final_declines or row["tries"] > len(retries):
        _end(context, row, "paid" if is_done else charge["reason"] or charge["code"] or "declined")
        return
    assert context.schedule is not None, "bills are collected later"
    at = context.now + timedelta(days=retries[row["tries"] - 1])
    table(context, COLLECTIONS.name).put([{**row, "state": WAITING, "due": at}])
    context.schedule(WORK, row["bill"], at)


# -- the parts --------------------------------------------------------------------------------------------------------


def _open(context: RuleContext, bill: str) -> Money | None:
    """What of a bill may be asked for, less what is being asked for already."""
    receivables = offered(context, "receivables")
    try:
        found = receivables.get(context, bill) if receivables is not None else None
    except NotFound:
        found = None
    if found is None:
        return None
    amount: Money = found.collectable
    for one in table(context, CHARGES.name).find({"bill": bill, "state": charges.OPEN}):
        amount = amount - Money(one["amount"], one["currency"])
    return amount


def _problem(account: Document, context: RuleContext) -> str:
    """Why the account's usual means of paying is not asked; nothing when it is."""
    if reference_id(account, "defaultPaymentMethod") is None:
        return "the account has no means of paying that money is taken from"
    means = means_of(account["defaultPaymentMethod"], context)
    return means.problem or ("" if means.is_collected else "the customer pays by other means")


def _ask(context: RuleContext, row: dict[str, Any], amount: Money, reference: Any) -> None:
    assert context.create is not None, "payments are made where they are stored"
    tries = row["tries"] + 1
    table(context, COLLECTIONS.name).put([{**row, "state": ASKED, "tries": tries}])
    made = context.create(
        "payment",
        {
            "name": "Collection",
            "totalAmount": amount.document(),
            "account": {
                "@type": "AccountRef",
                "id": row["account"],
                "@referredType": "BillingAccount",
            },
            "paymentMethod": reference,
            "paymentItem": [
                {
                    "@type": "PaymentItem",
                    "totalAmount": amount.document(),
                    "item": {"@type": "EntityRef", "id": row["bill"], "@referredType": "CustomerBill"},
                }
            ],
        },
    )
    table(context, CHARGES.name).update({"id": made["id"]}, {"bill": row["bill"]})


def _end(context: RuleContext, row: dict[str, Any], reason: str) -> None:
    table(context, COLLECTIONS.name).put([{**row, "state": ENDED, "reason": reason}])
