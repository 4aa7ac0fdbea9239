"""Statements and trial balances as they are answered (`openapi/extensions/ledger.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.clock import instant_text
from common.domain.money import Money
from tmf666_account.ledger.reading import Line, Standing, Statement


def statement_document(told: Statement, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    period = {"startDateTime": since, "endDateTime": until}
    return {
        "account": {"id": told.account},
        "period": {name: instant_text(at) for name, at in period.items() if at is not None},
        "balance": [
            {"opening": shown(told.opening[currency]), "closing": shown(told.closing[currency])}
            for currency in told.closing
        ],
        "line": [line_document(line) for line in told.lines],
    }


def line_document(line: Line) -> dict[str, Any]:
    return {
        "id": line.posting,
        "date": instant_text(line.at),
        "kind": line.kind,
        "cause": line.cause,
        "reference": line.reference,
        "amount": shown(line.amount),
        "balance": shown(line.balance),
    }


def trial_balance_document(standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """Each legal entity and currency with its ledger accounts and what they come to, which is zero."""
    groups: dict[tuple[str, str], list[Standing]] = {}
    for one in standings:
        groups.setdefault((one.entity, one.amount.currency), []).append(one)
    return [
        {
            "entity": entity,
            "currency": currency,
            "account": [{"name": one.ledger_account, "amount": decimals(one.amount)} for one in listed],
            "sum": decimals(_sum(listed)),
        }
        for (entity, currency), listed in groups.items()
    ]


def shown(amount: Money) -> dict[str, Any]:
    return {"unit": amount.currency, "value": decimals(amount)}


def decimals(amount: Money) -> Decimal:
    """With as many decimals as its currency has, and more only when there are more."""
    rounded = amount.rounded()
    return rounded.amount if rounded == amount else amount.amount.normalize()


def _sum(standings: Iterable[Standing]) -> Money:
    first, *rest = standings
    total = first.amount
    for one in rest:
        total += one.amount
    return total
