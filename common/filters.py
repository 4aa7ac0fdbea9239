"""The filter grammar of TMF630 (Part 1, 4.4) read from a raw query string.

The string is read undecoded: decoding first would lose the forms whose operator is encoded
(`dateTime%3E2013-04-20` has no `=` at all) and the `;` that means OR. JSONPath filters are in `jsonpath.py`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus

from common.domain.clock import day_bounds, normal_instant
from common.domain.query import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    FieldPath,
    Kind,
    Operator,
    all_of,
    decimal_or_none,
)
from common.errors import InvalidParameter
from common.patterns import finder, tokens

# The standard library's own parser of patterns; imported by name because type checkers disagree about it.
sre: Any = importlib.import_module("re._constants")
sre_parser: Any = importlib.import_module("re._parser")
# Names that are never filters (a filter on such an attribute is written `limit.eq=5`).
RESERVED = frozenset({"fields", "offset", "limit", "before", "after", "sort", "filter", "depth", "expand"})
STEPS_MAX = 12
# Unbounded repeats in one pattern: backtracking costs at most length**this.
REPEATS_MAX = 3
# How often PostgreSQL repeats what is counted.
COUNTED_MAX = 255
# What engines take within [] for a set of their own, or not at all.
_UNCLEAR = re.compile(r"^\[|&&|--|~~|^\\[WDS]")

_SUFFIXES = {f".{operator}": operator for operator in Operator}
# Operators as they are written between name and value, in URLs, JSONPath and patch queries.
SYMBOLS = {
    "=": Operator.EQ,
    "==": Operator.EQ,
    "!=": Operator.NE,
    ">": Operator.GT,
    ">=": Operator.GTE,
    "<": Operator.LT,
    "<=": Operator.LTE,
    "*=": Operator.REGEX,
    "=~": Operator.REGEX,
}
_TERM = re.compile(r"([^=<>*!]+?)(>=|<=|==|=~|\*=|!=|=|>|<)(.*)", re.DOTALL)

Resolve = Callable[[tuple[str, ...]], FieldPath]


@dataclass(frozen=True)
class ParsedQuery:
    """A query string read: the condition its filters make, and the values of the reserved names, decoded."""

    condition: Condition | None
    parameters: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Term:
    name: str
    operator: Operator
    text: str


def parse_query(raw: str, resolve: Resolve, *, terms_max: int, regex_length_max: int) -> ParsedQuery:
    """Read a raw (still percent-encoded) query string.

    Shapes:  `a=1&b=2` both; `a=x,y`, `a=x;y`, `a=x;a=y`, `a=x&a=y` either; `a.gt=5`, `a%3E5`, `a>5`, `name*=^F`.
    Errors:  InvalidParameter, naming the parameter and what to change.
    Source:  TMF630 4.2.0 Part 1, 4.4; `ne` is our addition.
    """
    parameters: dict[str, list[str]] = {}
    groups: dict[tuple[str, Operator], list[Condition]] = {}
    alternatives: list[Condition] = []
    terms = 0
    for part in _split_raw(raw):
        name, value = _reserved(part)
        if name is not None:
            parameters.setdefault(name, []).append(value)
            continue
        choices = _read_alternatives(part)
        terms += len(choices)
        if terms > terms_max:
            raise InvalidParameter(choices[0].name, f"more than {terms_max} comparisons in one query")
        conditions = [_condition(choice, resolve, terms_max, regex_length_max) for choice in choices]
        if len(choices) == 1:  # the same name repeated means OR
            groups.setdefault((choices[0].name, choices[0].operator), []).append(conditions[0])
        else:
            alternatives.append(AnyOf(tuple(conditions)))
    repeated = [same[0] if len(same) == 1 else AnyOf(tuple(same)) for same in groups.values()]
    return ParsedQuery(all_of(*repeated, *alternatives), parameters)


def _split_raw(raw: str) -> list[str]:
    """The `&` parts; one inside the brackets of a JSONPath filter does not separate."""
    parts: list[str] = []
    for piece in raw.split("&"):
        if parts and parts[-1].startswith("filter=") and _open_brackets(parts[-1]):
            parts[-1] += "&" + piece
        else:
            parts.append(piece)
    return [part for part in parts if part]


def _open_brackets(text: str) -> bool:
    decoded = unquote_plus(text)
    return decoded.count("[") > decoded.count("]")


def _reserved(part: str) -> tuple[str | None, str]:
    name, equals, value = part.partition("=")
    name = unquote_plus(name)
    if name in RESERVED:
        if not equals:
            raise InvalidParameter(name, "give it a value")
        return name, unquote_plus(value)
    return None, ""


def _read_alternatives(part: str) -> list[_Term]:
    """`a=x;b>y` as two terms; an alternative without a name repeats the one before it."""
    terms: list[_Term] = []
    for raw_piece in _split_quoted(part, ";"):
        piece = unquote_plus(raw_piece)
        if not piece:
            continue
        match = _TERM.fullmatch(piece)
        if match is None:
            if not terms:
                raise InvalidParameter(piece[:80], "write it as name=value, name.gt=value or name>value")
            terms.append(_Term(terms[-1].name, terms[-1].operator, piece))
            continue
        name, symbol, text = match.groups()
        operator = SYMBOLS[symbol]
        for suffix, named in _SUFFIXES.items():
            if name.endswith(suffix):
                if operator is not Operator.EQ:
                    raise InvalidParameter(name, f"has two operators, {suffix} and {symbol}; use one")
                name, operator = name[: -len(suffix)], named
                break
        terms.append(_Term(name.strip(), operator, text))
    if not terms:
        raise InvalidParameter(part[:80], "write it as name=value")
    return terms


def _split_quoted(text: str, separator: str) -> list[str]:
    """Split at separators that do not stand between double quotes (plain or encoded)."""
    pieces, quoted, start, position = [], False, 0, 0
    while position < len(text):
        if text[position] == '"' or text[position : position + 3] == "%22":
            quoted = not quoted
        elif text[position] == separator and not quoted:
            pieces.append(text[start:position])
            start = position + 1
        position += 1
    pieces.append(text[start:])
    return pieces if not quoted else text.split(separator)


def read_path(name: str) -> tuple[str, ...]:
    """`relatedParty.id` as steps; `a[*].b` and `$.a.b` are understood too.

    Errors: InvalidParameter for an empty step or too many.
    """
    cleaned = name.removeprefix("$.").replace("[*]", "")
    steps = tuple(cleaned.split("."))
    if not all(steps) or len(steps) > STEPS_MAX:
        raise InvalidParameter(name[:80], f"is no attribute path: names joined by dots, at most {STEPS_MAX}")
    return steps


def _condition(term: _Term, resolve: Resolve, terms_max: int, regex_length_max: int) -> Condition:
    path = resolve(read_path(term.name))
    if term.operator is Operator.REGEX:
        return compare(path, term.operator, (unquote_value(term.text),), regex_length_max)
    texts = [unquote_value(piece) for piece in _split_quoted(term.text, ",")]
    if len(texts) > terms_max:
        raise InvalidParameter(term.name, f"more than {terms_max} values")
    whole = unquote_value(term.text)
    if len(texts) > 1 and path.kind in (Kind.STRING, Kind.UNKNOWN) and whole not in texts:
        texts.insert(0, whole)  # a text that itself has a comma, echoed unquoted
    return compare(path, term.operator, tuple(texts), regex_length_max)


def unquote_value(text: str) -> str:
    """A value without the quotes around it."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def compare(path: FieldPath, operator: Operator, texts: tuple[str, ...], regex_length_max: int) -> Condition:
    """A comparison whose texts fit the field's kind: numbers checked, instants normalised, days opened to ranges.

    Errors: InvalidParameter when a text cannot be a value of that kind.
    """
    name = str(path)
    if operator is Operator.REGEX:
        if path.kind in (Kind.NUMBER, Kind.BOOLEAN):
            raise InvalidParameter(name, "a pattern applies to texts only")
        check_pattern(name, texts[0], regex_length_max)
        return Compare(path, operator, texts)
    if path.kind is Kind.INSTANT:
        return _compare_instants(path, operator, texts)
    if path.kind is Kind.BOOLEAN:
        texts = tuple(text.lower() for text in texts)
        if operator not in (Operator.EQ, Operator.NE) or not set(texts) <= {"true", "false"}:
            raise InvalidParameter(name, "is a boolean: compare it with true or false")
    elif path.kind is Kind.NUMBER:
        for text in texts:
            number = decimal_or_none(text)
            if number is None or abs(number.adjusted()) > 400 or len(text) > 400:
                raise InvalidParameter(name, f"is a number, and {text[:40]!r} is not one")
    return Compare(path, operator, texts)


