"""Payment methods (TMF670): the means by which customers pay. The standard has v4 only."""

from common.component import Component, Resource
from tmf670_payment_method import rules
from tmf670_payment_method.lifecycle import PAYMENT_METHOD

COMPONENT = Component(
    name="tmf670_payment_method",
    api="TMF670",
    resources=(
        Resource(
            "paymentMethod",
            indexed=("name", "status", "isPreferred", "account.id", "relatedParty.id"),
            lifecycle=PAYMENT_METHOD,
            on_create=rules.on_create,
            on_patch=rules.on_patch,
            on_delete=rules.on_delete,
        ),
    ),
)
