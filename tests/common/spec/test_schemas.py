"""The rules by which schemas are compiled: the same case in both dialects."""

from __future__ import annotations

import time
from typing import Any

import pytest

from common.errors import ConfigurationError
from common.spec.contract import Validator
from tests.common.spec.toys import DIALECTS, contract, ref, thing, widget

TEXT = {"type": "string"}
NUMBER = {"type": "number"}


def rules(validator: Validator | None, document: Any) -> list[tuple[str, str]]:
    assert validator is not None
    return [(v.pointer, v.rule) for v in validator.violations(document)]


def typed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["@type"], "properties": {"@type": TEXT, **properties}}


def discriminated(dialect: str, *names: str, **more: Any) -> dict[str, Any]:
    mapping = {name: ref(dialect, name)["$ref"] for name in names}
    return {"discriminator": {"propertyName": "@type", "mapping": mapping}, **more}


def parts_or_values(dialect: str) -> dict[str, Any]:
    """A reference-or-value, whose branches a plain oneOf cannot tell apart."""
    return {
        "Part": typed(name=TEXT, weight=NUMBER),
        "PartRef": {**typed(id=TEXT, **{"@referredType": TEXT}), "required": ["@type", "id"]},
        "PartRefOrValue": discriminated(
            dialect, "Part", "PartRef", oneOf=[ref(dialect, "Part"), ref(dialect, "PartRef")]
        ),
        "Widget": thing(part=ref(dialect, "PartRefOrValue")),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"@type": "Part", "name": "a", "id": "1"}, []),
        ({"@type": "Part", "weight": "heavy"}, [("/part/weight", "type")]),
        ({"@type": "PartRef"}, [("/part", "required")]),
        ({"@type": "PartRef", "id": "1", "weight": "an extension"}, []),
        # An unknown type is an extension: any branch will do ...
        ({"@type": "SpecialPart", "name": "a"}, []),
        ({"@type": "SpecialPart", "name": 5}, [("/part/name", "type")]),
        # ... unless its base type says which.
        ({"@type": "SpecialPart", "@baseType": "PartRef"}, [("/part", "required")]),
        ({"@type": "SpecialPart", "@baseType": "Part", "weight": "x"}, [("/part/weight", "type")]),
        # What it refers to says that it is a reference.
        ({"@type": "Part", "@referredType": "Part", "weight": "x"}, [("/part", "required")]),
        ({"@type": "Part", "@referredType": "Part", "id": "1"}, []),
        ({"name": "no type"}, [("/part", "required")]),
        ("a text", [("/part", "type")]),
    ],
)
def test_a_one_of_is_chosen_by_type(dialect: str, part: Any, expected: list[tuple[str, str]]) -> None:
    assert rules(widget(dialect, parts_or_values(dialect)).creating, {"part": part}) == expected


