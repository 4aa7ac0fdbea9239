"""Bills of products that change: another plan, suspended, ended, on another account, in a bundle."""

import re
from decimal import Decimal
from typing import Any

import pytest

from common.domain.query import Document
from common.rest.actions import acting
from tests.client import Answer
from tests.scenarios.billing import CYCLE_SPECIFICATIONS, PRODUCTS, Office, account_ref
from tests.scenarios.charging import ACCOUNTS
from tests.scenarios.kit import add, change, characteristic_list, costs, found
from tmf635_usage.rerate import rerate


def test_a_dearer_plan_in_arrears_costs_its_days(office: Office) -> None:
    office.plan("small", office.recurring("s", "28"))
    office.plan("large", office.recurring("l", "56"))
    office.account("ann")
    office.shop.wait_until("2026-02-01T00:00:00Z")
    product = office.sell("small", account="ann")
    office.shop.wait_until("2026-02-15T18:00:00Z")
    office.move_to("large", product, "ann")

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert office.last("ann") == [
        "recurring l 2026-02-15/2026-03-01 28 + 5.32",
        "recurring s 2026-02-01/2026-02-15 14 + 2.66",
    ]


def test_a_cheaper_plan_gives_back_what_was_paid_in_advance(office: Office) -> None:
    office.plan("large", office.recurring("l", "56", inAdvance=True))
    office.plan("small", office.recurring("s", "28", inAdvance=True))
    office.account("ann")
    office.shop.wait_until("2026-02-01T00:00:00Z")
    product = office.sell("large", account="ann")
    office.shop.wait_until("2026-03-01T00:00:00Z")
    office.shop.wait_until("2026-03-22T12:00:00Z")
    office.move_to("small", product, "ann")

    office.shop.wait_until("2026-04-01T00:00:00Z")

    first, second = office.bills("ann")
    assert office.items(first) == [
        "recurring l 2026-02-01/2026-03-01 56 + 10.64",
        "recurring l 2026-03-01/2026-04-01 56 + 10.64",
    ]
    # 21 of 31 days of the large plan are 37.94; ten days of the small one 9.03.
    assert office.items(second) == [
        "recurring l 2026-03-22/2026-04-01 -18.06 + -3.43",
        "recurring s 2026-03-22/2026-04-01 9.03 + 1.72",
        "recurring s 2026-04-01/2026-05-01 28 + 5.32",
    ]


def test_days_on_which_a_product_is_suspended_at_their_end_are_not_charged(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-01-11T08:00:00Z")
    office.suspend(product)
    office.shop.wait_until("2026-01-21T20:00:00Z")
    office.resume(product)

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.last("ann") == ["recurring base 2026-01-01/2026-02-01 21 + 3.99"]


def test_a_suspension_that_was_paid_for_is_given_back(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", inAdvance=True))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-03-11T08:00:00Z")
    office.suspend(product)

    office.shop.wait_until("2026-05-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")][1:] == [
        ["recurring base 2026-03-01/2026-04-01 31 + 5.89"],
        ["recurring base 2026-03-11/2026-04-01 -21 + -3.99"],
    ]
    # Nobody owes less than nothing: it is a credit note, from a series of its own.
    assert office.told("ann")[-1] == "C-00000001 2026-04-01 -21 + -3.99 = -24.99 EUR settled"


def test_a_suspended_product_that_waits_for_its_end_is_not_charged_again(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", tax=None))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-01-11T08:00:00Z")
    office.suspend(product)
    _waits_for_its_end(office, product)

    assert office.last("ann") == ["recurring base 2026-01-01/2026-01-11 10 + 0"]


