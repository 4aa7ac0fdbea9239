"""TMF620: the tables of catalogue states and of jobs."""

from __future__ import annotations

import pytest

from tmf620_catalog import COMPONENT
from tmf620_catalog.lifecycle import CATALOGUE, JOB, ON_SALE, OUT_OF_USE

GUIDE = ("In Study", "In Design", "In Test", "Active", "Launched", "Retired", "Obsolete", "Rejected")
MOVES = [
    ("In Study", "In Design"),
    ("In Design", "In Test"),
    ("In Test", "In Design"),
    ("In Test", "Active"),
    ("In Test", "Rejected"),
    ("Active", "Launched"),
    ("Active", "Retired"),
    ("Launched", "Retired"),
    ("Retired", "Obsolete"),
]


def test_every_state_of_the_user_guide_is_in_the_table() -> None:
    assert set(CATALOGUE.moves) == set(GUIDE)
    assert set(GUIDE) > ON_SALE | OUT_OF_USE


def test_exactly_the_moves_of_the_table_are_allowed() -> None:
    allowed = [(a, b) for a in GUIDE for b in GUIDE if a != b and CATALOGUE.may_move(a, b)]

    assert sorted(allowed) == sorted(MOVES)


def test_free_text_passes_in_both_directions() -> None:
    assert CATALOGUE.may_create("Pilot")
    assert CATALOGUE.may_move("Pilot", "Active")
    assert CATALOGUE.may_move("Retired", "Pilot")


@pytest.mark.parametrize("state", GUIDE)
def test_an_entity_starts_in_study_or_up_to_launched(state: str) -> None:
    assert CATALOGUE.may_create(state) == (state not in ("Retired", "Obsolete", "Rejected"))


def test_a_job_runs_once() -> None:
    states = ("Not Started", "Running", "Succeeded", "Failed")
    allowed = {(a, b) for a in states for b in states if a != b and JOB.may_move(a, b)}

    assert set(JOB.moves) == set(states)
    assert allowed == {
        ("Not Started", "Running"),
        ("Not Started", "Failed"),
        ("Running", "Succeeded"),
        ("Running", "Failed"),
    }


def test_every_catalogue_entity_is_versioned_and_guarded() -> None:
    guarded = {resource.name for resource in COMPONENT.resources if resource.lifecycle is CATALOGUE}
    versioned = {resource.name for resource in COMPONENT.resources if resource.versioned}

    entities = {"productCatalog", "category", "productSpecification", "productOfferingPrice", "productOffering"}
    assert guarded == versioned == entities
