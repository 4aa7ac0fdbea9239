"""The engine comes to what the slow model comes to, for each price and period of accounts of every kind."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from tests.tmf678_bill.billing import strategies as some
from tests.tmf678_bill.billing.model import Model
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.values import AccountFacts, Policy

ACCOUNTS = given(some.accounts(some.ONE_TAX), some.CUTOFFS, some.POLICIES)
SETTINGS = settings(max_examples=some.EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@ACCOUNTS
def test_the_engine_agrees_with_the_model_to_the_cent(account: AccountFacts, cutoff: date, policy: Policy) -> None:
    agrees(account, cutoff, policy)


@pytest.mark.long
@settings(SETTINGS, max_examples=some.EXAMPLES_LONG)
@ACCOUNTS
def test_the_engine_agrees_with_the_model_on_thousands(account: AccountFacts, cutoff: date, policy: Policy) -> None:
    agrees(account, cutoff, policy)


def agrees(account: AccountFacts, cutoff: date, policy: Policy) -> None:
    found: dict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for charge in propose(account, cutoff, policy):
        found[charge.purpose.product, charge.purpose.name, charge.purpose.period.start] += charge.amount.amount

    assert {key: amount for key, amount in found.items() if amount} == Model(account, cutoff, policy).sums
