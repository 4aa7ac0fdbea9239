"""What is new of a proposal: for each key the proposed amount less what was charged before. Nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Context, Decimal, Inexact, InvalidOperation

from common.domain.cycles import Span
from common.domain.money import Money
from tmf678_bill.billing.engine import in_total_order
from tmf678_bill.billing.values import AppliedTax, Charge, Existing, TaxedAmount

# Quantities have 34 digits at most: what is between two sums of them fits.
_EXACT = Context(prec=60, traps=[InvalidOperation, Inexact])


def settle(proposed: Iterable[Charge], existing: Iterable[Existing]) -> tuple[Charge, ...]:
    """The charges that make what exists into what is proposed; none when it is.

    Shapes: a key of usage with newly claimed lines gets a charge even of 0; a key that exists and is not proposed any
            more is given back whole. What undoes a charge (or a discount) is taxed as that was: where items of its key
            were taxed otherwise what was charged last is undone first, and each part is a charge of its own. The span
            of what undoes is the days that are not charged any more, of others the days that are new; where the days
            are the same, all of them.
    Errors: none; two proposals or two sums of one key are a programmer's error.
    """
    before = {one.key: one for one in existing}
    changes: list[Charge] = []
    seen: set[str] = set()
    for charge in proposed:
        assert charge.key not in seen, "a key is proposed once"
        seen.add(charge.key)
        old = before.get(charge.key)
        is_same = charge.amount.is_zero if old is None else charge.amount == old.amount
        if charge.claimed or not is_same:
            changes += [_new(charge)] if old is None else _changed(charge, old)
    for key, old in before.items():
        if key not in seen and not old.amount.is_zero:
            changes += _given_back(old)
    return tuple(in_total_order(changes))


def taxed_then(taxed: Iterable[TaxedAmount], applied: AppliedTax, amount: Money) -> tuple[TaxedAmount, ...]:
    """`Existing.taxed` of a key once an item of this amount was charged, or undone, at this tax."""
    left = {one.applied: one.amount for one in taxed}
    before = left.get(applied, amount - amount)
    if before.amount * amount.amount > 0:
        del left[applied]  # it is what was charged last
    left[applied] = before + amount
    return tuple(TaxedAmount(one, of) for one, of in left.items() if not of.is_zero)


def _new(charge: Charge) -> Charge:
    return replace(charge, before=Money(Decimal(0), charge.amount.currency))


def _changed(charge: Charge, old: Existing) -> list[Charge]:
    amount = charge.amount - old.amount
    quantity = None if charge.quantity is None else _EXACT.subtract(charge.quantity, old.quantity or Decimal(0))
    is_undone = amount.amount * old.amount.amount < 0
    lost, won = _without(old.covers, charge.covers), _without(charge.covers, old.covers)
    about = (lost if is_undone else won) or charge.covers or old.covers
    found = replace(
        charge, amount=amount, quantity=quantity, span=Span(about[0].start, about[-1].end), before=old.amount
    )
    return _parted(found, _undone(old, amount)) if is_undone else [found]


def _given_back(old: Existing) -> list[Charge]:
    covers = old.covers or (old.purpose.period,)
    whole = Charge(
        old.purpose,
        -old.amount,
        Span(covers[0].start, covers[-1].end),
        (),
        old.purpose.period.start,
        old.place,
        quantity=None if old.quantity is None else -old.quantity,
        unit=old.unit,
        before=old.amount,
    )
    return _parted(whole, [TaxedAmount(one.applied, -one.amount) for one in reversed(old.taxed)])


def _undone(old: Existing, amount: Money) -> list[TaxedAmount]:
    """How a part of what was charged is undone. What goes beyond it is taxed as what was charged first."""
    found: list[TaxedAmount] = []
    charged = [one for one in reversed(old.taxed) if one.amount.amount * old.amount.amount > 0]
    for one in charged:
        part = amount if one is charged[-1] or abs(amount).amount <= abs(one.amount).amount else -one.amount
        if not part.is_zero:
            found.append(TaxedAmount(one.applied, part))
        amount -= part
    return found


def _parted(charge: Charge, taxed: Iterable[TaxedAmount]) -> list[Charge]:
    """A charge as one for each tax; the first has the usage of it."""
    found: list[Charge] = []
    for one in taxed:
        part = replace(charge, amount=one.amount, applied=one.applied)
        if found:
            part = replace(part, quantity=None, lines=0, claimed=0, before=_after(found[-1]))
        found.append(part)
    assert found, "what was charged was taxed"
    return found


def _after(charge: Charge) -> Money:
    assert charge.before is not None, "it was settled"
    return charge.before + charge.amount


def _without(some: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """The days of some spans that are in none of the others."""
    return tuple(_rest(some, others))


def _rest(some: tuple[Span, ...], others: tuple[Span, ...]) -> Iterator[Span]:
    for one in some:
        start = one.start
        for other in others:
            if other.end <= start or other.start >= one.end:
                continue
            if other.start > start:
                yield Span(start, other.start)
            start = max(start, other.end)
        if start < one.end:
            yield Span(start, one.end)
