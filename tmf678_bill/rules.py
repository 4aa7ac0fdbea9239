"""TMF678 v5.0.0 bills: what the contract cannot say.

- `settled` and `partiallyPaid` are by payments: a bill is settled when nothing remains of it, and partially paid when
  something was paid and something remains. Amounts compare exactly, in their currency.
- From `sent` on the state follows what is paid: a client puts a bill on hold, and does not take a payment back.
- A bill that a bill run issued is not changed by anybody: its amounts, number, dates and references stand as they were
  issued. Clients approve it (`new` to `validated`) and put it on hold; what is paid on it, and what was applied to a
  bill that was loaded, is the receivable's to say (`receivables`).
- A bill that was sent stays in the billing cycle that it was sent in.
- The server decides about a request for a bill: `inProgress`, and `rejected` at once where the account is closed.
Proposals, all of them: the standard names the states and draws no diagram (CustomerBillStateType,
CustomerBillOnDemandStateType).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from common.errors import Conflict, IllegalTransition
from common.rules import reference_id, same
from tmf678_bill.document.schedule import look_again
from tmf678_bill.lifecycle import CUSTOMER_BILL
from tmf678_bill.schedule import BILL_DEMAND
from tmf678_bill.tables import HEADS, RECEIVABLES

_SENT = frozenset({"sent", "partiallyPaid", "settled"})
# How far a bill has come on the way of its payments; only these go back on it.
_PAID = {"sent": 0, "partiallyPaid": 1, "settled": 2}
# States that clients may put an issued bill into.
_BY_CLIENTS = frozenset({"new", "validated", "onHold"})
_OF_PAYMENTS = ("appliedPayment", "remainingAmount", "amountDue")
_ISSUED = (
    *_OF_PAYMENTS,
    "billNo",
    "billDate",
    "billingAccount",
    "billingPeriod",
    "billCycle",
    "category",
    "financialAccount",
    "nextBillDate",
    "paymentDueDate",
    "relatedParty",
    "runType",
    "taxExcludedAmount",
    "taxIncludedAmount",
    "taxItem",
    "billDocument",
)


class Issued(Conflict):
    code, reason = "bill.issued", "An issued bill is not changed"

    def __init__(self, id: str, names: list[str]) -> None:
        super().__init__(
            f"customerBill {id[:80]!r} was issued; {', '.join(names)} cannot be changed any more: "
            "issue a credit note, or apply a payment"
        )


def on_patch_bill(before: Document, after: Document, context: RuleContext) -> None:
    if before.get("state") in _SENT and not same(before, after, "billCycle"):
        raise Conflict(f"customerBill {before['id'][:80]!r} was sent; its billCycle cannot be changed any more")
    is_issued = _check_kept(before, after, context)
    if before.get("state") == after.get("state"):
        return
    _check_move(before, after, is_issued=is_issued)
    if is_issued:
        look_again(after["id"], context)
    if after.get("state") == "settled":
        _require_settled(after)
    elif after.get("state") == "partiallyPaid":
        _require_partly_paid(after)


def on_create_request(request: Document, context: RuleContext) -> None:
    """State and bill are the server's to set; the bill is made at once. A request for an account that is not here
    waits like any other reference to something that is not here (reference mode `process`).
    """
    request["state"] = "inProgress"
    request.pop("customerBill", None)
    id = reference_id(request, "billingAccount")
    account = None if id is None else context.library.get("billingAccount", id)
    is_checked = context.settings.reference_mode != "off"
    if is_checked and account is not None and str(account.get("state", "")).casefold() == "closed":
        request["state"] = "rejected"
    elif account is not None and context.schedule is not None:
        context.schedule(BILL_DEMAND, request["id"], context.now)


def _check_kept(before: Document, after: Document, context: RuleContext) -> bool:
    """Errors: Issued, for what a client may not change of a bill that has records. Whether it was issued here."""
    if context.records is None:
        return False
    is_issued = context.records(HEADS.name).get(before["id"]) is not None
    kept = _ISSUED if is_issued else _OF_PAYMENTS if context.records(RECEIVABLES.name).get(before["id"]) else ()
    changed = [name for name in kept if not same(before, after, name)]
    if changed:
        raise Issued(before["id"], changed)
    return is_issued


def _check_move(before: Document, after: Document, *, is_issued: bool) -> None:
    """Errors: IllegalTransition for a move that payments make and clients do not."""
    first, then = str(before.get("state")), str(after.get("state"))
    goes_back = first in _PAID and then in _PAID and _PAID[then] < _PAID[first]
    if goes_back or (is_issued and then not in _BY_CLIENTS):
        allowed = {to for to in CUSTOMER_BILL.moves[first] if to not in _PAID or not is_issued}
        allowed = {to for to in allowed if not (first in _PAID and _PAID.get(to, 9) < _PAID[first])}
        raise IllegalTransition("customerBill", "state", first, then, allowed)


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
