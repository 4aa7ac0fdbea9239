"""`bss bill` and `bss tax`, as an operator uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from common.cli.main import app
from common.installation import Installation
from common.store.database import Database
from tests.scenarios.billing import Office
from tmf678_bill.tables import HEADS

Bss = Callable[..., Result]


@pytest.fixture
def bss(office: Office, monkeypatch: pytest.MonkeyPatch) -> Bss:
    monkeypatch.setattr(Installation, "assemble", lambda given: office.shop.suite.installation)
    monkeypatch.setattr(Database, "close", lambda database: None)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return run


@pytest.fixture
def february(office: Office) -> Office:
    """Two accounts whose January is over and not billed, and one that cannot be."""
    office.plan("plan", office.recurring("base", "31"))
    office.plan("dollars", office.recurring("usd", "31", currency="USD"))
    specification = office.cycle("monthly", frequency="monthly")
    office.on_cycle("ann", specification)
    office.account("ben")
    office.account("eva", creditLimit={"unit": "EUR", "value": 1})
    for account in ("ann", "ben"):
        office.sell("plan", f"+4917{account}", account)
    office.sell("dollars", "+4917eva", "eva")
    office.shop.clock.move(office.shop.clock.now().replace(month=2, day=2))
    office.amiss = {"bill.due"}  # what cannot be billed stays so
    return office


def test_a_run_bills_who_is_due_and_names_who_could_not_be_billed(february: Office, bss: Bss) -> None:
    ran = bss("bill", "run", "--due", "--json")

    report = json.loads(ran.stdout)
    assert ran.exit_code == 1
    assert (report["billed"], report["nothing"], report["failed"]) == (2, 1, 1)
    assert report["totals"] == [{"unit": "EUR", "value": 73.78}]
    results = {one["account"]: one for one in report["accounts"]}
    assert {bill["taxIncludedAmount"]["value"] for bill in results["ann"]["bills"]} == {36.89}
    assert (results["eva"]["result"], results["eva"]["code"]) == ("failed", "currency.other")
    told = bss("bill", "report", report["run"]).stdout.splitlines()
    assert [line.split(":")[0] for line in told] == [
        "acc-anna nothing 0",
        "ann billed 1",
        "ben billed 1",
        "eva failed 0",
    ]

    again = bss("bill", "run", "--due")
    assert again.stdout.splitlines()[0].endswith(": 0 billed, 0 nothing, 1 failed")
    february.shop.run()


def test_a_cycle_is_due_at_the_very_instant_at_which_it_ends(office: Office, bss: Bss) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.shop.clock.move(office.shop.clock.now().replace(month=2, day=1, hour=0))

    assert "1 billed" in bss("bill", "run", "--due").stdout
    office.shop.run()


def test_a_dry_run_keeps_nothing_and_may_look_ahead(february: Office, bss: Bss) -> None:
    ran = bss("bill", "run", "--cycle", "monthly", "--dry-run", "--until", "2026-04-01", "--json")

    report = json.loads(ran.stdout)
    assert (ran.exit_code, report["isDryRun"], report["run"]) == (0, True, None)
    (account,) = report["accounts"]
    ends = [bill["billingPeriod"]["endDateTime"][:10] for bill in account["bills"]]
    assert (account["account"], ends) == ("ann", ["2026-02-01", "2026-03-01", "2026-04-01"])
    assert february._table(HEADS.name, {}) == []
    february.shop.run()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say which accounts"),
        (["--due", "--account", "ann"], "say which accounts"),
        (["--due", "--until", "2099-01-01T00:00:00Z"], "--until is not in the future"),
        (["--due", "--until", "tomorrow"], "is no day such as 2026-02-01"),
    ],
)
def test_a_run_that_is_not_said_clearly_is_refused(
    february: Office, bss: Bss, arguments: list[str], message: str
) -> None:
    ran = bss("bill", "run", *arguments)

    assert ran.exit_code == 2
    assert message in ran.stderr
    assert february._table(HEADS.name, {}) == []
    february.shop.run()


def test_bills_are_listed_and_shown_with_their_reasons(february: Office, bss: Bss) -> None:
    bss("bill", "run", "--account", "ann")
    february.shop.run()

    (listed,) = json.loads(bss("bill", "list", "--account", "ann", "--json").stdout)
    shown = json.loads(bss("bill", "show", listed["number"], "--json").stdout)

    assert (listed["gross"], listed["remaining"], listed["currency"]) == (36.89, 36.89, "EUR")
    assert [item["explanation"]["parts"][0]["ofDays"] for item in shown["items"]] == [31]
    assert "36.89" in bss("bill", "list").stdout
    assert "recurring base" in bss("bill", "show", listed["bill"]).stdout
    unknown = bss("bill", "show", "X-1")
    assert (unknown.exit_code, "no bill has the number or id 'X-1'" in unknown.stderr) == (1, True)


def test_an_account_that_is_not_here_fails_alone(february: Office, bss: Bss) -> None:
    ran = bss("bill", "run", "--account", "gone", "--account", "ben")

    assert ran.exit_code == 1
    assert "1 billed, 0 nothing, 1 failed" in ran.stdout
    february.shop.run()


def test_a_tax_table_is_loaded_whole_or_not_at_all(office: Office, bss: Bss, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("category,place,since,until,rate\nVAT,DE,2025-01-01,,19\n")
    bad.write_text("category,place,since,until,rate\nVAT,FR,2025-01-01,,20\nVAT,DE,x,,19\n")

    assert bss("tax", "load", str(good)).stdout == "loaded 1 rates\n"
    refused = bss("tax", "load", str(bad))

    assert (refused.exit_code, "line 3: since is a day" in refused.stderr) == (1, True)
    assert [row["place"] for row in office._table("tmf678_tax_rate", {})] == ["DE"]
