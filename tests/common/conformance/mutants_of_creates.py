"""Servers that create, delete or refuse wrongly; the second part of `mutants.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.common.conformance.broken import Answered, Asked, Behave, Forward
from tests.common.conformance.mutants import (
    MUTANTS,
    Deliver,
    Mutant,
    as_it_is,
    changed,
    creating,
    mutant,
    of_lists,
    of_resources,
    remembering,
    without,
)

# Creating

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
