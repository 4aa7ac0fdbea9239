"""Refusals: the status, and a body that says what is wrong."""

from __future__ import annotations

from common.conformance.check import CONTRACT, HTTP, PART_1, PROFILE, Level, Rule, check, expect, need
from common.conformance.subject import MERGE, Subject
from common.conformance.target import Exchange
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD
_NOBODY = "kit-nobody-0"
# Longest list of mandatory attributes that is left out one by one.
_LEFT_OUT_MAX = 5


def _refused(answer: Exchange, *statuses: int) -> None:
    expect(answer.status in statuses, "status " + " or ".join(map(str, statuses)), answer.told, answer)


@check("errors.not_found", Rule(PROFILE, "GET by id", MUST, "An id that nobody has is 404"), Verb.RETRIEVE)
def unknown_id_is_404(subject: Subject) -> None:
    need(bool(subject.any), "nothing can be retrieved")
    _refused(subject.get(f"{_NOBODY}-{subject.tag}"), 404)


@check(
    "errors.body",
    Rule(PART_1, "3.4", MUST, "A refusal has a JSON body with code and reason, both texts"),
    Verb.RETRIEVE,
)
def refusal_has_a_body(subject: Subject) -> None:
    need(bool(subject.any), "nothing can be retrieved")
    answer = subject.get(f"{_NOBODY}-{subject.tag}")
    need(400 <= answer.status < 500, f"it is not refused: {answer.told}")
    expect(answer.media_type in ("application/json", "application/problem+json"), "a JSON body", answer.told, answer)
    for name in ("code", "reason"):
        value = answer.document.get(name)
        expect(isinstance(value, str) and value != "", f"{name}, a text", answer.told, answer)


@check("errors.status_in_body", Rule(PART_1, "3.4", MUST, "status in an error is its HTTP status"), Verb.RETRIEVE)
def status_in_body_is_the_status(subject: Subject) -> None:
    need(bool(subject.any), "nothing can be retrieved")
    answer = subject.get(f"{_NOBODY}-{subject.tag}")
    need(answer.status >= 400 and "status" in answer.document, "the error says no status")
    expect(str(answer.document["status"]) == str(answer.status), str(answer.status), answer.told, answer)


@check("errors.patch_unknown", Rule(PART_1, "3.3", MUST, "Patching what is not there is 404"), Verb.PATCH)
def patch_of_unknown_is_404(subject: Subject) -> None:
    known = subject.patch(str(subject.changeable()["id"]), subject.change, "application/json")
    need(known.ok, f"nothing can be patched: {known.told}")
    _refused(subject.patch(f"{_NOBODY}-{subject.tag}", subject.change, "application/json"), 404)


@check("errors.delete_unknown", Rule(PART_1, "3.3", MUST, "Deleting what was never there is 404"), Verb.DELETE)
def delete_of_unknown_is_404(subject: Subject) -> None:
    need(bool(subject.any), "nothing can be retrieved")
    _refused(subject.delete(f"{_NOBODY}-{subject.tag}"), 404)


