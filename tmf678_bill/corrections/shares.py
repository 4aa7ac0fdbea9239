"""How a credit is shared out over the items of a bill, and its tax: values in, values out.

The tax of what was credited of an item until now is the item's tax in the proportion of gross amounts, rounded; a
credit has the difference to what was credited before. So any parts of an item sum to the item, and a bill that is
credited whole, in however many parts, has given back its tax to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.domain.money import Money


@dataclass(frozen=True, slots=True)
class Billed:
    """An item of a bill, and what was credited of it before; all with the item's sign."""

    item: str
    net: Money
    tax: Money
    credited_net: Money
    credited_tax: Money

    @property
    def gross(self) -> Money:
        return self.net + self.tax

    @property
    def credited(self) -> Money:
        return self.credited_net + self.credited_tax

    @property
    def left(self) -> Money:
        """What may still be credited, gross."""
        return self.gross - self.credited


@dataclass(frozen=True, slots=True)
class Share:
    """What is credited of one item now, with the item's sign."""

    item: str
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        return self.net + self.tax


def share(billed: Billed, gross: Money) -> Share:
    """This much of an item, gross: from nothing to what is left of it."""
    until = billed.credited + gross
    is_whole = until == billed.gross
    tax = billed.tax if is_whole else billed.tax.portion(until.amount, billed.gross.amount).rounded()
    of_tax = tax - billed.credited_tax
    return Share(billed.item, gross - of_tax, of_tax)


def whole(items: Sequence[Billed]) -> tuple[Share, ...]:
    """All that is left of the items."""
    return tuple(share(one, one.left) for one in items if not one.left.is_zero)


def spread(items: Sequence[Billed], gross: Money) -> tuple[Share, ...]:
    """An amount over the items, in the proportion of what is left of each.

    Shapes: above zero, at most what is left of all together; items that were negative take their part of it too.
    Rounding: the differences of the rounded running sums, so the shares sum to the amount.
    """
    total = sum_of([one.left for one in items])
    assert 0 < gross.amount <= total.amount, "what is spread is left of the items"
    shares, seen, given = [], total - total, total - total
    for one in items:
        seen += one.left
        until = gross if seen == total else gross.portion(seen.amount, total.amount).rounded()
        part, given = until - given, until
        if not part.is_zero:
            shares.append(share(one, part))
    return tuple(shares)


def sum_of(amounts: Sequence[Money]) -> Money:
    """Shapes: at least one."""
    first, *rest = amounts
    for one in rest:
        first += one
    return first
