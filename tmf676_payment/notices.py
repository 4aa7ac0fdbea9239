"""What the provider tells by itself: that a payment or refund is decided, or that a payment was taken back.

A notice counts once, by its id. It may come before the answer to the question, after it, or twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.money import Money
from common.errors import NotFound
from common.installation import Installation
from common.rest.actions import acting
from tmf676_payment import charges, outcomes, returns
from tmf676_payment.accounts import table
from tmf676_payment.providers.port import Answer, Outcome
from tmf676_payment.tables import NOTICES

CHARGE_BACK = "chargeBack"


@dataclass(frozen=True)
class Notice:
    """One of them.

    Shapes: `key` is the id of the payment or refund; `type` is the operation that `answer` is about, or `chargeBack`,
            then `amount` (None: all of it) and `reason` say how much and why.
    """

    id: str
    key: str
    type: str
    answer: Answer | None
    amount: Money | None = None
    reason: str = ""


def take(installation: Installation, notice: Notice) -> bool:
    """Do what it says, in a transaction of its own; False when it was told before.

    Errors: NotFound for a key that nothing of ours has.
    """
    with installation.database.write() as uow:
        act = acting(installation, uow, notice.id)
        context = act.context("payment")
        row = charges.held(context, notice.key)
        if row is None:
            raise NotFound("payment", notice.key)
        fresh = {"id": notice.id, "charge": notice.key, "type": notice.type, "at": act.now}
        if not table(context, NOTICES.name).insert_new([fresh]):
            return False
        if notice.type != CHARGE_BACK:
            assert notice.answer is not None, "a decision has an answer"
            outcomes.note(context, row, notice.type, notice.answer)
        elif row["resource"] == "payment":
            if row["state"] == charges.OPEN:
                # What is taken back was taken before; the notice of that is late.
                outcomes.note(context, row, "capture", Answer(Outcome.CAPTURED))
            returns.charge_back(context, notice.key, notice.id, notice.amount, notice.reason)
        uow.work(charges.WORK).wake(notice.key, act.now)
        uow.commit()
    return True
