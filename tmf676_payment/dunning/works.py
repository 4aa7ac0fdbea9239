"""The work of dunning: one account is looked at."""

from __future__ import annotations

from tmf676_payment.alone import Alone
from tmf676_payment.dunning.cases import look
from tmf676_payment.dunning.wake import WORK


class Dun(Alone):
    """Looks at one account."""

    kind = WORK
    look = staticmethod(look)
