"""What becomes of money that is owed: credit of the customer pays it, a payment method is asked for it, or it is dunned.

`context.offered("collections")` is None where payments are not served; bills are then only shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from common.component import Recording, RuleContext
from common.domain.money import Money


class IssuedBill(Protocol):
    """A bill as `offered("receivables")` gives it."""

    id: str
    account: str
    due: datetime
    remaining: Money


class Collections:
    """What is offered."""

    def __init__(self, records: Recording) -> None:
        self._records = records

    def bill_issued(self, context: RuleContext, bill: IssuedBill) -> None:
        """A new bill is stored: customer credit is applied to it, and what remains is collected from its due date on.

        Call it in the bill's transaction, with the account held and `receivables.apply` able to find the bill. It calls
        `receivables.apply` and `ledger.allocated` for credit that there is. A bill that was told of before changes
        nothing.
        """
        raise NotImplementedError

    def credit_issued(
        self, context: RuleContext, *, account: str, credit: str, amount: Money, name: str = ""
    ) -> None:
        """Money that the account has to its credit otherwise than by a payment: what is over from a credit note.

        `credit` is the id that bills show as what paid them (the credit note's), and counts once. The ledger has it in
        `customerCredit` already. It pays open bills, oldest first, and the next ones.
        """
        raise NotImplementedError
