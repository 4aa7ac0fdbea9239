"""TMF629: statuses and rules of customers."""

import copy

import pytest

from tests.fakes import merged, refusals, rule_context
from tmf629_customer import COMPONENT
from tmf629_customer.rules import on_create, on_patch

CUSTOMER = {
    "@type": "Customer",
    "id": "c1",
    "name": "Moon Club",
    "status": "Created",
    "engagedParty": {"@type": "PartyRef", "id": "o1", "@referredType": "Organization"},
}
REVERSED = {"startDateTime": "2026-02-01T00:00:00.000Z", "endDateTime": "2026-01-01T00:00:00.000Z"}


def parties(**states):
    """Organizations o1 and individuals i1 in these states."""
    served = {"individual": [], "organization": []}
    for id, status in states.items():
        served["organization" if id.startswith("o") else "individual"].append({"id": id, "status": status})
    return served


def created(customer, documents=None, mode="process"):
    context = rule_context("customer", documents, mode=mode)
    on_create(copy.deepcopy(customer), context)
    return refusals(context)


@pytest.mark.parametrize("status", ["Created", "CreditCheckDone", "Approved", "Active", "Suspended", "Vip"])
def test_a_customer_may_start_in_any_status_but_the_last(status):
    lifecycle = COMPONENT.resource("customer").lifecycle
    assert lifecycle.initial == "Created"
    assert lifecycle.may_create(status)
    assert not lifecycle.may_create("Terminated")


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("Created", "Approved", True),
        ("Created", "CreditCheckDone", True),
        ("Approved", "Active", True),
        ("Active", "Suspended", True),
        ("Suspended", "Active", True),
        ("Suspended", "Terminated", True),
        ("Active", "Created", False),
        ("Terminated", "Active", False),
        ("Terminated", "Archived", True),
        ("Vip", "Created", True),
    ],
)
def test_statuses_of_the_table_move_by_it_and_others_pass(before, after, allowed):
    assert COMPONENT.resource("customer").lifecycle.may_move(before, after) is allowed


@pytest.mark.parametrize("mode", ["process", "strict", "off"])
@pytest.mark.parametrize("documents", [{}, parties(), parties(o1="initialized"), parties(o1="validated")])
def test_a_party_that_is_usable_or_not_here_is_accepted(documents, mode):
    assert created(CUSTOMER, documents, mode) == []


@pytest.mark.parametrize("mode", ["process", "strict"])
@pytest.mark.parametrize(
    ("party", "documents"),
    [
        ({"id": "o1", "@referredType": "Organization"}, parties(o1="closed")),
        ({"id": "o1"}, parties(o1="closed")),
        ({"id": "i1", "@referredType": "Individual"}, parties(i1="deceased")),
        ({"id": "i1", "@referredType": "Party"}, parties(i1="deceased")),
    ],
)
def test_a_party_that_has_ended_cannot_become_a_customer(party, documents, mode):
    assert created(merged(CUSTOMER, engagedParty=party), documents, mode) == [("/engagedParty/id", "party")]


def test_a_party_of_another_kind_than_the_reference_says_is_refused():
    party = {"id": "i1", "@referredType": "Organization"}
    refused = created(merged(CUSTOMER, engagedParty=party), parties(i1="validated"))
    assert refused == [("/engagedParty/@referredType", "party")]


def test_one_id_may_be_an_individual_and_an_organization():
    documents = {
        "individual": [{"id": "x", "status": "deceased"}],
        "organization": [{"id": "x", "status": "validated"}],
    }
    assert created(merged(CUSTOMER, engagedParty={"id": "x", "@referredType": "Organization"}), documents) == []


def test_without_reference_rules_an_ended_party_passes():
    assert created(CUSTOMER, parties(o1="closed"), mode="off") == []


@pytest.mark.parametrize(
    ("mode", "expected"), [("process", []), ("strict", [("/engagedParty/id", "reference")]), ("off", [])]
)
def test_a_reference_without_an_id_is_refused_in_strict_mode_only(mode, expected):
    assert created(merged(CUSTOMER, engagedParty={"@type": "PartyRef", "name": "Moon"}), parties(), mode) == expected


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"validFor": REVERSED}, "/validFor/endDateTime"),
        ({"contactMedium": [{}, {"validFor": REVERSED}]}, "/contactMedium/1/validFor/endDateTime"),
        ({"creditProfile": [{"validFor": REVERSED}]}, "/creditProfile/0/validFor/endDateTime"),
    ],
)
def test_reversed_periods_are_refused_on_create_and_on_patch(changes, pointer):
    after = merged(CUSTOMER, **changes)
    context = rule_context("customer")
    on_patch(CUSTOMER, after, context)

    assert created(after) == [(pointer, "period")]
    assert refusals(context) == [(pointer, "period")]


def test_a_patch_judges_the_party_only_when_it_changes_it():
    context = rule_context("customer", parties(o1="closed", o2="closed"))

    on_patch(CUSTOMER, merged(CUSTOMER, name="Sun Club"), context)
    assert refusals(context) == []

    on_patch(CUSTOMER, merged(CUSTOMER, engagedParty={"id": "o2", "@referredType": "Organization"}), context)
    assert refusals(context) == [("/engagedParty/id", "party")]


def test_the_rules_change_nothing():
    customer = copy.deepcopy(CUSTOMER)
    on_create(customer, rule_context("customer", parties(o1="closed")))
    assert customer == CUSTOMER


def test_parties_and_accounts_of_a_customer_are_held():
    assert COMPONENT.resource("customer").holds == ("engagedParty.id", "account.id")
