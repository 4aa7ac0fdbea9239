"""Product inventory (TMF637): what customers have."""

from common.component import Component, Resource
from tmf637_inventory import history, rules
from tmf637_inventory.lifecycle import PRODUCT
from tmf637_inventory.v4 import V4

COMPONENT = Component(
    name="tmf637_inventory",
    api="TMF637",
    resources=(
        Resource(
            "product",
            indexed=(
                "name",
                "status",
                "creationDate",
                "orderDate",
                "startDate",
                "terminationDate",
                "productSerialNumber",
                "product.id",
                "productRelationship.id",
                "productOrderItem.orderId",
                "relatedParty.partyOrPartyRole.id",
                "relatedParty.role",
                "realizingService.id",
                "realizingResource.id",
            ),
            counted=("status", "startDate"),
            holds=("productOffering.id", "productSpecification.id", "billingAccount.id"),
            lifecycle=PRODUCT,
            on_create=rules.on_create,
            on_patch=rules.on_patch,
            on_delete=rules.on_delete,
        ),
    ),
    records=(history.SPANS, history.IDENTIFIERS),
    offers={"productHistory": "tmf637_inventory.history:ProductHistory"},
    checks="tmf637_inventory.assure:CHECKS",
    v4=V4,
)
