"""Statements that are compiled once and carried out many times (docs/decisions/0011).

SQLAlchemy writes the SQL of both databases, once for each shape of a statement (table, conditions, order): `compiled`.
A `Session` then carries out the text with values, without building or comparing expressions again. Names in a statement
are `bindparam` names; the values of a call are a mapping of them.

A `Question` is what one read asks and how its answer is made of the rows. Several of them are asked at once
(`UnitOfWork.answers`), which is one round trip on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import BindParameter, Boolean, Dialect, Table, TypeDecorator, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.types import ARRAY, TypeEngine

Answer = TypeVar("Answer")
DialectName = Literal["sqlite", "postgresql"]
Values = Mapping[str, Any]
# What a statement answers: its rows, or how many rows it changed.
Outcome = Any
Convert = Callable[[Any], Any]
# What is done when a row is there already: an error, nothing, or these columns of it are replaced.
Conflict = Literal["error", "nothing"] | tuple[str, ...]

# PostgreSQL's own placeholders ($1), which the driver need not look for.
_WRITERS: Mapping[str, Dialect] = {
    "postgresql": PGDialect_psycopg(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
    "sqlite": SQLiteDialect_pysqlite(),
}
# From this many rows on PostgreSQL is given them as one array for each column, in one statement.
ROWS_AS_ARRAYS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """SQL with what belongs at its placeholders, in their order, and what becomes of the columns it returns.

    Shapes: `defaults` are values that stood in the expression; `readers` has one entry a column, None for a statement
            without rows; `changes` when it writes or locks; `varies` when PostgreSQL is to plan it for its values.
    """

    text: str
    names: tuple[str, ...]
    writers: tuple[Convert | None, ...]
    defaults: Values
    readers: tuple[Convert | None, ...] | None
    changes: bool
    varies: bool = False

    def bound(self, values: Values) -> list[Any]:
        """The values in the order of the placeholders, as the driver takes them."""
        given = {**self.defaults, **values} if self.defaults else values
        return [
            given[name] if writer is None else writer(given[name])
            for name, writer in zip(self.names, self.writers, strict=True)
        ]

    def read(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Rows of the driver as their columns' types have them."""
        assert self.readers is not None
        if not any(self.readers):
            return rows
        return [
            tuple([value if reader is None else reader(value) for reader, value in zip(self.readers, row, strict=True)])
            for row in rows
        ]


Step = tuple[Statement, Values]


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """Statements, and the answer that their outcomes make."""

    steps: Sequence[Step]
    read: Callable[[list[Outcome]], Answer]


