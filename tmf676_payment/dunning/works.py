"""The work of dunning: one account is looked at."""

from __future__ import annotations

from tmf676_payment.dunning.cases import look
from tmf676_payment.dunning.wake import WORK
from tmf676_payment.looking import Looking


class Dun(Looking):
    """Looks at one account."""

    kind = WORK
    look = staticmethod(look)
