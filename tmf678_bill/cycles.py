"""When an account is billed: its time zone and its bill cycle (TMF666 billStructure.cycleSpecification).

The cycle is the one that usage is counted in; a test holds both together. One that is changed holds until the period
ends that it was changed in, and the periods that were billed by it stay as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.component import Library, Recording
from common.domain.cycles import Cycle, Cycles, CycleUnit, Span, midnight, recurring
from common.domain.numbers import whole_number
from common.domain.query import Document
from common.settings import Settings
from tmf678_bill.tables import EARLIER

_FIRST_OF_MONTH = date(2024, 1, 1)
_SHIFT_MAX = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class AccountCycle:
    """Shapes: `specification` is the BillingCycleSpecification's id and `document` what is here of it; `earlier` are
    the cycles that the account had before, each with the day from which the next one counts.
    """

    zone: ZoneInfo
    cycle: Cycle
    specification: str | None
    document: Mapping[str, Any]
    earlier: tuple[tuple[Cycle, date], ...] = ()

    def cutoff_after(self, moment: datetime) -> datetime:
        """The next instant after this one at which the account is billed."""
        day = moment.astimezone(self.zone).date()
        end = midnight(self._periods.span_at(day).end, self.zone)
        return end if end > moment else midnight(self._periods.span_at(day + _DAY).end, self.zone)

    def period_at(self, moment: datetime) -> tuple[datetime, datetime]:
        """The half-open cycle period that an instant lies in."""
        span = self.span_at(moment)
        return midnight(span.start, self.zone), midnight(span.end, self.zone)

    def span_at(self, moment: datetime) -> Span:
        return self.span_on(self.day(moment))

    def span_on(self, day: date) -> Span:
        """The cycle period that a local day lies in."""
        return self._periods.span_at(day)

    def day(self, moment: datetime) -> date:
        """The local day of an instant; where midnight is skipped, the day that begins there."""
        return moment.astimezone(self.zone).date()

    @property
    def _periods(self) -> Cycles:
        return Cycles(self.cycle, self.earlier)


def account_cycle(
    account: Document, library: Library, settings: Settings, records: Recording | None = None
) -> AccountCycle:
    """The cycle of an account; with those that it had before where `records` are given."""
    structure = account.get("billStructure")
    reference = structure.get("cycleSpecification") if isinstance(structure, Mapping) else None
    id = reference.get("id") if isinstance(reference, Mapping) else None
    kept = library.get("billingCycleSpecification", id) if isinstance(id, str) else None
    document: Mapping[str, Any] = kept or (reference if isinstance(reference, Mapping) else {})
    shift = min(max(whole_number(document.get("billingDateShift")) or 0, 0), _SHIFT_MAX)
    unit, count = (
        recurring(document.get("billingPeriod")) or recurring(document.get("frequency")) or (CycleUnit.MONTH, 1)
    )
    cycle = Cycle(_FIRST_OF_MONTH + timedelta(days=shift), unit, count)
    earlier = () if records is None else _earlier(account["id"], records)
    return AccountCycle(zone_of(account, settings), cycle, id if isinstance(id, str) else None, document, earlier)


def _earlier(account: str, records: Recording) -> tuple[tuple[Cycle, date], ...]:
    rows = records(EARLIER.name).find({"account": account}, order=["until"])
    return tuple((kept_cycle(row), date.fromisoformat(row["until"])) for row in rows)


def kept_cycle(row: Mapping[str, Any]) -> Cycle:
    """The cycle that a record has."""
    return Cycle(date.fromisoformat(row["anchor"]), CycleUnit(row["unit"]), row["count"])


def zone_of(account: Mapping[str, Any], settings: Settings) -> ZoneInfo:
    """The time zone of an account (our attribute `timeZone`), or the operator's."""
    for name in (account.get("timeZone"), settings.time_zone):
        try:
            if name:
                return ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")