def _compare_instants(path: FieldPath, operator: Operator, texts: tuple[str, ...]) -> Condition:
    parts = [_compare_instant(path, operator, text) for text in texts]
    if len(parts) == 1:
        return parts[0]
    return AllOf(tuple(parts)) if operator is Operator.NE else AnyOf(tuple(parts))


def _compare_instant(path: FieldPath, operator: Operator, text: str) -> Condition:
    # An unescaped "+02:00" arrives with a blank where the plus was.
    instant = normal_instant(re.sub(r" (\d{2}:?\d{2})$", r"+\1", text.strip()))
    if instant is not None:
        return Compare(path, operator, (instant,))
    bounds = day_bounds(text.strip())
    if bounds is None:
        raise InvalidParameter(str(path), f"is a date-time, and {text[:40]!r} is neither one nor a date")
    start, end = bounds
    within = AllOf((Compare(path, Operator.GTE, (start,)), Compare(path, Operator.LT, (end,))))
    match operator:
        case Operator.EQ:
            return within
        case Operator.NE:
            return AnyOf((Compare(path, Operator.LT, (start,)), Compare(path, Operator.GTE, (end,))))
        case Operator.GT:
            return Compare(path, Operator.GTE, (end,))
        case Operator.LTE:
            return Compare(path, Operator.LT, (end,))
        case _:
            return Compare(path, operator, (start,))


