"""Bills add up, to the cent: rates to bills, bills to what accounts owe."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest

from common.seed import collect, in_process, load, local_url
from common.settings import Settings
from tests.client import Suite
from tests.samples.larkwing import of

CENT = Decimal("0.01")
BILLS, RATES = of("customerBill"), of("appliedCustomerBillingRate")


def total(amounts):
    """The sum of amounts of one currency."""
    amounts = list(amounts)
    (unit,) = {amount["unit"] for amount in amounts}
    return {"unit": unit, "value": sum((amount["value"] for amount in amounts), Decimal(0))}


def rates_of(bill):
    return [rate for rate in RATES.values() if rate.get("bill", {}).get("id") == bill["id"]]


def taxes(rates):
    return [tax["taxAmount"] for rate in rates for tax in rate["appliedTax"]]


@pytest.mark.parametrize("id", RATES)
def test_a_rate_is_its_amount_and_its_tax(id):
    rate = RATES[id]
    (tax,) = rate["appliedTax"]

    exact = rate["taxExcludedAmount"]["value"] * Decimal(tax["taxRate"]) / 100
    assert tax["taxAmount"]["value"] == exact.quantize(CENT, ROUND_HALF_UP)
    assert rate["taxIncludedAmount"] == total([rate["taxExcludedAmount"], tax["taxAmount"]])


@pytest.mark.parametrize("id", RATES)
def test_a_rate_has_a_bill_or_waits_on_an_account(id):
    rate = RATES[id]

    assert rate["isBilled"] is ("bill" in rate)
    assert rate["isBilled"] is ("billingAccount" not in rate)


@pytest.mark.parametrize("id", BILLS)
def test_a_bill_is_the_sum_of_its_rates(id):
    bill = BILLS[id]
    rates = rates_of(bill)

    assert bill["taxExcludedAmount"] == total(rate["taxExcludedAmount"] for rate in rates)
    assert total(item["taxAmount"] for item in bill["taxItem"]) == total(taxes(rates))
    assert bill["taxIncludedAmount"] == total(rate["taxIncludedAmount"] for rate in rates)
    assert bill["taxIncludedAmount"] == total([bill["taxExcludedAmount"], *taxes(rates)])
    assert bill["amountDue"] == bill["taxIncludedAmount"]


@pytest.mark.parametrize("id", BILLS)
def test_payments_decide_what_remains_and_the_state(id):
    bill = BILLS[id]
    paid = sum((payment["appliedAmount"]["value"] for payment in bill.get("appliedPayment", [])), Decimal(0))
    remaining = bill["remainingAmount"]["value"]

    assert remaining == bill["amountDue"]["value"] - paid
    assert (bill["state"] == "settled") is (remaining == 0)
    assert (bill["state"] == "partiallyPaid") is (0 < remaining < bill["amountDue"]["value"])


@pytest.mark.parametrize("id", of("billingAccount"))
def test_an_account_owes_what_its_bills_leave_open(id):
    open_amounts = [bill["remainingAmount"] for bill in BILLS.values() if bill["billingAccount"]["id"] == id]
    (balance,) = of("billingAccount")[id]["accountBalance"]

    assert balance["amount"] == total(open_amounts)


@pytest.mark.parametrize("id", BILLS)
def test_charges_lie_in_the_period_of_their_bill(id):
    bill = BILLS[id]
    start, end = bill["billingPeriod"]["startDateTime"], bill["billingPeriod"]["endDateTime"]

    for rate in rates_of(bill):
        assert start <= rate["periodCoverage"]["startDateTime"]
        assert rate["periodCoverage"]["endDateTime"] <= end


@pytest.mark.parametrize("id", BILLS)
def test_a_bill_goes_to_who_has_the_products(id):
    bill, products = BILLS[id], of("product")
    accounts = {products[rate["product"]["id"]]["billingAccount"]["id"] for rate in rates_of(bill)}

    assert accounts == {bill["billingAccount"]["id"]}


@pytest.mark.parametrize("id", BILLS)
def test_a_bill_of_a_cycle_has_its_period_and_a_document(id):
    bill = BILLS[id]

    assert [document["@type"] for document in bill["billDocument"]] == ["Attachment"]
    assert bill["billDocument"][0]["id"]
    if bill["runType"] == "onCycle":
        cycle = of("billCycle")[bill["billCycle"]["id"]]
        assert cycle["validFor"] == bill["billingPeriod"]
        assert cycle["billingDate"] == bill["billDate"]


def test_every_stage_of_a_bill_is_shown():
    assert {bill["state"] for bill in BILLS.values()} == {"new", "sent", "partiallyPaid", "settled"}
    assert {bill["amountDue"]["unit"] for bill in BILLS.values()} == {"EUR", "GBP"}
    (asked,) = of("customerBillOnDemand").values()
    assert asked["state"] == "done"
    assert BILLS[asked["customerBill"]["id"]]["runType"] == "offCycle"


def test_the_first_bill_listed_can_be_put_on_hold_in_both_majors(tmp_path):
    """Conformance kits patch the first bill that a list shows them to `onHold`."""
    suite = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db"))
    with in_process(suite.installation) as client:
        load(suite.installation, collect(suite.installation), local_url(suite.installation), client)
    base = "/tmf-api/customerBillManagement"

    for major in ("v5", "v4"):
        first = suite.get(f"{base}/{major}/customerBill").json[0]
        assert (first["id"], first["state"]) == ("bill-brandt-2026-10", "sent" if major == "v5" else "validated")
        held = suite.patch(f"{base}/{major}/customerBill/{first['id']}", {"state": "onHold"})
        assert (held.status, held.json["state"]) == (200, "onHold")
        assert held.json["billDocument"] == first["billDocument"]
        assert suite.patch(f"{base}/{major}/customerBill/{first['id']}", {"state": "validated"}).status == 200
    suite.close()
