"""A year of one family: two lines that share their data, an insurance, a summer away, another plan, and every bill."""

from tests.scenarios.billing import Office, account_ref
from tests.scenarios.kit import add, with_

PARENT, KID = "+491701000001", "+491701000002"


def test_a_year_of_one_family(office: Office) -> None:
    data = office.price("data", "data", "1.00", "1 GB")
    shared = office.allowance("pool", "data", "10 GB", sharing="family")
    office.plan("parent", office.recurring("parent-base", "20"), data, shared)
    office.plan("large", office.recurring("large-base", "30"), data, shared)
    office.plan("kid", office.recurring("kid-base", "5"), data)
    office.plan("insurance", office.recurring("cover", "36", "year", inAdvance=True, anchor="activation"))
    office.account("family")
    parent = office.sell("parent", PARENT, "family")
    office.shop.deliver(add("insurance", "insurance"), billingAccount=account_ref("family"))
    office.use("data", "2026-03-10T10:00:00Z", "12 GB", parent)
    office.shop.wait_until("2026-04-10T08:00:00Z")
    kid = office.shop.deliver(
        add("kid", "kid", product=with_(msisdn=KID)), billingAccount=account_ref("family")
    ).product_id("kid")
    office.use("data", "2026-05-05T10:00:00Z", "2 GB", kid)
    office.use("data", "2026-03-30T10:00:00Z", "500 MB", parent)  # told five weeks late
    office.shop.wait_until("2026-08-05T12:00:00Z")
    office.suspend(kid)
    office.shop.wait_until("2026-08-20T12:00:00Z")
    office.resume(kid)
    office.shop.wait_until("2026-10-01T10:00:00Z")
    office.move_to("large", parent, "family")
    office.shop.wait_until("2026-12-15T10:00:00Z")
    office.end(kid, "family")
    office.shop.wait_until("2027-01-01T00:00:00Z")

    assert office.told("family") == [
        "B-00000001 2026-02-01 56 + 10.64 = 66.64 EUR sent",  # the first month, and a year of cover
        "B-00000002 2026-03-01 20 + 3.8 = 23.8 EUR sent",
        "B-00000003 2026-04-01 22 + 3.8 = 25.8 EUR sent",  # 2 of 12 GB beyond the pool
        "B-00000004 2026-05-01 23.5 + 4.46 = 27.96 EUR sent",  # 21 of 30 days of the kid's line
        "B-00000005 2026-06-01 27.5 + 4.75 = 32.25 EUR sent",  # its 2 GB, and half a GB of March
        "B-00000006 2026-07-01 25 + 4.75 = 29.75 EUR sent",
        "B-00000007 2026-08-01 25 + 4.75 = 29.75 EUR sent",
        "B-00000008 2026-09-01 22.58 + 4.29 = 26.87 EUR sent",  # 16 of 31 days of the kid's line
        "B-00000009 2026-10-01 25 + 4.75 = 29.75 EUR sent",
        "B-00000010 2026-11-01 35 + 6.65 = 41.65 EUR sent",  # the large plan from 1 October on
        "B-00000011 2026-12-01 35 + 6.65 = 41.65 EUR sent",
        "B-00000012 2027-01-01 68.26 + 12.97 = 81.23 EUR sent",  # 14 of 31 days, and the next year of cover
    ]
    assert sorted(office.items(office.bills("family")[4])) == [
        "recurring kid-base 2026-05-01/2026-06-01 5 + 0.95",
        "recurring parent-base 2026-05-01/2026-06-01 20 + 3.8",
        "usage data 2026-03-01/2026-04-01 0.5 + 0",
        "usage data 2026-05-01/2026-06-01 2 + 0",
    ]
