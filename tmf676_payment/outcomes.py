"""What the answers of the provider mean for payments, refunds and collections. An answer counts once.

A question is noted before it is asked. One that was noted and has no answer is asked for its status first, and again
only when the provider never heard of it: a customer is never charged twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.component import RuleContext
from common.domain.clock import instant_text
from common.domain.money import Money
from tmf676_payment import collecting, credit, returns
from tmf676_payment.accounts import entity_of, hold, table
from tmf676_payment.charges import DECLINED, DONE, OPEN
from tmf676_payment.credit import Received
from tmf676_payment.dunning.wake import look_at, paid
from tmf676_payment.items import items, told_of
from tmf676_payment.providers.port import Answer, Operation, Outcome
from tmf676_payment.tables import CHARGES

# A provider that does not answer, or has not decided, is asked again after a pause, which grows.
PAUSE_MIN, PAUSE_MAX = timedelta(minutes=1), timedelta(hours=6)
_DOUBLINGS_MAX = 10
_ORDER = (Operation.AUTHORISE.value, Operation.CAPTURE.value)


def note(context: RuleContext, row: dict[str, Any], operation: str, answer: Answer | None) -> None:
    """What an answer means. None: there was none. One about what is decided already means nothing.

    `row` is held, and changed.
    """
    if row["state"] != OPEN or _is_past(operation, row["operation"]):
        return
    row["due"] = None
    if answer is None or answer.outcome is Outcome.PENDING:
        row["is_pending"] = answer is not None
        row["tries"] += 1
        row["due"] = context.now + _pause(row["tries"])
    elif answer.outcome is Outcome.AUTHORISED:
        row |= {"operation": Operation.CAPTURE.value, "is_pending": False, "tries": 0, "due": context.now}
        _show(context, row, {"status": "authorized", "authorizationCode": answer.reference or None})
    else:
        row |= {"is_pending": False, "reference": answer.reference, "code": answer.code, "reason": answer.reason}
        row["state"] = DECLINED if answer.outcome is Outcome.DECLINED else DONE
    table(context, CHARGES.name).put([row])
    if row["state"] != OPEN:
        _conclude(context, row)


# -- the parts --------------------------------------------------------------------------------------------------------


def _conclude(context: RuleContext, row: dict[str, Any]) -> None:
    is_done = row["state"] == DONE
    if row["resource"] == "refund":
        returns.concluded(context, row, is_done=is_done)
    elif is_done:
        _received(context, row)
    else:
        _show(context, row, {"status": "denied", "statusReason": _why(row)})
    collecting.concluded(context, row, is_done=is_done)
    if is_done:
        paid(context, row["account"])
    else:
        look_at(context, row["account"], context.now)


def _received(context: RuleContext, row: dict[str, Any]) -> None:
    payment = context.library.get("payment", row["id"]) or {}
    entity = entity_of(hold(context, row["account"]), context)
    amount = Money(row["amount"], row["currency"])
    received = Received(row["id"], row["account"], entity, amount, str(payment.get("name", "")))
    allocated = credit.receive(context, received, told_of(payment))
    shown = {"status": "done", "paymentDate": instant_text(context.now), **items(payment, allocated)}
    _show(context, row, shown | ({"authorizationCode": row["reference"]} if row["reference"] else {}))


def _show(context: RuleContext, row: dict[str, Any], changes: dict[str, Any]) -> None:
    assert context.update is not None, "payments change where they are stored"
    context.update(row["resource"], row["id"], {**changes, "statusDate": instant_text(context.now)})


def _why(row: dict[str, Any]) -> str:
    return ": ".join(part for part in (row["code"], row["reason"]) if part)


def _pause(tries: int) -> timedelta:
    doublings: int = 2 ** min(tries - 1, _DOUBLINGS_MAX)
    return min(PAUSE_MIN * doublings, PAUSE_MAX)


def _is_past(operation: str, present: str) -> bool:
    """Whether an answer is about an operation that others have followed."""
    both = operation in _ORDER and present in _ORDER
    return both and _ORDER.index(operation) < _ORDER.index(present)
