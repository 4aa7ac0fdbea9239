"""What a cluster for an operator would look like, by the figures that were measured.

    python -m benchmarks.scale_model [SUBSCRIBERS ...] [--prepaid 0.3] [--json]

Processor time is what runs out: each kind of work costs its worker and the database so many microseconds (recorded by
`python -m benchmarks`), an operator gives so many of each in the busy hour, and cores are planned to be busy for
`UTILISATION` of the time. Rates are limited by the workers and by the cores that all share (asymptotic bounds of
operational analysis): `bound` is what `benchmarks.scale` checks against measured points.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.harness import record

UTILISATION = 0.6
# The busiest hour of a day has this share of its traffic.
BUSY_HOUR = 0.1
SECONDS_A_DAY, SECONDS_AN_HOUR, DAYS_A_MONTH = 86_400, 3_600, 30
# A database server as one can rent them; more than that needs a second one.
DATABASE_CORES_MAX = 64
SUBSCRIBERS = (10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)


@dataclass(frozen=True)
class Cost:
    """Processor time of one piece of work, in microseconds, and what it leaves behind, in bytes."""

    worker: float
    database: float
    kept: float = 0.0


@dataclass(frozen=True)
class Operator:
    """Who the cluster is for; what a subscriber does is for a day."""

    subscribers: int
    prepaid: float = 0.3
    records: float = 20.0  # calls, messages and closed data sessions, rated offline
    charging: float = 60.0  # steps of online charging sessions of a prepaid subscriber
    reads: float = 4.0
    lists: float = 2.0
    writes: float = 0.2
    listeners: int = 3
    bill_hours: float = 8.0  # all bills of a month are made in so many hours
    months_kept: int = 13


@dataclass(frozen=True)
class Plan:
    """What the operator needs: rates of the busy hour, cores by role, database servers, and terabytes on disk."""

    subscribers: int
    rates: Mapping[str, float]
    cores: Mapping[str, float]
    database_cores: float
    databases: int
    terabytes: float
    bills_hours_of_one_core: float


def bound(cost: Cost, workers: int, cores: int, client: float = 0.0) -> float:
    """The most pieces of work a second: what the workers do one after another, and what all cores together do."""
    return min(workers * 1e6 / cost.worker, cores * 1e6 / (cost.worker + cost.database + client))


def plan(operator: Operator, costs: Mapping[str, Cost]) -> Plan:
    """The cluster for an operator."""
    busy = operator.subscribers * BUSY_HOUR / SECONDS_AN_HOUR
    rates = {
        "get": busy * operator.reads,
        "list": busy * operator.lists,
        "post": busy * operator.writes,
        "usage": busy * operator.records * (1 - operator.prepaid),
        "charging": busy * operator.charging * operator.prepaid,
        "bill": operator.subscribers * (1 - operator.prepaid) / (operator.bill_hours * SECONDS_AN_HOUR),
    }
    rates["event"] = (rates["post"] + rates["usage"] + rates["charging"]) * operator.listeners
    cores = {name: rate * costs[name].worker / 1e6 / UTILISATION for name, rate in rates.items()}
    database = sum(rate * costs[name].database for name, rate in rates.items()) / 1e6 / UTILISATION
    records = operator.subscribers * (
        operator.records * (1 - operator.prepaid) + operator.charging * operator.prepaid / 10
    )
    kept = records * DAYS_A_MONTH * operator.months_kept * costs["usage"].kept
    kept += operator.subscribers * (1 - operator.prepaid) * operator.months_kept * costs["bill"].kept
    bills = operator.subscribers * (1 - operator.prepaid) * costs["bill"].worker / 1e6 / SECONDS_AN_HOUR
    return Plan(
        operator.subscribers,
        rates,
        cores,
        database,
        math.ceil(database / DATABASE_CORES_MAX),
        kept / 1e12,
        bills,
    )


def measured() -> dict[str, Cost]:
    """The costs as they were recorded last, by the full form where it was, else by the short one.

    Errors: KeyError naming a figure that was not measured.
    """
    sections = [*record.read("short").values(), *record.read("full").values()]
    figures = {figure.name: figure for section in sections for figure in section}

    def microseconds(name: str) -> float:
        return figures[name].value * _MICROSECONDS[figures[name].unit]

    return {
        name: Cost(microseconds(worker), microseconds(database), figures[kept].value if kept else 0.0)
        for name, (worker, database, kept) in _FIGURES.items()
    }


# By kind of work: the figures of its worker, of the database, and of what it keeps.
_FIGURES = {
    "get": ("http.get: processor time, server", "http.get: processor time, database", ""),
    "list": ("http.list: processor time, server", "http.list: processor time, database", ""),
    "post": ("http.post: processor time, server", "http.post: processor time, database", ""),
    "usage": (
        "usage.batch: processor time a record, processes",
        "usage.batch: processor time a record, database",
        "usage.bytes of one",
    ),
    "charging": ("charging: processor time of the server", "charging: processor time of the database", ""),
    "bill": ("bills.worker", "bills.database", "bills.bytes of one"),
    "event": ("events.one: processor time of the worker", "events.one: processor time of the database", ""),
}
_MICROSECONDS = {"us": 1.0, "ms": 1_000.0}


def plans_table() -> str:
    """The plans of operators of all sizes, as docs/scaling.md shows them."""
    costs = measured()
    return table([plan(Operator(count), costs) for count in SUBSCRIBERS])


def table(plans: Sequence[Plan]) -> str:
    """Plans as a Markdown table."""
    roles = {"API": ("get", "list", "post"), "charging": ("charging",), "rating": ("usage",), "delivery": ("event",)}
    head = ["subscribers", "records/s", "charging steps/s", "API calls/s", "bills/s"]
    head += [f"{role} cores" for role in roles] + ["billing cores", "database cores", "database servers", "TB kept"]
    lines = ["| " + " | ".join(head) + " |", "|" + " ---: |" * len(head)]
    for one in plans:
        calls = sum(one.rates[name] for name in roles["API"])
        cells = [f"{one.subscribers:,}", *(f"{one.rates[name]:,.0f}" for name in ("usage", "charging"))]
        cells += [f"{calls:,.0f}", f"{one.rates['bill']:,.1f}"]
        cells += [_cores(sum(one.cores[name] for name in names)) for names in (*roles.values(), ("bill",))]
        cells += [_cores(one.database_cores), f"{one.databases}", f"{one.terabytes:,.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cores(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subscribers", nargs="*", type=int, default=SUBSCRIBERS)
    parser.add_argument("--prepaid", type=float, default=Operator.prepaid, help="share of subscribers charged online")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    costs = measured()
    plans = [plan(Operator(count, prepaid=given.prepaid), costs) for count in given.subscribers]
    print(json.dumps([asdict(one) for one in plans]) if given.json else table(plans))


if __name__ == "__main__":
    main()
