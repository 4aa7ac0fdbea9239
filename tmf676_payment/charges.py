"""What is asked of the provider for one payment or refund: the record of it. What answers mean is `outcomes`."""

from __future__ import annotations

from typing import Any

from common.component import RuleContext
from common.domain.money import Money
from tmf676_payment.accounts import hold, table
from tmf676_payment.methods import Means
from tmf676_payment.providers.port import Operation
from tmf676_payment.tables import CHARGES

WORK = "payment.provider"
OPEN, DONE, DECLINED = "open", "done", "declined"


def begin(
    context: RuleContext,
    resource: str,
    id: str,
    account: str,
    amount: Money,
    means: Means,
    operation: Operation = Operation.AUTHORISE,
    original: str | None = None,
) -> None:
    """Have the provider asked, in a transaction after this one."""
    assert context.schedule is not None, "the provider is asked later"
    table(context, CHARGES.name).insert(
        [
            {
                **{"id": id, "resource": resource, "account": account, "original": original},
                **{"currency": amount.currency, "amount": amount.amount, "method": means.kind, "token": means.token},
                **{"operation": operation.value, "state": OPEN, "is_pending": False, "tries": 0},
                **{"at": context.now, "due": context.now},
            }
        ]
    )
    context.schedule(WORK, id, context.now)


def pending(context: RuleContext, account: str) -> list[dict[str, Any]]:
    """The payments of an account that the provider has not decided."""
    return table(context, CHARGES.name).find({"account": account, "state": OPEN, "resource": "payment"})


def held(context: RuleContext, id: str) -> dict[str, Any] | None:
    """One charge, held with its account."""
    charges = table(context, CHARGES.name)
    row = charges.get(id)
    if row is None:
        return None
    hold(context, row["account"])
    return charges.get(id, for_update=True)
