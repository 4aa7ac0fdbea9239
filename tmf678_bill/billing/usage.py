"""What usage comes to: the sums of its lines, less the discounts that were agreed with its price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from common.domain.cycles import Cycle, Span
from common.domain.money import Money
from tmf678_bill.billing.agreed import in_order
from tmf678_bill.billing.keys import usage_key
from tmf678_bill.billing.products import decimal_text
from tmf678_bill.billing.rounding import rounded, shares, total
from tmf678_bill.billing.values import AccountFacts, Charge, Discount, Kind, Purpose, Rounding, UsageSum

_ZERO = Fraction(0)


def used(account: AccountFacts, rounding: Rounding) -> Iterator[Charge]:
    """A charge for each sum: the sum is rounded, not its lines.

    What discounts leave of all usage of a price in a period is rounded once, and shared by its sums.
    """
    places = {product.id: product.place for product in account.products}
    for listed in _by_price(account.usage):
        whole = _Whole.of(listed, account)
        exact = [Fraction(one.amount.amount) - whole.taken * whole.share(one) for one in listed]
        currency = listed[0].amount.currency
        # Without a discount each key stands by itself.
        amounts = shares(exact, currency, rounding) if whole.taken else (rounded(x, currency, rounding) for x in exact)
        for usage, amount in zip(listed, amounts, strict=True):
            yield _charge(usage, amount, whole, places.get(usage.product) or account.place)


def _by_price(sums: Iterable[UsageSum]) -> list[list[UsageSum]]:
    """Those that discounts lower together: of one price, whichever version, and period, written and lowered alike."""
    found: dict[tuple[object, ...], list[UsageSum]] = {}
    for one in sorted(sums, key=usage_key):
        of = (one.product, one.price or one.name, one.period_start)
        found.setdefault((*of, one.amount.currency, one.tax.is_inclusive, one.discounts), []).append(one)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Whole:
    """All usage of a price in a period, and what each discount takes off it."""

    sums: list[UsageSum]
    amount: Fraction
    off: list[tuple[Discount, Fraction]]
    taken: Fraction

    @staticmethod
    def of(sums: list[UsageSum], account: AccountFacts) -> _Whole:
        whole = left = total(Fraction(one.amount.amount) for one in sums)
        off = []
        for discount in in_order(sums[0].discounts):
            if _is_over(discount, sums[0], account):
                continue
            wished = _wished(discount, whole)
            if discount.is_floored:
                wished = min(wished, max(left, _ZERO))
            left -= wished
            off.append((discount, wished))
        return _Whole(sums, whole, off, whole - left)

    def share(self, one: UsageSum) -> Fraction:
        """The part of what is taken that a sum bears, so that corrections are lowered as what they correct is."""
        if self.amount:
            return Fraction(one.amount.amount) / self.amount
        return Fraction(one is self.sums[0])


def _is_over(discount: Discount, usage: UsageSum, account: AccountFacts) -> bool:
    """Whether the period begins when the discount has ended."""
    if discount.periods is None:
        return False
    first = usage.since.get(discount.key, usage.period_start)
    return usage.period_start >= Cycle(first, account.cycle.unit, account.cycle.count).start(discount.periods)


def _wished(discount: Discount, whole: Fraction) -> Fraction:
    """An amount that is given beside a percentage is what one unit was less when it was ordered: no part of a sum."""
    if discount.percentage is not None or discount.amount is None:
        wished = whole * Fraction(discount.percentage or 0) / 100
    else:
        wished = Fraction(discount.amount.amount)
    return wished if discount.cap is None else min(wished, Fraction(discount.cap.amount))


def _charge(usage: UsageSum, amount: Money, whole: _Whole, place: str | None) -> Charge:
    period, grounds = Span(usage.period_start, usage.period_end), {"sum": usage.amount.amount}
    off = [
        {
            **{"name": discount.name, "percentage": discount.percentage, "of": decimal_text(whole.amount)},
            "taken": decimal_text(taken * whole.share(usage)),
        }
        for discount, taken in whole.off
    ]
    return Charge(
        Purpose(
            usage_key(usage), Kind.USAGE, usage.product, usage.price, usage.version, usage.name, usage.tax, period,
            usage_type=usage.usage_type, line_kind=usage.line_kind,
        ),
        amount,
        period,
        (period,),
        period.end,
        place,
        (),
        {**grounds, "discounts": off} if off else grounds,
        usage.quantity,
        usage.unit,
        usage.lines,
        usage.claimed,
    )  # fmt: skip
