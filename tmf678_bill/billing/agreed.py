"""On which days which price of a product held, with which discounts; and what a whole period of it costs then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from common.domain.cycles import Cycle, Cycles, Span
from common.domain.money import Money
from tmf678_bill.billing.rounding import rounded
from tmf678_bill.billing.values import (
    AccountFacts,
    AgreedPrice,
    Anchor,
    Discount,
    Kind,
    ProductFacts,
    Recurrence,
    Rounding,
    Taken,
    UsageSum,
)

# What is agreed until further notice holds until here.
EVER = date.max


@dataclass(frozen=True, slots=True)
class Run:
    """Days on which one price held, with the same discounts on each of them; `end` may be EVER. May be empty."""

    start: date
    end: date
    price: AgreedPrice
    discounts: tuple[Discount, ...]

    def within(self, period: Span) -> Span | None:
        start, end = max(self.start, period.start), min(self.end, period.end)
        return Span(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Whole:
    """What a whole period costs, and what its discounts took off."""

    amount: Fraction
    taken: tuple[Taken, ...]


def runs_by_price(product: ProductFacts, kind: Kind, account: AccountFacts) -> dict[str, list[Run]]:
    """The runs of each price of a kind, in the order of time, by what is the same in all of them: key and terms.

    Days on which the product is not charged are in none of them.
    """
    found: dict[str, list[Run]] = {}
    since: dict[tuple[str, str], date] = {}
    for stretch in product.stretches:
        if not stretch.is_charged:
            continue
        for price in stretch.prices:
            if price.kind is kind:
                terms = terms_of(price)
                for discount in price.discounts:
                    since.setdefault((terms, discount.key), stretch.start)
                if not stretch.is_elsewhere:
                    run = Run(stretch.start, EVER if stretch.end is None else stretch.end, price, price.discounts)
                    found.setdefault(terms, []).append(run)
    return {terms: list(_joined(_with_ends(runs, since, account))) for terms, runs in found.items()}


def terms_of(price: AgreedPrice) -> str:
    """What may not differ between prices of one key, and the key."""
    every = price.recurrence
    currency = "" if price.amount is None else price.amount.currency
    period = "" if every is None else f"{every.count} {every.unit} {every.anchor}"
    return f"{price.key}/{currency}/{price.tax.is_inclusive}/{period}"


def cycles_of(recurrence: Recurrence | None, product: ProductFacts, account: AccountFacts) -> Cycles:
    """The periods of a price; without a recurrence those of the account's bills."""
    if recurrence is None:
        return Cycles(account.cycle, account.earlier)
    unit, count = recurrence.unit, recurrence.count
    if recurrence.anchor is Anchor.ACTIVATION and product.activated is not None:
        return Cycles(Cycle(product.activated, unit, count))
    pieces = [(Cycle(cycle.anchor, unit, count), until) for cycle, until in account.earlier]
    last = Cycle(account.cycle.anchor, unit, count)
    # A change of how often there are bills is none for a price that counts from the same day.
    after = [cycle for cycle, _ in pieces[1:]] + [last]
    return Cycles(last, tuple(piece for piece, next in zip(pieces, after, strict=False) if piece[0] != next))


def whole_of(price: Money, discounts: tuple[Discount, ...], rounding: Rounding) -> Whole:
    """The price of a whole period less its discounts.

    Rounding: what a discount takes is whole minor units, as when the order showed it; the price is left as it is.
    """
    if not discounts:
        return Whole(Fraction(price.amount), ())
    left, taken = price, []
    for discount in in_order(discounts):
        part = Fraction(price.share(discount.percentage or 0).amount)
        off = discount.amount or rounded(part, price.currency, rounding)
        off = off if discount.cap is None else off.smaller(discount.cap)
        if discount.is_floored:
            off = off.smaller(left) if left.amount > 0 else off.times(0)
        left -= off
        taken.append(Taken(discount, off))
    return Whole(Fraction(left.amount), tuple(taken))


def in_order(discounts: Iterable[Discount]) -> list[Discount]:
    return sorted(discounts, key=lambda one: (one.order, one.key))


def currencies(price: AgreedPrice | UsageSum) -> set[str]:
    """The currencies of all amounts of a price or sum, and of what lowers it."""
    money = [price.amount, *(one.amount for one in price.discounts), *(one.cap for one in price.discounts)]
    return {one.currency for one in money if one is not None}


def _with_ends(runs: list[Run], since: dict[tuple[str, str], date], account: AccountFacts) -> Iterator[Run]:
    """The runs, cut where one of their discounts ends: so many periods after the first day on which it was there,
    whichever account the product was charged to then.

    Shapes: `since` are these days, by the terms of the price and the discount's key.
    """
    for run in runs:
        every = run.price.recurrence
        unit, count = (account.cycle.unit, account.cycle.count) if every is None else (every.unit, every.count)
        ends = {}
        for discount in run.discounts:
            if discount.periods is not None:
                first = since[terms_of(run.price), discount.key]
                ends[discount.key] = Cycle(first, unit, count).start(discount.periods)
        cuts = sorted({end for end in ends.values() if run.start < end < run.end})
        for start, end in zip([run.start, *cuts], [*cuts, run.end], strict=True):
            left = tuple(one for one in run.discounts if one.key not in ends or start < ends[one.key])
            yield Run(start, end, run.price, left)


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Runs that go on with the same price are one."""
    last: Run | None = None
    for run in runs:
        if last is not None and last.end == run.start and last.discounts == run.discounts and last.price == run.price:
            last = Run(last.start, run.end, last.price, last.discounts)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last
