"""Exact decimals of rating and balances: 34 digits, 18 behind the point, and never inexact without saying so."""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow

DIGITS, DECIMALS = 34, 18
LAST_DECIMAL = Decimal(1).scaleb(-DECIMALS)
ERRORS = (InvalidOperation, DivisionByZero, Overflow, FloatOperation)
EXACT = Context(prec=DIGITS, traps=[*ERRORS, Inexact])
# Half-even, where rounding is meant.
ROUNDING = Context(prec=DIGITS, traps=list(ERRORS))
