"""What becomes of money that is owed: credit of the customer pays it, it is collected, or it is dunned.

`context.offered("collections")` is None where payments are not served; bills are then only shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from common.component import Recording, RuleContext
from common.domain.money import Money
from tmf676_payment import collecting, credit
from tmf676_payment.accounts import entity_of, hold
from tmf676_payment.credit import CREDIT_NOTE, Received
from tmf676_payment.dunning.wake import GRACE, look_at, paid
from tmf676_payment.tables import COLLECTIONS, CREDITS, DUNNING


class IssuedBill(Protocol):
    """A bill as `offered("receivables")` gives it."""

    @property
    def id(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def due(self) -> datetime: ...
    @property
    def remaining(self) -> Money: ...


class Collections:
    """What is offered."""

    def __init__(self, records: Recording) -> None:
        self._records = records

    def foresee(self, accounts: Iterable[str]) -> None:
        """Bills of these accounts, which are held, are issued now."""
        wanted = tuple(sorted(set(accounts)))
        table = self._records
        table(COLLECTIONS.name).foresee_new()
        table(CREDITS.name).foresee({"account": wanted, "is_left": True})
        table(DUNNING.name).foresee({"account": wanted})

    def bill_issued(self, context: RuleContext, bill: IssuedBill) -> None:
        """A new bill is stored: customer credit is applied to it, and what remains is collected from its due date on.

        Call it in the bill's transaction, with the account held and the bill's record and document written. It calls
        `receivables.apply` and `ledger.allocated` for credit that there is. A bill that was told of before changes
        nothing.
        """
        hold(context, bill.account)
        if not collecting.begin(context, bill.id, bill.account, bill.due):
            return
        credit.settle(context, bill.account)
        look_at(context, bill.account, max(bill.due + GRACE, context.now))
        paid(context, bill.account)

    def due_again(self, context: RuleContext, bill: IssuedBill) -> None:
        """Something of a bill may be asked for again: it is not disputed any more, or was written off and is owed.

        Credit pays it, and what remains is collected and dunned as if the bill were new; a case of which nothing is
        due now ends. In the transaction of that.
        """
        hold(context, bill.account)
        collecting.again(context, bill.id, bill.account, bill.due)
        credit.settle(context, bill.account)
        look_at(context, bill.account, max(bill.due + GRACE, context.now))
        paid(context, bill.account)

    def lowered(self, context: RuleContext, account: str) -> None:
        """Less of a bill may be asked for: it was credited, disputed or written off. A case that is over ends now."""
        paid(context, account)

    def credit_issued(self, context: RuleContext, *, account: str, credit: str, amount: Money, name: str = "") -> None:
        """Money that the account has to its credit otherwise than by a payment: what is over from a credit note.

        `credit` is the id that bills show as what paid them (the credit note's), and counts once. The ledger has it in
        `customerCredit` already. It pays open bills, the longest due first, and the next ones.
        """
        if amount.amount > 0:
            _take_over(context, account, credit, amount, name)
            paid(context, account)


def _take_over(context: RuleContext, account: str, id: str, amount: Money, name: str) -> None:
    entity = entity_of(hold(context, account), context)
    credit.take_over(context, Received(id, account, entity, amount, name, CREDIT_NOTE))
