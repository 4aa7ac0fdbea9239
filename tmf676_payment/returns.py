"""Money that goes back: refunds, which we make, and charge-backs, which the customer's bank makes.

Either takes what of the payment pays no bill first, then takes it off the bills that it paid last: those are owed
again, unless other credit of the customer pays them. The payment itself never changes.
"""

from __future__ import annotations

from typing import Any

from common.component import RuleContext
from common.domain.accounting import CUSTOMER_CREDIT, REFUNDS_PAYABLE, Entry
from common.domain.clock import instant_text
from common.domain.ids import ordered_id
from common.domain.money import Money
from common.domain.query import Document
from common.rules import reference_id
from tmf676_payment import charges, credit
from tmf676_payment.accounts import entity_of, hold, offered, table
from tmf676_payment.dunning.wake import look_at
from tmf676_payment.methods import Means
from tmf676_payment.providers.port import Operation
from tmf676_payment.tables import CHARGES, CREDITS, RETURNS

REFUND, CHARGE_BACK = "refund", "chargeBack"
OPEN, DONE, FAILED = "open", "done", "failed"


class NothingToRefund(Exception):
    """There is not so much to pay back."""


def refund(refund: Document, amount: Money, entity: str, context: RuleContext) -> None:
    """Pay back a payment, or credit of the account where it names none; in place.

    Errors: NothingToRefund.
    """
    account, payment = refund["account"]["id"], reference_id(refund, "payment")
    shares = _of_payment(payment, account, amount, context) if payment else _of_account(account, amount, context)
    charge = table(context, CHARGES.name).get(payment) if payment else None
    by_provider = charge is not None and charge["state"] == charges.DONE and "authorizationCode" not in refund
    state = OPEN if by_provider else DONE
    for row, part in shares:
        credit.take_back(context, row["id"], part, f"{REFUND}/{refund['id']}")
        _insert(context, REFUND, row, refund["id"], part, state)
    if (ledger := offered(context, "ledger")) is not None:
        enter = ledger.refund_promised if by_provider else ledger.refunded
        of = {"account": account, "entity": entity, "at": context.now, "amount": amount}
        enter(context, refund=refund["id"], reference=str(refund.get("name", "")), **of)
    credit.settle(context, account)
    if by_provider:
        assert charge is not None, "asked above"
        refund["status"] = "pendingAuthorization"
        means = Means("", charge["method"], charge["token"], True)
        charges.begin(context, "refund", refund["id"], account, amount, means, Operation.REFUND, charge["id"])
    else:
        refund |= {"status": "done"}
        refund.setdefault("refundDate", instant_text(context.now))
    look_at(context, account, context.now)


def concluded(context: RuleContext, row: dict[str, Any], *, is_done: bool) -> None:
    """The provider paid it back, or did not: then it is the customer's credit again. `row` is the charge."""
    assert context.update is not None, "refunds change where they are stored"
    id, account = row["id"], row["account"]
    amount = Money(row["amount"], row["currency"])
    document = hold(context, account)
    of = {"account": account, "entity": entity_of(document, context), "at": context.now}
    returned = table(context, RETURNS.name)
    mine = returned.find({"refund": id})
    returned.update({"refund": id}, {"state": DONE if is_done else FAILED})
    ledger, now = offered(context, "ledger"), instant_text(context.now)
    if is_done:
        if ledger is not None:
            ledger.refund_paid(context, refund=id, amount=amount, reference=row["reference"] or id, **of)
        context.update("refund", id, {"status": "done", "statusDate": now, "refundDate": now})
        return
    if ledger is not None:
        entries = (Entry(REFUNDS_PAYABLE, amount), Entry(CUSTOMER_CREDIT, -amount))
        ledger.post(context, cause=f"refundReturned/{id}", kind="refundReturned", entries=entries, **of)
    why = ": ".join(part for part in (row["code"], row["reason"]) if part)
    context.update("refund", id, {"status": "failed", "statusDate": now, "statusReason": why or None})
    for one in mine:
        credit.put_back(context, one["credit"], Money(one["amount"], one["currency"]))


