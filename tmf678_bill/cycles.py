"""When an account is billed: its time zone and its bill cycle (TMF666 billStructure.cycleSpecification).

The cycle is the one that usage is counted in; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.component import Library
from common.domain.cycles import Cycle, CycleUnit, Span, midnight, recurring
from common.domain.query import Document
from common.settings import Settings

_FIRST_OF_MONTH = date(2024, 1, 1)
_SHIFT_MAX = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class AccountCycle:
    """Shapes: `specification` is the BillingCycleSpecification's id and `document` what is here of it."""

    zone: ZoneInfo
    cycle: Cycle
    specification: str | None
    document: Mapping[str, Any]

    def cutoff_after(self, moment: datetime) -> datetime:
        """The next instant after this one at which the account is billed."""
        day = moment.astimezone(self.zone).date()
        end = midnight(self.cycle.span_at(day).end, self.zone)
        return end if end > moment else midnight(self.cycle.span_at(day + _DAY).end, self.zone)

    def period_at(self, moment: datetime) -> tuple[datetime, datetime]:
        """The half-open cycle period that an instant lies in."""
        span = self.cycle.span_at(self.day(moment))
        return midnight(span.start, self.zone), midnight(span.end, self.zone)

    def span_at(self, moment: datetime) -> Span:
        return self.cycle.span_at(self.day(moment))

    def day(self, moment: datetime) -> date:
        """The local day of an instant; where midnight is skipped, the day that begins there."""
        return moment.astimezone(self.zone).date()


def account_cycle(account: Document, library: Library, settings: Settings) -> AccountCycle:
    structure = account.get("billStructure")
    reference = structure.get("cycleSpecification") if isinstance(structure, Mapping) else None
    id = reference.get("id") if isinstance(reference, Mapping) else None
    kept = library.get("billingCycleSpecification", id) if isinstance(id, str) else None
    document: Mapping[str, Any] = kept or (reference if isinstance(reference, Mapping) else {})
    shift = document.get("billingDateShift", 0)
    shift = min(max(shift, 0), _SHIFT_MAX) if isinstance(shift, int) and not isinstance(shift, bool) else 0
    unit, count = (
        recurring(document.get("billingPeriod")) or recurring(document.get("frequency")) or (CycleUnit.MONTH, 1)
    )
    cycle = Cycle(_FIRST_OF_MONTH + timedelta(days=shift), unit, count)
    return AccountCycle(zone_of(account, settings), cycle, id if isinstance(id, str) else None, document)


def zone_of(account: Mapping[str, Any], settings: Settings) -> ZoneInfo:
    """The time zone of an account (our attribute `timeZone`), or the operator's."""
    for name in (account.get("timeZone"), settings.time_zone):
        try:
            if name:
                return ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")
