"""How accounts are billed and pay: what cannot be read is refused when it is written."""

from __future__ import annotations

import pytest

from tests.fakes import merged, refusals, rule_context
from tmf666_account.rules import (
    BalanceLeft,
    on_create_account,
    on_create_cycle_specification,
    on_patch_account,
    on_patch_cycle_specification,
)

ACCOUNT = {"@type": "BillingAccount", "id": "a1", "name": "Home", "state": "Active"}
MONTHLY = {"id": "c1", "name": "Monthly", "frequency": "monthly", "billingPeriod": "month", "billingDateShift": 30}
ODD = {"id": "c2", "name": "Odd", "frequency": "when the moon is full"}


def created(account, documents=None, resource="billingAccount"):
    context = rule_context(resource, documents)
    on_create_account(account, context)
    return refusals(context)


def billed_by(**cycle):
    return merged(ACCOUNT, billStructure={"cycleSpecification": cycle})


def money(value):
    return {"unit": "EUR", "value": value}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/Ushuaia", "UTC", "Asia/Kathmandu"])
def test_zones_of_iana_are_zones(zone):
    assert created(merged(ACCOUNT, timeZone=zone)) == []


@pytest.mark.parametrize("zone", ["Berlin", "Europe/Atlantis", "Europe", "CEST+1", "../etc/passwd", "", 1, ["UTC"]])
def test_an_unknown_zone_is_refused(zone):
    assert created(merged(ACCOUNT, timeZone=zone)) == [("/timeZone", "timeZone")]
    context = rule_context("billingAccount")
    on_patch_account(ACCOUNT, merged(ACCOUNT, timeZone=zone), context)
    assert refusals(context) == [("/timeZone", "timeZone")]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"billingDateShift": 31}, "/billingDateShift"),
        ({"billingDateShift": -1}, "/billingDateShift"),
        ({"paymentDueDateOffset": -14}, "/paymentDueDateOffset"),
        ({"mailingDateOffset": 367}, "/mailingDateOffset"),
        ({"chargeDateOffset": -1}, "/chargeDateOffset"),
        ({"creditDateOffset": -1}, "/creditDateOffset"),
        ({"billingPeriod": "quarter"}, "/frequency"),
    ],
)
def test_cycles_that_cannot_be_are_refused(changes, pointer):
    creating, patching = rule_context("billingCycleSpecification"), rule_context("billingCycleSpecification")
    on_create_cycle_specification(merged(MONTHLY, **changes), creating)
    on_patch_cycle_specification(MONTHLY, merged(MONTHLY, **changes), patching)
    assert refusals(creating) == refusals(patching) == [(pointer, "cycle")]


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency": "biweekly", "billingPeriod": "2 weeks", "billingDateShift": 0},
        {"frequency": "Quarterly", "billingPeriod": "3 months", "paymentDueDateOffset": 366},
        {"frequency": "yearly", "billingPeriod": None},
    ],
)
def test_the_same_length_may_be_said_in_two_ways(changes):
    context = rule_context("billingCycleSpecification")
    on_create_cycle_specification(merged(MONTHLY, **changes), context)
    assert refusals(context) == []


def test_a_length_that_could_be_read_stays_readable():
    context = rule_context("billingCycleSpecification")
    on_patch_cycle_specification(MONTHLY, merged(MONTHLY, frequency="often"), context)
    assert refusals(context) == [("/frequency", "cycle")]

    context = rule_context("billingCycleSpecification")
    on_patch_cycle_specification(ODD, merged(ODD, frequency="often"), context)
    assert refusals(context) == []


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        ({"id": "c1"}, []),
        ({"id": "c2"}, [("/billStructure/cycleSpecification/id", "cycle")]),
        ({"name": "own", "frequency": "weekly"}, []),
        ({"name": "own", "frequency": "often"}, [("/billStructure/cycleSpecification/frequency", "cycle")]),
        ({"name": "own", "billingDateShift": 40}, [("/billStructure/cycleSpecification/billingDateShift", "cycle")]),
    ],
)
def test_an_account_is_billed_by_a_cycle_that_can_be_read(cycle, expected):
    assert created(billed_by(**cycle), {"billingCycleSpecification": [MONTHLY, ODD]}) == expected


def test_limits_and_instalments_are_amounts_that_can_be():
    assert created(merged(ACCOUNT, creditLimit=money(0))) == []
    assert created(merged(ACCOUNT, creditLimit=money(-1))) == [("/creditLimit/value", "amount")]
    assert created(merged(ACCOUNT, creditLimit={"unit": "eur", "value": 5})) == [("/creditLimit/unit", "currency")]
    plans = [{"numberOfPayments": 0}, {"numberOfPayments": 3, "totalAmount": money(-3)}]
    assert created(merged(ACCOUNT, paymentPlan=plans)) == [
        ("/paymentPlan/0/numberOfPayments", "paymentPlan"),
        ("/paymentPlan/1/totalAmount/value", "paymentPlan"),
    ]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ({"status": "Active"}, []),
        ({"status": "Expired"}, [("/defaultPaymentMethod/id", "paymentMethod")]),
        ({"validFor": {"endDateTime": "2026-01-01T00:00:00Z"}}, [("/defaultPaymentMethod/id", "paymentMethod")]),
    ],
)
def test_a_default_payment_method_pays(method, expected):
    account = merged(ACCOUNT, defaultPaymentMethod={"id": "m1"})
    assert created(account, {"paymentMethod": [{"id": "m1", **method}]}) == expected


@pytest.mark.parametrize("kind", ["receivableBalance", "customerCreditBalance"])
def test_an_account_with_a_balance_is_not_closed(kind):
    before = merged(ACCOUNT, accountBalance=[{"balanceType": kind, "amount": money(7)}])

    with pytest.raises(BalanceLeft) as refusal:
        on_patch_account(before, merged(before, state="Closed"), rule_context("billingAccount"))

    assert refusal.value.message == (
        f"billingAccount 'a1' cannot be closed: {kind} is 7 EUR; collect, refund or write off what is left first"
    )


def test_an_account_that_owes_nothing_is_closed():
    before = merged(ACCOUNT, accountBalance=[{"balanceType": "receivableBalance", "amount": money(0)}])
    context = rule_context("billingAccount")
    on_patch_account(before, merged(before, state="Closed"), context)
    assert refusals(context) == []
