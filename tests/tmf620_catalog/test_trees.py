"""TMF620: nothing in the catalogue contains itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import merged, refusals, rule_context
from tmf620_catalog.trees import CATEGORIES, LEVELS_MAX, OFFERINGS, PRICES, SPECIFICATIONS, Tree, check_tree

Documents = list[dict[str, Any]]


def refused(
    tree: Tree, stored: Documents, document: dict[str, Any], before: dict[str, Any] | None = None
) -> list[tuple[str, str]]:
    context = rule_context(tree.resource, {tree.resource: stored})
    check_tree(tree, before, document, context)
    return refusals(context)


def test_a_category_tree_may_be_written_from_both_sides() -> None:
    root = {"id": "A", "subCategory": [{"id": "B"}]}
    child = {"id": "B", "parent": {"id": "A"}}

    assert refused(CATEGORIES, [root], child) == []
    assert refused(CATEGORIES, [child], root) == []


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"id": "A", "parent": {"id": "A"}}, "/parent/id"),
        ({"id": "A", "subCategory": [{"id": "A"}]}, "/subCategory/0/id"),
    ],
)
def test_a_category_is_not_its_own_parent(document: dict[str, Any], pointer: str) -> None:
    assert refused(CATEGORIES, [], document) == [(pointer, "cycle")]


@pytest.mark.parametrize(
    ("stored", "document", "pointer"),
    [
        ([{"id": "B", "parent": {"id": "A"}}], {"id": "A", "parent": {"id": "B"}}, "/parent/id"),
        ([{"id": "A", "subCategory": [{"id": "B"}]}], {"id": "B", "subCategory": [{"id": "A"}]}, "/subCategory/0/id"),
        (
            [{"id": "B", "parent": {"id": "A"}}],
            {"id": "B", "parent": {"id": "A"}, "subCategory": [{"id": "A"}]},
            "/subCategory/0/id",
        ),
        (
            [{"id": "B", "parent": {"id": "A"}}, {"id": "C", "parent": {"id": "B"}}],
            {"id": "A", "parent": {"id": "C"}},
            "/parent/id",
        ),
        (
            [{"id": "A", "subCategory": [{"id": "B"}]}, {"id": "B", "subCategory": [{"id": "C"}]}],
            {"id": "A", "parent": {"id": "C"}, "subCategory": [{"id": "B"}]},
            "/subCategory/0/id",
        ),
    ],
)
def test_a_cycle_of_categories_is_refused_however_it_is_written(
    stored: Documents, document: dict[str, Any], pointer: str
) -> None:
    found = refused(CATEGORIES, stored, document)

    assert (pointer, "cycle") in found
    assert {rule for _, rule in found} == {"cycle"}


def test_a_patch_that_turns_a_tree_round_is_no_cycle() -> None:
    before = {"id": "A", "subCategory": [{"id": "B"}]}

    assert refused(CATEGORIES, [before, {"id": "B"}], {"id": "A", "parent": {"id": "B"}}, before) == []


def test_a_patch_that_closes_a_cycle_is_refused() -> None:
    before = {"id": "A", "name": "root"}
    child = {"id": "B", "parent": {"id": "A"}}

    assert refused(CATEGORIES, [before, child], merged(before, parent={"id": "B"}), before) == [("/parent/id", "cycle")]


def test_a_parent_that_is_not_here_is_no_cycle() -> None:
    assert refused(CATEGORIES, [], {"id": "A", "parent": {"id": "gone"}}) == []


def test_a_tree_has_at_most_so_many_levels() -> None:
    chain = [{"id": str(n), "parent": {"id": str(n + 1)}} for n in range(LEVELS_MAX)]

    assert refused(CATEGORIES, chain, {"id": "new", "parent": {"id": "1"}}) == []
    assert refused(CATEGORIES, chain, {"id": "new", "parent": {"id": "0"}}) == [("", "depth")]


@pytest.mark.parametrize(
    ("part", "pointer"),
    [
        ({"bundledProductOffering": [{"id": "B"}]}, "/bundledProductOffering/0/id"),
        (
            {"bundledGroupProductOffering": [{"bundledProductOffering": [{"id": "B"}]}]},
            "/bundledGroupProductOffering/0/bundledProductOffering/0/id",
        ),
        (
            {"productOfferingRelationship": [{"id": "B", "relationshipType": "Bundles"}]},
            "/productOfferingRelationship/0/id",
        ),
    ],
)
@pytest.mark.parametrize(
    "other",
    [
        {"id": "B", "bundledProductOffering": [{"id": "A"}]},
        {"id": "B", "bundledGroupProductOffering": [{"bundledProductOffering": [{"id": "A"}]}]},
        {"id": "B", "productOfferingRelationship": [{"id": "A", "relationshipType": "bundles"}]},
    ],
)
def test_a_bundle_that_is_part_of_its_part_is_refused(
    part: dict[str, Any], other: dict[str, Any], pointer: str
) -> None:
    assert refused(OFFERINGS, [other], {"id": "A", **part}) == [(pointer, "cycle")]


def test_an_offering_bundled_by_its_own_part_is_refused() -> None:
    part = {"id": "B", "bundledProductOffering": [{"id": "C"}]}
    whole = {"id": "A", "bundledProductOffering": [{"id": "B"}]}
    document = merged(whole, productOfferingRelationship=[{"id": "C", "relationshipType": "bundledBy"}])

    assert ("/bundledProductOffering/0/id", "cycle") in refused(OFFERINGS, [part, whole], document)


def test_other_relationships_of_offerings_may_be_mutual() -> None:
    other = {"id": "B", "productOfferingRelationship": [{"id": "A", "relationshipType": "exclusiveWith"}]}
    document = {"id": "A", "productOfferingRelationship": [{"id": "B", "relationshipType": "exclusiveWith"}]}

    assert refused(OFFERINGS, [other], document) == []


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        (SPECIFICATIONS, "bundledProductSpecification"),
        (PRICES, "bundledPopRelationship"),
    ],
)
def test_bundles_of_specifications_and_prices_have_no_cycles(tree: Tree, name: str) -> None:
    stored: Documents = [{"id": "B", name: [{"id": "C"}]}, {"id": "C", name: [{"id": "A"}]}]

    assert refused(tree, stored, {"id": "A", name: [{"id": "D"}, {"id": "B"}]}) == [(f"/{name}/1/id", "cycle")]
