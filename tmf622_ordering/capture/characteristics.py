"""Characteristic values that an order gives, against what the specification and the offering say of them.

TMF620 v5.0.0 CharacteristicSpecification and ProductSpecificationCharacteristicValueUse; decides what is provably
wrong, and lets pass what a specification leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.numbers import whole_number
from common.domain.periods import covers
from common.domain.query import Document, decimal_or_none
from common.errors import InvalidParameter
from common.filters import check_pattern

_INTEGERS = frozenset({"integer", "int", "long"})
_NUMBERS = frozenset({"number", "decimal", "float", "double"})
_BOOLEANS = frozenset({"boolean", "bool"})
_TEXTS = frozenset({"string", "text"})
_RANGE_ENDS = ("valueFrom", "valueTo")
# Kinds of relationship between characteristics that say something of an order, in lower case.
_DEPENDS = frozenset({"dependency", "dependson", "requires", "prerequisite"})
_EXCLUDES = frozenset({"exclusivity", "exclusion", "excludes"})
# Patterns come from the catalogue; a value longer than any sensible one is not matched against them.
_MATCHED_CHARACTERS_MAX = 1_000
_PATTERN_CHARACTERS_MAX = 200


@dataclass(frozen=True)
class Flaw:
    """One thing wrong with a list of characteristics; `pointer` starts at the list."""

    pointer: str
    message: str


def flaws(given: Any, specified: list[Document], used: list[Document], now: datetime, *, is_whole: bool) -> list[Flaw]:
    """What is wrong with the characteristics of an ordered product.

    Shapes: `specified` are the CharacteristicSpecifications that apply, `used` the offering's value uses, which narrow
            them; `is_whole` when the product is new, so that what is mandatory must be there.
    """
    known: dict[str, Document] = {}
    for one in specified:
        if covers(one.get("validFor"), now):
            known[str(one.get("name"))] = one
    narrowed = {str(use.get("name")): use for use in used if covers(use.get("validFor"), now)}
    values: dict[str, list[tuple[str, Any]]] = {}
    found = []
    for index, characteristic in enumerate(given if isinstance(given, list) else ()):
        name = str(characteristic.get("name", "")) if isinstance(characteristic, dict) else ""
        if known and name not in known:
            found.append(Flaw(f"/{index}/name", f"the specification has no characteristic {name[:80]!r}"))
        elif name in known:
            values.setdefault(name, []).extend(_values(characteristic, f"/{index}/value"))
    for name, one in known.items():
        found += _flaws_of(one, narrowed.get(name, {}), values.get(name, []), now, is_whole)
    return found


def relation_flaws(
    given: Any, specified: list[Document], held: frozenset[str], specification_id: str | None, now: datetime
) -> list[Flaw]:
    """What is wrong with characteristics together: one that depends on another, or excludes it.

    Shapes: `held` are the characteristics that the product has already.
    A default or fixed value is there without being given. A relationship to another specification proves nothing here.
    Source: TMF620 v5.0.0 CharacteristicSpecificationRelationship (dependency, exclusivity; other kinds say nothing of
            an order). The contract relates characteristics, never single values.
    """
    places = {str(one.get("name")): index for index, one in _given(given) if "value" in one}
    filled = held | {str(one.get("name")) for one in specified if _is_filled(one, _listed(one, {}))}
    found = []
    for one in specified:
        name = str(one.get("name"))
        if name not in places or not covers(one.get("validFor"), now):
            continue
        for kind, target in _related(one, specification_id, specified, now):
            if kind in _DEPENDS and target not in places and target not in filled:
                found.append(Flaw(f"/{places[name]}/name", f"{name[:80]!r} needs {target[:80]!r} beside it"))
            elif kind in _EXCLUDES and target != name and (target in places or target in held):
                found.append(Flaw(f"/{places[name]}/name", f"{name[:80]!r} excludes {target[:80]!r}"))
    return found


def _given(given: Any) -> Iterator[tuple[int, Document]]:
    listed = enumerate(given if isinstance(given, list) else ())
    return ((index, one) for index, one in listed if isinstance(one, dict))


def _related(
    one: Document, specification_id: str | None, specified: list[Document], now: datetime
) -> Iterator[tuple[str, str]]:
    """Kind and target of each relationship to a characteristic of the same specification."""
    named = {str(other["id"]): str(other.get("name")) for other in specified if "id" in other}
    listed = one.get("charSpecRelationship")
    for related in listed if isinstance(listed, list) else ():
        parent = related.get("parentSpecificationId")
        if covers(related.get("validFor"), now) and (parent is None or parent == specification_id):
            kind = str(related.get("relationshipType", "")).replace(" ", "").casefold()
            yield kind, str(related.get("name") or named.get(str(related.get("characteristicSpecificationId"))))


def _is_filled(one: Document, listed: list[Document]) -> bool:
    """Left out, a characteristic takes its default; one that cannot be configured is not the customer's to give."""
    return one.get("configurable") is False or any(value.get("isDefault") is True for value in listed)


