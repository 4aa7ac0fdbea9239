"""Deferred revenue: how much of a charge is revenue once some of its days have gone by.

Straight-line by day, cumulative: each time the whole to date is worked out and rounded, and what was recognised before
is taken off it, so that at the end the whole has been recognised to the last cent. The books close with the month in
the operator's time zone: recognition is entered when a month has gone by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from common.domain.accounting import Service
from common.domain.money import Money


@dataclass(frozen=True, slots=True)
class Deferral:
    """One charge over its days. `net` may be negative: a credit of days to come."""

    item: str
    net: Money
    recognised: Money
    service: Service

    @property
    def left(self) -> Money:
        return self.net - self.recognised


def deferred(item: str, net: Money, service: Service) -> Deferral:
    """A new one, of which nothing is recognised."""
    assert service.start < service.end, "a service has a day at least"
    return Deferral(item, net, Money(Decimal(0), net.currency), service)


def earned(net: Money, service: Service, day: date) -> Money:
    """How much of it is revenue when `day` begins."""
    days = (service.end - service.start).days
    gone = min(max((day - service.start).days, 0), days)
    if gone == days:
        return net
    return net.portion(gone, days).rounded()


def recognise(deferral: Deferral, day: date) -> tuple[Deferral, Money]:
    """The deferral when `day` begins, and what of it has become revenue since the last time."""
    total = earned(deferral.net, deferral.service, day)
    return replace(deferral, recognised=total), total - deferral.recognised


def credit(deferral: Deferral, amount: Money) -> tuple[Deferral, Money]:
    """Part or the whole of the charge taken back, and how much of that had not been recognised.

    What was recognised is taken back in the same proportion, cumulatively: what is left goes on as if the charge had
    been the smaller one from the start.
    """
    net = deferral.net - amount
    if net.is_zero or deferral.net.is_zero:
        recognised = Money(Decimal(0), net.currency)
    else:
        recognised = deferral.recognised.portion(net.amount, deferral.net.amount).rounded()
    unrecognised = amount - (deferral.recognised - recognised)
    return replace(deferral, net=net, recognised=recognised), unrecognised


def next_close(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + (day.month == 12), day.month % 12 + 1, 1)
