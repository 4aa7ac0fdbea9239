"""What a price document of the catalogue says, as the rating engine takes it (docs/price-plans.md).

Reads usage prices and allowances; every other kind is billing's. What a document refers to (a tariff table) is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from common.domain.clock import read_instant
from common.domain.durations import read_duration
from common.domain.query import Document
from tmf635_usage.rating.checks import Problem, problems
from tmf635_usage.rating.values import (
    DESTINATION,
    DIRECTION,
    DNN,
    PRIORITY_UNSET,
    RAT,
    RATING_GROUP,
    ROAMING,
    SLICE,
    VISITED_NETWORK,
    ZERO,
    ZONE,
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

USAGE, ALLOWANCE = "UsagePrice", "AllowancePrice"
# Attributes of `match` that hold lists of values; each is called as the usage's attribute is.
_LISTED = (ZONE, RATING_GROUP, SLICE, DNN, RAT, VISITED_NETWORK, DIRECTION)
_STEPS = ("setupFee", "minimum", "increment")
# Where in the document the engine's complaints are; the first that fits.
_PLACES = (
    ("rate.amount", "/price/value"),
    ("rate.setup_fee", "/setupFee/value"),
    (r"rate\.(minimum|increment)\.amount", r"/\1/amount"),
    (r"rate\.(minimum|increment)\.unit", r"/\1/units"),
    (r"per\.(amount|unit)", r"/unitOfMeasure/\1"),
    (r"tiers\.(\d+)\.size", r"/tier/\1/size"),
    (r"tiers\.(\d+)", r"/tier/\1"),
    ("tiers", "/tier"),
    ("tier_model", "/tierModel"),
    ("table.*", "/rate"),
    ("currency", "/price/unit"),
    (r"match\.usage_type", "/usageType"),
    (r"match\.prefixes", "/match/destinationPrefix"),
    (r"match\.attributes\.(.*)", r"/match/\1"),
    (r"match\.windows", "/match/timeBand"),
    (r"match\.valid", "/validFor"),
    (r"period\.length", "/period/length"),
    (r"quantity\.(amount|unit)", r"/quantity/\1"),
    (r"rollover\.cap\.(amount|unit)", r"/rollover/cap/\1"),
    (r"rollover\.periods", "/rollover/periods"),
)


class Unreadable(ValueError):
    """A document that is no price of ours: who wrote it went past the schemas."""


class TableRate(NamedTuple):
    """What a destination costs in a table; what it does not say the price does."""

    amount: Decimal
    setup_fee: Decimal | None = None
    minimum: Quantity | None = None
    increment: Quantity | None = None


@dataclass(frozen=True)
class TableVersion:
    """What a tariff table says in a half-open period, which ends where the next version begins."""

    id: str
    version: str
    currency: str
    valid_from: datetime
    valid_until: datetime | None
    rates: Mapping[str, TableRate]


def is_rated(price: Document) -> bool:
    """Whether the price is one that usage is rated by."""
    return price.get("@type") in (USAGE, ALLOWANCE)


def usage_prices(price: Document, table: Iterable[TableVersion] = ()) -> tuple[UsagePrice, ...]:
    """What a price document says: one usage price, or one for each version of its table.

    The version of a price by table is `price version@table version`: both together say what a destination costs.
    Errors: Unreadable.
    """
    one = _usage_price(price)
    if table_of(price) is None:
        return (one,)
    found = []
    for version in table:
        match = _within(one.match, version.valid_from, version.valid_until)
        if match is not None:
            name = f"{one.version}@{version.version}"
            rates = {prefix: filled(rate, one.rate) for prefix, rate in version.rates.items()}
            found.append(replace(one, version=name, match=match, currency=version.currency, table=rates))
    return tuple(found)


def allowance(price: Document) -> Allowance:
    """Errors: Unreadable."""
    with_rollover = price.get("rollover")
    quantity = _quantity(price, "quantity")
    if quantity is None:
        raise Unreadable("an allowance has a quantity")
    rollover = None
    if isinstance(with_rollover, dict):
        rollover = Rollover(_integer(with_rollover, "periods", 1), _quantity(with_rollover, "cap"))
    return Allowance(
        id=_text(price, "id"),
        version=_text(price, "version"),
        match=_match(price),
        quantity=quantity,
        period=_period(price),
        rollover=rollover,
        priority=_integer(price, "priority", PRIORITY_UNSET),
        sharing=price.get("sharing"),
    )


def table_of(price: Document) -> tuple[str, str | None] | None:
    """The tariff table that a price names, and the version of it when it names one."""
    table = price.get("tariffTable")
    return (_text(table, "id"), table.get("version")) if isinstance(table, dict) else None


def calendars_of(plan: Plan) -> frozenset[str]:
    """The calendars that the plan's windows name."""
    matches = [price.match for price in plan.prices] + [each.match for each in plan.allowances]
    return frozenset(
        name for match in matches for window in match.windows for name in window.calendars | window.except_calendars
    )


