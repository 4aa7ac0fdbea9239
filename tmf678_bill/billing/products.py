"""The charges of a product by itself: recurring and one-time prices, less the discounts that were agreed with them.

What usage comes to is in `usage.py`, what several charges together give rise to in `discounts.py` and `commitments.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from common.domain.cycles import Cycles, Span
from tmf678_bill.billing.agreed import Run, Whole, cycles_of, runs_by_price, whole_of
from tmf678_bill.billing.keys import one_time_key, recurring_key
from tmf678_bill.billing.rounding import rounded
from tmf678_bill.billing.values import (
    AccountFacts,
    AgreedPrice,
    Charge,
    ChargedOn,
    Kind,
    Part,
    ProductFacts,
    Purpose,
    Recurrence,
    Rounding,
    Stretch,
)

_DAY = timedelta(days=1)


def recurring(
    product: ProductFacts, account: AccountFacts, cutoff: date, rounding: Rounding, since: date | None = None
) -> Iterator[Charge]:
    """A charge for each price and period that begins by the cutoff and has a charged day, due or not yet.

    Shapes: with `since` only periods that end after that day.
    """
    for runs in runs_by_price(product, Kind.RECURRING, account).values():
        recurrence = runs[0].price.recurrence
        assert recurrence is not None, "a recurring price recurs"
        cycles = cycles_of(recurrence, product, account)
        yield from _Periods(product, account, rounding, recurrence, cycles, runs).charges(cutoff, since)


@dataclass(slots=True)
class _Periods:
    """The periods of one price of a product. What a whole period costs is computed once for each run."""

    product: ProductFacts
    account: AccountFacts
    rounding: Rounding
    recurrence: Recurrence
    cycles: Cycles
    runs: list[Run]
    _wholes: dict[int, Whole] = field(default_factory=dict)

    def charges(self, cutoff: date, since: date | None) -> Iterator[Charge]:
        at = 0
        # A period that has begun counts, also where its first charged day is still to come; and that in which the day
        # lies ends later, also where what is charged for in it ended before.
        first = self.cycles.span_at(self.runs[0].start).start
        begin = first if since is None else max(first, self.cycles.span_at(since).start)
        end = min(self.runs[-1].end, cutoff + _DAY)
        for period in self.cycles.spans(begin, end):
            while at < len(self.runs) and self.runs[at].end <= period.start:
                at += 1
            parts = list(self._parts(period, at))
            if parts:
                yield self._charge(period, parts)

    def _parts(self, period: Span, at: int) -> Iterator[Part]:
        of = self.cycles.days(period)
        for index in range(at, len(self.runs)):
            run = self.runs[index]
            if run.start >= period.end:
                return
            span = run.within(period)
            if span is not None:
                whole = self._whole(index)
                days = span.days
                amount = whole.amount if days == of else whole.amount * days / of
                yield Part(span, of, run.price, whole.taken, amount)

    def _whole(self, index: int) -> Whole:
        found = self._wholes.get(index)
        if found is None:
            run = self.runs[index]
            assert run.price.amount is not None, "a recurring price has an amount"
            found = self._wholes[index] = whole_of(run.price.amount, run.discounts, self.rounding)
        return found

    def _charge(self, period: Span, parts: list[Part]) -> Charge:
        price = parts[-1].price
        every = price.recurrence or self.recurrence
        covers = tuple(joined(part.span for part in parts))
        if not every.is_prorated:
            last = parts[-1]
            whole = self._whole(next(i for i, run in enumerate(self.runs) if run.within(last.span) is not None))
            parts = [Part(Span(covers[0].start, covers[-1].end), parts[0].of, price, whole.taken, whole.amount)]
        assert price.amount is not None, "a recurring price has an amount"
        currency = price.amount.currency
        exact = parts[0].amount if len(parts) == 1 else sum((part.amount for part in parts), Fraction(0))
        key = recurring_key(self.product.id, price, self.recurrence, currency, period)
        due = max(period.start, covers[0].start) if every.in_advance else period.end
        return Charge(
            purpose(Kind.RECURRING, key, self.product, price, period, in_advance=every.in_advance),
            rounded(exact, currency, self.rounding),
            Span(covers[0].start, covers[-1].end),
            covers,
            due,
            self.product.place or self.account.place,
            tuple(parts),
        )


def one_time(product: ProductFacts, account: AccountFacts, rounding: Rounding) -> Iterator[Charge]:
    """A charge for each one-time price that has been given rise to, on its day.

    The account pays for what happened while the product was its; what another account paid, it does not pay again. A
    price that a change took away and a later one gave back is charged again, as the order for that said.
    """
    times: Counter[str] = Counter()
    kept: set[str] = set()
    for index, stretch in enumerate(product.stretches):
        kept &= {price.key for price in stretch.prices}
        for price in stretch.prices:
            if price.kind is not Kind.ONE_TIME:
                continue
            assert price.amount is not None, "a one-time price has an amount"
            day = _given_rise(product, stretch, price, is_first=index == 0, is_last=stretch is product.stretches[-1])
            if day is None or price.key in kept:
                continue
            kept.add(price.key)
            written = one_time_key(product.id, price, price.amount.currency)
            times[written] += 1
            if stretch.is_elsewhere:
                continue
            key = one_time_key(product.id, price, price.amount.currency, times[written])
            whole, span = whole_of(price.amount, price.discounts, rounding), Span(day, day + _DAY)
            yield Charge(
                purpose(Kind.ONE_TIME, key, product, price, span),
                rounded(whole.amount, price.amount.currency, rounding),
                span,
                (span,),
                day,
                product.place or account.place,
                (Part(span, 1, price, whole.taken, whole.amount),),
            )


def purpose(
    kind: Kind, key: str, product: ProductFacts, price: AgreedPrice, period: Span, *, in_advance: bool = False
) -> Purpose:
    return Purpose(key, kind, product.id, price.id, price.version, price.name, price.tax, period, in_advance)


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans in the order of time, those that meet as one."""
    last: Span | None = None
    for span in spans:
        if last is not None and span.start <= last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def decimal_text(exact: Fraction) -> str:
    """For people: the exact amount where it ends, else to 12 decimals."""
    scaled, rest = divmod(abs(exact.numerator) * 10**12, exact.denominator)
    whole, decimals = divmod(scaled, 10**12)
    text = f"{'-' if exact < 0 else ''}{whole}.{decimals:012d}".rstrip("0").rstrip(".")
    return f"{text}..." if rest else text


def _given_rise(
    product: ProductFacts, stretch: Stretch, price: AgreedPrice, *, is_first: bool, is_last: bool
) -> date | None:
    """The day on which a one-time price falls due; None while there is none.

    A price that comes with a later change is due on the day of the change.
    """
    if price.charged_on is ChargedOn.TERMINATION:
        return product.terminated if is_last else None
    if price.charged_on is ChargedOn.ORDER:
        return (product.ordered or stretch.start) if is_first else stretch.start
    if product.activated is None or _was_over_before(stretch, product.activated):
        return None
    return max(product.activated, stretch.start)


def _was_over_before(stretch: Stretch, activated: date) -> bool:
    """Whether the product was another by the time it became active; what was active for a part of that day was not."""
    if stretch.end is None or stretch.end > activated:
        return False
    return stretch.end < activated or stretch.start < stretch.end or not stretch.is_charged
