"""A slow and obvious model of bills: what an account was charged is added up day by day, whenever somebody asks.

Amounts are fractions until an item is rounded; periods are walked to. It knows what was charged before, and the
difference is the next bill. Rules: docs/billing.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor

from tests.simulation.year.world import CHARGED, DIGITS, ENDED, VAT, Line, Product, Span, Tariff, Tax, Terms

DAY = timedelta(days=1)
KINDS = ("recurring", "oneTime", "usage", "discount", "commitment")
Period = tuple[date, date]
# Product, place of the kind, start of the period, what tells prices apart.
Key = tuple[str, int, date, str]
# A rate, and whether a certificate made it nothing.
Way = tuple[int, bool]
# From when on which rate holds, by the tax table.
Rates = list[tuple[date, int]]


@dataclass(frozen=True)
class Wish:
    """What is to have been charged for a key by now, for which days; `by_day` is where it comes from."""

    name: str
    period: Period
    amount: Fraction
    days: tuple[date, ...]
    tax: Tax
    due: date
    by_day: dict[date, Fraction] = field(default_factory=dict, compare=False)
    is_claimed: bool = False


@dataclass
class Charged:
    """What was charged for a key, and how much of it was taxed in which way, the latest last."""

    name: str
    period: Period
    tax: Tax
    days: tuple[date, ...] = ()
    ways: list[tuple[Way, Fraction]] = field(default_factory=list)

    @property
    def amount(self) -> Fraction:
        return sum((amount for _, amount in self.ways), Fraction(0))

    def add(self, way: Way, amount: Fraction) -> None:
        """What is charged in a way is the latest; what is undone leaves the rest of it where it was."""
        before = dict(self.ways).get(way, Fraction(0))
        if before * amount < 0:
            self.ways = [(one, before + amount if one == way else of) for one, of in self.ways]
        else:
            self.ways = [one for one in self.ways if one[0] != way] + [(way, before + amount)]
        self.ways = [one for one in self.ways if one[1]]

    def undone(self, amount: Fraction) -> list[tuple[Way, Fraction]]:
        """In which ways so much is undone: what was charged last goes first, what goes beyond all as the first."""
        found = []
        charged = [one for one in reversed(self.ways) if one[1] * amount < 0]
        for way, of in charged:
            part = max(amount, -of) if amount < 0 else min(amount, -of)
            found.append((way, part))
            amount -= part
        found[-1] = found[-1][0], found[-1][1] + amount
        return [one for one in found if one[1]]


@dataclass
class Item:
    key: Key
    period: Period
    name: str
    first: date
    last: date
    amount: Fraction
    tax_class: Tax
    rate: int
    is_exempt: bool
    net: Fraction = Fraction(0)
    tax: Fraction = Fraction(0)
    credited_net: Fraction = Fraction(0)
    credited_tax: Fraction = Fraction(0)

    @property
    def gross(self) -> Fraction:
        return self.net + self.tax

    @property
    def left(self) -> Fraction:
        return self.gross - self.credited_net - self.credited_tax

    def place(self) -> tuple[object, ...]:
        return self.key[0], self.key[1], self.period, self.key[3]

    def told(self) -> tuple[object, ...]:
        return KINDS[self.key[1]], self.name, self.key[0], self.first, self.last, self.net, self.tax


def rounded(exact: Fraction, currency: str, *, is_half_up: bool = False) -> Fraction:
    """To the minor unit."""
    units = abs(exact) * 10 ** DIGITS[currency]
    whole = floor(units)
    rest = units - whole
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (is_half_up or whole % 2)):
        whole += 1
    return Fraction(whole if exact >= 0 else -whole, 10 ** DIGITS[currency])


def month_of(day: date, anchor: date) -> Period:
    """The monthly period that a day lies in, walked to day by day."""

    def begins(one: date) -> bool:
        is_last = (one + DAY).month != one.month
        return one.day == anchor.day or (is_last and one.day < anchor.day)

    first, last = day, day + DAY
    while not begins(first):
        first -= DAY
    while not begins(last):
        last += DAY
    return first, last


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


@dataclass
class Charging:
    """What an account is charged. `latest` is the present version of each tariff, for who keeps to none."""

    terms: Terms
    rates: Rates
    products: dict[str, Product] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    charged: dict[Key, Charged] = field(default_factory=dict)
    # What people decided, which is on the next bill; from which day on another cycle counts, with its anchor.
    pending: list[Item] = field(default_factory=list)
    changes: list[tuple[date, date]] = field(default_factory=list)

    def bill(self, cutoff: datetime) -> list[Item]:
        """The items of a bill; none when there is nothing new."""
        claimed = set()
        for line in self.lines:
            if not line.is_billed and not line.is_void and line.at < cutoff:
                line.is_billed = True
                claimed.add(self._usage_key(line))
        wishes = self._wishes(self.terms.day(cutoff), claimed)
        items = [item for key in wishes.keys() | self.charged.keys() for item in self._items(key, wishes)]
        items.sort(key=Item.place)
        items += self.pending
        self.pending = []
        self.tax(items)
        return items

    def adjustment(self, name: str, value: Fraction, day: date, *, is_inclusive: bool) -> Item:
        """What people decide to charge, or to give (below zero)."""
        tax = Tax(VAT, is_inclusive)
        rate, is_exempt = self._rate(tax, day)
        return Item(("", 1, day, name), (day, day + DAY), name, day, day + DAY, value, tax, rate, is_exempt)

    def period(self, day: date) -> Period:
        """The period of bills that a day lies in: cut where another cycle begins."""
        return self._cut(day, _remembered(day, self._anchor(day)))

    def _cut(self, day: date, whole: Period) -> Period:
        start, end = whole
        for since, _ in self.changes:
            start, end = (max(start, since), end) if since <= day else (start, min(end, since))
        return start, end

    def _anchor(self, day: date) -> date:
        return next((anchor for since, anchor in reversed(self.changes) if since <= day), self.terms.anchor)

    def _length(self, day: date) -> int:
        """The days of a period before it was cut."""
        start, end = _remembered(day, self._anchor(day))
        return (end - start).days

    # -- the difference -----------------------------------------------------------------------------------

    def _items(self, key: Key, wishes: dict[Key, Wish]) -> list[Item]:
        """What is new for a key: one item, or one for each way in which what is undone was taxed."""
        wish, old = wishes.get(key), self.charged.get(key)
        if wish is None:
            assert old is not None
            if not old.amount:
                return []
            hull = old.days or _days_of(old.period)
            parts, (old.ways, old.days) = [(way, -of) for way, of in reversed(old.ways)], ([], ())
            return [self._item(key, old, hull, part) for part in parts]
        old = old or Charged(wish.name, wish.period, wish.tax)
        amount = wish.amount - old.amount
        if not amount and not wish.is_claimed:
            return []
        is_undone = amount * old.amount < 0
        more = [day for day in wish.days if day not in old.days]
        less = [day for day in old.days if day not in wish.days]
        about = tuple((less if is_undone else more) or wish.days or old.days)
        parts = old.undone(amount) if is_undone else [(self._rate(wish.tax, about[0]), amount)]
        self.charged[key] = new = Charged(wish.name, wish.period, wish.tax, wish.days, old.ways)
        for part in parts:
            new.add(*part)
        return [self._item(key, new, about, part) for part in parts]

    def _item(self, key: Key, of: Charged, days: tuple[date, ...], part: tuple[Way, Fraction]) -> Item:
        way, amount = part
        return Item(key, of.period, of.name, days[0], days[-1] + DAY, amount, of.tax, *way)

    def _rate(self, tax: Tax, day: date) -> Way:
        """The rate that holds on a day, and whether a certificate makes it nothing."""
        if tax.rate is None:
            return 0, False
        exempt = self.terms.exempt
        if exempt is not None and exempt[0] <= day < exempt[1]:
            return 0, True
        return next(rate for since, rate in reversed(self.rates) if since <= day), False

    def tax(self, items: Iterable[Item]) -> None:
        groups: dict[tuple[Tax, int, bool], list[Item]] = defaultdict(list)
        for item in items:
            groups[item.tax_class, item.rate, item.is_exempt].append(item)
        for (tax, rate, _), members in groups.items():
            exact = given = Fraction(0)
            for item in members:
                part = item.amount * (Fraction(100, 100 + rate) if tax.is_inclusive else Fraction(rate, 100))
                exact = exact + part if self.terms.entity.is_per_rate else part
                until = self._rounded(exact)
                result = until - given if self.terms.entity.is_per_rate else until
                given = until
                item.net = result if tax.is_inclusive else item.amount
                item.tax = item.amount - result if tax.is_inclusive else result

    def _rounded(self, exact: Fraction) -> Fraction:
        return rounded(exact, self.terms.currency, is_half_up=self.terms.entity.is_half_up)

    # -- what there is to charge --------------------------------------------------------------------------

    def _wishes(self, today: date, claimed: set[Key]) -> dict[Key, Wish]:
        begun: dict[Key, Wish] = {}
        for product in self.products.values():
            begun |= self._recurring(product, today)
            begun |= self._once(product)
        usage = self._usage(claimed)
        due = {key: wish for key, wish in begun.items() if wish.due <= today} | usage
        found = {key: wish for key, wish in due.items() if wish.amount or key in self.charged or wish.is_claimed}
        for product in self.products.values():
            if product.off is not None:
                found |= self._off(product, product.off, due)
            found |= self._least(product, begun | usage, today)
        return found

    def _states(self, product: Product, until: date) -> Iterator[tuple[date, Span]]:
        """What the product is at the end of each day."""
        day = self.terms.day(product.spans[0].since)
        while day < until:
            yield day, [one for one in product.spans if self.terms.day(one.since) <= day][-1]
            day += DAY

    def _charged_days(self, product: Product, until: date) -> Iterator[tuple[date, Tariff]]:
        for day, span in self._states(product, until):
            if span.status in CHARGED and span.tariff is not None:
                yield day, span.tariff

    def _recurring(self, product: Product, today: date) -> dict[Key, Wish]:
        activated = self.terms.day(product.spans[0].since)
        days: dict[Key, list[tuple[date, Tariff, Fraction]]] = defaultdict(list)
        periods: dict[Key, tuple[Period, int]] = {}
        since: dict[str, date] = {}
        for day, tariff in self._charged_days(product, today + 100 * DAY):
            first = since.setdefault(tariff.key("base"), day)
            period, of = self._priced(day, tariff, activated)
            if period[0] <= today:
                key = (product.id, 0, period[0], tariff.key("base"))
                periods[key] = period, of
                days[key].append((day, tariff, self._whole(tariff, first, day)))
        found = {}
        for key, listed in days.items():
            (period, of), tariff = periods[key], listed[-1][1]
            by_day = {day: whole / of for day, _, whole in listed}
            exact = listed[-1][2] if tariff.is_undivided else sum(by_day.values(), Fraction(0))
            due = max(period[0], listed[0][0]) if tariff.in_advance else period[1]
            covered = tuple(by_day)
            found[key] = Wish(tariff.price("base"), period, self._rounded(exact), covered, tariff.tax, due, by_day)
        return found

    def _priced(self, day: date, tariff: Tariff, activated: date) -> tuple[Period, int]:
        """The period of a tariff that a day lies in, and how many days it has or had before it was cut."""
        if tariff.by_activation:
            start, end = _remembered(day, activated)
            return (start, end), (end - start).days
        if tariff.months == 1:
            return self.period(day), self._length(day)
        whole = _quarter(day, self._anchor(day))
        return self._cut(day, whole), (whole[1] - whole[0]).days

    def _whole(self, tariff: Tariff, first: date, day: date) -> Fraction:
        """What a whole period costs, as it is on a day."""
        base = Fraction(tariff.base)
        if tariff.discount is None or day >= months_after(first, tariff.discount[1]):
            return base
        # What the order showed, and so what was agreed: orders know no policy of a legal entity.
        return base - rounded(base * tariff.discount[0] / 100, tariff.currency)

    def _once(self, product: Product) -> dict[Key, Wish]:
        """Set-up on each day on which a tariff began; leaving it on the day on which the product ended."""
        found: dict[Key, Wish] = {}
        last = None
        times: Counter[str] = Counter()
        for span in product.spans:
            day = self.terms.day(span.since)
            if span.status in ENDED:
                if last is not None and last.leaving is not None:
                    key = (product.id, 1, day, last.key("leaving"))
                    found[key] = self._on(day, last, "leaving", last.leaving)
                break
            has_begun, last = span.tariff != last, span.tariff
            if has_begun and last is not None and last.setup is not None:
                what = last.key("setup")
                times[what] += 1
                found[product.id, 1, day, f"{what}/{times[what]}"] = self._on(day, last, "setup", last.setup)
        return found

    def _on(self, day: date, tariff: Tariff, part: str, value: str) -> Wish:
        return Wish(
            tariff.price(part), (day, day + DAY), self._rounded(Fraction(value)), (day,), tariff.tax_on_top, day
        )

    # -- usage --------------------------------------------------------------------------------------------

    def _usage_key(self, line: Line) -> Key:
        period = self.period(self.terms.day(line.at))
        return line.product, 2, period[0], f"{line.price}:{line.version}.0"

    def _usage(self, claimed: set[Key]) -> dict[Key, Wish]:
        sums: dict[Key, Fraction] = defaultdict(Fraction)
        names: dict[Key, Line] = {}
        for line in self.lines:
            if line.is_billed:
                key = self._usage_key(line)
                sums[key] += line.amount
                names[key] = line
        found = {}
        for key, exact in sums.items():
            name, tax = names[key].price, Tax(VAT)
            period = self.period(key[2])
            days = _days_of(period)
            found[key] = Wish(name, period, self._rounded(exact), days, tax, period[1], is_claimed=key in claimed)
        return found

    # -- what comes of several charges --------------------------------------------------------------------

    def _off(self, product: Product, percentage: int, due: dict[Key, Wish]) -> dict[Key, Wish]:
        """A percentage of all charges of a bundle, on the days on which it is there."""
        horizon = max((wish.period[1] for wish in due.values()), default=date.min)
        days = {day for day, _ in self._charged_days(product, horizon)}
        periods: dict[Period, Fraction] = defaultdict(Fraction)
        for key, wish in due.items():
            if key[0] in (product.id, *product.parts):
                share = Fraction(any(day in days for day in _days_of(wish.period)))
                if wish.by_day:
                    whole = sum(wish.by_day.values(), Fraction(0))
                    inside = sum((of for day, of in wish.by_day.items() if day in days), Fraction(0))
                    share = inside / whole if whole else Fraction(0)
                periods[self.period(key[2])] += wish.amount * share
        found = {}
        for period, whole in periods.items():
            taken = self._rounded(whole * percentage / 100)
            if taken:
                covered = tuple(day for day in _days_of(period) if day in days) or _days_of(period)
                found[product.id, 3, period[0], "off"] = Wish("off", period, -taken, covered, Tax(VAT), period[0])
        return found

    def _least(self, product: Product, charges: dict[Key, Wish], today: date) -> dict[Key, Wish]:
        """What is missing to the least that is spent in a period."""
        days: dict[Period, list[tuple[date, Tariff]]] = defaultdict(list)
        for day, tariff in self._charged_days(product, today):
            if tariff.least is not None:
                days[self.period(day)].append((day, tariff))
        found = {}
        for period, listed in days.items():
            if period[1] > today:
                continue
            tariff, of = listed[-1][1], self._length(period[0])
            minimum = sum((Fraction(str(one.least)) / of for _, one in listed), Fraction(0))
            spent = sum(
                (
                    wish.amount
                    for key, wish in charges.items()
                    if key[0] == product.id and period[0] <= key[2] < period[1]
                ),
                Fraction(0),
            )
            missing = self._rounded(minimum - spent)
            if missing > 0:
                covered = tuple(day for day, _ in listed)
                key = (product.id, 4, period[0], tariff.key("least"))
                found[key] = Wish(tariff.price("least"), period, missing, covered, tariff.tax_on_top, period[1])
        return found


def _quarter(day: date, anchor: date) -> Period:
    """Three months, counted from the anchor."""
    months = 0
    while months_after(anchor, months + 3) <= day:
        months += 3
    return months_after(anchor, months), months_after(anchor, months + 3)


def _days_of(period: Period) -> tuple[date, ...]:
    return tuple(period[0] + DAY * index for index in range((period[1] - period[0]).days))


def _memory() -> Callable[[date, date], Period]:
    known: dict[tuple[date, int], Period] = {}

    def remembered(day: date, anchor: date) -> Period:
        found = known.get((day, anchor.day))
        if found is None:
            found = known[day, anchor.day] = month_of(day, anchor)
        return found

    return remembered


_remembered = _memory()
