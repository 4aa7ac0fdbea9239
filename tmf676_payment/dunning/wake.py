"""When an account's arrears are looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.component import RuleContext
from tmf676_payment.accounts import table
from tmf676_payment.tables import DUNNING

WORK = "dunning.account"
OFF = "off"
NONE, ARREARS, RECOVERING = "none", "arrears", "recovering"
# A bill may be paid on the whole of its due date: it is in arrears a day after that instant.
GRACE = timedelta(days=1)


def look_at(context: RuleContext, account: str, at: datetime) -> None:
    """Look at the account at this instant at the latest."""
    assert context.schedule is not None, "arrears are looked at later"
    if context.settings.dunning != OFF:
        context.schedule(WORK, account, at)


def paid(context: RuleContext, account: str) -> None:
    """Something was paid: of an account in arrears that is looked at now."""
    row = table(context, DUNNING.name).get(account)
    if row is not None and row["state"] != NONE:
        look_at(context, account, context.now)
