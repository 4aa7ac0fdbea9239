"""When a bill's documents are made: in a work of its own, after the transaction that issued the bill."""

from __future__ import annotations

from common.component import RuleContext

# The key is the id of the bill; `works` carries it out.
DOCUMENT = "bill.document"


def look_again(bill: str, context: RuleContext) -> None:
    """Have a bill's documents made, and the bill sent, as soon as this is committed."""
    if context.schedule is not None:
        context.schedule(DOCUMENT, bill, context.now)
