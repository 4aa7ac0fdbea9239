"""What is missing to the least that is spent in a period, by a product and all that is bundled in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from common.domain.cycles import Span
from tmf678_bill.billing.agreed import Run
from tmf678_bill.billing.discounts import Lowered
from tmf678_bill.billing.keys import commitment_key
from tmf678_bill.billing.products import decimal_text, joined, purpose
from tmf678_bill.billing.rounding import rounded
from tmf678_bill.billing.scope import ZERO, Agreement, Scope, in_both
from tmf678_bill.billing.values import Charge, Kind, Rounding


def true_ups(scope: Scope, spent: Lowered, cutoff: date, rounding: Rounding, since: date | None = None) -> list[Charge]:
    """A charge for each period that is over by the cutoff and in which less was spent, discounts taken off.

    Shapes: with `since` only periods that end after that day.
    """
    found: list[Charge] = []
    for agreement in scope.agreements(Kind.COMMITMENT):
        by_period = _spent(agreement, scope, spent)
        begin = agreement.runs[0].start if since is None else max(agreement.runs[0].start, since)
        for period in agreement.cycles.spans(begin, min(agreement.runs[-1].end, cutoff)):
            if period.end <= cutoff:
                found += _missing(agreement, period, by_period.get(period, ZERO), scope.account.place, rounding)
    return found


def _spent(agreement: Agreement, scope: Scope, spent: Lowered) -> dict[Span, Fraction]:
    """What was spent in each period on the days of the agreement: of recurring charges these days, one-time charges of
    these days, usage whose period begins in it. Of what is bundled only the days on which it is.
    """
    members, agreed = scope.members(agreement.product.id), agreement.spans()
    found: dict[Span, Fraction] = {}
    for base in spent.bases:
        of = base.charge.purpose
        if of.product not in members:
            continue
        days = members[of.product]
        if of.kind is Kind.RECURRING:
            for period in agreement.cycles.spans(base.charge.span.start, base.charge.span.end):
                share = base.share(in_both(_within(agreed, period), days))
                found[period] = found.get(period, ZERO) + base.left * share
        else:
            period = agreement.cycles.span_at(of.period.start)
            share = base.share(days if of.kind is Kind.USAGE else in_both(_within(agreed, period), days))
            found[period] = found.get(period, ZERO) + base.left * share
    return found


def _within(days: list[Span], period: Span) -> list[Span]:
    return [both for span in days if (both := span.within(period)) is not None]


def _missing(
    agreement: Agreement, period: Span, spent: Fraction, place: str | None, rounding: Rounding
) -> Iterator[Charge]:
    parts = [(run, days) for run in agreement.runs if (days := run.within(period)) is not None]
    if not parts:
        return
    price, product = parts[-1][0].price, agreement.product
    assert price.amount is not None, "a commitment has an amount"
    every = price.recurrence
    of = agreement.cycles.days(period)
    is_prorated = every is None or every.is_prorated
    minimum = _minimum(parts, of) if is_prorated else Fraction(price.amount.amount)
    amount = rounded(minimum - spent, price.amount.currency, rounding)
    if amount.amount <= 0:
        return
    covers = tuple(joined(days for _, days in parts))
    key = commitment_key(product.id, price, price.amount.currency, period)
    yield Charge(
        purpose(Kind.COMMITMENT, key, product, price, period),
        amount,
        Span(covers[0].start, covers[-1].end),
        covers,
        period.end,
        product.place or place,
        grounds={
            "minimum": decimal_text(minimum),
            "spent": decimal_text(spent),
            "days": sum(days.days for _, days in parts),
            "ofDays": of,
        },
    )


def _minimum(parts: list[tuple[Run, Span]], of: int) -> Fraction:
    """Of the minimum of a whole period the share of the days on which it was agreed."""
    return sum((Fraction(run.price.amount.amount) * days.days / of for run, days in parts if run.price.amount), ZERO)
