"""jsonschema (slow, in Python) and jsonschema-rs agree on whether a document is valid.

The documents are valid ones with something changed in them: a member taken out, another value put in its place,
a type renamed, an element repeated.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from common.spec.contract import Validator
from common.spec.instants import is_instant
from common.spec.schemas import INSTANT_FORMAT
from common.spec.validators import CompiledValidator
from tests.common.spec.official import create_examples, files
from tests.common.spec.test_schemas import parts_or_values, values_of_kinds
from tests.common.spec.toys import DIALECTS, widget

REPLACEMENTS: tuple[Any, ...] = (
    *(None, True, 0, 7, "", "x", "2026-01-31T12:00:00Z", [], {}, ["x"], {"@type": "Unknown"}),
    *("Part", "PartRef", "Value", "TextValue", "aborted", "aborted "),
)
MUTATIONS_EACH = 40


def slow_judge(validator: Validator | None) -> jsonschema.Draft7Validator:
    assert isinstance(validator, CompiledValidator)
    checker = jsonschema.FormatChecker(formats=["date"])

    @checker.checks(INSTANT_FORMAT)
    def _instant(value: object) -> bool:
        return not isinstance(value, str) or is_instant(value)

    return jsonschema.Draft7Validator(validator._schema(), format_checker=checker)


def places(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in children:
        yield (*path, step)
        yield from places(child, (*path, step))


def mutated(document: Any, chance: random.Random) -> Any:
    """A copy with one or two changes."""
    changed = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 2))):
        reachable = list(places(changed))
        if not reachable:
            return changed
        *way, last = chance.choice(reachable)
        node: Any = changed
        for step in way:
            node = node[step]
        match chance.randrange(4):
            case 0:
                del node[last]
            case 1:
                node[last] = copy.deepcopy(chance.choice(REPLACEMENTS))
            case 2 if "@type" in node:
                node["@type"] = chance.choice(REPLACEMENTS)
            case _ if not isinstance(node, dict):
                node.append(copy.deepcopy(node[last]))
            case _:
                node[f"more{last}"] = node[last]
    return changed


def disagreements(validator: Validator | None, document: Any, seed: int) -> list[Any]:
    assert validator is not None
    slow, chance = slow_judge(validator), random.Random(seed)
    candidates = [document, *(mutated(document, chance) for _ in range(MUTATIONS_EACH))]
    return [one for one in candidates if slow.is_valid(one) != (validator.violations(one) == [])]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seed", range(5))
def test_both_judge_toy_documents_alike(dialect: str, seed: int) -> None:
    part = {"part": {"@type": "Part", "name": "a", "weight": 5}}
    assert disagreements(widget(dialect, parts_or_values(dialect)).creating, part, seed) == []
    reference = {"part": {"@type": "PartRef", "id": "1", "@referredType": "Part"}}
    assert disagreements(widget(dialect, parts_or_values(dialect)).creating, reference, seed) == []
    values = {"value": [{"@type": "WholeValue", "value": 5}, {"@type": "TextValue", "value": "x", "name": "n"}]}
    assert disagreements(widget(dialect, values_of_kinds(dialect)).creating, values, seed) == []


@pytest.mark.parametrize("path", [path for path in files() if path.suffix != ".json"], ids=lambda path: path.name)
def test_both_judge_official_documents_alike(path: Any) -> None:
    first_of_each = {resource.name: (resource, body) for resource, _, body in reversed(list(create_examples(path)))}
    for seed, (resource, body) in enumerate(first_of_each.values()):
        assert disagreements(resource.creating, body, seed) == []
