"""Types and extensions: @type, attributes that the contract does not have, types that it does not know."""

from __future__ import annotations

from urllib.parse import urlencode

from common.conformance.check import PART_2, Level, Profile, Rule, check, expect, need
from common.conformance.subject import EXTENDING_TYPE, Made, Subject
from common.conformance.values import ids
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD
_SCHEMA = "https://schemas.example/kit/Extended.schema.json"
_ATTRIBUTE = "kitGreenScore"


def _extended(subject: Subject) -> dict[str, object]:
    """What an instance of an extending type says, by Part 2."""
    return {
        "@type": EXTENDING_TYPE,
        "@baseType": subject.resource.type_name,
        "@schemaLocation": _SCHEMA,
        _ATTRIBUTE: f"seven-{subject.tag}",
    }


def _with_attribute(subject: Subject) -> Made:
    made = subject.new(**{_ATTRIBUTE: f"seven-{subject.tag}"})
    need(_ATTRIBUTE in made.document, "extension attributes are not kept")
    return made


@check("polymorphism.type", Rule(PART_2, "1", MUST, "In v5 every resource says its @type"), Verb.LIST)
def type_is_said(subject: Subject) -> None:
    need(subject.resource.typed, "@type is optional in this contract")
    for document in subject.population:
        expect(bool(document.get("@type")), "@type", document, subject.target.exchanges[-1])


@check(
    "polymorphism.extension_attribute",
    Rule(PART_2, "2", SHOULD, "An attribute that the contract does not have is kept"),
    Verb.CREATE,
)
def extension_attribute_is_kept(subject: Subject) -> None:
    value = f"seven-{subject.tag}"
    answer = subject.create(subject.body(**{_ATTRIBUTE: value}))
    expect(answer.ok, "status 201", answer.told, answer)
    expect(answer.document.get(_ATTRIBUTE) == value, f"{_ATTRIBUTE}: {value}", answer.told, answer)


@check(
    "polymorphism.extending_type",
    Rule(PART_2, "2", SHOULD, "A resource of an extending type is taken, with its @type"),
    Verb.CREATE,
)
def extending_type_is_taken(subject: Subject) -> None:
    answer = subject.create(subject.body(**_extended(subject)))
    expect(answer.ok, "status 201", answer.told, answer)
    expect(
        answer.document.get("@type") == EXTENDING_TYPE, f"@type: {EXTENDING_TYPE}", answer.document.get("@type"), answer
    )


@check(
    "polymorphism.extension_filter",
    Rule(PART_2, "2", SHOULD, "Lists are filtered by attributes of an extension"),
    Verb.CREATE,
    Verb.LIST,
    profile=Profile.FULL,
)
def extension_is_filtered(subject: Subject) -> None:
    made = _with_attribute(subject)
    need(bool(subject.everything()), "the list is empty")
    answer = subject.listing(urlencode({_ATTRIBUTE: f"seven-{subject.tag}", "id": made.id}))
    expect(answer.ok and ids(answer.documents) == [made.id], f"{made.id} alone", answer.told, answer)
    other = subject.listing(urlencode({_ATTRIBUTE: "another", "id": made.id}))
    expect(other.ok and other.json == [], "nothing for another value", other.told, other)


@check(
    "polymorphism.extension_selected",
    Rule(PART_2, "2", SHOULD, "Attributes of an extension can be selected"),
    Verb.CREATE,
    Verb.RETRIEVE,
    profile=Profile.FULL,
)
def extension_is_selected(subject: Subject) -> None:
    made = _with_attribute(subject)
    subject.stored(made.id)
    answer = subject.get(made.id, urlencode({"fields": _ATTRIBUTE}))
    expect(answer.ok and _ATTRIBUTE in answer.document, _ATTRIBUTE, answer.told, answer)


CHECKS = (
    type_is_said,
    extension_attribute_is_kept,
    extending_type_is_taken,
    extension_is_filtered,
    extension_is_selected,
)
