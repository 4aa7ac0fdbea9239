"""What other components may decide about bills, in their own transaction (`Component.offers`: `corrections`)."""

from __future__ import annotations

from common.component import Recording, RuleContext
from common.domain.money import Money
from common.domain.query import Document
from tmf678_bill.corrections.credit import EVERYTHING, Selection, credit_bill
from tmf678_bill.corrections.kept import Asked
from tmf678_bill.corrections.write_offs import recover, write_off


class Corrections:
    """What is offered. Documents as `openapi/extensions/billing-corrections.yaml` has them."""

    def __init__(self, records: Recording) -> None:
        self._records = records

    def credit(self, context: RuleContext, bill_id: str, amount: Money | None = None, *, reason: str) -> Document:
        """A credit note over all that is left of a bill, or over an amount, gross."""
        selection = EVERYTHING if amount is None else Selection(amount=amount)
        return credit_bill(context, bill_id, selection, Asked(reason))

    def write_off(self, context: RuleContext, bill_id: str, amount: Money | None = None, *, reason: str) -> Document:
        """What remains of a bill and is not disputed, or so much of it, is not asked for any more."""
        return write_off(context, bill_id, amount, Asked(reason))

    def recover(self, context: RuleContext, write_off_id: str, amount: Money | None = None) -> Document:
        """What was written off is owed again, or so much of it."""
        return recover(context, write_off_id, amount)
