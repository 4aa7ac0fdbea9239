"""Records asked and changed by a list that is joined to them: what no one condition says for many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Text, bindparam, cast, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import FromClause

from common.exact_json import encode
from common.store.description import Of
from common.store.records import Records
from common.store.tables import TEXT

Place = Mapping[str, str]


@dataclass(frozen=True)
class Compared:
    """A column against what the place has under a name: `from_` it on, or `before` it."""

    column: str
    from_: str = ""
    before: str = ""


@dataclass(frozen=True)
class Joined:
    """Places, and which records belong to one of them.

    Shapes: places are texts (also of whole numbers) of one set of names. Columns `equal` are equal to the place's, and
            so are those that `may_lack` a value, of which nothing is "" (no index finds them); others are `compared`;
            `where` says what else records are (`Records.find`).
    """

    places: Sequence[Place]
    equal: Sequence[str]
    compared: Sequence[Compared]
    where: Mapping[str, Any] = field(default_factory=dict)
    may_lack: Sequence[str] = ()


@dataclass(frozen=True)
class Passed:
    """To group by: how many of the place's `bounds`, in ascending order, a column is not before."""

    column: str
    bounds: Sequence[str]


def totals(
    records: Records,
    joined: Joined,
    by: Sequence[str],
    of_place: Sequence[str] = (),
    sums: Sequence[str] = (),
    passed: Passed | None = None,
) -> list[dict[str, Any]]:
    """What the records of places come to, for each group of columns `by`, names `of_place` and bounds `passed`.

    Shapes: each has its group, `count` and the exact `sums`; with `passed` how many those are, and the text of its
            column's `first` value.
    """
    if not joined.places:
        return []
    table, listed = records._table, _as_table(records, list(joined.places[0]))
    summed = func.sum if records._connection.dialect.name == "postgresql" else func.exact_sum
    groups: list[ColumnElement[Any]] = [*(table.c[name] for name in by), *(listed.c[name] for name in of_place)]
    found: list[ColumnElement[Any]] = [*(summed(table.c[name]) for name in sums)]
    names = [*by, *of_place]
    if passed is not None:
        at = _plain(records, passed.column)
        bounds: list[ColumnElement[Any]] = [cast(at >= listed.c[name], Integer) for name in passed.bounds]
        groups.append(reduce(add, bounds))
        found.append(func.min(at))
        names.append("passed")
    statement = select(*groups, func.count(), *found).where(*_conditions(records, listed, joined)).group_by(*groups)
    names += ["count", *sums, *(() if passed is None else ("first",))]
    rows = [
        dict(zip(names, row, strict=True)) for row in records._connection.execute(statement, _values(records, joined))
    ]
    for row in rows:
        row |= {name: Decimal(0) if row[name] is None else Decimal(row[name]) for name in sums}
    return rows


def found(records: Records, joined: Joined) -> list[dict[str, Any]]:
    """The records of places, in no order."""
    if not joined.places:
        return []
    listed = _as_table(records, list(joined.places[0]))
    columns = [records._table.c[name] for name in records._described.columns]
    statement = select(*columns).where(*_conditions(records, listed, joined))
    return [dict(row) for row in records._connection.execute(statement, _values(records, joined)).mappings()]


def change(records: Records, joined: Joined, of_place: Sequence[str]) -> int:
    """Change the columns `of_place` of the records of each place to what the place says; how many."""
    if not joined.places:
        return 0
    table, listed = records._table, _as_table(records, list(joined.places[0]))
    changed = {name: _given(records, listed, name, name) for name in of_place}
    statement = update(table).where(*_conditions(records, listed, joined)).values(changed)
    return records._connection.execute(statement, _values(records, joined)).rowcount


def _conditions(records: Records, listed: FromClause, joined: Joined) -> list[ColumnElement[bool]]:
    equal = [_plain(records, name) == _given(records, listed, name, name) for name in joined.equal]
    equal += [func.coalesce(_plain(records, name), "") == listed.c[name] for name in joined.may_lack]
    return [*records._conditions(joined.where), *equal, *_compared(records, listed, joined.compared)]


def _compared(records: Records, listed: FromClause, compared: Sequence[Compared]) -> list[ColumnElement[bool]]:
    found = []
    for one in compared:
        at = _plain(records, one.column)
        found += [at >= _given(records, listed, one.column, one.from_)] if one.from_ else []
        found += [at < _given(records, listed, one.column, one.before)] if one.before else []
    return found


def _plain(records: Records, name: str) -> ColumnElement[Any]:
    """A column as the text that it is stored as; a whole number as it is."""
    if records._described.columns[name] is Of.INTEGER:
        return records._table.c[name]
    plain: ColumnElement[str] = column(name, TEXT, _selectable=records._table)
    return plain


def _given(records: Records, listed: FromClause, column: str, name: str) -> ColumnElement[Any]:
    """What a place says for a column."""
    is_number = records._described.columns[column] is Of.INTEGER
    return cast(listed.c[name], BigInteger) if is_number else listed.c[name]


def _as_table(records: Records, names: Sequence[str]) -> FromClause:
    if records._connection.dialect.name == "postgresql":
        arrays = [bindparam(f"listed_{name}", type_=ARRAY(Text())) for name in names]
        return (
            func.unnest(*arrays).table_valued(*(column(name, TEXT) for name in names), name="listed").render_derived()
        )
    each = func.json_each(bindparam("listed")).table_valued("value")
    fields = [
        func.json_extract(each.c.value, f"$[{place}]", type_=TEXT).label(name) for place, name in enumerate(names)
    ]
    return select(*fields).subquery("listed")


def _values(records: Records, joined: Joined) -> dict[str, Any]:
    names = list(joined.places[0])
    if records._connection.dialect.name == "postgresql":
        return {f"listed_{name}": [place[name] for place in joined.places] for name in names}
    return {"listed": encode([[place[name] for name in names] for place in joined.places]).decode()}
