"""Accounts as they may be: month-end cycles, suspensions, changes, discounts, bundles, commitments, usage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from common.domain.cycles import Cycle, Cycles, CycleUnit, Span
from common.domain.money import Money
from tmf678_bill.billing.values import (
    AccountFacts,
    AgreedPrice,
    Anchor,
    Bundled,
    ChargedOn,
    Discount,
    Kind,
    Policy,
    ProductFacts,
    Recurrence,
    Rounding,
    Stretch,
    TaxClass,
    TaxRounding,
    UsageSum,
)

BEGIN = date(2027, 11, 1)  # February 2028 has 29 days
CENTS = st.integers(0, 10_000).map(lambda cents: Money(Decimal(cents).scaleb(-2), "EUR"))
DAYS = st.integers(0, 200).map(lambda days: BEGIN + timedelta(days=days))
CYCLES = st.sampled_from(["2024-01-01", "2024-01-15", "2024-01-28", "2024-01-29", "2024-01-30", "2024-01-31"]).map(
    lambda text: Cycle(date.fromisoformat(text))
)
POLICIES = st.builds(Policy, st.sampled_from(Rounding), st.sampled_from(TaxRounding))
PERCENTAGES = st.sampled_from(["0.5", "10", "12.5", "33", "50", "100"]).map(Decimal)
TAXES = st.sampled_from(
    [TaxClass("VAT", Decimal(rate), inside) for rate in ("7", "19", "7.7") for inside in (False, True)] + [TaxClass()]
)
ONE_TAX = st.just(TaxClass("VAT", Decimal(19)))


@st.composite
def discounts(draw: st.DrawFn, key: str) -> Discount:
    percentage = draw(st.none() | PERCENTAGES)
    return Discount(
        key,
        key,
        percentage,
        draw(CENTS) if percentage is None else None,
        order=draw(st.integers(1, 2)),
        periods=draw(st.none() | st.integers(1, 3)),
        cap=draw(st.none() | CENTS),
    )


@st.composite
def recurring(draw: st.DrawFn, key: str, taxes: st.SearchStrategy[TaxClass] = TAXES) -> AgreedPrice:
    unit = draw(st.sampled_from([CycleUnit.MONTH, CycleUnit.MONTH, CycleUnit.WEEK]))
    recurrence = Recurrence(
        unit,
        draw(st.sampled_from([1, 1, 2, 3, 12] if unit is CycleUnit.MONTH else [1, 2])),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(Anchor)),
    )
    lowered = draw(st.lists(st.sampled_from(["a", "b"]), unique=True, max_size=2))
    return AgreedPrice(
        key,
        Kind.RECURRING,
        key,
        draw(CENTS),
        draw(taxes),
        recurrence,
        discounts=tuple(draw(discounts(f"{key}-{name}")) for name in lowered),
    )


@st.composite
def one_time(draw: st.DrawFn, key: str) -> AgreedPrice:
    return AgreedPrice(key, Kind.ONE_TIME, key, draw(CENTS), draw(TAXES), charged_on=draw(st.sampled_from(ChargedOn)))


@st.composite
def stretches_of(draw: st.DrawFn, plans: list[tuple[AgreedPrice, ...]]) -> tuple[list[Stretch], date | None]:
    """One to four stretches with these prices, and the end if there is one."""
    days = sorted(draw(st.lists(DAYS, min_size=2, max_size=5, unique=True)))
    end = draw(st.sampled_from([None, days[-1]]))
    found = []
    for index, start in enumerate(days[:-1]):
        until = days[index + 1] if index + 2 < len(days) else end
        is_charged = index == 0 or draw(st.booleans())
        is_elsewhere = draw(st.sampled_from([False, False, True]))
        found.append(Stretch(start, until, is_charged, draw(st.sampled_from(plans)), is_elsewhere))
    return found, end


@st.composite
def some_days(draw: st.DrawFn) -> Span:
    start, end = sorted((draw(DAYS), draw(DAYS)))
    return Span(start, end + timedelta(days=1))


@st.composite
def products(
    draw: st.DrawFn, id: str, parts: tuple[str, ...] = (), taxes: st.SearchStrategy[TaxClass] = TAXES
) -> ProductFacts:
    prices = [draw(recurring(f"{id}-{name}", taxes)) for name in "pq"]
    extra = [draw(one_time(f"{id}-once"))] if taxes is TAXES else []
    if draw(st.booleans()):
        key = f"{id}-off"
        discount = draw(discounts(key))
        discount = Discount(key, key, discount.percentage, discount.amount, cap=discount.cap)
        extra.append(
            AgreedPrice(key, Kind.DISCOUNT, key, tax=draw(taxes), recurrence=Recurrence(), discounts=(discount,))
        )
    if draw(st.booleans()):
        key = f"{id}-least"
        extra.append(AgreedPrice(key, Kind.COMMITMENT, key, draw(CENTS), draw(taxes), Recurrence()))
    plans = [(*extra, prices[0]), (*extra, prices[1]), (prices[0],)]
    stretches, end = draw(stretches_of(plans))
    activated = stretches[0].start
    ordered = activated - timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 40])))
    return ProductFacts(id, id, ordered, activated, end, parts, tuple(stretches))


@st.composite
def accounts(draw: st.DrawFn, taxes: st.SearchStrategy[TaxClass] = TAXES) -> AccountFacts:
    ids = ["x", "y", "z"][: draw(st.integers(1, 3))]
    found = []
    for index, id in enumerate(ids):
        parts = tuple(one for one in ids[index + 1 :] if draw(st.booleans()))
        bundled = tuple(Bundled(one, draw(some_days())) for one in parts if draw(st.booleans()))
        found.append(replace(draw(products(id, parts, taxes)), bundled=bundled))
    cycle = draw(CYCLES)
    until = sorted(draw(st.lists(DAYS, max_size=2, unique=True)))
    earlier = tuple((draw(CYCLES), day) for day in until)
    usage = []
    for number in range(draw(st.integers(0, 3))):
        period = Cycles(cycle, earlier).span_at(draw(DAYS))
        amount = Money(Decimal(draw(st.integers(-2_000_000, 20_000_000))).scaleb(-5), "EUR")
        usage.append(
            UsageSum(
                draw(st.sampled_from(ids)), f"u{number}", "1", f"u{number}", "voice", "usage",
                period.start, period.end, Decimal(60), "s", amount, 3, 0, draw(taxes),
            )
        )  # fmt: skip
    return AccountFacts("account", cycle, tuple(found), tuple(usage), "EUR", earlier=earlier)


CUTOFFS = st.integers(0, 260).map(lambda days: BEGIN + timedelta(days=days))
# Of each property in the usual run, and of the model in the long one.
EXAMPLES, EXAMPLES_LONG = 80, 2_000
