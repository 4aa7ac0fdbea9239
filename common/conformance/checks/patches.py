"""The four media types of PATCH, each with its own meaning."""

from __future__ import annotations

from typing import Any

from common.conformance.check import HTTP, PART_1, PART_5, Level, Profile, Rule, check, expect, need
from common.conformance.subject import MERGE, PATCH, QUERY, Subject
from common.conformance.target import JSON, Exchange
from common.conformance.values import difference
from common.domain.query import Document
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD
_VERBS = (Verb.PATCH, Verb.RETRIEVE)
_EXTENSION = "kitNote"


def _rule(section: str, text: str, level: Level = MUST) -> Rule:
    return Rule(PART_1, section, level, text)


def _extended(subject: Subject, value: Any) -> Document:
    """A resource with an extension attribute of a known shape, set by a merge patch."""
    document = subject.changeable()
    answer = subject.patch(str(document["id"]), {_EXTENSION: value}, JSON)
    need(
        answer.ok and answer.document.get(_EXTENSION) == value,
        f"extension attributes are not kept: {answer.told}",
    )
    return answer.document


def _stored_is(subject: Subject, id: str, name: str, expected: Any, *shown: Exchange) -> None:
    stored = subject.stored(id)
    read = subject.target.exchanges[-1]
    expect(
        difference({"value": expected}, {"value": stored.get(name)}) is None,
        f"{name}: {expected!r}",
        stored.get(name),
        *shown,
        read,
    )


def _taken(answer: Exchange) -> None:
    expect(answer.status in (200, 202, 204), "status 200", answer.told, answer)


def _merged(subject: Subject, media_type: str) -> None:
    extended = {_EXTENSION: "kept"} if subject.has(Verb.CREATE) else {}
    id = str(subject.changeable(**extended)["id"])
    document = subject.stored(id)
    ((name, value),) = subject.change.items()
    answer = subject.patch(id, {name: value}, media_type)
    _taken(answer)
    _stored_is(subject, id, name, value, answer)
    kept = {one for one in document if one not in (name, subject.resource.updated_at)}
    stored = subject.stored(id)
    gone = sorted(one for one in kept if one not in stored)
    expect(not gone, "everything that the patch does not name", f"without {', '.join(gone)}", answer)


@check("patches.json", _rule("PATCH", "application/json merges"), *_VERBS)
def json_merges(subject: Subject) -> None:
    _merged(subject, JSON)


@check("patches.merge", _rule("PATCH", "application/merge-patch+json merges (RFC 7396)"), *_VERBS)
def merge_patch_merges(subject: Subject) -> None:
    subject.accepts(MERGE)
    _merged(subject, MERGE)


@check("patches.merge_null", _rule("PATCH", "null in a merge patch removes the attribute (RFC 7396)"), *_VERBS)
def null_removes(subject: Subject) -> None:
    name = subject.removable
    document = subject.changeable(**{name: f"text {subject.tag}"})
    id = str(document["id"])
    need(name in document, f"{name} is not kept")
    answer = subject.patch(id, {name: None}, _merging(subject))
    _taken(answer)
    stored = subject.stored(id)
    expect(stored.get(name) is None, f"no {name}", stored.get(name), answer, subject.target.exchanges[-1])


@check("patches.merge_array", _rule("PATCH", "An array in a merge patch replaces the whole array (RFC 7396)"), *_VERBS)
def arrays_are_replaced(subject: Subject) -> None:
    document = _extended(subject, ["a", "b"])
    id = str(document["id"])
    answer = subject.patch(id, {_EXTENSION: ["c"]}, _merging(subject))
    _taken(answer)
    _stored_is(subject, id, _EXTENSION, ["c"], answer)


@check("patches.merge_nested", _rule("PATCH", "Objects are merged member by member (RFC 7396)"), *_VERBS)
def objects_are_merged(subject: Subject) -> None:
    document = _extended(subject, {"one": "1", "two": "2"})
    id = str(document["id"])
    answer = subject.patch(id, {_EXTENSION: {"two": "3"}}, _merging(subject))
    _taken(answer)
    _stored_is(subject, id, _EXTENSION, {"one": "1", "two": "3"}, answer)


def _merging(subject: Subject) -> str:
    return MERGE if MERGE in subject.resource.operations[Verb.PATCH].media_types else JSON


@check(
    "patches.json_patch", _rule("PATCH", "application/json-patch+json replaces what a path names (RFC 6902)"), *_VERBS
)
def json_patch_replaces(subject: Subject) -> None:
    subject.accepts(PATCH)
    ((name, value),) = subject.change.items()
    id = str(subject.changeable(**{name: f"text {subject.tag}"} if name in subject.texts else {})["id"])
    answer = subject.patch(id, [{"op": "add", "path": f"/{name}", "value": value}], PATCH)
    _taken(answer)
    _stored_is(subject, id, name, value, answer)


