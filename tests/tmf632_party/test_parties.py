"""TMF632: states and rules of individuals and organizations."""

import pytest

from tests.fakes import refusals, rule_context
from tmf632_party import COMPONENT
from tmf632_party.rules import on_create_individual, on_create_organization, on_patch_individual, on_patch_organization

REVERSED = {"startDateTime": "2026-02-01T00:00:00.000Z", "endDateTime": "2026-01-01T00:00:00.000Z"}


def organization(id, parent=None, children=()):
    document = {"@type": "Organization", "id": id, "name": id}
    if parent:
        document["organizationParentRelationship"] = {"relationshipType": "legal", "organization": {"id": parent}}
    if children:
        related = [{"relationshipType": "legal", "organization": {"id": child}} for child in children]
        document["organizationChildRelationship"] = related
    return document


def judged(document, stored=(), mode="process"):
    context = rule_context("organization", {"organization": list(stored)}, mode=mode)
    on_create_organization(document, context)
    patching = rule_context("organization", {"organization": list(stored)}, mode=mode)
    on_patch_organization(organization(document["id"]), document, patching)
    assert refusals(patching) == refusals(context)
    return refusals(context)


@pytest.mark.parametrize(
    ("resource", "moves"),
    [
        ("individual", {("initialized", "validated"), ("initialized", "deceased"), ("validated", "deceased")}),
        ("organization", {("initialized", "validated"), ("validated", "closed")}),
    ],
)
def test_the_moves_are_those_of_the_diagram(resource, moves):
    lifecycle = COMPONENT.resource(resource).lifecycle
    states = lifecycle.moves.keys()
    assert {(a, b) for a in states for b in states if a != b and lifecycle.may_move(a, b)} == moves
    assert lifecycle.initial == "initialized"
    assert all(lifecycle.may_create(state) for state in states)
    assert not lifecycle.may_create("unheard of")


@pytest.mark.parametrize(
    "path",
    [
        "contactMedium",
        "otherName",
        "creditRating",
        "taxExemptionCertificate",
        "individualIdentification",
        "disability",
        "languageAbility",
        "skill",
    ],
)
def test_reversed_periods_of_an_individual_are_refused(path):
    after = {"id": "i1", path: [{"validFor": REVERSED}]}
    for rule in (on_create_individual, lambda document, context: on_patch_individual({"id": "i1"}, document, context)):
        context = rule_context("individual")
        rule(after, context)
        assert refusals(context) == [(f"/{path}/0/validFor/endDateTime", "period")]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"existsDuring": REVERSED}, "/existsDuring/endDateTime"),
        (
            {"organizationIdentification": [{"validFor": REVERSED}]},
            "/organizationIdentification/0/validFor/endDateTime",
        ),
        ({"otherName": [{"validFor": REVERSED}]}, "/otherName/0/validFor/endDateTime"),
    ],
)
def test_reversed_periods_of_an_organization_are_refused(changes, pointer):
    assert judged({**organization("a"), **changes}) == [(pointer, "period")]


@pytest.mark.parametrize(
    ("born", "died", "expected"),
    [
        ("1967-09-26T05:00:00.000Z", "2020-01-01T00:00:00.000Z", []),
        ("1967-09-26T05:00:00.000Z", "1967-09-26T05:00:00.000Z", []),
        ("1967-09-26T05:00:00.000Z", "1967-09-26T04:59:59.999Z", [("/deathDate", "period")]),
        ("1967-09-26T05:00:00.000Z", None, []),
    ],
)
def test_nobody_dies_before_being_born(born, died, expected):
    context = rule_context("individual")
    on_create_individual({"id": "i1", "birthDate": born, **({"deathDate": died} if died else {})}, context)
    assert refusals(context) == expected


PARENT = ("/organizationParentRelationship/organization/id", "cycle")
CHILD = ("/organizationChildRelationship/0/organization/id", "cycle")


@pytest.mark.parametrize(
    ("document", "stored", "expected"),
    [
        (organization("a", parent="b"), [organization("b", parent="c")], []),
        (organization("a", parent="b"), [organization("b", children=["a"])], []),
        (organization("a", parent="a"), [], [PARENT]),
        (organization("a", children=["a"]), [], [CHILD]),
        (organization("a", parent="b"), [organization("b", parent="c"), organization("c", parent="a")], [PARENT]),
        (organization("a", children=["b"]), [organization("b", children=["a"])], [CHILD]),
        (organization("a", parent="b", children=["b"]), [], [PARENT, CHILD]),
    ],
)
def test_no_organization_stands_above_or_below_itself(document, stored, expected):
    assert judged(document, stored) == expected
    assert judged(document, stored, mode="off") == []


def test_a_relationship_without_an_organization_is_nothing_to_follow():
    document = organization("a")
    document["organizationParentRelationship"] = {"relationshipType": "legal"}
    assert judged(document) == []
