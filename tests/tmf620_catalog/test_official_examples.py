"""TMF620: every official create example passes the rules as they are by default, alone and beside all the others."""

from __future__ import annotations

import copy

import pytest

from common.domain.query import Document
from tests import official
from tests.fakes import refusals, rule_context
from tmf620_catalog import COMPONENT

FILE = official.core_v5().get("TMF620")
EXAMPLES = list(official.create_examples(FILE)) if FILE else []
RESOURCES = {resource.name: resource for resource in COMPONENT.resources}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_official_example_is_not_refused(example: official.Example) -> None:
    name = example.path.strip("/")
    rule, lifecycle = RESOURCES[name].on_create, RESOURCES[name].lifecycle
    assert rule is not None
    assert lifecycle is not None
    stored: dict[str, list[Document]] = {
        kept: [one.body for one in EXAMPLES if one.path == f"/{kept}" and "id" in one.body] for kept in RESOURCES
    }

    nothing: dict[str, list[Document]] = {kept: [] for kept in RESOURCES}
    for documents in (nothing, stored):
        context = rule_context(name, copy.deepcopy(documents))
        rule({"id": "1", lifecycle.attribute: lifecycle.initial, **copy.deepcopy(example.body)}, context)

        assert refusals(context) == []
    assert lifecycle.may_create(example.body.get(lifecycle.attribute, lifecycle.initial))