def wrong_with(price: Document) -> list[tuple[str, str]]:
    """What the schema cannot say and is wrong with a price: JSON Pointer and message."""
    if not is_rated(price):
        return []
    found = list(_other_currencies(price)) if price.get("@type") == USAGE else []
    both = [name for name in ("tier", "rate", "tariffTable") if name in price]
    if len(both) > 1:
        found.append((f"/{both[1]}", f"a usage price has {' or '.join(both)}, not both"))
        return found
    if "tariffTable" in price and "destinationPrefix" in (price.get("match") or {}):
        found.append(("/match/destinationPrefix", "the table has the destinations; leave them out here"))
    if len({rate.get("prefix") for rate in price.get("rate", ())}) < len(price.get("rate", ())):
        found.append(("/rate", "each prefix is there once"))
    try:
        plan = _alone(price)
    except Unreadable as error:
        return [*found, ("", str(error))]
    plan = replace(plan, calendars=dict.fromkeys(calendars_of(plan), frozenset()))
    return [*found, *((_pointer(problem, price), problem.message) for problem in problems(plan))]


def _alone(price: Document) -> Plan:
    if price.get("@type") == ALLOWANCE:
        return Plan(allowances=(allowance(price),))
    return Plan(prices=(_usage_price(price),))


def _pointer(problem: Problem, price: Document) -> str:
    entry = re.fullmatch(r"table\.(\d+)\.?.*", problem.where)
    if entry is not None:
        index = next(i for i, rate in enumerate(price["rate"]) if rate.get("prefix") == entry.group(1))
        return f"/rate/{index}"
    for pattern, place in _PLACES:
        match = re.fullmatch(pattern, problem.where)
        if match is not None:
            return re.sub(r"/unit$", "/units", match.expand(place)) if place[-2:] == r"\1" else match.expand(place)
    return "/" + problem.where.replace(".", "/")


def _other_currencies(price: Document) -> Iterator[tuple[str, str]]:
    """Amounts of a price that are in another currency than the price is."""
    unit = (price.get("price") or {}).get("unit")
    amounts = [("/setupFee", price.get("setupFee"))]
    for name, attributes in (("tier", ("price",)), ("rate", ("price", "setupFee"))):
        for index, one in enumerate(price.get(name, ())):
            amounts += [(f"/{name}/{index}/{each}", one.get(each)) for each in attributes]
    for pointer, money in amounts:
        if isinstance(money, dict) and money.get("unit") != unit:
            yield f"{pointer}/unit", f"the price is in {unit}, and all its amounts are"


# -- the parts --------------------------------------------------------------------------------------------------------


def _usage_price(price: Document) -> UsagePrice:
    money = price.get("price") if isinstance(price.get("price"), dict) else {}
    assert isinstance(money, dict)
    per = _quantity(price, "unitOfMeasure")
    if per is None:
        raise Unreadable("a usage price is for a unitOfMeasure")
    model = price.get("tierModel")
    tiers = tuple(
        Tier(_number(tier, "start"), _amount(tier, "price"), _number(tier, "size") if "size" in tier else None)
        for tier in price.get("tier", ())
    )
    return UsagePrice(
        id=_text(price, "id"),
        version=_text(price, "version"),
        match=_match(price),
        currency=str(money.get("unit", "")),
        per=per,
        rate=_rate(price, _number(money, "value") if "value" in money else ZERO),
        tier_model=None if model is None else TierModel(model),
        tiers=tiers,
        table={_text(one, "prefix"): _rate(one, _amount(one, "price"), price) for one in price.get("rate", ())},
        period=_period(price),
        sharing=price.get("sharing"),
    )


