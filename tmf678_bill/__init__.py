"""Bills (TMF678): what customers owe, the charges behind it, and requests for a bill."""

from common.component import Component, Resource, Route, Work
from tmf678_bill import rules
from tmf678_bill.corrections import paths as corrections
from tmf678_bill.document.kept import DOCUMENTS
from tmf678_bill.document.schedule import DOCUMENT
from tmf678_bill.lifecycle import CUSTOMER_BILL, CUSTOMER_BILL_ON_DEMAND
from tmf678_bill.schedule import BILL_ACCOUNT, BILL_DEMAND
from tmf678_bill.tables import TABLES
from tmf678_bill.v4 import V4

_PARTY = ("relatedParty.partyOrPartyRole.id", "relatedParty.role")
_DATES = ("billDate", "lastUpdate", "paymentDueDate")
# What nobody looks bills and rates up by costs every bill an entry in an index.
_BILL = ("billNo", "state", "billCycle.id", *_DATES, *_PARTY)
_RATE = ("date", "bill.id")

COMPONENT = Component(
    name="tmf678_bill",
    api="TMF678",
    resources=(
        Resource("billCycle", indexed=("name", "billingDate", "BillCycleSpecification.id")),
        Resource(
            "customerBill",
            indexed=_BILL,
            holds=("billingAccount.id", "financialAccount.id"),
            lifecycle=CUSTOMER_BILL,
            on_patch=rules.on_patch_bill,
        ),
        Resource("appliedCustomerBillingRate", indexed=_RATE, holds=("billingAccount.id", "product.id"), is_text=True),
        Resource(
            "customerBillOnDemand",
            indexed=("name", "state", "lastUpdate", *_PARTY),
            holds=("billingAccount.id",),
            lifecycle=CUSTOMER_BILL_ON_DEMAND,
            on_create=rules.on_create_request,
        ),
    ),
    works=(
        Work(DOCUMENT, "tmf678_bill.document.works:BillDocument", "document"),
        Work(BILL_ACCOUNT, "tmf678_bill.works:BillAccount", "billing"),
        Work(BILL_DEMAND, "tmf678_bill.works:BillOnDemand", "billing"),
    ),
    routes=(
        Route("GET", "/billing/v1/document/{documentId}", "tmf678_bill.document.download:Download"),
        Route("GET", "/billing/v1/usage", "tmf678_bill.usage:BilledUsage"),
        *corrections.ROUTES,
    ),
    commands={"bill": "tmf678_bill.command:bill_app", "tax": "tmf678_bill.command:tax_app"},
    records=(*TABLES, *corrections.TABLES, DOCUMENTS),
    offers={
        "corrections": "tmf678_bill.corrections.offer:Corrections",
        "receivables": "tmf678_bill.receivables:Receivables",
        "billing": "tmf678_bill.schedule:Billing",
        "prepaidUsage": "tmf678_bill.prepaid:PrepaidUsage",
    },
    checks="tmf678_bill.assure:CHECKS",
    v4=V4,
)