def test_an_active_product_that_waits_for_its_end_is_charged_until_then(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", tax=None))
    office.account("ann")
    product = office.sell("plan", account="ann")
    _waits_for_its_end(office, product)

    assert office.last("ann") == ["recurring base 2026-01-01/2026-01-26 25 + 0"]


def _waits_for_its_end(office: Office, product: str) -> None:
    """From the 16th to the 26th; billed afterwards."""
    office.shop.wait_until("2026-01-16T08:00:00Z")
    office.shop.patch_product(product, status="pendingTerminate")
    office.shop.wait_until("2026-01-26T08:00:00Z")
    office.shop.patch_product(product, status="terminated")
    office.shop.wait_until("2026-02-01T00:00:00Z")


@pytest.mark.parametrize(("end", "items"), [("aborted", -5), ("cancelled", None)])
def test_an_order_that_failed_gives_back_what_it_cost_one_that_was_cancelled_does_not(
    office: Office, end: str, items: int | None
) -> None:
    entry = {"@type": "ProductPrice", "name": "order", "priceType": "oneTime"}
    entry["price"] = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 5}}
    order = office.one_time("order", "5", tax=None, chargedOn="order")
    entry["productOfferingPrice"] = {"@type": "ProductOfferingPriceRef", "id": order, "version": "1.0"}
    office.account("ann")
    body = {"@type": "Product", "id": "line", "status": "pendingActive", "productPrice": [entry]}
    office.shop.suite.created(PRODUCTS, body | {"billingAccount": account_ref("ann")})
    office.shop.wait_until("2026-02-02T00:00:00Z")
    office.shop.patch_product("line", status=end)

    office.shop.wait_until("2026-03-01T00:00:00Z")

    back = [] if items is None else [[f"oneTime order 2026-01-01/2026-01-02 {items} + 0"]]
    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["oneTime order 2026-01-01/2026-01-02 5 + 0"],
        *back,
    ]


def test_what_is_active_as_of_a_later_day_is_charged_from_that_day(office: Office) -> None:
    office.account("ann")
    of = {"startDate": "2026-03-11T00:00:00Z", "billingAccount": account_ref("ann")}
    office.product("line", productPrice=[_agreed("base", 31)], **of)

    office.shop.wait_until("2026-04-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [["recurring base 2026-03-11/2026-04-01 21 + 0"]]


def test_an_end_that_is_corrected_gives_back_the_days_after_it(office: Office) -> None:
    office.account("ann")
    office.product("line", productPrice=[_agreed("base", 31)], billingAccount=account_ref("ann"))
    office.shop.wait_until("2026-01-20T12:00:00Z")
    office.shop.patch_product("line", status="terminated")
    office.shop.wait_until("2026-02-02T00:00:00Z")
    office.shop.patch_product("line", terminationDate="2026-01-11T00:00:00Z")

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["recurring base 2026-01-01/2026-01-20 19 + 0"],
        ["recurring base 2026-01-11/2026-01-20 -9 + 0"],
    ]


def test_the_last_bill_gives_back_the_rest_and_says_that_it_is_the_last(office: Office) -> None:
    leaving = office.one_time("leaving", "50", chargedOn="termination")
    office.plan("plan", office.recurring("base", "31", inAdvance=True), leaving)
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-03-11T12:00:00Z")
    office.end(product, "ann")

    office.shop.wait_until("2026-07-01T00:00:00Z")

    bills = office.bills("ann")
    assert office.items(bills[-1]) == [
        "recurring base 2026-03-11/2026-04-01 -21 + -3.99",
        "oneTime leaving 2026-03-11/2026-03-12 50 + 9.5",
    ]
    assert [bill["category"] for bill in bills] == ["normal", "normal", "last"]


