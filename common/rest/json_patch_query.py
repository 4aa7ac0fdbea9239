"""JSON Patch Query (TMF630 Part 5): operations whose path selects array elements by a query.

The official samples have no one grammar; all of theirs are read. The target is attribute names, joined by `/`
or `.`, array positions left out; the query follows `?`, or the target ends in a JSONPath `[?( )]`:

    /relatedParty?role=vendor                               the query is about the selected elements
    /contactMedium/preferred?city=Paris                     ... or about an element on the way
    /relatedParty/partyOrPartyRole/id?relatedParty.role=user   ... named from the root, with dots
    /partyCharacteristic/value?/partyCharacteristic/name=x     ... or slashes
    /state?state=new                                        a guard on a plain attribute

An operation applies to every place found. None found is a failed test.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from common.domain.query import Compare, Condition, Document, FieldPath, Operator
from common.errors import InvalidParameter, InvalidPatch, PatchTestFailed
from common.exact_json import same
from common.filters import SYMBOLS, unquote_value
from common.jsonpath import parse_jsonpath
from common.patterns import matches
from common.rest.checking import refuse_marked_names
from common.v4.mapping import unmarked

TERMS_MAX = 16
REGEX_LENGTH_MAX = 200
PLACES_MAX = 10_000
# Places looked at by all operations of one patch, once for each condition.
VISITS_MAX = 200_000
# The name ends in a character that is no blank: "a", a million blanks and no operator is seen through in one pass.
_TERM = re.compile(r"([^=<>!]*[^=<>!\s])\s*(==|!=|>=|<=|=|>|<)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class _Term:
    steps: tuple[str, ...]
    operator: Operator
    value: str


@dataclass(frozen=True)
class _Place:
    """One place the target names: the container and key or position it is at, and every value on the way to it."""

    container: Any
    key: str | int
    trail: tuple[Any, ...]
    depths: tuple[int, ...]  # how many target steps lead to each value of the trail

    @property
    def value(self) -> Any:
        if isinstance(self.container, dict):
            return self.container.get(self.key)
        assert isinstance(self.key, int)
        return self.container[self.key]


@dataclass
class Places:
    """How many places the operations of one patch may still look at."""

    left: int = VISITS_MAX

    def visit(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise InvalidPatch(f"the patch looks at more than {VISITS_MAX} places; send several smaller ones")


def apply(
    operation: dict[str, Any],
    document: Document,
    spend: Callable[[Any, int], None] = lambda value, places: None,
    visited: Places | None = None,
) -> None:
    """Apply one operation to the document in place; `spend` is told what is written at more than one place.

    Errors: InvalidPatch for a path that cannot be read, or when the patch does too much; PatchTestFailed when it
            selects nothing; InvalidBody for a path to what is kept beside for the other major.
    """
    target, terms, condition = _read(operation["path"])
    name = operation["op"]
    if name in ("move", "copy"):
        raise InvalidPatch(f"{name} is not offered in application/json-patch-query+json")
    candidates = _places(document, target)
    (visited or Places()).visit(len(candidates) * max(1, len(terms)))
    places = [
        place
        for place in candidates
        if all(_satisfies(place, target, term) for term in terms)
        and (condition is None or matches(condition, place.value))
    ]
    if not places:
        raise PatchTestFailed(f"nothing in the resource is selected by {operation['path'][:200]!r}")
    value = operation.get("value")
    if name == "test":
        if not all(same(unmarked(place.value), value) for place in places):
            raise PatchTestFailed(f"test failed at {operation['path'][:200]!r}")
    elif name in ("remove", "delete"):
        for place in reversed(places):  # from the back, so that earlier positions stay right
            _remove(place)
    else:
        spend(value, len(places) - 1)
        for place in places:
            _write(place, copy.deepcopy(value), adding=name == "add", selected=bool(terms) or condition is not None)


def _read(path: str) -> tuple[tuple[str, ...], list[_Term], Condition | None]:
    head, question, query = path.partition("[?")
    if question and path.endswith("]") and "?" not in head:
        target = _steps(head)
        try:
            found = parse_jsonpath(
                "$[?" + query,
                _visible_path,
                terms_max=TERMS_MAX,
                regex_length_max=REGEX_LENGTH_MAX,
            )
        except InvalidParameter as error:
            raise InvalidPatch(f"path {path[:200]!r}: {error.message}") from error
        return target, [], found
    head, _, query = path.partition("?")
    target = _steps(head)
    terms = [_term(part, target) for part in query.split("&") if part]
    if len(terms) > TERMS_MAX:
        raise InvalidPatch(f"a path may have at most {TERMS_MAX} conditions")
    return target, terms, None


def _steps(text: str) -> tuple[str, ...]:
    steps = tuple(step for step in re.split(r"[/.]", _decoded(text).strip()) if step and step != "$")
    if not steps:
        raise InvalidPatch("the path names no attribute")
    return _visible_path(steps).steps


def _visible_path(steps: tuple[str, ...]) -> FieldPath:
    refuse_marked_names(steps)
    return FieldPath(steps)


def _decoded(text: str) -> str:
    """Percent-decoded: the escapes of a path write no more than those of a JSON text may."""
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidPatch(f"the escapes of {text[:80]!r} are not UTF-8") from error
    if "\0" in decoded:
        raise InvalidPatch("a path has the character U+0000, which cannot be stored; leave it out")
    return decoded


def _term(text: str, target: tuple[str, ...]) -> _Term:
    match = _TERM.fullmatch(_decoded(text).strip())
    if match is None:
        raise InvalidPatch(f"the query {text[:80]!r} is not attribute=value")
    key, symbol, value = match.groups()
    value = unquote_value(value.strip())
    prefix = "/" + "/".join(target[:-1]) + "/"
    if len(target) > 1 and value.startswith(prefix):  # an official sample writes the value as a path
        value = value.removeprefix(prefix)
    return _Term(_steps(key), SYMBOLS[symbol], value)


def _places(document: Document, target: tuple[str, ...]) -> list[_Place]:
    found: list[_Place] = []
    for place in _walk(document, target, 0, (document,), (0,)):
        found.append(place)
        if len(found) > PLACES_MAX:
            raise InvalidPatch(f"the path selects more than {PLACES_MAX} places")
    return found


def _walk(
    value: Any, target: tuple[str, ...], depth: int, trail: tuple[Any, ...], depths: tuple[int, ...]
) -> Iterator[_Place]:
    """Every place at the target, arrays opened; a missing last attribute of an object counts (it can be added)."""
    if isinstance(value, list):
        for element in value:
            yield from _walk(element, target, depth, (*trail, element), (*depths, depth))
        return
    if not isinstance(value, dict):
        return
    step, last = target[depth], depth + 1 == len(target)
    if last:
        child = value.get(step)
        if isinstance(child, list):
            for position, element in enumerate(child):
                yield _Place(child, position, (*trail, element), (*depths, depth + 1))
        if not isinstance(child, list) or not child:
            yield _Place(value, step, (*trail, child), (*depths, depth + 1))
    elif step in value:
        child = value[step]
        yield from _walk(child, target, depth + 1, (*trail, child), (*depths, depth + 1))


def _satisfies(place: _Place, target: tuple[str, ...], term: _Term) -> bool:
    """Whether a condition holds for a place: from the root when it starts as the target does, else nearest first."""
    common = 0
    while common < min(len(target), len(term.steps)) and target[common] == term.steps[common]:
        common += 1
    for depth in range(common, 0, -1):
        condition = Compare(FieldPath(term.steps[depth:]), term.operator, (term.value,))
        values = [v for v, at in zip(place.trail, place.depths, strict=True) if at == depth and not isinstance(v, list)]
        if any(matches(condition, value) for value in values):
            return True
    if common:
        return False
    for value in reversed(place.trail):
        if isinstance(value, dict) and term.steps[0] in value:
            return matches(Compare(FieldPath(term.steps), term.operator, (term.value,)), value)
    return False


def _remove(place: _Place) -> None:
    if isinstance(place.container, list):
        assert isinstance(place.key, int)
        del place.container[place.key]
    else:
        place.container.pop(place.key, None)


def _write(place: _Place, value: Any, *, adding: bool, selected: bool) -> None:
    container, key = place.container, place.key
    if isinstance(container, list):
        assert isinstance(key, int)
        old = container[key]
        # The samples replace a selected element by the few attributes that change: it keeps the others.
        container[key] = {**old, **value} if selected and isinstance(old, dict) and isinstance(value, dict) else value
    elif adding and isinstance(container.get(key), list) and not isinstance(value, list):
        container[key].append(value)
    else:
        container[key] = value
