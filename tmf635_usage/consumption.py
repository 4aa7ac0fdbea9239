"""What was consumed of products at an instant (`Component.offers`: `consumption`), read and never changed.

What is left of each allowance comes from the engine, grants that nobody drew from among them; what was used, and what
it costs so far, from the rated lines of the bill cycle that the instant is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.component import Recording, RuleContext
from common.store.records import Between
from tmf635_usage.rate import read_state
from tmf635_usage.rating.amounts import total
from tmf635_usage.rating.periods import period_at
from tmf635_usage.rating.standing import Standing, standing
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import ZERO, LineKind, Period, PeriodRule, Subject
from tmf635_usage.subjects import Guide, Guided, asking_earlier, clock_of, earlier_cycles
from tmf635_usage.tables import CHARGED, HOLDS, LINES, PREPAID

# Which quantities are usage (a set-up is an event of its own, a correction counts what was counted before).
_MEASURED = (LineKind.USAGE, LineKind.ALLOWANCE)
# Scope, allowance, start of its period, whether after it.
_Place = tuple[Any, ...]
_BY = ("product", "usage_type", "kind", "unit", "currency")


@dataclass(frozen=True)
class Grant:
    """What an allowance grants in a span, and what is left of it.

    Shapes: `allowance` is the id of its price; `scope` the product, or the sharing group that draws from it together;
            granted = used + left, in base units (`unit`: s, B, event); `stated_unit` is what the plan is written in;
            `reserved` is so much of `left` as online sessions hold; [start, end) is when it can be drawn from;
            `is_rolled_over` when it is what was left of an earlier span.
    """

    allowance: str
    usage_type: str
    scope: str
    is_shared: bool
    unit: str
    stated_unit: str
    granted: Decimal
    used: Decimal
    left: Decimal
    reserved: Decimal
    start: datetime
    end: datetime
    is_rolled_over: bool

    @property
    def id(self) -> str:
        """The same for every product that shares it, and for the same span at any time."""
        tail = "/rolledOver" if self.is_rolled_over else ""
        return f"{self.scope}/{self.allowance}/{self.start:%Y%m%dT%H%M%SZ}{tail}"


@dataclass(frozen=True)
class Used:
    """What was used of a type in the cycle.

    Shapes: `measured` and `beyond` are quantities by base unit, in all and beyond the allowances; `costs` are unrounded
            amounts by currency, set-up fees and corrections among them.
    """

    usage_type: str
    measured: Mapping[str, Decimal]
    beyond: Mapping[str, Decimal]
    costs: Mapping[str, Decimal]


@dataclass(frozen=True)
class Consumed:
    """A product's consumption. `is_charged` is whether it was there to be used at the instant."""

    product: str
    account: str | None
    is_charged: bool
    period: Period
    grants: tuple[Grant, ...] = ()
    used: tuple[Used, ...] = ()


