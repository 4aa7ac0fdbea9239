"""How TMF666 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Rename, Shape, Shown, Told
from common.v4.shared import related_party

_ACCOUNTS = ("BillingAccount", "FinancialAccount", "PartyAccount", "SettlementAccount")
_REFERRED = ("BillFormat", "BillPresentationMedia", "BillingCycleSpecification")

V4 = ApiMapping(
    shapes={
        **{name: Shape((Rename("lastModified", "lastUpdate"),)) for name in _ACCOUNTS},
        # v4 says by a member what v5 says by the type.
        **{f"{name}RefOrValue": Shape((Shown("isRef", {name: False, name + "Ref": True}),)) for name in _REFERRED},
        # This API demands a name of every related party.
        "RelatedParty": related_party(Told("name", "id")),
    },
)
