"""Kept counts: how many documents a list has, without counting them (PostgreSQL; docs/decisions/0012).

A resource names the attributes whose counts are kept (`Index.is_counted`). `<name>_count` has how many latest versions
there are with each of their values. For every change the database itself adds a row to `<name>_count_change`: what one
more or one fewer document has. Nobody changes such a row, so that no two transactions wait for each other; who happens
to write the 500th, adds all of them to the counts. What there is now is the count and the sum of the changes. That is
exact in every snapshot, because a change and its row are one transaction.

A value is "" when there is none, else "=" and the text; of an instant only the hour. A range of instants is whole hours
and the rows of the hours at its ends. Attributes that pass through arrays have several values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    any_,
    cast,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from common.domain.query import AllOf, AnyElement, Compare, Condition, Kind, Not, Operator
from common.store.description import Index
from common.store.document_sql import flags, json_path, ordered
from common.store.keys import INDEXED_CHARACTERS, is_storable
from common.store.tables import TEXT, ResourceTables

# An instant's text up to the hour: `2026-01-31T10`.
HOUR_CHARACTERS = 13
# Changes until they are added to the counts, on average.
_ADDED_AFTER = 500
Wanted = Callable[[ColumnElement[str]], ColumnElement[bool]]
_FROM, _UNTIL = (Operator.GT, Operator.GTE), (Operator.LT, Operator.LTE)
# What stands behind the hour of the first instant in it, and what is greater than that of any.
_FIRST_IN_HOUR, _BEHIND_HOUR = ":00:00.000", ";"


def kept(tables: ResourceTables) -> list[Index]:
    """The attributes whose counts are kept; the first has one value in every document, or none."""
    counted = [index for index in tables.resource.indexes if index.is_counted]
    promoted = [index for index in counted if index.path.steps in tables.promoted]
    assert promoted or not counted, f"{tables.resource.name}: one of the counted attributes has one value"
    return [*promoted, *(index for index in counted if index not in promoted)]


@dataclass(frozen=True)
class KeptCounts:
    """What is kept of one tenant's documents below one parent."""

    tables: ResourceTables
    tenant: ColumnElement[str]
    parent: ColumnElement[str]

    def of(self, where: Condition | None) -> ColumnElement[int] | None:
        """How many latest versions satisfy a condition, as SQL; None when that is not kept."""
        if not self._kept:
            return None
        match where:
            case None:
                return self._sum(next(iter(self._kept.values())))
            case Not(part):
                return self._others(part)
            case Compare(path, Operator.NE, values):
                return self._others(Compare(path, Operator.EQ, values))
            case Compare():
                return self._compared([where])
            case AnyElement(path, Compare() as inner) if inner.operator is not Operator.NE:
                return self._compared([replace(inner, path=replace(inner.path, steps=path.steps + inner.path.steps))])
            case AllOf(parts):
                compares = [part for part in parts if isinstance(part, Compare)]
                return self._compared(compares) if len(compares) == len(parts) else None
            case _:
                return None

    def _others(self, part: Condition) -> ColumnElement[int] | None:
        everything, these = self.of(None), self.of(part)
        return None if everything is None or these is None else everything - these

    def _compared(self, parts: Sequence[Compare]) -> ColumnElement[int] | None:
        """Comparisons of one attribute."""
        paths = {(part.path.steps, part.path.kind) for part in parts}
        steps, kind = next(iter(paths), ((), None))
        index = self._kept.get(steps)
        if index is None or index.path.kind is not kind or len(paths) > 1:
            return None
        if kind is Kind.INSTANT:
            return self._between(index, parts)
        if len(parts) > 1 or parts[0].operator is not Operator.EQ:
            return None
        wanted = self._texts(index, parts[0])
        if wanted is None or (len(wanted) > 1 and steps in self.tables.looked_up):  # one document may have several
            return None
        if not wanted:
            return literal(0)
        texts = [f"={one}" for one in wanted]
        return self._sum(index, lambda value: value.in_(texts) if len(texts) > 1 else value == texts[0])

    def _texts(self, index: Index, compare: Compare) -> list[str] | None:
        """The different values that may be there; None when one of them is too long for an index."""
        if index.path.kind is Kind.BOOLEAN:
            return sorted({"true" if flag else "false" for flag in flags(compare.operator, compare.values)})
        values = sorted({value for value in compare.values if is_storable(value)})
        return values if all(len(value) < INDEXED_CHARACTERS for value in values) else None

    def _between(self, index: Index, parts: Sequence[Compare]) -> ColumnElement[int] | None:
        """A range of instants: the hours that are wholly in it, and the rows of those that are partly."""
        lower = [part for part in parts if part.operator in _FROM]
        upper = [part for part in parts if part.operator in _UNTIL]
        is_one = all(len(part.values) == 1 and _is_plain(part.values[0]) for part in parts)
        if index.path.steps in self.tables.looked_up or len(lower) + len(upper) < len(parts) or not is_one:
            return None
        if len(lower) > 1 or len(upper) > 1:
            return None
        hours: list[Wanted] = [lambda value: value >= "="]
        partly: list[ColumnElement[int]] = []
        column = self.tables.column(index)
        ends = [(part.operator, part.values[0].rstrip("Z")) for part in (*lower, *upper)]
        if len({wanted[:HOUR_CHARACTERS] for _, wanted in ends}) < len(ends):
            return None  # within an hour
        for operator, wanted in ends:
            hour, is_lower = wanted[:HOUR_CHARACTERS], operator in _FROM
            is_first = wanted <= hour + _FIRST_IN_HOUR
            is_whole = is_first and operator in (Operator.GTE, Operator.LT)
            # From its first instant on an hour is in the range; before it, it is not.
            among = Operator.GTE if is_whole and is_lower else Operator.GT if is_lower else Operator.LT
            hours.append(partial(_stands, among, f"={hour}"))
            if not is_whole:
                other = column < hour + _BEHIND_HOUR if is_lower else column >= hour
                partly.append(self._counted(ordered(column, operator, wanted), other))
        total = self._sum(index, *hours)
        for one in partly:
            total = total + one
        return total

    def _sum(self, index: Index, *wanted: Wanted) -> ColumnElement[int]:
        """How many documents have a value that is so."""
        counts, changes = tables_of(self.tables)
        kept_value, changed = counts.c.value, changes.c[index.column]
        of_path = counts.c.tenant == self.tenant, counts.c.parent == self.parent, counts.c.path == str(index.path)
        summed = select(_whole(func.sum(counts.c.count))).where(*of_path, *(holds(kept_value) for holds in wanted))
        value: Any = any_(changed) if index.path.steps in self.tables.looked_up else changed
        own = changes.c.tenant == self.tenant, changes.c.parent == self.parent
        moved = select(_whole(func.sum(changes.c.change))).where(*own, *(holds(value) for holds in wanted))
        return summed.scalar_subquery() + moved.scalar_subquery()

    def _counted(self, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        main = self.tables.main
        own = main.c.tenant == self.tenant, main.c.parent == self.parent, main.c.is_latest == true()
        return select(func.count()).select_from(main).where(*own, *conditions).scalar_subquery()

    @cached_property
    def _kept(self) -> dict[tuple[str, ...], Index]:
        return {index.path.steps: index for index in kept(self.tables)}


def _stands(operator: Operator, wanted: str, value: ColumnElement[str]) -> ColumnElement[bool]:
    return ordered(value, operator, wanted)


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(number, 0), BigInteger)


