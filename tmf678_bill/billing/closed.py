"""What of an account's past is closed: charged in full, and changed by nothing that comes later.

A charge is closed when its period has ended by a day up to which everything was billed, and nothing of what it was
computed from is another one now. Charges stand by themselves, but for discounts of bills and commitments, which are
computed from others: where there are any, the day has to be one on which periods of every price begin.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from common.domain.cycles import Cycles
from tmf678_bill.billing.agreed import cycles_of
from tmf678_bill.billing.values import AccountFacts, Kind, ProductFacts

_COMPUTED = (Kind.DISCOUNT, Kind.COMMITMENT)


def closed_day(account: AccountFacts, cutoff: date) -> date | None:
    """The last day by which everything is closed once a bill of this cutoff has been made; None when there is none."""
    if not _has_computed(account):
        return cutoff
    day = Cycles(account.cycle, account.earlier).span_at(cutoff).start
    return day if is_parting(account, day) else None


def is_parting(account: AccountFacts, day: date) -> bool:
    """Whether charges whose periods end by a day, and all others, have nothing to do with each other."""
    if not _has_computed(account):
        return True
    if Cycles(account.cycle, account.earlier).span_at(day).start != day:
        return False
    recurring = {
        (product.id, price.recurrence): product
        for product in account.products
        for stretch in product.stretches
        for price in stretch.prices
        if price.recurrence is not None
    }
    return all(
        cycles_of(every, product, account).span_at(day).start == day for (_, every), product in recurring.items()
    )


def before(account: AccountFacts, day: date) -> AccountFacts:
    """What charges are computed from whose periods end by a day, but for sums of usage: while this is the same, so are
    they.
    """
    products = tuple(_before(one, day) for one in account.products if one.stretches and one.stretches[0].start < day)
    return AccountFacts(account.id, account.cycle, products, earlier=account.earlier)


def _has_computed(account: AccountFacts) -> bool:
    return any(
        price.kind in _COMPUTED
        for product in account.products
        for stretch in product.stretches
        for price in stretch.prices
    )


def _before(product: ProductFacts, day: date) -> ProductFacts:
    def past(one: date | None) -> date | None:
        return one if one is not None and one < day else None

    stretches = tuple(
        replace(one, end=None) if one.end is not None and one.end >= day else one
        for one in product.stretches
        if one.start < day
    )
    ordered, activated, terminated = past(product.ordered), past(product.activated), past(product.terminated)
    return replace(
        product, name="", place=None, ordered=ordered, activated=activated, terminated=terminated, stretches=stretches
    )
