"""Bills (TMF678): what customers owe, the charges behind it, and requests for a bill."""

from common.component import Component, Resource
from tmf678_bill import rules
from tmf678_bill.lifecycle import CUSTOMER_BILL, CUSTOMER_BILL_ON_DEMAND
from tmf678_bill.tables import TABLES
from tmf678_bill.v4 import V4

_PARTY = ("relatedParty.partyOrPartyRole.id", "relatedParty.role")

COMPONENT = Component(
    name="tmf678_bill",
    api="TMF678",
    resources=(
        Resource("billCycle", indexed=("name", "billingDate", "BillCycleSpecification.id")),
        Resource(
            "customerBill",
            indexed=(
                "billNo",
                "billDate",
                "state",
                "category",
                "runType",
                "lastUpdate",
                "paymentDueDate",
                "billCycle.id",
                *_PARTY,
            ),
            holds=("billingAccount.id", "financialAccount.id"),
            lifecycle=CUSTOMER_BILL,
            on_patch=rules.on_patch_bill,
        ),
        Resource(
            "appliedCustomerBillingRate",
            indexed=("name", "date", "isBilled", "appliedBillingRateType", "bill.id"),
            holds=("billingAccount.id", "product.id"),
        ),
        Resource(
            "customerBillOnDemand",
            indexed=("name", "state", "lastUpdate", *_PARTY),
            holds=("billingAccount.id",),
            lifecycle=CUSTOMER_BILL_ON_DEMAND,
            on_create=rules.on_create_request,
        ),
    ),
    records=TABLES,
    offers={"receivables": "tmf678_bill.receivables:Receivables"},
    v4=V4,
)
