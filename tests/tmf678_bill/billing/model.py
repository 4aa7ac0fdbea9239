"""A slow, obvious model of the billing engine: day by day, in fractions, without any of its code.

It knows what an account comes to for each product, name and period. No two prices of a product have one name.
"""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

from tmf678_bill.billing.values import AccountFacts, AgreedPrice, Discount, Kind, Policy, ProductFacts, Recurrence

DAY = timedelta(days=1)
# Longer than any period of the accounts that are drawn; and a day behind all that happens to them.
FAR, END = timedelta(days=400), date(2036, 1, 1)
Sums = dict[tuple[str, str, date], Decimal]


def to_cents(exact: Fraction, policy: Policy) -> Decimal:
    mode = ROUND_HALF_UP if policy.rounding.value == "half-up" else ROUND_HALF_EVEN
    # Denominators are days of a period and powers of ten: 40 digits tell a half from what is near it.
    long = Decimal(exact.numerator * 10**40 // exact.denominator).scaleb(-40)
    is_cut = exact.numerator * 10**40 % exact.denominator != 0
    return (long + (Decimal(1).scaleb(-40) if is_cut else 0)).quantize(Decimal("0.01"), rounding=mode)


@cache
def starts(anchor: date, unit: str, count: int) -> list[date]:
    """First days of periods from two years before the anchor on."""
    found, index = [], -30 // count - 1 if unit == "month" else -800 // count
    while not found or found[-1] <= END:
        if unit == "month":
            month = anchor.year * 12 + anchor.month - 1 + index * count
            year, month = month // 12, month % 12 + 1
            found.append(date(year, month, min(anchor.day, calendar.monthrange(year, month)[1])))
        else:
            found.append(anchor + (7 if unit == "week" else 1) * index * count * DAY)
        index += 1
    return found


Pieces = tuple[tuple[date, date | None], ...]


@cache
def period_of(day: date, pieces: Pieces, recurrence: Recurrence) -> tuple[date, date, int]:
    """First day, end, and the days that there would be had the cycle (anchor, until) not been changed meanwhile."""
    begins = None
    for anchor, until in pieces:
        if until is not None and day >= until:
            begins = until
            continue
        first = starts(anchor, recurrence.unit.value, recurrence.count)
        next = bisect_right(first, day)
        start, end = first[next - 1], first[next]
        return max(start, begins or start), min(end, until or end), (end - start).days
    raise AssertionError("the last cycle holds for ever")


def prices_on(product: ProductFacts, day: date, kind: Kind) -> list[AgreedPrice]:
    """What the account is charged on this day."""
    return agreed_on(replace(product, stretches=product.own), day, kind)


def agreed_on(product: ProductFacts, day: date, kind: Kind) -> list[AgreedPrice]:
    """What any account is charged for the product on this day."""
    for stretch in product.stretches:
        if stretch.start <= day and (stretch.end is None or day < stretch.end):
            return [one for one in stretch.prices if one.kind is kind] if stretch.is_charged else []
    return []


class Model:
    def __init__(self, account: AccountFacts, cutoff: date, policy: Policy) -> None:
        self.account, self.cutoff, self.policy = account, cutoff, policy
        self.sums: Sums = {}
        self.pending: set[tuple[str, str, date]] = set()
        # What each charge is made of: so much on this day. And of what period it is, if it is not recurring.
        self.days: dict[tuple[str, str, date], dict[date, Fraction]] = {}
        self.left: dict[tuple[str, str, date], Fraction] = {}
        for product in account.products:
            self.recurring(product)
        for usage in account.usage:
            key = (usage.product, usage.name, usage.period_start)
            self.sums[key] = to_cents(Fraction(usage.amount.amount), policy)
            length = (usage.period_end - usage.period_start).days
            self.days[key] = {
                usage.period_start + DAY * index: Fraction(self.sums[key]) / length for index in range(length)
            }
        in_order = sorted(account.products, key=lambda one: one.id)
        begun = set(self.sums)
        # In arrears and not due yet, but used: commitments count it, with the discounts that it will have.
        self.left = {key: Fraction(amount) for key, amount in self.sums.items()}
        for product in in_order:
            self.discounts(product, begun)
        missing = {key: amount for product in in_order for key, amount in self.commitments(product, begun).items()}
        due = begun - self.pending
        self.sums = {key: self.sums[key] for key in due}
        self.left = {key: Fraction(self.sums[key]) for key in due}
        for product in in_order:
            self.discounts(product, due)
        self.sums = {key: amount for key, amount in (self.sums | missing).items() if amount}

    def members(self, product: ProductFacts, day: date) -> set[str]:
        """The product and what is bundled in it on a day."""
        parts = {one for one in product.parts if any(span.start <= day < span.end for span in product.days_of(one))}
        found = {product.id}
        for one in self.account.products:
            if one.id in parts:
                found |= self.members(one, day)
        return found

    def bundled(self, product: ProductFacts, days: set[date]) -> dict[str, set[date]]:
        """Each product, with those of the days on which it is bundled in this one."""
        found: dict[str, set[date]] = defaultdict(set)
        for day in days:
            for one in self.members(product, day):
                found[one].add(day)
        return found

    def pieces(self, product: ProductFacts, recurrence: Recurrence) -> Pieces:
        assert product.activated is not None
        return ((product.activated, None),) if recurrence.anchor.value == "activation" else self.cycles()

    def cycles(self) -> Pieces:
        every = [*self.account.earlier, (self.account.cycle, None)]
        # The anchor is all that matters for monthly bills; what begins on the same day again goes on.
        return tuple(
            (cycle.anchor, until)
            for index, (cycle, until) in enumerate(every)
            if until is None or cycle.anchor != every[index + 1][0].anchor
        )

    def whole(self, product: ProductFacts, price: AgreedPrice, day: date) -> Fraction:
        """A whole period's price less the discounts of this day."""
        assert price.amount is not None
        left = Fraction(price.amount.amount)
        for discount in sorted(price.discounts, key=lambda one: (one.order, one.key)):
            if self.is_over(product, price, discount, day):
                continue
            taken = (
                to_cents(Fraction(price.amount.amount) * Fraction(discount.percentage or 0) / 100, self.policy)
                if discount.amount is None
                else discount.amount.amount
            )
            if discount.cap is not None:
                taken = min(taken, discount.cap.amount)
            left -= min(Fraction(taken), left)
        return left

    def is_over(self, product: ProductFacts, price: AgreedPrice, discount: Discount, day: date) -> bool:
        if discount.periods is None:
            return False
        first = product.stretches[0].start
        while not any(discount in one.discounts for one in agreed_on(product, first, price.kind)):
            first += DAY
        assert price.recurrence is not None
        every = price.recurrence
        from_first = [one for one in starts(first, every.unit.value, every.count) if one >= first]
        return day >= from_first[discount.periods]

    def recurring(self, product: ProductFacts) -> None:
        daily: dict[tuple[str, str, date], dict[date, Fraction]] = defaultdict(dict)
        terms = {}
        day = product.stretches[0].start
        while day < self.cutoff + FAR and (product.terminated is None or day < product.terminated):
            for price in prices_on(product, day, Kind.RECURRING):
                assert price.recurrence is not None
                start, end, of = period_of(day, self.pieces(product, price.recurrence), price.recurrence)
                if start > self.cutoff:
                    continue
                key = (product.id, price.name, start)
                whole = self.whole(product, price, day)
                if price.recurrence.is_prorated:
                    daily[key][day] = whole / of
                else:
                    daily[key][day] = Fraction(0)
                terms[key] = (price, end, whole)
            day += DAY
        for key, of_days in daily.items():
            price, end, whole = terms[key]
            assert price.recurrence is not None
            due = max(key[2], min(of_days)) if price.recurrence.in_advance else end
            if due > self.cutoff:
                self.pending.add(key)
            if not price.recurrence.is_prorated:
                hull = [min(of_days) + DAY * index for index in range((max(of_days) - min(of_days)).days + 1)]
                of_days = {one: whole / len(hull) for one in hull}
            self.sums[key] = to_cents(sum(of_days.values(), Fraction(0)), self.policy)
            self.days[key] = of_days

    def share(self, key: tuple[str, str, date], days: set[date]) -> Fraction:
        of_days = self.days[key]
        if self.is_usage(key):
            return Fraction(any(one in days for one in of_days))
        total = sum(of_days.values(), Fraction(0))
        return sum((of for one, of in of_days.items() if one in days), Fraction(0)) / total if total else Fraction(0)

    def is_usage(self, key: tuple[str, str, date]) -> bool:
        return any(one.product == key[0] and one.name == key[1] for one in self.account.usage)

    def agreed_days(self, product: ProductFacts, name: str, kind: Kind) -> set[date]:
        found, day = set(), product.stretches[0].start
        while day < self.cutoff + FAR:
            if any(one.name == name for one in prices_on(product, day, kind)):
                found.add(day)
            day += DAY
        return found

    def discounts(self, product: ProductFacts, charges: set[tuple[str, str, date]]) -> None:
        """One discount a product; all is taxed alike."""
        for price in {one.name: one for stretch in product.stretches for one in stretch.prices}.values():
            if price.kind is not Kind.DISCOUNT:
                continue
            discount, days = price.discounts[0], self.agreed_days(product, price.name, Kind.DISCOUNT)
            by_period, bundled = defaultdict(list), self.bundled(product, days)
            for key in charges:
                if key[0] in bundled:
                    by_period[period_of(key[2], self.cycles(), Recurrence())].append(key)
            for (start, end, of), keys in by_period.items():
                share = {key: self.share(key, bundled[key[0]]) for key in keys}
                whole = sum((Fraction(self.sums[key]) * share[key] for key in keys), Fraction(0))
                left = sum((self.left[key] * share[key] for key in keys), Fraction(0))
                part = Fraction(len([one for one in days if start <= one < end]), of)
                wished = whole * Fraction(discount.percentage or 0) / 100
                if discount.amount is not None:
                    wished = Fraction(discount.amount.amount) * part
                if discount.cap is not None:
                    wished = min(wished, Fraction(discount.cap.amount) * part)
                taken = to_cents(min(wished, max(left, Fraction(0))) if wished > 0 else wished, self.policy)
                weights = {
                    key: (self.left[key] if discount.amount is not None else Fraction(self.sums[key])) * share[key]
                    for key in keys
                }
                total = sum(weights.values(), Fraction(0))
                for key in keys if total else ():
                    self.left[key] -= Fraction(taken) * weights[key] / total
                self.sums[(product.id, price.name, start)] = -taken if any(share.values()) else Decimal(0)

    def commitments(self, product: ProductFacts, charges: set[tuple[str, str, date]]) -> Sums:
        missing: Sums = {}
        for price in {one.name: one for stretch in product.stretches for one in stretch.prices}.values():
            if price.kind is not Kind.COMMITMENT:
                continue
            assert price.amount is not None
            days = self.agreed_days(product, price.name, Kind.COMMITMENT)
            for start, end, of in {period_of(one, self.cycles(), Recurrence()) for one in days}:
                if end > self.cutoff:
                    continue
                inside = {start + DAY * index for index in range((end - start).days)}
                bundled = self.bundled(product, inside)
                minimum = Fraction(price.amount.amount) * len(inside & days) / of
                spent = sum(
                    (
                        self.left[key] * self.share(key, bundled[key[0]] & (inside if self.is_usage(key) else days))
                        for key in charges
                        if key[0] in bundled
                    ),
                    Fraction(0),
                )
                missing[product.id, price.name, start] = max(Decimal(0), to_cents(minimum - spent, self.policy))
        return missing
