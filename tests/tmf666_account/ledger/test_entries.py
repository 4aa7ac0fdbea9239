"""What each business fact is entered as: the tables of docs/ledger.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.domain.accounting import Entry, Service
from common.domain.money import Money
from tests.tmf666_account.ledger.kit import euro, part
from tmf666_account.ledger import entries

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ledger.md"
JANUARY = Service(date(2026, 1, 1), date(2026, 2, 1))
# The heading of each table of the page, and the fact that is entered so.
FACTS = {
    "Bill, usage and arrears": entries.bill_issued(
        [part("1", "69.00", "13.11"), part("2", "31.00", "5.89", service=JANUARY)], "EUR", date(2026, 2, 1)
    ),
    "Bill, in advance": entries.bill_issued(
        [part("1", "31.00", "5.89", service=JANUARY), part("2", "10.00", "1.90")], "EUR", date(2026, 1, 1)
    ),
    "Month closes": entries.recognised(euro("31.00")),
    "Payment": entries.payment_received(euro("119.00"), fee=euro("0.35")),
    "Allocation": entries.allocated(euro("119.00")),
    "Over-payment refunded": entries.refunded(euro("11.00")),
    "Refund promised": entries.refund_promised(euro("11.00")),
    "Refund paid": entries.refund_paid(euro("11.00")),
    "Charge-back, bill open again": entries.deallocated(euro("119.00")),
    "Charge-back, money gone": entries.charged_back(euro("119.00"), fee=euro("7.50")),
    "Credit note, bill not paid": entries.credit_issued(euro("50.00"), euro("9.50"), euro("0.00"), euro("59.50")),
    "Credit note, bill paid": entries.credit_issued(euro("50.00"), euro("9.50"), euro("0.00"), euro("0.00")),
    "Credit note, half gone by": entries.credit_issued(euro("31.00"), euro("5.89"), euro("16.00"), euro("36.89")),
    "Write-off with tax relief": entries.written_off(euro("100.00"), euro("19.00")),
    "Write-off without tax relief": entries.written_off(euro("119.00"), euro("0.00")),
    "Recovery": entries.recovered(euro("100.00"), euro("19.00")),
    "Top-up": entries.topped_up(euro("20.00")),
    "Prepaid usage": entries.prepaid_used(euro("1.00"), euro("0.19")),
    "Given without payment": entries.prepaid_adjusted(euro("2.00")),
    "Transfer, who gives": entries.prepaid_transferred(euro("4.00"), euro("0.50")),
    "Transfer, who is given to": entries.prepaid_transferred(euro("-4.00"), euro("0.00")),
    "Balance expires": entries.prepaid_expired(euro("0.31")),
    "Balance that was there before": entries.prepaid_opened(euro("12.50")),
}


def tables() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Heading, then ledger account, debit and credit of each row."""
    for heading, body in re.findall(r"^#### (.+)\n\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE):
        rows = [tuple(cell.strip() for cell in line.strip("|\n").split("|")) for line in body.splitlines()[2:]]
        yield heading, rows


TABLES = dict(tables())


@pytest.mark.parametrize("heading", FACTS)
def test_a_fact_is_entered_as_the_page_says(heading):
    shown = [
        (one.ledger_account, f"{one.amount.amount}", "")
        if one.amount.amount > 0
        else (one.ledger_account, "", f"{-one.amount.amount}")
        for one in FACTS[heading]
    ]

    assert sorted(shown) == sorted(TABLES[heading])
    assert sum(one.amount.amount for one in FACTS[heading]) == 0


def test_every_table_of_the_page_is_entered():
    assert TABLES.keys() == FACTS.keys()


def test_corrections_on_a_bill_are_entered_the_other_way_round():
    made = entries.bill_issued([part("1", "10.00", "1.90"), part("2", "-30.00", "-5.70")], "EUR", date(2026, 1, 1))

    assert made == (
        Entry("receivable", euro("-23.80")),
        Entry("revenue", euro("20.00")),
        Entry("taxPayable", euro("3.80")),
    )


def test_a_bill_of_nothing_has_no_entries():
    nothing = [part("1", "1.00", "0.00"), part("2", "-1.00", "0.00")]

    assert entries.bill_issued([], "JPY", date(2026, 1, 1)) == ()
    assert entries.bill_issued(nothing, "EUR", date(2026, 1, 1)) == ()


def test_a_fee_may_be_left_out():
    assert entries.payment_received(Money(Decimal(500), "JPY")) == (
        Entry("cash", Money(Decimal(500), "JPY")),
        Entry("customerCredit", Money(Decimal(-500), "JPY")),
    )