def charge_back(context: RuleContext, payment: str, cause: str, amount: Money | None, reason: str) -> str | None:
    """The customer's bank took a payment back, or `amount` of it; the id of the refund that shows it.

    No more than is left of the payment after earlier returns; None when that is nothing. The account is held.
    """
    row = table(context, CREDITS.name).get(payment, for_update=True)
    if row is None:
        return None
    left = returnable(context, row)
    part = left if amount is None or amount.currency != left.currency else amount.smaller(left)
    if part.amount <= 0:
        return None
    id = ordered_id()
    credit.take_back(context, payment, part, f"{CHARGE_BACK}/{cause}")
    _insert(context, CHARGE_BACK, row, id, part, DONE)
    if (ledger := offered(context, "ledger")) is not None:
        of = {"account": row["account"], "entity": row["entity"], "at": context.now, "amount": part}
        ledger.charged_back(context, payment=f"{payment}/{cause}", reference=row["name"] or payment, **of)
    credit.settle(context, row["account"])
    _show_charge_back(context, id, row, part, reason)
    look_at(context, row["account"], context.now)
    return id


def returnable(context: RuleContext, row: dict[str, Any]) -> Money:
    """What of a credit has not gone back, or is not about to."""
    rows = table(context, RETURNS.name).find({"credit": row["id"], "state": (OPEN, DONE)})
    gone = sum((one["amount"] for one in rows), row["amount"] * 0)
    return Money(row["amount"] - gone, row["currency"])


# -- the parts --------------------------------------------------------------------------------------------------------

_Share = tuple[dict[str, Any], Money]


def _of_payment(payment: str, account: str, amount: Money, context: RuleContext) -> list[_Share]:
    row = table(context, CREDITS.name).get(payment, for_update=True)
    if row is None or row["account"] != account:
        raise NothingToRefund(f"payment {payment[:80]!r} brought no money to account {account[:80]!r}")
    _check(amount, returnable(context, row), f"of payment {payment[:80]!r}")
    return [(row, amount)]


def _of_account(account: str, amount: Money, context: RuleContext) -> list[_Share]:
    rows = [row for row in credit.left(context, account) if row["currency"] == amount.currency]
    whole = Money(sum((row["left"] for row in rows), amount.amount * 0), amount.currency)
    _check(amount, whole, f"of the credit of account {account[:80]!r}")
    shares, missing = [], amount
    for row in rows:
        part = missing.smaller(Money(row["left"], row["currency"]))
        if part.amount > 0:
            shares.append((row, part))
            missing = missing - part
    return shares


def _check(amount: Money, whole: Money, of: str) -> None:
    if amount.currency != whole.currency or amount.amount > whole.amount:
        raise NothingToRefund(f"{of} {whole.amount:f} {whole.currency} can be refunded at most")


def _insert(context: RuleContext, kind: str, row: dict[str, Any], refund: str, part: Money, state: str) -> None:
    of = {"id": ordered_id(), "kind": kind, "credit": row["id"], "refund": refund, "account": row["account"]}
    money = {"currency": part.currency, "amount": part.amount}
    table(context, RETURNS.name).insert([{**of, **money, "state": state, "at": context.now}])


def _show_charge_back(context: RuleContext, id: str, row: dict[str, Any], part: Money, reason: str) -> None:
    assert context.create is not None, "charge-backs are shown where they are stored"
    payment = context.library.get("payment", row["id"]) or {}
    context.create(
        "refund",
        {
            "id": id,
            "name": CHARGE_BACK,
            "description": f"Charge-back: {reason}" if reason else "Charge-back",
            "status": "done",
            "statusDate": instant_text(context.now),
            "refundDate": instant_text(context.now),
            "totalAmount": part.document(),
            "account": payment.get("account") or {"id": row["account"]},
            "paymentMethod": payment.get("paymentMethod") or {"name": "unknown"},
            "payment": {"@type": "PaymentRef", "id": row["id"], "@referredType": "Payment"},
        },
    )
