"""Accounts (TMF666): on which parties are billed, settled with and kept in the ledger."""

from common.component import Component, Resource
from tmf666_account.lifecycle import ACCOUNT

_INDEXED = ("name", "state", "accountType", "lastUpdate", "relatedParty.role", "accountRelationship.account.id")
_PARTIES = ("relatedParty.partyOrPartyRole.id",)
_HOLDS = (
    *_PARTIES,
    "financialAccount.id",
    "billStructure.format.id",
    "billStructure.presentationMedia.id",
    "billStructure.cycleSpecification.id",
)

COMPONENT = Component(
    name="tmf666_account",
    api="TMF666",
    resources=(
        Resource("billFormat", indexed=("name",)),
        Resource("billPresentationMedia", indexed=("name",)),
        Resource("billingCycleSpecification", indexed=("name", "frequency", "billingPeriod")),
        Resource("financialAccount", indexed=_INDEXED, holds=_PARTIES, lifecycle=ACCOUNT),
        Resource("partyAccount", indexed=(*_INDEXED, "paymentStatus"), holds=_HOLDS, lifecycle=ACCOUNT),
        Resource("billingAccount", indexed=(*_INDEXED, "paymentStatus", "ratingType"), holds=_HOLDS, lifecycle=ACCOUNT),
        Resource("settlementAccount", indexed=(*_INDEXED, "paymentStatus"), holds=_HOLDS, lifecycle=ACCOUNT),
    ),
)
