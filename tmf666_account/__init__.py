"""Accounts (TMF666): on which parties are billed, settled with and kept in the ledger."""

from typing import Any

from common.component import Component, Resource, Route, Work
from tmf666_account import rules
from tmf666_account.ledger.deferrals import RECOGNITION
from tmf666_account.ledger.tables import TABLES
from tmf666_account.lifecycle import ACCOUNT
from tmf666_account.v4 import V4

_INDEXED = ("name", "state", "accountType", "lastUpdate", "relatedParty.role", "accountRelationship.account.id")
_PARTIES = ("relatedParty.partyOrPartyRole.id",)
_HOLDS = (
    *_PARTIES,
    "financialAccount.id",
    "billStructure.format.id",
    "billStructure.presentationMedia.id",
    "billStructure.cycleSpecification.id",
)

_RULES: dict[str, Any] = {
    "lifecycle": ACCOUNT,
    "on_create": rules.on_create_account,
    "on_patch": rules.on_patch_account,
}

COMPONENT = Component(
    name="tmf666_account",
    api="TMF666",
    resources=(
        Resource("billFormat", indexed=("name",)),
        Resource("billPresentationMedia", indexed=("name",)),
        Resource(
            "billingCycleSpecification",
            indexed=("name", "frequency", "billingPeriod"),
            on_create=rules.on_create_cycle_specification,
            on_patch=rules.on_patch_cycle_specification,
        ),
        Resource("financialAccount", indexed=_INDEXED, holds=_PARTIES, **_RULES),
        Resource("partyAccount", indexed=(*_INDEXED, "paymentStatus"), holds=_HOLDS, **_RULES),
        Resource("billingAccount", indexed=(*_INDEXED, "paymentStatus", "ratingType"), holds=_HOLDS, **_RULES),
        Resource("settlementAccount", indexed=(*_INDEXED, "paymentStatus"), holds=_HOLDS, **_RULES),
    ),
    works=(Work(RECOGNITION, "tmf666_account.ledger.works:Recognition", "billing"),),
    routes=(Route("GET", "/ledger/v1/statement/{accountId}", "tmf666_account.ledger.routes:RetrieveStatement"),),
    commands={"ledger": "tmf666_account.command:ledger_app"},
    records=TABLES,
    offers={"ledger": "tmf666_account.ledger.offer:Ledger"},
    checks="tmf666_account.assure:CHECKS",
    v4=V4,
)
