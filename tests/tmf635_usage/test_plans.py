"""From price documents to the values that the engine rates by; every kind that is not usage's stays out."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast

import pytest

from common.domain.durations import Duration
from tests.fakes import FakeLibrary, rule_context
from tests.tmf620_catalog.plan_prices import TIERS, VALID, amount, eur, price
from tmf635_usage.plans import PlanCache, agreed_prices
from tmf635_usage.prices import TableRate, TableVersion
from tmf635_usage.rating.values import (
    Allowance,
    Anchor,
    Match,
    PeriodRule,
    PeriodUnit,
    Plan,
    Quantity,
    Rate,
    Rollover,
    Tier,
    TierModel,
    UsagePrice,
    Window,
)
from tmf635_usage.tariffs import Heading, Tariffs

JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
MINUTE = Quantity(Decimal(1), "min")


class FakeTariffs:
    """What `Tariffs` reads, from memory."""

    def __init__(self, *versions: TableVersion, days: dict[str, frozenset[date]] | None = None) -> None:
        self.versions, self.days, self.tables_read = versions, days or {}, 0

    def headings(self, tariffs: Iterable[str]) -> dict[str, list[Heading]]:
        found: dict[str, list[Heading]] = {}
        wanted = set(tariffs)
        for one in self.versions:
            if one.id in wanted:
                heading = Heading(one.id, one.version, one.currency, one.valid_from, one.valid_until)
                found.setdefault(one.id, []).append(heading)
        return found

    def table(self, heading: Heading) -> TableVersion:
        self.tables_read += 1
        (found,) = [one for one in self.versions if one.version == heading.version]
        return replace(found, valid_until=heading.valid_until)

    def calendars(self, names: Iterable[str]) -> dict[str, frozenset[date]]:
        return {name: self.days[name] for name in names if name in self.days}


def made(*prices: dict[str, Any], tariffs: FakeTariffs | None = None) -> Any:
    return PlanCache().plan(prices, cast(Tariffs, tariffs or FakeTariffs()))


def plain(**changes: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("match", "priority", "setupFee", "minimum", "increment"))
    return price("UsagePrice", **{**nothing, **changes})


PLAIN = UsagePrice("p1", "1.0", Match("voice"), "EUR", MINUTE, Rate(Decimal("0.10")))


def test_a_usage_price_with_everything() -> None:
    days = {"holidays": frozenset({date(2026, 12, 25)})}
    full = price(
        "UsagePrice", validFor={"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}
    )

    found = made(full, tariffs=FakeTariffs(days=days))

    attributes = {
        **{"zone": frozenset({"EU"}), "ratingGroup": frozenset({"10"}), "slice": frozenset({"1-000001"})},
        **{"dnn": frozenset({"internet"}), "rat": frozenset({"NR"}), "visitedNetwork": frozenset({"26201"})},
        **{"direction": frozenset({"out"}), "service": frozenset({"video"}), "roaming": frozenset({"true"})},
    }
    window = Window(frozenset({6, 7}), time(8), time(20), frozenset({"holidays"}))
    match = Match("voice", frozenset({"49"}), attributes, (window,), JANUARY, FEBRUARY, 3)
    rate = Rate(Decimal("0.10"), Decimal("0.05"), Quantity(Decimal(60), "s"), Quantity(Decimal(1), "s"))
    assert found.plan == Plan((UsagePrice("p1", "1.0", match, "EUR", MINUTE, rate),), (), days)
    assert found.left_out == ()
    assert found.compiled.plan is found.plan


@pytest.mark.parametrize("model", ["graduated", "volume", "package"])
def test_tiers_with_the_period_that_they_count_in(model: str) -> None:
    tiers = copy.deepcopy(TIERS)
    if model == "package":
        tiers[1]["size"] = 50
    tiered = plain(tierModel=model, tier=tiers, period={"units": "week", "amount": 2}, sharing="family")

    expected = replace(
        PLAIN,
        tier_model=TierModel(model),
        tiers=(
            Tier(Decimal(0), Decimal("0.10")),
            Tier(Decimal(100), Decimal("0.05"), Decimal(50) if model == "package" else None),
        ),
        period=PeriodRule(PeriodUnit.WEEK, 2, Anchor.CYCLE),
        sharing="family",
    )
    assert made(tiered).plan.prices == (expected,)


def test_destinations_have_what_the_price_says_unless_they_say_others() -> None:
    rates = [
        {"prefix": "49", "price": eur("0.02")},
        {"prefix": "1", "price": eur("0.5"), "setupFee": eur("0"), "increment": amount(60, "s")},
    ]
    whole = plain(rate=rates, setupFee=eur("0.05"), minimum=amount(1, "min"), increment=amount(1, "s"))

    (found,) = made(whole).plan.prices

    minute, second = Quantity(Decimal(1), "min"), Quantity(Decimal(1), "s")
    assert found.table == {
        "49": Rate(Decimal("0.02"), Decimal("0.05"), minute, second),
        "1": Rate(Decimal("0.5"), Decimal(0), minute, Quantity(Decimal(60), "s")),
    }


def test_an_allowance_with_everything() -> None:
    expected = Allowance(
        "p1",
        "1.0",
        Match("data"),
        Quantity(Decimal(5), "GB"),
        PeriodRule(PeriodUnit.MONTH, 2, Anchor.ACTIVATION),
        Rollover(2, Quantity(Decimal(1), "GB")),
        1,
        "family",
    )
    assert made(price("AllowancePrice")).plan == Plan(allowances=(expected,))


def test_a_pass_lasts_from_activation_on() -> None:
    pass_of = price("AllowancePrice", period={"units": "pass", "length": "P7D"}, rollover=None)

    (found,) = made(pass_of).plan.allowances

    assert found.period == PeriodRule(PeriodUnit.PASS, 1, Anchor.ACTIVATION, Duration(0, 7 * 86_400))


@pytest.mark.parametrize("kind", [kind for kind in VALID if kind not in ("UsagePrice", "AllowancePrice")])
def test_what_is_billed_otherwise_is_not_in_the_plan(kind: str) -> None:
    found = made(price(kind), {"@type": "ProductOfferingPrice", "priceType": "usage", "id": "plain"})

    assert (found.plan, found.left_out) == (Plan(), ())


def table(version: str, start: datetime, end: datetime | None, cents: int) -> TableVersion:
    return TableVersion("world", version, "EUR", start, end, {"49": TableRate(Decimal(cents) / 100)})


TABLES = (table("a", JANUARY, MARCH, 1), table("b", MARCH, None, 2))
IN_TIME = {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-04-01T00:00:00Z"}


def test_a_table_is_taken_in_the_version_of_each_time() -> None:
    found = made(plain(tariffTable={"id": "world"}, validFor=IN_TIME), tariffs=FakeTariffs(*TABLES)).plan

    rated = [(one.version, one.match.valid_from, one.match.valid_until, one.table["49"].amount) for one in found.prices]
    assert rated == [("1.0@a", FEBRUARY, MARCH, Decimal("0.01")), ("1.0@b", MARCH, APRIL, Decimal("0.02"))]


def test_a_version_that_is_named_goes_on() -> None:
    found = made(plain(tariffTable={"id": "world", "version": "a"}), tariffs=FakeTariffs(*TABLES)).plan

    assert [(one.version, one.match.valid_from, one.match.valid_until) for one in found.prices] == [
        ("1.0@a", JANUARY, None)
    ]


NO_TABLE = "no version of its tariff table is here for the time in which it is valid"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (plain(tariffTable={"id": "other"}), NO_TABLE),
        (plain(match={"timeBand": [{"calendar": ["unknown"]}]}), "match.windows: there is no calendar 'unknown'"),
        (plain(increment=amount(1, "MB")), "rate.increment.unit: MB is no unit of what is measured in min"),
        (plain(unitOfMeasure=None), "a usage price is for a unitOfMeasure"),
        (price("AllowancePrice", quantity=None), "an allowance has a quantity"),
    ],
    ids=["table", "calendar", "unit", "no unit", "no quantity"],
)
def test_what_cannot_be_rated_by_is_left_out_and_named(bad: dict[str, Any], reason: str) -> None:
    bad = bad | {"id": "bad"}

    found = made(bad, plain(), tariffs=FakeTariffs(*TABLES))

    assert found.plan.prices == (PLAIN,)
    assert found.left_out == (("bad", reason),)


def test_a_plan_is_made_once_for_the_same_prices_and_tables() -> None:
    cache, tariffs = PlanCache(), FakeTariffs(*TABLES)
    one = plain(tariffTable={"id": "world"})

    first = cache.plan([one, price("AllowancePrice", "p2")], cast(Tariffs, tariffs))
    again = cache.plan([price("AllowancePrice", "p2"), copy.deepcopy(one)], cast(Tariffs, tariffs))
    tariffs.versions = (*TABLES[:1], replace(TABLES[1], valid_until=APRIL))
    changed = cache.plan([one, price("AllowancePrice", "p2")], cast(Tariffs, tariffs))

    assert again is first
    assert changed is not first
    assert tariffs.tables_read == 4


def test_the_cache_forgets_what_was_not_asked_for_longest() -> None:
    cache, nothing = PlanCache(plans_max=2), cast(Tariffs, FakeTariffs())
    one, two, three = (plain(id=name) for name in ("1", "2", "3"))

    first = cache.plan([one], nothing)
    cache.plan([two], nothing)
    assert cache.plan([one], nothing) is first
    third = cache.plan([three], nothing)

    assert cache.plan([one], nothing) is first
    assert cache.plan([three], nothing) is third


class VersionedLibrary(FakeLibrary):
    """Finds other versions too, as the store does when a condition names one."""

    def __init__(self, *versions: dict[str, Any]) -> None:
        super().__init__({"productOfferingPrice": list(versions)})
        self._versions = versions

    def version(self, id: str | None, version: str | None) -> Any:
        named = [one for one in self._versions if one["id"] == id and version in (None, one["version"])]
        return named[-1] if named else None


class Sold:
    """The offer of a catalogue (`soldPrices`): the version that an entry names, or the latest."""

    def __init__(self, library: VersionedLibrary) -> None:
        self._library = library

    def meant(self, agreed: list[Any], library: Any) -> list[Any]:
        named = [one.get("productOfferingPrice", {}) for one in agreed]
        return [self._library.version(one.get("id"), one.get("version")) for one in named]


def entry(id: str, **more: Any) -> dict[str, Any]:
    return {"productOfferingPrice": {"@type": "ProductOfferingPriceRef", "id": id, **more}}


def test_a_product_keeps_the_version_that_it_was_sold_with() -> None:
    old, new, other = plain(), plain(version="2.0"), plain(id="p2")
    library = VersionedLibrary(old, new, other)
    by_value = {"productOfferingPrice": plain(id="mine")}
    context = rule_context("productUsage")
    context.library = library
    context.offered = {"soldPrices": Sold(library)}.get

    def found(*entries: dict[str, Any]) -> list[tuple[str, str]]:
        return [(one["id"], one["version"]) for one in agreed_prices(entries, context)]

    assert found(entry("p1", version="1.0"), entry("p2")) == [("p1", "1.0"), ("p2", "1.0")]
    assert found(entry("p1")) == [("p1", "2.0")]
    assert found(by_value, entry("gone"), entry("p1", version="9"), {"price": {}}) == [("mine", "1.0")]
