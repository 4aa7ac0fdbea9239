"""Order: by the attributes asked for, in the direction asked for."""

from __future__ import annotations

from urllib.parse import urlencode

from common.conformance.check import PART_1, Level, Profile, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.target import Exchange
from common.conformance.values import instant
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD


def _rule(level: Level, text: str) -> Rule:
    return Rule(PART_1, "4.7", level, text)


def _sorted(subject: Subject, sort: str) -> tuple[Exchange, list[str]]:
    """The marks of our own, in the order in which a sorted list has them."""
    mark = subject.mark
    own = {str(one["id"]): str(one.get(mark)) for one in subject.population}
    need(len(set(own.values())) == len(own), "the server does not keep the run's mark")
    query = urlencode({"sort": sort})
    answer = subject.listing(query)
    expect(answer.ok, f"a list for sort={sort}", answer.told, answer)
    found = [own[str(one.get("id"))] for one in subject.pages(query, answer) if str(one.get("id")) in own]
    need(len(found) == len(own), "our own are not all in the list")
    return answer, found


@check("sorting.ascending", _rule(MUST, "sort=a orders by a"), Verb.LIST, Verb.CREATE)
def ascending_is_kept(subject: Subject) -> None:
    answer, found = _sorted(subject, subject.mark)
    expect(found == sorted(found), str(sorted(found)), found, answer)


@check("sorting.descending", _rule(MUST, "sort=-a orders the other way round"), Verb.LIST, Verb.CREATE)
def descending_is_kept(subject: Subject) -> None:
    answer, found = _sorted(subject, f"-{subject.mark}")
    expect(found == sorted(found, reverse=True), str(sorted(found, reverse=True)), found, answer)


@check(
    "sorting.several",
    _rule(MUST, "sort=a,-b orders by b where a is the same"),
    Verb.LIST,
    Verb.CREATE,
    profile=Profile.FULL,
)
def several_keys_are_kept(subject: Subject) -> None:
    state = subject.resource.state_attribute
    first = "@type" if state is None else state
    need(len({str(one.get(first)) for one in subject.population}) == 1, "our own do not share a value")
    answer, found = _sorted(subject, f"{first},-{subject.mark}")
    expect(found == sorted(found, reverse=True), str(sorted(found, reverse=True)), found, answer)


@check("sorting.dates", _rule(MUST, "Dates are ordered as moments"), Verb.LIST, profile=Profile.FULL)
def dates_are_ordered(subject: Subject) -> None:
    name = subject.resource.updated_at or subject.resource.created_at or ""
    need(any(name in one for one in subject.population), "the resource shows no date of the server's")
    answer = subject.listing(urlencode({"sort": f"-{name}"}))
    expect(answer.ok, f"a list for sort=-{name}", answer.told, answer)
    moments = [moment for one in answer.documents if (moment := instant(one.get(name))) is not None]
    expect(moments == sorted(moments, reverse=True), "the latest first", [str(one) for one in moments], answer)


@check("sorting.unknown_attribute", _rule(MUST, "sort by what nobody has is no server error"), Verb.LIST)
def unknown_key_is_no_server_error(subject: Subject) -> None:
    need(subject.listing().ok, "the list cannot be read")
    answer = subject.listing("sort=kitNoSuchAttribute")
    expect(answer.status < 500, "a list, or 400", answer.told, answer)


CHECKS = (
    ascending_is_kept,
    descending_is_kept,
    several_keys_are_kept,
    dates_are_ordered,
    unknown_key_is_no_server_error,
)
