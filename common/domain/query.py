"""What a list operation asks: conditions, order and page, as values.

One description is compiled to SQL by the store and evaluated on single documents by `matches`
(hub queries; the store's reference in tests). Neither knows how the question was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from common.domain.clock import normal_instant

Document = dict[str, Any]
Search = Callable[[str, str], bool]


class Kind(StrEnum):
    """How the values of a field compare."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    UNKNOWN = "unknown"  # the contract does not say: an extension attribute, or a free value


class Operator(StrEnum):
    """The comparisons of TMF630 Part 1, 4.4, and `ne`."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place in a document: attribute names from the root, arrays passed through.

    `many` is True when a step on the way, or the last one, is an array or is not known not to be.
    """

    steps: tuple[str, ...]
    kind: Kind = Kind.UNKNOWN
    many: bool = True

    def __str__(self) -> str:
        return ".".join(self.steps)


@dataclass(frozen=True, slots=True)
class Compare:
    """True when any value at `path` stands in `operator` relation to any of `values`.

    Shapes: each value is the text the kind calls for: a decimal literal for NUMBER, `true`/`false` for
            BOOLEAN, the normal form of `clock.normal_instant` for INSTANT, a pattern for REGEX.
            For UNKNOWN the text as the client wrote it: equal to a string, number or boolean of that text.
    A missing attribute satisfies NE and nothing else.
    """

    path: FieldPath
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """True when there is a value, other than null, at `path`."""

    path: FieldPath


@dataclass(frozen=True, slots=True)
class AnyElement:
    """True when one element of the array at `path` (or the object there) satisfies `condition` by itself.

    Paths inside `condition` start at the element; `steps == ()` means the element itself.
    """

    path: FieldPath
    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Compare | Exists | AnyElement | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class SortKey:
    """One criterion of order; documents without a value come last in either direction."""

    path: FieldPath
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows of an ordered list: the row's sort values (None: absent) and its position."""

    keys: tuple[str | None, ...]
    position: str


@dataclass(frozen=True, slots=True)
class Query:
    """What to find, in which order, and which part of it. Creation breaks ties, in the direction of the last key."""

    where: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    offset: int = 0
    limit: int | None = None
    after: Cursor | None = None
    before: Cursor | None = None


def all_of(*parts: Condition | None) -> Condition | None:
    """The conjunction of what is given, or None when nothing is."""
    present = tuple(part for part in parts if part is not None)
    if not present:
        return None
    return present[0] if len(present) == 1 else AllOf(present)


def values_at(document: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    """Every value at `steps`, arrays on the way and at the end passed through; nulls are left out."""
    level = _elements(document)
    for step in steps:
        level = [
            element
            for one in level
            if (type(one) is dict or isinstance(one, Mapping)) and step in one
            for element in _elements(one[step])
        ]
    return iter([one for one in level if one is not None])


def _elements(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    return [element for one in value for element in _elements(one)]


def _search(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def matches(condition: Condition | None, document: Any, search: Search = _search) -> bool:
    """Whether one document satisfies the condition (the meaning that the store's SQL must have too).

    Shapes: `search` tells whether a text has a pattern. Where clients write patterns it is the linear engine of
            `common.patterns`, which gives the same answers.
    """
    match condition:
        case None:
            return True
        case AllOf(parts):
            return all(matches(part, document, search) for part in parts)
        case AnyOf(parts):
            return any(matches(part, document, search) for part in parts)
        case Not(part):
            return not matches(part, document, search)
        case Exists(path):
            return any(True for _ in values_at(document, path.steps))
        case AnyElement(path, inner):
            return any(matches(inner, element, search) for element in values_at(document, path.steps))
        case Compare(path, Operator.NE, values):
            equal = Compare(path, Operator.EQ, values)
            return not matches(equal, document, search)
        case Compare(path, Operator.REGEX, values):
            texts = [value for value in values_at(document, path.steps) if isinstance(value, str)]
            return any(search(pattern, text) for text in texts for pattern in values)
        case Compare(path, operator, values):
            return any(
                _holds(value, operator, path.kind, v) for value in values_at(document, path.steps) for v in values
            )


def _holds(value: Any, operator: Operator, kind: Kind, wanted: str) -> bool:
    """One stored value against one wanted text."""
    if isinstance(value, Mapping | list):
        return False
    if isinstance(value, bool):
        return (
            operator is Operator.EQ
            and kind in (Kind.BOOLEAN, Kind.UNKNOWN)
            and wanted == ("true" if value else "false")
        )
    if isinstance(value, int | Decimal):
        if kind not in (Kind.NUMBER, Kind.UNKNOWN):
            return False
        number = decimal_or_none(wanted)
        return number is not None and _ordered(Decimal(value), operator, number)
    if not isinstance(value, str) or kind in (Kind.NUMBER, Kind.BOOLEAN):
        return False
    if kind is Kind.INSTANT:
        stored = normal_instant(value)
        return stored is not None and _ordered(stored.rstrip("Z"), operator, wanted.rstrip("Z"))
    return _ordered(value, operator, wanted)


def decimal_or_none(text: str) -> Decimal | None:
    """The finite decimal that a text writes, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _ordered(left: Any, operator: Operator, right: Any) -> bool:
    match operator:
        case Operator.EQ:
            return bool(left == right)
        case Operator.GT:
            return bool(left > right)
        case Operator.GTE:
            return bool(left >= right)
        case Operator.LT:
            return bool(left < right)
        case Operator.LTE:
            return bool(left <= right)
        case _:
            raise AssertionError(operator)
