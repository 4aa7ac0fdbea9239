"""TMF635: states and rules of product usage, states of export jobs."""

import copy
from itertools import product as pairs

import pytest

from common.errors import Conflict
from tests.fakes import merged, refusals, rule_context
from tmf635_usage import COMPONENT
from tmf635_usage.rules import on_delete, on_patch

USAGE = {
    "@type": "ProductUsage",
    "id": "u1",
    "status": "initialized",
    "usageType": "voice",
    "lastUpdate": "2026-01-01T00:00:00.000Z",
    "product": {"@type": "ProductRef", "id": "p1"},
    "usageSpecification": {"@type": "ProductUsageSpecificationRef", "id": "s1"},
}
MOVES = {
    ("initialized", "validated"),
    ("initialized", "rejected"),
    ("validated", "rated"),
    ("validated", "notRated"),
    ("validated", "failed"),
    ("rated", "corrected"),
    ("rated", "superseded"),
    ("corrected", "rated"),
    ("rejected", "initialized"),
    ("failed", "initialized"),
}


def patched(before, documents=None, mode="process", **changes):
    after = merged(before, **changes)
    kept = copy.deepcopy((before, after))
    context = rule_context("productUsage", documents, mode=mode)
    try:
        on_patch(before, after, context)
    finally:
        assert (before, after) == kept
    assert refusals(context) == []


def test_the_moves_of_usage_are_those_of_the_table():
    lifecycle = COMPONENT.resource("productUsage").lifecycle
    allowed = {(a, b) for a, b in pairs(lifecycle.moves, repeat=2) if a != b and lifecycle.may_move(a, b)}
    assert allowed == MOVES


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("initialized", True),
        ("validated", True),
        ("rated", True),
        ("corrected", True),
        ("rejected", True),
        ("failed", False),
        ("superseded", False),
        ("notRated", False),
        ("invented", False),
    ],
)
def test_usage_starts_initialized_or_where_another_system_brought_it(status, allowed):
    lifecycle = COMPONENT.resource("productUsage").lifecycle
    assert lifecycle.initial == "initialized"
    assert lifecycle.may_create(status) is allowed


def test_an_export_job_runs_once_to_its_end():
    lifecycle = COMPONENT.resource("exportJob").lifecycle
    allowed = {(a, b) for a, b in pairs(lifecycle.moves, repeat=2) if a != b and lifecycle.may_move(a, b)}
    assert allowed == {("Not Started", "Running"), ("Running", "Succeeded"), ("Running", "Failed")}
    assert [state for state in lifecycle.moves if lifecycle.may_create(state)] == ["Not Started"]


@pytest.mark.parametrize("mode", ["process", "strict"])
def test_usage_of_a_product_that_is_not_here_waits(mode):
    with pytest.raises(Conflict, match="no product with id 'p1' yet"):
        patched(USAGE, {"product": []}, mode, status="validated")


@pytest.mark.parametrize(
    ("documents", "mode", "status"),
    [
        ({"product": [{"id": "p1"}]}, "process", "validated"),
        ({"product": []}, "process", "rejected"),
        ({"product": []}, "process", None),
        ({"product": []}, "off", "validated"),
        ({}, "process", "validated"),
    ],
)
def test_usage_moves_on_when_its_product_is_here_or_not_ours_to_know(documents, mode, status):
    patched(USAGE, documents, mode, status=status or "initialized", usageType="data")


@pytest.mark.parametrize("status", ["rated", "superseded", "notRated"])
@pytest.mark.parametrize("changes", [{"usageType": "data"}, {"product": {"id": "p2"}}, {"usageProductPrice": []}])
def test_what_was_decided_upon_keeps_its_content(status, changes):
    with pytest.raises(Conflict, match=f"is {status} and keeps its {next(iter(changes))}"):
        patched(merged(USAGE, status=status), **changes)


def test_content_and_status_of_rated_usage_do_not_change_in_one_patch():
    with pytest.raises(Conflict, match="keeps its usageType"):
        patched(merged(USAGE, status="rated"), status="corrected", usageType="data")


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        ("rated", {"status": "corrected"}),
        ("rated", {"status": "superseded", "lastUpdate": "2026-02-01T00:00:00.000Z"}),
        ("corrected", {"usageType": "data", "status": "rated"}),
        ("validated", {"usageProductPrice": [], "status": "rated"}),
        ("rejected", {"usageType": "data"}),
    ],
)
def test_usage_that_is_not_decided_upon_may_change(status, changes):
    patched(merged(USAGE, status=status), **changes)


@pytest.mark.parametrize("status", ["initialized", "rejected", "failed"])
def test_usage_that_came_to_nothing_may_be_deleted(status):
    on_delete(merged(USAGE, status=status), rule_context("productUsage"))


@pytest.mark.parametrize("status", ["validated", "rated", "corrected", "superseded", "notRated"])
def test_usage_that_is_accounted_for_stays(status):
    with pytest.raises(Conflict, match=f"'u1' is {status}; only failed, initialized, rejected usage is deleted"):
        on_delete(merged(USAGE, status=status), rule_context("productUsage"))
