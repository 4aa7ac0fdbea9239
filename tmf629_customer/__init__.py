"""Customers (TMF629): parties in their role as buyers."""

from common.component import Component, Resource
from tmf629_customer import rules
from tmf629_customer.lifecycle import CUSTOMER
from tmf629_customer.v4 import V4

COMPONENT = Component(
    name="tmf629_customer",
    api="TMF629",
    resources=(
        Resource(
            "customer",
            indexed=(
                "name",
                "status",
                "role",
                "partyRoleSpecification.id",
                "agreement.id",
                "contactMedium.emailAddress",
                "contactMedium.phoneNumber",
                "relatedParty.partyOrPartyRole.id",
                "relatedParty.role",
            ),
            counted=("status",),
            holds=("engagedParty.id", "account.id"),
            lifecycle=CUSTOMER,
            on_create=rules.on_create,
            on_patch=rules.on_patch,
        ),
    ),
    v4=V4,
)