class Consumption:
    """What is offered."""

    def __init__(self, records: Recording) -> None:
        self._records = records

    def of(self, context: RuleContext, products: Iterable[str], at: datetime) -> dict[str, Consumed]:
        """The consumption of each product that was ever here, by id.

        Shapes: `context` is that of the transaction that asks. A product without a plan has no grants.
        """
        history = context.offered("productHistory") if context.offered is not None else None
        if history is None:
            return {}
        spans = history.spans(products)
        guided = Guide(context).at(spans, at)
        accounts = {id: _account(listed, at) for id, listed in spans.items()}
        periods = _periods(accounts, at, context)
        grants = self._grants([one for one in guided.values() if isinstance(one, Guided)], at)
        used = self._used(periods)
        return {
            id: Consumed(
                id, accounts[id], isinstance(guided[id], Guided), periods[id], grants.get(id, ()), used.get(id, ())
            )
            for id in sorted(spans)
        }

    def _grants(self, guided: list[Guided], at: datetime) -> dict[str, tuple[Grant, ...]]:
        granting = [one for one in guided if one.plan.allowances]
        scopes = {scope for one in granting for scope in (one.product, *one.subject.groups.values())}
        if not scopes:
            return {}
        # One tally for all: who shares a grant sees the same one.
        tally = Tally(read_state(self._records, tuple(sorted(scopes)), at))
        held = self._held(scopes)
        return {
            one.product: tuple(_grant(each, held) for each in standing(one.plan, one.subject, tally, at))
            for one in granting
        }

    def _held(self, scopes: set[str]) -> dict[_Place, Decimal]:
        """What online sessions hold of each bucket, in its own period and after it."""
        by = ("scope", "allowance", "start", "is_rolled")
        sums = self._records(HOLDS.name).sum(["quantity"], {"scope": tuple(sorted(scopes))}, by=by)
        return {tuple(one.group[name] for name in by): one.sums["quantity"] for one in sums}

    def _used(self, periods: Mapping[str, Period]) -> dict[str, tuple[Used, ...]]:
        together: dict[Period, list[str]] = {}
        for product, period in periods.items():
            together.setdefault(period, []).append(product)
        counted: dict[str, dict[str, _Count]] = {}
        for period, products in together.items():
            where = {"product": tuple(products), "at": Between(*period), "state": (CHARGED, PREPAID)}
            for row in self._records(LINES.name).sum(["quantity", "amount"], where, by=_BY):
                count = counted.setdefault(row.group["product"], {}).setdefault(row.group["usage_type"], _Count())
                count.add(row.group, row.sums)
        return {
            product: tuple(count.used(name) for name, count in sorted(counts.items()))
            for product, counts in counted.items()
        }


@dataclass
class _Count:
    """Sums of the lines of a product and usage type."""

    measured: dict[str, Decimal] = field(default_factory=dict)
    beyond: dict[str, Decimal] = field(default_factory=dict)
    costs: dict[str, Decimal] = field(default_factory=dict)

    def add(self, group: Mapping[str, Any], sums: Mapping[str, Decimal]) -> None:
        if group["kind"] in _MEASURED:
            _add(self.measured, group["unit"], sums["quantity"])
        if group["kind"] == LineKind.USAGE:
            _add(self.beyond, group["unit"], sums["quantity"])
        if group["currency"] is not None:
            _add(self.costs, group["currency"], sums["amount"])

    def used(self, usage_type: str) -> Used:
        return Used(usage_type, self.measured, self.beyond, self.costs)


def _add(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = total((sums.get(name, ZERO), amount))


def _grant(one: Standing, held: Mapping[_Place, Decimal]) -> Grant:
    allowance = one.allowance
    reserved = held.get((one.key.scope, one.key.allowance, one.key.start, one.is_rolled), ZERO)
    return Grant(
        allowance.id,
        allowance.match.usage_type,
        one.key.scope,
        allowance.sharing is not None,
        one.unit,
        allowance.quantity.unit,
        one.granted,
        one.used,
        one.left,
        reserved,
        one.start,
        one.end,
        one.is_rolled,
    )


def _account(spans: list[Any], at: datetime) -> str | None:
    """Whose it was at the instant; before it was there, whose it was first."""
    span = next((one for one in reversed(spans) if one.since <= at), spans[0])
    account: str | None = span.account
    return account


def _periods(accounts: Mapping[str, str | None], at: datetime, context: RuleContext) -> dict[str, Period]:
    """The bill cycle of each product's account that the instant is in."""
    ids = {id for id in accounts.values() if id is not None}
    earlier = context.library.read_ahead({"billingAccount": ids}, *asking_earlier(ids, context))
    rows: dict[str | None, list[Any]] = {}
    for row in (row for listed in earlier for row in listed):
        rows.setdefault(row["account"], []).append(row)
    known = context.library.get_many("billingAccount", ids)
    found: dict[str | None, Period] = {}
    for account in set(accounts.values()):
        clock = clock_of(known.get(account or "", {}), context)
        past = earlier_cycles(rows.get(account, ()), clock.zone)
        cycle = clock._replace(earlier=past).cycle_at(at)
        period = period_at(at, PeriodRule(), Subject("", clock.zone, cycle, at))
        assert period is not None, "only a pass has an end"
        # The first period of another cycle is cut at the instant from which it counts.
        begun = max((until for _, until in past if until <= at), default=period.start)
        found[account] = period._replace(start=max(period.start, begun))
    return {product: found[account] for product, account in accounts.items()}
