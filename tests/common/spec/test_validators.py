"""What a validator says, and in which order."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from common.errors import ConfigurationError, Violation
from common.spec.schemas import INSTANT_FORMAT
from common.spec.validators import VIOLATIONS_MAX, CompiledValidator, JoinedValidator


def found(schema: dict[str, Any], document: Any) -> list[Violation]:
    return CompiledValidator(lambda: schema, "toy").violations(document)


@pytest.mark.parametrize(
    ("schema", "value", "rule", "message"),
    [
        ({"required": ["name"]}, {}, "required", "name is required"),
        ({"type": "string"}, 5, "type", "must be a string"),
        ({"type": "integer"}, Decimal("1.5"), "type", "must be a whole number"),
        ({"type": ["string", "null"]}, 5, "type", "must be null or a string"),
        ({"enum": ["held", "done"]}, "x", "enum", "must be one of: held, done"),
        ({"enum": ["done", "done "]}, "x", "enum", "must be one of: done"),
        ({"const": "x"}, "y", "const", "must be x"),
        (
            {"format": INSTANT_FORMAT},
            "yesterday",
            "format",
            "must be a date and time such as 2026-01-31T12:00:00Z",
        ),
        ({"format": "date"}, "31.1.2026", "format", "must be a date such as 2026-01-31"),
        ({"minItems": 1}, [], "minItems", "must have at least 1 element"),
        ({"maxItems": 2}, [1, 2, 3], "maxItems", "must have at most 2 elements"),
        ({"minLength": 3}, "ab", "minLength", "must have at least 3 characters"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "maxProperties", "must have at most 1 attribute"),
        ({"minimum": 1}, 0, "minimum", "must be 1 or more"),
        ({"maximum": 1}, 2, "maximum", "must be 1 or less"),
        ({"exclusiveMinimum": 0}, Decimal("0"), "exclusiveMinimum", "must be more than 0"),
        ({"exclusiveMaximum": 5}, 5, "exclusiveMaximum", "must be less than 5"),
        ({"multipleOf": 2}, 3, "multipleOf", "must be a multiple of 2"),
        ({"pattern": "^a+$"}, "b", "pattern", "must match the pattern ^a+$"),
        ({"uniqueItems": True}, [1, 1], "uniqueItems", "must not have the same element twice"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, "additionalProperties", "must not have b"),
        ({"not": {"type": "string"}}, "x", "not", "breaks the contract's rule not"),
    ],
)
def test_each_rule_says_what_to_change(schema: dict[str, Any], value: Any, rule: str, message: str) -> None:
    assert found(schema, value) == [Violation("", rule, message)]


def test_all_violations_come_in_document_order_with_pointers() -> None:
    schema = {
        "required": ["z"],
        "properties": {
            "a": {"type": "string"},
            "list": {"items": {"required": ["id"], "properties": {"n/m": {"type": "number"}}}},
        },
    }
    document = {"list": [{"id": 1}, {"n/m": "x"}], "a": 1}
    assert [(v.pointer, v.rule) for v in found(schema, document)] == [
        ("", "required"),
        ("/list/1", "required"),
        ("/list/1/n~1m", "type"),
        ("/a", "type"),
    ]


def test_of_unlike_alternatives_the_nearest_one_speaks() -> None:
    first = {"type": "object", "required": ["a", "b", "c"]}
    second = {"type": "object", "required": ["a"], "properties": {"x": {"type": "string"}}}
    assert found({"anyOf": [first, second]}, {"x": "y"}) == [Violation("", "required", "a is required")]


def test_a_nullable_value_is_judged_as_its_type() -> None:
    schema = {"anyOf": [{"type": "null"}, {"type": "object", "required": ["a"]}]}
    assert found(schema, {}) == [Violation("", "required", "a is required")]
    assert found(schema, 3) == [Violation("", "type", "must be null or an object")]


def test_the_same_violation_is_said_once_and_no_more_than_the_limit() -> None:
    twice = {"allOf": [{"required": ["a"]}, {"required": ["a"]}]}
    assert found(twice, {}) == [Violation("", "required", "a is required")]
    many = found({"items": {"type": "string"}}, list(range(VIOLATIONS_MAX * 3)))
    assert len(many) == VIOLATIONS_MAX
    assert many[0].pointer == "/0"
    assert many[-1].pointer == f"/{VIOLATIONS_MAX - 1}"


def test_what_is_wrong_far_back_is_found_and_nothing_is_invented() -> None:
    schema = {
        "properties": {
            "list": {"items": {"type": "string"}},
            "tail": {"minItems": 2, "items": {"type": "object", "required": ["a"]}},
        }
    }
    body: dict[str, Any] = {"list": ["x"] * 5000, "tail": [{"a": 1}, {"a": 2}]}
    assert found(schema, body) == []
    body["list"][4000] = 5
    assert found(schema, body) == [Violation("/list/4000", "type", "must be a string")]
    body["list"][3] = 5
    assert found(schema, body) == [Violation("/list/3", "type", "must be a string")]


def test_a_long_array_of_wrong_elements_is_answered_at_once() -> None:
    start = time.process_time()
    assert len(found({"items": {"type": "object", "required": ["a"]}}, [5] * 300_000)) == VIOLATIONS_MAX
    assert time.process_time() - start < 2


def test_a_long_list_of_values_is_cut() -> None:
    (violation,) = found({"enum": [f"v{n}" for n in range(100)]}, "x")
    assert violation.message.endswith("v29 ...")


def test_joined_validators_say_what_both_find_once() -> None:
    one = CompiledValidator(lambda: {"required": ["a"]}, "one")
    two = CompiledValidator(lambda: {"required": ["b", "a"], "properties": {"c": {"type": "string"}}}, "two")
    assert [v.message for v in JoinedValidator(one, two).violations({"c": 1})] == [
        "a is required",
        "b is required",
        "must be a string",
    ]


def test_an_unusable_schema_names_its_origin() -> None:
    with pytest.raises(ConfigurationError, match="toy: not a usable schema"):
        CompiledValidator(lambda: {"type": "strnig"}, "toy").compile()
    with pytest.raises(ConfigurationError, match="toy: not a usable schema"):
        CompiledValidator(lambda: {"$ref": "https://example.com/other.json"}, "toy").compile()
