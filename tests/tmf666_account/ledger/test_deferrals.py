"""Deferred revenue in the books: begun by bills, recognised as months close, taken back by credit notes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from common.domain.accounting import Service
from common.domain.clock import SettableClock
from common.settings import Settings
from tests.client import Suite
from tests.tmf666_account.ledger.kit import account, check, emptied, euro, part, sums, telling

YEAR = Service(date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture
def january(migrated):
    """Books on 1 January 2026, with an account, of an operator in Berlin."""
    clock = SettableClock(datetime(2025, 12, 31, 23, tzinfo=UTC))
    suite = Suite(Settings(database_url=migrated, time_zone="Europe/Berlin"), clock)
    emptied(suite)
    account(suite)
    yield suite
    suite.close()


def move(suite, text):
    suite.work.move(suite.installation.clock, datetime.fromisoformat(text))


def billed(suite, *parts, id="b1"):
    with telling(suite) as (ledger, context, where):
        return ledger.bill_issued(context, bill=id, number=f"R-{id}", currency="EUR", parts=parts, **where)


def credited(suite, *parts, applied, id="c1"):
    with telling(suite) as (ledger, context, where):
        return ledger.credit_issued(
            context, credit=id, number=f"C-{id}", currency="EUR", parts=parts, applied=euro(applied), **where
        )


def revenue(suite):
    found = sums(suite)
    return found.get("revenue"), found.get("deferredRevenue")


def test_a_year_in_advance_becomes_revenue_as_months_close(january):
    billed(january, part("i", "120.00", "22.80", service=YEAR))
    assert revenue(january) == (None, "-120.00 EUR")

    move(january, "2026-01-31T22:59:59+00:00")
    assert revenue(january) == (None, "-120.00 EUR")
    move(january, "2026-01-31T23:00:00+00:00")
    assert revenue(january) == ("-10.19 EUR", "-109.81 EUR")
    move(january, "2026-06-30T22:00:00+00:00")
    assert revenue(january) == ("-59.51 EUR", "-60.49 EUR")
    move(january, "2027-03-01T00:00:00+00:00")
    assert revenue(january) == ("-120.00 EUR", None)
    check(january)
    with january.installation.database.read() as uow:
        assert uow.work("ledger.recognition").get("a1") is None


def test_what_lies_in_closed_months_is_revenue_with_the_bill(january):
    move(january, "2026-03-10T00:00:00+00:00")

    billed(
        january,
        part("late", "120.00", "22.80", service=YEAR),
        part("arrears", "10.00", "1.90", service=Service(date(2026, 2, 10), date(2026, 3, 10))),
    )

    assert revenue(january) == ("-29.40 EUR", "-100.60 EUR")  # 19.40 of the year, and the arrears
    check(january)


def test_the_unused_part_of_a_plan_runs_off_with_the_charge_it_corrects(january):
    february = Service(date(2026, 2, 1), date(2026, 3, 1))
    move(january, "2026-01-31T23:00:00+00:00")
    billed(january, part("i", "28.00", "5.32", service=february))
    move(january, "2026-02-14T23:00:00+00:00")
    billed(
        january,
        part("back", "-14.00", "-2.66", service=Service(date(2026, 2, 15), date(2026, 3, 1))),
        part("new", "28.00", "5.32", service=Service(date(2026, 2, 15), date(2026, 3, 1))),
        id="b2",
    )
    assert revenue(january) == (None, "-42.00 EUR")

    move(january, "2026-02-28T23:00:00+00:00")

    assert revenue(january) == ("-42.00 EUR", None)
    check(january)


def test_a_credit_in_the_middle_takes_back_both_kinds_and_the_rest_runs_on(january):
    billed(january, part("i", "120.00", "22.80", service=YEAR))
    move(january, "2026-07-10T00:00:00+00:00")
    assert revenue(january) == ("-59.51 EUR", "-60.49 EUR")

    assert credited(january, part("c/i", "30.00", "5.70", corrects="i"), applied="35.70") is True
    assert revenue(january) == ("-44.63 EUR", "-45.37 EUR")
    assert sums(january)["receivable"] == "107.10 EUR"
    assert credited(january, part("c/i", "30.00", "5.70", corrects="i"), applied="35.70") is False

    move(january, "2027-01-01T00:00:00+01:00")
    assert revenue(january) == ("-90.00 EUR", None)
    check(january)


def test_a_credit_of_what_was_paid_is_the_customers_money(january):
    billed(january, part("i", "120.00", "22.80", service=YEAR), part("once", "10.00", "1.90"))

    credited(
        january,
        part("c/i", "120.00", "22.80", corrects="i"),
        part("c/once", "10.00", "1.90", corrects="once"),
        applied="54.70",
    )

    assert sums(january) == {"receivable": "100.00 EUR", "customerCredit": "-100.00 EUR"}
    shown = january.get("/tmf-api/accountManagement/v5/billingAccount/a1").json["accountBalance"]
    assert [(one["balanceType"], one["amount"]["value"]) for one in shown] == [
        ("receivableBalance", Decimal("100.00")),
        ("customerCreditBalance", Decimal("100.00")),
    ]
    move(january, "2026-03-01T00:00:00+00:00")
    assert revenue(january) == (None, None)
    check(january)
