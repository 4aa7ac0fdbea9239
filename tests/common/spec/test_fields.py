"""Kinds, date-times and references at any depth."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.query import FieldPath, Kind
from common.spec.contract import Fields, ReferenceAt
from common.spec.fields import ContractFields
from tests.common.spec.toys import DIALECTS, ref, thing, widget

TEXT = {"type": "string"}
INSTANT = {"type": "string", "format": "date-time"}


def fields(dialect: str, schemas: dict[str, Any]) -> Fields:
    return widget(dialect, schemas).fields


def rich(dialect: str) -> dict[str, Any]:
    """One of everything: subtypes, arrays, recursion, periods."""
    mapping = {name: ref(dialect, name)["$ref"] for name in ("TextValue", "NumberValue", "DatedValue")}
    value = {**thing(name=TEXT), "discriminator": {"propertyName": "@type", "mapping": mapping}}
    return {
        "Value": value,
        "TextValue": {"allOf": [ref(dialect, "Value"), thing(value=TEXT, note=TEXT)]},
        "NumberValue": {"allOf": [ref(dialect, "Value"), thing(value={"type": "array", "items": {"type": "number"}})]},
        "DatedValue": {"allOf": [ref(dialect, "Value"), thing(value=INSTANT, since=INSTANT)]},
        "Period": thing(start=INSTANT, end=INSTANT),
        "Widget": thing(
            id=TEXT,
            count={"type": "integer"},
            flag={"type": "boolean"},
            free={},
            validFor=ref(dialect, "Period"),
            tag={"type": "array", "items": TEXT},
            date={"type": "array", "items": INSTANT},
            value={"type": "array", "items": ref(dialect, "Value")},
            child=ref(dialect, "Widget"),
            either={"oneOf": [thing(a=TEXT, b=INSTANT), thing(a={"type": "number"}, b=INSTANT)]},
        ),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("path", "kind", "many"),
    [
        ("id", Kind.STRING, False),
        ("count", Kind.NUMBER, False),
        ("flag", Kind.BOOLEAN, False),
        ("free", Kind.UNKNOWN, False),
        ("validFor", Kind.UNKNOWN, False),
        ("validFor.start", Kind.INSTANT, False),
        ("tag", Kind.STRING, True),
        ("value.name", Kind.STRING, True),
        ("value.note", Kind.STRING, True),
        ("value.since", Kind.INSTANT, True),
        ("value.value", Kind.UNKNOWN, True),
        ("child.child.child.validFor.end", Kind.INSTANT, False),
        ("child.tag", Kind.STRING, True),
        ("either.a", Kind.UNKNOWN, False),
        ("either.b", Kind.INSTANT, False),
        ("unknown", Kind.UNKNOWN, True),
        ("validFor.unknown.deep", Kind.UNKNOWN, True),
    ],
)
def test_a_path_has_its_kind(dialect: str, path: str, kind: Kind, many: bool) -> None:
    steps = tuple(path.split("."))
    assert fields(dialect, rich(dialect)).path(steps) == FieldPath(steps, kind, many)


def test_asking_for_what_is_not_there_remembers_nothing() -> None:
    known = fields("v5", rich("v5"))
    assert isinstance(known, ContractFields)
    known.path(("child",) * 50)
    places = known._places._made
    before = len(places)
    for n in range(200):
        known.path((f"attack{n}",))
        known.path(("child", "child", "validFor", f"attack{n}", "id"))
        known.path(("child",) * (50 + n))
    assert len(places) == before + 1  # validFor, met for the first time


@pytest.mark.parametrize("dialect", DIALECTS)
def test_declared_date_times_are_rewritten_in_place(dialect: str) -> None:
    document = {
        "id": "2026-01-01T10:00:00+02:00",
        "validFor": {"start": "2026-01-01T10:00:00+02:00", "end": "not a date", "unknown": "2026-01-01T10:00:00+02:00"},
        "date": ["2026-01-01T00:00:00Z", None],
        "value": [
            {"@type": "DatedValue", "since": "2026-01-01t00:00:00.123456z", "value": "2026-01-01T00:00:00Z"},
            "no object",
        ],
        "child": {"child": {"validFor": {"end": "2026-06-30T23:59:59-01:30"}}},
        "free": {"start": "2026-01-01T10:00:00+02:00"},
    }
    fields(dialect, rich(dialect)).normalise(document)
    assert document == {
        "id": "2026-01-01T10:00:00+02:00",
        "validFor": {"start": "2026-01-01T08:00:00.000Z", "end": "not a date", "unknown": "2026-01-01T10:00:00+02:00"},
        "date": ["2026-01-01T00:00:00.000Z", None],
        "value": [
            # `value` is text in one subtype and a date-time in another: left as the client wrote it.
            {"@type": "DatedValue", "since": "2026-01-01T00:00:00.123456Z", "value": "2026-01-01T00:00:00Z"},
            "no object",
        ],
        "child": {"child": {"validFor": {"end": "2026-07-01T01:29:59.000Z"}}},
        "free": {"start": "2026-01-01T10:00:00+02:00"},
    }


def referring(dialect: str) -> dict[str, Any]:
    entity_ref = thing(**{"id": TEXT, "href": TEXT, "name": TEXT, "@referredType": TEXT})
    either = {
        "oneOf": [ref(dialect, "Part"), ref(dialect, "PartRef")],
        "discriminator": {
            "propertyName": "@type",
            "mapping": {name: ref(dialect, name)["$ref"] for name in ("Part", "PartRef")},
        },
    }
    return {
        "EntityRef": entity_ref,
        "PartRef": {"allOf": [ref(dialect, "EntityRef")]},
        "Part": thing(id=TEXT, name=TEXT, maker=ref(dialect, "PartyRef")),
        "PartRefOrValue": either,
        "PartyRef": {"allOf": [ref(dialect, "EntityRef")]},
        "BundledPart": {"allOf": [ref(dialect, "PartRef"), thing(amount={"type": "number"})]},
        "PartRelationship": {"allOf": [ref(dialect, "EntityRef"), thing(relationshipType=TEXT)]},
        "RelatedParty": thing(**{"id": TEXT, "role": TEXT, "@referredType": TEXT}),
        "PlaceRefOrValue": thing(**{"id": TEXT, "href": TEXT, "city": TEXT, "@referredType": TEXT}),
        "Widget": thing(
            id=TEXT,
            party=ref(dialect, "PartyRef"),
            part={"type": "array", "items": ref(dialect, "PartRefOrValue")},
            bundled={"type": "array", "items": ref(dialect, "BundledPart")},
            related={"type": "array", "items": ref(dialect, "PartRelationship")},
            relatedParty={"type": "array", "items": ref(dialect, "RelatedParty")},
            anything=ref(dialect, "EntityRef"),
            place=ref(dialect, "PlaceRefOrValue"),
        ),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"party": {"id": "7"}}, [("/party", "Party", "7")]),
        ({"party": {"id": "7", "@referredType": "Organization"}}, [("/party", "Organization", "7")]),
        ({"party": {"name": "no id"}}, []),
        ({"party": {"id": 7}}, []),
        ({"anything": {"id": "7"}}, [("/anything", "Entity", "7")]),
        ({"bundled": [{"id": "7", "amount": 2}]}, [("/bundled/0", "Part", "7")]),
        ({"related": [{"id": "7"}]}, [("/related/0", "Part", "7")]),
        ({"relatedParty": [{"id": "7", "role": "r"}]}, [("/relatedParty/0", "Party", "7")]),
        ({"part": [{"@type": "PartRef", "id": "7", "name": "n"}]}, [("/part/0", "Part", "7")]),
        ({"part": [{"id": "7", "href": "h"}]}, [("/part/0", "Part", "7")]),
        ({"part": [{"@type": "Part", "id": "7", "@referredType": "Part"}]}, [("/part/0", "Part", "7")]),
        ({"part": [{"@type": "Part", "id": "7", "name": "n"}]}, []),
        (
            {"part": [{"id": "1", "name": "n", "maker": {"id": "2"}}, {"id": "3"}]},
            [("/part/0/maker", "Party", "2"), ("/part/1", "Part", "3")],
        ),
        ({"place": {"id": "7"}}, [("/place", "Place", "7")]),
        ({"place": {"id": "7", "city": "Paris"}}, []),
        ({"place": {"id": "7", "city": "Paris", "@referredType": "Site"}}, [("/place", "Site", "7")]),
        ({"extension": {"id": "7", "@referredType": "Site"}}, []),
    ],
)
def test_references(dialect: str, document: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    found = fields(dialect, referring(dialect)).references(document)
    assert [(r.pointer, r.target_type, r.id) for r in found] == expected


def test_a_reference_says_where_it_stands_without_array_positions() -> None:
    document = {"id": "1", "part": [{"id": "1", "name": "n", "maker": {"id": "2"}}]}
    assert fields("v5", referring("v5")).references(document) == [
        ReferenceAt("/part/0/maker", ("part", "maker"), "Party", "2")
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("party", {"Party", "Individual", "Organization"}),
        ("part", {"Part"}),
        ("part.maker", {"Party", "Individual", "Organization"}),
        ("related", {"Part"}),
        ("anything", set()),
        ("id", set()),
        ("unknown.deep", set()),
    ],
)
def test_the_types_that_a_reference_may_lead_to(dialect: str, path: str, expected: set[str]) -> None:
    assert fields(dialect, referring(dialect)).target_types(tuple(path.split("."))) == expected
