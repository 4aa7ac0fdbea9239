"""Old months given up: records and documents together, in one transaction that alone changes their tables.

On PostgreSQL whole partitions are dropped (`partitions`); the few rows that lie in others are deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, delete, exists, func, select, text

from common.store import partitions
from common.store.description import RecordTable
from common.store.partitions import Month
from common.store.tables import POSITION, ResourceTables


class Retirement:
    """What lies before a month, in tables that are kept by month. For all tenants: a partition is everybody's."""

    def __init__(
        self,
        connection: Connection,
        resources: Mapping[str, ResourceTables],
        records: Mapping[str, tuple[RecordTable, Table]],
    ) -> None:
        self._connection = connection
        self._resources, self._records = resources, records

    def keep_others_out(self, records: Iterable[str], resources: Iterable[str]) -> None:
        """Nobody reads or writes these until the transaction ends, once all who did so have ended. In the order that
        others use them in, so that none of them waits for us while we wait for it. SQLite has one writer anyway.
        """
        names = [*records, *(self._resources[name].main.name for name in resources)]
        if self._connection.dialect.name == "postgresql":
            for name in names:
                self._connection.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))

    def count(self, resource: str, column: str, value: str, before: Month) -> int:
        """How many documents that were created before a month have a value in an indexed attribute's column."""
        main = self._resources[resource].main
        place = partitions.place(POSITION, before)
        statement = select(func.count()).select_from(main).where(main.c[column] == value, main.c[POSITION] < place)
        return self._connection.execute(statement).scalar_one()

    def records(self, name: str, before: Month) -> int:
        """Give up records of earlier months; how many."""
        described, table = self._records[name]
        assert described.monthly is not None, f"{name} is not kept by month"
        return partitions.retire(self._connection, table, described.monthly, before)

    def documents(self, resource: str, before: Month, record: str, column: str) -> int:
        """Give up documents that records of earlier months speak of, by their id in a column, and those that were
        created earlier and no record speaks of; how many. One that was created earlier and is spoken of later stays,
        and with it the other documents of its time that nothing speaks of.
        """
        tables, (described, records) = self._resources[resource], self._records[record]
        assert described.monthly is not None, f"{record} is not kept by month"
        main, at = tables.main, records.c[described.monthly]
        spoken_of = select(records.c[column]).where(records.c[column] == main.c.id)
        later = exists(spoken_of.where(at >= before.start))
        ahead = (
            select(func.count()).select_from(main).where(main.c[POSITION] < partitions.place(POSITION, before), later)
        )
        gone = 0
        if not self._connection.execute(ahead).scalar_one():
            gone = partitions.retire(self._connection, main, POSITION, before)
        rest = delete(main).where(exists(spoken_of.where(at < before.start)), ~later)
        gone += self._connection.execute(rest).rowcount
        if tables.lookup is not None:
            there = select(main.c.id).where(main.c[POSITION] == tables.lookup.c[POSITION])
            self._connection.execute(delete(tables.lookup).where(~exists(there)))
        return gone

    def orphans(self, name: str, column: str, resource: str) -> int:
        """Remove records that name a document which is not here; how many."""
        (_, table), main = self._records[name], self._resources[resource].main
        there = select(main.c.id).where(main.c.tenant == table.c.tenant, main.c.id == table.c[column])
        return self._connection.execute(delete(table).where(~exists(there))).rowcount
