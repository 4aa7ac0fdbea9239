"""TMF678 v5.0.0 bills: what the contract cannot say.

- `settled` and `partiallyPaid` are by payments: a bill is settled when nothing remains of it, and partially paid when
  something was paid and something remains. Amounts compare exactly, in their currency.
- A bill that was sent stays in the billing cycle that it was sent in.
- The server decides about a request for a bill: `inProgress`, and `rejected` at once where the account is closed.
Proposals, all three: the standard names the states and draws no diagram (CustomerBillStateType,
CustomerBillOnDemandStateType). Nothing here produces bills; they come from whoever stores them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from common.errors import Conflict
from common.rules import reference_id, same

_SENT = frozenset({"sent", "partiallyPaid", "settled"})


def on_patch_bill(before: Document, after: Document, context: RuleContext) -> None:
    if before.get("state") in _SENT and not same(before, after, "billCycle"):
        raise Conflict(f"customerBill {before['id'][:80]!r} was sent; its billCycle cannot be changed any more")
    if before.get("state") == after.get("state"):
        return
    if after.get("state") == "settled":
        _require_settled(after)
    elif after.get("state") == "partiallyPaid":
        _require_partly_paid(after)


def on_create_request(request: Document, context: RuleContext) -> None:
    """State and bill are the server's to set. A request for an account that is not here waits like any other
    reference to something that is not here (reference mode `process`)."""
    request["state"] = "inProgress"
    request.pop("customerBill", None)
    id = reference_id(request, "billingAccount")
    if context.settings.reference_mode == "off" or id is None:
        return
    account = context.library.get("billingAccount", id)
    if account is not None and str(account.get("state", "")).casefold() == "closed":
        request["state"] = "rejected"


def _require_settled(bill: Document) -> None:
    remaining = _remaining(bill)
    if remaining is not None and remaining != 0:
        raise Conflict(
            f"customerBill {bill['id'][:80]!r} cannot be settled: {remaining} {_unit(bill)} remain; "
            "apply the payment, or credit what is left"
        )


def _require_partly_paid(bill: Document) -> None:
    if not _is_paid_on(bill):
        raise Conflict(f"customerBill {bill['id'][:80]!r} cannot be partiallyPaid: no payment is applied to it")
    if _remaining(bill) == 0:
        raise Conflict(f"customerBill {bill['id'][:80]!r} cannot be partiallyPaid: nothing remains; it is settled")


def _remaining(bill: Document) -> Decimal | None:
    """What is left to pay, as the bill says, or else what is due less the payments in its currency; None when the
    bill says neither."""
    stated = _value(bill.get("remainingAmount"))
    due = _value(bill.get("amountDue"))
    if stated is not None or due is None:
        return stated
    unit = bill["amountDue"].get("unit")
    return due - sum(
        (_value(amount) or Decimal(0) for amount in _applied(bill) if amount.get("unit") == unit), Decimal(0)
    )


def _is_paid_on(bill: Document) -> bool:
    """Whether a payment is applied, or less remains than was due."""
    if any(_value(amount) for amount in _applied(bill)):
        return True
    due, remaining = bill.get("amountDue"), bill.get("remainingAmount")
    if not (isinstance(due, dict) and isinstance(remaining, dict)) or due.get("unit") != remaining.get("unit"):
        return False
    return None not in (_value(due), _value(remaining)) and _value(due) != _value(remaining)


def _applied(bill: Document) -> list[dict[str, Any]]:
    amounts = [payment.get("appliedAmount") for payment in bill.get("appliedPayment", ())]
    return [amount for amount in amounts if isinstance(amount, dict)]


def _value(money: Any) -> Decimal | None:
    """The exact number of a Money; documents hold integers and Decimals, never floats."""
    value = money.get("value") if isinstance(money, dict) else None
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _unit(bill: Document) -> str:
    money = bill.get("remainingAmount") or bill.get("amountDue") or {}
    return str(money.get("unit", ""))
