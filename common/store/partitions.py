"""Tables that PostgreSQL keeps by month: their partitions made ahead, and whole months given up.

A table is divided by an instant of its records or by its documents' creation (`RecordTable.monthly`,
`StoredResource.monthly`). What lies before the first month or after the last goes into a partition of its own, the
default one; when its month is made later it moves there. SQLite keeps everything in one table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, MetaData, Table, text

from common.domain.clock import instant_text
from common.store.tables import POSITION

# Months made ahead: a server that runs longer without a start or `bss migrate` writes into the default partition.
MONTHS_AHEAD = 2


@dataclass(frozen=True, order=True)
class Month:
    """A month of UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> Month:
        there = moment.astimezone(UTC)
        return cls(there.year, there.month)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def next(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04}_{self.number:02}"


def divided(metadata: MetaData) -> list[tuple[Table, str]]:
    """The tables that are kept by month, each with the column that says which."""
    found = []
    for table in metadata.sorted_tables:
        by = table.dialect_options["postgresql"]["partition_by"]
        if by is not None:
            found.append((table, by.removeprefix("RANGE (").removesuffix(")")))
    return found


def renew(connection: Connection, metadata: MetaData, now: datetime) -> list[str]:
    """Make the partitions that are missing for this month and those ahead; their names.

    To be called in a transaction that alone changes the schema.
    """
    made: list[str] = []
    if connection.dialect.name != "postgresql":
        return made
    for table, column in divided(metadata):
        existing = _partitions(connection, table)
        if (default := f"{table.name}_other") not in existing:
            connection.execute(text(f"CREATE TABLE {default} PARTITION OF {table.name} DEFAULT"))
            made.append(default)
        for month in _months(now):
            if (name := f"{table.name}_{month}") not in existing:
                _make(connection, table, column, name, month)
                made.append(name)
    return made


def retire(connection: Connection, table: Table, column: str, before: Month) -> int:
    """Give up everything of a table that lies before a month; how many rows that were.

    On PostgreSQL whole partitions are dropped, which no row pays for.
    """
    gone = 0
    if connection.dialect.name == "postgresql":
        for name in sorted(_partitions(connection, table)):
            if name < f"{table.name}_{before}" and name != f"{table.name}_other":
                gone += connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
                connection.execute(text(f"DROP TABLE {name}"))
    strays = text(f"DELETE FROM {table.name} WHERE {column} < :before")
    return gone + connection.execute(strays, {"before": place(column, before)}).rowcount


def _make(connection: Connection, table: Table, column: str, name: str, month: Month) -> None:
    """Attached when it is complete: whoever reads or writes the table meanwhile waits for its last step only."""
    first, last = place(column, month), place(column, month.next)
    likeness = f"(LIKE {table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    connection.execute(text(f"CREATE TABLE {name} {likeness}"))
    within = f"{column} >= '{first}' AND {column} < '{last}'"
    moved = f"DELETE FROM {table.name}_other WHERE {within} RETURNING *"
    connection.execute(text(f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"))
    connection.execute(
        text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{last}')")
    )


def _partitions(connection: Connection, table: Table) -> set[str]:
    statement = text(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = CAST(:parent AS regclass)"
    )
    return set(connection.scalars(statement, {"parent": table.name}))


def _months(now: datetime) -> Iterator[Month]:
    month = Month.of(now)
    for _ in range(MONTHS_AHEAD + 1):
        yield month
        month = month.next


def place(column: str, month: Month) -> str:
    """Where a month begins in a column: an instant's text, or the position of what was created then.

    A position is an ordered id (`domain.ids`): 48 bits of milliseconds first.
    """
    if column != POSITION:
        return instant_text(month.start)
    millis = f"{int(month.start.timestamp() * 1000):012x}"
    return f"{millis[:8]}-{millis[8:]}"
