"""What SQL can ask of a stored document at any path, in each database's own words.

A document is a JSON text on SQLite and jsonb on PostgreSQL; so is an element of an array. Both forms of every question
mean what `common.domain.query.matches` means. Names and values come from clients and are bound parameters, always.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH
from sqlalchemy.sql.elements import TableValuedColumn
from sqlalchemy.types import Numeric

from common.domain.query import FieldPath, Kind, Operator, decimal_or_none
from common.exact_json import encode
from common.store.keys import INDEXED_CHARACTERS, comparable, number_key
from common.store.postgresql import regular_expression

Truth = ColumnElement[bool]

TEXT_KINDS = (Kind.STRING, Kind.INSTANT, Kind.UNKNOWN)
NUMBER_KINDS = (Kind.NUMBER, Kind.UNKNOWN)
BOOLEAN_KINDS = (Kind.BOOLEAN, Kind.UNKNOWN)
# Arrays directly within arrays that PostgreSQL looks through at each step; GeoJSON, the deepest there is, has four.
# (SQLite and `matches` look through any number. Measured: 8 cost 10 % of a scan, 63 would double it.)
NESTED_ARRAYS_MAX = 8


@dataclass(frozen=True, slots=True)
class SortColumns:
    """The expressions that one sort key becomes, all null for a document without a value.

    `written` makes a cursor's text of their values in a row; `read` turns it back and returns None for a text that
    is none of ours. `column` is the one that an index has in this order.
    """

    expressions: tuple[ColumnElement[Any], ...]
    written: Callable[[Sequence[Any]], str | None]
    read: Callable[[str], tuple[Any, ...] | None]
    column: ColumnElement[Any] | None = None


class DocumentSql(Protocol):
    """The questions. `operator` is never NE; `values` are free of characters that no database stores."""

    def compare(
        self, document: ColumnElement[Any], path: FieldPath, operator: Operator, values: Sequence[str]
    ) -> Truth: ...

    def has_value(self, document: ColumnElement[Any], steps: tuple[str, ...]) -> Truth: ...

    def any_element(
        self, document: ColumnElement[Any], steps: tuple[str, ...], holds: Callable[[ColumnElement[Any]], Truth]
    ) -> Truth: ...

    def regex(self, text: ColumnElement[Any], pattern: str) -> Truth: ...

    def sort_columns(self, document: ColumnElement[Any], path: FieldPath) -> SortColumns: ...

    def number_columns(self, column: ColumnElement[Any]) -> SortColumns: ...


def ordered(left: ColumnElement[Any], operator: Operator, right: Any) -> Truth:
    """`left operator right` for the five comparisons of order."""
    truth: Truth = _COMPARISONS[operator](left, right)
    return truth


_COMPARISONS: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: op.eq,
    Operator.GT: op.gt,
    Operator.GTE: op.ge,
    Operator.LT: op.lt,
    Operator.LTE: op.le,
}


def numbers(values: Sequence[str]) -> list[Decimal]:
    """Those of the texts that write a number, as comparisons take them."""
    found = (decimal_or_none(value) for value in values)
    return [comparable(number) for number in found if number is not None]


def flags(operator: Operator, values: Sequence[str]) -> list[bool]:
    """Those of the texts that write a boolean; booleans have no order."""
    return [value == "true" for value in values if value in ("true", "false")] if operator is Operator.EQ else []


class SqliteDocument:
    """Over `doc_keys` and its siblings (see `sqlite`), one text per value that carries its type and sorts."""

    def compare(
        self, document: ColumnElement[Any], path: FieldPath, operator: Operator, values: Sequence[str]
    ) -> Truth:
        kind = Kind.STRING if operator is Operator.REGEX else path.kind
        keys = func.json_each(func.doc_keys(document, _steps_text(path.steps), kind.value)).table_valued("value")
        found = exists(select(1).select_from(keys).where(_key_holds(keys.c.value, kind, operator, values)))
        return and_(*_may_hold(document, path, operator, values), found)

    def has_value(self, document: ColumnElement[Any], steps: tuple[str, ...]) -> Truth:
        return func.json_array_length(func.doc_keys(document, _steps_text(steps), Kind.UNKNOWN.value)) > 0

    def any_element(
        self, document: ColumnElement[Any], steps: tuple[str, ...], holds: Callable[[ColumnElement[Any]], Truth]
    ) -> Truth:
        elements = func.json_each(func.doc_elements(document, _steps_text(steps))).table_valued("value")
        return exists(select(1).select_from(elements).where(holds(elements.c.value)))

    def regex(self, text: ColumnElement[Any], pattern: str) -> Truth:
        return func.regexp(pattern, text, type_=Boolean)

    def sort_columns(self, document: ColumnElement[Any], path: FieldPath) -> SortColumns:
        key = func.doc_sort_key(document, _steps_text(path.steps), path.kind.value, type_=Text)
        return SortColumns((key,), lambda row: row[0], lambda text: (text,))

    def number_columns(self, column: ColumnElement[Any]) -> SortColumns:
        return SortColumns((type_coerce(column, Text),), lambda row: row[0], lambda text: (text,))


def _steps_text(steps: tuple[str, ...]) -> str:
    return encode(list(steps)).decode()


def _may_hold(document: ColumnElement[Any], path: FieldPath, operator: Operator, values: Sequence[str]) -> list[Truth]:
    """A look at the text before the document is read: its names and texts stand there as `exact_json` writes them."""
    looks = [func.instr(document, encode(path.steps[-1]).decode() + ":") > 0] if path.steps else []
    if operator is Operator.EQ and path.kind is Kind.STRING:
        looks.append(or_(*(func.instr(document, encode(value).decode()) > 0 for value in values)))
    return looks


def _key_holds(key: ColumnElement[Any], kind: Kind, operator: Operator, values: Sequence[str]) -> Truth:
    if operator is Operator.REGEX:
        return and_(key >= "s", or_(*(func.regexp(value, func.substr(key, 2), type_=Boolean) for value in values)))
    texts = ["s" + value for value in values] if kind in TEXT_KINDS else []
    decimals = ["n" + number_key(number) for number in numbers(values)] if kind in NUMBER_KINDS else []
    if operator is Operator.EQ:
        booleans = ["btrue" if flag else "bfalse" for flag in flags(operator, values)] if kind in BOOLEAN_KINDS else []
        return key.in_(texts + decimals + booleans)
    return or_(
        false(),
        *(and_(key >= "s", ordered(key, operator, wanted)) for wanted in texts),
        *(and_(key >= "n", key < "o", ordered(key, operator, wanted)) for wanted in decimals),
    )


class PostgresqlDocument:
    """Over jsonpath in lax mode, which passes through arrays by itself, one level a step."""

    def compare(
        self, document: ColumnElement[Any], path: FieldPath, operator: Operator, values: Sequence[str]
    ) -> Truth:
        value = _values(document, path.steps)
        return _any(value, self._value_holds(value, path.kind, operator, values))

    def has_value(self, document: ColumnElement[Any], steps: tuple[str, ...]) -> Truth:
        value = _values(document, steps)
        return _any(value, func.jsonb_typeof(value) != "null")

    def any_element(
        self, document: ColumnElement[Any], steps: tuple[str, ...], holds: Callable[[ColumnElement[Any]], Truth]
    ) -> Truth:
        value = _values(document, steps)
        return _any(value, and_(func.jsonb_typeof(value) != "null", holds(value)))

    def regex(self, text: ColumnElement[Any], pattern: str) -> Truth:
        wanted = literal(regular_expression(pattern), Text)
        return text.collate("default").bool_op("~")(wanted)

    def sort_columns(self, document: ColumnElement[Any], path: FieldPath) -> SortColumns:
        match path.kind:
            case Kind.NUMBER:
                number = cast(_first(document, path.steps, "number"), Numeric)
                return SortColumns((number,), _written_number, _read_number)
            case Kind.BOOLEAN:
                flag = cast(_first(document, path.steps, "boolean"), Boolean)
                return SortColumns((flag,), written_flag, read_flag)
            case Kind.INSTANT:
                value = _values(document, path.steps)
                instant = func.left(func.bss_instant(_text(value)), INDEXED_CHARACTERS, type_=Text).collate("C")
                is_wanted = and_(_is(value, "string"), instant.is_not(None))
                parsed = select(instant).select_from(value.scalar_alias).where(is_wanted)
                return SortColumns((parsed.limit(1).scalar_subquery(),), lambda row: row[0], lambda text: (text,))
            case Kind.STRING:
                text = _sorted_text(_first(document, path.steps, "string"))
                return SortColumns((text,), lambda row: row[0], lambda text: (text,))
            case _:
                return _unknown_columns(_first(document, path.steps, "string", "number", "boolean"))

    def number_columns(self, column: ColumnElement[Any]) -> SortColumns:
        return SortColumns((column,), _written_number, _read_number)

    def _value_holds(self, value: ColumnElement[Any], kind: Kind, operator: Operator, values: Sequence[str]) -> Truth:
        text = _text(value)
        if operator is Operator.REGEX:
            return and_(_is(value, "string"), or_(*(self.regex(text, pattern) for pattern in values)))
        alternatives: list[Truth] = [false()]
        if kind in TEXT_KINDS:
            compared = (func.bss_instant(text, type_=Text) if kind is Kind.INSTANT else text).collate("C")
            wanted = (
                [compared.in_(values)] if operator is Operator.EQ else [ordered(compared, operator, v) for v in values]
            )
            alternatives.append(and_(_is(value, "string"), or_(*wanted)))
        if kind in NUMBER_KINDS:
            number = case((_is(value, "number"), cast(value, Numeric)))
            alternatives.extend(ordered(number, operator, wanted) for wanted in numbers(values))
        if kind in BOOLEAN_KINDS:
            truths = ["true" if flag else "false" for flag in flags(operator, values)]
            if truths:
                alternatives.append(and_(_is(value, "boolean"), text.in_(truths)))
        return or_(*alternatives)


def json_path(steps: tuple[str, ...]) -> str:
    """A path through a document and the arrays in it, as PostgreSQL's jsonpath."""
    through = "[*]" * NESTED_ARRAYS_MAX
    return "$" + through + "".join(f".{encode(step).decode()}{through}" for step in steps)


