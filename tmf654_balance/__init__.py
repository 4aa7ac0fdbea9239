"""Prepay balances (TMF654): buckets, and what fills, moves, reserves and corrects them. The standard has v4 only."""

from common.component import Component, Resource, Route, Work
from tmf654_balance import rules
from tmf654_balance.changes import RESERVATION
from tmf654_balance.ledger import EXPIRY, POSTING
from tmf654_balance.lifecycle import ACTION, BUCKET
from tmf654_balance.tables import TABLES

_OF_BUCKETS = ("usageType", "partyAccount.id", "product.id", "logicalResource.id", "relatedParty.id")
_OF_ACTIONS = ("status", "requestedDate", "bucket.id", *_OF_BUCKETS)

COMPONENT = Component(
    name="tmf654_balance",
    api="TMF654",
    resources=(
        Resource(
            "bucket",
            indexed=("status", "validFor.endDateTime", *_OF_BUCKETS),
            holds=("product.id",),
            lifecycle=BUCKET,
        ),
        *(
            Resource(
                name,
                _OF_ACTIONS,
                lifecycle=ACTION,
                on_create=rules.on_create,
                on_patch=rules.on_patch,
                on_delete=rules.on_delete,
            )
            for name in rules.ACTIONS
        ),
        Resource("accumulatedBalance", indexed=("partyAccount.id", "product.id", "relatedParty.id")),
        Resource("balanceActionHistory", indexed=_OF_ACTIONS),
    ),
    works=(
        Work(EXPIRY, "tmf654_balance.works:BucketExpiry", "rating"),
        Work(RESERVATION, "tmf654_balance.works:ReservationExpiry", "rating"),
        Work(POSTING, "tmf654_balance.works:BucketPosting", "billing"),
    ),
    routes=(
        Route("PATCH", "/charging/v1/limits/{bucketId}", "tmf654_balance.limits:PatchLimits"),
        Route("GET", "/charging/v1/limits/{bucketId}", "tmf654_balance.limits:RetrieveLimits"),
    ),
    records=TABLES,
    offers={"balances": "tmf654_balance.offer:Balances"},
    checks="tmf654_balance.assure:CHECKS",
)
