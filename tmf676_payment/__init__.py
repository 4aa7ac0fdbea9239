"""Payments (TMF676): money in and back, what it pays, and what becomes of debts. The standard has v4 only."""

from common.component import Component, Resource, Route, Work
from tmf676_payment import charges, collecting, rules
from tmf676_payment.dunning import wake
from tmf676_payment.lifecycle import PAYMENT, REFUND
from tmf676_payment.providers.names import SANDBOX_WORK
from tmf676_payment.tables import TABLES

_INDEXED = ("status", "statusDate", "correlatorId", "account.id", "paymentMethod.id")
_ACCOUNT_PATH = "/collections/v1/account/{accountId}"

COMPONENT = Component(
    name="tmf676_payment",
    api="TMF676",
    resources=(
        Resource(
            "payment",
            indexed=(*_INDEXED, "paymentDate", "payer.id", "paymentItem.item.id"),
            lifecycle=PAYMENT,
            on_create=rules.on_create_payment,
        ),
        Resource(
            "refund",
            indexed=(*_INDEXED, "refundDate", "payment.id"),
            lifecycle=REFUND,
            on_create=rules.on_create_refund,
        ),
    ),
    works=(
        Work(charges.WORK, "tmf676_payment.works:Ask", "payment"),
        Work(collecting.WORK, "tmf676_payment.works:Collect", "payment"),
        Work(wake.WORK, "tmf676_payment.dunning.works:Dun", "payment"),
        Work(SANDBOX_WORK, "tmf676_payment.providers.sandbox:Webhooks", "payment"),
    ),
    routes=(
        Route("POST", "/paymentProvider/v1/webhook", "tmf676_payment.webhook:Webhook"),
        Route("GET", _ACCOUNT_PATH, "tmf676_payment.dunning.route:RetrieveAccount"),
        Route("PATCH", _ACCOUNT_PATH, "tmf676_payment.dunning.route:PatchAccount"),
    ),
    commands={"dunning": "tmf676_payment.dunning.command:dunning_app"},
    records=TABLES,
    offers={"collections": "tmf676_payment.collections:Collections"},
    checks="tmf676_payment.assure:CHECKS",
)
