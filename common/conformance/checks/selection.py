"""Attribute selection: `fields` says which attributes an answer has."""

from __future__ import annotations

from urllib.parse import urlencode

from common.conformance.check import PART_1, Level, Profile, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.target import Exchange
from common.domain.query import Document
from common.spec.contract import Verb

MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY
_ALWAYS = frozenset({"id", "href", "@type", "@baseType", "@schemaLocation"})


def _rule(level: Level, text: str) -> Rule:
    return Rule(PART_1, "4.3", level, text)


def _two(document: Document) -> tuple[str, str]:
    """An attribute to ask for, and one that is then left out."""
    names = [name for name in sorted(document) if name not in _ALWAYS]
    need(len(names) > 1, "the resource has too little to select from")
    return names[0], names[1]


def _only(answer: Exchange, document: Document, wanted: str) -> None:
    expect(answer.ok, "an answer", answer.told, answer)
    more = document.keys() - _ALWAYS - {wanted}
    expect(not more, f"{wanted} alone, beside id, href and @type", f"also {', '.join(sorted(more))}", answer)
    expect(wanted in document, wanted, f"not in {sorted(document)}", answer)


@check("selection.retrieve", _rule(MUST, "fields= on one resource gives these attributes only"), Verb.RETRIEVE)
def retrieve_selects(subject: Subject) -> None:
    document = subject.any
    wanted, _ = _two(document)
    answer = subject.get(str(document["id"]), urlencode({"fields": wanted}))
    _only(answer, answer.document, wanted)


@check("selection.list", _rule(MUST, "fields= on a list gives these attributes only"), Verb.LIST)
def list_selects(subject: Subject) -> None:
    listed = [one for one in subject.everything() if one.get("id") == subject.population[0].get("id")]
    need(bool(listed), "our own is not in the list")
    document = listed[0]
    wanted, _ = _two(document)
    answer = subject.listing(urlencode({"fields": wanted}))
    found = [one for one in answer.documents if one.get("id") == document["id"]]
    need(answer.ok is False or bool(found), "our own is not in the list (id has a check of its own)")
    _only(answer, found[0] if found else {}, wanted)


@check("selection.identity", _rule(MUST, "id and href are in every selection"), Verb.LIST)
def identity_stays(subject: Subject) -> None:
    need(bool(subject.population), "there is nothing to list")
    document = subject.everything()[0]
    need({"id", "href"} <= document.keys(), "the resource has no id or href")
    wanted, _ = _two(document)
    answer = subject.listing(urlencode({"fields": wanted}))
    need(answer.ok and bool(answer.documents), f"nothing is listed: {answer.told}")
    for one in answer.documents:
        expect({"id", "href"} <= one.keys(), "id and href", sorted(one), answer)


@check("selection.type", _rule(MUST, "In v5 @type is in every selection, as the schema demands"), Verb.LIST)
def type_stays(subject: Subject) -> None:
    need(subject.resource.typed, "the contract does not demand @type")
    document = subject.population[0]
    need("@type" in document, "the resource shows no @type")
    wanted, _ = _two(document)
    answer = subject.listing(urlencode({"fields": wanted}))
    need(answer.ok and bool(answer.documents), f"nothing is listed: {answer.told}")
    for one in answer.documents:
        expect("@type" in one, "@type", sorted(one), answer)


@check("selection.none", _rule(MUST, "fields=none gives id and href"), Verb.LIST)
def none_gives_the_identity(subject: Subject) -> None:
    need(bool(subject.population), "there is nothing to list")
    subject.lists()
    answer = subject.listing("fields=none")
    expect(answer.ok and bool(answer.documents), "a list", answer.told, answer)
    for one in answer.documents:
        more = one.keys() - _ALWAYS
        expect(not more, "id, href and @type", f"also {', '.join(sorted(more))}", answer)


@check("selection.several", _rule(MUST, "fields=a,b gives both"), Verb.RETRIEVE)
def several_are_given(subject: Subject) -> None:
    document = subject.any
    one, other = _two(document)
    answer = subject.get(str(document["id"]), urlencode({"fields": f"{one},{other}"}))
    expect(answer.ok, "an answer", answer.told, answer)
    expect({one, other} <= answer.document.keys(), f"{one} and {other}", sorted(answer.document), answer)


@check("selection.values", _rule(MUST, "What is selected has the value it has"), Verb.RETRIEVE)
def selected_values_are_whole(subject: Subject) -> None:
    document = subject.any
    wanted, _ = _two(document)
    answer = subject.get(str(document["id"]), urlencode({"fields": wanted}))
    need(answer.ok and wanted in answer.document, f"it is not selected: {answer.told}")
    expect(answer.document[wanted] == document[wanted], repr(document[wanted]), answer.document[wanted], answer)


@check("selection.nested", _rule(MAY, "fields=a.b gives b of a"), Verb.RETRIEVE, profile=Profile.FULL)
def nested_are_given(subject: Subject) -> None:
    document = subject.stored(subject.full.id) if subject.has(Verb.CREATE) else subject.any
    found = next(
        (
            (name, inner)
            for name, node in sorted(document.items())
            for child in (node[:1] if isinstance(node, list) else [node])
            if isinstance(child, dict)
            for inner in sorted(child)
            if not inner.startswith("@") and inner not in _ALWAYS
        ),
        None,
    )
    need(found is not None, "the resource shows nothing nested")
    name, inner = found or ("", "")
    answer = subject.get(str(document["id"]), urlencode({"fields": f"{name}.{inner}"}))
    expect(answer.ok, "an answer", answer.told, answer)
    node = answer.document.get(name)
    child = node[0] if isinstance(node, list) and node else node
    expect(isinstance(child, dict) and inner in child, f"{name} with {inner}", answer.told, answer)


@check("selection.unknown", _rule(SHOULD, "An unknown name in fields is no server error"), Verb.LIST)
def unknown_field_is_no_server_error(subject: Subject) -> None:
    need(subject.listing().ok, "the list cannot be read")
    answer = subject.listing("fields=kitNoSuchAttribute")
    expect(answer.status in (200, 206, 400), "a list, or 400", answer.told, answer)


CHECKS = (
    retrieve_selects,
    list_selects,
    identity_stays,
    type_stays,
    none_gives_the_identity,
    several_are_given,
    selected_values_are_whole,
    nested_are_given,
    unknown_field_is_no_server_error,
)
