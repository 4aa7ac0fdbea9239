"""How a price document says that it is taxed (TMF620 v5.0.0 ProductOfferingPrice.tax: TaxItem)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.domain.money import Money, money_of


def tax_of(price: Mapping[str, Any], money: Money) -> tuple[Decimal | None, bool]:
    """The tax rate in percent of a price whose amount is `money`, and whether the amount includes the tax.

    The standard has no flag for it. A price is before tax, unless its TaxItem states the amount of tax that only a
    price with tax in it has: 20 % of 60 being 10 means that 50 is the net price.
    """
    items = _items(price)
    rates = [rate for one in items if (rate := _rate(one)) is not None]
    stated = [tax for one in items if (tax := money_of(one.get("taxAmount"))) is not None]
    of_same = [tax.amount for tax in stated if tax.currency == money.currency]
    if not rates:
        if not of_same or money.is_zero:
            return None, False
        return sum(of_same, Decimal(0)) * 100 / money.amount, False
    rate = sum(rates, Decimal(0))
    if len(of_same) != len(rates):
        return rate, False
    tax = Money(sum(of_same, Decimal(0)), money.currency).rounded()
    outside = money.share(rate).rounded()
    inside = (money - money.without_share(rate)).rounded()
    return rate, tax == inside and tax != outside


def stated_rate(price: Mapping[str, Any]) -> Decimal | None:
    """The rate that a price states, of all its taxes together; None when it states none."""
    rates = [rate for one in _items(price) if (rate := _rate(one)) is not None]
    return sum(rates, Decimal(0)) if rates else None


def category_of(price: Mapping[str, Any]) -> str | None:
    """The category of the first tax that has one."""
    named = (one.get("taxCategory") for one in _items(price))
    return next((name for name in named if isinstance(name, str) and name), None)


def _items(price: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = price.get("tax")
    listed = [listed] if isinstance(listed, Mapping) else listed
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _rate(item: Mapping[str, Any]) -> Decimal | None:
    value = item.get("taxRate")
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return Decimal(value) if is_number and value >= 0 else None  # type: ignore[arg-type, operator]
