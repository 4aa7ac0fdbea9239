"""Rules of parties, products, accounts and bills through the whole way of a request, on the real store.

What is refused leaves every row as it was: resources, look-ups and events.
"""

from __future__ import annotations

import pytest

from common.domain.ids import ordered_id

BASE = {
    "organization": "/tmf-api/partyManagement/v5/organization",
    "customer": "/tmf-api/customerManagement/v5/customer",
    "billingAccount": "/tmf-api/accountManagement/v5/billingAccount",
    "financialAccount": "/tmf-api/accountManagement/v5/financialAccount",
    "product": "/tmf-api/productInventory/v5/product",
    "productUsage": "/tmf-api/productUsageManagement/v5/productUsage",
    "customerBill": "/tmf-api/customerBillManagement/v5/customerBill",
    "customerBillOnDemand": "/tmf-api/customerBillManagement/v5/customerBillOnDemand",
}


@pytest.fixture
def post(suite):
    """The id of a new resource."""

    def create(resource, **attributes):
        body = {"@type": resource[0].upper() + resource[1:], **attributes}
        return suite.created(BASE[resource], body)["id"]

    return create


@pytest.fixture
def store(suite):
    """The id of a resource that has no create operation, written as a bill run would."""

    def add(resource, **attributes):
        id = ordered_id()
        installation = suite.installation
        document = {"id": id, "@type": resource[0].upper() + resource[1:], **attributes}
        with installation.database.write() as uow:
            repository = uow.repository(installation.by_name[resource].stored.name)
            repository.add(id, document, installation.clock.now())
            uow.commit()
        return id

    return add


@pytest.fixture
def refused(suite, backend):
    """The message of a request that is answered with this status and changes nothing."""

    def attempt(method, path, body=None, status=409):
        before = backend.rows()
        kept = suite.get(path).json
        answer = suite.request(method, path, body)
        assert answer.status == status, answer.content
        assert backend.rows() == before
        assert suite.get(path).json == kept
        return answer.json["message"]

    return attempt


def account(post, party, **attributes):
    related = {
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "role": "owner",
        "partyOrPartyRole": {"@type": "PartyRef", "@referredType": "Organization", "id": party},
    }
    return post("billingAccount", name="Main", relatedParty=[related], **attributes)


def test_a_party_in_use_is_not_deleted(suite, post, refused):
    party = post("organization", name="Moon Club")
    reference = {"@type": "PartyRef", "@referredType": "Organization", "id": party}
    customer = post("customer", name="Moon Club", engagedParty=reference)

    message = refused("DELETE", f"{BASE['organization']}/{party}")

    assert f"customer {customer}" in message
    assert suite.delete(f"{BASE['customer']}/{customer}").status == 204
    assert suite.delete(f"{BASE['organization']}/{party}").status == 204


def test_an_organization_is_not_put_below_its_own_child(post, refused):
    def below(parent):
        return {
            "@type": "OrganizationParentRelationship",
            "relationshipType": "legal",
            "organization": {"@type": "OrganizationRef", "id": parent},
        }

    top = post("organization", name="Top")
    middle = post("organization", name="Middle", organizationParentRelationship=below(top))
    bottom = post("organization", name="Bottom", organizationParentRelationship=below(middle))

    body = {"organizationParentRelationship": below(bottom)}
    message = refused("PATCH", f"{BASE['organization']}/{top}", body, status=400)

    assert message.startswith("/organizationParentRelationship/organization/id: this leads back")


def test_an_account_is_closed_when_its_products_have_ended_and_its_bills_are_settled(suite, post, store, refused):
    id = account(post, "elsewhere")
    reference = {"@type": "BillingAccountRef", "id": id}
    product = post("product", status="active", billingAccount=reference)
    bill = store("customerBill", state="sent", billingAccount=reference)
    path, closed = f"{BASE['billingAccount']}/{id}", {"state": "Closed"}

    message = refused("PATCH", path, closed)
    assert f"product {product}, customerBill {bill} are still open on it" in message

    assert suite.patch(f"{BASE['product']}/{product}", {"status": "terminated"}).status == 200
    message = refused("PATCH", path, closed)
    assert f"customerBill {bill} is still open on it" in message

    assert suite.patch(f"{BASE['customerBill']}/{bill}", {"state": "settled"}).status == 200
    assert suite.patch(path, closed).json["state"] == "Closed"
    refused("PATCH", path, {"state": "Active"})


def test_a_request_for_a_bill_on_a_closed_account_is_stored_as_rejected(suite, post):
    reference = {"@type": "BillingAccountRef", "id": account(post, "elsewhere", state="Closed")}
    request = post("customerBillOnDemand", billingAccount=reference)
    assert suite.get(f"{BASE['customerBillOnDemand']}/{request}").json["state"] == "rejected"


def test_the_official_spelling_of_aborted_is_stored_without_its_blank(suite, post):
    path = f"{BASE['product']}/{post('product', status='pendingActive')}"
    assert suite.patch(path, {"status": "aborted "}).json["status"] == "aborted"
    assert suite.get(path).json["status"] == "aborted"
    assert suite.delete(path).status == 204


def test_an_active_product_is_terminated_before_it_is_deleted(suite, post, refused):
    path = f"{BASE['product']}/{post('product', status='created')}"
    started = suite.patch(path, {"status": "active"}).json
    assert started["startDate"].endswith("Z")

    assert "terminate it first" in refused("DELETE", path)

    ended = suite.patch(path, {"status": "terminated"}).json
    assert ended["startDate"] == started["startDate"]
    assert ended["terminationDate"] >= started["startDate"]
    assert suite.delete(path).status == 204


def test_usage_waits_for_its_product(suite, post, refused):
    usage = post(
        "productUsage",
        product={"@type": "ProductRef", "id": "later"},
        usageSpecification={"@type": "ProductUsageSpecificationRef", "id": "voice"},
    )
    path = f"{BASE['productUsage']}/{usage}"

    assert "the usage waits for it" in refused("PATCH", path, {"status": "validated"})

    post("product", id="later", status="created")
    assert suite.patch(path, {"status": "validated"}).json["status"] == "validated"
    assert f"productUsage {usage}" in refused("DELETE", f"{BASE['product']}/later")


def test_a_bill_with_something_left_to_pay_is_not_settled(suite, store, refused):
    bill = store("customerBill", state="sent", remainingAmount={"unit": "EUR", "value": 5})
    message = refused("PATCH", f"{BASE['customerBill']}/{bill}", {"state": "settled"})
    assert "5 EUR remain" in message
