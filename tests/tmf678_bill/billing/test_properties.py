"""What holds for every account: nothing is charged twice or lost, and all sums agree."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tmf678_bill.billing import strategies as some
from tests.tmf678_bill.billing.accounts import Billed, known
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.explain import explain_item
from tmf678_bill.billing.rounding import rounded
from tmf678_bill.billing.statement import state
from tmf678_bill.billing.values import AccountFacts, Policy, Stretch, TaxRounding

EVERY = settings(max_examples=some.EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sums(billed: Billed) -> dict[str, Decimal]:
    return {key: one.amount.amount for key, one in billed.existing.items() if one.amount.amount}


def proposed(account: AccountFacts, cutoff: date, policy: Policy) -> dict[str, Decimal]:
    return {one.key: one.amount.amount for one in propose(account, cutoff, policy) if one.amount.amount}


@EVERY
@given(some.accounts(), some.CUTOFFS, some.POLICIES)
def test_a_run_repeated_adds_nothing(account: AccountFacts, cutoff: date, policy: Policy) -> None:
    billed = Billed()
    billed.run(account, cutoff, policy)

    assert settle(propose(account, cutoff, policy), billed.existing.values()) == ()


@EVERY
@given(some.accounts(), st.lists(some.CUTOFFS, min_size=1, max_size=5), some.POLICIES)
def test_bills_on_the_way_with_what_was_known_sum_to_what_is_proposed_in_the_end(
    account: AccountFacts, cutoffs: list[date], policy: Policy
) -> None:
    billed = Billed()
    for cutoff in sorted(cutoffs):
        billed.run(known(account, cutoff), cutoff, policy)
    billed.run(account, max(cutoffs), policy)

    assert sums(billed) == proposed(account, max(cutoffs), policy)


@EVERY
@given(some.accounts(), some.CUTOFFS, some.POLICIES)
def test_a_statement_adds_up(account: AccountFacts, cutoff: date, policy: Policy) -> None:
    charges = propose(account, cutoff, policy)
    if not charges:
        return
    made = state(charges, policy)

    assert [item.charge for item in made.items] == list(charges)
    for one in (*made.items, *made.groups, made):
        assert one.net.amount + one.tax.amount == one.gross.amount
    for name in ("net", "tax", "gross"):
        total = getattr(made, name).amount
        assert sum((getattr(one, name).amount for one in made.items), Decimal(0)) == total
        assert sum((getattr(one, name).amount for one in made.groups), Decimal(0)) == total
    assert sum(group.items for group in made.groups) == len(made.items)
    assert all(explain_item(item)["amount"] == item.charge.amount.amount for item in made.items)


@EVERY
@given(some.accounts(), some.CUTOFFS, some.POLICIES)
def test_tax_by_rate_is_that_of_the_sum_and_the_lines_have_all_of_it(
    account: AccountFacts, cutoff: date, policy: Policy
) -> None:
    policy = replace(policy, tax_rounding=TaxRounding.PER_RATE)
    charges = propose(account, cutoff, policy)
    if not charges:
        return
    made = state(charges, policy)

    by_rate: dict[object, Decimal] = defaultdict(Decimal)
    for item in made.items:
        by_rate[item.applied.category, item.applied.rate, item.applied.is_inclusive] += item.tax.amount
    for group in made.groups:
        assert by_rate[group.category, group.rate, group.is_inclusive] == group.tax.amount
        if group.is_inclusive:
            exact = Fraction(group.gross.amount * 100)
            assert group.net == rounded(exact / Fraction(100 + group.rate), "EUR", policy.rounding)
        else:
            assert group.tax == rounded(Fraction(group.net.amount * group.rate) / 100, "EUR", policy.rounding)


@EVERY
@given(some.accounts(), some.CUTOFFS, some.POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_products_and_usage_does_not_matter(
    account: AccountFacts, cutoff: date, policy: Policy, draw: random.Random
) -> None:
    turned = replace(
        account,
        products=tuple(draw.sample(account.products, len(account.products))),
        usage=tuple(draw.sample(account.usage, len(account.usage))),
    )

    assert propose(turned, cutoff, policy) == propose(account, cutoff, policy)


@EVERY
@given(some.accounts(), some.CUTOFFS, some.POLICIES, st.integers(1, 150))
def test_a_stretch_cut_in_two_with_the_same_prices_changes_nothing(
    account: AccountFacts, cutoff: date, policy: Policy, after: int
) -> None:
    cut = tuple(
        replace(product, stretches=tuple(part for one in product.stretches for part in halves(one, after)))
        for product in account.products
    )

    assert propose(replace(account, products=cut), cutoff, policy) == propose(account, cutoff, policy)


def halves(stretch: Stretch, after: int) -> list[Stretch]:
    day = stretch.start + timedelta(days=after)
    if stretch.end is not None and day >= stretch.end:
        return [stretch]
    return [replace(stretch, end=day), replace(stretch, start=day)]


@EVERY
@given(some.accounts(), some.CUTOFFS, some.POLICIES)
def test_what_is_not_proposed_any_more_is_given_back_to_the_cent_with_its_tax(
    account: AccountFacts, cutoff: date, policy: Policy
) -> None:
    policy = replace(policy, tax_rounding=TaxRounding.PER_LINE)
    billed = Billed()
    bill = billed.run(account, cutoff, policy)
    credit = billed.run(replace(account, products=(), usage=()), cutoff, policy)
    if bill is None:
        assert credit is None
        return

    assert credit is not None
    assert (credit.net, credit.tax, credit.gross) == (-bill.net, -bill.tax, -bill.gross)
    assert sums(billed) == {}
