"""What of an account's past is closed: charged in full, and changed by nothing that comes later.

A charge is closed when its period has ended by a day up to which everything was billed, and nothing of what it was
computed from is another one now. Charges stand by themselves, but for discounts of bills and commitments, which are
computed from others: where there are any, the day has to be one on which periods of every price begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from common.domain.cycles import Cycles, Span
from tmf678_bill.billing.agreed import cycles_of
from tmf678_bill.billing.scope import Scope
from tmf678_bill.billing.values import AccountFacts, Bundled, Kind, ProductFacts

_COMPUTED = (Kind.DISCOUNT, Kind.COMMITMENT)


def closed_day(account: AccountFacts, cutoff: date, ends: Iterable[tuple[str, date]] = ()) -> date | None:
    """The last day by which everything is closed once a bill of this cutoff has been made; None when there is none.

    Shapes: `ends` are the key of each item that was charged and of each charge that was proposed now, and the day by
            which its period ends: as it was then, as it is now. Where these differ within a key (another cycle cut its
            period), a day between them would part what is charged from what is proposed.
    """
    day = cutoff if not _has_computed(account) else Cycles(account.cycle, account.earlier).span_at(cutoff).start
    if not is_parting(account, day):
        return None
    closed: set[str] = set()
    others: set[str] = set()
    for key, end in ends:
        (closed if end <= day else others).add(key)
    return None if closed & others else day


def is_parting(account: AccountFacts, day: date) -> bool:
    """Whether charges whose periods end by a day, and all others, have nothing to do with each other."""
    if not _has_computed(account):
        return True
    if Cycles(account.cycle, account.earlier).span_at(day).start != day:
        return False
    recurring = {
        (product.id, price.recurrence): product
        for product in account.products
        for stretch in product.own
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
    scope = Scope(account)
    products = [past for one in account.products if (past := _before(one, day)).own]
    ids = {one.id for one in products}
    # Also what is bundled through a product that comes later lowers, and is spent, on the days before.
    bundled = {one.id: tuple(_bundled_before(scope, one.id, ids, day)) for one in products}
    parted = (
        replace(one, parts=tuple(sorted({part.product for part in bundled[one.id]})), bundled=bundled[one.id])
        for one in products
    )
    return AccountFacts(account.id, account.cycle, tuple(parted), earlier=account.earlier)


def _bundled_before(scope: Scope, product: str, ids: set[str], day: date) -> Iterator[Bundled]:
    """What was bundled in a product before a day, at any depth."""
    for id, spans in sorted(scope.members(product).items()):
        for span in spans:
            if id in ids and span.start < day:
                yield Bundled(id, span if span.end < day else Span(span.start, date.max))


def _has_computed(account: AccountFacts) -> bool:
    return any(
        price.kind in _COMPUTED for product in account.products for stretch in product.own for price in stretch.prices
    )


def _before(product: ProductFacts, day: date) -> ProductFacts:
    def past(one: date | None) -> date | None:
        return one if one is not None and one < day else None

    ordered, activated, terminated = past(product.ordered), past(product.activated), past(product.terminated)
    stretches = tuple(
        replace(one, end=None) if one.end is not None and one.end >= day else one
        for index, one in enumerate(product.stretches)
        # What is charged for an order is charged on its day, be that before the product was there.
        if one.start < day or terminated is not None or (ordered is not None and index == 0)
    )
    return replace(
        product, name="", place=None, ordered=ordered, activated=activated, terminated=terminated, stretches=stretches
    )
