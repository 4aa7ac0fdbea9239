"""What an account is charged: every item that is due by a day, since the account began. Rules: docs/billing.md.

Order of computation: charges, item discounts, discounts of bills, commitments. Tax is the statement's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tmf678_bill.billing.agreed import currencies
from tmf678_bill.billing.commitments import true_ups
from tmf678_bill.billing.discounts import lowered
from tmf678_bill.billing.products import one_time, recurring
from tmf678_bill.billing.scope import Scope
from tmf678_bill.billing.usage import used
from tmf678_bill.billing.values import USUAL, AccountFacts, Charge, Kind, OtherCurrency, Policy

_ORDER = {kind: index for index, kind in enumerate(Kind)}


def propose(
    account: AccountFacts, cutoff: date, policy: Policy = USUAL, since: date | None = None
) -> tuple[Charge, ...]:
    """All that is due by the cutoff, whether it was charged before or not; one charge for each key.

    Shapes:  with `since` (`closed.closed_day`) only charges whose period ends after that day; the usage that is given
             is of such periods. They are the same as without.
             A day is due when it is the cutoff or before; a cutoff is never before that of an earlier bill, or what was
             charged in advance would be given back. The usage of the account is due as it is given.
    Units:   amounts as the prices are written, in minor units of the account's currency.
    Errors:  OtherCurrency.
    Source:  docs/billing.md.
    """
    rounding = policy.rounding
    _one_currency_each(account)
    begun: list[Charge] = []
    for product in account.products:
        begun += recurring(product, account, cutoff, rounding, since)
        begun += (
            one for one in one_time(product, account, rounding) if since is None or one.purpose.period.end > since
        )
    due = [charge for charge in begun if charge.due <= cutoff]
    usage = list(used(account, rounding))
    _one_currency(account, due + usage)
    scope = Scope(account)
    off = lowered(scope, due + usage, rounding)
    missing: list[Charge] = []
    if scope.has(Kind.COMMITMENT):
        # What is used but charged later (in arrears, from another anchor) is spent, too.
        spent = off if len(due) == len(begun) else lowered(scope, begun + usage, rounding)
        missing = true_ups(scope, spent, cutoff, rounding, since)
    return tuple(in_total_order(due + usage + off.charges + missing))


def in_total_order(charges: Iterable[Charge]) -> list[Charge]:
    """By product, then kind, period and key."""
    return sorted(
        charges,
        key=lambda one: (one.purpose.product, _ORDER[one.purpose.kind], one.purpose.period, one.purpose.key),
    )


def _one_currency_each(account: AccountFacts) -> None:
    """Refuse prices and sums of usage that are in one currency and their discounts in another."""
    found = [
        (product.id, price.name, currency, price.amount)
        for product in account.products
        for stretch in product.own
        for price in stretch.prices
        if price.discounts and len(currencies(price)) > 1
        for currency in currencies(price)
    ]
    found += [
        (usage.product, usage.name, currency, usage.amount)
        for usage in account.usage
        if usage.discounts and len(currencies(usage)) > 1
        for currency in currencies(usage)
    ]
    if found:
        _, _, first, amount = found[0]
        _refuse(account.currency or (first if amount is None else amount.currency), {one[:3] for one in found})


def _one_currency(account: AccountFacts, charges: list[Charge]) -> None:
    """Refuse charges, and the discounts and commitments beside them, in other currencies than the account's."""
    found = {(one.purpose.product, one.purpose.name, one.amount.currency) for one in charges}
    agreed = {
        (product.id, price.name, currency)
        for product in account.products
        for stretch in product.own
        for price in stretch.prices
        if price.kind in (Kind.DISCOUNT, Kind.COMMITMENT)
        for currency in currencies(price)
    }
    first = min(charges, key=lambda one: (one.due, one.key), default=None)
    if found or agreed:
        expected = min(agreed)[2] if first is None else first.amount.currency
        _refuse(account.currency or expected, found | agreed)


def _refuse(expected: str, found: set[tuple[str, str, str]]) -> None:
    others = tuple(sorted(one for one in found if one[2] != expected))
    if others:
        raise OtherCurrency(expected, others)
