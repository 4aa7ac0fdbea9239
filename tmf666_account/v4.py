"""How TMF666 v4 documents say what the stored v5 documents say."""

from __future__ import annotations

from common.domain.query import Document
from common.v4.shapes import ApiMapping, Rename, Shape, Shown, told
from common.v4.shared import related_party

_ACCOUNTS = ("BillingAccount", "FinancialAccount", "PartyAccount", "SettlementAccount")
_REFERRED = ("BillFormat", "BillPresentationMedia", "BillingCycleSpecification")


def _id(document: Document) -> str | None:
    id = document.get("id")
    return id if isinstance(id, str) else None


V4 = ApiMapping(
    shapes={
        **{name: Shape((Rename("lastModified", "lastUpdate"),)) for name in _ACCOUNTS},
        # v4 says by a member what v5 says by the type.
        **{f"{name}RefOrValue": Shape((Shown("isRef", {name: False, name + "Ref": True}),)) for name in _REFERRED},
        # This API demands a name of every related party.
        "RelatedParty": related_party(told("name", _id)),
    },
)
