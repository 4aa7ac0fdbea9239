"""The published v4 documents against TM Forum's own: the same contract, and none of the prose."""

from __future__ import annotations

import json
import re

import pytest

from tests.common.spec.build.folders import CORRECTIONS, OFFICIAL, PUBLISHED, V4_NAMES
from tests.common.spec.build.official import bare, compared, keys, normal, prose

#: The one word that ours spell otherwise; its reason stands in corrections.txt.
CORRECTED = {"aborted ": "aborted"}


def official_file(name):
    """TM Forum's file of the same API and version as a published one."""
    code, version = re.fullmatch(r"v4/(TMF\d+)-v(.*)\.swagger\.json", name).groups()
    files = [*OFFICIAL.glob(f"{code}_*_v{version}_swagger.json"), *OFFICIAL.glob(f"{code}-*-v{version}.swagger.json")]
    return files[0]


@pytest.fixture(scope="module")
def official():
    return {name: json.loads(official_file(name).read_bytes()) for name in V4_NAMES}


@pytest.fixture(scope="module")
def published():
    return {name: json.loads((PUBLISHED / name).read_text()) for name in V4_NAMES}


def test_there_are_twelve_of_them():
    assert len(V4_NAMES) == 12


@pytest.mark.parametrize("name", V4_NAMES)
def test_the_contract_is_the_official_one_but_for_the_corrections(name):
    lines = compared(official_file(name), PUBLISHED / name, "--allow", str(CORRECTIONS))

    assert [line.rpartition(", ")[2] for line in lines] == ["0 differences"]


@pytest.mark.parametrize("name", V4_NAMES)
def test_definitions_are_the_same_to_the_letter(official, published, name):
    theirs, ours = official[name]["definitions"], published[name]["definitions"]

    assert {schema: canonical(ours[schema]) for schema in ours} == {
        schema: canonical(flat(theirs[schema], theirs)) for schema in theirs
    }


@pytest.mark.parametrize("name", V4_NAMES)
def test_operations_and_media_types_are_the_same_to_the_letter(official, published, name):
    theirs, ours = official[name], published[name]

    assert {path: without_prose(item) for path, item in ours["paths"].items()} == {
        path: without_prose(item) for path, item in theirs["paths"].items()
    }
    path = theirs["basePath"].rstrip("/")
    path = path if path.startswith("/tmf-api") else f"/tmf-api{path}"  # TMF676 leaves it out
    assert (ours["basePath"], ours["consumes"], ours["produces"]) == (path, theirs["consumes"], theirs["produces"])


@pytest.mark.parametrize("name", V4_NAMES)
def test_no_sentence_is_taken_from_an_official_file(official, published, name):
    theirs = {normal(text) for document in official.values() for text in prose(document)}
    document = {key: part for key, part in published[name].items() if key != "info"}
    ours = [*prose(document), published[name]["info"]["description"]]

    assert [text for text in ours if normal(text) in theirs] == []
    assert [key for key in keys(document["definitions"]) if key in ("example", "examples")] == []


def flat(schema, definitions):
    """A definition with its bases folded into it, as TMF670 has some."""
    if "allOf" not in schema:
        return schema
    properties, required = dict(schema.get("properties", {})), list(schema.get("required", []))
    for part in schema["allOf"]:
        base = flat(definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part, definitions)
        properties = base.get("properties", {}) | properties
        required = [*base.get("required", []), *required]
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    return {"type": "object"} | rest | {"properties": properties, "required": sorted(set(required))}


def canonical(schema):
    """A definition without its prose, and without the order of what has none."""
    found = bare({key: part for key, part in schema.items() if key != "properties"})
    found["required"] = sorted(schema.get("required", []))
    found["enum"] = sorted(CORRECTED.get(word, word) for word in schema.get("enum", []))
    found["properties"] = {field: bare(kind) for field, kind in schema.get("properties", {}).items()}
    return found


def without_prose(node):
    """Operations without their prose."""
    if isinstance(node, list):
        return [without_prose(part) for part in node]
    return bare({key: without_prose(part) for key, part in node.items()}) if isinstance(node, dict) else node
