"""A bill of an account whose past is closed comes to what one comes to that looks at everything, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tmf678_bill.billing import strategies as some
from tests.tmf678_bill.billing.accounts import Billed, account, day, known, monthly, off, off_all, product, used
from tmf678_bill.billing.closed import before, closed_day, is_parting
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.values import USUAL, AccountFacts, Charge, Policy, UsageSum

SETTINGS = settings(max_examples=some.EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What an account may come to be known as: as it is, as another one was, without its usage, or with more of it.
HISTORIES = st.lists(st.tuples(some.CUTOFFS, st.integers(0, 3)), min_size=2, max_size=6)


@dataclass
class Closing:
    """An account that is billed by what is new only, where that is possible; `skipped` counts the times it was."""

    billed: Billed = field(default_factory=Billed)
    day: date | None = None
    basis: AccountFacts | None = None
    usage: dict[tuple[str | None, date], UsageSum] = field(default_factory=dict)
    skipped: int = 0
    since: date | None = None

    def charges(self, facts: AccountFacts, cutoff: date, policy: Policy) -> tuple[Charge, ...]:
        self.since = since = self._since(facts)
        self.skipped += since is not None
        kept = [one for one in self.billed.existing.values() if since is None or one.purpose.period.end > since]
        found = settle(propose(self.given(facts), cutoff, policy, since), kept)
        self.day = closed_day(facts, cutoff)
        self.basis = None if self.day is None else before(facts, self.day)
        self.usage = {(one.price, one.period_start): one for one in facts.usage}
        return found

    def given(self, facts: AccountFacts) -> AccountFacts:
        """With the usage that is read."""
        since = self.since
        return replace(facts, usage=tuple(one for one in facts.usage if since is None or one.period_end > since))

    def _since(self, facts: AccountFacts) -> date | None:
        if self.day is None or before(facts, self.day) != self.basis or not is_parting(facts, self.day):
            return None
        now = {(one.price, one.period_start): one for one in facts.usage}
        changed = [key for key in now.keys() | self.usage.keys() if now.get(key) != self.usage.get(key)]
        ends = [one.period_end for key in changed for one in (now.get(key), self.usage.get(key)) if one is not None]
        return None if any(end <= self.day for end in ends) else self.day


@SETTINGS
@given(some.accounts(), some.accounts(), HISTORIES, some.POLICIES)
def test_what_is_closed_need_not_be_looked_at(
    known_as: AccountFacts, other: AccountFacts, history: list[tuple[date, int]], policy: Policy
) -> None:
    agrees(known_as, other, history, policy)


@pytest.mark.long
@settings(SETTINGS, max_examples=some.EXAMPLES_LONG)
@given(some.accounts(), some.accounts(), HISTORIES, some.POLICIES)
def test_what_is_closed_need_not_be_looked_at_in_thousands(
    known_as: AccountFacts, other: AccountFacts, history: list[tuple[date, int]], policy: Policy
) -> None:
    agrees(known_as, other, history, policy)


def test_the_past_of_an_account_that_goes_on_is_not_looked_at() -> None:
    """Two products, a discount of both, and usage, for three months."""
    plan = product("plan", ("2026-01-01", [monthly("base", "31"), off_all(off("ten", "10"))]), parts=("tv",))
    tv = product("tv", ("2026-01-10", [monthly("tv", "12.10", in_advance=False)]))
    calls = [used("plan", "3.21", f"2026-0{month}-01", f"2026-0{month + 1}-01") for month in (1, 2, 3)]
    closing, proposed = Closing(), []
    for month in (2, 3, 4):
        cutoff = day(f"2026-0{month}-01")
        facts = account(plan, tv, usage=calls[: month - 1])
        charges = closing.charges(facts, cutoff, USUAL)
        assert charges == settle(propose(facts, cutoff), closing.billed.existing.values())
        closing.billed.run(facts, cutoff)
        proposed.append(len(propose(closing.given(facts), cutoff, USUAL, closing.since)))

    assert (closing.skipped, proposed) == (2, [7, 7, 7])


@pytest.mark.parametrize("ends", ["2026-06-20", "2026-07-01", "2026-07-15", "2026-08-01"])
def test_a_year_that_ends_early_is_credited_once(ends: str) -> None:
    """Its period goes on after the days by which the past is closed, though nothing is charged in it any more."""
    yearly = monthly("year", "120", count=12)
    going = product("plan", ("2026-01-01", [yearly]))
    closing = Closing()
    for month in range(1, 12):
        cutoff = day(f"2026-{month:02}-01")
        facts = account(going)
        if day(ends) <= cutoff:
            facts = account(product("plan", ("2026-01-01", [yearly]), ended=ends))
        charges = closing.charges(facts, cutoff, USUAL)
        assert charges == settle(propose(facts, cutoff), closing.billed.existing.values())
        closing.billed.run(facts, cutoff)

    assert closing.skipped > 5


def test_a_price_of_a_year_that_comes_later_opens_the_past_that_it_reaches_into() -> None:
    """A discount of January would be lowered by a charge whose year begins there."""
    base, discount = monthly("base", "31"), off_all(off("ten", "10"))
    before_it = account(product("plan", ("2026-01-01", [base, discount])))
    yearly = monthly("year", "120", count=12)
    after_it = account(product("plan", ("2026-01-01", [base, discount]), ("2026-03-10", [base, yearly, discount])))

    assert closed_day(before_it, day("2026-03-01")) == day("2026-03-01")
    assert before(after_it, day("2026-03-01")) == before(before_it, day("2026-03-01"))
    assert not is_parting(after_it, day("2026-03-01"))
    assert closed_day(after_it, day("2026-04-01")) is None


def agrees(known_as: AccountFacts, other: AccountFacts, history: list[tuple[date, int]], policy: Policy) -> None:
    full, closing = Billed(), Closing()
    for cutoff, what in sorted(history):
        facts = known(known_as, cutoff)
        if what == 1:
            facts = replace(facts, products=other.products, cycle=other.cycle, earlier=other.earlier)
        elif what == 2:
            facts = replace(facts, usage=())
        charges = closing.charges(facts, cutoff, policy)

        assert charges == settle(propose(facts, cutoff, policy), full.existing.values())
        full.run(facts, cutoff, policy)
        closing.billed = full
