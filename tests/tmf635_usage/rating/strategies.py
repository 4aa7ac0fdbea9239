"""Random plans and usages. Amounts have unit amounts that end, so that every total is exact."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.tmf635_usage.rating.model import utc
from tests.tmf635_usage.rating.plans import D
from tmf635_usage.rating.checks import ambiguities
from tmf635_usage.rating.values import (
    Allowance,
    Match,
    PeriodRule,
    PeriodUnit,
    Plan,
    Quantity,
    Rate,
    Rollover,
    Subject,
    Tier,
    TierModel,
    Usage,
    UsagePrice,
    Window,
)

ZONES = st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Pacific/Auckland"]).map(ZoneInfo)
NUMBERS = st.text("123", min_size=1, max_size=4)
# Per minute and per second alike, these have at most six decimals for each second.
AMOUNTS = st.integers(0, 100).map(lambda sixths: D(sixths) * D("0.06"))
SECONDS = st.integers(0, 400).map(lambda tenths: D(tenths) / 4)
CALENDARS = {"holidays": frozenset({date(2026, 3, 6), date(2026, 3, 29)})}


def quantities(largest: int = 200) -> st.SearchStrategy[Quantity]:
    return st.builds(Quantity, st.integers(1, largest).map(Decimal), st.just("s"))


WINDOWS = st.builds(
    Window,
    st.frozensets(st.integers(1, 7), max_size=4),
    st.sampled_from([time(0), time(8), time(22)]),
    st.sampled_from([time(0), time(6), time(18)]),
    st.frozensets(st.just("holidays")),
    st.frozensets(st.just("holidays")),
)


def matches(prefixes: bool = True) -> st.SearchStrategy[Match]:
    return st.builds(
        Match,
        st.sampled_from(["voice", "voice", "voice", "data"]),
        st.frozensets(NUMBERS, max_size=3 if prefixes else 0),
        st.dictionaries(
            st.sampled_from(["zone", "slice"]), st.frozensets(st.sampled_from("ab"), min_size=1), max_size=2
        ),
        st.lists(WINDOWS, max_size=2).map(tuple),
        st.sampled_from([None, None, utc(3)]),
        st.sampled_from([None, None, utc(40)]),
        st.integers(1, 3),
    )


RATES = st.builds(
    Rate,
    AMOUNTS,
    st.sampled_from([D(0), D("0.05")]),
    st.none() | quantities(60),
    st.none() | quantities(30),
)
RULES = st.builds(
    PeriodRule,
    st.sampled_from([PeriodUnit.MONTH, PeriodUnit.WEEK, PeriodUnit.DAY]),
    st.integers(1, 3),
)


@st.composite
def prices(draw: st.DrawFn, id: str) -> UsagePrice:
    kind = draw(st.sampled_from(["plain", "table", "tiers"]))
    match = draw(matches(prefixes=kind != "table"))
    rate, period = draw(RATES), draw(RULES)
    per = Quantity(D(1), draw(st.sampled_from(["s", "min"])))
    table = draw(st.dictionaries(NUMBERS, RATES, min_size=1, max_size=6)) if kind == "table" else {}
    model = draw(st.sampled_from(TierModel)) if kind == "tiers" else None
    tiers: tuple[Tier, ...] = ()
    if model is not None:
        starts = [0, *sorted(draw(st.sets(st.integers(1, 6), max_size=3)))]
        packages = model is TierModel.PACKAGE
        tiers = tuple(
            Tier(D(start), draw(AMOUNTS), D(draw(st.integers(1, 3))) if packages else None) for start in starts
        )
    return UsagePrice(id, "1", match, "EUR", per, rate, model, tiers, table, period)


@st.composite
def allowances(draw: st.DrawFn, id: str) -> Allowance:
    rollover = draw(st.none() | st.builds(Rollover, st.integers(1, 2), st.none() | quantities(100)))
    return Allowance(id, "1", draw(matches()), draw(quantities()), draw(RULES), rollover, draw(st.integers(1, 2)))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans as a catalogue accepts them: of two ambiguous prices the second is left out."""
    found: list[UsagePrice] = []
    made = [draw(prices(f"price-{number}")) for number in range(draw(st.integers(1, 5)))]
    for new in [*made, UsagePrice("all", "1", Match("voice"), "EUR", Quantity(D(1), "s"), draw(RATES))]:
        if not list(ambiguities([*found, new])):
            found.append(new)
    free = tuple(draw(allowances(f"free-{number}")) for number in range(draw(st.integers(0, 3))))
    return Plan(tuple(found), free, CALENDARS)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    attributes = draw(st.dictionaries(st.sampled_from(["zone", "slice"]), st.sampled_from("ab")))
    if draw(st.booleans()):
        attributes["destination"] = draw(st.text("1234", min_size=1, max_size=6))
    at = utc(draw(st.integers(0, 70)), draw(st.integers(0, 23)), draw(st.sampled_from([0, 59])))
    return Usage(
        draw(st.sampled_from(["voice", "voice", "voice", "data"])),
        at,
        draw(SECONDS),
        "s",
        attributes,
        draw(st.sampled_from([D(0), D(0), D(7)])),
    )


SUBJECTS = st.builds(
    Subject,
    st.just("product"),
    ZONES,
    st.dates(date(2026, 1, 1), date(2026, 1, 31)),
    st.sampled_from([utc(-40), utc(0)]),
)
