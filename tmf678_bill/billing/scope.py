"""Which charges belong together: those of a product and of what is bundled in it, on the days on which it is.

An agreement is over these, on its own days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from common.domain.cycles import Cycles, Span
from tmf678_bill.billing.agreed import Run, cycles_of, runs_by_price
from tmf678_bill.billing.products import joined
from tmf678_bill.billing.values import ALL_DAYS, AccountFacts, AgreedPrice, Charge, Kind, ProductFacts

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(slots=True)
class Base:
    """A charge that others are computed from; `left` is what discounts of the bill left of it, exactly."""

    charge: Charge
    amount: Fraction
    left: Fraction

    def share(self, days: Iterable[Span]) -> Fraction:
        """The part of the charge that these days (apart from each other) have, from 0 to 1, by its exact amounts.

        Usage belongs to its period: all of it when one day of that is among them. A one-time charge belongs to its day,
        and that of the last day to what ended before it.
        """
        kind, spans, charged = self.charge.purpose.kind, list(days), self.charge.span
        if any(span.start <= charged.start and charged.end <= span.end for span in spans):
            return ONE
        if kind is Kind.RECURRING:
            whole, found = ZERO, ZERO
            for part in self.charge.parts:
                days_of = sum(both.days for span in spans if (both := part.span.within(span)) is not None)
                whole += part.amount
                found += part.amount * days_of / part.span.days
            return found / whole if whole else ZERO
        period = self.charge.purpose.period
        if kind is Kind.USAGE:
            return Fraction(any(period.within(span) is not None for span in spans))
        return Fraction(any(span.start <= period.start <= span.end for span in spans))


def in_both(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The days that are in both, of spans that are apart from each other; an empty one where they only meet, since a
    one-time charge belongs to what ended on its day, too.
    """
    spans = ((max(one.start, other.start), min(one.end, other.end)) for one in some for other in others)
    return [Span(start, end) for start, end in spans if start <= end]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A discount or commitment that stands by itself: its runs, and the periods that it is computed in."""

    product: ProductFacts
    runs: tuple[Run, ...]
    cycles: Cycles

    @property
    def price(self) -> AgreedPrice:
        return self.runs[-1].price

    def spans(self) -> list[Span]:
        return [Span(run.start, run.end) for run in self.runs]


@dataclass(slots=True)
class Scope:
    """The products of an account and what is bundled in which."""

    account: AccountFacts
    _products: dict[str, ProductFacts] = field(init=False)

    def __post_init__(self) -> None:
        self._products = {product.id: product for product in self.account.products}

    def has(self, kind: Kind) -> bool:
        return any(
            price.kind is kind
            for product in self.account.products
            for stretch in product.own
            for price in stretch.prices
        )

    def members(self, product: str) -> dict[str, list[Span]]:
        """The product and all that is bundled in it, at any depth; each with its days there, in order."""
        found: dict[str, list[Span]] = {}
        open = [(product, ALL_DAYS, frozenset[str]())]
        while open:
            one, days, wholes = open.pop()
            if one in wholes:
                continue  # a product that is said to be a part of itself
            found.setdefault(one, []).append(days)
            if one in self._products:
                whole = self._products[one]
                inside = ((part, days.within(span)) for part in whole.parts for span in whole.days_of(part))
                open += ((part, both, wholes | {one}) for part, both in inside if both is not None)
        return {one: list(joined(sorted(spans))) for one, spans in found.items()}

    def agreements(self, kind: Kind) -> Iterator[Agreement]:
        """In the order of product and key."""
        for _, product in sorted(self._products.items()):
            by_terms = runs_by_price(product, kind, self.account)
            for _, runs in sorted(by_terms.items()):
                yield Agreement(product, tuple(runs), cycles_of(runs[-1].price.recurrence, product, self.account))
