"""Two writers: ETags, and requests that hold only for a state the client has seen."""

from __future__ import annotations

from common.conformance.check import HTTP, PART_1, Level, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.target import JSON, Exchange
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD
_STALE = '"kit-no-such-state"'


def _tagged(subject: Subject, id: str) -> tuple[Exchange, str]:
    answer = subject.get(id)
    etag = answer.headers.get("etag", "")
    need(answer.ok and bool(etag), "the server gives no ETag")
    return answer, etag


@check("concurrency.etag", Rule(PART_1, "1.7", SHOULD, "A resource is read with an ETag"), Verb.RETRIEVE)
def etag_is_given(subject: Subject) -> None:
    need(bool(subject.any), "nothing can be retrieved")
    answer = subject.target.exchanges[-1]
    expect("etag" in answer.headers, "an ETag header", dict(answer.headers), answer)


@check(
    "concurrency.etag_moves",
    Rule(HTTP, "8.8.3", MUST, "A changed resource has another ETag"),
    Verb.RETRIEVE,
    Verb.PATCH,
)
def etag_changes(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    before, etag = _tagged(subject, id)
    patched = subject.patch(id, subject.change, JSON)
    need(patched.ok, f"the patch is refused: {patched.told}")
    after, moved = _tagged(subject, id)
    need(after.document != before.document, "the patch changes nothing")
    expect(moved != etag, f"another ETag than {etag}", moved, before, patched, after)


@check("concurrency.etag_stays", Rule(HTTP, "8.8.3", MUST, "An unchanged resource keeps its ETag"), Verb.RETRIEVE)
def etag_stays(subject: Subject) -> None:
    id = str(subject.any["id"])
    first, etag = _tagged(subject, id)
    second, again = _tagged(subject, id)
    expect(again == etag, etag, again, first, second)


@check(
    "concurrency.if_match",
    Rule(HTTP, "13.1.1", MUST, "A patch with the present ETag is taken"),
    Verb.RETRIEVE,
    Verb.PATCH,
)
def present_state_is_patched(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    works = subject.patch(id, subject.change, JSON)
    need(works.ok, f"the patch is refused without If-Match too: {works.told}")
    _, etag = _tagged(subject, id)
    answer = subject.patch(id, subject.change, JSON, headers={"if-match": etag})
    expect(answer.ok, "status 200", answer.told, answer)


@check(
    "concurrency.stale_patch",
    Rule(HTTP, "13.1.1", MUST, "A patch with an old ETag is 412 and changes nothing"),
    Verb.RETRIEVE,
    Verb.PATCH,
)
def stale_patch_is_412(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    before, _ = _tagged(subject, id)
    answer = subject.patch(id, subject.change, JSON, headers={"if-match": _STALE})
    expect(answer.status == 412, "status 412", answer.told, answer)
    after = subject.get(id)
    expect(after.document == before.document, "the resource as it was", after.told, answer, after)


@check(
    "concurrency.stale_delete",
    Rule(HTTP, "13.1.1", MUST, "A delete with an old ETag is 412 and deletes nothing"),
    Verb.RETRIEVE,
    Verb.DELETE,
    Verb.CREATE,
)
def stale_delete_is_412(subject: Subject) -> None:
    id = subject.new().id
    _tagged(subject, id)
    answer = subject.delete(id, headers={"if-match": _STALE})
    expect(answer.status == 412, "status 412", answer.told, answer)
    after = subject.get(id)
    expect(after.ok, "the resource still there", after.told, answer, after)


@check(
    "concurrency.not_modified",
    Rule(HTTP, "13.1.2", SHOULD, "If-None-Match with the present ETag is 304"),
    Verb.RETRIEVE,
)
def unchanged_is_304(subject: Subject) -> None:
    id = str(subject.any["id"])
    _, etag = _tagged(subject, id)
    answer = subject.get(id, headers={"if-none-match": etag})
    expect(answer.status == 304, "status 304", answer.told, answer)


CHECKS = (
    etag_is_given,
    etag_changes,
    etag_stays,
    present_state_is_patched,
    stale_patch_is_412,
    stale_delete_is_412,
    unchanged_is_304,
)