@check("errors.malformed_json", Rule(PART_1, "3.3", MUST, "A body that is no JSON is 400"), Verb.CREATE)
def malformed_json_is_400(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    _refused(_posted(subject, content=b'{"name": '), 400)


@check("errors.mandatory", Rule(CONTRACT, "POST", MUST, "A body without a mandatory attribute is 400"), Verb.CREATE)
def missing_mandatory_is_400(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    body = subject.body()
    # @type follows from the address; many servers fill it in, which harms nobody.
    names = sorted((subject.resource.mandatory - subject.resource.fillable - {"@type"}) & body.keys())
    need(bool(names), "the contract demands nothing")
    for name in names[:_LEFT_OUT_MAX]:
        answer = subject.create({key: value for key, value in body.items() if key != name})
        expect(answer.status in (400, 422), f"status 400 without {name}", answer.told, answer)


@check("errors.wrong_type", Rule(CONTRACT, "POST", MUST, "A value of another type is 400"), Verb.CREATE)
def wrong_type_is_400(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    _refused(subject.create(subject.body(**{subject.mark: {"not": ["a", "text"]}})), 400, 422)


@check(
    "errors.refused_is_not_stored", Rule(PART_1, "3.3", MUST, "What is refused changes nothing"), Verb.CREATE, Verb.LIST
)
def refused_is_not_stored(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    before = len(subject.everything())
    answer = subject.target.request("POST", subject.path, subject.body(**{subject.mark: ["x"]}))
    need(not answer.ok, f"it is not refused: {answer.told}")
    after = len(subject.everything())
    expect(after == before, f"{before} in the list", f"{after}", answer, subject.target.exchanges[-1])


@check("errors.media_type", Rule(PART_1, "3.3", MUST, "A body of a media type nobody declared is 415"), Verb.CREATE)
def foreign_media_type_is_415(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    _refused(_posted(subject, content=b"<a/>", media_type="application/xml"), 415)


@check("errors.patch_media_type", Rule(PART_1, "3.3", MUST, "A patch of an unknown media type is 415"), Verb.PATCH)
def foreign_patch_is_415(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    _refused(subject.target.request("PATCH", subject.item(id), content=b"<a/>", media_type="application/xml"), 415)


@check("errors.not_acceptable", Rule(PART_1, "3.3", SHOULD, "An answer that nobody can give is 406"), Verb.LIST)
def unacceptable_is_406(subject: Subject) -> None:
    need(subject.listing().ok, "the list cannot be read")
    _refused(subject.listing(headers={"accept": "image/png"}), 406)


@check(
    "errors.method",
    Rule(HTTP, "15.5.6", MUST, "A method that the contract does not have is 405"),
    Verb.RETRIEVE,
)
def foreign_method_is_405(subject: Subject) -> None:
    _refused(_put(subject), 405, 501)


@check("errors.allow", Rule(HTTP, "10.2.1", MUST, "405 tells in Allow which methods there are"), Verb.RETRIEVE)
def method_not_allowed_has_allow(subject: Subject) -> None:
    answer = _put(subject)
    need(answer.status == 405, f"it is not 405: {answer.told}")
    allowed = {one.strip() for one in answer.headers.get("allow", "").split(",")}
    expect("GET" in allowed, "an Allow header with GET", answer.headers.get("allow", "no Allow header"), answer)


@check("errors.empty_body", Rule(PART_1, "3.3", MUST, "A create without a body is 400"), Verb.CREATE)
def empty_body_is_400(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    _refused(_posted(subject, content=b""), 400, 415, 422)


@check("errors.not_an_object", Rule(CONTRACT, "POST", MUST, "A create of an array is 400"), Verb.CREATE)
def array_is_400(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    _refused(_posted(subject, content=b"[1]"), 400, 422)


@check(
    "errors.bad_patch",
    Rule(PART_1, "3.3", MUST, "A patch that is no JSON is 400 and changes nothing"),
    Verb.PATCH,
    Verb.RETRIEVE,
)
def malformed_patch_is_400(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    before = subject.stored(id)
    answer = subject.target.request("PATCH", subject.item(id), content=b"{", media_type=MERGE)
    _refused(answer, 400)
    expect(subject.stored(id) == before, "the resource as it was", "it has changed", answer)


def _posted(subject: Subject, content: bytes, media_type: str = "application/json") -> Exchange:
    answer = subject.target.request("POST", subject.path, content=content, media_type=media_type)
    if answer.ok and "id" in answer.document:
        subject.ledger.entries[subject.item(str(answer.document["id"]))] = subject.resource.name
    return answer


def _put(subject: Subject) -> Exchange:
    document = subject.any
    return subject.target.request("PUT", subject.item(str(document["id"])), document)


CHECKS = (
    unknown_id_is_404,
    refusal_has_a_body,
    status_in_body_is_the_status,
    patch_of_unknown_is_404,
    delete_of_unknown_is_404,
    malformed_json_is_400,
    missing_mandatory_is_400,
    wrong_type_is_400,
    refused_is_not_stored,
    foreign_media_type_is_415,
    foreign_patch_is_415,
    unacceptable_is_406,
    foreign_method_is_405,
    method_not_allowed_has_allow,
    empty_body_is_400,
    array_is_400,
    malformed_patch_is_400,
)
