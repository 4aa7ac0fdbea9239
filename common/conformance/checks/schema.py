"""Every answer is what its contract says, judged by openapi-core."""

from __future__ import annotations

from common.conformance.check import CONTRACT, Level, Profile, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.target import Exchange
from common.spec.contract import Verb

MUST = Level.MUST


def _rule(section: str, text: str) -> Rule:
    return Rule(CONTRACT, section, MUST, text)


def _valid(subject: Subject, answer: Exchange, status: int, id: str = "") -> None:
    path = subject.item(id) if id else subject.path
    told = subject.oracle.violation(answer.method, path, answer, status)
    expect(told is None, f"the schema of {status}", told, answer)


def _declared(subject: Subject, verb: Verb, status: int) -> int:
    """The status whose schema counts: a wrong status has a check of its own."""
    statuses = subject.resource.operations[verb].statuses
    return status if status in statuses or not statuses else statuses[0]


@check("schema.created", _rule("POST", "The answer to a create has its schema"), Verb.CREATE)
def created_is_valid(subject: Subject) -> None:
    for made in (subject.minimal, subject.full):
        _valid(subject, made.exchange, _declared(subject, Verb.CREATE, 201))


@check("schema.retrieved", _rule("GET by id", "What is read has its schema"), Verb.RETRIEVE)
def retrieved_is_valid(subject: Subject) -> None:
    document = subject.any
    _valid(subject, subject.target.exchanges[-1], 200, str(document["id"]))


@check("schema.listed", _rule("GET", "A list has its schema"), Verb.LIST)
def list_is_valid(subject: Subject) -> None:
    need(bool(subject.population), "the list is empty")
    answer = subject.listing()
    need(answer.ok and isinstance(answer.json, list), f"the list cannot be read: {answer.told}")
    _valid(subject, answer, 200)


@check("schema.patched", _rule("PATCH", "The answer to a patch has its schema"), Verb.PATCH)
def patched_is_valid(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    answer = subject.patch(id, subject.change, "application/json")
    need(answer.ok, f"the patch is refused: {answer.told}")
    _valid(subject, answer, _declared(subject, Verb.PATCH, 200), id)


@check("schema.not_found", _rule("errors", "A 404 has the contract's error schema"), Verb.RETRIEVE)
def not_found_is_valid(subject: Subject) -> None:
    need(bool(subject.any), "nothing can be retrieved")
    id = f"kit-nobody-{subject.tag}"
    answer = subject.get(id)
    need(answer.status == 404, f"it is not 404: {answer.told}")
    _valid(subject, answer, 404, id)


@check(
    "schema.refused",
    _rule("errors", "A 400 has the contract's error schema"),
    Verb.CREATE,
    profile=Profile.FULL,
)
def refusal_is_valid(subject: Subject) -> None:
    need(subject.minimal.exchange.ok, "nothing can be created")
    answer = subject.target.request("POST", subject.path, content=b"{")
    need(answer.status == 400, f"it is not 400: {answer.told}")
    _valid(subject, answer, 400)


CHECKS = (created_is_valid, retrieved_is_valid, list_is_valid, patched_is_valid, not_found_is_valid, refusal_is_valid)
