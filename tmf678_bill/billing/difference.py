"""What is new of a proposal: for each key the proposed amount less what was charged before. Nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Context, Decimal, Inexact, InvalidOperation

from common.domain.cycles import Span
from common.domain.money import Money
from tmf678_bill.billing.engine import in_total_order
from tmf678_bill.billing.values import Charge, Existing

# Quantities have 34 digits at most: what is between two sums of them fits.
_EXACT = Context(prec=60, traps=[InvalidOperation, Inexact])


def settle(proposed: Iterable[Charge], existing: Iterable[Existing]) -> tuple[Charge, ...]:
    """The charges that make what exists into what is proposed; none when it is.

    Shapes: a key of usage with newly claimed lines gets a charge even of 0; a key that exists and is not proposed any
            more is given back whole. What undoes a charge (or a discount) is taxed as the last item of its key was. The
            span of what undoes is the days that are not charged any more, of others the days that are new; where the
            days are the same, all of them.
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
            changes.append(_new(charge) if old is None else _changed(charge, old))
    changes += [_given_back(old) for key, old in before.items() if key not in seen and not old.amount.is_zero]
    return tuple(in_total_order(changes))


def _new(charge: Charge) -> Charge:
    return replace(charge, before=Money(Decimal(0), charge.amount.currency))


def _changed(charge: Charge, old: Existing) -> Charge:
    amount = charge.amount - old.amount
    quantity = None if charge.quantity is None else _EXACT.subtract(charge.quantity, old.quantity or Decimal(0))
    is_undone = amount.amount * old.amount.amount < 0
    lost, won = _without(old.covers, charge.covers), _without(charge.covers, old.covers)
    about = (lost if is_undone else won) or charge.covers or old.covers
    return replace(
        charge,
        amount=amount,
        quantity=quantity,
        span=Span(about[0].start, about[-1].end),
        before=old.amount,
        applied=old.applied if is_undone else None,
    )


def _given_back(old: Existing) -> Charge:
    covers = old.covers or (old.purpose.period,)
    return Charge(
        old.purpose,
        -old.amount,
        Span(covers[0].start, covers[-1].end),
        (),
        old.purpose.period.start,
        old.place,
        quantity=None if old.quantity is None else -old.quantity,
        unit=old.unit,
        before=old.amount,
        applied=old.applied,
    )


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