def _is_plain(instant: str) -> bool:
    """Whether it is in normal form, and short enough for an index."""
    return is_storable(instant) and HOUR_CHARACTERS < len(instant) < INDEXED_CHARACTERS and instant[10:11] == "T"


def tables_of(tables: ResourceTables) -> tuple[Table, Table]:
    """The counts of a resource and their changes, for whoever reads them; `establish` makes them."""
    if "counts" not in tables.main.info:
        name, metadata = tables.resource.name, MetaData()
        texts = [Column(column, TEXT, nullable=False) for column in ("tenant", "parent", "path", "value")]
        counts = Table(f"{name}_count", metadata, *texts, Column("count", BigInteger, nullable=False))
        own = [Column(column, TEXT, nullable=False) for column in ("tenant", "parent")]
        values = [
            Column(index.column, ARRAY(TEXT) if index.path.steps in tables.looked_up else TEXT, nullable=False)
            for index in kept(tables)
        ]
        change = Column("change", BigInteger, nullable=False)
        tables.main.info["counts"] = counts, Table(f"{name}_count_change", metadata, *own, *values, change)
    made: tuple[Table, Table] = tables.main.info["counts"]
    return made


# -- what the database does --------------------------------------------------------------------------------------------


def establish(connection: Connection, listed: Iterable[ResourceTables]) -> None:
    """Have the database keep the counts of these resources, and no others.

    Where something is not yet as it must be, the table is locked against writes and counted anew.
    """
    wanted = {one.resource.name: one for one in listed if kept(one)}
    marked = text(
        "SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class AS c WHERE c.relkind = 'r' "
        "AND pg_table_is_visible(c.oid) AND obj_description(c.oid, 'pg_class') LIKE 'counts %'"
    )
    present = {row[0].removesuffix("_count"): row[1] for row in connection.execute(marked)}
    for name in sorted(present.keys() - wanted.keys()):
        connection.exec_driver_sql(_removal(name))
    for name, tables in sorted(wanted.items()):
        mark = _mark(tables)
        if present.get(name) != mark:
            connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
            connection.exec_driver_sql(_removal(name))
            connection.exec_driver_sql(_definition(tables))
            connection.exec_driver_sql(f"COMMENT ON TABLE {name}_count IS '{mark}'")
            recount(connection, tables)


