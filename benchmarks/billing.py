"""How many statements the billing engine makes in a second on one core, beside a bare loop that adds the same amounts.

    python -m benchmarks.billing [ROUNDS] [--json]

An account with three products (a bundle with a discount of 10 %, a plan with a discount of its own, and television), 24
months old, with 200 sums of usage, of which 100 have new lines. What was charged until last month is there; `statement`
proposes everything since the beginning, takes the difference, and makes the statement with its taxes by rate; `first`
makes the statement of an account that was never billed: 24 months at once; `explained` makes the explanation of each
item as well. `bare` is a loop over the same months and usage that knows the prices: plain Decimals, a sum for each
month, the discount off it, what was before subtracted, the tax at the end; no items. Both run in one process in
alternating rounds; medians of CPU time.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from common.domain.cycles import Cycle, months_later
from common.domain.money import Money
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.explain import explain_item
from tmf678_bill.billing.rates import RateTable
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import (
    AccountFacts,
    AgreedPrice,
    Discount,
    Existing,
    Kind,
    Policy,
    ProductFacts,
    Recurrence,
    Statement,
    Stretch,
    TaxClass,
    TaxRate,
    TaxRounding,
    UsageSum,
)

MONTHS, USAGES, STATEMENTS = 24, 200, 20
BEGIN = date(2024, 1, 31)
CUTOFF = months_later(BEGIN, MONTHS)
CENT = Decimal("0.01")
VAT = TaxClass("VAT", Decimal(20))
POLICY = Policy(tax_rounding=TaxRounding.PER_RATE)
RATES = RateTable([TaxRate("VAT", "AT", Decimal(20))])


def main(rounds: int, as_json: bool) -> None:
    before, now = account(CUTOFF, MONTHS), account(CUTOFF, MONTHS + 1)
    existing = existing_of(before)
    made = statement(now, existing)
    assert bare(now) == made.gross.amount, "both come to the same"
    gc.freeze()
    kinds: dict[str, Callable[[], object]] = {
        "statement": lambda: [statement(now, existing) for _ in range(STATEMENTS)],
        "explained": lambda: [
            [explain_item(item) for item in statement(now, existing).items] for _ in range(STATEMENTS)
        ],
        "first": lambda: [statement(now, ()) for _ in range(STATEMENTS)],
        "bare": lambda: [bare(now) for _ in range(STATEMENTS)],
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, run in kinds.items():
            begun = time.process_time()
            run()
            times[name].append(time.process_time() - begun)
    rates = {name: STATEMENTS / statistics.median(spent) for name, spent in times.items()}
    if as_json:
        print(json.dumps({name: int(figure) for name, figure in rates.items()}))
        return
    for name, figure in rates.items():
        print(f"{name:12} {figure:10,.0f} statements/s   {figure / rates['bare']:6.3f} of bare")


def account(cutoff: date, months: int) -> AccountFacts:
    """The account as it is after so many months: of the usage, what came until then, half of it in the last month."""
    plan = monthly("plan", "29.90", (Discount("loyal", "Loyal", amount=Money(Decimal("2.50"), "EUR")),))
    off = Discount("together", "Together", Decimal(10))
    together = AgreedPrice("together", Kind.DISCOUNT, "Together", None, VAT, Recurrence(), discounts=(off,))
    products = (
        product("bundle", monthly("bundle", "5.00"), together, parts=("line", "tv")),
        product("line", plan),
        product("tv", monthly("tv", "12.10")),
    )
    return AccountFacts("account", Cycle(BEGIN), products, tuple(usage(months)), "EUR", "AT")


def monthly(name: str, amount: str, discounts: tuple[Discount, ...] = ()) -> AgreedPrice:
    recurrence = Recurrence(in_advance=True)
    money = Money(Decimal(amount), "EUR")
    return AgreedPrice(name, Kind.RECURRING, name, money, VAT, recurrence, discounts=discounts, id=name, version="1")


def product(id: str, *prices: AgreedPrice, parts: tuple[str, ...] = ()) -> ProductFacts:
    return ProductFacts(id, id, BEGIN, BEGIN, None, parts, (Stretch(BEGIN, None, True, prices),))


def usage(months: int) -> list[UsageSum]:
    cycle = Cycle(BEGIN)
    found = []
    for number in range(USAGES):
        is_new = number >= USAGES // 2
        if is_new and months == MONTHS:
            continue
        period = cycle.span(MONTHS - 1 if is_new else number % (MONTHS - 1))
        amount = Money(Decimal(12_345 + number).scaleb(-4), "EUR")
        found.append(
            UsageSum(
                *("line", f"calls-{number}", "1", "Calls", "voice", "usage", period.start, period.end),
                *(Decimal(60), "s", amount, 10, 10 if is_new else 0, VAT),
            )
        )
    return found


def existing_of(before: AccountFacts) -> tuple[Existing, ...]:
    """What was charged until the day before the cutoff."""
    charged = propose(before, date.fromordinal(CUTOFF.toordinal() - 1), POLICY)
    return tuple(Existing(one.purpose, one.amount, one.covers, one.quantity, one.unit) for one in charged)


def statement(now: AccountFacts, existing: tuple[Existing, ...]) -> Statement:
    return state(settle(propose(now, CUTOFF, POLICY), existing), POLICY, RATES)


def bare(now: AccountFacts) -> Decimal:
    """The gross total of what is new: all that was ever charged by one who knows the prices, less what was before."""
    month = [Decimal("29.90") - Decimal("2.50"), Decimal("5.00"), Decimal("12.10")]
    before = after = Decimal(0)
    for number in range(MONTHS + 1):
        start = months_later(BEGIN, number)
        net_before, net_after = (Decimal(0), sum(month)) if number == MONTHS else (sum(month), sum(month))
        for one in now.usage:
            if one.period_start == start:
                amount = one.amount.amount.quantize(CENT, ROUND_HALF_EVEN)
                net_after += amount
                net_before += Decimal(0) if one.claimed else amount
        before += net_before - (net_before / 10).quantize(CENT, ROUND_HALF_EVEN)
        after += net_after - (net_after / 10).quantize(CENT, ROUND_HALF_EVEN)
    new = after - before
    return new + (new / 5).quantize(CENT, ROUND_HALF_EVEN)


if __name__ == "__main__":
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    main(int(numbers[0]) if numbers else 9, "--json" in sys.argv)
