"""What a list costs when there is a hundred times as much: pages, exact counts, cursors.

The same lists are asked of two databases that differ only in how many offerings they hold, in turns. Each question is
what the API asks of the store for one list: a page of 20 with its exact total, with other values each time, so that
pages of the database are read that nobody has just read.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import psycopg

from benchmarks import offerings
from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from benchmarks.harness.servers import postgresql
from common import exact_json
from common.domain.ids import ordered_id
from common.domain.query import AllOf, Compare, Condition, Cursor, FieldPath, Kind, Operator, Query, SortKey
from common.installation import component_resources
from common.settings import Settings
from common.store.database import Database
from tests.postgres import PostgresServer

SMALL, LARGE = 10_000, 1_000_000
SMALL_SHORT, LARGE_SHORT = 2_000, 50_000
PAGE = 20
# How often each question is asked in a round, of which the median counts, and how many offerings are added.
_ASKED, _ADDED = 25, 100
_COUNT_MS_MAX = 50.0


def _path(name: str, kind: Kind = Kind.STRING, *, many: bool = False) -> FieldPath:
    return FieldPath(tuple(name.split(".")), kind, many)


_NAME, _STATE, _SPECIFICATION = _path("name"), _path("lifecycleStatus"), _path("productSpecification.id")
_CATEGORY, _SEGMENT = _path("category.id", many=True), _path("marketSegment.id", many=True)
_CHANGED, _BEGINS = _path("lastUpdate", Kind.INSTANT), _path("validFor.startDateTime", Kind.INSTANT)
_BY_NAME, _NEWEST = (SortKey(_NAME),), (SortKey(_CHANGED, descending=True),)


def _is(path: FieldPath, value: str) -> Compare:
    return Compare(path, Operator.EQ, (value,))


def _from(path: FieldPath, value: str) -> Compare:
    return Compare(path, Operator.GTE, (value,))


_UNSELECTIVE: dict[str, Condition | None] = {
    "no filter": None,
    "60 % by status": _is(_STATE, "Active"),
    "25 % by last update": _from(_CHANGED, "2025-01-20T10:30:00.000Z"),
    "25 % by validity": _from(_BEGINS, "2025-04-01T00:00:00.000Z"),
    "25 % through an array": _is(_CATEGORY, "large-1"),
}
_COMBINED = AllOf((_is(_STATE, "Active"), _is(_CATEGORY, "large-1")))


@dataclass
class Store:
    """A database with so many offerings. `random` draws values; every store draws the same ones."""

    database: Database
    url: str
    count: int
    random: random.Random = field(default_factory=lambda: random.Random(8))

    def selective(self) -> Query:
        """50 hits through an array, by name."""
        return Query(_is(_CATEGORY, f"category-{self._rare()}"), _BY_NAME, limit=PAGE)

    def selective_column(self) -> Query:
        """50 hits in a column, the newest first."""
        return Query(_is(_SPECIFICATION, f"specification-{self._rare()}"), _NEWEST, limit=PAGE)

    def proportional(self) -> Query:
        """One in 200, by name."""
        return Query(_is(_SEGMENT, f"segment-{self.random.randrange(200)}"), _BY_NAME, limit=PAGE)

    def usual(self) -> Query:
        """A quarter of all through an array, by name."""
        return Query(_is(_CATEGORY, f"large-{self.random.randrange(4)}"), _BY_NAME, limit=PAGE)

    def page(self, sort: tuple[SortKey, ...], column: str, share: float) -> Query:
        """A page of all behind a cursor that stands at a share of the list."""
        direction = "DESC" if sort[-1].descending else "ASC"
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                f"SELECT {column}, position FROM {offerings.MAIN} "
                f"WHERE tenant = 'default' AND parent = '' AND is_latest "
                f"ORDER BY {column} {direction}, position {direction} OFFSET %s LIMIT 1".encode(),
                [max(1, int(self.count * share) - PAGE - 1)],
            ).fetchone()
        assert found is not None, "the list is longer"
        return Query(None, sort, limit=PAGE, after=Cursor((found[0],), found[1]))

    def seconds(self, query: Query) -> float:
        """How long a list takes."""
        with self.database.read() as unit:
            begun = time.perf_counter()
            unit.repository(offerings.MAIN).find(query)
            return time.perf_counter() - begun

    def added(self, how_many: int) -> float:
        """How long it takes to add offerings, each in a transaction of its own."""
        document = exact_json.decode(offerings.Offering(7, self.count).document().encode())
        begun = time.perf_counter()
        for _ in range(how_many):
            with self.database.write() as unit:
                unit.repository(offerings.MAIN).add(ordered_id(), document, datetime.now(UTC), "1.0")
                unit.commit()
        return time.perf_counter() - begun

    def _rare(self) -> int:
        return self.random.randrange(self.count // offerings.SHARED_BY)


def measure(scale: Scale) -> list[Figure]:
    """The figures of target 2."""
    sizes = (SMALL_SHORT, LARGE_SHORT) if scale.is_short else (SMALL, LARGE)
    with postgresql() as server, _store(server, sizes[0]) as small, _store(server, sizes[1]) as large:
        return [
            *_pages(small, large, scale),
            *_cursors(large, scale),
            *_counts(small, large, scale),
            *([] if scale.is_short else _information(large)),
            _written(small, scale),
        ]


def _side_by_side(
    one: Callable[[], float], other: Callable[[], float], scale: Scale
) -> tuple[list[float], list[float]]:
    """The medians of each round, in which both are asked in turns."""
    found: tuple[list[float], list[float]] = [], []
    for number in range(scale.rounds + 1):
        taken = [(one(), other()) for _ in range(_ASKED)]
        if number:  # the first warms up
            for place, medians in enumerate(found):
                medians.append(statistics.median(pair[place] for pair in taken))
    return found


def _pages(small: Store, large: Store, scale: Scale) -> Iterator[Figure]:
    about = f"page of {PAGE}, sorted, with its exact total: {large.count:,} offerings beside {small.count:,}"
    kinds: dict[str, tuple[Callable[[Store], Query], float | None]] = {
        "selective filter through an array": (Store.selective, 1.5),
        "selective filter of a column": (Store.selective_column, 1.5),
        "filter of one in 200": (Store.proportional, None),
    }
    for name, (asked, target) in kinds.items():
        below, above = _side_by_side(partial(_asked, small, asked), partial(_asked, large, asked), scale)
        yield Figure.of(f"growth.{name}", ratios(above, below), "ratio", better="less", target=target, about=about)


def _cursors(large: Store, scale: Scale) -> Iterator[Figure]:
    about = f"page {large.count // PAGE:,} of {large.count:,} offerings beside page 2"
    for name, sort, column in (("name", _BY_NAME, "x_name"), ("newest first", _NEWEST, "x_last_update")):
        first, last = large.page(sort, column, 0), large.page(sort, column, 1)
        below, above = _side_by_side(partial(large.seconds, first), partial(large.seconds, last), scale)
        yield Figure.of(
            f"growth.page by cursor, by {name}", ratios(above, below), "ratio", better="less", target=1.25, about=about
        )


def _counts(small: Store, large: Store, scale: Scale) -> Iterator[Figure]:
    for name, where in _UNSELECTIVE.items():
        query = Query(where, limit=0)
        below, above = _side_by_side(partial(small.seconds, query), partial(large.seconds, query), scale)
        milliseconds = [seconds * 1000 for seconds in above]
        yield Figure.of(
            f"growth.exact count, {name}", milliseconds, "ms", better="less", target=_COUNT_MS_MAX,
            about=f"of {large.count:,} offerings",
        )  # fmt: skip
        yield Figure.of(
            f"growth.exact count, {name}, of the small", ratios(above, below), "ratio", better="less",
            about=f"beside that of {small.count:,}",
        )  # fmt: skip


def _written(store: Store, scale: Scale) -> Figure:
    """What it costs a write that counts are kept."""

    def kept(how: str) -> float:
        with psycopg.connect(store.url) as connection:
            connection.execute(f"ALTER TABLE {offerings.MAIN} {how} TRIGGER USER".encode())
        return store.added(_ADDED)

    taken = rounds({"kept": lambda: kept("ENABLE"), "not kept": lambda: kept("DISABLE")}, scale.rounds)
    about = "the store's work for one POST with counts kept beside the same without: rows, indexes, commit"
    return Figure.of("growth.write", ratios(taken["kept"], taken["not kept"]), "ratio", better="less", about=about)


def _asked(store: Store, asked: Callable[[Store], Query]) -> float:
    return store.seconds(asked(store))


def _information(large: Store) -> Iterator[Figure]:
    """What no kept count answers, and what skipping costs."""
    combined = [large.seconds(Query(_COMBINED, limit=0)) * 1000 for _ in range(3)]
    yield Figure.of(
        "growth.count, 60 % by status and 25 % through an array", combined, "ms", better="less", short=False,
        about="counted each time: no kept count answers a combination",
    )  # fmt: skip
    usual = [large.seconds(large.usual()) * 1000 for _ in range(_ASKED)]
    yield Figure.of(
        "growth.filter of one in four through an array", usual, "ms", better="less", short=False,
        about=f"page of {PAGE}, sorted, with its exact total, of {large.count:,} offerings",
    )  # fmt: skip
    skipping = [large.seconds(Query(None, _BY_NAME, offset=large.count // 2, limit=PAGE)) * 1000 for _ in range(3)]
    yield Figure.of(
        "growth.page by offset, half-way", skipping, "ms", better="less", short=False,
        about=f"offset {large.count // 2:,}; a cursor takes what page 1 takes",
    )  # fmt: skip


@contextmanager
def _store(server: PostgresServer, count: int) -> Iterator[Store]:
    with server.database() as url:
        database = Database.open(Settings(database_url=url), component_resources())
        try:
            database.migrate()
            offerings.load(database, url, count)
            yield Store(database, url, count)
        finally:
            database.close()
