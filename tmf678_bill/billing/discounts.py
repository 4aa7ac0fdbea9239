"""Discounts that stand by themselves: off the charges of their product and of the products bundled in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from common.domain.cycles import Span
from tmf678_bill.billing.agreed import Run
from tmf678_bill.billing.keys import discount_key
from tmf678_bill.billing.products import decimal_text, joined, purpose
from tmf678_bill.billing.rounding import shares, total
from tmf678_bill.billing.scope import ONE, ZERO, Agreement, Base, Scope, in_both
from tmf678_bill.billing.values import AgreedPrice, Charge, Discount, Kind, Rounding, TaxClass


@dataclass(frozen=True, slots=True)
class Lowered:
    """The discounts of the bill as (negative) charges, and what they leave of the charges."""

    charges: list[Charge]
    bases: list[Base]


def lowered(scope: Scope, charges: list[Charge], rounding: Rounding) -> Lowered:
    """What the discounts take, one after the other: by their order, then by product and key."""
    bases = [Base(charge, amount := Fraction(charge.amount.amount), amount) for charge in charges]
    if not scope.has(Kind.DISCOUNT):
        return Lowered([], bases)
    in_key_order = sorted(bases, key=lambda base: base.charge.key)
    agreements = sorted(scope.agreements(Kind.DISCOUNT), key=lambda one: one.price.discounts[0].order)
    off = [
        charge
        for agreement in agreements
        for members in [scope.members(agreement.product.id)]
        for period, of_members in _by_period(agreement, members, in_key_order)
        for charge in _Period(agreement, period, of_members, members, rounding).charges()
    ]
    return Lowered(off, bases)


def _by_period(
    agreement: Agreement, members: Mapping[str, list[Span]], bases: list[Base]
) -> list[tuple[Span, list[Base]]]:
    """The charges that a discount may lower, by the period in which theirs begins."""
    is_for_all = agreement.price.recurrence is None
    found: dict[Span, list[Base]] = {}
    periods: dict[date, Span] = {}
    for base in bases:
        of = base.charge.purpose
        if of.product in members and (is_for_all or of.kind is not Kind.ONE_TIME):
            day = of.period.start
            period = periods[day] = periods.get(day) or agreement.cycles.span_at(day)
            found.setdefault(period, []).append(base)
    return sorted(found.items(), key=lambda one: one[0])


@dataclass(slots=True)
class _Line:
    """A charge in a discount's reach: so much of it, and so much of what is left of it, is on the discount's days."""

    base: Base
    whole: Fraction
    left: Fraction


@dataclass(slots=True)
class _Period:
    agreement: Agreement
    period: Span
    bases: list[Base]
    members: Mapping[str, list[Span]]
    rounding: Rounding

    def charges(self) -> Iterator[Charge]:
        """A charge for each way in which what is lowered is taxed."""
        taken: dict[TaxClass, Fraction] = {}
        grounds: list[dict[str, object]] = []
        lines_of: list[Base] = []
        for run, days in self._by_discount():
            discount = run.price.discounts[0]
            lines = [_line(base, share) for base in self.bases if (share := self._share(base, days))]
            if not lines:
                continue
            whole = total(line.whole for line in lines)
            inside = sum(both.days for one in days if (both := one.within(self.period)) is not None)
            wished = self._wished(discount, lines, whole, Fraction(inside, self.agreement.cycles.days(self.period)))
            for tax, amount in self._split(wished, discount, lines, run.price.tax):
                taken[tax] = taken.get(tax, ZERO) + amount
            lines_of += [line.base for line in lines]
            grounds.append(_terms(discount) | {"of": decimal_text(whole), "days": inside})
        for tax, amount in sorted(taken.items(), key=lambda one: _order(one[0])):
            if amount:
                yield self._charge(tax, amount, grounds, lines_of)

    def _share(self, base: Base, days: list[Span]) -> Fraction:
        """The part of a charge that is on days of the discount and of the bundle."""
        return base.share(in_both(days, self.members[base.charge.purpose.product]))

    def _by_discount(self) -> list[tuple[Run, list[Span]]]:
        """The discount in each form that it had, with the days on which it had it."""
        found: dict[Discount, tuple[Run, list[Span]]] = {}
        for run in self.agreement.runs:
            if run.discounts:
                found.setdefault(run.price.discounts[0], (run, []))[1].append(Span(run.start, run.end))
        return list(found.values())

    def _wished(self, discount: Discount, lines: list[_Line], whole: Fraction, part: Fraction) -> Fraction:
        if discount.amount is not None:
            wished = Fraction(discount.amount.amount) * part
        else:
            wished = whole * Fraction(discount.percentage or 0) / 100
        if discount.cap is not None:
            wished = min(wished, Fraction(discount.cap.amount) * part)
        if discount.is_floored and wished > 0:
            wished = min(wished, max(total(line.left for line in lines), ZERO))
        return wished

    def _split(
        self, wished: Fraction, discount: Discount, lines: list[_Line], own: TaxClass
    ) -> Iterator[tuple[TaxClass, Fraction]]:
        """What is taken from the charges of each tax class, in whole minor units; and taken it is."""
        weights = [line.left if discount.amount is not None else line.whole for line in lines]
        of_all = total(weights)
        currency = lines[0].base.charge.amount.currency
        if not of_all:
            yield from ((own, Fraction(one.amount)) for one in shares([wished], currency, self.rounding))
            return
        by_class: dict[TaxClass, list[tuple[_Line, Fraction]]] = {}
        for line, weight in zip(lines, weights, strict=True):
            by_class.setdefault(line.base.charge.purpose.tax, []).append((line, weight))
        classes = sorted(by_class.items(), key=lambda one: _order(one[0]))
        sums = [total(weight for _, weight in members) for _, members in classes]
        parts = shares([wished * one / of_all for one in sums], currency, self.rounding)
        for (tax, members), of_class, money in zip(classes, sums, parts, strict=True):
            amount = Fraction(money.amount)
            part = amount / of_class if of_class else ZERO
            for line, weight in members:
                line.base.left -= part * weight
            yield tax, amount

    def _charge(self, tax: TaxClass, amount: Fraction, grounds: list[dict[str, object]], of: list[Base]) -> Charge:
        product, price = self.agreement.product, self.agreement.price
        same = [base.charge for base in of if base.charge.purpose.tax == tax] or [base.charge for base in of]
        currency = same[0].amount.currency
        (money,) = shares([-amount], currency, self.rounding)
        active = (run.within(self.period) for run in self.agreement.runs if run.discounts)
        covers = tuple(joined(span for span in active if span is not None)) or (self.period,)
        key = discount_key(product.id, price, currency, tax, self.period)
        return Charge(
            purpose(Kind.DISCOUNT, key, product, _taxed_as(price, tax), self.period),
            money,
            Span(covers[0].start, covers[-1].end),
            covers,
            min(one.due for one in same),
            same[0].place,
            grounds={"taken": grounds, "ofDays": self.agreement.cycles.days(self.period)},
        )


def _line(base: Base, share: Fraction) -> _Line:
    return _Line(base, base.amount, base.left) if share is ONE else _Line(base, base.amount * share, base.left * share)


def _terms(discount: Discount) -> dict[str, object]:
    off = {"percentage": discount.percentage} if discount.amount is None else {"amount": discount.amount.amount}
    return {"discount": discount.name, **off}


def _taxed_as(price: AgreedPrice, tax: TaxClass) -> AgreedPrice:
    return AgreedPrice(price.key, price.kind, price.name, tax=tax, id=price.id, version=price.version)


def _order(tax: TaxClass) -> tuple[str, Fraction, bool]:
    return tax.category or "", Fraction(-1 if tax.rate is None else tax.rate), tax.is_inclusive