def _rate(one: Document, amount: Decimal, price: Mapping[str, Any] | None = None) -> Rate:
    """The rate of a price, or of one destination of it, which has the price's fee and steps unless it says others."""
    said = {**{name: (price or {})[name] for name in _STEPS if name in (price or {})}, **one}
    fee = _amount(said, "setupFee") if "setupFee" in said else ZERO
    return Rate(amount, fee, _quantity(said, "minimum"), _quantity(said, "increment"))


def filled(rate: TableRate, whole: Rate) -> Rate:
    """What a destination costs, with what the price says where the table is silent."""
    return Rate(
        rate.amount,
        whole.setup_fee if rate.setup_fee is None else rate.setup_fee,
        rate.minimum or whole.minimum,
        rate.increment or whole.increment,
    )


def _match(price: Document) -> Match:
    said = price.get("match") or {}
    attributes = {name: frozenset(said[name]) for name in _LISTED if name in said}
    attributes |= {_text(one, "name"): frozenset(one["value"]) for one in said.get("attribute", ())}
    if "roaming" in said:
        attributes[ROAMING] = frozenset({"true" if said["roaming"] else "false"})
    prefixes = frozenset(said.get("destinationPrefix", ())) | attributes.pop(DESTINATION, frozenset())
    valid = price.get("validFor") or {}
    return Match(
        usage_type=_text(price, "usageType"),
        prefixes=prefixes,
        attributes=attributes,
        windows=tuple(_window(band) for band in said.get("timeBand", ())),
        valid_from=_instant(valid.get("startDateTime")),
        valid_until=_instant(valid.get("endDateTime")),
        priority=_integer(price, "priority", PRIORITY_UNSET) if price.get("@type") == USAGE else PRIORITY_UNSET,
    )


def _within(match: Match, start: datetime, end: datetime | None) -> Match | None:
    """The match in so much of its validity as lies in the period; None when that is nothing."""
    first = start if match.valid_from is None else max(start, match.valid_from)
    ends = [moment for moment in (match.valid_until, end) if moment is not None]
    last = min(ends) if ends else None
    return None if last is not None and last <= first else replace(match, valid_from=first, valid_until=last)


def _window(band: Document) -> Window:
    return Window(
        weekdays=frozenset(int(day) for day in band.get("weekday", ())),
        start=time.fromisoformat(band.get("startTime", "00:00")),
        end=time.fromisoformat(band.get("endTime", "00:00")),
        calendars=frozenset(band.get("calendar", ())),
        except_calendars=frozenset(band.get("exceptCalendar", ())),
    )


def _period(price: Document) -> PeriodRule:
    said = price.get("period")
    if not isinstance(said, dict):
        return PeriodRule()
    text = said.get("length")
    length = read_duration(text) if isinstance(text, str) else None
    if text is not None and length is None:
        raise Unreadable(f"period/length: {text!r} is no duration such as P7D")
    unit = PeriodUnit(_text(said, "units"))
    # A pass is counted from its product's activation, whatever else is said.
    anchor = Anchor(said.get("anchor", Anchor.CYCLE if unit is not PeriodUnit.PASS else Anchor.ACTIVATION))
    return PeriodRule(unit, _integer(said, "amount", 1), anchor, length)


def _quantity(holder: Document, name: str) -> Quantity | None:
    said = holder.get(name)
    return Quantity(_number(said, "amount"), _text(said, "units")) if isinstance(said, dict) else None


def _amount(holder: Document, name: str) -> Decimal:
    said = holder.get(name)
    if not isinstance(said, dict):
        raise Unreadable(f"{name} is an amount of money")
    return _number(said, "value")


def _number(holder: Document, name: str) -> Decimal:
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unreadable(f"{name} is a number")
    return Decimal(value)


def _integer(holder: Document, name: str, otherwise: int) -> int:
    return int(_number(holder, name)) if name in holder else otherwise


def _text(holder: Document, name: str) -> str:
    value = holder.get(name, "")
    if not isinstance(value, str):
        raise Unreadable(f"{name} is a text")
    return value


def _instant(value: Any) -> datetime | None:
    return read_instant(value) if isinstance(value, str) else None
