"""Extension schemas: found by `@schemaLocation`, checked at start-up, never fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError, Violation
from common.spec.extensions import ExtensionSchemas
from common.spec.load import load_contract
from tests.common.spec.toys import DIALECTS, document, thing

LOCATION = "https://example.com/schemas/FibreWidget.json"
SCHEMA = {
    "$id": LOCATION,
    "type": "object",
    "required": ["speed"],
    "properties": {"speed": {"type": "integer", "minimum": 1}},
}


def folder(path: Path, *schemas: Any) -> Path:
    for number, schema in enumerate(schemas):
        (path / f"{number}.json").write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return path


def test_the_document_and_every_object_in_it_are_judged(tmp_path: Path) -> None:
    extensions = ExtensionSchemas.load(folder(tmp_path, SCHEMA))
    assert extensions.locations == (LOCATION,)
    body = {
        "@schemaLocation": LOCATION,
        "speed": 0,
        "part": [{"@schemaLocation": LOCATION}, {"@schemaLocation": "https://elsewhere.example/x.json"}],
    }
    assert extensions.violations(body) == [
        Violation("/speed", "minimum", "must be 1 or more"),
        Violation("/part/0", "required", "speed is required"),
    ]


def test_one_extension_may_refer_to_another(tmp_path: Path) -> None:
    other = {"$id": "https://example.com/schemas/Two.json", "allOf": [{"$ref": LOCATION}]}
    extensions = ExtensionSchemas.load(folder(tmp_path, SCHEMA, other))
    assert [v.message for v in extensions.violations({"@schemaLocation": other["$id"]})] == ["speed is required"]


@pytest.mark.parametrize("location", ["https://unknown.example/x", 5, None, ["a"], {"a": 1}])
def test_an_unknown_location_passes(location: Any) -> None:
    assert ExtensionSchemas({LOCATION: SCHEMA}).violations({"@schemaLocation": location}) == []
    assert ExtensionSchemas().violations({"@schemaLocation": location}) == []


@pytest.mark.parametrize(
    ("schemas", "problem"),
    [
        (["{"], r"0\.json"),
        ([{"type": "object"}], r"0\.json: an extension schema needs an \$id"),
        ([SCHEMA, SCHEMA], r"1\.json: the \$id .* is that of 0\.json too"),
        ([SCHEMA | {"type": "strnig"}], f"extension schema {LOCATION}: /type"),
        ([SCHEMA | {"minLength": "many"}], f"extension schema {LOCATION}: /minLength"),
        ([SCHEMA | {"allOf": [{"$ref": "https://elsewhere.example/x.json"}]}], "not present in a registry"),
    ],
)
def test_a_schema_that_cannot_be_used_stops_the_start(tmp_path: Path, schemas: list[Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        ExtensionSchemas.load(folder(tmp_path, *schemas))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BSS_EXTENSION_DIR"):
        ExtensionSchemas.load(tmp_path / "gone")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_contract_judges_bodies_by_their_extension_too(dialect: str) -> None:
    made = document(dialect, {"Widget": thing(name={"type": "string"}, part=thing())})
    resource = load_contract(made, origin="toy", extensions=ExtensionSchemas({LOCATION: SCHEMA})).resources["widget"]
    body = {"name": 5, "part": {"@schemaLocation": LOCATION}}
    for validator in (resource.creating, resource.patched):
        assert validator is not None
        assert [(v.pointer, v.rule) for v in validator.violations(body)] == [("/name", "type"), ("/part", "required")]
    assert [v.pointer for v in resource.whole.violations(body)] == ["/name"]