def recount(connection: Connection, tables: ResourceTables) -> None:
    """Count everything anew. Others may read meanwhile; writes wait."""
    name = tables.resource.name
    connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
    connection.exec_driver_sql(f"DELETE FROM {name}_count_change")
    connection.exec_driver_sql(f"DELETE FROM {name}_count")
    connection.exec_driver_sql(f"INSERT INTO {name}_count {_counted_anew(tables)}")


def wrong(connection: Connection, tables: ResourceTables, tenant: str) -> Iterator[tuple[str, str, str, int, int]]:
    """What is kept and not so: parent, path, value, how many are kept and how many there are."""
    name = tables.resource.name
    asked = text(
        f"SELECT parent, path, value, sum(kept), sum(counted) FROM ("
        f"SELECT tenant, parent, path, value, count AS kept, 0 AS counted FROM {name}_count "
        f"UNION ALL SELECT tenant, parent, path, value, change, 0 FROM ({_changes(tables)}) AS changes "
        f"UNION ALL SELECT tenant, parent, path, value, 0, count FROM ({_counted_anew(tables)}) AS anew"
        f") AS both_of WHERE tenant = :tenant GROUP BY 1, 2, 3 HAVING sum(kept) <> sum(counted) ORDER BY 1, 2, 3"
    )
    connection.execute(text("SET LOCAL statement_timeout = 0"))  # it counts everything
    for parent, path, value, kept_count, counted in connection.execute(asked, {"tenant": tenant}):
        yield parent, path, value, int(kept_count), int(counted)


def _mark(tables: ResourceTables) -> str:
    return f"counts {hashlib.sha256(_definition(tables).encode()).hexdigest()[:16]}"


def _removal(name: str) -> str:
    functions = "".join(f"DROP FUNCTION IF EXISTS {name}_count_{what} CASCADE;" for what in ("changed", "summed"))
    return f"DROP TABLE IF EXISTS {name}_count, {name}_count_change;{functions}"


def _definition(tables: ResourceTables) -> str:
    """The tables of counts, and the triggers that write them."""
    promoted, found = _kept_in_columns(tables), _kept_in_arrays(tables)
    columns = ("is_latest", *(tables.column(index).name for index in promoted))
    members = dict.fromkeys(_literal(index.path.steps[0]) for index in found)
    changed = [f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns]
    changed += [f"OLD.doc -> {one} IS DISTINCT FROM NEW.doc -> {one}" for one in members]
    return _DEFINITION.format(
        name=tables.resource.name,
        columns=", ".join(
            [f'{index.column} text COLLATE "C" NOT NULL' for index in promoted]
            + [f'{index.column} text[] COLLATE "C" NOT NULL' for index in found]
        ),
        old=_row(tables, "OLD"),
        new=_row(tables, "NEW"),
        changed=" OR ".join(f"({one})" for one in changed),
        changes=_changes(tables, "gone"),
        often=_ADDED_AFTER,
    )


def _row(tables: ResourceTables, row: str) -> str:
    """What a row of the table has of each counted attribute."""
    return ", ".join(
        [_value(tables, index, row) for index in _kept_in_columns(tables)]
        + [_elements(index, row) for index in _kept_in_arrays(tables)]
    )


def _elements(index: Index, row: str) -> str:
    """The values of an attribute that passes through arrays, each once, as the lookup table has them."""
    return (
        f"ARRAY(SELECT DISTINCT '=' || left(v #>> '{{}}', {INDEXED_CHARACTERS}) "
        f"FROM jsonb_path_query({row}.doc, {_literal(json_path(index.path.steps))}) AS v "
        f"WHERE jsonb_typeof(v) = 'string')"
    )


