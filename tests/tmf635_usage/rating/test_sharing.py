"""Products that draw and count together, and who says which they are."""

from __future__ import annotations

from dataclasses import replace

from tests.tmf635_usage.rating.plans import AT, BY_COUNT, D, match, price, quantity, subject, tiered, usage
from tmf635_usage.rating.compiled import compile_plan
from tmf635_usage.rating.meter import Meter, rate
from tmf635_usage.rating.tally import Tally, applied
from tmf635_usage.rating.values import (
    Allowance,
    BucketKey,
    CounterKey,
    Plan,
    Rating,
    State,
    TierModel,
)

FIRST = replace(subject(groups={"family": "group-1"}), product="first")
SECOND = replace(FIRST, product="second")
ALONE = replace(FIRST, product="alone", groups={})
MINUTES = Allowance("minutes", "1", match(), quantity("100 s"), sharing="family")


def test_a_family_draws_from_one_bucket_and_others_from_their_own():
    plan = compile_plan(Plan((price("voice"),), (MINUTES,)))
    tally = Tally(State())

    outcomes = [Meter(plan, whose, tally).rate(usage("voice 60 s")) for whose in (FIRST, SECOND, ALONE)]

    lines = [[(line.kind.value, line.quantity) for line in each.lines] for each in outcomes if isinstance(each, Rating)]
    assert lines == [
        [("allowance", D(60))],
        [("allowance", D(40)), ("usage", D(20))],
        [("allowance", D(60))],
    ]
    start = AT.replace(day=1, hour=0)
    used = {key: bucket.used for key, bucket in tally.state().buckets.items()}
    assert used == {BucketKey("minutes", "group-1", start): 100, BucketKey("minutes", "alone", start): 60}


def test_a_family_reaches_tiers_together():
    plan = compile_plan(Plan((replace(tiered(TierModel.GRADUATED, *BY_COUNT), sharing="family"),)))
    tally = Tally(State())

    outcomes = [Meter(plan, whose, tally).rate(usage("sms 60 event")) for whose in (FIRST, SECOND)]

    assert [[line.amount for line in each.lines] for each in outcomes if isinstance(each, Rating)] == [
        [D("6.00")],
        [D("4.00"), D("1.40")],
    ]
    assert tally.state().counters == {CounterKey("sms", "group-1", AT.replace(day=1, hour=0)): 120}


def test_a_bucket_that_was_topped_up_keeps_its_grant():
    plan = compile_plan(Plan((price("voice"),), (MINUTES,)))
    first = rate(plan, ALONE, State(), usage("voice 1 s"))
    assert isinstance(first, Rating)
    [bucket] = first.opened
    state = State({bucket.key: bucket._replace(granted=D(500))})

    second = rate(plan, ALONE, state, usage("voice 400 s"))

    assert isinstance(second, Rating)
    assert (second.opened, [draw.quantity for draw in second.draws]) == ((), [D(400)])
    assert applied(state, [second]).buckets[bucket.key].used == 400
