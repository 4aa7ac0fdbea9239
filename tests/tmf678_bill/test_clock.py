"""A suite on a clock of its own bills as the clock passes the ends of cycles; with billing by hand it does not."""

import pytest

from common.settings import Settings
from tests.client import Suite

ACCOUNTS = "/tmf-api/accountManagement/v5/billingAccount"
PRODUCTS = "/tmf-api/productInventoryManagement/v5/product"
BILLS = "/tmf-api/customerBillManagement/v5/customerBill"
PRICE = {
    "@type": "ProductPrice",
    "name": "line",
    "priceType": "recurring",
    "recurringChargePeriod": "month",
    "price": {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 31}},
}


@pytest.mark.parametrize(("billing", "bills"), [("automatic", ["2026-02-01", "2026-03-01"]), ("manual", [])])
def test_a_clock_that_is_moved_over_months_bills_each_of_them(tmp_path, billing, bills):
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/b.db", clock="2026-01-10T00:00:00Z", billing=billing))
    owner = {
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "role": "owner",
        "partyOrPartyRole": {"@type": "PartyRef", "id": "ada", "@referredType": "Individual"},
    }
    account = {"@type": "BillingAccount", "id": "acc", "name": "acc", "accountType": "billing", "state": "Active"}
    suite.created(ACCOUNTS, {**account, "relatedParty": [owner]})
    reference = {"@type": "BillingAccountRef", "id": "acc", "@referredType": "BillingAccount"}
    product = {"@type": "Product", "name": "line", "status": "active", "startDate": "2026-01-10T00:00:00Z"}
    suite.created(PRODUCTS, {**product, "billingAccount": reference, "productPrice": [PRICE]})

    moved = suite.patch("/clock", {"now": "2026-03-02T00:00:00Z"})

    assert moved.status == 200, moved.content
    shown = suite.get(f"{BILLS}?billingAccount.id=acc").json
    assert sorted(one["billDate"][:10] for one in shown) == bills
    assert sorted(one["taxIncludedAmount"]["value"] for one in shown) == [22, 31][: len(bills)]
    suite.close()
