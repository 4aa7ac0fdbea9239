"""A bill of an account whose past is closed comes to what one comes to that looks at everything, whatever happens.

What was charged is read back as it is recorded: by the days by which items say that their periods end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.domain.cycles import Cycle, Cycles, Span
from tests.tmf678_bill.billing import strategies as some
from tests.tmf678_bill.billing.accounts import (
    Billed,
    account,
    day,
    known,
    monthly,
    off,
    off_all,
    once,
    product,
    shown,
    used,
)
from tmf678_bill.billing.closed import before, closed_day, is_parting
from tmf678_bill.billing.difference import settle
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.values import USUAL, AccountFacts, Charge, Item, Policy, UsageSum
from tmf678_bill.items import ends_of, existing_of, item_row

SETTINGS = settings(max_examples=some.EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What an account may come to be known as: as it is, as another one was, without its usage, with another cycle from its
# next period on.
HISTORIES = st.lists(st.tuples(some.CUTOFFS, st.integers(0, 3)), min_size=2, max_size=6)


@dataclass
class Closing:
    """An account that is billed by what is new only, where that is possible; `skipped` counts the times it was."""

    billed: Billed = field(default_factory=Billed)
    day: date | None = None
    basis: AccountFacts | None = None
    usage: dict[tuple[str | None, date], UsageSum] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: int = 0
    since: date | None = None

    def charges(self, facts: AccountFacts, cutoff: date, policy: Policy = USUAL) -> tuple[Charge, ...]:
        """What is new, which has to be what the one finds that looks at everything; and it is billed."""
        self.since = since = self._since(facts)
        self.skipped += since is not None
        kept = [row for row in self.rows if since is None or row["until"] > since.isoformat()]
        proposed = propose(self.given(facts), cutoff, policy, since)
        found = settle(proposed, existing_of(kept))
        assert found == settle(propose(facts, cutoff, policy), self.billed.existing.values())
        made = self.billed.run(facts, cutoff, policy)
        self.rows += self._rows(() if made is None else made.items)
        now = ((one.key, one.purpose.period.end) for one in proposed)
        self.day = closed_day(facts, cutoff, (*ends_of(kept), *now))
        self.basis = None if self.day is None else before(facts, self.day)
        self.usage = {(one.price, one.period_start): one for one in facts.usage}
        return found

    def _rows(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        first = len(self.rows)
        return [item_row(f"{first + n:09}", "bill", n, "account", one) for n, one in enumerate(items)]

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
        closing.charges(facts, cutoff)
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
        closing.charges(facts, cutoff)

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


def test_an_order_that_was_placed_in_the_closed_past_is_charged() -> None:
    """Its product came after the last bill."""
    plan = product("plan", ("2026-01-01", [monthly("base", "31")]))
    fee = once("fee", "9", on="order")
    late = product("late", ("2026-02-03", [fee, monthly("late", "28", in_advance=False)]), ordered="2026-01-25")
    closing = Closing()
    closing.charges(account(plan), day("2026-02-01"))

    assert "fee 2026-01-25..2026-01-26 9.00" in shown(closing.charges(account(plan, late), day("2026-03-01")))
    assert shown(closing.charges(account(plan, late), day("2026-04-01"))) == [
        "late 2026-03-01..2026-04-01 28.00",
        "base 2026-04-01..2026-05-01 31.00",
    ]


def test_a_product_that_comes_between_others_opens_the_past_of_a_discount() -> None:
    """What is bundled in what was bundled already is lowered for the past, too."""
    plan = product("plan", ("2026-01-01", [monthly("base", "31"), off_all(off("ten", "10"))]), parts=("box",))
    tv = product("tv", ("2026-01-01", [monthly("tv", "20")]))
    box = product("box", ("2026-03-05", []), parts=("tv",))
    closing = Closing()
    closing.charges(account(plan, tv), day("2026-02-01"))
    closing.charges(account(plan, tv), day("2026-03-01"))

    closing.charges(account(plan, tv, box), day("2026-04-01"))

    assert closing.skipped == 1


def test_a_bundle_that_gets_another_product_keeps_its_past_closed() -> None:
    plan = product("plan", ("2026-01-01", [monthly("base", "31"), off_all(off("ten", "10"))]))
    closing = Closing()
    closing.charges(account(plan), day("2026-02-01"))
    closing.charges(account(plan), day("2026-03-01"))

    tv = product("tv", ("2026-03-05", [monthly("tv", "20")]))
    closing.charges(account(replace(plan, parts=("tv",)), tv), day("2026-04-01"))

    assert closing.skipped == 2


@pytest.mark.parametrize("is_undone", [False, True])
def test_a_period_that_another_cycle_cuts_is_credited_once(is_undone: bool) -> None:
    """A quarter was charged; from February on quarters begin on the 15th, or so it was said for some days."""
    quarter = monthly("quarter", "90", count=3)
    plan = product("plan", ("2026-01-01", [quarter]))
    earlier = ((Cycle(day("2026-01-01")), day("2026-02-01")),)
    closing = Closing()
    closing.charges(account(plan), day("2026-01-01"))
    cut = account(plan, cycle="2026-01-15", earlier=earlier)
    closing.charges(cut, day("2026-01-20"))
    as_before = account(plan, earlier=earlier) if is_undone else cut
    for text in ("2026-01-25", "2026-02-01", "2026-02-15", "2026-03-15", "2026-04-01", "2026-04-15", "2026-05-15"):
        closing.charges(as_before, day(text))

    assert closing.skipped > 2


def test_a_day_of_a_period_that_another_cycle_cut_later_stays_charged() -> None:
    """The item says that its quarter ends in July; since the cycle is another one, it ends in June."""
    plan = product("plan", ("2026-04-29", [monthly("quarter", "91", count=3)]), ended="2026-04-30")
    closing = Closing()
    closing.charges(account(plan, cycle="2026-01-15"), day("2026-05-15"))
    cut = account(plan, cycle="2026-01-30", earlier=((Cycle(day("2026-01-15")), day("2026-06-15")),))
    closing.charges(cut, day("2026-06-15"))

    assert shown(closing.charges(cut, day("2026-06-30"))) == []
    assert shown(closing.charges(cut, day("2026-07-30"))) == []


def agrees(known_as: AccountFacts, other: AccountFacts, history: list[tuple[date, int]], policy: Policy) -> None:
    closing = Closing()
    for cutoff, what in sorted(history):
        facts = known(known_as, cutoff)
        if what == 1:
            facts = with_usage_of(replace(facts, products=other.products, cycle=other.cycle, earlier=other.earlier))
        elif what == 2:
            facts = replace(facts, usage=())
        elif what == 3 and all(until < cutoff for _, until in facts.earlier):
            until = Cycles(facts.cycle, facts.earlier).span_at(cutoff).end
            known_as = with_usage_of(
                replace(known_as, cycle=other.cycle, earlier=(*facts.earlier, (facts.cycle, until)))
            )
            facts = replace(facts, cycle=known_as.cycle, earlier=known_as.earlier, usage=known_as.usage)
        closing.charges(facts, cutoff, policy)


def with_usage_of(facts: AccountFacts) -> AccountFacts:
    """With the usage that is of periods of the account's cycle."""
    cycles = Cycles(facts.cycle, facts.earlier)
    kept = (one for one in facts.usage if cycles.span_at(one.period_start) == Span(one.period_start, one.period_end))
    return replace(facts, usage=tuple(kept))
