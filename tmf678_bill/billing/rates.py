"""Which tax rate holds: by category, place and day, from the tax table, the price, or a certificate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tmf678_bill.billing.values import (
    AppliedTax,
    Charge,
    Exemption,
    RateSource,
    RatesOverlap,
    TaxClass,
    TaxRate,
)


class RateTable:
    """The rows of a tax table, by category and place.

    Errors: RatesOverlap.
    """

    def __init__(self, rows: Iterable[TaxRate] = ()) -> None:
        self._rows: dict[tuple[str, str], list[TaxRate]] = {}
        for row in sorted(rows, key=lambda one: (one.category, one.place, one.start or date.min)):
            before = self._rows.setdefault((row.category, row.place), [])
            if before and (before[-1].end is None or before[-1].end > (row.start or date.min)):
                raise RatesOverlap(before[-1], row)
            before.append(row)

    def rate(self, category: str | None, place: str | None, day: date) -> TaxRate | None:
        """The row that holds: that of the place, else of what it is a part of (US-NY, US), else of everywhere."""
        for where in _outwards(place) if category is not None else ():
            for row in self._rows.get((category or "", where), ()):
                if _holds(row.start, row.end, day):
                    return row
        return None


NO_RATES = RateTable()


def applied(charge: Charge, rates: RateTable, exemptions: Sequence[Exemption]) -> AppliedTax:
    """The tax of a charge: that of what it gives back; else of the day on which its service begins."""
    if charge.applied is not None:
        return charge.applied
    return tax_on(charge.purpose.tax, charge.place, charge.span.start, rates, exemptions)


def tax_on(
    tax: TaxClass, place: str | None, day: date, rates: RateTable, exemptions: Sequence[Exemption]
) -> AppliedTax:
    """The tax of something that is taxed so, at a place and on a day."""
    row = rates.rate(tax.category, place, day)
    if row is None and tax.rate is None:
        return AppliedTax(tax.category, Decimal(0), tax.is_inclusive, RateSource.NONE, None, place)
    certificate = next((one.certificate for one in exemptions if _exempts(one, tax.category, place, day)), None)
    if certificate is not None:
        return AppliedTax(tax.category, Decimal(0), tax.is_inclusive, RateSource.EXEMPT, certificate, place)
    if row is not None:
        return AppliedTax(tax.category, row.rate, tax.is_inclusive, RateSource.TABLE, None, place)
    return AppliedTax(tax.category, tax.rate or Decimal(0), tax.is_inclusive, RateSource.PRICE, None, place)


def _exempts(one: Exemption, category: str | None, place: str | None, day: date) -> bool:
    is_meant = one.category is None or one.category == category
    is_there = one.place is None or one.place in _outwards(place)
    return is_meant and is_there and _holds(one.start, one.end, day)


def _holds(start: date | None, end: date | None, day: date) -> bool:
    return (start is None or start <= day) and (end is None or day < end)


def _outwards(place: str | None) -> list[str]:
    """A place, what it is a part of, and everywhere."""
    found, rest = [], place or ""
    while rest:
        found.append(rest)
        rest = rest.rpartition("-")[0]
    return [*found, ""]
