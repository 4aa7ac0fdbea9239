"""The accounts of the worked tables of docs/billing.md, by the names of the tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from common.domain.cycles import Cycle, CycleUnit
from tests.tmf678_bill.billing.accounts import (
    VAT,
    VAT_INSIDE,
    D,
    account,
    at_least,
    day,
    known,
    monthly,
    off,
    off_all,
    once,
    product,
    used,
)
from tmf678_bill.billing.rates import NO_RATES, RateTable
from tmf678_bill.billing.values import (
    USUAL,
    AccountFacts,
    Anchor,
    Exemption,
    Policy,
    Rounding,
    TaxClass,
    TaxRate,
    TaxRounding,
    UsageSum,
)

PAGE = (Path(__file__).parents[3] / "docs" / "billing.md").read_text()
VAT_19 = TaxClass("VAT", D(19))
GST = TaxClass("GST", D(10))


@dataclass(frozen=True)
class Story:
    """An account, and the sums of its usage as they were from a day on."""

    account: AccountFacts
    usage: Sequence[tuple[str, UsageSum]] = ()
    policy: Policy = USUAL
    rates: RateTable = field(default_factory=lambda: NO_RATES)
    exemptions: tuple[Exemption, ...] = ()

    def at(self, cutoff: date, before: date | None) -> AccountFacts:
        """What is known at a bill; lines are newly claimed when they came after the bill before."""
        sums: dict[tuple[object, ...], UsageSum] = {}
        for text, one in self.usage:
            if day(text) <= cutoff:
                is_new = before is None or day(text) > before
                sums[one.product, one.line_kind, one.period_start] = one if is_new else replace(one, claimed=0)
        return replace(known(self.account, cutoff), usage=tuple(sums.values()))


def worked(name: str) -> list[list[str]]:
    """The rows of a table of the page."""
    table = PAGE.split(f"<!-- worked: {name} -->\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def names() -> list[str]:
    return re.findall(r"<!-- worked: ([\w-]+) -->", PAGE)


def calls(amount: str, lines: int, claimed: int, month: str = "03", until: str = "04", **more: object) -> UsageSum:
    return used("line", amount, f"2026-{month}-01", f"2026-{until}-01", lines, claimed=claimed, tax=TaxClass(), **more)


PLAN = monthly("Plan", "31")
CALLS_LESS = {"discounts": (off("Calls less", "10", periods=1),), "since": {"Calls less": day("2026-03-01")}}
FIVE_OFF = (off("Five off", amount="5"),)
SMALL, LARGE = monthly("Small", "31"), monthly("Large", "62")
OLD_TAX = TaxRate("VAT", "DE", D(16), day("2026-01-01"), day("2026-04-01"))
NEW_TAX = TaxRate("VAT", "DE", D(19), day("2026-04-01"))
THREE = [monthly(f"Line {letter}", "0.34", tax=VAT_19) for letter in "ABC"]
PER_RATE = Policy(tax_rounding=TaxRounding.PER_RATE)

STORIES = {
    "month-ends-31": Story(account(product("line", ("2026-01-31", [PLAN])), cycle="2024-01-31")),
    "month-ends-30": Story(account(product("line", ("2028-01-30", [PLAN])), cycle="2024-01-30")),
    "month-ends-29": Story(account(product("line", ("2026-01-29", [PLAN])), cycle="2024-01-29")),
    "cycle-change": Story(
        account(
            product("line", ("2026-02-01", [PLAN])),
            cycle="2024-01-15",
            earlier=((Cycle(day("2024-01-01")), day("2026-03-01")),),
        )
    ),
    "in-advance": Story(account(product("line", ("2026-01-10", [PLAN]), ended="2026-03-11"))),
    "in-arrears": Story(
        account(product("line", ("2026-01-10", [monthly("Plan", "31", in_advance=False)]), ended="2026-03-11"))
    ),
    "undivided": Story(
        account(product("line", ("2026-01-10", [monthly("Plan", "31", is_prorated=False)]), ended="2026-03-11"))
    ),
    "anchored": Story(
        account(
            product(
                "line",
                ("2026-01-31", [monthly("Plan", "31", anchor=Anchor.ACTIVATION), monthly("Support", "90", count=3)]),
            )
        )
    ),
    "weekly": Story(
        account(
            product("line", ("2026-03-02", [monthly("Week", "7", unit=CycleUnit.WEEK, anchor=Anchor.ACTIVATION)])),
            cycle="2026-03-02",
            unit=CycleUnit.WEEK,
            count=2,
        )
    ),
    "up": Story(account(product("line", ("2026-03-01", [SMALL]), ("2026-03-16", [LARGE])))),
    "down": Story(account(product("line", ("2026-03-01", [LARGE]), ("2026-03-16", [SMALL])))),
    "suspended": Story(account(product("line", ("2026-03-01", [PLAN]), ("2026-03-11", None), ("2026-03-21", [PLAN])))),
    "one-day": Story(
        account(
            product("line", ("2026-03-02", [SMALL, once("Small set-up", "5")]), ("2026-03-02", [LARGE])),
            product("trial", ("2026-03-05", [PLAN, once("Set-up", "9")]), ended="2026-03-05"),
        )
    ),
    "one-time": Story(
        account(
            product(
                "line",
                ("2026-03-02", [once("Order", "1", "order"), once("Set-up", "9"), once("End", "20", "termination")]),
                ordered="2026-02-27",
                activated="2026-03-02",
                ended="2026-05-02",
            )
        )
    ),
    "item-discounts": Story(
        account(
            product(
                "line",
                (
                    "2026-01-11",
                    [
                        monthly(
                            "Plan",
                            "31",
                            discounts=(off("Welcome", "50", periods=2, order=2), off("Loyal", amount="3.10")),
                        )
                    ],
                ),
            )
        )
    ),
    "caps": Story(
        account(
            product("line", ("2026-03-01", [monthly("Plan", "31", discounts=(off("Half", "50", cap="10"),))])),
            product(
                "spare",
                ("2026-03-01", [monthly("Spare", "4", discounts=(off("Five", amount="5"), off("Ten", "10")))]),
            ),
        )
    ),
    "bundle": Story(
        account(
            product(
                "bundle", ("2026-03-01", [off_all(off("Together", "10"))]), ended="2026-04-16", parts=("line", "tv")
            ),
            product("line", ("2026-03-01", [monthly("Plan", "30", tax=VAT), once("Set-up", "9", tax=VAT)])),
            product("tv", ("2026-03-01", [monthly("TV", "12.10", tax=VAT_INSIDE)])),
        )
    ),
    "bundle-amount": Story(
        account(
            product(
                "bundle",
                ("2026-03-11", [off_all(off("Five off", amount="5"), recurrence=None)]),
                parts=("line", "tv"),
            ),
            product("line", ("2026-03-11", [monthly("Plan", "31")])),
            product("tv", ("2026-03-11", [monthly("TV", "3.10")])),
        )
    ),
    "commitment": Story(
        account(
            product("contract", ("2026-03-11", [at_least("Up to the minimum", "310")]), parts=("line",)),
            product("line", ("2026-03-11", [monthly("Plan", "93")])),
        ),
        [("2026-04-01", calls("20.004", 4, 4)), ("2026-04-20", calls("25.016", 5, 1))],
    ),
    "usage": Story(
        account(product("line", ("2026-03-01", []))),
        [
            ("2026-03-10", calls("0.333", 1, 1)),
            ("2026-03-20", calls("0.666", 2, 1)),
            ("2026-04-01", calls("0.999", 3, 1)),
            ("2026-04-10", calls("1.001", 4, 1)),
            ("2026-05-01", calls("0.333", 7, 3)),
        ],
    ),
    "usage-discount": Story(
        account(product("line", ("2026-03-01", []))),
        [
            ("2026-04-01", calls("10.05", 2, 2, **CALLS_LESS)),
            ("2026-05-01", calls("10.05", 2, 2, "04", "05", **CALLS_LESS)),
        ],
    ),
    "usage-discount-kinds": Story(
        account(product("line", ("2026-03-01", []))),
        [
            ("2026-04-01", calls("20", 9, 9, discounts=FIVE_OFF)),
            ("2026-04-01", calls("5", 2, 2, discounts=FIVE_OFF, line_kind="setup")),
            ("2026-04-20", calls("55", 12, 3, discounts=FIVE_OFF)),
            ("2026-04-20", calls("-10", 1, 1, discounts=FIVE_OFF, line_kind="correction")),
        ],
    ),
    "tax": Story(
        account(
            product("net", ("2026-03-01", [monthly("Net", "10.03", tax=VAT)])),
            product("gross", ("2026-03-01", [monthly("Gross", "10.03", tax=VAT_INSIDE)])),
            product("free", ("2026-03-01", [monthly("Untaxed", "10.03")])),
        )
    ),
    "tax-per-line": Story(account(product("line", ("2026-03-01", THREE)))),
    "tax-per-rate": Story(account(product("line", ("2026-03-01", THREE))), policy=PER_RATE),
    "half-up": Story(
        account(product("line", ("2026-03-01", [monthly("Plan", "0.25", tax=GST)]))),
        policy=Policy(Rounding.HALF_UP),
    ),
    "half-even": Story(account(product("line", ("2026-03-01", [monthly("Plan", "0.25", tax=GST)])))),
    "rates": Story(
        account(product("line", ("2026-03-01", [monthly("Plan", "31", tax=VAT)]), ended="2026-03-11"), place="DE"),
        rates=RateTable([OLD_TAX, NEW_TAX]),
    ),
    "rate-change": Story(
        account(
            product("line", ("2026-03-01", [monthly("Plan", "100", tax=VAT), monthly("Books", "10", tax=GST)])),
            place="DE-BY",
        ),
        rates=RateTable([OLD_TAX, NEW_TAX]),
    ),
    "exempt": Story(
        account(
            product("line", ("2026-03-01", [monthly("Plan", "100", tax=VAT), monthly("Box", "12", tax=VAT_INSIDE)]))
        ),
        exemptions=(Exemption("X-17", "VAT", start=day("2026-03-15"), end=day("2026-05-01")),),
    ),
    "yen": Story(
        account(
            product(
                "line",
                ("2026-03-16", [monthly("Plan", "3100", "JPY", tax=GST), monthly("Extra", "155", "JPY", tax=GST)]),
            )
        )
    ),
    "dinar": Story(account(product("line", ("2026-03-16", [monthly("Plan", "5.125", "KWD", tax=VAT_19)])))),
    "credit": Story(
        account(
            product("line", ("2026-03-01", [monthly("Plan", "31", tax=VAT)]), ended="2026-03-11"),
        )
    ),
}
