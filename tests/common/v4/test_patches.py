"""A v4 client patches what it sees; what it does not see stays."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.v4.mapping import marked, rejoin, shown_in_v5, unmarked
from tests.common.v4.pairs import Case, cases, varied

PARTY = {
    "@type": "RelatedPartyRefOrPartyRoleRef",
    "role": "owner",
    "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "1", "@referredType": "Customer", "partyId": "p1"},
}


def merged(target, merge):
    """RFC 7396."""
    if not isinstance(merge, dict):
        return merge
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in merge.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merged(target.get(name), value)
    return target


def patched(case: Case, stored, merge):
    """The stored document after a merge patch by a v4 client."""
    view = case.mapping.project(stored, hidden=True)
    return case.mapping.lift(rejoin(view, merged(view, merge)))


def test_members_that_only_v5_has_stay():
    stored = {"@type": "ProductOffering", "name": "a", "policy": [{"@type": "PolicyRef", "id": "1"}]}

    assert patched(Case("TMF620", "productOffering"), stored, {"name": "b"}) == stored | {"name": "b"}


def test_elements_of_a_replaced_array_keep_what_only_v5_says_of_them():
    stored = {"@type": "ProductCatalog", "relatedParty": [PARTY]}
    case = Case("TMF620", "catalog")
    shown = case.mapping.project(stored)["relatedParty"]
    new = {"id": "2", "role": "seller", "@referredType": "Individual"}

    after = patched(case, stored, {"relatedParty": [new, {**shown[0], "name": "Ann"}]})

    assert [party["partyOrPartyRole"] for party in after["relatedParty"]] == [
        {"@type": "PartyRef", "id": "2", "@referredType": "Individual"},
        PARTY["partyOrPartyRole"] | {"name": "Ann"},
    ]


@pytest.mark.parametrize("case", cases(), ids=str)
def test_sending_back_what_is_shown_changes_nothing(case: Case):
    for stored in case.v5_documents():
        for seed in range(10):
            before = varied(stored, seed) if seed else stored

            assert patched(case, before, case.mapping.project(before)) == before


@pytest.mark.parametrize("case", cases(), ids=str)
def test_what_is_patched_is_what_is_shown_and_marked_members(case: Case):
    for stored in case.v5_documents():
        for seed in range(10):
            before = varied(stored, seed) if seed else stored

            assert unmarked(case.mapping.project(before, hidden=True)) == case.mapping.project(before)


def test_a_changed_state_forgets_the_remembered_one():
    case = Case("TMF635", "usage")
    stored = case.mapping.lift({"status": "billed"})

    assert patched(case, stored, {"status": "rerated"}) == {"@type": "ProductUsage", "status": "corrected"}
    assert case.mapping.project(stored | {"status": "failed"}) == {"status": "rejected"}


def test_a_state_that_v4_cannot_say_survives_a_patch_of_something_else():
    case = Case("TMF635", "usage")
    stored = {"@type": "ProductUsage", "status": "superseded", "usageType": "a"}

    assert patched(case, stored, {"usageType": "b"}) == stored | {"usageType": "b"}
    assert patched(case, stored, {"status": "rerated", "usageType": "b"}) == stored | {"usageType": "b"}


def test_a_type_that_no_longer_holds_is_inferred_again():
    case = Case("TMF629", "customer")
    stored = {
        "@type": "Customer",
        "characteristic": [{"@type": "NumberCharacteristic", "id": "1", "name": "a", "value": 5}],
    }

    same = patched(case, stored, {"characteristic": [{"name": "a", "value": 6}]})
    other = patched(case, stored, {"characteristic": [{"name": "a", "value": "six"}]})

    assert same["characteristic"] == [{"@type": "NumberCharacteristic", "id": "1", "name": "a", "value": 6}]
    assert other["characteristic"] == [{"@type": "StringCharacteristic", "id": "1", "name": "a", "value": "six"}]


def test_other_external_ids_stay_when_v4_changes_the_one_it_sees():
    case = Case("TMF622", "productOrder")
    second = {"@type": "ExternalIdentifier", "id": "2", "owner": "b"}
    stored = {"@type": "ProductOrder", "externalId": [{"@type": "ExternalIdentifier", "id": "1", "owner": "a"}, second]}

    assert patched(case, stored, {"externalId": "9"})["externalId"] == [
        {"@type": "ExternalIdentifier", "id": "9"},
        second,
    ]
    assert patched(case, stored, {"externalId": None})["externalId"] == [second]
    assert patched(case, stored, {"externalId": "1"}) == stored


def test_a_parent_that_v4_changes_is_another_one():
    case = Case("TMF620", "category")
    stored = {"@type": "Category", "parent": {"@type": "CategoryRef", "id": "1", "name": "old"}}

    assert patched(case, stored, {"parentId": "2"}) == {
        "@type": "Category",
        "parent": {"@type": "CategoryRef", "id": "2"},
    }
    assert patched(case, stored, {"parentId": "1"}) == stored
    assert patched(case, stored, {"parentId": None}) == {"@type": "Category"}


def test_an_amount_changed_in_v5_is_not_shown_with_the_tax_of_the_old_one():
    case = Case("TMF620", "productOffering")
    price = {
        "dutyFreeAmount": {"unit": "EUR", "value": Decimal("10")},
        "taxIncludedAmount": {"unit": "EUR", "value": Decimal("11.89")},
        "taxRate": Decimal("19"),
    }
    stored = case.mapping.lift({"productOfferingPrice": [{"name": "fee", "price": price}]})
    (fee,) = stored["productOfferingPrice"]

    assert case.mapping.project(stored)["productOfferingPrice"][0]["price"] == price
    fee["price"] = {"unit": "EUR", "value": Decimal("20")}
    shown = case.mapping.project(stored)["productOfferingPrice"][0]["price"]
    assert shown["taxIncludedAmount"] == {"unit": "EUR", "value": Decimal("23.8")}


def test_marks_are_found_wherever_they_stand():
    assert list(marked({"a": [{"~b": 1}], "~c": {"~d": 2}})) == ["~b", "~c", "~d"]
    assert shown_in_v5({"a": [{"~b": 1, "c": 2}], "~c": {}}) == {"a": [{"c": 2}]}
