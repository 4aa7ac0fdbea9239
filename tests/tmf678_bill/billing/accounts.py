"""What tests of the billing engine make accounts of, and an account that is billed again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from common.domain.cycles import Cycle, CycleUnit, Span
from common.domain.money import Money
from tmf678_bill.billing.difference import settle, taxed_then
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.rates import NO_RATES, RateTable
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import (
    USUAL,
    AccountFacts,
    AgreedPrice,
    Charge,
    ChargedOn,
    Discount,
    Exemption,
    Existing,
    Kind,
    Policy,
    ProductFacts,
    Recurrence,
    Statement,
    Stretch,
    TaxClass,
    UsageSum,
)

D = Decimal
VAT = TaxClass("VAT", D(20))
VAT_INSIDE = TaxClass("VAT", D(20), is_inclusive=True)


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(start: str, end: str) -> Span:
    return Span(day(start), day(end))


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(D(amount), currency)


def monthly(name: str, amount: str, currency: str = "EUR", **more: Any) -> AgreedPrice:
    """A recurring price in advance; `unit`, `count`, `in_advance`, `is_prorated` and `anchor` are its recurrence's."""
    names = ("unit", "count", "in_advance", "is_prorated", "anchor")
    recurrence = Recurrence(**({"in_advance": True} | {one: more.pop(one) for one in names if one in more}))
    return AgreedPrice(name, Kind.RECURRING, name, money(amount, currency), recurrence=recurrence, **more)


def once(name: str, amount: str, on: str = "activation", **more: Any) -> AgreedPrice:
    return AgreedPrice(name, Kind.ONE_TIME, name, money(amount), charged_on=ChargedOn(on), **more)


def off(name: str, percentage: str | None = None, amount: str | None = None, **more: Any) -> Discount:
    cap = more.pop("cap", None)
    return Discount(
        name,
        name,
        None if percentage is None else D(percentage),
        None if amount is None else money(amount),
        cap=None if cap is None else money(cap),
        **more,
    )


def off_all(discount: Discount, **more: Any) -> AgreedPrice:
    """A discount that stands by itself, monthly."""
    more.setdefault("recurrence", Recurrence())
    return AgreedPrice(discount.key, Kind.DISCOUNT, discount.name, discounts=(discount,), **more)


def at_least(name: str, amount: str, **more: Any) -> AgreedPrice:
    return AgreedPrice(name, Kind.COMMITMENT, name, money(amount), recurrence=Recurrence(**more))


def product(
    id: str, *stretches: tuple[str, Sequence[AgreedPrice] | None], ended: str | None = None, **more: Any
) -> Any:
    """A product with these prices from these days on; None for a suspension, in which the prices stay.

    It is ordered and activated on the first day, unless more is said; what began and ended on one day is empty.
    """
    made: list[Stretch] = []
    prices: tuple[AgreedPrice, ...] = ()
    for index, (start, given) in enumerate(stretches):
        end = stretches[index + 1][0] if index + 1 < len(stretches) else ended
        prices = prices if given is None else tuple(given)
        made.append(Stretch(day(start), None if end is None else day(end), given is not None, prices))
    first = day(stretches[0][0])
    given_days = {name: day(more.pop(name)) for name in ("ordered", "activated") if name in more}
    days = {"ordered": first, "activated": first} | given_days
    return ProductFacts(id, id, terminated=None if ended is None else day(ended), stretches=tuple(made), **days, **more)


def used(product: str, amount: str, start: str, end: str, lines: int = 1, **more: Any) -> UsageSum:
    more.setdefault("quantity", D(60))
    more.setdefault("tax", VAT)
    currency, line_kind = more.pop("currency", "EUR"), more.pop("line_kind", "usage")
    version = more.pop("version", "1")
    return UsageSum(
        product, "calls", version, "Calls", "voice", line_kind, day(start), day(end),
        unit="s", amount=money(amount, currency), lines=lines, **more,
    )  # fmt: skip


def account(*products: ProductFacts, cycle: str = "2026-01-01", usage: Any = (), **more: Any) -> AccountFacts:
    unit, count = more.pop("unit", CycleUnit.MONTH), more.pop("count", 1)
    return AccountFacts("account", Cycle(day(cycle), unit, count), products, tuple(usage), **more)


def known(facts: AccountFacts, at: date) -> AccountFacts:
    """What was known of the account at the end of a day: later events have not happened yet."""
    return replace(facts, products=tuple(_known(one, at) for one in facts.products if one.stretches[0].start <= at))


def _known(product: ProductFacts, at: date) -> ProductFacts:
    stretches = [one for one in product.stretches if one.start <= at]
    last = stretches[-1]
    if last.end is not None and last.end > at:
        stretches[-1] = replace(last, end=None)
    return replace(
        product,
        stretches=tuple(stretches),
        activated=None if product.activated is None or product.activated > at else product.activated,
        terminated=None if product.terminated is None or product.terminated > at else product.terminated,
    )


@dataclass
class Billed:
    """An account's bills until now, as the run that calls the engine keeps them."""

    existing: dict[str, Existing] = field(default_factory=dict)

    def run(
        self,
        facts: AccountFacts,
        cutoff: date,
        policy: Policy = USUAL,
        rates: RateTable = NO_RATES,
        exemptions: Sequence[Exemption] = (),
    ) -> Statement | None:
        charges = settle(propose(facts, cutoff, policy), self.existing.values())
        if not charges:
            return None
        made = state(charges, policy, rates, exemptions)
        for item in made.items:
            charge = item.charge
            before = self.existing.get(charge.key)
            self.existing[charge.key] = Existing(
                charge.purpose,
                charge.amount if before is None else before.amount + charge.amount,
                charge.covers,
                _sum(charge.quantity, None if before is None else before.quantity),
                charge.unit,
                taxed_then(() if before is None else before.taxed, item.applied, charge.amount),
                charge.place,
            )
        return made


def _sum(some: Decimal | None, others: Decimal | None) -> Decimal | None:
    return some if others is None else others if some is None else some + others


def shown(charges: Sequence[Charge]) -> list[str]:
    """Name, service period and amount of each."""
    return [f"{one.purpose.name} {one.span.start}..{one.span.end} {one.amount.amount}" for one in charges]


def charged(facts: AccountFacts, cutoff: str, policy: Policy = USUAL) -> list[str]:
    return shown(propose(facts, day(cutoff), policy))