def admits(use: Document, value: Any, now: datetime) -> bool:
    """Whether a value is among those that a ProductSpecificationCharacteristicValueUse lists."""
    return any(_admits(spec, value, now) for spec in _listed({}, use))


def default_of(one: Document, use: Document) -> Any:
    """The value that a characteristic takes when none is given, or None."""
    return next(
        (spec["value"] for spec in _listed(one, use) if spec.get("isDefault") is True and "value" in spec), None
    )


def _values(characteristic: Document, pointer: str) -> Iterator[tuple[str, Any]]:
    value = characteristic.get("value")
    if isinstance(value, list):
        yield from ((f"{pointer}/{index}", element) for index, element in enumerate(value))
    elif value is not None:
        yield pointer, value


def _flaws_of(
    one: Document, use: Document, values: list[tuple[str, Any]], now: datetime, is_whole: bool
) -> Iterator[Flaw]:
    name, listed = str(one.get("name"))[:80], _listed(one, use)
    least = whole_number(use.get("minCardinality", one.get("minCardinality")))
    most = whole_number(use.get("maxCardinality", one.get("maxCardinality")))
    if is_whole and least is not None and len(values) < least and not (_is_filled(one, listed) and not values):
        yield Flaw("", f"{name!r} takes at least {least} value(s); {len(values)} given")
    # A maximum below 1 is how some write "no limit".
    if most is not None and 1 <= most < len(values):
        yield Flaw(values[most][0], f"{name!r} takes at most {most} value(s); {len(values)} given")
    is_open = one.get("extensible") is True and not use.get("productSpecCharacteristicValue")
    for pointer, value in values:
        if not _is_of_type(value, str(one.get("valueType", ""))):
            yield Flaw(pointer, f"the value of {name!r} is no {one.get('valueType')}")
        elif not _fits_pattern(value, one.get("regex")):
            yield Flaw(pointer, f"the value of {name!r} does not match {str(one.get('regex'))[:200]!r}")
        elif listed and not is_open and not any(_admits(spec, value, now) for spec in listed):
            yield Flaw(pointer, f"{name!r} does not take this value; see the values of the specification and offering")


def _listed(one: Document, use: Document) -> list[Document]:
    """The value specifications that count: the offering's own where it has some."""
    listed = use.get("productSpecCharacteristicValue") or one.get("characteristicValueSpecification")
    return [spec for spec in listed if isinstance(spec, dict)] if isinstance(listed, list) else []


def _is_of_type(value: Any, value_type: str) -> bool:
    """Numbers and truth values may come as texts, as the standard's own samples write them; other types pass."""
    kind = value_type.casefold()
    if kind in _INTEGERS:
        number = _number(value)
        return number is not None and number == number.to_integral_value()
    if kind in _NUMBERS:
        return _number(value) is not None
    if kind in _BOOLEANS:
        return isinstance(value, bool) or value in ("true", "false")
    return isinstance(value, str) if kind in _TEXTS else True


def _fits_pattern(value: Any, pattern: Any) -> bool:
    """Whether a pattern is found in a text, as JSON Schema reads patterns.

    One that could run for ages, or is of another dialect, is not tried.
    """
    if not isinstance(value, str) or not isinstance(pattern, str) or not pattern:
        return True
    try:
        check_pattern("regex", pattern, _PATTERN_CHARACTERS_MAX)
    except InvalidParameter:
        return True
    return len(value) <= _MATCHED_CHARACTERS_MAX and re.search(pattern, value) is not None


def _admits(spec: Document, value: Any, now: datetime) -> bool:
    if not covers(spec.get("validFor"), now):
        return False
    if any(name in spec for name in _RANGE_ENDS):
        return _is_within(spec, value)
    if "value" in spec:
        listed = spec["value"]
        return any(_is_same(one, value) for one in (listed if isinstance(listed, list) else [listed]))
    return _fits_pattern(value, spec.get("regex"))


def _is_within(spec: Document, value: Any) -> bool:
    """Both ends belong to a range unless `rangeInterval` says open, closedBottom or closedTop."""
    number = _number(value)
    if number is None:
        return False
    start, end = (_number(spec.get(name)) for name in _RANGE_ENDS)
    interval = str(spec.get("rangeInterval", "closed"))
    is_above = start is None or number > start or (number == start and interval in ("closed", "closedBottom"))
    is_below = end is None or number < end or (number == end and interval in ("closed", "closedTop"))
    return is_above and is_below


def _is_same(left: Any, right: Any) -> bool:
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return str(left).casefold() == str(right).casefold()
    one, other = _number(left), _number(right)
    return one is not None and one == other


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return decimal_or_none(value)
    return Decimal(value) if isinstance(value, int | Decimal) else None