def _jsonpath(steps: tuple[str, ...], wanted: str = "") -> ColumnElement[Any]:
    return cast(literal(json_path(steps) + wanted, Text), JSONPATH)


def _any(value: TableValuedColumn[Any], condition: Truth) -> Truth:
    return exists(select(1).select_from(value.scalar_alias).where(condition))


def _values(document: ColumnElement[Any], steps: tuple[str, ...]) -> TableValuedColumn[Any]:
    return func.jsonb_path_query(document, _jsonpath(steps), type_=JSONB).column_valued()


def _first(document: ColumnElement[Any], steps: tuple[str, ...], *types: str) -> ColumnElement[Any]:
    wanted = " || ".join(f'@.type() == "{name}"' for name in types)
    return func.jsonb_path_query_first(document, _jsonpath(steps, f" ? ({wanted})"), type_=JSONB)


def _is(value: ColumnElement[Any], type_name: str) -> Truth:
    return func.jsonb_typeof(value) == type_name


def _text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return value.op("#>>", return_type=Text())(cast(literal("{}", Text), ARRAY(Text)))


def _sorted_text(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.left(_text(value), INDEXED_CHARACTERS, type_=Text).collate("C")


def _unknown_columns(value: ColumnElement[Any]) -> SortColumns:
    """Booleans, then numbers, then texts: a letter for the type, and the value in the column of its type."""
    type_name = func.jsonb_typeof(value)
    rank = case((type_name == "boolean", "b"), (type_name == "number", "n"), (type_name == "string", "s"))
    number = case((type_name == "number", cast(value, Numeric)))
    text = case((type_name != "number", _sorted_text(value)))
    return SortColumns((rank, number, text), _written_unknown, _read_unknown)


def _written_unknown(row: Sequence[Any]) -> str | None:
    rank, number, text = row
    if rank is None:
        return None
    return f"{rank}{number:f}" if rank == "n" else f"{rank}{text}"


def _read_unknown(text: str) -> tuple[Any, ...] | None:
    rank, rest = text[:1], text[1:]
    if rank == "n":
        number = _read_number(rest)
        return None if number is None else (rank, *number, None)
    return (rank, None, rest) if rank in ("b", "s") else None


def _written_number(row: Sequence[Any]) -> str | None:
    return None if row[0] is None else format(row[0], "f")


def _read_number(text: str) -> tuple[Any, ...] | None:
    number = decimal_or_none(text)
    return None if number is None else (comparable(number),)


def written_flag(row: Sequence[Any]) -> str | None:
    return None if row[0] is None else ("true" if row[0] else "false")


def read_flag(text: str) -> tuple[Any, ...] | None:
    # As a parameter: SQLAlchemy takes a bare boolean for a condition and does not order it.
    return (literal(text == "true"),) if text in ("true", "false") else None
