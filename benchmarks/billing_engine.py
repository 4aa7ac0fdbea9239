"""How many statements the billing engine makes in a second on one core, beside a bare loop that adds the same amounts.

An account with three products (a bundle with a discount of 10 %, a plan with a discount of its own, and television), 24
months old, with 200 sums of usage, of which 100 have new lines. What was charged until last month is there. `whole`
proposes everything since the beginning, takes the difference, and makes the statement with its taxes by rate; `closed`
does so with what has not ended by the last cutoff. `bare` is a loop over all months and usage that knows the prices:
plain Decimals, a sum for each month, the discount off it, what was before subtracted, the tax at the end; no items.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial

from benchmarks.harness.figures import Figure, Scale, ratios, rounds
from common.domain.cycles import Cycle, months_later
from common.domain.money import Money
from tmf678_bill.billing.closed import closed_day
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
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


def measure(scale: Scale) -> list[Figure]:
    """What the engine makes beside a bare loop, and what it saves when the past is closed."""
    before, now = account(CUTOFF, MONTHS), account(CUTOFF, MONTHS + 1)
    existing = existing_of(before)
    since = closed_day(now, months_later(CUTOFF, -1))
    assert since is not None, "all of it is monthly"
    late = replace(now, usage=tuple(one for one in now.usage if one.period_end > since))
    kept = tuple(one for one in existing if one.purpose.period.end > since)
    assert statement(late, kept, since) == statement(now, existing), "both come to the same"
    assert bare(now) == statement(now, existing).gross.amount, "and so does who knows the prices"
    kinds: dict[str, Callable[[], float]] = {
        "whole": partial(_rate, lambda: statement(now, existing)),
        "closed": partial(_rate, lambda: statement(late, kept, since)),
        "bare": partial(_rate, lambda: bare(now)),
    }
    gc.freeze()
    speeds = rounds(kinds, scale.rounds)
    gc.unfreeze()
    whole, closed = "with all of its past", "with what is not closed of it"
    return [
        Figure.of("bills.engine", speeds["closed"], "/s", about=f"statements of an account of 24 months, {closed}"),
        Figure.of("bills.engine whole", speeds["whole"], "/s", about=f"the same {whole}"),
        Figure.of(
            "bills.engine of bare", ratios(speeds["closed"], speeds["bare"]), "ratio", about="beside a bare loop"
        ),
        Figure.of("bills.engine of whole", ratios(speeds["closed"], speeds["whole"]), "ratio", about="what is saved"),
    ]


def _rate(make: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(STATEMENTS):
        make()
    return STATEMENTS / (time.process_time() - begun)


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


def statement(now: AccountFacts, existing: tuple[Existing, ...], since: date | None = None) -> Statement:
    return state(settle(propose(now, CUTOFF, POLICY, since), existing), POLICY, RATES)


def bare(now: AccountFacts) -> Decimal:
    """The gross total of what is new: all that was ever charged by one who knows the prices, less what was before."""
    month = [Decimal("29.90") - Decimal("2.50"), Decimal("5.00"), Decimal("12.10")]
    before = after = Decimal(0)
    for number in range(MONTHS + 1):
        start = months_later(BEGIN, number)
        net_after = sum(month, Decimal(0))
        net_before = Decimal(0) if number == MONTHS else net_after
        for one in now.usage:
            if one.period_start == start:
                amount = one.amount.amount.quantize(CENT, ROUND_HALF_EVEN)
                net_after += amount
                net_before += Decimal(0) if one.claimed else amount
        before += net_before - (net_before / 10).quantize(CENT, ROUND_HALF_EVEN)
        after += net_after - (net_after / 10).quantize(CENT, ROUND_HALF_EVEN)
    new = after - before
    return new + (new / 5).quantize(CENT, ROUND_HALF_EVEN)
