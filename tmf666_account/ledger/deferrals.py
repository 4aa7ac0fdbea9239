"""Deferred revenue as it is kept: begun by bills, lessened by credit notes, recognised as months close.

Locks: the account (`journal.hold`) before anything here is read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from common.component import Recording, RuleContext
from common.domain.accounting import Part, Service, summed
from common.domain.money import Money
from tmf666_account.ledger import entries, recognition
from tmf666_account.ledger.journal import Posting, hold, post
from tmf666_account.ledger.recognition import Deferral
from tmf666_account.ledger.tables import DEFERRALS

RECOGNITION = "ledger.recognition"


def bill(records: Recording, context: RuleContext, posting: Posting, parts: tuple[Part, ...], currency: str) -> bool:
    """A bill entered; what it charges for days to come is kept, and what of that lies in closed months recognised."""
    day = _day(context, posting.at)
    if not post(records, context, posting, entries.bill_issued(parts, currency, day)):
        return False
    rows = [
        _row(recognition.deferred(part.id, part.net, part.service), posting.account, posting.entity, is_open=True)
        for part in parts
        if part.service is not None and entries.is_deferred(part, day) and not part.net.is_zero
    ]
    if rows:
        records(DEFERRALS.name).insert(rows)
        due = recognise(records, context, posting.account, posting.at, posting.cause, posting.reference)
        if due is not None and context.schedule is not None:
            context.schedule(RECOGNITION, posting.account, due)
    return True


def credit(
    records: Recording,
    context: RuleContext,
    posting: Posting,
    parts: tuple[Part, ...],
    currency: str,
    applied: Money,
) -> bool:
    """A credit note entered, and what it takes back of what is deferred."""
    hold(records, context, posting.account)
    rows = records(DEFERRALS.name).get_many({(part.corrects,) for part in parts if part.corrects is not None})
    assert all(row["entity"] == posting.entity for row in rows.values()), "a credit note is in the books of its bill"
    held = {item: _deferral(row) for (item,), row in rows.items()}
    unrecognised = Money(Decimal(0), currency)
    for part in parts:
        if part.corrects in held:
            held[part.corrects], still = recognition.credit(held[part.corrects], part.net)
            unrecognised += still
    net = summed((part.net for part in parts), currency)
    tax = summed((part.tax for part in parts), currency)
    if not post(records, context, posting, entries.credit_issued(net, tax, unrecognised, applied)):
        return False
    records(DEFERRALS.name).put(
        _row(held[item], row["account"], row["entity"], is_open=row["is_open"]) for (item,), row in rows.items()
    )
    return True


def recognise(
    records: Recording, context: RuleContext, account: str, at: datetime, cause: str, reference: str = ""
) -> datetime | None:
    """Everything of the account whose days went by until the last close of a month; when the next close is.

    One posting for each legal entity, under `recognition/`, the cause and the entity. None when nothing is left to do.
    """
    hold(records, context, account)
    day = _day(context, at).replace(day=1)
    earned: dict[str, dict[str, Money]] = {}
    changed, left = [], 0
    for row in records(DEFERRALS.name).find({"account": account, "is_open": True}):
        deferral, amount = recognition.recognise(_deferral(row), day)
        is_open = day < deferral.service.end
        left += is_open
        if not amount.is_zero:
            sums = earned.setdefault(row["entity"], {})
            sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount
        if not amount.is_zero or not is_open:
            changed.append(_row(deferral, account, row["entity"], is_open=is_open))
    for entity, sums in sorted(earned.items()):
        made = Posting(f"recognition/{cause}/{entity}", "recognition", account, entity, at, reference)
        listed = [entry for _, amount in sorted(sums.items()) for entry in entries.recognised(amount)]
        is_new = post(records, context, made, listed)
        assert is_new, "what was recognised is noted with its posting"
    records(DEFERRALS.name).put(changed)
    return _midnight(recognition.next_close(day), ZoneInfo(context.settings.time_zone)) if left else None


def _day(context: RuleContext, at: datetime) -> date:
    return at.astimezone(ZoneInfo(context.settings.time_zone)).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _row(deferral: Deferral, account: str, entity: str, *, is_open: bool) -> dict[str, Any]:
    return {
        **{"item": deferral.item, "account": account, "entity": entity, "currency": deferral.net.currency},
        **{"net": deferral.net.amount, "recognised": deferral.recognised.amount, "is_open": is_open},
        **{"start": deferral.service.start.isoformat(), "end": deferral.service.end.isoformat()},
    }


def _deferral(row: dict[str, Any]) -> Deferral:
    net, recognised = (Money(row[name], row["currency"]) for name in ("net", "recognised"))
    service = Service(date.fromisoformat(row["start"]), date.fromisoformat(row["end"]))
    return Deferral(row["item"], net, recognised, service)
