"""Tariff tables and calendars: read from files, kept in versions, on both databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from common.cli.main import app
from common.installation import Installation
from common.settings import Settings
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tests.tmf620_catalog.plan_prices import price
from tmf635_usage.plans import PlanCache, PricePlans
from tmf635_usage.prices import TableRate
from tmf635_usage.rating.values import Quantity
from tmf635_usage.tariffs import RATES_MAX, Heading, TariffRefused, Tariffs, add_days, load, read_days, read_rates

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
RATES = {"49": TableRate(Decimal("0.02")), "1": TableRate(Decimal("0.123456789"), Decimal(1))}
# The largest table, with its index made: measured 2 s on a busy machine.
SECONDS_MAX = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    url = f"sqlite:///{tmp_path}/bss.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Installation.assemble(Settings(database_url=url, components="tmf635_usage"))
    made.database.migrate()
    made.database.prepare()
    yield made
    made.database.close()


def heading(version: str = "a", start: datetime = JANUARY, end: datetime | None = None) -> Heading:
    return Heading("world", version, "EUR", start, end)


def added(installation: Installation, head: Heading, rates: dict[str, TableRate] = RATES) -> bool:
    with installation.database.write() as uow:
        is_new = load(head, rates, uow.records, NOW)
        uow.commit()
        return is_new


def versions(installation: Installation) -> list[tuple[str, datetime, datetime | None]]:
    with installation.database.read() as uow:
        found = Tariffs(uow.records).headings(["world", "other"]).get("world", [])
        return [(one.version, one.valid_from, one.valid_until) for one in found]


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_file_says_as_much_as_it_has_to() -> None:
    lines = ["prefix,amount,setupFee,minimum,increment,units", "49,0.02,,,,", "1 , 0.5,0.1,60,1,s"]

    sizes = Quantity(Decimal(60), "s"), Quantity(Decimal(1), "s")
    assert read_rates(lines) == {
        "49": TableRate(Decimal("0.02")),
        "1": TableRate(Decimal("0.5"), Decimal("0.1"), *sizes),
    }
    assert read_rates(["prefix,amount", "49,0.02"]) == {"49": TableRate(Decimal("0.02"))}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "the first line names the columns"),
        (["prefix,price", "49,1"], "the first line names the columns"),
        (["prefix,amount"], "there is no rate in it"),
        (["prefix,amount", "+49,1"], r"line 2: '\+49' is no prefix"),
        (["prefix,amount", "4" * 16 + ",1"], "line 2: .* is no prefix"),
        (["prefix,amount", "49,1", "49,2"], "line 3: prefix 49 is there twice"),
        (["prefix,amount", "49,"], "line 2: it has no amount"),
        (["prefix,amount", "49,x"], "line 2: amount 'x' is no number"),
        (["prefix,amount", "49,-1"], "line 2: amount '-1' is not 0 or more"),
        (["prefix,amount", "49,NaN"], "line 2: amount 'NaN' is not 0 or more"),
        (["prefix,amount", "49,1,2"], "line 2: it has more columns than the first line"),
        (["prefix,amount,increment", "49,1,1"], "line 2: minimum and increment need units"),
        (["prefix,amount", *["x,1"] * 12], "and 2 more"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_line(lines: list[str], problem: str) -> None:
    with pytest.raises(TariffRefused, match=problem):
        read_rates(lines)


def test_days_are_dates() -> None:
    assert read_days(["2026-12-25", "", " 2026-12-26 "]) == {date(2026, 12, 25), date(2026, 12, 26)}
    with pytest.raises(TariffRefused, match="line 1: 'Christmas' is no day"):
        read_days(["Christmas"])


# -- versions ---------------------------------------------------------------------------------------------------------


def test_each_version_holds_until_the_next_one(installation: Installation) -> None:
    assert added(installation, heading("b", FEBRUARY))
    assert added(installation, heading("a", JANUARY))
    assert added(installation, heading("c", MARCH, datetime(2026, 4, 1, tzinfo=UTC)))

    assert versions(installation) == [
        ("a", JANUARY, FEBRUARY),
        ("b", FEBRUARY, MARCH),
        ("c", MARCH, datetime(2026, 4, 1, tzinfo=UTC)),
    ]


def test_rates_are_kept_exactly(installation: Installation) -> None:
    added(installation, heading())

    with installation.database.read() as uow:
        tariffs = Tariffs(uow.records)
        assert tariffs.table(tariffs.headings(["world"])["world"][0]).rates == RATES


def test_the_same_again_changes_nothing_and_other_rates_are_refused(installation: Installation) -> None:
    added(installation, heading())
    other = RATES | {"44": TableRate(Decimal(1))}

    assert not added(installation, heading())
    with pytest.raises(TariffRefused, match="version a is here with other rates"):
        added(installation, heading(), other)
    with pytest.raises(TariffRefused, match="version a begins then too"):
        added(installation, heading("b"), other)
    with pytest.raises(TariffRefused, match="its validity ends before it begins"):
        added(installation, heading("b", MARCH, JANUARY))
    with pytest.raises(TariffRefused, match="no unit of usage"):
        added(installation, heading("b", MARCH), {"1": TableRate(Decimal(1), None, Quantity(Decimal(1), "furlong"))})
    with pytest.raises(TariffRefused, match="is no currency"):
        added(installation, Heading("world", "b", "euro", MARCH))
    assert versions(installation) == [("a", JANUARY, None)]


def test_a_calendar_takes_more_days(installation: Installation) -> None:
    with installation.database.write() as uow:
        assert add_days("holidays", [date(2026, 12, 25)], uow.records) == 1
        assert add_days("holidays", [date(2026, 12, 25), date(2027, 12, 25)], uow.records) == 1
        assert Tariffs(uow.records).calendars(["holidays", "other"]) == {
            "holidays": {date(2026, 12, 25), date(2027, 12, 25)}
        }


def test_prices_by_tables_with_a_common_prefix_are_ambiguous(installation: Installation) -> None:
    added(installation, heading())
    by_table = price("UsagePrice", "a", match=None, tariffTable={"id": "world"})
    same = price("UsagePrice", "b", match={"destinationPrefix": ["49"]})
    other = price("UsagePrice", "c", match={"destinationPrefix": ["491"]})

    with installation.database.read() as uow:
        plans = PricePlans(uow.records)
        assert plans.ambiguous([by_table, same, other]) == [(0, 1)]
        assert plans.missing(by_table) == []
        assert plans.missing(by_table | {"tariffTable": {"id": "world", "version": "z"}}) == [
            ("/tariffTable/version", "tariff table 'world' has no version 'z'")
        ]


def test_the_largest_table_is_loaded_and_made_ready_in_time(installation: Installation) -> None:
    lines = ["prefix,amount,increment,units", *(f"{10_000 + n},0.{n:05},1,s" for n in range(RATES_MAX))]
    by_table = price("UsagePrice", match=None, tariffTable={"id": "world"})
    start = time.monotonic()

    added(installation, heading(), read_rates(lines))
    with installation.database.read() as uow:
        made = PlanCache().plan([by_table], Tariffs(uow.records))
    assert made.compiled.plan is made.plan

    assert time.monotonic() - start < SECONDS_MAX
    assert len(made.plan.prices[0].table) == RATES_MAX
    assert made.plan.prices[0].table["19999"].amount == Decimal("0.09999")
    with pytest.raises(TariffRefused, match="10000 prefixes at most"):
        read_rates([*lines, "9,1,,"])


# -- the command ------------------------------------------------------------------------------------------------------


def test_tables_and_calendars_are_loaded_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSS_DATABASE_URL", f"sqlite:///{tmp_path}/bss.db")
    (tmp_path / "voice.csv").write_text("prefix,amount\n49,0.02\n")
    (tmp_path / "bad.csv").write_text("prefix,amount\nx,0.02\n")
    (tmp_path / "days.txt").write_text("2026-12-25\n")
    fixed = ["--table", "world", "--currency", "EUR", "--valid-from"]
    runner = CliRunner()

    def run(*arguments: str) -> tuple[int, str]:
        result = runner.invoke(app, ["tariff", *arguments])
        return result.exit_code, result.output.replace("\n", " ").strip()

    voice, bad = str(tmp_path / "voice.csv"), str(tmp_path / "bad.csv")
    assert run("load", voice, *fixed, "2026-01-01T00:00:00Z", "--version", "a") == (0, "loaded 1 rates of world a")
    assert run("load", voice, *fixed, "2026-01-01T00:00:00Z", "--version", "a") == (
        0,
        "1 rates of world a were here already",
    )
    assert run("load", bad, *fixed, "2026-02-01T00:00:00Z")[0] == 1
    assert run("load", voice, *fixed, "yesterday")[0] == 2
    assert run("load", str(tmp_path / "none.csv"), *fixed, "2026-02-01T00:00:00Z")[0] == 1
    assert run("list", "world") == (0, "a  EUR  2026-01-01T00:00:00.000Z -")
    assert run("calendar", str(tmp_path / "days.txt"), "--name", "holidays") == (0, "added 1 of 1 days to holidays")