def test_a_product_that_is_ended_on_the_day_it_began_pays_only_what_is_paid_once(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"), office.one_time("setup", "10"))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.shop.wait(hours=3)
    office.end(product, "ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.last("ann") == ["oneTime setup 2026-01-01/2026-01-02 10 + 1.9"]


def test_a_product_that_goes_to_another_account_is_paid_there_from_that_day(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"), office.one_time("setup", "10"))
    for account in ("ann", "ben"):
        office.account(account)
    product = office.sell("plan", account="ann")
    office.shop.wait_until("2026-01-11T12:00:00Z")
    office.shop.patch_product(product, billingAccount=account_ref("ben"))

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.last("ann") == [
        "recurring base 2026-01-01/2026-01-11 10 + 1.9",
        "oneTime setup 2026-01-01/2026-01-02 10 + 1.9",
    ]
    assert office.last("ben") == ["recurring base 2026-01-11/2026-02-01 21 + 3.99"]


def test_the_parts_of_a_bundle_are_charged_with_its_discount(office: Office) -> None:
    office.account("ann")
    half = {"@type": "ProductPrice", "name": "half", "priceType": "discount"}
    half["price"] = {"@type": "Price", "percentage": 50}
    bundled = [{"@type": "ProductRelationship", "id": "whole", "relationshipType": "bundledBy"}]
    of = {"billingAccount": account_ref("ann")}
    office.product("whole", productPrice=[_agreed("family", 10), half], **of)
    office.product("part", productPrice=[_agreed("line", 20)], productRelationship=bundled, **of)

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.told("ann") == ["B-00000001 2026-02-01 15 + 0 = 15 EUR sent"]
    assert office.last("ann") == [
        "recurring line 2026-01-01/2026-02-01 20 + 0",
        "recurring family 2026-01-01/2026-02-01 10 + 0",
        "discount half 2026-01-01/2026-02-01 -15 + 0",
    ]


@pytest.mark.parametrize("end", ["2026-02-01T00:00:00Z", "2026-01-31T23:00:00Z"])
def test_what_bills_that_were_loaded_have_charged_is_not_charged_again(office: Office, end: str) -> None:
    office.plan("plan", office.recurring("base", "31"), office.one_time("setup", "10"))
    office.account("ann")
    office.sell("plan", account="ann")
    loaded = {
        "id": "old",
        "state": "settled",
        "billingAccount": account_ref("ann"),
        "billingPeriod": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": end},
    }
    installation = office.shop.suite.installation
    with installation.database.write() as uow:
        acting(installation, uow).create("customerBill", loaded)
        uow.commit()

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert office.told("ann") == ["B-00000001 2026-03-01 31 + 5.89 = 36.89 EUR sent"]


def _agreed(name: str, value: int) -> Document:
    """A recurring price that stands in the product itself."""
    price = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": value}}
    of = {"@type": "ProductPrice", "priceType": "recurring", "recurringChargePeriod": "month"}
    return {**of, "name": name, "price": price}


@pytest.mark.parametrize(
    ("more", "total", "billed"),
    [
        ({"durationPeriods": 2}, 100, [50, 50, 100]),
        ({"cap": {"unit": "EUR", "value": 10}}, 90, [90, 90, 90]),
        ({"durationPeriods": 2, "cap": {"unit": "EUR", "value": 10}}, 100, [90, 90, 100]),
    ],
)
def test_an_order_promises_what_is_billed_in_the_long_run(
    office: Office, more: Document, total: int, billed: list[int]
) -> None:
    office.plan("plan", office.recurring("base", "100", tax=None), office.discount("half", "50 %", "base", **more))
    office.account("ann")

    order = office.shop.deliver(add("plan", "plan"), billingAccount=account_ref("ann"))
    office.shop.wait_until("2026-04-02T00:00:00Z")

    assert [one["price"]["dutyFreeAmount"]["value"] for one in order.document["orderTotalPrice"]] == [total]
    (entry,) = found(office.shop.suite.get(f"{PRODUCTS}/{order.product_id('plan')}"))["productPrice"]
    assert entry["priceAlteration"][0].get("applicationDuration") == more.get("durationPeriods")
    assert [bill["taxExcludedAmount"]["value"] for bill in office.bills("ann")] == billed


def test_a_changed_bill_cycle_counts_from_the_end_of_the_present_one_and_charges_nothing_again(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", inAdvance=True), office.price("sms", "sms", "0.10", "1 event"))
    office.on_cycle("ann", office.cycle("first", frequency="monthly"))
    office.sell("plan", account="ann")
    office.use("sms", "2026-01-20T10:00:00Z", "10 event")
    office.shop.wait_until("2026-02-10T00:00:00Z")
    assert office.told("ann") == ["B-00000001 2026-02-01 63 + 11.78 = 74.78 EUR sent"]

    _bill_by(office, office.cycle("middle", frequency="monthly", billingDateShift=14))
    office.use("sms", "2026-02-20T10:00:00Z", "20 event")
    office.shop.wait_until("2026-04-15T00:00:00Z")

    # The present cycle ends as it would have; 14 of the 28 days to 15 March; then from the 15th on.
    assert office.told("ann")[1:] == [
        "B-00000002 2026-03-01 17.5 + 2.94 = 20.44 EUR sent",
        "B-00000003 2026-03-15 31 + 5.89 = 36.89 EUR sent",
        "B-00000004 2026-04-15 31 + 5.89 = 36.89 EUR sent",
    ]


def test_free_units_of_periods_that_were_billed_stay_what_they_were_under_another_cycle(office: Office) -> None:
    """80 and 70 of 100 free minutes in January cost 50.00; from 15 February on they would be in two periods."""
    product = _free_minutes(office)
    office.shop.wait_until("2026-03-10T00:00:00Z")
    _bill_by(office, office.cycle("middle", frequency="monthly", billingDateShift=14))

    proofs = [rerate(office.shop.suite.installation, product)]
    office.shop.wait_until("2026-04-20T00:00:00Z")
    proofs.append(rerate(office.shop.suite.installation, product))

    assert [(one.looked_at, one.changes) for one in proofs] == [(2, ()), (2, ())]
    assert office.told("ann") == ["B-00000001 2026-02-01 50 + 0 = 50 EUR sent"]
    office.shop.wait_until("2026-05-15T00:00:00Z")


def test_free_units_count_in_the_periods_of_bills_while_the_cycle_changes(office: Office) -> None:
    """The cycle of the 1st holds until 1 April, that of the 15th from then on; late usage is in the one of its time."""
    product = _free_minutes(office)
    office.shop.wait_until("2026-03-10T00:00:00Z")
    _bill_by(office, office.cycle("middle", frequency="monthly", billingDateShift=14))

    for day in ("03-12", "03-20", "04-02", "04-20"):
        office.use("voice", f"2026-{day}T10:00:00Z", "60 min")
    office.use("voice", "2026-03-31T10:00:00Z", "10 min")

    assert office.buckets() == [
        "free 2026-01-01T00:00:00.000Z 6000 of 6000 s",
        "free 2026-03-01T00:00:00.000Z 6000 of 6000 s",
        "free 2026-03-15T00:00:00.000Z 3600 of 6000 s",
        "free 2026-04-15T00:00:00.000Z 3600 of 6000 s",
    ]
    assert rerate(office.shop.suite.installation, product).changes == ()
    office.shop.wait_until("2026-05-15T00:00:00Z")
    assert office.told("ann")[1:] == [
        "B-00000002 2026-04-01 20 + 0 = 20 EUR sent",
        "B-00000003 2026-04-15 0 + 0 = 0 EUR settled",
        "B-00000004 2026-05-15 10 + 0 = 10 EUR sent",
    ]


def _free_minutes(office: Office) -> str:
    """100 free minutes a month, then one euro each; 150 are used in January and billed. The product."""
    office.plan("plan", office.price("voice", "voice", "1", "1 min"), office.allowance("free", "voice", "100 min"))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.use("voice", "2026-01-10T10:00:00Z", "80 min")
    office.use("voice", "2026-01-20T10:00:00Z", "70 min")
    return product


def _bill_by(office: Office, specification: str) -> None:
    """The account is billed by another cycle."""
    reference = {
        "@type": "BillingCycleSpecificationRef",
        "id": specification,
        "@referredType": "BillingCycleSpecification",
    }
    structure = {"@type": "BillStructure", "cycleSpecification": reference}
    changed = office.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "billStructure": structure})
    assert changed.status == 200, changed.content


# -- what would cut again what was billed -----------------------------------------------------------------------------


def test_a_cycle_that_accounts_were_billed_by_is_not_shifted_and_another_one_is_made_instead(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", tax=None))
    office.on_cycle("ann", office.cycle("first", frequency="monthly"))
    office.sell("plan", account="ann")
    office.shop.wait_until("2026-02-10T00:00:00Z")
    office.shop.told()
    before = found(office.shop.suite.get(f"{CYCLE_SPECIFICATIONS}/first"))

    for wanted in ({"billingDateShift": 14}, {"frequency": "weekly"}, {"frequency": None, "billingPeriod": "quarter"}):
        refused = _cut(office, **wanted)
        assert (refused.status, refused.json["code"]) == (409, "cycle.in-use"), wanted

    assert (found(office.shop.suite.get(f"{CYCLE_SPECIFICATIONS}/first")), office.shop.told()) == (before, [])
    assert _cut(office, name="Monthly", billingPeriod="month", paymentDueDateOffset=9).status == 200
    _bill_by(office, office.cycle("middle", frequency="monthly", billingDateShift=14))
    office.shop.wait_until("2026-03-15T00:00:00Z")
    assert office.told("ann") == [
        "B-00000001 2026-02-01 31 + 0 = 31 EUR sent",
        "B-00000002 2026-03-01 31 + 0 = 31 EUR sent",
        "B-00000003 2026-03-15 15.5 + 0 = 15.5 EUR sent",
    ]
    # Nobody is billed by it any more.
    assert _cut(office, billingDateShift=20).status == 200
    office.shop.wait_until("2026-04-15T00:00:00Z")
    assert office.told("ann")[3:] == ["B-00000004 2026-04-15 31 + 0 = 31 EUR sent"]


def test_a_cycle_that_nobody_was_billed_by_yet_may_change_and_is_what_the_first_bill_is_cut_by(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31", tax=None))
    office.on_cycle("ann", office.cycle("first", frequency="monthly"))
    office.sell("plan", account="ann")
    assert _cut(office, billingDateShift=14).status == 200
    office.shop.wait_until("2026-02-20T00:00:00Z")

    assert _cut(office, billingDateShift=9).status == 409
    _bill_by(office, office.cycle("last", frequency="monthly", billingDateShift=0))
    office.shop.wait_until("2026-05-01T00:00:00Z")

    # The 15th holds until 15 March, as the bills before were cut.
    assert [item for bill in office.bills("ann") for item in office.items(bill)] == [
        "recurring base 2026-01-01/2026-01-15 14 + 0",
        "recurring base 2026-01-15/2026-02-15 31 + 0",
        "recurring base 2026-02-15/2026-03-15 31 + 0",
        "recurring base 2026-03-15/2026-04-01 17 + 0",
        "recurring base 2026-04-01/2026-05-01 31 + 0",
    ]


def test_the_days_of_an_account_that_was_billed_stay_those_of_its_time_zone(office: Office) -> None:
    office.plan("plan", office.price("sms", "sms", "0.10", "1 event"))
    office.account("ann", timeZone="Europe/Berlin")
    office.sell("plan", account="ann")
    assert _in_zone(office, "America/New_York").status == 200
    office.use("sms", "2026-02-01T03:00:00Z", "10 event")
    office.shop.wait_until("2026-02-10T00:00:00Z")
    assert len(office.bills("ann")) == 1
    before = found(office.shop.suite.get(f"{ACCOUNTS}/ann"))
    office.shop.told()

    refused = _in_zone(office, "Europe/Berlin")

    assert (refused.status, refused.json["code"]) == (409, "account.time-zone")
    assert _in_zone(office, None).status == 409
    assert (found(office.shop.suite.get(f"{ACCOUNTS}/ann")), office.shop.told()) == (before, [])
    assert _in_zone(office, "America/New_York", name="Anna").status == 200


def _cut(office: Office, **said: Any) -> Answer:
    """The specification of the first cycle says something else."""
    body = {"@type": "BillingCycleSpecification", **said}
    return office.shop.suite.patch(f"{CYCLE_SPECIFICATIONS}/first", body)


def _in_zone(office: Office, zone: str | None, **more: str) -> Answer:
    return office.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "timeZone": zone, **more})


def _bundled_in(office: Office, *wholes: str) -> None:
    """The TV is a part of these from now on."""
    related = [{"@type": "ProductRelationship", "id": one, "relationshipType": "bundledBy"} for one in wholes]
    office.shop.patch_product("tv", productRelationship=related)


def _family(office: Office, *wholes: str) -> None:
    """A plan for 30 a month that takes half off what is in it, and a TV for 10."""
    office.account("ann")
    of, half = {"billingAccount": account_ref("ann")}, {"@type": "ProductPrice", "name": "half"}
    half |= {"priceType": "discount", "recurringChargePeriod": "month", "price": {"@type": "Price", "percentage": 50}}
    related = [{"@type": "ProductRelationship", "id": one, "relationshipType": "bundledBy"} for one in wholes]
    office.product("plan", productPrice=[_agreed("base", 30), half], **of)
    office.product("tv", productPrice=[_agreed("channels", 10)], productRelationship=related, **of)


def test_what_leaves_a_bundle_is_not_lowered_from_that_day_on(office: Office) -> None:
    _family(office, "plan")
    office.shop.wait_until("2026-04-10T12:00:00Z")
    _bundled_in(office)

    office.shop.wait_until("2026-05-01T00:00:00Z")

    lowered = ["recurring base 30 + 0", "recurring channels 10 + 0", "discount half -20 + 0"]
    told = [sorted(re.sub(r" \S+/\S+", "", one) for one in office.items(bill)) for bill in office.bills("ann")]
    assert told[:3] == [sorted(lowered)] * 3
    # Nine of 30 days of the TV are lowered.
    assert told[3] == sorted(["recurring base 30 + 0", "recurring channels 10 + 0", "discount half -16.5 + 0"])


def test_what_joins_a_bundle_is_lowered_from_that_day_on(office: Office) -> None:
    _family(office)
    office.shop.wait_until("2026-04-10T12:00:00Z")
    _bundled_in(office, "plan")

    office.shop.wait_until("2026-05-01T00:00:00Z")

    taken = [one.split()[-3] for bill in office.bills("ann") for one in office.items(bill) if "discount" in one]
    assert taken == ["-15", "-15", "-15", "-18.5"]


def test_what_an_order_asks_for_once_again_is_billed_once_again(office: Office) -> None:
    setup = office.one_time("setup", "10", tax=20)
    office.plan("small", office.recurring("s", "31", tax=20), setup)
    office.plan("large", office.recurring("l", "62", tax=20))
    office.account("ann")
    product = office.sell("small", account="ann")
    office.shop.wait_until("2026-01-11T12:00:00Z")
    office.move_to("large", product, "ann")
    office.shop.wait_until("2026-01-21T12:00:00Z")
    order = office.move_to("small", product, "ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert costs(order.document) == [("recurring", "", 31, Decimal("37.2")), ("oneTime", "", 10, 12)]
    assert [one for one in office.last("ann") if one.startswith("oneTime")] == [
        "oneTime setup 2026-01-01/2026-01-02 10 + 2",
        "oneTime setup 2026-01-21/2026-01-22 10 + 2",
    ]


def test_a_change_that_keeps_the_plan_keeps_what_is_paid_once_and_charges_none_of_it_again(office: Office) -> None:
    setup = office.one_time("setup", "10", tax=20)
    leaving = office.one_time("leaving", "50", tax=20, chargedOn="termination")
    office.plan("small", office.recurring("s", "31", tax=20), setup, leaving)
    office.account("ann")
    product = office.sell("small", account="ann")
    office.shop.wait_until("2026-01-11T12:00:00Z")
    number = characteristic_list(msisdn="+436760001")
    renumbered = change("item", "modify", product, "small", productCharacteristic=number)
    order = office.shop.deliver(renumbered, billingAccount=account_ref("ann"))
    office.shop.wait_until("2026-01-21T12:00:00Z")
    office.end(product, "ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert costs(order.document) == [("recurring", "", 31, Decimal("37.2"))]
    assert [one for one in office.last("ann") if one.startswith("oneTime")] == [
        "oneTime setup 2026-01-01/2026-01-02 10 + 2",
        "oneTime leaving 2026-01-21/2026-01-22 50 + 10",
    ]


def test_a_price_by_value_that_stands_elsewhere_in_the_list_is_the_same_price(office: Office) -> None:
    def entry(name: str, kind: str, value: int, **more: Any) -> Document:
        amount = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": value}}
        return {"@type": "ProductPrice", "name": name, "priceType": kind, "price": amount, **more}

    alteration: Document = {"@type": "PriceAlteration", "priceType": "discount", "applicationDuration": 1}
    half = alteration | {"name": "half", "price": {"@type": "Price", "percentage": 50}}
    a = entry("a", "recurring", 30, priceAlteration=[half])
    five = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 5}}
    off = alteration | {"name": "five", "price": five}
    setup = entry("s", "oneTime", 10)
    office.account("ann")
    product = {"@type": "Product", "id": "p", "name": "p", "status": "active", "billingAccount": account_ref("ann")}
    office.shop.suite.created(PRODUCTS, product | {"productPrice": [a, setup]})
    office.shop.wait_until("2026-02-01T00:00:00Z")
    assert office.last("ann") == ["recurring a 2026-01-01/2026-02-01 15 + 0", "oneTime s 2026-01-01/2026-01-02 10 + 0"]
    moved = a | {"priceAlteration": [off, half]}
    office.shop.patch_product("p", productPrice=[entry("b", "recurring", 7), moved, setup])

    office.shop.wait_until("2026-03-01T00:00:00Z")

    # Half was for one month from the day on which it came; five is off for one from now on.
    assert office.last("ann") == ["recurring a 2026-02-01/2026-03-01 25 + 0", "recurring b 2026-02-01/2026-03-01 7 + 0"]
