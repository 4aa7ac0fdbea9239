"""Servers that patch, guard, repeat or tell wrongly; the rest of `mutants.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common import exact_json
from tests.common.conformance.broken import Answered, Asked, Behave, Forward
from tests.common.conformance.mutants import KIT, Deliver, as_it_is, changed, honest, mutant, remembering, rewritten

MERGE, PATCH, QUERY = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/json-patch-query+json",
)
_JSON = {"content-type": "application/json"}
# A patch that changes nothing.
NOTHING = [{"op": "test", "path": "/@type", "value": "Category"}]


def patching(asked: Asked, *media_types: str) -> bool:
    return asked.on("PATCH") and (not media_types or asked.headers.get("content-type") in media_types)


async def _there(asked: Asked, forward: Forward) -> dict[str, Any]:
    answer = await forward(Asked("GET", asked.path, "", {}, b""))
    return answer.json if answer.ok else {}


def _merging(asked: Asked) -> bool:
    return patching(asked, MERGE, "application/json")


# Merge patches

changed(patching, lambda a: Answered(204), "operations.patch", "schema.patched", name="PATCH is 204 without a body")
changed(
    lambda asked: patching(asked),
    lambda a: a.each(lambda one: {k: v for k, v in one.items() if k in ("id", "href", "@type", "name", "description")}),
    "operations.patch",
    name="PATCH answers a part",
)


@mutant("patches.merge_null")
async def null_is_ignored(asked: Asked, forward: Forward) -> Answered:
    body = asked.object
    if _merging(asked) and body:
        return await forward(asked.with_json({name: value for name, value in body.items() if value is not None}))
    return await forward(asked)


@mutant("patches.merge_array")
async def arrays_are_appended_to(asked: Asked, forward: Forward) -> Answered:
    value = asked.object.get(KIT)
    if _merging(asked) and isinstance(value, list):
        old = (await _there(asked, forward)).get(KIT, [])
        return await forward(asked.with_json({**asked.object, KIT: [*old, *value]}))
    return await forward(asked)


@mutant("patches.merge_nested")
async def objects_are_replaced(asked: Asked, forward: Forward) -> Answered:
    value = asked.object.get(KIT)
    if _merging(asked) and isinstance(value, dict):
        old = (await _there(asked, forward)).get(KIT, {})
        return await forward(asked.with_json({**asked.object, KIT: {**dict.fromkeys(old), **value}}))
    return await forward(asked)


@mutant("patches.json", "patches.merge")
async def a_patch_replaces_the_resource(asked: Asked, forward: Forward) -> Answered:
    body = asked.object
    if _merging(asked) and body and KIT not in body:
        old = await _there(asked, forward)
        gone = dict.fromkeys(set(old) - {"id", "href", "@type", "name", "lifecycleStatus", "lastUpdate", *body})
        return await forward(asked.with_json({**gone, **body}))
    return await forward(asked)


@mutant("operations.patch_is_stored", "patches.json")
async def a_patch_in_json_is_not_stored(asked: Asked, forward: Forward) -> Answered:
    if patching(asked, "application/json") and b"changed" in asked.body and "if-match" not in asked.headers:
        there = await _there(asked, forward)
        if there and asked.object.keys() == {"description"}:
            return Answered(200, _JSON, exact_json.encode({**there, **asked.object}))
    return await forward(asked)


@mutant("patches.merge", "patches.merge_null", "patches.merge_array", "patches.merge_nested", "errors.bad_patch")
async def merge_patches_are_415(asked: Asked, forward: Forward) -> Answered:
    return Answered(415, _JSON, b'{"code":"x","reason":"no"}') if patching(asked, MERGE) else await forward(asked)


@mutant("patches.refused_changes_nothing")
async def refused_patches_change(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    rest = {name: value for name, value in asked.object.items() if name != "id"}
    if patching(asked) and answer.status == 400 and rest and "id" in asked.object:
        await forward(asked.with_json(rest))
    return answer


# JSON Patch


def _operations(asked: Asked) -> list[dict[str, Any]]:
    value = asked.json
    return value if isinstance(value, list) else []


def operated(
    media_type: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], *caught_by: str, name: str
) -> None:
    """A server that reads the operations of a patch otherwise."""
    rewritten(
        lambda asked: asked.with_json(change(_operations(asked)) or NOTHING) if patching(asked, media_type) else asked,
        *caught_by,
        name=name,
    )


operated(
    PATCH,
    lambda ops: [],
    "patches.json_patch",
    "patches.json_patch_remove",
    "patches.json_patch_array",
    "patches.json_patch_test",
    "patches.json_patch_no_target",
    name="JSON Patch does nothing",
)
operated(
    PATCH,
    lambda ops: [op for op in ops if op["op"] != "remove"],
    "patches.json_patch_remove",
    "patches.json_patch_no_target",
    name="JSON Patch does not remove",
)
operated(
    PATCH,
    lambda ops: [op for op in ops if op["op"] != "test"],
    "patches.json_patch_test",
    name="JSON Patch does not test",
)
operated(
    PATCH,
    lambda ops: [{**op, "op": "replace"} if op["path"].endswith("/0") else op for op in ops],
    "patches.json_patch_array",
    name="JSON Patch replaces for insert",
)
operated(
    QUERY,
    lambda ops: [{**op, "path": op["path"].partition("?")[0]} for op in ops],
    "patches.query",
    "patches.query_remove",
    name="the query of a patch is ignored",
)


@mutant("patches.json_patch_test")
async def json_patch_stops_half_way(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    if patching(asked, PATCH) and answer.status == 409:
        await forward(asked.with_json([op for op in _operations(asked) if op["op"] != "test"]))
    return answer


@mutant("patches.json_patch_no_target")
async def json_patch_removes_anything(asked: Asked, forward: Forward) -> Answered:
    if patching(asked, PATCH) and b"kitNoSuchAttribute" in asked.body:
        return await forward(asked.with_json(NOTHING))
    return await forward(asked)


# Two writers, repeated requests

rewritten(
    lambda asked: asked.without_header("if-match"),
    "concurrency.stale_patch",
    "concurrency.stale_delete",
    name="a stale ETag is accepted",
)
rewritten(
    lambda asked: asked.without_header("if-match") if asked.method == "DELETE" else asked,
    "concurrency.stale_delete",
    name="a stale ETag deletes",
)
rewritten(lambda asked: asked.without_header("if-none-match"), "concurrency.not_modified", name="If-None-Match ignored")
rewritten(
    lambda asked: asked.without_header("idempotency-key"),
    "idempotency.repeated",
    "idempotency.other_body",
    name="Idempotency-Key ignored",
)
changed(lambda asked: True, lambda a: a.with_header("etag", None), "concurrency.etag", name="no ETag")


@mutant("concurrency.etag_moves")
async def the_etag_stays(asked: Asked, forward: Forward) -> Answered:
    if asked.headers.get("if-none-match") == '"always"':
        return Answered(304, {"etag": '"always"'})
    answer = await forward(asked.without_header("if-match") if asked.headers.get("if-match") == '"always"' else asked)
    return answer.with_header("etag", '"always"') if answer.ok else answer


@remembering("concurrency.etag_stays", "concurrency.if_match", "concurrency.not_modified")
def the_etag_is_always_new() -> tuple[Behave, Deliver]:
    count = [0]

    async def behave(asked: Asked, forward: Forward) -> Answered:
        count[0] += 1
        answer = await forward(asked)
        return answer.with_header("etag", f'"new-{count[0]}"') if answer.ok else answer

    return behave, as_it_is


@mutant("concurrency.if_match")
async def any_if_match_is_412(asked: Asked, forward: Forward) -> Answered:
    refused = Answered(412, _JSON, b'{"code":"x","reason":"no"}')
    return refused if asked.on("PATCH") and "if-match" in asked.headers else await forward(asked)


@remembering("idempotency.other_body")
def a_key_answers_for_any_body() -> tuple[Behave, Deliver]:
    known: dict[str, Answered] = {}

    async def behave(asked: Asked, forward: Forward) -> Answered:
        key = asked.headers.get("idempotency-key")
        if key in known:
            return known[key]
        answer = await forward(asked)
        if key is not None:
            known[key] = answer
        return answer

    return behave, as_it_is


# The hub


def _registering(asked: Asked) -> bool:
    return asked.method == "POST" and asked.is_hub


changed(_registering, lambda a: Answered(200, a.headers, a.body), "events.hub", name="the hub answers 200")
changed(
    _registering,
    lambda a: a.each(lambda one: {k: v for k, v in one.items() if k != "id"}),
    "events.hub_id",
    name="a registration without id",
)
changed(
    _registering,
    lambda a: a.each(lambda one: {**one, "callback": "https://elsewhere.example"}),
    "events.hub_id",
    name="another callback",
)
rewritten(
    lambda asked: (
        asked.with_json({k: v for k, v in asked.object.items() if k != "query"}) if _registering(asked) else asked
    ),
    "events.query",
    name="the query of a listener is ignored",
)
rewritten(
    lambda asked: (
        asked.with_json({"callback": "https://somewhere.example", **asked.object}) if _registering(asked) else asked
    ),
    "events.hub_callback",
    name="a registration without callback is accepted",
)


@mutant("events.hub_delete", "events.removed_is_silent")
async def listeners_are_never_removed(asked: Asked, forward: Forward) -> Answered:
    return Answered(204) if asked.method == "DELETE" and asked.is_hub else await forward(asked)


@mutant("events.hub_delete")
async def removing_again_is_204(asked: Asked, forward: Forward) -> Answered:
    answer = await forward(asked)
    return Answered(204) if asked.method == "DELETE" and asked.is_hub else answer


# Events


def delivering(change: Callable[[dict[str, Any]], list[dict[str, Any]]], *caught_by: str, name: str) -> None:
    """A server that delivers other events than it should."""

    def deliver(path: str, body: bytes) -> list[bytes]:
        return [exact_json.encode(one) for one in change(exact_json.decode(body))]

    def make() -> tuple[Behave, Deliver]:
        return honest, deliver

    make.__name__ = name
    remembering(*caught_by)(make)


def _only(
    type: str, change: Callable[[dict[str, Any]], list[dict[str, Any]]]
) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    return lambda event: change(event) if event["eventType"] == f"Category{type}Event" else [event]


def _resource(event: dict[str, Any], **members: Any) -> dict[str, Any]:
    body = {name: value for name, value in {**event["event"]["category"], **members}.items() if value is not None}
    return {**event, "event": {"category": body}}


delivering(_only("Create", lambda event: []), "events.create", name="no create event")
delivering(_only("AttributeValueChange", lambda event: []), "events.attribute_value_change", name="no change event")
delivering(_only("StateChange", lambda event: []), "events.state_change", name="no state change event")
delivering(_only("Delete", lambda event: []), "events.delete", name="no delete event")
delivering(lambda event: [event, event], "events.once", name="every event twice")
delivering(
    _only("Create", lambda event: [event, {**event, "eventId": event["eventId"] + "-again"}]),
    "events.create",
    name="two create events",
)
delivering(
    _only("Create", lambda event: [{**event, "eventType": "CategoryCreatedEvent"}]),
    "events.create",
    "events.type",
    name="another event type",
)
delivering(
    _only("StateChange", lambda event: [_resource(event, lifecycleStatus="Launched")]),
    "events.state_change",
    name="another state in the event",
)
delivering(
    lambda event: [{k: v for k, v in event.items() if k != "eventTime"}],
    "events.envelope",
    name="events without a time",
)
delivering(
    _only("Create", lambda event: [{**event, "event": {"resource": event["event"]["category"]}}]),
    "events.payload",
    name="the resource under another name",
)
delivering(
    _only("Create", lambda event: [_resource(event, name="another")]),
    "events.payload",
    name="another resource in the event",
)
delivering(lambda event: [_resource(event, href=None)], "events.href", name="events without href")


@remembering("events.order")
def changes_are_told_the_wrong_way_round() -> tuple[Behave, Deliver]:
    held: dict[str, bytes] = {}

    def deliver(path: str, body: bytes) -> list[bytes]:
        event = exact_json.decode(body)
        if event["eventType"] != "CategoryAttributeValueChangeEvent":
            return [body]
        if path in held:
            return [body, held.pop(path)]
        held[path] = body
        return []

    return honest, deliver


@remembering("events.after_the_fact")
def events_come_before_the_commit() -> tuple[Behave, Deliver]:
    early: list[str] = []

    async def behave(asked: Asked, forward: Forward) -> Answered:
        if asked.method == "GET" and asked.is_item and asked.id in early:
            early.remove(asked.id)
            return Answered(404, _JSON, b'{"code":"x","reason":"not yet"}')
        return await forward(asked)

    def deliver(path: str, body: bytes) -> list[bytes]:
        event = exact_json.decode(body)
        if event["eventType"] == "CategoryCreateEvent":
            early.append(event["event"]["category"]["id"])
        return [body]

    return behave, deliver
