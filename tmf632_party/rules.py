"""TMF632 v5.0.0 parties: what the contract cannot say.

- A period ends no earlier than it starts (TMF630 TimePeriod).
- Nobody dies before being born (`birthDate`, `deathDate`).
- No organization stands above or below itself (`organizationParentRelationship`, `organizationChildRelationship`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from common.rules import Link, change_in_turn, check_no_cycle, check_order_of_dates, check_period

_PARTY_PERIODS = (
    "contactMedium.validFor",
    "otherName.validFor",
    "creditRating.validFor",
    "taxExemptionCertificate.validFor",
    "taxExemptionCertificate.taxDefinition.validFor",
)
_INDIVIDUAL_PERIODS = (
    *_PARTY_PERIODS,
    "individualIdentification.validFor",
    "disability.validFor",
    "languageAbility.validFor",
    "skill.validFor",
)
_RELATIONSHIPS = ("organizationParentRelationship", "organizationChildRelationship")
_ORGANIZATION_PERIODS = (*_PARTY_PERIODS, "existsDuring", "organizationIdentification.validFor")


def on_create_individual(individual: Document, context: RuleContext) -> None:
    for path in _INDIVIDUAL_PERIODS:
        check_period(individual, path, context)
    check_order_of_dates(individual, "birthDate", "deathDate", context)


def on_patch_individual(before: Document, after: Document, context: RuleContext) -> None:
    on_create_individual(after, context)


def on_create_organization(organization: Document, context: RuleContext) -> None:
    _check_organization(None, organization, context)


def on_patch_organization(before: Document, after: Document, context: RuleContext) -> None:
    _check_organization(before, after, context)


def _check_organization(before: Document | None, organization: Document, context: RuleContext) -> None:
    for path in _ORGANIZATION_PERIODS:
        check_period(organization, path, context)
    change_in_turn(before, organization, context, "organization", *_RELATIONSHIPS)
    check_no_cycle(organization, context, resource="organization", parents=_above, children=_below)


def _above(organization: Document) -> Iterator[Link]:
    yield from _link(organization.get("organizationParentRelationship"), "/organizationParentRelationship")


def _below(organization: Document) -> Iterator[Link]:
    for index, child in enumerate(organization.get("organizationChildRelationship", ())):
        yield from _link(child, f"/organizationChildRelationship/{index}")


def _link(relationship: Any, pointer: str) -> Iterator[Link]:
    target = relationship.get("organization") if isinstance(relationship, dict) else None
    id = target.get("id") if isinstance(target, dict) else None
    if isinstance(id, str):
        yield Link(f"{pointer}/organization/id", id)
