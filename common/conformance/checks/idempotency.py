"""Repeating a create that may have been carried out: Idempotency-Key."""

from __future__ import annotations

from common.conformance.check import Level, Rule, check, expect, need
from common.conformance.subject import Subject
from common.spec.contract import Verb

_IETF = "IETF draft Idempotency-Key"
_HEADER = "idempotency-key"


@check(
    "idempotency.repeated",
    Rule(_IETF, "2.6", Level.MAY, "A create repeated with its key makes one resource"),
    Verb.CREATE,
)
def repeated_create_makes_one(subject: Subject) -> None:
    body, key = subject.body(), {_HEADER: f"kit-{subject.tag}-{subject.resource.name}-once"}
    first, second = subject.create(body, headers=key), subject.create(body, headers=key)
    need(first.ok, f"nothing could be created: {first.told}")
    expect(
        second.ok and second.document.get("id") == first.document.get("id"),
        f"the resource {first.document.get('id')} again",
        second.told,
        first,
        second,
    )


@check(
    "idempotency.other_body",
    Rule(_IETF, "2.7", Level.MAY, "A key that comes back with another body is refused"),
    Verb.CREATE,
)
def other_body_is_refused(subject: Subject) -> None:
    key = {_HEADER: f"kit-{subject.tag}-{subject.resource.name}-other"}
    need(bool(subject.mark), "the bodies would be alike")
    first, second = subject.create(subject.body(), headers=key), subject.create(subject.body(), headers=key)
    need(first.ok, f"nothing could be created: {first.told}")
    expect(second.status in (400, 409, 422), "status 422", second.told, first, second)


CHECKS = (repeated_create_makes_one, other_body_is_refused)