def check_pattern(name: str, pattern: str, length_max: int) -> None:
    """Refuse a pattern that is too long, not well-formed, or could run for ages on an unlucky text.

    Errors: InvalidParameter. Nested unbounded repeats, back-references and look-around are refused, and what the
            engines (that of `patterns`, PostgreSQL's) read in different ways.
    """
    if len(pattern) > length_max:
        raise InvalidParameter(name, f"the pattern is longer than {length_max} characters")
    members = [token for token, is_member in tokens(pattern) if is_member]
    if any(_UNCLEAR.search(token + following) for token, following in pairwise([*members, ""])):
        raise InvalidParameter(name, r"within [] the pattern has no [ but \[, and none of &&, --, ~~, \W, \D, \S")
    try:
        re.compile(pattern)
        tree = sre_parser.parse(pattern)
        finder(pattern)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise InvalidParameter(name, f"is not a regular expression: {error}") from None
    if tree.state.groupdict or tree.state.flags & ~(re.UNICODE | re.IGNORECASE):
        raise InvalidParameter(name, "the pattern has no names of groups, and no flags but a leading (?i)")
    if _unbounded(name, tree, inside=False) > REPEATS_MAX:
        raise InvalidParameter(name, f"the pattern has more than {REPEATS_MAX} unbounded repeats")


def _unbounded(name: str, tree: Any, *, inside: bool) -> int:
    count = 0
    for operation, argument in tree:
        if operation in (sre.GROUPREF, sre.GROUPREF_EXISTS, sre.ASSERT, sre.ASSERT_NOT):
            raise InvalidParameter(name, "the pattern may not look around or refer back")
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, body = argument
            if operation is sre.POSSESSIVE_REPEAT or max(least, most if most < sre.MAXREPEAT else 0) > COUNTED_MAX:
                raise InvalidParameter(name, f"the pattern repeats at most {COUNTED_MAX} times, or without a limit")
            wide = most > 100
            if wide and inside:
                raise InvalidParameter(name, "the pattern repeats a repeat; that can take for ever")
            count += wide + _unbounded(name, body, inside=inside or most > 1)
        elif operation is sre.SUBPATTERN:
            if any(argument[1:3]):
                raise InvalidParameter(name, "the pattern has no flags but a leading (?i)")
            count += _unbounded(name, argument[-1], inside=inside)
        elif operation is sre.BRANCH:
            if inside:
                raise InvalidParameter(name, "the pattern repeats alternatives; that can take for ever")
            count += sum(_unbounded(name, branch, inside=inside) for branch in argument[1])
        elif operation is sre.ATOMIC_GROUP:
            count += _unbounded(name, argument, inside=inside)
    return count