@check("patches.json_patch_remove", _rule("PATCH", "remove in a JSON Patch removes (RFC 6902)"), *_VERBS)
def json_patch_removes(subject: Subject) -> None:
    subject.accepts(PATCH)
    name = subject.removable
    document = subject.changeable(**{name: f"text {subject.tag}"})
    need(name in document, f"{name} is not kept")
    answer = subject.patch(str(document["id"]), [{"op": "remove", "path": f"/{name}"}], PATCH)
    _taken(answer)
    stored = subject.stored(str(document["id"]))
    expect(stored.get(name) is None, f"no {name}", stored.get(name), answer, subject.target.exchanges[-1])


@check(
    "patches.json_patch_array",
    _rule("PATCH", "add at /array/0 puts an element in front (RFC 6902)"),
    *_VERBS,
    profile=Profile.FULL,
)
def json_patch_inserts(subject: Subject) -> None:
    subject.accepts(PATCH)
    id = str(_extended(subject, ["b"])["id"])
    answer = subject.patch(id, [{"op": "add", "path": f"/{_EXTENSION}/0", "value": "a"}], PATCH)
    _taken(answer)
    _stored_is(subject, id, _EXTENSION, ["a", "b"], answer)


@check(
    "patches.json_patch_test", _rule("PATCH", "A test that does not hold refuses the whole patch (RFC 6902)"), *_VERBS
)
def json_patch_tests(subject: Subject) -> None:
    subject.accepts(PATCH)
    ((name, value),) = subject.change.items()
    document = subject.changeable()
    id = str(document["id"])
    works = subject.patch(id, [{"op": "test", "path": "/id", "value": id}], PATCH)
    need(works.ok, f"a test that holds is refused: {works.told}")
    answer = subject.patch(
        id, [{"op": "add", "path": f"/{name}", "value": value}, {"op": "test", "path": "/id", "value": "x"}], PATCH
    )
    expect(400 <= answer.status < 500, "a refusal", answer.told, answer)
    _stored_is(subject, id, name, document.get(name), answer)


@check(
    "patches.json_patch_no_target",
    _rule("PATCH", "remove of what is not there is refused (RFC 6902)"),
    *_VERBS,
    profile=Profile.FULL,
)
def json_patch_needs_its_target(subject: Subject) -> None:
    subject.accepts(PATCH)
    id = str(subject.changeable()["id"])
    answer = subject.patch(id, [{"op": "remove", "path": "/kitNoSuchAttribute"}], PATCH)
    expect(400 <= answer.status < 500, "a refusal", answer.told, answer)


@check(
    "patches.query", Rule(PART_5, "path", MUST, "json-patch-query changes the elements that its path asks for"), *_VERBS
)
def query_patch_selects(subject: Subject) -> None:
    subject.accepts(QUERY)
    one, two = {"name": "one", "text": "1"}, {"name": "two", "text": "2"}
    id = str(_extended(subject, [one, two])["id"])
    operation = {"op": "replace", "path": f"/{_EXTENSION}/text?name=two", "value": "3"}
    answer = subject.patch(id, [operation], QUERY)
    _taken(answer)
    _stored_is(subject, id, _EXTENSION, [one, {**two, "text": "3"}], answer)


@check(
    "patches.query_remove",
    Rule(PART_5, "path", MUST, "remove with a query removes the elements that match"),
    *_VERBS,
    profile=Profile.FULL,
)
def query_patch_removes(subject: Subject) -> None:
    subject.accepts(QUERY)
    one, two = {"name": "one"}, {"name": "two"}
    id = str(_extended(subject, [one, two])["id"])
    answer = subject.patch(id, [{"op": "remove", "path": f"/{_EXTENSION}?name=one"}], QUERY)
    _taken(answer)
    _stored_is(subject, id, _EXTENSION, [two], answer)


@check(
    "patches.refused_changes_nothing", Rule(HTTP, "15.5.1", MUST, "A patch that is refused changes nothing"), *_VERBS
)
def refused_patch_changes_nothing(subject: Subject) -> None:
    ((name, value),) = subject.change.items()
    document = subject.changeable()
    id = str(document["id"])
    before = subject.stored(id)
    answer = subject.patch(id, {name: value, "id": f"other-{subject.tag}"}, JSON)
    need(not answer.ok, f"it is not refused: {answer.told}")
    told = difference(before, subject.stored(id))
    expect(told is None, "the resource as it was", told, answer, subject.target.exchanges[-1])


CHECKS = (
    json_merges,
    merge_patch_merges,
    null_removes,
    arrays_are_replaced,
    objects_are_merged,
    json_patch_replaces,
    json_patch_removes,
    json_patch_inserts,
    json_patch_tests,
    json_patch_needs_its_target,
    query_patch_selects,
    query_patch_removes,
    refused_patch_changes_nothing,
)
