"""Servers that are wrong in one way each, and exactly the checks that must fail on them.

Each is our application with one fault in front of it. What a fault makes impossible to judge does not run; what it
breaks for every reader (an attribute that is lost) fails wherever it is read, and that is said here.
"""

from __future__ import annotations

import re
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

# Creating

_KEPT = ("id", "href", "@type")

changed(creating, lambda a: Answered(200, a.headers, a.body), "operations.create", name="200 for 201")
changed(creating, lambda a: a.with_header("location", None), "operations.location", name="no Location")
changed(
    creating,
    lambda a: a.with_header("location", a.headers["location"] + "x"),
    "operations.location_leads_there",
    "operations.location_is_href",
    name="Location is another's",
)
changed(
    of_resources,
    lambda a: a.each(lambda one: {**one, "href": one["href"] + "x"} if "href" in one else one) if a.body else a,
    "read_only.href_leads_there",
    "operations.location_is_href",
    name="href is another's",
)
changed(of_resources, lambda a: a.each(without("href")) if a.body else a, "read_only.href", name="no href")
changed(
    of_resources,
    lambda a: a.each(without("@type")) if a.body else a,
    "polymorphism.type",
    "polymorphism.extending_type",
    "echo.minimal",
    "echo.full",
    "schema.created",
    "schema.retrieved",
    "schema.listed",
    "schema.patched",
    name="no @type",
)
changed(
    of_resources,
    lambda a: a.each(without("lifecycleStatus")) if a.body else a,
    "read_only.first_state",
    name="no first state",
)
changed(
    of_resources,
    lambda a: a.each(without("lastUpdate")) if a.body else a,
    "read_only.updated_at",
    name="no date of change",
)
changed(
    creating,
    lambda a: a.each(lambda one: {**one, "kitMore": 1}),
    "operations.retrieved_is_created",
    name="the create says more than is stored",
)
changed(
    lambda asked: asked.is_list,
    lambda a: a.each(without("lastUpdate")),
    "operations.listed_is_retrieved",
    name="lists show less",
)
changed(
    of_resources,
    lambda a: (
        a.each(lambda one: {("isroot" if name == "isRoot" else name): value for name, value in one.items()})
        if a.body
        else a
    ),
    "echo.full",
    name="an attribute in another case",
)
changed(
    of_resources,
    lambda a: a.each(lambda one: {**one, "isRoot": "true"} if "isRoot" in one else one) if a.body else a,
    "echo.full",
    "schema.created",
    "schema.listed",
    name="booleans as texts",
)
changed(
    of_resources,
    lambda a: Answered(a.status, a.headers, re.sub(rb'(\dT[\d:.]+)Z"', rb'\1"', a.body)),
    "echo.zones",
    "schema.created",
    "schema.retrieved",
    "schema.listed",
    "schema.patched",
    name="dates without a zone",
)
changed(of_lists, lambda a: a.with_header("content-type", "text/plain"), "operations.json", name="JSON as text/plain")
changed(of_lists, lambda a: a.with_json({"items": a.json}), "operations.list", name="lists in an envelope")


@mutant("echo.full")
async def an_attribute_is_lost(asked: Asked, forward: Forward) -> Answered:
    return await forward(
        asked.with_json(without("isRoot")(asked.object)) if creating(asked) and asked.object else asked
    )


@mutant("echo.unicode")
async def characters_are_lost(asked: Asked, forward: Forward) -> Answered:
    return await forward(
        Asked(
            asked.method,
            asked.path,
            asked.query,
            asked.headers,
            asked.body.decode(errors="replace").encode("ascii", "replace"),
        )
    )