def given(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """A place in an expression whose value comes with every call."""
    return bindparam(name, type_=type_, required=False)


def compiled(expression: Any, dialect: DialectName, *, locks: bool = False) -> Statement:
    """The statement of a SELECT, INSERT, UPDATE or DELETE. Values in it stay; what is `given` comes with each call.

    Shapes: `locks` says of a SELECT that it is one FOR UPDATE.
    """
    writer = _WRITERS[dialect]
    made: Any = expression.compile(dialect=writer, compile_kwargs={"render_postcompile": True})
    binds = {made.bind_names[bind]: bind for bind in made.binds.values()}
    names = tuple(made.positiontup or ())
    values = made.construct_params(_check=False)
    has_rows = expression.is_select or bool(made.effective_returning)
    return Statement(
        text=made.string,
        names=names,
        writers=tuple(_to_driver(_bind_of(name, binds).type, writer) for name in names),
        defaults={name: values[name] for name in names if _bind_of(name, binds).unique},
        readers=tuple(_of_driver(column.type, writer) for column in expression.exported_columns) if has_rows else None,
        changes=locks or not expression.is_select,
    )


def _bind_of(name: str, binds: Mapping[str, BindParameter[Any]]) -> BindParameter[Any]:
    """The parameter of a placeholder; that of a list in an expression (`in_`) has one placeholder for each value."""
    return binds[name] if name in binds else binds[name.rpartition("_")[0]]


def _to_driver(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes a value of a column one that the driver takes; None when it is one."""
    if isinstance(type_, ARRAY):
        return _each(_to_driver(type_.item_type, dialect))
    return partial(_bind, type_, dialect) if isinstance(type_, TypeDecorator) else None


def _bind(type_: TypeDecorator[Any], dialect: Dialect, value: Any) -> Any:
    return type_.process_bind_param(value, dialect)


def _each(convert: Convert | None) -> Convert:
    return list if convert is None else lambda values: [convert(value) for value in values]


def _of_driver(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes the driver's value one of a column; None when it is one."""
    if isinstance(type_, TypeDecorator):
        has_reader = type(type_).process_result_value is not TypeDecorator.process_result_value
        return partial(_result, type_, dialect) if has_reader else None
    if isinstance(type_, Boolean) and dialect.name == "sqlite":
        return lambda value: None if value is None else bool(value)
    return None


def _result(type_: TypeDecorator[Any], dialect: Dialect, value: Any) -> Any:
    return type_.process_result_value(value, dialect)


@dataclass(frozen=True)
class Insertion:
    """New rows of a table, by one statement for one row and, on PostgreSQL, one for many.

    Shapes: `columns` are the names that rows have; `conflict` says what is done with a row that is there already: it
            is an error, nothing is done, or these columns of it are replaced; `returning` are columns of what is made.
    """

    table: Table
    dialect: DialectName
    columns: tuple[str, ...]
    conflict: Conflict = "error"
    key: tuple[str, ...] = ()
    returning: tuple[str, ...] = ()
    _made: dict[str, Statement] = field(default_factory=dict)

    def steps(self, rows: Sequence[Values]) -> list[Step]:
        """The statements that write the rows, in their order."""
        if self.dialect == "sqlite" or len(rows) < ROWS_AS_ARRAYS:
            return [(self._one, row) for row in rows]
        return [(self._many, {name: [row[name] for row in rows] for name in self.columns})]

    @property
    def _one(self) -> Statement:
        if "one" not in self._made:
            self._made["one"] = compiled(self._expression(), self.dialect)
        return self._made["one"]

    @property
    def _many(self) -> Statement:
        """The same, its values from arrays: `INSERT ... SELECT ... FROM unnest($1, ...)`."""
        if "many" not in self._made:
            one, writer = self._one, _WRITERS[self.dialect]
            types = [self.table.c[name].type for name in one.names]
            quote = writer.identifier_preparer.quote
            names = ", ".join(quote(name) for name in one.names)
            arrays = ", ".join(
                f"${place}::{_plain_name(type_, writer)}[]" for place, type_ in enumerate(types, start=1)
            )
            head, _, rest = one.text.partition(" VALUES ")
            clauses = rest[rest.index(" ON CONFLICT") :] if " ON CONFLICT" in rest else ""
            if not clauses and " RETURNING" in rest:
                clauses = rest[rest.index(" RETURNING") :]
            chosen = f"SELECT {names} FROM unnest({arrays}) WITH ORDINALITY AS given({names}, given_place)"
            text = f"{head} {chosen} ORDER BY given_place{clauses}"
            writers = tuple(_each(_to_driver(type_, writer)) for type_ in types)
            self._made["many"] = Statement(text, one.names, writers, {}, one.readers, changes=True)
        return self._made["many"]

    def _expression(self) -> Any:
        insert = postgresql.insert if self.dialect == "postgresql" else sqlite.insert
        columns = self.table.c
        expression: Any = insert(self.table).values({name: given(name, columns[name].type) for name in self.columns})
        if self.conflict == "nothing":
            expression = expression.on_conflict_do_nothing()
        elif self.conflict != "error":
            changed = {name: expression.excluded[name] for name in self.conflict}
            index = [columns[name] for name in self.key]
            expression = expression.on_conflict_do_update(index_elements=index, set_=changed)
        return (
            expression.returning(*(columns[name] for name in self.returning)) if self.returning else expression.inline()
        )


def _plain_name(type_: TypeEngine[Any], dialect: Dialect) -> str:
    """A type's name without its collation, which an array has not."""
    return dialect.type_compiler_instance.process(type_.dialect_impl(dialect)).partition(" COLLATE")[0]
