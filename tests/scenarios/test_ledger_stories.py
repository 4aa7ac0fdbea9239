"""Stories of the books: what a year, a change of plan and a credit note look like to the accountant."""

from __future__ import annotations

from tests.scenarios.billing import account_ref
from tests.scenarios.cashier import FEBRUARY
from tests.scenarios.charging import product_price
from tests.scenarios.corrections import Clerk, clerk, collecting_stage, postgres_server
from tests.scenarios.kit import found

__all__ = ["clerk", "collecting_stage", "postgres_server"]


def yearly(clerk: Clerk) -> dict:
    """120.00 and 19 % for 2026, billed in advance on the first of January on demand and paid."""
    clerk.plan("annual", clerk.recurring("fee", "120", "year", inAdvance=True))
    clerk.account("ann")
    clerk.sell("annual", account="ann")
    clerk.demand("ann")
    clerk.pay("142.80")
    (bill,) = clerk.bills("ann")
    return bill


def test_a_year_in_advance_is_earned_month_by_month(clerk: Clerk) -> None:
    yearly(clerk)
    assert clerk.books() == {"cash": "142.8", "deferredRevenue": "-120", "taxPayable": "-22.8"}

    told = []
    for month in range(2, 13):
        clerk.shop.wait_until(f"2026-{month:02}-01T00:00:00Z")
        told.append(clerk.books()["revenue"])

    # 120 x days gone by / 365, to the cent (docs/ledger.md).
    assert told == [
        *("-10.19", "-19.4", "-29.59", "-39.45", "-49.64", "-59.51"),
        *("-69.7", "-79.89", "-89.75", "-99.95", "-109.81"),
    ]
    clerk.shop.wait_until("2026-12-31T23:59:59Z")
    assert clerk.books()["deferredRevenue"] == "-10.19"


def test_a_discount_of_the_bill_is_taken_off_the_days_that_it_is_for(clerk: Clerk) -> None:
    """Half off a fee of 62.00 in advance; half off the calls, when they are billed."""
    fee, calls = clerk.recurring("fee", "62", inAdvance=True), clerk.price("v", "voice", "0.10", "1 min")
    half = {"@type": "ProductPrice", "name": "half", "priceType": "discount"}
    half |= {"price": {"@type": "Price", "percentage": 50}}
    clerk.account("ann")
    agreed = [product_price(fee) | {"priceType": "recurring", "price": {"@type": "Price"}}, product_price(calls), half]
    clerk.product("p", billingAccount=account_ref("ann"), productPrice=agreed)
    clerk.demand("ann")
    clerk.use("voice", "2026-01-20T10:00:00Z", "100 min", "p")

    assert clerk.books() == {"receivable": "36.89", "deferredRevenue": "-31", "taxPayable": "-5.89"}
    clerk.shop.wait_until("2026-02-01T00:00:00Z")

    # January's 31.00 and 5.00 of its calls; February's 31.00 is to come.
    books = clerk.books()
    assert (books["revenue"], books["deferredRevenue"]) == ("-36", "-31")


def test_a_credit_in_the_middle_of_the_year_takes_back_both_kinds(clerk: Clerk) -> None:
    bill = yearly(clerk)
    clerk.shop.wait_until("2026-07-10T00:00:00Z")

    clerk.credits(bill, amount="35.70")

    # Of 59.51 that was earned of 120.00, 44.63 is earned of 90.00; the customer gets 35.70 back.
    assert clerk.books() == {
        **{"cash": "142.8", "customerCredit": "-35.7", "taxPayable": "-17.1"},
        **{"revenue": "-44.63", "deferredRevenue": "-45.37"},
    }
    clerk.shop.wait_until("2026-12-31T00:00:00Z")
    assert clerk.books()["revenue"] == "-82.36"  # 90 x 334 / 365


def test_who_leaves_in_the_middle_of_the_year_has_the_rest_credited(clerk: Clerk) -> None:
    clerk.plan("annual", clerk.recurring("fee", "120", "year", inAdvance=True))
    clerk.account("ann")
    product = clerk.sell("annual", account="ann")
    clerk.demand("ann")
    clerk.pay("142.80")
    clerk.shop.wait_until("2026-07-01T09:00:00Z")

    clerk.end(product, "ann")
    clerk.shop.wait_until("2026-08-01T00:00:00Z")

    # 181 of 365 days were had: 59.51; 60.49 and its tax are the customer's.
    assert clerk.told("ann")[-1] == "C-00000001 2026-08-01 -60.49 + -11.49 = -71.98 EUR settled"
    books = clerk.books()
    assert (books["customerCredit"], books["cash"], books["taxPayable"]) == ("-71.98", "142.8", "-11.31")
    clerk.shop.wait_until("2027-01-02T00:00:00Z")
    assert clerk.books() == {
        **{"cash": "142.8", "customerCredit": "-71.98", "taxPayable": "-11.31", "revenue": "-59.51"},
    }


def test_the_statement_tells_the_story_of_an_account(clerk: Clerk) -> None:
    clerk.customer()
    clerk.shop.wait_until(FEBRUARY)
    (bill,) = clerk.bills("ann")
    clerk.credits(bill, amount="25")
    clerk.pay("70")
    clerk.shop.wait_until("2026-02-20T00:00:00Z")
    clerk.writes_off(bill)

    told = found(clerk.shop.suite.get("/tmf-api/ledger/v1/statement/ann"))

    lines = [
        (one["kind"], one["reference"], str(one["amount"]["value"]), str(one["balance"]["value"]))
        for one in told["line"]
    ]
    assert [line[0] for line in lines] == ["bill", "credit", "payment", "writeOff"]
    assert [line[1] for line in lines if line[0] != "payment"] == ["B-00000001", "C-00000001", "B-00000001"]
    assert [line[2:] for line in lines] == [
        ("100.00", "100.00"),
        ("-25.00", "75.00"),
        ("-70.00", "5.00"),
        ("-5.00", "0.00"),
    ]
    account = found(clerk.shop.suite.get("/tmf-api/accountManagement/v5/billingAccount/ann"))
    shown = {one["balanceType"]: str(one["amount"]["value"]) for one in account["accountBalance"]}
    assert shown["receivableBalance"] in ("0.00", "0")
