"""Usage consumption (TMF677): what was used of what products allow, and what is left."""

from common.component import Component, Resource
from tmf677_consumption import rules
from tmf677_consumption.lifecycle import QUERY
from tmf677_consumption.v4 import V4

COMPONENT = Component(
    name="tmf677_consumption",
    api="TMF677",
    resources=(
        Resource(
            "queryUsageConsumption",
            indexed=("state", "creationDate", "partyAccount.id", "relatedParty.partyOrPartyRole.id"),
            lifecycle=QUERY,
            on_create=rules.create_query,
        ),
        Resource(
            "usageConsumptionReport",
            indexed=("creationDate", "lastUpdate", "partyAccount.id", "product.id", "relatedParty.partyOrPartyRole.id"),
            on_create=rules.create_report,
        ),
    ),
    v4=V4,
)
