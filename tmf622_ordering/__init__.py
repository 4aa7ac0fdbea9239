"""TMF622 Product Ordering Management v5.0.0: capturing orders for products, carrying them out, and cancelling them."""

from common.component import Component, Resource, Route, Work
from tmf622_ordering import rules, works
from tmf622_ordering.cancellation import create_cancellation
from tmf622_ordering.lifecycle import CANCELLATION, ORDER
from tmf622_ordering.v4 import V4

COMPONENT = Component(
    name="tmf622_ordering",
    api="TMF622",
    resources=(
        Resource(
            "productOrder",
            indexed=(
                "state",
                "creationDate",
                "completionDate",
                "cancellationDate",
                "requestedStartDate",
                "requestedCompletionDate",
                "expectedCompletionDate",
                "category",
                "priority",
                "description",
                "externalId.id",
                "relatedParty.id",
                "relatedParty.partyOrPartyRole.id",
                "channel.channel.id",
                "agreement.id",
                "quote.id",
                "productOrderItem.product.id",
                "productOrderItem.state",
                "productOrderItem.action",
            ),
            counted=("state", "creationDate"),
            holds=("billingAccount.id", "productOrderItem.billingAccount.id", "productOrderItem.productOffering.id"),
            lifecycle=ORDER,
            on_create=rules.create_order,
            on_patch=rules.patch_order,
            on_delete=rules.delete_order,
        ),
        Resource(
            "cancelProductOrder",
            indexed=("state", "creationDate", "requestedCancellationDate", "productOrder.id"),
            lifecycle=CANCELLATION,
            on_create=create_cancellation,
        ),
    ),
    works=(
        Work(works.FULFILMENT, "tmf622_ordering.fulfil:Fulfil", "fulfilment"),
        Work(works.CANCELLATION, "tmf622_ordering.cancel:Cancel", "fulfilment"),
        Work(works.LISTENING, "tmf622_ordering.subscribe:Subscribe", "fulfilment"),
    ),
    routes=tuple(Route("POST", path, "tmf622_ordering.listener:Listener") for path in works.LISTENER_PATHS),
    commands={"order": "tmf622_ordering.command:order_app"},
    checks="tmf622_ordering.assure:CHECKS",
    v4=V4,
)
