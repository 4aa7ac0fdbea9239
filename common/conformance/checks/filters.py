"""Filters tell the truth: what the server finds is what a filter computed here finds in the whole list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from common.conformance.check import PART_1, PART_6, Level, Profile, Rule, check, expect, fail, need
from common.conformance.subject import Subject
from common.conformance.values import as_text, comparable, ids, values
from common.domain.query import Document, Kind
from common.spec.contract import Verb

MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY
_ATTRIBUTES_MAX = 6
_UNKNOWN = "kitNoSuchAttribute"
_SCALARS = (Kind.STRING, Kind.NUMBER, Kind.BOOLEAN, Kind.INSTANT)


def _rule(level: Level, text: str) -> Rule:
    return Rule(PART_1, "4.4", level, text)


def _truth(subject: Subject, query: str, holds: Callable[[Document], bool]) -> None:
    """Compare what the server finds with what `holds` finds in the whole list."""
    everything = subject.everything()
    expected = sorted(ids([one for one in everything if holds(one)]))
    answer = subject.listing(query)
    expect(answer.ok and isinstance(answer.json, list), f"a list for ?{query}", answer.told, answer)
    got = sorted(ids(subject.pages(query, answer)))
    wrong, missing = sorted(set(got) - set(expected)), sorted(set(expected) - set(got))
    if wrong or missing:
        told = f"{len(wrong)} that do not match {wrong[:3]}, and without {len(missing)} that do {missing[:3]}"
        fail(f"?{query} finds {len(expected)} of {len(everything)}", told, answer)


def _attributes(subject: Subject) -> Iterator[tuple[str, Kind, Any]]:
    """Top-level attributes with a value to filter by: of every kind one, texts first."""
    seen: list[str] = []
    texts = [subject.mark] if subject.texts else []
    own = ids([*subject.population, *([subject.full.document] if subject.has(Verb.CREATE) else [])])
    # As the list shows them: an attribute that lists leave out cannot be compared there.
    for document in [one for one in subject.everything() if one.get("id") in own]:
        for name in (*texts, *sorted(document)):
            kind = subject.kind(name)
            if (
                name in seen
                or name not in document
                or kind not in _SCALARS
                or name in ("id", "href")
                or name.startswith("@")
            ):
                continue
            if isinstance(document[name], dict | list) or comparable(document[name], kind) is None:
                continue
            seen.append(name)
            yield name, kind, document[name]
            if len(seen) >= _ATTRIBUTES_MAX:
                return


@check("filters.equal", _rule(MUST, "?attribute=value finds exactly what has this value"), Verb.LIST)
def equality_is_true(subject: Subject) -> None:
    found = list(_attributes(subject))
    need(bool(found), "no attribute has a value to filter by")
    for name, kind, value in found:
        wanted = comparable(value, kind)

        def holds(one: Document, name: str = name, kind: Kind = kind, wanted: Any = wanted) -> bool:
            return name in one and comparable(one[name], kind) == wanted

        _truth(subject, urlencode({name: as_text(value)}), holds)


@check("filters.id", _rule(MUST, "?id= finds the one"), Verb.LIST)
def id_is_found(subject: Subject) -> None:
    id = str(subject.population[0].get("id"))
    _truth(subject, urlencode({"id": id}), lambda one: one.get("id") == id)


@check("filters.and", _rule(MUST, "Several attributes must all match"), Verb.LIST, Verb.CREATE)
def several_must_all_match(subject: Subject) -> None:
    mark = subject.mark
    one, other = subject.population[:2]
    need(mark in one and mark in other, "the server does not keep the run's mark")
    query = urlencode({mark: one[mark], "id": other["id"]})
    _truth(subject, query, lambda each: each.get(mark) == one[mark] and each.get("id") == other["id"])


@check("filters.or", _rule(MUST, "?a=x,y and ?a=x&a=y find what has one of the values"), Verb.LIST, Verb.CREATE)
def several_values_are_or(subject: Subject) -> None:
    mark = subject.mark
    wanted = [one.get(mark) for one in subject.population[:2]]
    need(all(wanted), "the server does not keep the run's mark")
    for query in (urlencode({mark: ",".join(map(str, wanted))}), urlencode([(mark, value) for value in wanted])):
        _truth(subject, query, lambda each: each.get(mark) in wanted)


@check("filters.semicolon", _rule(SHOULD, "?a=x;a=y is or"), Verb.LIST, Verb.CREATE, profile=Profile.FULL)
def semicolon_is_or(subject: Subject) -> None:
    mark = subject.mark
    wanted = [one.get(mark) for one in subject.population[:2]]
    need(all(wanted), "the server does not keep the run's mark")
    _truth(subject, ";".join(urlencode({mark: value}) for value in wanted), lambda each: each.get(mark) in wanted)


@check("filters.nothing", _rule(MUST, "When nothing matches the answer is 200 and an empty list"), Verb.LIST)
def no_match_is_empty(subject: Subject) -> None:
    subject.lists()
    answer = subject.listing(urlencode({"id": f"kit-nobody-{subject.tag}"}))
    expect(answer.status == 200, "status 200", answer.told, answer)
    expect(answer.json == [], "an empty list", answer.told, answer)


@check("filters.unknown_attribute", _rule(MUST, "An attribute that nobody has matches nothing, or is 400"), Verb.LIST)
def unknown_attribute_finds_nothing(subject: Subject) -> None:
    subject.lists()
    answer = subject.listing(f"{_UNKNOWN}=1")
    expect(answer.status in (200, 400), "an empty list, or 400", answer.told, answer)
    expect(answer.status == 400 or answer.json == [], "an empty list", answer.told, answer)


def _compared(subject: Subject, forms: tuple[str, ...], holds: Callable[[Any, Any], bool]) -> None:
    """Every way to write an operator, on dates and numbers of the resource."""
    found = [entry for entry in _attributes(subject) if entry[1] in (Kind.INSTANT, Kind.NUMBER)]
    need(bool(found), "the resource shows no date and no number")
    for name, kind, value in found[:2]:
        wanted = comparable(value, kind)
        for form in forms:

            def matches(one: Document, name: str = name, kind: Kind = kind, wanted: Any = wanted) -> bool:
                there = comparable(one.get(name), kind)
                return there is not None and holds(there, wanted)

            _truth(subject, form.format(name=quote(name), value=quote(as_text(value))), matches)


@check("filters.greater", _rule(MUST, ".gt and .gte compare dates and numbers"), Verb.LIST)
def greater_is_true(subject: Subject) -> None:
    _compared(subject, ("{name}.gt={value}",), lambda there, wanted: there > wanted)
    _compared(subject, ("{name}.gte={value}",), lambda there, wanted: there >= wanted)


@check("filters.less", _rule(MUST, ".lt and .lte compare dates and numbers"), Verb.LIST)
def less_is_true(subject: Subject) -> None:
    _compared(subject, ("{name}.lt={value}",), lambda there, wanted: there < wanted)
    _compared(subject, ("{name}.lte={value}",), lambda there, wanted: there <= wanted)


@check("filters.signs", _rule(SHOULD, "Encoded signs (%3E, %3C%3D) are operators"), Verb.LIST, profile=Profile.FULL)
def signs_are_operators(subject: Subject) -> None:
    _compared(subject, ("{name}%3E{value}",), lambda there, wanted: there > wanted)
    _compared(subject, ("{name}%3C%3D{value}",), lambda there, wanted: there <= wanted)


@check(
    "filters.regex", _rule(SHOULD, "*= and .regex search by a pattern"), Verb.LIST, Verb.CREATE, profile=Profile.FULL
)
def pattern_is_searched(subject: Subject) -> None:
    mark = subject.mark
    need(all(mark in one for one in subject.population), "the server does not keep the run's mark")
    pattern = f"^kit-{subject.tag}-[ab]$"
    for query in (f"{quote(mark)}*={quote(pattern)}", f"{quote(mark)}.regex={quote(pattern)}"):
        _truth(subject, query, lambda each: re.search(pattern, str(each.get(mark, ""))) is not None)


@check("filters.nested", _rule(SHOULD, "A dotted path filters by what stands deeper"), Verb.LIST, profile=Profile.FULL)
def nested_values_are_found(subject: Subject) -> None:
    document = subject.full.document if subject.has(Verb.CREATE) else subject.population[0]
    steps = next(
        (
            (name, inner)
            for name, node in sorted(document.items())
            for child in (node[:1] if isinstance(node, list) else [node])
            if isinstance(child, dict)
            for inner, value in sorted(child.items())
            if isinstance(value, str) and value and not inner.startswith("@") and inner != "href"
        ),
        None,
    )
    need(steps is not None, "the resource shows nothing nested")
    path = steps or ("", "")
    value = next(values(document, path))
    if subject.resource.fields.path(path).kind is Kind.INSTANT:
        return
    _truth(subject, urlencode({".".join(path): value}), lambda one: value in values(one, path))


@check("filters.type", Rule("TMF630 Part 2", "1", MUST, "?@type= finds the resources of a type"), Verb.LIST)
def type_is_found(subject: Subject) -> None:
    value = subject.population[0].get("@type")
    need(isinstance(value, str), "the resource shows no @type")
    _truth(subject, urlencode({"@type": str(value)}), lambda one: one.get("@type") == value)
    _truth(subject, urlencode({"@type": "KitNoSuchType"}), lambda one: False)


@check(
    "filters.jsonpath",
    Rule(PART_6, "filter", MAY, "filter= searches by JSONPath; 501 where it is not offered"),
    Verb.LIST,
    Verb.CREATE,
    profile=Profile.FULL,
)
def jsonpath_is_true(subject: Subject) -> None:
    mark = subject.mark
    wanted = subject.population[0].get(mark)
    query = urlencode({"filter": f"$[?(@.{mark}=='{wanted}')]"})
    need(subject.listing(query).status not in (400, 501), "the server does not offer JSONPath")
    _truth(subject, query, lambda one: one.get(mark) == wanted)


@check(
    "filters.bad_jsonpath",
    Rule(PART_6, "filter", SHOULD, "A JSONPath that cannot be read is 400 (501 where it is not offered)"),
    Verb.LIST,
    profile=Profile.FULL,
)
def bad_jsonpath_is_400(subject: Subject) -> None:
    need(subject.listing().ok, "the list cannot be read")
    answer = subject.listing(urlencode({"filter": "$[?(@.x"}))
    expect(answer.status in (400, 501), "status 400", answer.told, answer)


CHECKS = (
    equality_is_true,
    id_is_found,
    several_must_all_match,
    several_values_are_or,
    semicolon_is_or,
    no_match_is_empty,
    unknown_attribute_finds_nothing,
    greater_is_true,
    less_is_true,
    signs_are_operators,
    pattern_is_searched,
    nested_values_are_found,
    type_is_found,
    jsonpath_is_true,
    bad_jsonpath_is_400,
)
