"""The statements of one table of records, each compiled when it is first needed and kept with the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, Table, any_, delete, func, select, tuple_, update
from sqlalchemy.types import ARRAY, BigInteger

from common.store.description import Of, RecordTable
from common.store.statements import Conflict, DialectName, Insertion, Statement, Step, compiled, given
from common.store.tables import TEXT

Row = dict[str, Any]
Key = tuple[Any, ...]
# What is held of the rows that are read: nobody else changes them, or nobody else reads them to change them either.
Lock = Literal["share", "update"] | None
# Shapes of statements that a table keeps. Callers have few; whoever makes up shapes starts anew.
SHAPES_MAX = 500


@dataclass(frozen=True)
class Between:
    """Values from `start` on and before `end`; None is open."""

    start: Any = None
    end: Any = None


@dataclass(frozen=True)
class Among:
    """The values that a column of another table's records has (`Records.among`)."""

    of: RecordStatements
    column: str
    where: Mapping[str, Any]


# A condition as its shape: a column, what is asked of it, and of how many values, or of which other records.
Part = tuple[Any, ...]


@dataclass
class RecordStatements:
    """What is asked and written of a table."""

    described: RecordTable
    table: Table
    dialect: DialectName
    _shapes: dict[Any, Statement] = field(default_factory=dict)
    _insertions: dict[Any, Insertion] = field(default_factory=dict)

    @classmethod
    def of(cls, described: RecordTable, table: Table, dialect: DialectName) -> RecordStatements:
        """Those of a table, which are kept with it."""
        kept: RecordStatements | None = table.info.get("statements")
        if kept is None:
            kept = table.info.setdefault("statements", cls(described, table, dialect))
        return kept

    def find(
        self,
        tenant: str,
        where: Mapping[str, Any],
        order: Sequence[str],
        limit: int | None,
        after: Key | None,
        lock: Lock,
    ) -> Step:
        """Rows by conditions, see `Records.find`."""
        parts, values = self._parts(tenant, where)
        shape = ("find", parts, tuple(order), limit is None, after is None, lock)
        if limit is not None:
            values["limit"] = limit
        if after is not None:
            assert not order, "a page goes on by key"
            values |= {f"after_{place}": value for place, value in enumerate(after)}
        if shape not in self._shapes:
            statement = self._select(*self._conditions(parts))
            statement = statement.order_by(*(self.table.c[name] for name in order), *self._key)
            if after is not None:
                places = [given(f"after_{place}", column.type) for place, column in enumerate(self._key)]
                statement = statement.where(tuple_(*self._key) > tuple_(*places))
            if limit is not None:
                statement = statement.limit(given("limit", BigInteger()))
            self._keep(shape, statement, lock)
        return self._shapes[shape], values

    def keyed(self, tenant: str, keys: Sequence[Key], lock: Lock) -> Step:
        """The rows with these keys, in key order."""
        names = self.described.key
        if len(keys) == 1:
            return self.find(tenant, dict(zip(names, keys[0], strict=True)), (), None, None, lock)
        if len(names) == 1:
            return self.find(tenant, {names[0]: tuple(key[0] for key in keys)}, (), None, None, lock)
        many = _padded(keys)
        shape = ("keyed", len(many), lock)
        if shape not in self._shapes:
            wanted = [
                tuple_(*(given(f"key_{number}_{place}", column.type) for place, column in enumerate(self._key)))
                for number in range(len(many))
            ]
            statement = self._select(self.table.c.tenant == given("tenant", TEXT), tuple_(*self._key).in_(wanted))
            self._keep(shape, statement.order_by(*self._key), lock)
        values = {f"key_{n}_{place}": value for n, key in enumerate(many) for place, value in enumerate(key)}
        return self._shapes[shape], {"tenant": tenant, **values}

    def update(self, tenant: str, where: Mapping[str, Any], changed: Mapping[str, Any]) -> Step:
        parts, values = self._parts(tenant, where)
        shape = ("update", parts, tuple(changed))
        if shape not in self._shapes:
            new = {name: given(f"new_{name}", self.table.c[name].type) for name in changed}
            self._keep(shape, update(self.table).where(*self._conditions(parts)).values(new))
        return self._shapes[shape], values | {f"new_{name}": value for name, value in changed.items()}

    def delete(self, tenant: str, where: Mapping[str, Any]) -> Step:
        parts, values = self._parts(tenant, where)
        shape = ("delete", parts)
        if shape not in self._shapes:
            self._keep(shape, delete(self.table).where(*self._conditions(parts)))
        return self._shapes[shape], values

    def insertion(self, conflict: str) -> Insertion:
        """New rows: where one is there already it is an `error`, it is `left` (or `left silently`), or `replaced`."""
        if conflict not in self._insertions:
            columns = tuple(column.name for column in self.table.columns)
            others = tuple(name for name in self.described.columns if name not in self.described.key)
            conflicts: dict[str, Conflict] = {"error": "error", "left": "nothing", "left silently": "nothing"}
            self._insertions[conflict] = Insertion(
                self.table,
                self.dialect,
                columns,
                conflict=conflicts.get(conflict, others),
                key=("tenant", *self.described.key),
                returning=self.described.key if conflict == "left" else (),
            )
        return self._insertions[conflict]

    # -- the parts ----------------------------------------------------------------------------------------

    @property
    def _key(self) -> list[ColumnElement[Any]]:
        return [self.table.c[name] for name in self.described.key]

    def _select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        return select(*(self.table.c[name] for name in self.described.columns)).where(*conditions)

    def _keep(self, shape: Any, expression: Any, lock: Lock = None) -> None:
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        if lock is not None:
            expression = expression.with_for_update(read=lock == "share")
        self._shapes[shape] = compiled(expression, self.dialect, locks=lock is not None)

    def _parts(self, tenant: str, where: Mapping[str, Any], under: str = "") -> tuple[tuple[Part, ...], Row]:
        """The shapes of conditions, and the values; the names of those begin with `under`."""
        parts: list[Part] = []
        values: Row = {"tenant": tenant}
        for name, wanted in where.items():
            value = under + name
            if isinstance(wanted, Between):
                assert self.described.columns[name] is not Of.NUMBER, "numbers are not ranged by"
                if wanted.start is not None:
                    parts.append((name, "from"))
                    values[f"{value}_from"] = wanted.start
                if wanted.end is not None:
                    parts.append((name, "until"))
                    values[f"{value}_until"] = wanted.end
            elif isinstance(wanted, Among):
                below, theirs = wanted.of._parts(tenant, wanted.where, f"{value}_")
                parts.append((name, "among", wanted.of.table, wanted.column, below))
                values |= theirs
            elif isinstance(wanted, tuple) and self.dialect == "postgresql":
                parts.append((name, "any"))
                values[f"{value}_any"] = wanted
            elif isinstance(wanted, tuple):
                many = _padded(wanted)
                parts.append((name, "one of", len(many)))
                values |= {f"{value}_{place}": one for place, one in enumerate(many)}
            elif wanted is None:
                parts.append((name, "null"))
            else:
                parts.append((name, "is"))
                values[f"{value}_is"] = wanted
        return tuple(parts), values

    def _conditions(self, parts: Sequence[Part], under: str = "") -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [self.table.c.tenant == given("tenant", TEXT)]
        for name, asked, *more in parts:
            column, value = self.table.c[name], under + name
            match asked:
                case "from":
                    found.append(column >= given(f"{value}_from", column.type))
                case "until":
                    found.append(column < given(f"{value}_until", column.type))
                case "among":
                    found.append(self._among(column, f"{value}_", *more))
                case "any":
                    found.append(column == any_(given(f"{value}_any", ARRAY(column.type))))
                case "one of":
                    found.append(column.in_([given(f"{value}_{place}", column.type) for place in range(more[0])]))
                case "null":
                    found.append(column.is_(None))
                case _:
                    found.append(column == given(f"{value}_is", column.type))
        return found

    def _among(
        self, column: ColumnElement[Any], under: str, table: Table, theirs: str, parts: Sequence[Part]
    ) -> ColumnElement[bool]:
        statements: RecordStatements = table.info["statements"]
        values = select(table.c[theirs]).where(*statements._conditions(parts, under))
        if self.dialect == "sqlite":
            return column.in_(values)
        # An array is what an index is asked by, however many PostgreSQL expects them to be.
        return column == any_(func.array(values.scalar_subquery(), type_=ARRAY(column.type)))


def _padded(values: Sequence[Any]) -> Sequence[Any]:
    """So many values that few statements do for every number of them: the last one over again."""
    if not values:
        return values
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (size - len(values))]
