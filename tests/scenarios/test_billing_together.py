"""Accounts that are billed in one transaction: each as it is by itself; one that fails costs nobody else anything."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from common.domain.query import Document
from tests.scenarios.billing import Office
from tests.scenarios.kit import PRODUCTS
from tmf666_account.ledger.tables import ENTRIES
from tmf678_bill.batch import BillRun, Report, Result
from tmf678_bill.tables import BILLING, HEADS, ITEMS, RECEIVABLES

ALONE, TOGETHER = ("ann", "ben"), ("cas", "dan")


def run(office: Office, **more: Any) -> Report:
    """A run as of now; what is due otherwise (documents, recognition) is done after it."""
    report = BillRun(office.shop.suite.installation, **more).run()
    office.shop.run()
    return report


def sold(office: Office, *accounts: str) -> None:
    office.plan(
        "plan",
        office.recurring("base", "31", inAdvance=True),
        office.one_time("setup", "10"),
        office.price("voice", "voice", "0.1", "1 min"),
    )
    products = []
    for number, account in enumerate(accounts):
        office.account(account)
        products.append(office.sell("plan", f"+49170000{number}", account))
    for product in products:
        office.use("voice", "2026-01-05T10:00:00Z", "90 s", product)


def pass_month(office: Office, month: int) -> None:
    """Some hours into a month, without the carrier: a run by hand finds what is due."""
    office.shop.clock.move(office.shop.clock.now().replace(month=month, day=1, hour=10))


def results(report: Report) -> dict[str, Result]:
    """What came of each account that has anything."""
    return {one.account: one.result for one in report.outcomes if one.result is not Result.NOTHING}


def of(office: Office, account: str) -> list[Any]:
    """What there is of an account: bills, items, what is open, and what is entered, without ids."""
    names = {
        HEADS.name: ("place", "series", "start", "end", "due", "net", "tax", "gross", "items"),
        ITEMS.name: ("place", "kind", "name", "first", "last", "until", "amount", "net", "tax", "quantity", "usages"),
        RECEIVABLES.name: ("amount", "remaining", "is_open", "due"),
        ENTRIES.name: ("ledger_account", "amount", "at"),
        BILLING.name: ("since", "billed_until", "next", "currency", "bills", "closed", "problem"),
    }
    return [
        sorted([str(row[name]) for name in columns] for row in office._table(table, {"account": account}))
        for table, columns in names.items()
    ]


def test_accounts_that_are_billed_together_are_billed_as_one_by_one(office: Office) -> None:
    sold(office, *ALONE, *TOGETHER)
    for month in (2, 3):
        pass_month(office, month)
        for account in ALONE:
            BillRun(office.shop.suite.installation, accounts=(account,)).run()
        assert [one.result for one in run(office, accounts=TOGETHER).outcomes] == [Result.BILLED] * 2

    for one, other in zip(ALONE, TOGETHER, strict=True):
        assert of(office, one) == of(office, other)
    shown = [office.bills(account)[-1] for account in (ALONE[0], TOGETHER[0])]
    assert shown[0]["taxItem"] == shown[1]["taxItem"]
    assert shown[0].keys() == shown[1].keys()
    office.check()


def test_usage_that_comes_late_and_a_past_that_changes_are_corrected_among_others(office: Office) -> None:
    """The past of the account is closed by then; that of the others stays so."""
    sold(office, *TOGETHER, "eva")
    for month in (2, 3):
        pass_month(office, month)
        run(office)
    closed = {row["account"]: row["closed"] for row in office._table(BILLING.name, {})}
    products = {row["account"]: row["product"] for row in office._table(ITEMS.name, {"kind": "recurring"})}
    office.use("voice", "2026-01-06T10:00:00Z", "60 s", products["cas"])
    ended = {"status": "terminated", "terminationDate": "2026-01-16T00:00:00Z"}
    office.shop.suite.patch(f"{PRODUCTS}/{products['dan']}", {"@type": "Product", **ended})
    pass_month(office, 4)

    assert results(run(office)) == dict.fromkeys((*TOGETHER, "eva"), Result.BILLED)
    assert {closed[account] for account in (*TOGETHER, "eva")} == {"2026-03-01"}
    assert "usage voice 2026-01-01/2026-02-01 0.1 + 0" in office.last("cas")
    assert [one for one in office.last("dan") if one.startswith("recurring base")] != []
    assert sum(item["net"] for item in office._table(ITEMS.name, {"account": "dan", "kind": "recurring"})) == Decimal(
        15
    )
    assert [one.split()[1] for one in office.last("eva")] == ["base"]
    office.check()


def test_one_that_cannot_be_billed_costs_nobody_else_anything(office: Office) -> None:
    sold(office, *TOGETHER)
    office.plan("dollars", office.recurring("usd", "31", currency="USD"))
    office.account("eva")
    office.sell("plan", "+491709", "eva")
    office.sell("dollars", "+491708", "eva")
    pass_month(office, 2)

    report = run(office)

    assert results(report) == {"cas": Result.BILLED, "dan": Result.BILLED, "eva": Result.FAILED}
    assert (office.problem("eva") or "").startswith("currency.other")
    office.amiss |= {"bill.due"}
    office.check()


def test_runs_at_once_share_the_accounts(office: Office) -> None:
    accounts = [f"acc-{number}" for number in range(9)]
    sold(office, *accounts)
    pass_month(office, 3)  # two cycles of each
    installation = office.shop.suite.installation
    count = 2 if installation.database.dialect_name == "postgresql" else 1
    barrier = threading.Barrier(count)

    def bill() -> Report:
        barrier.wait()
        return BillRun(installation, workers=2, together=2).run()

    with ThreadPoolExecutor(count) as pool:
        reports = [future.result() for future in [pool.submit(bill) for _ in range(count)]]
    office.shop.run()

    bills: list[Document] = office._table(HEADS.name, {})
    assert sorted((row["account"], row["place"]) for row in bills) == [(one, n) for one in accounts for n in (1, 2)]
    assert sum(len(one.bills) for report in reports for one in report.outcomes) == len(bills)
    assert BillRun(installation).run().outcomes == []
    office.check()


def test_usage_of_the_next_month_that_is_there_already_stays_unbilled(office: Office) -> None:
    sold(office, *TOGETHER)
    office.shop.clock.move(office.shop.clock.now().replace(month=2, day=4))
    office.use("voice", "2026-02-02T10:00:00Z", "60 s")
    run(office)
    first = office.last("dan")
    pass_month(office, 3)
    run(office)

    assert "usage voice 2026-01-01/2026-02-01 0.15 + 0" in first
    assert "usage voice 2026-02-01/2026-03-01 0.1 + 0" in office.last("dan")
    office.check()
