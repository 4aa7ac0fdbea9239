"""Requests generated from the contract by schemathesis, and calls that follow from one another."""

from __future__ import annotations

from common.conformance.check import CONTRACT, HTTP, Level, Profile, Rule, check, expect, need
from common.conformance.subject import Subject


def _none_of(subject: Subject, expected: str, *kinds: str) -> None:
    cases = subject.generated
    wrong = [one.told for one in cases.found if one.kind in kinds]
    need(cases.requests > 0, "nothing could be generated from the contract")
    expect(not wrong, expected, f"{len(wrong)} of {cases.requests} requests: {wrong[:1]}")


@check(
    "generated.no_server_error",
    Rule(HTTP, "15.6", Level.MUST, "Whatever a client sends, the server does not fail (5xx)"),
    profile=Profile.FULL,
)
def no_request_is_a_server_error(subject: Subject) -> None:
    _none_of(subject, "no answer of 500 or above", "ServerError")


@check(
    "generated.declared",
    Rule(CONTRACT, "responses", Level.SHOULD, "Every answer has a status and a media type that the contract declares"),
    profile=Profile.FULL,
)
def every_answer_is_declared(subject: Subject) -> None:
    _none_of(subject, "declared statuses and media types", "UndefinedStatusCode", "UndefinedContentType")


@check(
    "generated.schema",
    Rule(CONTRACT, "responses", Level.MUST, "Every answer has its schema, whatever was asked"),
    profile=Profile.FULL,
)
def every_answer_is_valid(subject: Subject) -> None:
    _none_of(subject, "answers with their schemas", "JsonSchemaError", "MalformedJson")


@check(
    "generated.links",
    Rule(CONTRACT, "links", Level.MUST, "What is created is there, and what is deleted is gone, call after call"),
    profile=Profile.FULL,
)
def calls_follow_from_one_another(subject: Subject) -> None:
    _none_of(subject, "resources that stay until they are deleted", "Unlinked", "UseAfterFree")


CHECKS = (
    no_request_is_a_server_error,
    every_answer_is_declared,
    every_answer_is_valid,
    calls_follow_from_one_another,
)
