"""The first bills of an account: days, periods and months of different lengths, in advance and in arrears."""

from tests.client import Answer
from tests.scenarios.billing import BILLS, BILLS_V4, CYCLES, RATES, Office
from tests.scenarios.charging import ACCOUNTS
from tests.scenarios.kit import found
from tmf678_bill.tables import BILLING


def test_the_first_bill_has_the_days_since_activation(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"), office.one_time("setup", "10"))
    office.account("ann")
    office.shop.wait_until("2026-01-10T15:00:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    # 22 of 31 days, the day of activation among them.
    assert office.told("ann") == ["B-00000001 2026-02-01 32 + 6.08 = 38.08 EUR sent"]
    assert office.last("ann") == [
        "recurring base 2026-01-10/2026-02-01 22 + 4.18",
        "oneTime setup 2026-01-10/2026-01-11 10 + 1.9",
    ]


def test_a_bill_is_shown_in_both_majors_with_its_rates_and_cycle(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    specification = office.cycle("monthly", frequency="monthly", paymentDueDateOffset=10, mailingDateOffset=2)
    office.on_cycle("ann", specification)
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-02-01T00:00:00Z")

    bill = office.bills("ann")[0]

    assert bill["billingPeriod"] == {
        "startDateTime": "2026-01-01T09:00:00.000Z",
        "endDateTime": "2026-02-01T00:00:00.000Z",
    }
    assert (bill["paymentDueDate"], bill["nextBillDate"]) == ("2026-02-11T00:00:00.000Z", "2026-03-01T00:00:00.000Z")
    assert (bill["category"], bill["runType"]) == ("normal", "onCycle")
    assert bill["remainingAmount"] == bill["amountDue"] == bill["taxIncludedAmount"]
    assert [(one["taxCategory"], one["taxRate"]) for one in bill["taxItem"]] == [("VAT", 19)]
    (rate,) = found(office.shop.suite.get(f"{RATES}?bill.id={bill['id']}"))
    assert (rate["product"]["id"], rate["isBilled"]) == (product, True)
    assert rate["appliedBillingRateType"] == "recurringCharge"
    facts = {one["name"]: one["value"] for one in rate["characteristic"]}
    assert (facts["priceId"], facts["priceVersion"]) == ("base", "1.0")
    assert facts["explanation"]["parts"][0]["days"] == 31
    cycle = found(office.shop.suite.get(f"{CYCLES}/{bill['billCycle']['id']}"))
    assert (cycle["billingDate"], cycle["mailingDate"]) == ("2026-02-01T00:00:00.000Z", "2026-02-03T00:00:00.000Z")
    assert cycle["BillCycleSpecification"]["@type"] == "BillCycleSpecificationRef", "as the contract calls it there"
    earlier = found(office.shop.suite.get(f"{BILLS_V4}/{bill['id']}"))
    assert (earlier["billNo"], earlier["state"]) == ("B-00000001", "sent")
    assert earlier["taxIncludedAmount"] == bill["taxIncludedAmount"]


def test_everybody_is_told_of_a_bill_and_of_its_states(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    told = [line for line in office.shop.told() if line.startswith("customerBill")]
    changes = [line for line in told if "changed" not in line]
    assert changes == ["customerBill created: new", "customerBill: validated", "customerBill: sent"]


def test_accounts_of_one_cycle_share_its_bill_cycle(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    specification = office.cycle("monthly", frequency="monthly")
    for account, msisdn in (("ann", "+491701"), ("ben", "+491702")):
        office.on_cycle(account, specification)
        office.sell("plan", msisdn, account)

    office.shop.wait_until("2026-03-01T00:00:00Z")

    cycles = {bill["billCycle"]["id"] for account in ("ann", "ben") for bill in office.bills(account)}
    assert cycles == {"monthly-utc-2026-02-01", "monthly-utc-2026-03-01"}
    assert [bill["billNo"] for account in ("ann", "ben") for bill in office.bills(account)] == [
        *("B-00000001", "B-00000003"),
        *("B-00000002", "B-00000004"),
    ]


def test_months_that_begin_on_the_31st_begin_on_the_last_day_of_shorter_ones(office: Office) -> None:
    office.plan("plan", office.recurring("base", "30"))
    office.on_cycle("ann", office.cycle("ultimo", frequency="monthly", billingDateShift=30))
    office.shop.wait_until("2026-01-31T12:00:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-06-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["recurring base 2026-01-31/2026-02-28 30 + 5.7"],
        ["recurring base 2026-02-28/2026-03-31 30 + 5.7"],
        ["recurring base 2026-03-31/2026-04-30 30 + 5.7"],
        ["recurring base 2026-04-30/2026-05-31 30 + 5.7"],
    ]


def test_a_leap_day_is_a_day(office: Office) -> None:
    office.shop.wait_until("2028-01-31T12:00:00Z")
    office.plan("plan", office.recurring("base", "29"))
    office.account("ann")
    office.shop.wait_until("2028-02-15T12:00:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2028-03-01T00:00:00Z")

    assert office.last("ann") == ["recurring base 2028-02-15/2028-03-01 15 + 2.85"]


def test_what_is_paid_in_advance_is_charged_as_the_period_begins(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", inAdvance=True))
    office.account("ann")
    office.shop.wait_until("2026-01-16T10:00:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        # The rest of January, and all of February.
        ["recurring base 2026-01-16/2026-02-01 16 + 3.04", "recurring base 2026-02-01/2026-03-01 31 + 5.89"],
        ["recurring base 2026-03-01/2026-04-01 31 + 5.89"],
    ]


def test_a_price_that_is_not_prorated_is_paid_whole(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", proration="none"))
    office.account("ann")
    office.shop.wait_until("2026-01-31T23:00:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.last("ann") == ["recurring base 2026-01-31/2026-02-01 31 + 5.89"]


def test_a_quarter_and_a_week_have_periods_of_their_own(office: Office) -> None:
    office.plan(
        "plan",
        office.recurring("quarterly", "90", "3 month"),
        office.recurring("weekly", "7", "week", anchor="activation"),
    )
    office.account("ann")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-04-01T00:00:00Z")

    # Weeks from 1 January that are over by the end of each month.
    assert [len(office.items(bill)) for bill in office.bills("ann")] == [4, 4, 5]
    assert office.last("ann")[0] == "recurring quarterly 2026-01-01/2026-04-01 90 + 17.1"


def test_midnight_is_the_account_s_own(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", tax=None))
    for account, zone, msisdn in (("tokyo", "Asia/Tokyo", "+811"), ("lima", "America/Lima", "+511")):
        office.account(account, timeZone=zone)
        office.sell("plan", msisdn, account)

    office.shop.wait_until("2026-01-31T15:00:00Z")
    assert (len(office.bills("tokyo")), len(office.bills("lima"))) == (1, 0)
    office.shop.wait_until("2026-02-01T05:00:00Z")

    assert [bill["billDate"] for bill in office.bills("tokyo")] == ["2026-01-31T15:00:00.000Z"]
    assert [bill["billDate"] for bill in office.bills("lima")] == ["2026-02-01T05:00:00.000Z"]
    # Nine in the morning of 1 January in UTC is the same day in both.
    assert office.last("tokyo") == office.last("lima") == ["recurring base 2026-01-01/2026-02-01 31 + 0"]


def test_days_are_days_when_clocks_change(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann", timeZone="Europe/Berlin")
    # 23:30 in Berlin on 29 March 2026, whose night had 23 hours.
    office.shop.wait_until("2026-03-29T21:30:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-03-31T22:00:00Z")

    assert office.last("ann") == ["recurring base 2026-03-29/2026-04-01 3 + 0.57"]
    assert office.bills("ann")[0]["billDate"] == "2026-03-31T22:00:00.000Z"


def test_an_account_without_charges_gets_no_bill(office: Office) -> None:
    office.account("ann")

    office.shop.wait_until("2026-06-01T00:00:00Z")

    assert office.told("ann") == []


def test_an_account_that_is_closed_after_its_last_bill_is_not_billed_again(office: Office) -> None:
    office.plan("plan", office.one_time("gift", "0.00"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.shop.wait_until("2026-02-01T00:00:00Z")
    office.end(office.sold, "ann")

    closed: Answer = office.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "state": "Closed"})
    office.shop.wait_until("2026-05-01T00:00:00Z")

    assert closed.status == 200, closed.content
    assert found(office.shop.suite.get(f"{BILLS}?billingAccount.id=ann")) == []


def _closed_in_january(office: Office) -> str:
    """An account whose product ended with it, and the product."""
    office.plan("plan", office.price("voice", "voice", "1", "1 min"))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-01-20T00:00:00Z")
    office.end(product, "ann")
    office.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "state": "Closed"})
    return product


def test_usage_that_comes_weeks_after_an_account_was_closed_is_billed(office: Office) -> None:
    product = _closed_in_january(office)
    office.shop.wait_until("2026-03-02T00:00:00Z")
    office.use("voice", "2026-01-10T00:00:00Z", "7 min", product)

    office.shop.wait_until("2026-12-02T00:00:00Z")

    assert office.told("ann") == ["B-00000001 2026-04-01 7 + 0 = 7 EUR sent"]
    [row] = office._table(BILLING.name, {"account": "ann"})
    # 92 days after the bill changed the balance.
    assert (row["next"], row["billed_until"].isoformat()[:10]) == (None, "2026-08-01")


def test_usage_later_than_that_is_billed_once_more_after_a_patch(office: Office) -> None:
    """As `bss assure` says."""
    product = _closed_in_january(office)
    office.shop.wait_until("2026-06-02T00:00:00Z")
    office.use("voice", "2026-01-10T00:00:00Z", "7 min", product)
    office.shop.wait_until("2026-07-02T00:00:00Z")
    assert office.told("ann") == []

    office.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "description": "used late"})
    office.shop.wait_until("2026-12-02T00:00:00Z")

    assert office.told("ann") == ["B-00000001 2026-08-01 7 + 0 = 7 EUR sent"]
    assert office.last("ann") == ["usage voice 2026-01-01/2026-02-01 7 + 0"]
