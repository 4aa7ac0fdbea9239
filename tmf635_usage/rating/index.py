"""Which price a usage matches: the most specific one, found through dictionaries.

More specific is: more dimensions named (the destination, each attribute, the time); then the longer prefix; then the
priority (1 before 2). Validity is no dimension: it says when a price exists. Entries that name the same dimensions are
found together, by the values of the attributes and the longest prefix, so that it does not matter how many there are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import product
from typing import Generic, NamedTuple, Protocol, TypeVar

from tmf635_usage.rating.values import Match, Usage
from tmf635_usage.rating.windows import Hours, LocalClock

_SEPARATORS = re.compile(r"[\s().\-/]")
# Digits by which the lengths of prefixes are known: of ten thousand prefixes, few begin with the same four.
HEAD = 4


def digits_of(number: str | None) -> str:
    """The E.164 digits of a destination: without `tel:`, `+`, `00` and separators. Empty when it is no number."""
    if number is None:
        return ""
    if not number.isdecimal():
        number = _SEPARATORS.sub("", number.lower().removeprefix("tel:").partition(";")[0])
        if number.startswith("+"):
            return number[1:] if number[1:].isdecimal() else ""
        if not number.isdecimal():
            return ""
    return number[2:] if number[:2] == "00" else number


class Entry(Protocol):
    """What an index holds: when it is valid and by which prefix it was found (empty: by none)."""

    id: str
    prefix: str
    priority: int
    windows: tuple[Hours, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    is_always: bool


E = TypeVar("E", bound=Entry)
E_co = TypeVar("E_co", bound=Entry, covariant=True)


class Finder(Protocol[E_co]):
    """Finds the most specific of some entries. Made as simple as its entries allow, because it runs for every usage."""

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E_co | None: ...


def finders(entries: Iterable[tuple[Match, E]]) -> dict[str, Finder[E]]:
    """By usage type, what finds the most specific entry."""
    found: dict[str, dict[_Shape, list[tuple[Match, E]]]] = defaultdict(lambda: defaultdict(list))
    for match, entry in entries:
        shape = _Shape(tuple(sorted(match.attributes)), bool(entry.prefix), bool(entry.windows))
        found[match.usage_type][shape].append((match, entry))
    return {usage_type: _of_shapes(shapes) for usage_type, shapes in found.items()}


class _Shape(NamedTuple):
    """The dimensions that entries have in common."""

    names: tuple[str, ...]
    has_prefix: bool
    has_windows: bool

    @property
    def dimensions(self) -> int:
        return len(self.names) + self.has_prefix + self.has_windows


def _of_shapes(shapes: Mapping[_Shape, list[tuple[Match, E]]]) -> Finder[E]:
    levels: dict[int, list[Finder[E]]] = defaultdict(list)
    for shape, entries in shapes.items():
        levels[shape.dimensions].append(_of_shape(shape, entries))
    return _first_of([_best_of(levels[level]) for level in sorted(levels, reverse=True)])


def _of_shape(shape: _Shape, entries: list[tuple[Match, E]]) -> Finder[E]:
    if not shape.names:
        return _of_values(shape, [entry for _, entry in entries])
    by_values: dict[tuple[str, ...], list[E]] = defaultdict(list)
    for match, entry in entries:
        for values in product(*(sorted({v.lower() for v in match.attributes[name]}) for name in shape.names)):
            by_values[values].append(entry)
    leaves = {values: _of_values(shape, found) for values, found in by_values.items()}
    if len(shape.names) == 1:
        return _ByValue(shape.names[0], {value: leaf for (value,), leaf in leaves.items()})
    return _ByValues(shape.names, leaves)


def _of_values(shape: _Shape, entries: list[E]) -> Finder[E]:
    return _ByPrefix(entries) if shape.has_prefix else _Entries(sorted(entries, key=_rank))


def _rank(entry: Entry) -> tuple[int, int, str]:
    return -len(entry.prefix), entry.priority, entry.id


class _Entries(Generic[E]):
    """Equally specific entries, by priority: the first that is open."""

    __slots__ = ("_always", "_entries")

    def __init__(self, entries: Iterable[E]) -> None:
        self._entries = tuple(entries)
        self._always = self._entries[0] if self._entries[0].is_always else None

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E | None:
        if self._always is not None:
            return self._always
        for entry in self._entries:
            if entry.is_always or is_open(entry, usage.at, clock):
                return entry
        return None


class Lengths:
    """Of many prefixes, which lengths can begin a number, longest first: `long.get(number[:HEAD], short)`."""

    __slots__ = ("long", "short")

    def __init__(self, prefixes: Collection[str]) -> None:
        known, heads = frozenset(prefixes), defaultdict[str, set[int]](set)
        for prefix in known:
            if len(prefix) >= HEAD:
                heads[prefix[:HEAD]].add(len(prefix))
        short = sorted({len(prefix) for prefix in known if len(prefix) < HEAD}, reverse=True)
        self.short = tuple(short)
        self.long = {
            head: (*sorted(lengths, reverse=True), *(length for length in short if head[:length] in known))
            for head, lengths in heads.items()
        }


class _ByPrefix(Generic[E]):
    """Entries by prefix."""

    __slots__ = ("_always", "_long", "_others", "_short")

    def __init__(self, entries: Iterable[E]) -> None:
        by_prefix: dict[str, list[E]] = defaultdict(list)
        for entry in sorted(entries, key=_rank):
            by_prefix[entry.prefix].append(entry)
        lengths = Lengths(by_prefix)
        self._long, self._short = lengths.long, lengths.short
        self._always = {prefix: found[0] for prefix, found in by_prefix.items() if found[0].is_always}
        self._others = {prefix: found for prefix, found in by_prefix.items() if not found[0].is_always}

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E | None:
        for length in self._long.get(digits[:HEAD], self._short):
            found = self._always.get(digits[:length])
            if found is not None:
                return found
            for entry in self._others.get(digits[:length], ()) if self._others else ():
                if entry.is_always or is_open(entry, usage.at, clock):
                    return entry
        return None


class _ByValue(Generic[E]):
    """Finders by the value of one attribute."""

    __slots__ = ("_leaves", "_name")

    def __init__(self, name: str, leaves: Mapping[str, Finder[E]]) -> None:
        self._name, self._leaves = name, dict(leaves)

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E | None:
        value = usage.attributes.get(self._name)
        leaf = None if value is None else self._leaves.get(value.lower())
        return None if leaf is None else leaf.find(usage, digits, clock)


class _ByValues(Generic[E]):
    """Finders by the values of several attributes."""

    __slots__ = ("_leaves", "_names")

    def __init__(self, names: tuple[str, ...], leaves: Mapping[tuple[str, ...], Finder[E]]) -> None:
        self._names, self._leaves = names, dict(leaves)

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E | None:
        attributes = usage.attributes
        try:
            leaf = self._leaves.get(tuple([attributes[name].lower() for name in self._names]))
        except KeyError:
            return None
        return None if leaf is None else leaf.find(usage, digits, clock)


def _best_of(finders: list[Finder[E]]) -> Finder[E]:
    return finders[0] if len(finders) == 1 else _Best(finders)


class _Best(Generic[E]):
    """Of finders for as many dimensions, what the longest prefix or the priority prefers."""

    __slots__ = ("_finders",)

    def __init__(self, finders: Iterable[Finder[E]]) -> None:
        self._finders = tuple(finders)

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E | None:
        hits = [hit for finder in self._finders if (hit := finder.find(usage, digits, clock)) is not None]
        return min(hits, key=_rank, default=None)


def _first_of(finders: list[Finder[E]]) -> Finder[E]:
    return finders[0] if len(finders) == 1 else _First(finders)


class _First(Generic[E]):
    """Finders for more and more general entries."""

    __slots__ = ("_finders",)

    def __init__(self, finders: Iterable[Finder[E]]) -> None:
        self._finders = tuple(finders)

    def find(self, usage: Usage, digits: str, clock: LocalClock) -> E | None:
        for finder in self._finders:
            found = finder.find(usage, digits, clock)
            if found is not None:
                return found
        return None


def is_open(entry: Entry, at: datetime, clock: LocalClock) -> bool:
    """Whether it is valid at the instant, and one of its windows holds."""
    if entry.valid_from is not None and at < entry.valid_from:
        return False
    if entry.valid_until is not None and at >= entry.valid_until:
        return False
    return not entry.windows or clock.is_in(entry.windows, at)
