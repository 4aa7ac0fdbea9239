"""Many product offerings, put into the suite's tables by COPY, each with the rows that find it.

Shapes: an offering has about 1.3 KB of JSON and six rows in the lookup table. Whatever their number, 50 share a product
        specification, a category of their own and a price; 60 % are Active, a quarter is in each of four large
        categories, a quarter began to be valid in the last nine of 36 months and was changed last in the last 250 of
        1,000 days.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
from sqlalchemy import text

from common.installation import component_resources
from common.settings import Settings
from common.store.counts import recount
from common.store.database import Database

MAIN, LOOKUP = "tmf620_product_offering", "tmf620_product_offering_lookup"
# What every rare value is shared by.
SHARED_BY = 50
DAYS, MONTHS = 1_000, 36
_FIRST_DAY = date(2023, 1, 1)
_STATES = ("Active",) * 12 + ("Launched",) * 5 + ("Retired",) * 2 + ("In study",)
# A prime: what is spread with it has nothing to do with the order of creation.
_SPREAD = 611_953
_ROWS_AT_ONCE = 2_000
_WORDS = "with unlimited calls and texts, 5 GB of data in the home network, roaming in 34 countries and no notice. " * 4


@dataclass(frozen=True)
class Offering:
    """What differs from one to the next; `number` counts from 0 in the order of creation, up to `of`."""

    number: int
    of: int

    @property
    def position(self) -> str:
        return f"01920000-0000-7000-8000-{self.number:012x}"

    @property
    def rare(self) -> int:
        """The group of 50 that it is in."""
        return self._mixed % max(1, self.of // SHARED_BY)

    @property
    def state(self) -> str:
        return _STATES[self._mixed // 7 % len(_STATES)]

    @property
    def changed(self) -> str:
        day = _FIRST_DAY + timedelta(days=self._mixed // 11 % DAYS)
        return f"{day}T{self.number % 24:02}:{self.number % 60:02}:00.{self.number % 1000:03}"

    @property
    def begins(self) -> str:
        month = self._mixed // 13 % MONTHS
        return f"{_FIRST_DAY.year + month // 12}-{month % 12 + 1:02}-01T00:00:00.000"

    @property
    def large(self) -> int:
        return self._mixed // 17 % 4

    @property
    def _mixed(self) -> int:
        return (self.number * _SPREAD) % 1_000_003

    def document(self) -> str:
        """JSON as the suite stores it; nothing in it needs an escape in COPY's text form."""
        return _DOCUMENT % (
            *(self.number, self.state, self.changed, self.begins, self.rare, self.rare, self.large, self.large),
            *(
                self.rare,
                self.rare,
                self.rare,
                self.rare,
                self.number,
                self.number,
                self.number % 200,
                self.number % 200,
            ),
        )

    def looked_up(self) -> Iterator[tuple[str, str]]:
        yield "category.id", f"category-{self.rare}"
        yield "category.id", f"large-{self.large}"
        yield "productOfferingPrice.id", f"price-{self.rare}"
        yield "productOfferingPrice.id", f"price-of-{self.number}"
        yield "channel.id", "online"
        yield "marketSegment.id", f"segment-{self.number % 200}"


_DOCUMENT = (
    '{"@type":"ProductOffering","name":"Plan %07d","description":"A plan ' + _WORDS + '","version":"1.0",'
    '"lifecycleStatus":"%s","lastUpdate":"%sZ","validFor":{"startDateTime":"%sZ"},"isBundle":false,"isSellable":true,'
    '"category":[{"id":"category-%d","name":"Category %d","@type":"CategoryRef"},'
    '{"id":"large-%d","name":"Large category %d","@type":"CategoryRef"}],'
    '"productSpecification":{"id":"specification-%d","name":"Specification %d","version":"1.0",'
    '"@type":"ProductSpecificationRef"},'
    '"productOfferingPrice":[{"id":"price-%d","name":"Monthly price %d","@type":"ProductOfferingPriceRef"},'
    '{"id":"price-of-%d","name":"Activation of plan %d","@type":"ProductOfferingPriceRef"}],'
    '"channel":[{"id":"online","name":"Web shop","@type":"ChannelRef"}],'
    '"marketSegment":[{"id":"segment-%d","name":"Segment %d","@type":"MarketSegmentRef"}]}'
)
_MAIN_COLUMNS = (
    "tenant, parent, id, version, is_latest, revision, position, created_at, updated_at, x_name, x_lifecycle_status, "
    "x_last_update, x_version, x_valid_for_start_date_time, x_is_bundle, x_is_sellable, x_product_specification_id, doc"
)


def load_into(url: str, count: int) -> None:
    """The same (`load`) for who has only the address of a migrated database."""
    database = Database.open(Settings(database_url=url), component_resources())
    try:
        load(database, url, count)
    finally:
        database.close()


def load(database: Database, url: str, count: int) -> None:
    """Put so many offerings into the empty tables of a migrated database.

    Indexes and kept counts are made afterwards, as anybody loads a table of this size, and what is loaded is frozen:
    VACUUM has nothing to rewrite in it.
    """
    parts = [(MAIN, _MAIN_COLUMNS, _main_row), (LOOKUP, "tenant, parent, position, path, text", _lookup_rows)]
    threads = [threading.Thread(target=_load_table, args=(url, count, *part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.write() as unit:
        unit.connection.execute(text("SET LOCAL statement_timeout = 0"))
        recount(unit.connection, database._tables[MAIN])
        unit.commit()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {MAIN}_count".encode())


def _load_table(url: str, count: int, table: str, columns: str, row: Callable[[Offering], str]) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE 'pk%%'", [table]
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        connection.execute(f"TRUNCATE {table}".encode())
        with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN (FREEZE)".encode()) as copy:
            for start in range(0, count, _ROWS_AT_ONCE):
                numbers = range(start, min(start + _ROWS_AT_ONCE, count))
                copy.write("".join(row(Offering(number, count)) for number in numbers))
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        connection.commit()
        connection.autocommit = True
        connection.execute(f"VACUUM ANALYZE {table}".encode())


def _main_row(one: Offering) -> str:
    written = f"{one.changed}Z"
    fields = (
        *("default", "", f"offering-{one.number}", "1.0", "t", "1", one.position, written, written),
        *(f"Plan {one.number:07}", one.state, one.changed, "1.0", one.begins, "f", "t", f"specification-{one.rare}"),
        one.document(),
    )
    return "\t".join(fields) + "\n"


def _lookup_rows(one: Offering) -> str:
    position = one.position
    return "".join(f"default\t\t{position}\t{path}\t{text}\n" for path, text in one.looked_up())
