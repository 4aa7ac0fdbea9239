"""What the sources say of v4 is all needed: without any one statement, a document is another."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from common.spec.build.model import V4Rule
from common.spec.build.sources import read_sources
from common.spec.build.v4_schemas import definitions
from tests.common.spec.build.folders import OPENAPI

USUAL = V4Rule()


@pytest.fixture(scope="module")
def sources():
    return read_sources(OPENAPI)


@pytest.fixture(scope="module")
def written(sources):
    return {api.code: text(api, sources) for api in sources.v4_apis}


@pytest.mark.long
def test_every_statement_of_an_entity_changes_a_document(sources, written):
    stated = {
        (entity.file, name, key.name)
        for api in sources.v4_apis
        for name, entity in api.entities.items()
        for key in fields(V4Rule)
        if getattr(entity.v4, key.name) != getattr(USUAL, key.name)
    }

    assert [one for one in sorted(stated) if not is_needed(*one, sources, written)] == []


def test_every_exception_changes_the_document_of_its_api(sources, written):
    for api in sources.v4_apis:
        for exception in api.exceptions:
            for name in exception.entities:
                fewer = replace(exception, entities=tuple(n for n in exception.entities if n != name))
                others = tuple(fewer if e is exception else e for e in api.exceptions)
                assert text(replace(api, exceptions=others), sources) != written[api.code], (api.code, name)


def test_every_entity_of_v4_alone_is_published_or_built_upon(sources, written):
    v5 = {api.code: api.entities.keys() for api in sources.apis}
    shared = set.intersection(*map(set, v5.values()))
    alone = {name for api in sources.v4_apis for name in api.entities if name not in v5.get(api.code, shared)}
    found = {name for document in written.values() for name in json.loads(document)}

    assert alone - found == set()


def is_needed(file, name, key, sources, written):
    """Whether some document would be another without this statement."""
    for api in sources.v4_apis:
        entity = api.entities.get(name)
        if entity is None or entity.file != file:
            continue
        usual = replace(entity, v4=replace(entity.v4, **{key: getattr(USUAL, key)}))
        if text(replace(api, entities={**api.entities, name: usual}), sources) != written[api.code]:
            return True
    return False


def text(api, sources):
    """The definitions of one API; nothing where they cannot be built."""
    try:
        return json.dumps(definitions(api, sources.glossary))
    except KeyError:
        return ""
