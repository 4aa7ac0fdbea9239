"""Product usage (TMF635): what customers used of their products."""

from common.component import Component, Resource
from common.jobs.rules import check_job
from tmf635_usage import rules
from tmf635_usage.lifecycle import EXPORT_JOB, PRODUCT_USAGE
from tmf635_usage.v4 import V4

COMPONENT = Component(
    name="tmf635_usage",
    api="TMF635",
    resources=(
        Resource(
            "productUsage",
            indexed=(
                "status",
                "usageType",
                "creationDate",
                "lastUpdate",
                "usageSpecification.id",
                "externalIdentifier.id",
                "relatedParty.partyOrPartyRole.id",
                "relatedParty.role",
            ),
            holds=("product.id",),
            lifecycle=PRODUCT_USAGE,
            on_patch=rules.on_patch,
            on_delete=rules.on_delete,
        ),
        Resource(
            "exportJob",
            indexed=("status", "creationDate", "completionDate"),
            lifecycle=EXPORT_JOB,
            on_create=check_job,
        ),
    ),
    jobs={"exportJob": "export"},
    v4=V4,
)
