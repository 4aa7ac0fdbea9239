"""The tax table: rates by category, place and day, loaded from a file; and who is exempt.

A file has a first line `category,place,since,until,rate`. A row holds from `since` on and before `until` (open when it
is empty), at its place and all that is a part of it (`US` also in `US-NY`), everywhere when the place is empty. A later
file adds rows and replaces those with the same category, place and start.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from common.component import Recording
from common.domain.clock import normal_instant
from common.domain.periods import END, START
from common.domain.query import Document
from common.errors import Conflict
from tmf678_bill.billing.rates import RateTable
from tmf678_bill.billing.values import Exemption, RatesOverlap, TaxRate
from tmf678_bill.tables import TAX_RATES

COLUMNS = ("category", "place", "since", "until", "rate")
ROWS_MAX = 100_000
_PERCENT_MAX = 1_000


class TaxesRefused(Conflict):
    """A line of a tax file that cannot be, and why."""

    code, reason = "tax.refused", "The tax table is not as it must be"


def read_rates(lines: Iterable[str]) -> list[TaxRate]:
    """The rows of a file. Errors: TaxesRefused naming the line."""
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise TaxesRefused(f"line 1: the columns are {','.join(COLUMNS)}")
    rows = []
    for line, row in enumerate(reader, 2):
        if line > ROWS_MAX + 1:
            raise TaxesRefused(f"a file has at most {ROWS_MAX} rates")
        rows.append(_rate(row, line))
    return rows


def load(rates: Iterable[TaxRate], records: Recording) -> int:
    """Add rates, or replace those that begin on the same day; how many. Errors: TaxesRefused when two hold at once."""
    table = records(TAX_RATES.name)
    rows = [
        {
            "category": one.category,
            "place": one.place,
            "since": (one.start or date.min).isoformat(),
            "until": None if one.end is None else one.end.isoformat(),
            "rate": one.rate,
        }
        for one in rates
    ]
    table.put(rows)
    try:
        rate_table(records, {str(row["category"]) for row in rows})
    except RatesOverlap as error:
        raise TaxesRefused(str(error)) from error
    return len(rows)


def rate_table(records: Recording, categories: Iterable[str]) -> RateTable:
    """The rates of these categories. Errors: RatesOverlap."""
    wanted = tuple(sorted(set(categories)))
    rows = records(TAX_RATES.name).find({"category": wanted}) if wanted else []
    return RateTable(
        TaxRate(
            row["category"],
            row["place"],
            row["rate"],
            date.fromisoformat(row["since"]),
            None if row["until"] is None else date.fromisoformat(row["until"]),
        )
        for row in rows
    )


def exemptions_of(documents: Iterable[Document], zone: ZoneInfo) -> tuple[Exemption, ...]:
    """The certificates of an account and its party (TMF632 `taxExemptionCertificate`, TMF666 `taxExemption`).

    One without tax definitions exempts from every tax of its jurisdiction; one with them from those taxes.
    """
    found = []
    for document in documents:
        for name in ("taxExemption", "taxExemptionCertificate"):
            for certificate in document.get(name, ()):
                found += _exemptions(certificate, zone)
    return tuple(sorted(found, key=lambda one: (one.certificate, one.category or "", one.place or "")))


def _exemptions(certificate: Document, zone: ZoneInfo) -> list[Exemption]:
    number = str(certificate.get("certificateNumber") or certificate.get("id") or "exempt")
    definitions = [one for one in certificate.get("taxDefinition", ()) if isinstance(one, Mapping)]
    own = certificate.get("issuingJurisdiction")
    if not definitions:
        return [Exemption(number, None, place_name(own), *_days(certificate.get("validFor"), zone))]
    found = []
    for one in definitions:
        start, end = _days(certificate.get("validFor"), zone)
        first, last = _days(one.get("validFor"), zone)
        place = place_name(one.get("jurisdictionName") or own)
        category = one.get("taxType") or one.get("name")
        found.append(Exemption(number, category, place, _latest(start, first), _earliest(end, last)))
    return found


def place_name(text: Any) -> str | None:
    """A place as the tax table has it; letter case does not matter."""
    return text.strip().upper() or None if isinstance(text, str) else None


def _days(period: Any, zone: ZoneInfo) -> tuple[date | None, date | None]:
    found = []
    for name in (START, END):
        text = period.get(name) if isinstance(period, Mapping) else None
        normal = normal_instant(text) if isinstance(text, str) else None
        found.append(None if normal is None else datetime.fromisoformat(normal).astimezone(zone).date())
    return found[0], found[1]


def _latest(one: date | None, other: date | None) -> date | None:
    return max(filter(None, (one, other)), default=None)


def _earliest(one: date | None, other: date | None) -> date | None:
    return min(filter(None, (one, other)), default=None)


def _rate(row: Mapping[str, str | None], line: int) -> TaxRate:
    given = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not given["category"] or None in row:
        raise TaxesRefused(f"line {line}: a rate has a category, and {len(COLUMNS)} columns")
    start, end = (_day(given[name], name, line) for name in ("since", "until"))
    if start is not None and end is not None and end <= start:
        raise TaxesRefused(f"line {line}: until is after since")
    try:
        rate = Decimal(given["rate"])
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or not 0 <= rate <= _PERCENT_MAX:
        raise TaxesRefused(f"line {line}: {given['rate'][:40]!r} is no rate in percent")
    return TaxRate(given["category"], place_name(given["place"]) or "", rate, start, end)


def _day(text: str, name: str, line: int) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise TaxesRefused(f"line {line}: {name} is a day such as 2026-01-01, and not {text[:40]!r}") from None
