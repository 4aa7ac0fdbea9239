"""Which currency an account is billed in: that of what it was charged first, else of its credit limit.

What costs nothing fixes none: a statement of free units alone is in no currency, and leaves the account without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.domain.money import money_of
from common.domain.query import Document
from tmf678_bill.billing.values import Statement

# ISO 4217: what was used costs nothing, and nobody says in which currency.
NO_CURRENCY = "X" * 3


def billed_currency(account: Document, row: Mapping[str, Any]) -> str | None:
    """None while nothing says one. Shapes: `row` is that of the account's billing."""
    limit = money_of(account.get("creditLimit"))
    return charged_currency(row) or (None if limit is None else limit.currency)


def charged_currency(row: Mapping[str, Any]) -> str | None:
    """That of what the account was charged before; rows that note a statement of free units as in none say none."""
    currency: str | None = row["currency"]
    return None if currency == NO_CURRENCY else currency


def fixed_by(statement: Statement) -> str | None:
    """The currency that an account has by a statement; None where all of it is for nothing."""
    return statement.currency if any(not one.charge.amount.is_zero for one in statement.items) else None
