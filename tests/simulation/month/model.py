"""A slow and obvious model of an operator's usage: it has a list of facts and looks through all of it every time.

Knows no counter and no bucket: what is left of an allowance, how far a tier is and what a balance holds are added up
from all ratings that stand, whenever somebody asks. Numbers are fractions; periods are walked to, day by day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import ceil

from tests.simulation.month.world import UNITS, Account, Price, Record, Span, base

CHARGED = ("active", "suspended", "pendingTerminate")
ZERO = Fraction(0)
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN)
# Allowance or price, whose, start of the period.
Where = tuple[str, str, datetime]


@dataclass(frozen=True)
class Line:
    kind: str
    price: str
    version: str
    quantity: Fraction
    amount: Fraction


@dataclass(frozen=True)
class Rating:
    """What a usage costs and took; `draws` with whether they are from an earlier period."""

    lines: tuple[Line, ...]
    draws: tuple[tuple[Where, bool, Fraction], ...]
    counts: tuple[tuple[Where, Fraction], ...]

    @property
    def cost(self) -> Fraction:
        return sum((line.amount for line in self.lines), ZERO)


@dataclass
class Known:
    """A usage that came in, and what became of it."""

    record: Record
    status: str = "initialized"
    reason: str = ""
    product: str | None = None
    rating: Rating | None = None
    paid: Fraction = ZERO


@dataclass(frozen=True)
class _Bucket:
    """An allowance's grant as one usage finds it."""

    allowance: Price
    where: Where
    expires: datetime
    is_rolled: bool


