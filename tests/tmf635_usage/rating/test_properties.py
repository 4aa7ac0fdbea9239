"""What holds for every plan and every usage."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from common.exact_json import decode_own
from tests.tmf635_usage.rating import strategies as some
from tests.tmf635_usage.rating.explanation_model import rate_of as applies
from tests.tmf635_usage.rating.plans import BY_COUNT, D, match, price, rate_of, subject, tiered, usage
from tmf635_usage.rating.afford import affordable
from tmf635_usage.rating.amounts import base, total
from tmf635_usage.rating.checks import ambiguous
from tmf635_usage.rating.compiled import compile_plan
from tmf635_usage.rating.explanation import explained
from tmf635_usage.rating.meter import Meter, rate, rate_all
from tmf635_usage.rating.tally import Tally, applied, reverse
from tmf635_usage.rating.values import (
    Grant,
    LineKind,
    Plan,
    Rating,
    Reason,
    Rejection,
    State,
    TierModel,
    Usage,
)

LISTS = st.lists(some.usages(), min_size=1, max_size=8)
# How long a random plan takes to make says nothing about the engine.
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
usual = settings(max_examples=100, deadline=None, suppress_health_check=SLOW)


def cost(*outcomes: Rating | Rejection) -> Decimal:
    return total(line.amount for each in outcomes if isinstance(each, Rating) for line in each.lines)


def parts_of(whole: Usage, cuts: list[Decimal]) -> list[Usage]:
    """The usage in parts, each of which says what was before it."""
    edges = [D(0), *sorted({min(cut, whole.quantity) for cut in cuts}), whole.quantity]
    return [
        whole._replace(quantity=end - start, before=whole.before + start)
        for start, end in pairwise(edges)
        if end > start
    ]


@usual
@given(some.plans(), some.SUBJECTS, some.usages(), st.lists(some.SECONDS, max_size=4))
def test_parts_of_a_session_cost_what_the_whole_costs(plan, whose, whole, cuts):
    compiled = compile_plan(plan)
    outcome = rate(compiled, whose, State(), whole)
    batch = rate_all(compiled, whose, State(), parts_of(whole, cuts))
    if isinstance(outcome, Rejection) or not whole.quantity:
        return

    assert cost(*batch.outcomes) == cost(outcome)
    assert batch.state.counters == applied(State(), [outcome]).counters


@usual
@given(st.sampled_from(TierModel), st.lists(st.integers(1, 700), min_size=1, max_size=6), st.randoms())
def test_without_increments_records_of_any_size_and_order_cost_the_same(model, sizes, draw):
    tiers = [(*tier, "50") for tier in BY_COUNT] if model is TierModel.PACKAGE else BY_COUNT
    compiled = compile_plan(Plan((tiered(model, *tiers),)))
    shuffled = draw.sample(sizes, len(sizes))

    def cost_of(counts):
        return cost(*rate_all(compiled, subject(), State(), [usage(f"sms {n} event") for n in counts]).outcomes)

    assert cost_of(sizes) == cost_of(shuffled) == cost_of([sum(sizes)])


@usual
@given(st.lists(some.SECONDS, min_size=1, max_size=6))
def test_where_a_unit_amount_does_not_end_parts_differ_in_the_eighteenth_decimal_only(sizes):
    compiled = compile_plan(Plan((price("voice", "0.10"),)))
    usages = [usage(f"voice {size} s") for size in sizes]
    whole = rate(compiled, subject(), State(), usage(f"voice {sum(sizes)} s"))

    parts = rate_all(compiled, subject(), State(), usages).outcomes

    assert abs(cost(*parts) - cost(whole)) <= len(sizes) * D("1E-18")


@usual
@given(some.plans(), some.SUBJECTS, LISTS)
def test_reversed_and_rated_again_is_rated(plan, whose, usages):
    compiled = compile_plan(plan)
    once = rate_all(compiled, whose, State(), usages)
    ratings = [outcome for outcome in once.outcomes if isinstance(outcome, Rating)]

    reversals = [reverse(rating) for rating in reversed(ratings)]
    back = applied(once.state, reversals)

    assert all(count == 0 for count in back.counters.values())
    assert all((bucket.used, bucket.rolled) == (0, 0) for bucket in back.buckets.values())
    assert cost(*ratings, *reversals) == 0
    assert [reverse(reversal).lines for reversal in reversals] == [rating.lines for rating in reversed(ratings)]
    again = rate_all(compiled, whose, back, usages)
    assert [cost(outcome) for outcome in again.outcomes] == [cost(outcome) for outcome in once.outcomes]
    assert again.state == replace(once.state)


@usual
@given(some.plans(), some.SUBJECTS, LISTS)
def test_one_by_one_is_the_same_as_a_batch(plan, whose, usages):
    compiled, state, singly = compile_plan(plan), State(), []
    for each in usages:
        outcome = rate(compiled, whose, state, each)
        singly.append(outcome)
        state = applied(state, [outcome] if isinstance(outcome, Rating) else [])

    batch = rate_all(compiled, whose, State(), usages)

    assert (tuple(singly), state) == batch


@usual
@given(some.plans(), some.SUBJECTS, LISTS)
def test_what_is_used_of_an_allowance_is_what_was_drawn_and_never_more_than_granted(plan, whose, usages):
    batch = rate_all(compile_plan(plan), whose, State(), usages)

    for key, bucket in batch.state.buckets.items():
        drawn = sum(
            draw.quantity
            for outcome in batch.outcomes
            if isinstance(outcome, Rating)
            for draw in outcome.draws
            if draw.bucket == key
        )
        assert bucket.used + bucket.rolled == drawn
        assert 0 < drawn <= bucket.granted


@usual
@given(some.plans(), some.SUBJECTS, LISTS)
def test_lines_add_up_to_what_is_charged_and_explanations_say_the_same(plan, whose, usages):
    for outcome in rate_all(compile_plan(plan), whose, State(), usages).outcomes:
        if isinstance(outcome, Rejection):
            assert outcome.reason is Reason.NO_PRICE
            continue
        counting = (LineKind.USAGE, LineKind.ALLOWANCE)
        assert sum(line.quantity for line in outcome.lines if line.kind in counting) == outcome.charged
        told = decode_own(explained(outcome))
        assert told["total"] == cost(outcome)
        assert [line["amount"] for line in told["lines"]] == [line.amount for line in outcome.lines]


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(some.plans(), some.SUBJECTS, LISTS, some.usages(), st.integers(0, 800).map(lambda n: D(n) / 100), st.data())
def test_what_is_granted_is_paid_for_and_one_step_more_is_not(plan, whose, earlier, asked, money, data):
    compiled = compile_plan(plan)
    state = rate_all(compiled, whose, State(), earlier).state

    def cost_of(amount: Decimal) -> Decimal | None:
        outcome = rate(compiled, whose, state, asked._replace(quantity=amount))
        return cost(outcome) if isinstance(outcome, Rating) else None

    tally = Tally(state)
    grant = affordable(compiled, whose, tally, asked, money)
    assert tally.state() == state
    assert set(tally.held) == set(state.buckets), "who looks opens nothing"
    if isinstance(grant, Rejection):
        assert cost_of(asked.quantity) is None
        return

    assert grant.is_final == (grant.quantity < asked.quantity)
    assert grant.cost == (cost_of(grant.quantity) or 0)
    smaller = data.draw(st.integers(0, 100), label="percent") * grant.quantity / 100
    assert max(grant.cost, cost_of(smaller) or D(0)) <= money
    if grant.is_final:
        next_cost = cost_of(min(asked.quantity, grant.quantity + step(compiled, whose, state, asked, grant)))
        assert next_cost is None or next_cost > money


def step(compiled, whose, state, asked, grant: Grant) -> Decimal:
    outcome = rate(compiled, whose, state, asked)
    if isinstance(outcome, Rejection):
        return D(1)
    assert outcome.price is not None
    terms = applies(outcome.price, outcome.prefix)
    if not grant.quantity and not asked.before and terms.minimum is not None:
        return base(terms.minimum)
    return D(1) if terms.increment is None else base(terms.increment)


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(some.prices("one"), some.prices("two"), some.SUBJECTS, LISTS)
def test_prices_that_are_not_ambiguous_are_found_in_any_order(one, two, whose, usages):
    assume(not ambiguous(one, two))
    forth = Meter(compile_plan(Plan((one, two), (), some.CALENDARS)), whose, Tally(State()))
    back = Meter(compile_plan(Plan((two, one), (), some.CALENDARS)), whose, Tally(State()))

    assert forth.rate_each(usages) == back.rate_each(usages)
    assert ambiguous(two, one) is False


def test_a_quantity_that_needs_too_many_digits_is_refused_and_changes_nothing():
    compiled = compile_plan(Plan((price("voice", "0.123456789012", "1 s", rate=rate_of("0.123456789012")),)))
    long = "0." + "123456789" * 3

    batch = rate_all(compiled, subject(), State(), [usage(f"voice {long} s"), usage("voice NaN s")])

    assert [outcome.reason for outcome in batch.outcomes if isinstance(outcome, Rejection)] == [
        Reason.AMOUNT_PRECISION,
        Reason.QUANTITY_INVALID,
    ]
    assert batch.state == State()


def test_a_price_in_another_currency_than_the_account_does_not_rate():
    compiled = compile_plan(Plan((price("voice", to=match("voice")),)))

    outcome = rate(compiled, subject(currency="JPY"), State(), usage("voice 1 s"))

    assert outcome == Rejection(usage("voice 1 s"), Reason.CURRENCY_OTHER, {"price": "voice", "currency": "JPY"})