def values_of_kinds(dialect: str) -> dict[str, Any]:
    """A base schema with subtypes that inherit from it."""
    whole = {"allOf": [ref(dialect, "Value"), {"type": "object", "properties": {"value": {"type": "integer"}}}]}
    words = {"allOf": [ref(dialect, "Value"), {"type": "object", "properties": {"value": TEXT}}]}
    return {
        "Value": discriminated(dialect, "Value", "WholeValue", "TextValue", **typed(name=TEXT)),
        "WholeValue": whole,
        "TextValue": words,
        "Widget": thing(value={"type": "array", "items": ref(dialect, "Value")}),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"@type": "WholeValue", "value": 5}, []),
        ({"@type": "WholeValue", "value": "5"}, [("/value/0/value", "type")]),
        ({"@type": "TextValue", "value": "5", "name": 1}, [("/value/0/name", "type")]),
        ({"@type": "Value", "value": "anything"}, []),
        ({"@type": "DateValue", "value": "anything"}, []),
        ({"@type": "DateValue", "@baseType": "WholeValue", "value": "x"}, [("/value/0/value", "type")]),
        ({"value": 5}, [("/value/0", "required")]),
    ],
)
def test_a_base_schema_judges_by_the_subtype(dialect: str, value: Any, expected: list[tuple[str, str]]) -> None:
    assert rules(widget(dialect, values_of_kinds(dialect)).creating, {"value": [value]}) == expected


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"@type": "Widget", "value": 5}, [("/value/0/@type", "enum")]),
        ({"@type": "Part", "@baseType": "WholeValue", "value": 5}, [("/value/0/@type", "enum")]),
        ({"@type": "", "value": 5}, [("/value/0/@type", "enum")]),
        ({"@type": 5}, [("/value/0/@type", "type")]),
        ({"@type": "DateValue"}, []),
        ({"@type": "Root"}, []),
    ],
)
def test_a_type_that_the_document_has_for_something_else_is_no_extension(
    dialect: str, value: Any, expected: list[tuple[str, str]]
) -> None:
    schemas = values_of_kinds(dialect) | {"Part": typed(), "Root": typed()}
    schemas["Value"]["allOf"] = [ref(dialect, "Root")]
    schemas["Widget"]["properties"]["@type"] = TEXT
    resource = widget(dialect, schemas)

    assert rules(resource.creating, {"@type": "Widget", "value": [value]}) == expected
    assert rules(resource.patched, {"@type": "Gadget", "value": [value]}) == expected
    for wrong in ("Part", "Value", ""):
        assert rules(resource.creating, {"@type": wrong, "value": []}) == [("/@type", "enum")]
        assert rules(resource.patched, {"@type": wrong, "value": []}) == [("/@type", "enum")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_type_that_repeats_all_of_another_is_one_of_its_kind(dialect: str) -> None:
    schemas = {"Widget": typed(id=TEXT, name=TEXT), "Sprocket": typed(id=TEXT, name=TEXT, teeth=NUMBER)}
    resource = widget(dialect, schemas | {"Part": typed(name=TEXT)})
    assert rules(resource.creating, {"@type": "Sprocket"}) == []
    assert rules(resource.creating, {"@type": "Part"}) == [("/@type", "enum")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reference_may_say_the_type_of_what_it_refers_to(dialect: str) -> None:
    creating = widget(dialect, parts_or_values(dialect) | {"Widget": thing(part=ref(dialect, "PartRef"))}).creating
    assert rules(creating, {"part": {"@type": "Part", "id": "1"}}) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_subtypes_may_be_named_by_inheritance_alone(dialect: str) -> None:
    schemas = values_of_kinds(dialect)
    schemas["Value"]["discriminator"] = "@type" if dialect == "v4" else {"propertyName": "@type"}
    resource = widget(dialect, schemas)
    assert rules(resource.creating, {"value": [{"@type": "WholeValue", "value": "5"}]}) == [("/value/0/value", "type")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_one_of_whose_branches_inherit_from_it_ends(dialect: str) -> None:
    base = discriminated(dialect, "Cat", "Dog", oneOf=[ref(dialect, "Cat"), ref(dialect, "Dog")], **typed())
    schemas = {
        "Animal": base,
        "Cat": {"allOf": [ref(dialect, "Animal"), thing(lives=NUMBER)]},
        "Dog": {"allOf": [ref(dialect, "Animal"), thing(tricks=NUMBER)]},
        "Widget": thing(pet=ref(dialect, "Animal")),
    }
    creating = widget(dialect, schemas).creating
    assert rules(creating, {"pet": {"@type": "Cat", "lives": "nine", "tricks": "none"}}) == [("/pet/lives", "type")]
    assert rules(creating, {"pet": {"lives": 9}}) == [("/pet", "required")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_one_of_without_mapping_takes_what_fits_any(dialect: str) -> None:
    either = {"oneOf": [ref(dialect, "A"), ref(dialect, "B")]}
    schemas = {"A": thing(a=NUMBER), "B": thing(b=NUMBER), "Widget": thing(x=either)}
    creating = widget(dialect, schemas).creating
    assert rules(creating, {"x": {"a": 1, "b": 2}}) == []
    assert rules(creating, {"x": {"a": "1", "b": "2"}}) == [("/x/a", "type")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_unknown_types_inside_each_other_take_no_exponential_time(dialect: str) -> None:
    names = ("Person", "Company", "Agency")
    schemas: dict[str, Any] = {name: typed(code=TEXT, partner=ref(dialect, "Party")) for name in names}
    schemas["Party"] = discriminated(dialect, *names, oneOf=[ref(dialect, name) for name in names])
    schemas["Widget"] = thing(owner=ref(dialect, "Party"))
    owner: dict[str, Any] = {"@type": "Person", "code": 5}
    for _ in range(20):
        owner = {"@type": "Unknown", "code": "x", "partner": owner}
    start = time.process_time()
    expected = [("/owner" + "/partner" * 20 + "/code", "type")]
    assert rules(widget(dialect, schemas).creating, {"owner": owner}) == expected
    assert time.process_time() - start < 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_unknown_type_among_branches_that_recur_is_judged_by_the_first_that_fits(dialect: str) -> None:
    schemas: dict[str, Any] = {
        "Box": {**typed(width=NUMBER, content=ref(dialect, "Part")), "required": ["@type", "width"]},
        "Bag": {**typed(volume=NUMBER, content=ref(dialect, "Part")), "required": ["@type", "volume"]},
        "Part": discriminated(dialect, "Box", "Bag", oneOf=[ref(dialect, "Box"), ref(dialect, "Bag")]),
        "Widget": thing(part=ref(dialect, "Part")),
    }
    creating = widget(dialect, schemas).creating
    assert rules(creating, {"part": {"@type": "Sack", "volume": 1}}) == []
    deep = {"@type": "Sack", "volume": 1, "content": {"@type": "Crate", "width": 1, "content": 5}}
    assert rules(creating, {"part": deep}) == [("/part/content/content", "type")]
    assert rules(creating, {"part": {"@type": "Sack"}}) == [("/part", "required")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_null_is_allowed_where_the_document_says_so(dialect: str) -> None:
    word = "x-nullable" if dialect == "v4" else "nullable"
    resource = widget(dialect, {"Widget": thing(a={"type": "string", word: True}, b=TEXT)})
    assert rules(resource.whole, {"a": None, "b": None}) == [("/b", "type")]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, [1], [0, -1]),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": False}, [0], [-1]),
        ({"type": "number", "maximum": 5, "exclusiveMaximum": True}, [4], [5]),
        ({"type": "number", "exclusiveMinimum": 0}, [1], [0]),
        ({"type": "string", "format": "date-time"}, ["2026-01-01T00:00:00Z"], ["2026-01-00T00:00:00Z", "soon"]),
        ({"type": "string", "format": "date"}, ["2026-01-01"], ["2026-01-00"]),
        ({"type": "string", "format": "uri"}, ["no uri at all", ""], []),
        ({"type": "integer", "format": "int32"}, [2**40], ["1"]),
        ({"type": "string", "enum": ["active", "aborted "]}, ["active", "aborted", "aborted "], ["Aborted"]),
        ({"type": "string", "enum": ["active", "aborted"]}, ["aborted", "aborted "], ["active "]),
        ({"properties": {"a": TEXT}}, [{"a": "b", "extension": {"deep": 1}}], ["a text", {"a": 1}]),
        ({"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}, [{"a": "b"}], [{"b": "b"}]),
        ({"type": "object", "additionalProperties": TEXT}, [{"a": "b"}], [{"a": 1}]),
    ],
)
def test_keywords(dialect: str, schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    resource = widget(dialect, {"Widget": thing(x=schema)})
    for value in good:
        assert rules(resource.whole, {"x": value}) == [], value
    for value in bad:
        assert rules(resource.whole, {"x": value}) != [], value


@pytest.mark.parametrize("dialect", DIALECTS)
def test_recursive_schemas_judge_at_any_depth(dialect: str) -> None:
    schemas = {"Node": thing(name=TEXT, child=ref(dialect, "Node")), "Widget": thing(node=ref(dialect, "Node"))}
    body = {"node": {"child": {"child": {"child": {"name": 1}}}}}
    assert rules(widget(dialect, schemas).creating, body) == [("/node/child/child/child/name", "type")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_document_that_cannot_be_compiled_is_refused_with_its_name(dialect: str) -> None:
    with pytest.raises(ConfigurationError, match=r"toy: .*'A' is part of itself"):
        contract(dialect, {"A": {"allOf": [ref(dialect, "B")]}, "B": {"allOf": [ref(dialect, "A")]}})
    with pytest.raises(ConfigurationError, match=r"toy: .*'Missing'"):
        contract(dialect, {"Widget": {"allOf": [ref(dialect, "Missing")]}})
