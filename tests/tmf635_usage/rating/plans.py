"""The plans of docs/rating.md, and what tests make plans of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from common.domain.durations import Duration
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

PAGE = (Path(__file__).parents[3] / "docs" / "rating.md").read_text()
D = Decimal
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def quantity(text: str) -> Quantity:
    amount, unit = text.split()
    return Quantity(D(amount), unit)


def match(usage_type: str = "voice", *prefixes: str, windows: tuple[Window, ...] = (), **attributes: str) -> Match:
    values = {name: frozenset(value.split("|")) for name, value in attributes.items()}
    return Match(usage_type, frozenset(prefixes), values, windows)


def rate_of(amount: str, minimum: str = "", increment: str = "", setup_fee: str = "0") -> Rate:
    return Rate(
        D(amount),
        D(setup_fee),
        quantity(minimum) if minimum else None,
        quantity(increment) if increment else None,
    )


def price(id: str, amount: str = "0.09", per: str = "1 min", to: Match | None = None, **more: object) -> UsagePrice:
    rate = more.pop("rate", None) or rate_of(amount)
    to = to or match()
    return UsagePrice(id, "1", to, "EUR", quantity(per), rate, **more)  # type: ignore[arg-type]


def tiered(model: TierModel, *tiers: tuple[str, str] | tuple[str, str, str]) -> UsagePrice:
    made = tuple(Tier(D(start), D(amount), *(D(size) for size in sizes)) for start, amount, *sizes in tiers)
    return price("sms", "0", "1 event", match("sms"), tier_model=model, tiers=made)


def subject(zone: str = "UTC", activated: datetime = AT, **more: object) -> Subject:
    return Subject("product", ZoneInfo(zone), date(2026, 1, 1), activated, **more)  # type: ignore[arg-type]


def usage(text: str, at: datetime = AT) -> Usage:
    """`voice 90 s`, with attributes as `name=value` and `before=` behind it."""
    type, amount, unit, *rest = text.split()
    attributes = dict(part.split("=", 1) for part in rest)
    before = D(attributes.pop("before", "0"))
    return Usage(type, at, D(amount), unit, attributes, before)


SIXTY_ONE = rate_of("0.12", "60 s", "1 s", "0.05")
NIGHT = Window(frozenset({1, 2, 3, 4, 5}), time(22), time(6), except_calendars=frozenset({"holidays"}))
HOLIDAY_NIGHT = Window(start=time(22), end=time(6), calendars=frozenset({"holidays"}))
BY_COUNT = (("0", "0.10"), ("100", "0.07"), ("1000", "0.01"))
MONTH = PeriodRule()

PLANS: Mapping[str, Plan] = {
    "plain": Plan((price("voice"), price("vienna", "0.10", to=match("voice", "431")))),
    "increments": Plan((price("voice", rate=SIXTY_ONE),)),
    "table": Plan(
        (
            price(
                "table",
                table={"44": rate_of("0.30", "60 s", "60 s"), "4420": rate_of("0.06", "1 s", "1 s", "0.02")},
            ),
            price("world", "0.60"),
        )
    ),
    "conditions": Plan(
        (
            price("data", "2", "1 GB", match("data")),
            price("slice", "5", "1 GB", match("data", slice="1-000001")),
            price("roaming", "8", "1 GB", match("data", slice="1-000001", roaming="true")),
            price("night", "1", "1 GB", match("data", windows=(NIGHT, HOLIDAY_NIGHT))),
        ),
        calendars={"holidays": frozenset({date(2026, 5, 1)})},
    ),
    "graduated": Plan((tiered(TierModel.GRADUATED, *BY_COUNT),)),
    "volume": Plan((tiered(TierModel.VOLUME, *BY_COUNT),)),
    "package": Plan((tiered(TierModel.PACKAGE, ("0", "5.00"), ("100", "2.00", "50")),)),
    "allowance": Plan(
        (price("voice", rate=SIXTY_ONE),),
        (Allowance("minutes", "1", match(), quantity("100 s"), MONTH, Rollover(1, quantity("30 s"))),),
    ),
    "pass": Plan(
        (price("data", "3", "1 GB", match("data")),),
        (
            Allowance("month", "1", match("data"), quantity("1 GB"), priority=2),
            Allowance(
                "pass",
                "1",
                match("data", roaming="true"),
                quantity("1 GB"),
                PeriodRule(PeriodUnit.PASS, length=Duration(0, 86_400)),
                priority=1,
            ),
        ),
    ),
}
SUBJECTS: Mapping[str, Subject] = {
    "conditions": subject("Europe/Vienna"),
    "pass": subject(activated=datetime(2026, 3, 2, 12, tzinfo=UTC)),
    "allowance": subject(activated=datetime(2026, 3, 1, tzinfo=UTC)),
}


def worked(name: str) -> list[list[str]]:
    """The rows of a worked table of the page."""
    found = re.search(rf"<!-- worked: {name} -->\n(?:\|.*\n){{2}}((?:\|.*\n)+)", PAGE)
    assert found is not None, name
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found[1].splitlines()]
