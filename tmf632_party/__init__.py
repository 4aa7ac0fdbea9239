"""Parties (TMF632): persons and organizations."""

from common.component import Component, Resource
from tmf632_party import rules
from tmf632_party.lifecycle import INDIVIDUAL, ORGANIZATION
from tmf632_party.v4 import V4

_BOTH = (
    "name",
    "status",
    "externalReference.id",
    "contactMedium.emailAddress",
    "contactMedium.phoneNumber",
    "relatedParty.partyOrPartyRole.id",
    "relatedParty.role",
)

COMPONENT = Component(
    name="tmf632_party",
    api="TMF632",
    resources=(
        Resource(
            "individual",
            indexed=(*_BOTH, "givenName", "familyName", "birthDate", "individualIdentification.identificationId"),
            counted=("status",),
            lifecycle=INDIVIDUAL,
            on_create=rules.on_create_individual,
            on_patch=rules.on_patch_individual,
        ),
        Resource(
            "organization",
            indexed=(
                *_BOTH,
                "tradingName",
                "organizationType",
                "organizationIdentification.identificationId",
                "organizationParentRelationship.organization.id",
                "organizationChildRelationship.organization.id",
            ),
            counted=("status",),
            lifecycle=ORGANIZATION,
            on_create=rules.on_create_organization,
            on_patch=rules.on_patch_organization,
        ),
    ),
    v4=V4,
)
