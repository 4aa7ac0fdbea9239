"""TMF calls over HTTP: product offerings, one worker, beside the floor and beside what a team writes by hand.

The databases hold the same 10,000 offerings of 1.3 KB. A list is a page of 20 of a filter that a tenth of them match,
with the exact count. A POST is a whole offering, validated, with its event, committed. All run under the same server
and the same PostgreSQL; what is measured at nearly the same time is compared.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import psycopg

from benchmarks import offerings
from benchmarks.floors import handwritten
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.load import Load, drive
from benchmarks.harness.machine import family_cpu_seconds, parent_of
from benchmarks.harness.servers import Running, application, migrate, postgresql, settled, suite
from benchmarks.http_scripts import OFFERINGS, PATH

CORES = 2
# By verb: what it is to be of the floor, and how many times what a team writes by hand.
TARGETS = {"get": (0.5, 3.0), "list": (0.5, 5.0), "post": (0.5, 2.0)}
TWO_WORKERS = 1.7
_ABOUT = {
    "get": "one offering by its id",
    "list": "20 of the 1,000 that a filter finds, and their exact count",
    "post": "an offering validated, stored, with its event, committed",
}
_FACTORIES = {
    "floor": "bare:with_psycopg",
    "asyncpg floor": "bare:with_asyncpg",
    "hand-written": "handwritten:application",
}


@dataclass
class Server:
    """A server with the database it uses, and what was measured of it, by verb.

    Shapes: `microseconds` are processor time for one answer: of the server, its database and the client.
    """

    running: Running
    database: str
    loads: dict[str, list[Load]] = field(default_factory=dict)
    microseconds: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def rate(self, verb: str, seconds: float) -> float:
        """Answers a second at full load."""
        begun = self._spent()
        load = self._drive(verb, seconds)
        server, database = (now - then for then, now in zip(begun, self._spent(), strict=True))
        spent = [each / load.answers * 1e6 for each in (server, database, load.processor_seconds)]
        self.loads.setdefault(verb, []).append(load)
        self.microseconds.setdefault(verb, []).append((spent[0], spent[1], spent[2]))
        return load.rate

    def p99_at_half(self, verb: str, seconds: float) -> float:
        half = statistics.median(load.rate for load in self.loads[verb]) / 2
        return self._drive(verb, seconds, half).p99

    def _drive(self, verb: str, seconds: float, rate: float | None = None) -> Load:
        given = {"body": offerings.Offering(0, OFFERINGS).document()} if verb == "post" else {}
        script = f"benchmarks.http_scripts:{verb}"
        return drive(script, given, port=self.running.port, seconds=seconds, rate=rate)

    def _spent(self) -> tuple[float, float]:
        with psycopg.connect(self.database) as connection:
            postmaster = parent_of(connection.info.backend_pid)
        return family_cpu_seconds(self.running.pid), family_cpu_seconds(postmaster)


def measure(scale: Scale) -> list[Figure]:
    """Rates side by side, the slowest of a hundred answers at full load and half of it, two workers beside one."""
    seconds = 0.8 if scale.is_short else scale.seconds / 2
    with ExitStack() as stack:
        servers = _started(stack, with_all=not scale.is_short)
        kinds = {
            f"{name} {verb}": partial(server.rate, verb, seconds)
            for name, server in servers.items()
            for verb in TARGETS
            if name != "two workers"
        }
        found = rounds(kinds, scale.rounds)
        figures = [figure for verb in TARGETS for figure in _beside(verb, servers, found)]
        ours = servers["ours"]
        for verb in TARGETS:
            half = [ours.p99_at_half(verb, seconds) for _ in range(scale.rounds)]
            figures.append(Figure.of(f"http.{verb} p99 at half rate", half, "ms", better="less"))
        if not scale.is_short:
            figures += _two_workers(ours, servers["two workers"], scale.rounds, seconds)
    return figures


def _started(stack: ExitStack, with_all: bool) -> dict[str, Server]:
    """The suite and what it is compared with, each on its own database of one PostgreSQL."""
    postgres = stack.enter_context(postgresql())
    ours = stack.enter_context(postgres.database())
    migrate(ours)
    offerings.load_into(ours, OFFERINGS)
    settled(ours)
    found = {}
    for name, factory in _FACTORIES.items():
        if name == "asyncpg floor" and not with_all:
            continue
        if name == "hand-written":
            url = stack.enter_context(postgres.empty_database())
            handwritten.stock(url, ours)
            settled(url)
        else:
            url = stack.enter_context(postgres.copy(ours.rpartition("/")[2]))
        running = application(f"benchmarks.floors.{factory}", {"FLOOR_DATABASE_URL": url}, path=f"{PATH}/offering-1")
        found[name] = Server(stack.enter_context(running), url)
    found["ours"] = Server(stack.enter_context(suite(ours)), ours)
    if with_all:
        found["two workers"] = Server(stack.enter_context(suite(ours, workers=2)), ours)
    return found


def _beside(verb: str, servers: dict[str, Server], found: dict[str, list[float]]) -> list[Figure]:
    ours = found[f"ours {verb}"]
    targets = dict(zip(("floor", "hand-written"), TARGETS[verb], strict=True))
    figures = [
        Figure.of(
            f"http.{verb} of {name}",
            ratios(ours, found[f"{name} {verb}"]),
            "ratio",
            target=targets.get(name),
            short=name in targets,
            about=_ABOUT[verb] if name == "floor" else "",
        )
        for name in _FACTORIES
        if name in servers
    ]
    for name in ("ours", *_FACTORIES):
        if name in servers:
            label = f"http.{verb}" + ("" if name == "ours" else f", {name}")
            figures += _absolute(label, verb, servers[name], found[f"{name} {verb}"])
    return figures


def _absolute(label: str, verb: str, server: Server, rates: list[float]) -> list[Figure]:
    slowest = [load.p99 for load in server.loads[verb][1:]]
    figures = [Figure.of(label, rates, "/s"), Figure.of(f"{label}: p99", slowest, "ms", better="less")]
    spent = zip(*server.microseconds[verb][1:], strict=True)
    for side, microseconds in zip(("server", "database", "client"), spent, strict=True):
        figures.append(Figure.of(f"{label}: processor time, {side}", microseconds, "us", better="less"))
    return figures


def _two_workers(one: Server, two: Server, count: int, seconds: float) -> list[Figure]:
    """Client and database share the cores with the server: the ceiling is what all of them leave of two cores."""
    figures = []
    for verb in TARGETS:
        kinds = {name: partial(server.rate, verb, seconds) for name, server in (("one", one), ("two", two))}
        found = rounds(kinds, count)
        spent = [sum(parts) for parts in two.microseconds[verb][1:]]
        ceiling = [CORES * 1e6 / each / rate for each, rate in zip(spent, found["one"], strict=True)]
        times = ratios(found["two"], found["one"])
        label, about = f"http.{verb}, two workers of one", "what the two cores would give, nobody waiting for anybody"
        figures += [
            Figure.of(label, times, "ratio", target=TWO_WORKERS, short=False),
            Figure.of(f"{label}: ceiling", ceiling, "x", short=False, about=about),
        ]
    return figures
