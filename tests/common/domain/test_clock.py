"""An instant is written in one form, whatever zone it is told in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from common.domain.clock import instant_text

ZONES = st.sampled_from([UTC, ZoneInfo("UTC"), ZoneInfo("Europe/Vienna"), timezone(timedelta(hours=-3, minutes=-30))])
# What is nearer to the ends of time than a day has no text in UTC.
DAYS = st.dates(date(1, 1, 2), date(9999, 12, 30))
MOMENTS = st.builds(datetime.combine, DAYS, st.times(), ZONES)


@given(MOMENTS)
def test_an_instant_is_written_as_iso_8601_has_it_in_utc_to_the_millisecond(moment):
    assert instant_text(moment) == moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
