"""A filter in v4 terms finds in the store what v4 shows; a path leads where `lift` puts the value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from common.domain.query import AllOf, AnyElement, Compare, Exists, FieldPath, Kind, Operator, Query, SortKey, matches
from tests.common.v4.pairs import Case, cases, pair, varied

VARIANTS = 5


def leaves(node, steps=()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, (*steps, name))
    elif isinstance(node, list):
        for element in node:
            yield from leaves(element, steps)
    else:
        yield steps, node


def text(value):
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def asked(case: Case, steps, value):
    path = case.v4.fields.path(steps)
    if path.kind is Kind.UNKNOWN or isinstance(value, str | bool | int | Decimal):
        return Compare(path, Operator.EQ, (text(value),))
    return None


def check(case: Case, stored):
    shown = case.mapping.project(stored)
    seen = set()
    for steps, value in leaves(shown):
        question = asked(case, steps, value)
        if question is None or (steps, value) in seen:
            continue
        seen.add((steps, value))
        if not matches(question, shown):
            continue  # the generator's value is none of the member's kind
        # A tax-inclusive amount that we computed is shown, and in no stored document.
        if steps[-2:-1] == ("taxIncludedAmount",) and "price" in steps:
            continue
        assert matches(case.mapping.condition(question), stored), (steps, value, case.mapping.condition(question))
        other = Compare(question.path, Operator.EQ, ("no such value",))
        assert not matches(case.mapping.condition(other), stored), (steps, value)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_every_value_that_v4_sent_is_found(case: Case):
    for document in case.v4_documents():
        for seed in range(VARIANTS):
            check(case, case.mapping.lift(varied(document, seed) if seed else document))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_every_value_that_v4_is_shown_is_found(case: Case):
    for document in case.v5_documents():
        for seed in range(VARIANTS):
            check(case, varied(document, seed) if seed else document)


@pytest.mark.parametrize(
    ("api", "name", "steps", "stored"),
    [
        ("TMF620", "catalog", "relatedParty.id", "relatedParty.partyOrPartyRole.id"),
        ("TMF620", "catalog", "relatedParty.role", "relatedParty.role"),
        ("TMF620", "category", "parentId", "parent.id"),
        ("TMF620", "productOffering", "productOfferingPrice.priceAlteration.name",
         "productOfferingPrice.~priceAlteration.name"),
        ("TMF620", "productOffering", "productOfferingPrice.price.dutyFreeAmount.value",
         "productOfferingPrice.price.value"),
        ("TMF620", "productOfferingPrice", "constraint.id", "policy.id"),
        ("TMF620", "productSpecification", "productSpecCharacteristic.productSpecCharacteristicValue.value",
         "productSpecCharacteristic.characteristicValueSpecification.value"),
        ("TMF622", "productOrder", "orderDate", "creationDate"),
        ("TMF622", "productOrder", "externalId", "externalId.id"),
        ("TMF622", "productOrder", "channel.id", "channel.channel.id"),
        ("TMF622", "productOrder", "productOrderItem.product.agreement.id",
         "productOrderItem.product.agreementItem.agreementId"),
        ("TMF629", "customer", "engagedParty.id", "engagedParty.id"),
        ("TMF629", "customer", "engagedParty.role", "role"),
        ("TMF629", "customer", "contactMedium.characteristic.emailAddress", "contactMedium.emailAddress"),
        ("TMF629", "customer", "account.description", "account.~description"),
        ("TMF632", "individual", "fullName", "name"),
        ("TMF632", "individual", "externalReference.name", "externalReference.id"),
        ("TMF635", "usage", "usageDate", "~usageDate"),
        ("TMF635", "usage", "ratedProductUsage.taxExcludedRatingAmount.value",
         "usageProductPrice.price.dutyFreeAmount.value"),
        ("TMF635", "usage", "ratedProductUsage.isBilled", "usageProductPrice.~isBilled"),
        ("TMF637", "product", "productPrice.billingAccount.id", "productPrice.~billingAccount.id"),
        ("TMF637", "product", "place.id", "place.place.id"),
        ("TMF637", "product", "productRelationship.product.id", "productRelationship.id"),
        ("TMF666", "billingAccount", "lastModified", "lastUpdate"),
        ("TMF678", "appliedCustomerBillingRate", "type", "appliedBillingRateType"),
        ("TMF678", "customerBill", "relatedParty.id", "relatedParty.partyOrPartyRole.id"),
        ("TMF678", "customerBill", "x-note.said", "x-note.said"),
    ],
)  # fmt: skip
def test_paths(api, name, steps, stored):
    assert str(pair(api).mappings.by_name[name].path(tuple(steps.split(".")))) == stored


def test_a_path_keeps_the_kind_that_v4_says():
    mapping = pair("TMF635").mappings.by_name["usage"]

    assert mapping.path(("usageDate",)) == FieldPath(("~usageDate",), Kind.INSTANT, False)


def test_a_renamed_path_is_the_one_that_v5_has_an_index_for():
    api = pair("TMF622")

    found = api.mappings.by_name["productOrder"].path(("orderDate",))

    assert found == api.v5.resources["productOrder"].fields.path(("creationDate",))


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"status": "initialized"}, "received"),
        ({"status": "validated"}, "guided"),
        ({"status": "rated"}, "rated"),
        ({"status": "corrected"}, "rerated"),
        ({"status": "superseded"}, "rerated"),
        ({"status": "rejected"}, "rejected"),
        ({"status": "failed"}, "rejected"),
        ({"status": "notRated"}, "guided"),
        ({"status": "rated", "~status": {"of": {"status": "rated"}, "value": {"status": "billed"}}}, "billed"),
        ({"status": "corrected", "~status": {"of": {"status": "rated"}, "value": {"status": "billed"}}}, "rerated"),
        ({"status": "initialized", "~status": {"of": {"status": "initialized"}, "value": {"status": "recycled"}}},
         "recycled"),
    ],
)  # fmt: skip
def test_a_state_is_found_by_what_v4_shows_and_by_nothing_else(stored, shown):
    case = Case("TMF635", "usage")
    path = case.v4.fields.path(("status",))

    assert case.mapping.project({"@type": "ProductUsage", **stored})["status"] == shown
    for state in case.v4.states:
        equal = case.mapping.condition(Compare(path, Operator.EQ, (state,)))
        other = case.mapping.condition(Compare(path, Operator.NE, (state,)))
        assert matches(equal, stored) is (state == shown)
        assert matches(other, stored) is (state != shown)
    assert matches(case.mapping.condition(Compare(path, Operator.REGEX, (f"^{shown[:3]}",))), stored)
    for v5_only in set(case.v5.states) - set(case.v4.states):
        assert not matches(case.mapping.condition(Compare(path, Operator.EQ, (v5_only,))), stored)


def test_a_state_of_one_element_counts_for_that_element():
    case = Case("TMF622", "productOrder")
    order = {"productOrderItem": [{"id": "1", "state": "partial"}, {"id": "2", "state": "completed"}]}
    path = case.v4.fields.path(("productOrderItem",))

    def both(id, state):
        inner = (Compare(FieldPath(("id",), Kind.STRING), Operator.EQ, (id,)),
                 Compare(FieldPath(("state",), Kind.STRING), Operator.EQ, (state,)))  # fmt: skip
        return case.mapping.condition(AnyElement(path, AllOf(inner)))

    assert matches(both("1", "failed"), order)
    assert not matches(both("1", "completed"), order)
    assert not matches(both("2", "failed"), order)


def test_an_element_is_asked_in_its_own_terms():
    case = Case("TMF620", "catalog")
    asked = AnyElement(
        case.v4.fields.path(("relatedParty",)), Compare(FieldPath(("id",), Kind.STRING), Operator.EQ, ("42",))
    )

    found = case.mapping.condition(asked)

    assert isinstance(found, AnyElement)
    assert found.condition.path.steps == ("partyOrPartyRole", "id")
    assert matches(found, {"relatedParty": [{"partyOrPartyRole": {"id": "42"}}]})


def test_a_member_is_there_when_v4_says_it_is():
    case = Case("TMF629", "customer")

    found = case.mapping.condition(Exists(case.v4.fields.path(("engagedParty", "role"))))

    assert matches(found, {"role": "buyer"})
    assert not matches(found, {"engagedParty": {"id": "1"}})


def test_a_query_is_sorted_by_the_stored_member():
    case = Case("TMF666", "billingAccount")
    query = Query(sort=(SortKey(case.v4.fields.path(("lastModified",)), descending=True),), limit=5)

    found = case.mapping.query(query)

    assert found == Query(sort=(SortKey(case.v5.fields.path(("lastUpdate",)), descending=True),), limit=5)
