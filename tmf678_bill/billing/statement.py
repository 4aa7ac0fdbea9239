"""The statement: charges with their taxes, the taxes by rate, and the totals. Always net + tax = gross."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from common.domain.money import Money
from tmf678_bill.billing.rates import NO_RATES, RateTable, applied
from tmf678_bill.billing.rounding import rounded, shares
from tmf678_bill.billing.values import (
    USUAL,
    AppliedTax,
    Charge,
    Exemption,
    Item,
    OtherCurrency,
    Policy,
    Rounding,
    Statement,
    TaxGroup,
    TaxRounding,
)

_Group = tuple[str | None, Decimal, bool, str | None]


def state(
    charges: Sequence[Charge],
    policy: Policy = USUAL,
    rates: RateTable = NO_RATES,
    exemptions: Sequence[Exemption] = (),
) -> Statement:
    """The charges as items in their order, with taxes and totals.

    Shapes:   at least one charge; groups in the order of category, rate, inclusive or not, and certificate.
    Rounding: `perLine` each item's tax by itself; `perRate` the tax of the group, of which the items have the
              differences of the rounded running sums. Of a price before tax the tax is rounded, else the net price.
    Errors:   OtherCurrency.
    Source:   docs/billing.md.
    """
    assert charges, "a statement has items"
    currency = charges[0].amount.currency
    if any(one.amount.currency != currency for one in charges):
        others = {(one.purpose.product, one.purpose.name, one.amount.currency) for one in charges}
        raise OtherCurrency(currency, tuple(sorted(one for one in others if one[2] != currency)))
    by_group: dict[_Group, list[tuple[int, Charge, AppliedTax]]] = {}
    for index, charge in enumerate(charges):
        tax = applied(charge, rates, exemptions)
        group = (tax.category, tax.rate, tax.is_inclusive, tax.certificate)
        by_group.setdefault(group, []).append((index, charge, tax))
    items: dict[int, Item] = {}
    groups = []
    for group in sorted(by_group, key=_order):
        members = by_group[group]
        computed = _taxed([charge.amount for _, charge, _ in members], group, policy)
        of_group = [Item(charge, tax, *three) for (_, charge, tax), three in zip(members, computed, strict=True)]
        items.update(zip((index for index, _, _ in members), of_group, strict=True))
        groups.append(TaxGroup(*group, *_totals(of_group, currency), len(of_group)))
    return Statement(
        currency, tuple(items[index] for index in range(len(charges))), tuple(groups), *_totals(groups, currency)
    )


def _taxed(amounts: list[Money], group: _Group, policy: Policy) -> list[tuple[Money, Money, Money]]:
    """Net, tax and gross of each amount of a group."""
    _, rate, is_inclusive, _ = group
    currency, rounding = amounts[0].currency, policy.rounding
    factor = 100 / (100 + Fraction(rate)) if is_inclusive else Fraction(rate) / 100
    exact = [Fraction(one.amount) * factor for one in amounts]
    computed = list(_rounded(exact, currency, rounding, policy.tax_rounding))
    if is_inclusive:
        return [(net, gross - net, gross) for gross, net in zip(amounts, computed, strict=True)]
    return [(net, tax, net + tax) for net, tax in zip(amounts, computed, strict=True)]


def _rounded(exact: list[Fraction], currency: str, rounding: Rounding, taxes: TaxRounding) -> list[Money]:
    if taxes is TaxRounding.PER_RATE:
        return list(shares(exact, currency, rounding))
    return [rounded(one, currency, rounding) for one in exact]


def _totals(parts: Sequence[Item] | Sequence[TaxGroup], currency: str) -> tuple[Money, Money, Money]:
    net = tax = gross = Money(Decimal(0), currency)
    for part in parts:
        net, tax, gross = net + part.net, tax + part.tax, gross + part.gross
    return net, tax, gross


def _order(group: _Group) -> tuple[str, Decimal, bool, str]:
    category, rate, is_inclusive, certificate = group
    return category or "", rate, is_inclusive, certificate or ""
