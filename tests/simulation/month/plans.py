"""Plans as operators sell them, drawn by chance: increments, prefixes, nights, tiers, allowances, passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from tests.simulation.month.world import Price, Tier

# What 1 EUR is about.
SCALES = {"EUR": "1", "JPY": "160", "KWD": "0.33"}
_TIERED = ("graduated", "volume", "package")


def plan(name: str, currency: str, chance: Random) -> list[Price]:
    """The prices and allowances of a plan."""

    def amount(text: str) -> str:
        return f"{(Decimal(text) * Decimal(SCALES[currency])).normalize():f}"

    def price(kind: str, usage_type: str, value: str = "0", per: str = "1 min", **more: object) -> Price:
        return Price(f"{name}-{kind}", usage_type, currency, amount(value), per, **more)  # type: ignore[arg-type]

    steps = chance.choice([{}, {"minimum": "60 s", "increment": "1 s"}, {"increment": "30 s"}, {"minimum": "10 s"}])
    setup = chance.choice([{}, {"setup": amount("0.05")}])
    found = [price("voice", "voice", chance.choice(["0.09", "0.10", "0.25"]), **steps, **setup)]
    if chance.random() < 0.6:
        prefixes = tuple(chance.sample(["43", "431", "4420", "1"], 2))
        found.append(price("abroad", "voice", "0.40", prefixes=prefixes, **steps))
    if chance.random() < 0.6:
        found.append(price("night", "voice", "0.03", is_night=True))
    found += _data(price, amount, chance)
    found += _allowances(price, chance)
    messages = chance.choice(["plain", *_TIERED])
    sms = price("sms", "sms", "0.10", "1 event", period=chance.choice(["week", "month"]))
    found.append(sms if messages == "plain" else _tiered(sms, messages, amount, ("5", "20")))
    return found


def _data(price, amount, chance: Random) -> list[Price]:  # type: ignore[no-untyped-def]
    kind = chance.choice(["plain", *_TIERED])
    data = price("data", "data", "0.07", chance.choice(["1 MB", "3 MB"]) if kind == "plain" else "1 MB")
    if kind != "plain":
        sharing = chance.choice([None, "family"])
        data = _tiered(replace(data, sharing=sharing, period=chance.choice(["month", "week", "day"])), kind, amount)
    found = [data]
    if chance.random() < 0.5:
        found.append(price("roaming", "data", "0.50", "1 MB", is_roaming=True, increment="100000 B"))
    return found


def _tiered(one: Price, model: str, amount, ends: tuple[str, str] = ("10", "40")) -> Price:  # type: ignore[no-untyped-def]
    sizes = ("4", "7", "5") if model == "package" else (None, None, None)
    starts, amounts = ("0", *ends), ("0.20", "0.11", "0.02")
    tiers = tuple(Tier(s, amount(a), size) for s, a, size in zip(starts, amounts, sizes, strict=True))
    return replace(one, amount="0", tier_model=model, tiers=tiers)


def _allowances(price, chance: Random) -> list[Price]:  # type: ignore[no-untyped-def]
    rollover = {"rollover_periods": chance.randint(1, 2), "rollover_cap": chance.choice([None, "90 s"])}
    choices = [
        price("minutes", "voice", quantity="5 min", **chance.choice([{}, rollover])),
        price("daily", "voice", quantity="40 s", period="day", priority=1, **chance.choice([{}, rollover])),
        price("home", "data", quantity="20 MB", sharing="family", period=chance.choice(["month", "week"])),
        price("pass", "data", quantity="15 MB", is_roaming=True, period=7, priority=1),
        # Nothing else prices these.
        price("mms", "mms", quantity="3 event", period="week", rollover_periods=1),
    ]
    return [one for one in choices if chance.random() < 0.7]
