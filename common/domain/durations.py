"""ISO 8601 durations (`P1M`, `P2W`, `PT90S`, `P1DT12H`) and what is so much later than an instant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

from common.domain.cycles import months_later

_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)
# More digits are no duration that anybody means, and too large a number for a date.
_CHARACTERS_MAX = 40
_MONTHS_END = (MAXYEAR + 1) * 12


@dataclass(frozen=True)
class Duration:
    """Calendar months, then seconds; neither is negative."""

    months: int
    seconds: int

    def after(self, moment: datetime) -> datetime:
        """The instant so much later: the same day of a later month, or its last when it has no such day.

        Errors: OverflowError beyond the year 9999.
        """
        if moment.year * 12 + moment.month - 1 + self.months >= _MONTHS_END:
            raise OverflowError("there is no such year")
        day = months_later(moment.date(), self.months)
        return moment.replace(year=day.year, month=day.month, day=day.day) + timedelta(seconds=self.seconds)


def read_duration(text: str) -> Duration | None:
    """What a text says, in whole numbers; None when it is no such duration."""
    match = _DURATION.fullmatch(text) if len(text) <= _CHARACTERS_MAX else None
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return Duration(12 * years + months, ((7 * weeks + days) * 24 + hours) * 3600 + minutes * 60 + seconds)