def _changes(tables: ResourceTables, source: str = "") -> str:
    """A SELECT of what the changes come to."""
    name = source or f"{tables.resource.name}_count_change"
    listed = [f"({_literal(str(index.path))}, c.{index.column})" for index in _kept_in_columns(tables)]
    rows = f"SELECT * FROM (VALUES {', '.join(listed)}) AS one(path, value)"
    for index in _kept_in_arrays(tables):
        rows += f" UNION ALL SELECT {_literal(str(index.path))}, unnest(c.{index.column})"
    return (
        f"SELECT c.tenant, c.parent, v.path, v.value, sum(c.change) AS change FROM {name} AS c "
        f"CROSS JOIN LATERAL ({rows}) AS v(path, value) GROUP BY 1, 2, 3, 4"
    )


def _kept_in_columns(tables: ResourceTables) -> list[Index]:
    return [index for index in kept(tables) if index.path.steps in tables.promoted]


def _kept_in_arrays(tables: ResourceTables) -> list[Index]:
    return [index for index in kept(tables) if index.path.steps in tables.looked_up]


def _value(tables: ResourceTables, index: Index, row: str) -> str:
    column = f"{row}.{tables.column(index).name}"
    shown = f"left({column}, {HOUR_CHARACTERS})" if index.path.kind is Kind.INSTANT else f"{column}::text"
    return f"coalesce('=' || {shown}, '')"


def _counted_anew(tables: ResourceTables) -> str:
    """A SELECT of all counts as they are."""
    name, found = tables.resource.name, _kept_in_arrays(tables)
    values = ", ".join(
        f"({_literal(str(index.path))}, {_value(tables, index, 'm')})" for index in _kept_in_columns(tables)
    )
    paths = ", ".join(_literal(str(index.path)) for index in found)
    counted = (
        f"SELECT m.tenant, m.parent, v.path, v.value, count(*) AS count FROM {name} m "
        f"CROSS JOIN LATERAL (VALUES {values}) AS v(path, value) WHERE m.is_latest GROUP BY 1, 2, 3, 4"
    )
    if not found:
        return counted
    return (
        f"{counted} UNION ALL SELECT l.tenant, l.parent, l.path, coalesce('=' || l.text, ''), count(*) "
        f"FROM {name}_lookup l JOIN {name} m ON (m.tenant, m.parent, m.position) = (l.tenant, l.parent, l.position) "
        f"AND m.is_latest WHERE l.path IN ({paths}) GROUP BY 1, 2, 3, 4"
    )


def _literal(written: str) -> str:
    return "'" + written.replace("'", "''") + "'"


_DEFINITION = """
CREATE TABLE {name}_count (
    tenant text COLLATE "C" NOT NULL, parent text COLLATE "C" NOT NULL, path text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL, count bigint NOT NULL,
    CONSTRAINT pk_{name}_count PRIMARY KEY (tenant, parent, path, value)
) WITH (fillfactor = 70);
CREATE TABLE {name}_count_change (
    tenant text COLLATE "C" NOT NULL, parent text COLLATE "C" NOT NULL, {columns}, change bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE FUNCTION {name}_count_summed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('{name}_count', 0)) THEN RETURN; END IF;
    WITH gone AS (DELETE FROM {name}_count_change RETURNING *)
    INSERT INTO {name}_count AS kept SELECT * FROM ({changes}) AS changes WHERE change <> 0
    ON CONFLICT (tenant, parent, path, value) DO UPDATE SET count = kept.count + excluded.count;
END $$;

CREATE FUNCTION {name}_count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.is_latest THEN
        INSERT INTO {name}_count_change VALUES (OLD.tenant, OLD.parent, {old}, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.is_latest THEN
        INSERT INTO {name}_count_change VALUES (NEW.tenant, NEW.parent, {new}, 1);
    END IF;
    IF random() * {often} < 1 THEN PERFORM {name}_count_summed(); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {name}_count_added AFTER INSERT ON {name} FOR EACH ROW
EXECUTE FUNCTION {name}_count_changed();
CREATE TRIGGER {name}_count_changed AFTER UPDATE ON {name} FOR EACH ROW WHEN ({changed})
EXECUTE FUNCTION {name}_count_changed();
CREATE TRIGGER {name}_count_removed AFTER DELETE ON {name} FOR EACH ROW
EXECUTE FUNCTION {name}_count_changed();
"""
