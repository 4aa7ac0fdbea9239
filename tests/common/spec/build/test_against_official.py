"""The published documents against TM Forum's own: the same contract, and none of the prose."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.common.spec.build.folders import CORRECTIONS, OFFICIAL, PUBLISHED, PUBLISHED_NAMES
from tests.common.spec.build.official import Loader, bare, compared, keys, normal, prose


def official_file(name):
    """TM Forum's file of the same API and version as a published one."""
    code, version = re.fullmatch(r"(TMF\d+)-v(.*)\.oas\.json", name).groups()
    return next(iter(OFFICIAL.glob(f"{code}-*-v{version}.oas.yaml")), None)


NAMES = [name for name in PUBLISHED_NAMES if official_file(name)]


def compare(name, *options):
    return compared(official_file(name), PUBLISHED / name, *options)


@pytest.fixture(scope="module")
def official():
    return {name: yaml.load(official_file(name).read_bytes(), Loader) for name in NAMES}


@pytest.fixture(scope="module")
def published():
    return {name: json.loads((PUBLISHED / name).read_text()) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_contract_is_the_official_one_but_for_the_corrections(name):
    assert [line.rpartition(", ")[2] for line in compare(name, "--allow", str(CORRECTIONS))] == ["0 differences"]


def test_every_correction_is_needed_and_says_why():
    found = {line.strip() for name in NAMES for line in compare(name)}
    corrections = [line for line in CORRECTIONS.read_text().splitlines() if line and not line.startswith("#")]

    for line in corrections:
        difference, _, reason = line.partition("  #")
        assert difference.strip() in found
        assert reason.strip()


@pytest.mark.parametrize("name", NAMES)
def test_attributes_and_mappings_are_the_same_to_the_letter(official, published, name):
    theirs, ours = official[name]["components"]["schemas"], published[name]["components"]["schemas"]

    for schema in theirs:
        mine = {_corrected(field): kind for field, kind in attributes(theirs, schema).items()}
        assert attributes(ours, schema) == mine, schema
        assert ours[schema].get("discriminator") == theirs[schema].get("discriminator"), schema


@pytest.mark.parametrize("name", NAMES)
def test_no_sentence_is_taken_from_an_official_file(official, published, name):
    theirs = {normal(text) for document in official.values() for text in prose(document)}
    document = {key: part for key, part in published[name].items() if key != "info"}
    ours = [*prose(document), published[name]["info"]["description"]]

    assert [text for text in ours if normal(text) in theirs] == []
    assert [key for key in keys(document["components"]) if key in ("example", "examples")] == []


def attributes(schemas, name):
    """Every attribute of a schema, inherited ones included, without prose."""
    found = {}
    schema = schemas[name]
    for part in [*schema.get("allOf", []), schema]:
        if "$ref" in part:
            found |= attributes(schemas, part["$ref"].rpartition("/")[2])
        else:
            found |= {field: bare(kind) for field, kind in (part.get("properties") or {}).items()}
    return found


def _corrected(field):
    return "cancelProductOrder" if field == "canccelProductOrder" else field