@dataclass
class Model:
    """Facts, in the order in which they came."""

    prices: dict[str, list[Price]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    # Number, since when, until when, product.
    numbers: list[tuple[str, datetime, datetime | None, str]] = field(default_factory=list)
    top_ups: list[tuple[str, Fraction]] = field(default_factory=list)
    usages: dict[str, Known] = field(default_factory=dict)

    # -- what happens -------------------------------------------------------------------------------------

    def report(self, records: Iterable[Record]) -> None:
        """Records that came in together: each key once, whatever it says the second time."""
        fresh = []
        for record in records:
            if record.key not in self.usages:
                fresh.append(record.key)
                self.usages[record.key] = Known(record)
        self._rate(fresh)

    def recycle(self) -> None:
        """Everything that waits or was rejected, once more."""
        self._rate([key for key, known in self.usages.items() if known.status in ("initialized", "rejected")])

    def rerate(self, product: str, since: datetime | None) -> None:
        """Everything of a product that was rated, taken back and rated in the order of time."""
        keys = [
            key
            for key, known in self.usages.items()
            if known.product == product
            and known.status in ("rated", "corrected")
            and (since is None or known.record.at >= since)
        ]
        keys.sort(key=lambda key: self.usages[key].record.at)
        before = {key: self.usages[key].rating for key in keys}
        rated = {key for key in keys if self.usages[key].status == "rated"}
        self._again(keys, rated, before)
        others = [place for place, key in enumerate(keys) if key in rated and self.usages[key].rating != before[key]]
        if others:  # from the first of them on all is paid anew
            self._again(keys[others[0] :], set(), before)
        for key in keys:
            if self.usages[key].rating is None:
                self.usages[key].status = "corrected"

    def _again(self, keys: Sequence[str], settled: Set[str], before: Mapping[str, Rating | None]) -> None:
        """Taken back and rated; what is settled stays paid whatever it costs."""
        for key in keys:
            known, past = self.usages[key], before[key]
            known.rating, known.paid = None, past.cost if key in settled and past is not None else ZERO
        self._rate(keys, settled)

    # -- what is there now --------------------------------------------------------------------------------

    def balance(self, product: str) -> Fraction:
        paid = sum((one.paid for one in self.usages.values() if one.product == product), ZERO)
        return sum((amount for owner, amount in self.top_ups if owner == product), ZERO) - paid

    def used(self) -> dict[tuple[Where, bool], Fraction]:
        """What was drawn from each bucket in its period, and after it."""
        sums: dict[tuple[Where, bool], Fraction] = defaultdict(Fraction)
        for one in self._rated():
            for where, is_rolled, quantity in one.rating.draws:  # type: ignore[union-attr]
                sums[where, is_rolled] += quantity
        return sums

    def counted(self) -> dict[Where, Fraction]:
        """How many units each tiered price has counted in each period."""
        sums: dict[Where, Fraction] = defaultdict(Fraction)
        for one in self._rated():
            for where, quantity in one.rating.counts:  # type: ignore[union-attr]
                sums[where] += quantity
        return sums

    def _rated(self) -> Iterator[Known]:
        return (one for one in self.usages.values() if one.rating is not None)

    # -- rating -------------------------------------------------------------------------------------------

    def _rate(self, keys: Iterable[str], settled: Set[str] = frozenset()) -> None:
        for key in sorted(keys, key=lambda key: self.usages[key].record.at):
            known = self.usages[key]
            found = self._try(known, is_paid=key in settled)
            if isinstance(found, Rating):
                known.paid = known.paid if key in settled else found.cost
                known.status, known.reason, known.rating = "rated", "", found
            else:
                known.reason = found
                known.status = "initialized" if found.startswith("product.") else "rejected"

    def _try(self, known: Known, *, is_paid: bool) -> Rating | str:
        record = known.record
        product = known.product or record.product or self._owner(record)
        if product is None or not self.spans[product]:
            return "product.unknown"
        there = [span for span in self.spans[product] if span.since <= record.at]
        if not there or there[-1].status not in CHARGED:
            return "product.not-active"
        known.product = product
        rating = _Rater(self, product, there[-1], record).rate()
        is_prepaid = any(owner == product for owner, _ in self.top_ups)
        if isinstance(rating, Rating) and is_prepaid and not is_paid and rating.cost > max(self.balance(product), ZERO):
            return "balance.insufficient"
        return rating

    def _owner(self, record: Record) -> str | None:
        for number, since, until, product in self.numbers:
            if number == record.number and since <= record.at and (until is None or record.at < until):
                return product
        return None


@dataclass
class _Rater:
    """One usage of one product."""

    model: Model
    product: str
    span: Span
    record: Record

    def rate(self) -> Rating | str:
        price = self._price()
        needed = self.record.units if price is None else charged(self.record.units, price)
        lines, draws = [], []
        left = needed
        for bucket in self._buckets():
            take = min(left, self._left(bucket))
            if take > 0:
                one = bucket.allowance
                lines.append(Line("allowance", one.id, one.version, take, ZERO))
                draws.append((bucket.where, bucket.is_rolled, take))
                left -= take
        counts: tuple[tuple[Where, Fraction], ...] = ()
        if price is None:
            if left:
                return "no.price"
        elif left:
            if price.setup is not None and not draws:
                lines.append(Line("setup", price.id, price.version, Fraction(1), Fraction(price.setup)))
            if price.tiers:
                where = (price.id, self._scope(price), self._period(price)[0])
                lines += self._tiered(price, self.model.counted()[where], left)
                counts = ((where, left),)
            else:
                amount = rounded(left * Fraction(price.amount) / base(price.per))
                lines.append(Line("usage", price.id, price.version, left, amount))
        return Rating(tuple(lines), tuple(draws), counts)

    def _offered(self) -> Iterator[Price]:
        """The prices that the product had when it was used; of those without a version, what is the latest now."""
        for sold in self.span.sold:
            versions = self.model.prices[sold.price]
            yield next((one for one in versions if one.version == sold.version), versions[-1])

    def _price(self) -> Price | None:
        fitting = [one for one in self._offered() if not one.is_allowance and self._fits(one)]
        return max(fitting, key=self._specific, default=None)

    def _specific(self, price: Price) -> tuple[int, int]:
        longest = max((len(one) for one in price.prefixes if self._digits().startswith(one)), default=0)
        return price.is_roaming + price.is_night + bool(price.prefixes), longest

    def _fits(self, price: Price) -> bool:
        return (
            price.usage_type == self.record.usage_type
            and (not price.prefixes or self._digits().startswith(price.prefixes))
            and (not price.is_roaming or self.record.is_roaming)
            and (not price.is_night or self._is_night())
        )

    def _digits(self) -> str:
        return (self.record.destination or "").removeprefix("+")

    def _is_night(self) -> bool:
        """From 22:00 of a weekday to 6:00 of the next day, or at the weekend."""
        local = self._local(self.record.at)
        yesterday = local.isoweekday() - 1 or 7
        is_late = local.hour >= 22 and local.isoweekday() <= 5
        return is_late or (local.hour < 6 and yesterday <= 5) or local.isoweekday() >= 6

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.span.account.zone)

    # -- allowances and tiers -----------------------------------------------------------------------------

    def _buckets(self) -> list[_Bucket]:
        found: list[_Bucket] = []
        for allowance in self._offered():
            if allowance.is_allowance and self._fits(allowance):
                found += self._buckets_of(allowance)
        return sorted(
            found, key=lambda one: (one.allowance.priority or 10**9, one.expires, one.allowance.id, one.where)
        )

    def _buckets_of(self, allowance: Price) -> Iterator[_Bucket]:
        start, end = self._period(allowance)
        if not start <= self.record.at < end:
            return
        for back in range(allowance.rollover_periods + 1):
            expires = end
            for _ in range(allowance.rollover_periods):
                expires = self._period_of(allowance, self._local(expires).date())[1]
            yield _Bucket(allowance, (allowance.id, self._scope(allowance), start), expires, back > 0)
            if start <= self._under_plan_since():
                return
            start, end = self._period_of(allowance, self._local(start).date() - timedelta(days=1))

    def _left(self, bucket: _Bucket) -> Fraction:
        used = self.model.used()
        assert bucket.allowance.quantity is not None
        granted = base(bucket.allowance.quantity)
        in_time, later = used[bucket.where, False], used[bucket.where, True]
        if not bucket.is_rolled:
            return granted - in_time - later
        cap = granted if bucket.allowance.rollover_cap is None else base(bucket.allowance.rollover_cap)
        return min(granted - in_time, cap) - later

    def _activated(self) -> datetime:
        return next(span.since for span in self.model.spans[self.product] if span.status in CHARGED)

    def _under_plan_since(self) -> datetime:
        since = self.span.since
        for span in reversed([one for one in self.model.spans[self.product] if one.since < since]):
            if span.sold != self.span.sold:
                break
            since = span.since
        return max(since, self._activated())

    def _scope(self, price: Price) -> str:
        return self.product if price.sharing is None else f"{self.span.account.id}/{price.sharing}"

    def _period(self, price: Price) -> tuple[datetime, datetime]:
        if isinstance(price.period, int):
            start = self._activated()
            return start, (self._local(start) + timedelta(days=price.period)).astimezone(UTC)
        return self._period_of(price, self._local(self.record.at).date())

    def _period_of(self, price: Price, day: date) -> tuple[datetime, datetime]:
        """The period that a local day is in, walked to day by day."""
        account, first, last = self.span.account, day, day + timedelta(days=1)
        while not begins(price, account, first):
            first -= timedelta(days=1)
        while not begins(price, account, last):
            last += timedelta(days=1)
        return _midnight(first, account), _midnight(last, account)

    def _tiered(self, price: Price, before: Fraction, units: Fraction) -> Iterator[Line]:
        """Every unit is looked at by the tier that it is in; those of a tier are a line."""
        factor = base(price.per)
        starts = [Fraction(tier.start) * UNITS[price.per.split()[1]] for tier in price.tiers]
        ends = [*starts[1:], before + units]
        per = [Fraction(tier.amount) / factor for tier in price.tiers]
        if price.tier_model == "volume":
            new, old = tier_of(starts, before + units), tier_of(starts, before)
            yield Line("usage", price.id, price.version, units, rounded(units * per[new]))
            if new != old and before:
                amount = rounded(before * per[new]) - rounded(before * per[old])
                yield Line("correction", price.id, price.version, before, amount)
            return
        for index, (tier, start, end) in enumerate(zip(price.tiers, starts, ends, strict=True)):
            width = max(end - start, ZERO)
            inside_after, inside_before = (min(max(n - start, ZERO), width) for n in (before + units, before))
            part = inside_after - inside_before
            if not part:
                continue
            if price.tier_model == "graduated":
                yield Line("usage", price.id, price.version, part, rounded(part * per[index]))
            else:
                size = width if tier.size is None else Fraction(tier.size) * factor
                begun = ceil(inside_after / size) - ceil(inside_before / size)
                yield Line("usage", price.id, price.version, part, begun * Fraction(tier.amount))


def tier_of(starts: list[Fraction], units: Fraction) -> int:
    return max([0, *(index for index, start in enumerate(starts) if units > start)])


def begins(price: Price, account: Account, day: date) -> bool:
    """Whether a period of the price begins on the day."""
    if price.period == "day":
        return True
    if price.period == "week":
        return (day - account.cycle).days % 7 == 0
    is_last = (day + timedelta(days=1)).month != day.month
    return day.day == account.cycle.day or (is_last and day.day < account.cycle.day)


def charged(units: Fraction, price: Price) -> Fraction:
    minimum = ZERO if price.minimum is None else base(price.minimum)
    if units <= minimum or price.increment is None:
        return max(units, minimum)
    step = base(price.increment)
    return minimum + ceil((units - minimum) / step) * step


def rounded(amount: Fraction) -> Fraction:
    """Half-even to 18 decimals."""
    quotient = Context(prec=200).divide(Decimal(amount.numerator), Decimal(amount.denominator))
    return Fraction(quotient.quantize(Decimal(1).scaleb(-18), context=_ROUNDING))


def _midnight(day: date, account: Account) -> datetime:
    return datetime.combine(day, time(), account.zone).astimezone(UTC)
