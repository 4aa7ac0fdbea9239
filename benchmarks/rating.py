"""How many usages the rating engine prices in a second on one core, beside a bare loop that looks up and multiplies.

The plan: voice by a table of 10,000 destination prefixes (60/1, set-up fee) with 100 free national minutes; data in
three graduated tiers with a free gigabyte that rolls over, another price at peak hours for one rating group; text
messages. 200 customers with 100 usages each, in the order of time, in CPU time. `explained` writes the explanation of
every rating as well, as it is stored; `one by one` gives each usage its own counters, as a single request does; `bare`
finds the longest prefix with one dictionary, multiplies, and keeps a tuple.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from zoneinfo import ZoneInfo

from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from tmf635_usage.rating.compiled import CompiledPlan, compile_plan
from tmf635_usage.rating.explanation import explained
from tmf635_usage.rating.meter import Meter, rate
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import (
    Allowance,
    Match,
    Plan,
    Quantity,
    Rate,
    Rating,
    Rollover,
    State,
    Subject,
    Tier,
    TierModel,
    Usage,
    UsagePrice,
    Window,
)

PREFIXES, CUSTOMERS, USAGES_EACH, SINGLE_EACH = 10_000, 200, 100, 10
START = datetime(2026, 3, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Vienna")


# Usages a second that the engine has to price and explain on one core.
EXPLAINED_MIN = 150_000
# A round takes a second or so: enough of them that one of a quiet moment is among them.
ROUNDS_EACH = 3


def measure(scale: Scale) -> list[Figure]:
    draw = random.Random(5)
    prefixes = sorted({str(draw.randrange(10, 10 ** draw.randint(2, 7))) for _ in range(PREFIXES * 2)})[:PREFIXES]
    plan = plan_of(prefixes)
    compiled = compile_plan(plan)
    work = usages_of(draw, prefixes)
    gc.freeze()  # as a worker does once it has read its catalogue
    every = CUSTOMERS * USAGES_EACH
    found = rounds(
        {
            "explained": lambda: _rate(every, lambda: rated(compiled, work, explained)),
            "rated": lambda: _rate(every, lambda: rated(compiled, work)),
            "one by one": lambda: _rate(CUSTOMERS * SINGLE_EACH, lambda: rated_singly(compiled, work)),
            "bare": lambda: _rate(every, lambda: bare(plan, work)),
        },
        scale.rounds * ROUNDS_EACH,
    )
    gc.unfreeze()
    about = {
        "explained": "priced, with the text of the explanation of each",
        "rated": "priced only",
        "one by one": "each usage with counters of its own",
    }
    figures = [
        Figure.of(f"rating.{name} of bare", ratios(found[name], found["bare"]), "ratio", about=about[name])
        for name in about
    ]
    targets = {"explained": float(EXPLAINED_MIN)}
    return figures + [Figure.of(f"rating.{name}", found[name], "/s", target=targets.get(name)) for name in found]


def _rate(count: int, run: Callable[[], object]) -> float:
    """So many in a second of CPU time."""
    begun = time.process_time()
    run()
    return count / (time.process_time() - begun)


def plan_of(prefixes: list[str]) -> Plan:
    second, minute, gigabyte = Quantity(Decimal(1), "s"), Quantity(Decimal(60), "s"), Quantity(Decimal(1), "GB")
    table = {
        prefix: Rate(Decimal(index % 90 + 1).scaleb(-2), Decimal("0.05"), minute, second)
        for index, prefix in enumerate(prefixes)
    }
    tiers = (Tier(Decimal(0), Decimal(5)), Tier(Decimal(2), Decimal(3)), Tier(Decimal(10), Decimal(1)))
    peak = (Window(frozenset({1, 2, 3, 4, 5}), time_of_day(8), time_of_day(18)),)
    no_rate = Rate(Decimal(0))
    return Plan(
        prices=(
            UsagePrice("voice", "1", Match("voice"), "EUR", Quantity(Decimal(1), "min"), no_rate, table=table),
            UsagePrice(
                "data", "1", Match("data"), "EUR", gigabyte, no_rate, tier_model=TierModel.GRADUATED, tiers=tiers
            ),
            UsagePrice(
                "data-peak",
                "1",
                Match("data", attributes={"ratingGroup": frozenset({"20"})}, windows=peak),
                "EUR",
                gigabyte,
                Rate(Decimal(8), increment=Quantity(Decimal(10), "kB")),
            ),
            UsagePrice("sms", "1", Match("sms"), "EUR", Quantity(Decimal(1), "event"), Rate(Decimal("0.09"))),
        ),
        allowances=(
            Allowance(
                "minutes",
                "1",
                Match("voice", prefixes=frozenset(prefixes[:500])),
                Quantity(Decimal(100), "min"),
            ),
            Allowance("gigabyte", "1", Match("data"), gigabyte, rollover=Rollover(1)),
        ),
    )


def usages_of(draw: random.Random, prefixes: list[str]) -> list[tuple[Subject, list[Usage]]]:
    work = []
    for customer in range(CUSTOMERS):
        subject = Subject(f"product-{customer}", ZONE, date(2026, 1, 1), START)
        moments = sorted(draw.randrange(31 * 86_400) for _ in range(USAGES_EACH))
        work.append((subject, [usage_of(draw, prefixes, START + timedelta(seconds=moment)) for moment in moments]))
    return work


def usage_of(draw: random.Random, prefixes: list[str], at: datetime) -> Usage:
    kind = draw.choices(("voice", "data", "sms"), (45, 45, 10))[0]
    if kind == "voice":
        number = draw.choice(prefixes) + str(draw.randrange(10**6, 10**7))
        return Usage("voice", at, Decimal(draw.randrange(1, 900)), "s", {"destination": number})
    if kind == "data":
        group = draw.choice(("10", "20"))
        return Usage("data", at, Decimal(draw.randrange(1, 10**8)), "B", {"ratingGroup": group, "dnn": "internet"})
    return Usage("sms", at, Decimal(1), "event", {"destination": "43664" + str(draw.randrange(10**6, 10**7))})


def rated(
    plan: CompiledPlan, work: list[tuple[Subject, list[Usage]]], then: Callable[[Rating], object] | None = None
) -> int:
    """Rate everything, customer by customer, as a transaction would: what is rated is handed on and let go."""
    tally = Tally(State())
    count = 0
    for subject, usages in work:
        for outcome in Meter(plan, subject, tally).rate_each(usages):
            assert isinstance(outcome, Rating)
            count += 1
            if then is not None:
                then(outcome)
    assert count == CUSTOMERS * USAGES_EACH
    return count


def rated_singly(plan: CompiledPlan, work: list[tuple[Subject, list[Usage]]]) -> None:
    for subject, usages in work:
        for usage in usages[:SINGLE_EACH]:
            assert isinstance(rate(plan, subject, State(), usage), Rating)


def bare(plan: Plan, work: list[tuple[Subject, list[Usage]]]) -> int:
    amounts = {prefix: rate.amount / 60 for prefix, rate in plan.prices[0].table.items()}
    count = 0
    for subject, usages in work:
        found = []
        for usage in usages:
            if usage.type == "voice":
                number = usage.attributes["destination"]
                for length in range(7, 0, -1):
                    amount = amounts.get(number[:length])
                    if amount is not None:
                        break
            else:
                amount = Decimal("0.09")
            assert amount is not None
            found.append((subject.product, amount * usage.quantity))
        count += len(found)
    return count
