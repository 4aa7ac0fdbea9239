"""What was sent comes back: every attribute, with its value and its type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from common.conformance.check import CONTRACT, PART_1, Level, Profile, Rule, check, expect, need
from common.conformance.subject import Made, Subject
from common.conformance.values import lost
from common.spec.contract import Verb

MUST = Level.MUST
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?")
_SERVERS = ("id", "href")


def _echoed(subject: Subject, made: Made) -> None:
    servers = {*_SERVERS, subject.resource.created_at, subject.resource.updated_at, *subject.resource.fillable}
    sent = {name: value for name, value in made.sent.items() if name not in servers}
    told = lost(sent, made.document)
    expect(told is None, "everything that was sent", told, made.exchange)


@check("echo.minimal", Rule(CONTRACT, "POST", MUST, "The answer to a create has what was sent"), Verb.CREATE)
def minimal_is_echoed(subject: Subject) -> None:
    _echoed(subject, subject.minimal)


@check("echo.full", Rule(CONTRACT, "POST", MUST, "Every attribute of the contract is kept"), Verb.CREATE)
def full_is_echoed(subject: Subject) -> None:
    _echoed(subject, subject.full)


@check(
    "echo.unicode", Rule(CONTRACT, "POST", MUST, "Any character of a text is kept"), Verb.CREATE, profile=Profile.FULL
)
def unicode_is_kept(subject: Subject) -> None:
    text = f'{subject.tag} ÄÖß 東京 🚀 "quoted" \\ <b>&amp;'
    made = subject.new(**{subject.mark: text})
    expect(made.document.get(subject.mark) == text, text, made.document.get(subject.mark), made.exchange)


@check("echo.zones", Rule(PART_1, "dates", MUST, "Date-times have a zone (RFC 3339)"), Verb.CREATE)
def dates_have_a_zone(subject: Subject) -> None:
    made = subject.full if not subject.config.bodies else subject.minimal
    local = [text for text in _texts(made.document) if _LOCAL.fullmatch(text)]
    zoned = [text for text in _texts(made.document) if _LOCAL.match(text)]
    need(bool(zoned), "the resource shows no date-time")
    expect(not local, "a zone in every date-time", local, made.exchange)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child)


CHECKS = (minimal_is_echoed, full_is_echoed, unicode_is_kept, dates_have_a_zone)