@mutant("read_only.href_is_the_servers")
async def href_of_a_client_is_kept(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    href = asked.object.get("href") if creating(asked) else None
    return answer.each(lambda one: {**one, "href": href}) if href and answer.ok else answer


@mutant("polymorphism.extension_attribute")
async def extensions_are_dropped(asked: Asked, forward: Forward) -> Answered:
    known = {name: value for name, value in asked.object.items() if not name.startswith("kit")}
    return await forward(asked.with_json(known) if asked.object and not asked.is_hub else asked)


@mutant("polymorphism.extending_type")
async def unknown_type_is_refused(asked: Asked, forward: Forward) -> Answered:
    if creating(asked) and asked.object.get("@type") == "KitExtended":
        return Answered(400, {"content-type": "application/json"}, b'{"code":"x","reason":"@type"}')
    return await forward(asked)


@remembering("operations.ids_differ")
def the_same_body_is_the_same_resource() -> tuple[Behave, Deliver]:
    known: dict[bytes, Answered] = {}

    async def behave(asked: Asked, forward: Forward) -> Answered:
        if creating(asked) and asked.body in known and "idempotency-key" not in asked.headers:
            return known[asked.body]
        answer = await forward(asked)
        if creating(asked) and answer.ok:
            known[asked.body] = answer
        return answer

    return behave, as_it_is


@remembering("operations.listed")
def what_is_new_is_not_listed_at_once() -> tuple[Behave, Deliver]:
    fresh: list[str] = []

    async def behave(asked: Asked, forward: Forward) -> Answered:
        answer = await forward(asked)
        if creating(asked) and answer.ok:
            fresh[:] = [answer.json["id"]]
        elif asked.is_list and not asked.query and fresh and answer.ok:
            id = fresh.pop()
            shown = [one for one in answer.json if one["id"] != id]
            return answer.with_json(shown).with_header("x-total-count", str(len(shown)))
        else:
            fresh.clear()
        return answer

    return behave, as_it_is


# Deleting

changed(
    lambda asked: asked.on("DELETE"),
    lambda a: Answered(200, {"content-type": "application/json"}, b"{}"),
    "operations.delete",
    "operations.delete_is_empty",
    name="DELETE is 200 with a body",
)
changed(
    lambda asked: asked.on("DELETE"),
    lambda a: Answered(200, a.headers, b""),
    "operations.delete",
    name="DELETE is 200 without a body",
)


@mutant("operations.deleted_is_gone", "operations.deleted_is_not_listed", "operations.delete_again", "events.delete")
async def delete_is_ignored(asked: Asked, forward: Forward) -> Answered:
    if not asked.on("DELETE") or "if-match" in asked.headers:
        return await forward(asked)
    there = await forward(Asked("GET", asked.path, "", {}, b""))
    return Answered(204) if there.ok else await forward(asked)


@remembering("operations.deleted_is_not_listed")
def deleted_is_still_listed() -> tuple[Behave, Deliver]:
    ghosts: list[Any] = []

    async def behave(asked: Asked, forward: Forward) -> Answered:
        if asked.on("DELETE"):
            there = await forward(Asked("GET", asked.path, "", {}, b""))
            answer = await forward(asked)
            ghosts[:] = [there.json] if there.ok and answer.ok else []
            return answer
        answer = await forward(asked)
        if not (asked.is_list and not asked.query and ghosts):
            ghosts.clear()  # seen by a list that follows at once, and by no other
            return answer
        count = int(answer.headers["x-total-count"]) + 1
        return answer.with_json([*answer.json, ghosts.pop()]).with_header("x-total-count", str(count))

    return behave, as_it_is


@remembering("operations.delete_again")
def deleting_again_is_204() -> tuple[Behave, Deliver]:
    gone: set[str] = set()

    async def behave(asked: Asked, forward: Forward) -> Answered:
        if asked.on("DELETE") and asked.id in gone:
            return Answered(204)
        answer = await forward(asked)
        if asked.on("DELETE") and answer.ok:
            gone.add(asked.id)
        return answer

    return behave, as_it_is


@remembering("read_only.updated_at_moves")
def the_date_of_change_goes_back() -> tuple[Behave, Deliver]:
    patched: set[str] = set()

    async def behave(asked: Asked, forward: Forward) -> Answered:
        answer = await forward(asked)
        if asked.on("PATCH") and answer.ok:
            patched.add(asked.id)
        if asked.is_item and answer.ok and answer.body and asked.id in patched and not asked.query:
            return answer.each(lambda one: {**one, "lastUpdate": "2001-01-01T00:00:00.000Z"})
        return answer

    return behave, as_it_is


# Refusing


def _nobody(asked: Asked) -> bool:
    return asked.is_item and asked.id.startswith("kit-nobody")


def refusing(
    condition: Callable[[Asked], bool], change: Callable[[Answered], Answered], *caught_by: str, name: str
) -> None:
    """A server that refuses otherwise."""

    async def behave(asked: Asked, forward: Forward) -> Answered:
        answer = await forward(asked)
        return change(answer) if answer.status >= 400 and condition(asked) else answer

    MUTANTS.append(Mutant(name, frozenset(caught_by), lambda: (behave, as_it_is)))


_FINE = Answered(200, {"content-type": "application/json"}, b"{}")
refusing(_nobody, lambda a: Answered(a.status), "errors.body", "schema.not_found", name="404 without a body")
refusing(
    _nobody,
    lambda a: Answered(a.status, {"content-type": "text/html"}, b"<h1>Not found</h1>"),
    "errors.body",
    "schema.not_found",
    name="404 in HTML",
)
refusing(
    _nobody,
    lambda a: a.with_json(without("reason")(a.json)),
    "errors.body",
    "schema.not_found",
    name="an error without a reason",
)
refusing(
    _nobody,
    lambda a: a.with_json({**a.json, "status": "400"}),
    "errors.status_in_body",
    name="another status in the error",
)
refusing(
    lambda asked: asked.method == "GET" and asked.is_item,
    lambda a: _FINE,
    "errors.not_found",
    "operations.deleted_is_gone",
    name="an unknown id is 200",
)
refusing(
    lambda asked: asked.on("PATCH") and _nobody(asked),
    lambda a: _FINE,
    "errors.patch_unknown",
    name="PATCH of nobody is 200",
)
refusing(
    lambda asked: asked.on("DELETE") and _nobody(asked),
    lambda a: Answered(204),
    "errors.delete_unknown",
    name="DELETE of nobody is 204",
)
refusing(
    lambda asked: asked.method == "PUT",
    lambda a: a.with_header("allow", None),
    "errors.allow",
    name="405 without Allow",
)
refusing(
    lambda asked: asked.method == "PUT", lambda a: Answered(404, a.headers, a.body), "errors.method", name="404 for 405"
)
refusing(
    lambda asked: creating(asked) and asked.body == b'{"name": ',
    lambda a: Answered(500),
    "errors.malformed_json",
    name="malformed JSON is 500",
)
refusing(
    lambda asked: creating(asked) and asked.body == b"{",
    lambda a: a.with_json({"message": "no"}),
    "schema.refused",
    name="a 400 without code",
)
refusing(
    lambda asked: creating(asked) and asked.headers.get("content-type") == "application/xml",
    lambda a: Answered(400, a.headers, a.body),
    "errors.media_type",
    name="XML is 400",
)
refusing(
    lambda asked: asked.on("PATCH") and asked.headers.get("content-type") == "application/xml",
    lambda a: Answered(500),
    "errors.patch_media_type",
    name="a patch in XML is 500",
)
refusing(
    lambda asked: asked.headers.get("accept") == "image/png",
    lambda a: Answered(200, a.headers, b"[]"),
    "errors.not_acceptable",
    name="Accept ignored",
)
refusing(
    lambda asked: asked.is_list and "limit=" in asked.query,
    lambda a: Answered(200, a.headers, b"[]"),
    "paging.bad_limit",
    name="a bad limit is 200",
)


@mutant("errors.wrong_type")
async def wrong_types_are_accepted(asked: Asked, forward: Forward) -> Answered:
    body = asked.object
    if creating(asked) and body and not isinstance(body.get("name", ""), str):
        return await forward(asked.with_json({**body, "name": "made a text"}))
    return await forward(asked)


@mutant("errors.mandatory")
async def mandatory_is_not_asked_for(asked: Asked, forward: Forward) -> Answered:
    body = asked.object
    return await forward(asked.with_json({"name": "nameless", **body}) if creating(asked) and body else asked)


@mutant("errors.refused_is_not_stored")
async def refused_is_stored(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    if creating(asked) and answer.status == 400 and asked.object:
        await forward(asked.with_json({"@type": "Category", "name": "stored all the same"}))
    return answer


@mutant("errors.empty_body", "errors.not_an_object")
async def any_body_creates(asked: Asked, forward: Forward) -> Answered:
    if creating(asked) and asked.body in (b"", b"[1]"):
        return await forward(asked.with_json({"@type": "Category", "name": "from nothing"}))
    return await forward(asked)


@mutant("read_only.id_change_is_refused")
async def a_patch_of_the_id_is_ignored(asked: Asked, forward: Forward) -> Answered:
    if asked.on("PATCH") and asked.object.get("id", asked.id) != asked.id:
        return await forward(asked.with_json(without("id")(asked.object)))
    return await forward(asked)


@remembering("read_only.id_is_kept", "read_only.id_change_is_refused")
def a_patch_moves_the_resource() -> tuple[Behave, Deliver]:
    moved: set[str] = set()

    async def behave(asked: Asked, forward: Forward) -> Answered:
        if asked.is_item and asked.id in moved:
            return await forward(Asked(asked.method, asked.path + "-moved", asked.query, asked.headers, asked.body))
        if asked.on("PATCH") and asked.object.keys() == {"id"}:
            moved.add(asked.id)
            return Answered(200, {"content-type": "application/json"}, b"{}")
        return await forward(asked)

    return behave, as_it_is


@mutant("read_only.same_id_is_accepted")
async def the_own_id_is_refused(asked: Asked, forward: Forward) -> Answered:
    if asked.on("PATCH") and "id" in asked.object:
        return Answered(400, {"content-type": "application/json"}, b'{"code":"x","reason":"id"}')
    return await forward(asked)


@mutant(
    *("operations.retrieve", "operations.location_leads_there", "events.after_the_fact"),
)
async def nothing_is_at_its_address(asked: Asked, forward: Forward) -> Answered:
    if asked.method == "GET" and asked.is_item:
        return Answered(404, {"content-type": "application/json"}, b'{"code":"x","reason":"nothing here"}')
    return await forward(asked)
