"""The rules of the components without a catalogue or orders stop no official create example and no minimal body."""

from __future__ import annotations

import copy

import pytest

from common.component import load_components
from tests import official
from tests.fakes import refusals, rule_context

NAMES = (
    *("tmf629_customer", "tmf632_party", "tmf635_usage", "tmf637_inventory", "tmf654_balance", "tmf666_account"),
    *("tmf677_consumption", "tmf678_bill"),
)
COMPONENTS = {component.api: component for component in load_components(NAMES)}
EXAMPLES = [
    example
    for api, path in official.core_v5().items()
    if api in COMPONENTS
    for example in official.create_examples(path)
    if example.path.strip("/") not in COMPONENTS[api].jobs  # files on somebody's server: test_official_examples
]
PARTY = {
    "@type": "RelatedPartyRefOrPartyRoleRef",
    "role": "owner",
    "partyOrPartyRole": {"@type": "PartyRef", "id": "7"},
}
# What conformance kits post where little is mandatory (tmf630: profiles of v4, mandatory attributes of v5).
MINIMAL = [
    ("TMF629", "customer", {"name": "Moon", "engagedParty": {"@type": "PartyRef", "id": "7"}}),
    ("TMF632", "individual", {"givenName": "Jane", "familyName": "Doe"}),
    ("TMF632", "organization", {"name": "Doe and Daughters"}),
    ("TMF637", "product", {"status": "created", "productOffering": {"@type": "ProductOfferingRef", "id": "7"}}),
    (
        "TMF637",
        "product",
        {"status": "active", "productSpecification": {"@type": "ProductSpecificationRef", "id": "7"}},
    ),
    *(
        ("TMF666", name, {"name": "Home", "relatedParty": [PARTY]})
        for name in ("billingAccount", "partyAccount", "settlementAccount", "financialAccount")
    ),
    ("TMF666", "billingCycleSpecification", {"name": "Monthly"}),
    ("TMF678", "customerBillOnDemand", {"billingAccount": {"@type": "BillingAccountRef", "id": "7"}}),
]


def judged(api, name, body, mode):
    """What the create rule refuses while everything is served and nothing is here."""
    resource = COMPONENTS[api].resource(name)
    served = {other.name: [] for component in COMPONENTS.values() for other in component.resources}
    context = rule_context(name, served, mode=mode)
    if resource.on_create is not None:
        resource.on_create({"id": "1", **copy.deepcopy(body)}, context)
    return refusals(context)


@pytest.mark.parametrize("mode", ["process", "off"])
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_official_create_example_passes(example, mode):
    assert judged(example.api, example.path.lstrip("/"), example.body, mode) == []


@pytest.mark.parametrize("mode", ["process", "off"])
@pytest.mark.parametrize(("api", "name", "body"), MINIMAL)
def test_minimal_body_passes(api, name, body, mode):
    assert judged(api, name, body, mode) == []
