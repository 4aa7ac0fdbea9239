"""Servers that are wrong in one way each, and exactly the checks that must fail on them.

Each is our application with one fault in front of it. What a fault makes impossible to judge does not run; what it
breaks for every reader (an attribute that is lost) fails wherever it is read, and that is said here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.common.conformance.broken import COLLECTION, RESERVED, Answered, Asked, Behave, Forward

Deliver = Callable[[str, bytes], list[bytes]]
KIT = "kitNote"


def as_it_is(path: str, body: bytes) -> list[bytes]:
    return [body]


async def honest(asked: Asked, forward: Forward) -> Answered:
    return await forward(asked)


@dataclass(frozen=True)
class Mutant:
    """A wrong server. `make` gives its behaviour anew, with a memory of its own."""

    name: str
    caught_by: frozenset[str]
    make: Callable[[], tuple[Behave, Deliver]]

    def __str__(self) -> str:
        return self.name


_KEPT = ("id", "href", "@type")
MUTANTS: list[Mutant] = []


def mutant(*caught_by: str) -> Callable[[Behave], Behave]:
    """A server with this behaviour, without a memory."""

    def made(behave: Behave) -> Behave:
        MUTANTS.append(Mutant(behave.__name__, frozenset(caught_by), lambda: (behave, as_it_is)))
        return behave

    return made


def remembering(*caught_by: str) -> Callable[[Callable[[], tuple[Behave, Deliver]]], Any]:
    """A server whose behaviour depends on what was before, or that delivers wrongly."""

    def made(make: Callable[[], tuple[Behave, Deliver]]) -> Any:
        MUTANTS.append(Mutant(make.__name__, frozenset(caught_by), make))
        return make

    return made


def changed(
    condition: Callable[[Asked], bool], change: Callable[[Answered], Answered], *caught_by: str, name: str
) -> None:
    """A server that changes its good answers to some requests."""

    async def behave(asked: Asked, forward: Forward) -> Answered:
        answer = await forward(asked)
        return change(answer) if answer.ok and condition(asked) else answer

    MUTANTS.append(Mutant(name, frozenset(caught_by), lambda: (behave, as_it_is)))


def rewritten(change: Callable[[Asked], Asked], *caught_by: str, name: str) -> None:
    """A server that understands some requests otherwise."""

    async def behave(asked: Asked, forward: Forward) -> Answered:
        return await forward(change(asked))

    MUTANTS.append(Mutant(name, frozenset(caught_by), lambda: (behave, as_it_is)))


def of_lists(asked: Asked) -> bool:
    return asked.is_list


def of_resources(asked: Asked) -> bool:
    return COLLECTION in asked.path


def creating(asked: Asked) -> bool:
    return asked.on("POST")


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: {name: value for name, value in one.items() if name not in names}


def shifted(asked: Asked, name: str, by: Callable[[int], int]) -> Asked:
    """A numeric parameter changed, when it is there and small."""
    parts = [
        (key, f"={by(int(value[1:]))}" if key == name and value[1:].isdecimal() and int(value[1:]) < 1000 else value)
        for key, value in asked.parts
    ]
    return asked.with_parts(parts) if asked.is_list else asked


def kept(asked: Asked, keep: Callable[[str, str], bool]) -> Asked:
    """The parameters of a list that the server takes notice of."""
    return asked.with_parts([part for part in asked.parts if keep(*part)]) if asked.is_list else asked


def total(change: Callable[[Answered], str | None]) -> Callable[[Answered], Answered]:
    return lambda answer: answer.with_header("x-total-count", change(answer))


# Pages

changed(
    of_lists,
    total(lambda a: str(int(a.headers["x-total-count"]) + 1)),
    "paging.total_count",
    "paging.total_of_a_filter",
    name="wrong total count",
)
changed(of_lists, total(lambda a: None), "paging.total_count", "paging.total_of_a_filter", name="no total count")
changed(
    of_lists,
    total(lambda a: str(len(a.json))),
    "paging.total_count",
    "paging.total_of_a_filter",
    name="total counts the page",
)
changed(of_lists, lambda a: a.with_header("x-result-count", "7"), "paging.result_count", name="wrong result count")
changed(of_lists, lambda a: Answered(200, a.headers, a.body), "paging.partial", name="a part is 200")
changed(of_lists, lambda a: a.with_header("link", None), "paging.link_next", name="no links")
rewritten(
    lambda asked: kept(asked, lambda name, _: name != "limit"), "paging.limit", "paging.bad_limit", name="limit ignored"
)
rewritten(
    lambda asked: shifted(asked, "limit", lambda n: n + 1), "paging.limit", "paging.bad_limit", name="limit off by one"
)
rewritten(
    lambda asked: shifted(asked, "offset", lambda n: n + 1 if n else n),
    "paging.offset",
    "paging.pages_meet",
    "paging.link_next",
    name="offset off by one",
)
rewritten(
    lambda asked: kept(asked, lambda name, _: name != "offset"),
    "paging.offset",
    "paging.pages_meet",
    "paging.link_next",
    "paging.beyond_the_end",
    "paging.bad_offset",
    name="offset ignored",
)
rewritten(
    lambda asked: shifted(asked, "offset", lambda n: n - 1 if n >= 2 else n),
    "paging.pages_meet",
    "paging.link_next",
    name="overlapping pages",
)


@mutant("paging.beyond_the_end")
async def beyond_the_end_is_404(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    far = any(name == "offset" and value[1:].isdecimal() and int(value[1:]) > 1000 for name, value in asked.parts)
    return Answered(404, answer.headers, b"[]") if far and asked.is_list else answer


@remembering("paging.stable")
def order_changes() -> tuple[Behave, Deliver]:
    count = [0]

    async def behave(asked: Asked, forward: Forward) -> Answered:
        answer = await forward(asked)
        if not asked.is_list or asked.query:
            return answer
        count[0] += 1
        # Often enough right that a single comparison with a page does not notice.
        return answer.with_json(answer.json[::-1]) if count[0] % 2 else answer

    return behave, as_it_is


changed(of_lists, lambda a: a.each(without("id")), "read_only.id", name="lists without ids")

# Filters

_FILTERS = (
    "filters.equal",
    "filters.id",
    "filters.and",
    "filters.or",
    "filters.semicolon",
    "filters.nothing",
    "filters.unknown_attribute",
    "filters.greater",
    "filters.less",
    "filters.signs",
    "filters.regex",
    "filters.nested",
    "filters.type",
    "polymorphism.extension_filter",
)
rewritten(lambda asked: kept(asked, lambda name, _: name in RESERVED), *_FILTERS, name="filters ignored")
rewritten(
    lambda asked: kept(asked, lambda name, _: name != "id"),
    "filters.id",
    "filters.and",
    "filters.nothing",
    "polymorphism.extension_filter",
    name="filter by id ignored",
)
rewritten(
    lambda asked: kept(asked, lambda name, _: not name.endswith((".lt", ".lte"))), "filters.less", name="less ignored"
)
rewritten(
    lambda asked: kept(asked, lambda name, _: not name.endswith((".regex", "*"))),
    "filters.regex",
    name="patterns ignored",
)
rewritten(
    lambda asked: kept(asked, lambda name, _: name not in ("%40type", "@type")),
    "filters.type",
    name="filter by type ignored",
)
rewritten(
    lambda asked: kept(asked, lambda name, _: name in RESERVED or not _is_nested(name)),
    "filters.nested",
    name="nested filters ignored",
)


def _is_nested(name: str) -> bool:
    """Whether a parameter filters below the top level."""
    path, _, last = name.partition("%")[0].rpartition(".")
    return bool(path) and (last not in ("gt", "gte", "lt", "lte", "regex") or "." in path)


def _first_value(asked: Asked) -> Asked:
    once = dict(
        reversed([(name, value.split("%2C")[0] if name not in RESERVED else value) for name, value in asked.parts])
    )
    return asked.with_parts(list(once.items())) if asked.is_list else asked


rewritten(_first_value, "filters.or", name="only the first value counts")
rewritten(
    lambda asked: asked.with_parts(
        [(name.replace(".gt", ".gte") if name.endswith(".gt") else name, value) for name, value in asked.parts]
    ),
    "filters.greater",
    name="greater is greater or equal",
)
rewritten(
    lambda asked: (
        Asked(asked.method, asked.path, asked.query.partition(";")[0], asked.headers, asked.body)
        if asked.is_list
        else asked
    ),
    "filters.semicolon",
    name="semicolon cuts the query off",
)


@mutant("filters.unknown_attribute")
async def unknown_filter_is_500(asked: Asked, forward: Forward) -> Answered:
    if asked.is_list and any(name == "kitNoSuchAttribute" for name, _ in asked.parts):
        return Answered(500, {"content-type": "application/json"}, b"{}")
    return await forward(asked)


@mutant(
    "filters.nothing",
    "filters.and",
    "filters.type",
    "filters.unknown_attribute",
    "polymorphism.extension_filter",
)
async def no_match_is_404(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    filtered = any(name not in RESERVED for name, _ in asked.parts)
    return Answered(404, answer.headers, b"[]") if asked.is_list and filtered and answer.json == [] else answer


@mutant("filters.bad_jsonpath")
async def bad_jsonpath_is_500(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    bad = asked.is_list and answer.status == 400 and any(name == "filter" for name, _ in asked.parts)
    return Answered(500, answer.headers, answer.body) if bad else answer


@mutant("filters.jsonpath")
async def jsonpath_finds_everything(asked: Asked, forward: Forward) -> Answered:
    return await forward(kept(asked, lambda name, value: name != "filter" or "==" not in unquote(value)))


# Order and selection

rewritten(
    lambda asked: kept(asked, lambda name, _: name != "sort"),
    "sorting.ascending",
    "sorting.descending",
    "sorting.several",
    "sorting.dates",
    name="sort ignored",
)
rewritten(
    lambda asked: asked.with_parts(
        [(name, value.replace("-", "") if name == "sort" else value) for name, value in asked.parts]
    ),
    "sorting.descending",
    "sorting.several",
    "sorting.dates",
    name="descending ignored",
)


@mutant("sorting.unknown_attribute")
async def unknown_sort_is_500(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    return Answered(500, answer.headers, answer.body) if asked.is_list and "sort=kitNoSuch" in asked.query else answer


def _fields(asked: Asked, change: Callable[[str], str | None]) -> Asked:
    parts = [(name, change(value) if name == "fields" else value) for name, value in asked.parts]
    return asked.with_parts([(name, value) for name, value in parts if value is not None])


def selecting(asked: Asked) -> bool:
    return any(name == "fields" for name, _ in asked.parts)


rewritten(
    lambda asked: _fields(asked, lambda value: None),
    "selection.retrieve",
    "selection.list",
    "selection.none",
    name="fields ignored",
)
rewritten(
    lambda asked: _fields(asked, lambda value: None if value == "=none" else value),
    "selection.none",
    name="fields=none is everything",
)
rewritten(
    lambda asked: _fields(asked, lambda value: value.split("%2C")[0]),
    "selection.several",
    name="only the first field counts",
)
changed(selecting, lambda a: a.each(without("id")), "selection.identity", name="fields drops id")
changed(selecting, lambda a: a.each(without("href")), "selection.identity", name="fields drops href")
changed(selecting, lambda a: a.each(without("@type")), "selection.type", name="fields drops @type")


@mutant("selection.values")
async def selected_values_are_cut(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    if not (selecting(asked) and asked.is_item and answer.ok) or "." in asked.query:
        return answer
    return answer.each(lambda one: {name: value if name in _KEPT else [] for name, value in one.items()})


@mutant("selection.unknown")
async def unknown_field_is_500(asked: Asked, forward: Forward) -> Answered:
    return Answered(500) if "fields=kitNoSuch" in asked.query else await forward(asked)


changed(
    selecting,
    lambda a: a.each(lambda one: {name: value for name, value in one.items() if not name.startswith("kit")}),
    "polymorphism.extension_selected",
    name="extensions cannot be selected",
)

changed(
    lambda asked: selecting(asked) and "." in asked.query,
    lambda a: a.each(lambda one: {name: value for name, value in one.items() if name in _KEPT}),
    "selection.nested",
    name="nested fields cannot be selected",
)
