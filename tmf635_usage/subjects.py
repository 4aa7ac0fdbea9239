"""Whose usage it is and by which plan: the product as it was at the usage's time, its account's clock and cycle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common import exact_json
from common.component import Library, RuleContext
from common.domain.cycles import midnight
from common.domain.numbers import whole_number
from common.domain.query import Document
from common.rules import reference_id
from common.store.statements import Question
from tmf635_usage.plans import PlanCache, agreed_prices
from tmf635_usage.rating.compiled import CompiledPlan
from tmf635_usage.rating.values import Subject
from tmf635_usage.reading import Reading
from tmf635_usage.tables import SCOPES
from tmf635_usage.tariffs import Tariffs

# TMF637 v5.0.0 ProductStatusType: what is charged. Of a suspended product the network lets nothing through; what it
# still reports was used.
_CHARGED = frozenset({"active", "suspended", "pendingTerminate"})
_FIRST_OF_MONTH = date(2024, 1, 1)
_plans = PlanCache()


# What is charged is found, and summed up, by these names: an entry of an index has 2,704 bytes at most, of which other
# columns need some hundred.
NAME_BYTES_MAX = 2_000
_TOO_LONG = "product, account and price have ids and a version of {} bytes together; give them names of {} at most"


class Guided(NamedTuple):
    """A product as it was when it was used."""

    product: str
    account: str | None
    plan: CompiledPlan
    subject: Subject
    status: str


class Unguided(NamedTuple):
    """Nobody can say whose the usage is, or the product was not there to be used."""

    code: str
    message: str


class Clock(NamedTuple):
    """How an account counts time.

    Shapes: `cycle` is a local date on which a bill cycle begins; `earlier` are those that it had before, the first
            first, each with the instant from which the next one counts.
    """

    zone: ZoneInfo
    cycle: date
    earlier: tuple[tuple[date, datetime], ...] = ()

    def cycle_at(self, moment: datetime) -> date:
        """A local date on which a cycle begins of those that count at an instant."""
        return next((cycle for cycle, until in self.earlier if moment < until), self.cycle)


# Whose identifiers are, and what products were (`ProductHistory.asking`).
Products = tuple[dict[tuple[str, str], list[Any]], dict[str, list[Any]]]


@dataclass
class Findings:
    """What was read of products: whose identifiers are, what products were when, and what of that was asked for."""

    owners: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    spans: dict[str, list[Any]] = field(default_factory=dict)
    clocks: dict[str | None, Clock] = field(default_factory=dict)
    known: dict[tuple[str, datetime, date], Guided] = field(default_factory=dict)

    def guided(self, one: Reading) -> Guided | Unguided | None:
        """What `Guide.guide` would say of another usage of the same products, while nothing of them has changed.

        None when more has to be read.
        """
        found = self.span(one)
        if isinstance(found, Unguided):
            return found
        clock = self.clocks.get(found.account)
        return None if clock is None else self.known.get((found.product, found.since, clock.cycle_at(one.at)))

    def candidates(self, one: Reading) -> list[str]:
        """The products that a usage may be of, the surest first."""
        return [id for id in (one.product, _owner(one, self.owners)) if id is not None]

    def span(self, one: Reading) -> Any:
        """What the product of a usage was at its time (`productHistory`), or Unguided."""
        candidates = self.candidates(one)
        product = next((id for id in candidates if id in self.spans), candidates[0] if candidates else None)
        if product is None:
            named = ", ".join(f"{name} {value}" for name, value in one.identifiers) or "nothing"
            return Unguided(
                "product.unknown", f"the usage names no product, and {named[:200]} leads to none at its time"
            )
        listed = self.spans.get(product)
        if not listed:
            return Unguided("product.unknown", f"there is no product {product[:80]!r}")
        span = next((span for span in reversed(listed) if span.since <= one.at), None)
        if span is None or span.status not in _CHARGED:
            state = "not there yet" if span is None else span.status
            return Unguided("product.not-active", f"product {product[:80]!r} was {state} when it was used")
        return span


@dataclass
class Guide:
    """Finds products of usage, a look-up for each kind of thing and batch."""

    context: RuleContext
    findings: Findings = field(default_factory=Findings)
    _accounts: dict[str, Document] = field(default_factory=dict)
    _earlier: dict[str, list[Any]] = field(default_factory=dict)
    _compiled: dict[bytes, CompiledPlan] = field(default_factory=dict)
    # What many products have in common: by what their accounts say of time, by the plan.
    _clocks: dict[bytes, Clock] = field(default_factory=dict)
    _shared: dict[int, set[str]] = field(default_factory=dict)

    @cached_property
    def _history(self) -> Any:
        return self.context.offered("productHistory") if self.context.offered is not None else None

    def asking(self, readings: Iterable[Reading]) -> Question[Products]:
        """What `guide` asks first of all, to be asked together with something else."""
        history = self._history
        if history is None:
            return Question((), lambda outcomes: ({}, {}))
        wanted = list(readings)
        identifiers = {identifier for one in wanted for identifier in one.identifiers}
        asked: Question[Products] = history.asking(identifiers, {one.product for one in wanted} - {None})
        return asked

    def guide(self, readings: Iterable[Reading], products: Products | None = None) -> dict[str, Guided | Unguided]:
        """By usage id. Shapes: `products` are what `asking` was answered, where it was asked already.

        Source: domain of this project (docs/rating.md).
        """
        wanted = list(readings)
        if self._history is None:
            return {one.id: Unguided("product.unknown", "no product inventory is served here") for one in wanted}
        if products is None:
            assert self.context.records is not None, "usage is guided where it is stored"
            [products] = self.context.records(SCOPES.name).answers(self.asking(wanted))
        findings, (owners, listed_spans) = self.findings, products
        findings.owners = owners
        # A number may have been that of many products.
        meant = {id for one in wanted for id in findings.candidates(one)}
        findings.spans = {id: listed for id, listed in listed_spans.items() if id in meant}
        spans = [span for listed in findings.spans.values() for span in listed]
        accounts = {span.account for span in spans if span.account is not None} - self._accounts.keys()
        library, earlier = self.context.library, asking_earlier(accounts, self.context)
        named = {"billingAccount": accounts, "productOfferingPrice": _prices(spans)}
        for row in (row for rows in library.read_ahead(named, *earlier) for row in rows):
            self._earlier.setdefault(row["account"], []).append(row)
        self._accounts |= library.get_many("billingAccount", accounts)
        return {one.id: self._guided(one) for one in wanted}

    def at(self, products: Iterable[str], moment: datetime) -> dict[str, Guided | Unguided]:
        """What each product was at an instant, as usage of it at that instant would find it."""
        return self.guide(Reading(id, moment, id, (), None) for id in products)

    def _guided(self, one: Reading) -> Guided | Unguided:
        span = self.findings.span(one)
        if isinstance(span, Unguided):
            return span
        clock = self._clock(span.account)
        cycle, known = clock.cycle_at(one.at), self.findings.known
        key = (span.product, span.since, cycle)
        if key not in known:
            listed = self.findings.spans[span.product]
            activated = next(span.since for span in listed if span.status in _CHARGED)
            plan = self._plan(span)
            named = len(f"{span.product}{span.account or ''}".encode()) + plan.name_bytes
            if named > NAME_BYTES_MAX:
                return Unguided("names.too-long", _TOO_LONG.format(named, NAME_BYTES_MAX))
            since = max(_under_plan_since(listed, span), activated)
            groups = self._groups(span, plan)
            subject = Subject(span.product, clock.zone, cycle, activated, groups, since=since)
            known[key] = Guided(span.product, span.account, plan, subject, span.status)
        return known[key]

    def _plan(self, span: Any) -> CompiledPlan:
        """The plan of a product in one of its spans; in a batch the catalogue is asked once for the same prices."""
        agreed = span.doc.get("productPrice", ())
        key = exact_json.encode(agreed)
        if key not in self._compiled:
            assert self.context.records is not None, "usage is guided where it is stored"
            prices = agreed_prices(agreed, self.context)
            self._compiled[key] = _plans.plan(prices, Tariffs(self.context.records)).compiled
        return self._compiled[key]

    def _clock(self, account: str | None) -> Clock:
        if account not in self.findings.clocks:
            document = self._accounts.get(account or "", {})
            said = exact_json.encode([document.get("timeZone"), document.get("billStructure")])
            if said not in self._clocks:
                self._clocks[said] = clock_of(document, self.context)
            clock, rows = self._clocks[said], self._earlier.get(account or "", ())
            self.findings.clocks[account] = clock._replace(earlier=earlier_cycles(rows, clock.zone))
        return self.findings.clocks[account]

    def _groups(self, span: Any, plan: CompiledPlan) -> dict[str, str]:
        """The key of the sharing group for each sharing name of the plan."""
        if id(plan) not in self._shared:
            self._shared[id(plan)] = _sharing(plan)
        if not (shared := self._shared[id(plan)]):
            return {}
        own = _characteristic(span.doc, "sharingGroup") or span.account or span.product
        return {name: f"{own}/{name}" for name in shared}


def asking_earlier(accounts: Iterable[str], context: RuleContext) -> list[Question[list[dict[str, Any]]]]:
    """What to ask for the cycles that accounts had before (`earlier_cycles`); nothing where nobody bills them."""
    billing = context.offered("billing") if context.offered is not None else None
    asked = sorted(set(accounts))
    return [billing.asking_earlier(asked)] if billing is not None and asked else []


def earlier_cycles(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> tuple[tuple[date, datetime], ...]:
    """Those of one account, as a `Clock` has them."""
    return tuple((date.fromisoformat(row["anchor"]), midnight(date.fromisoformat(row["until"]), zone)) for row in rows)


def clock_of(account: Mapping[str, Any], context: RuleContext) -> Clock:
    """As the account counts time now."""
    return Clock(zone_of(account, context), cycle_of(account, context.library))


def zone_of(account: Mapping[str, Any], context: RuleContext) -> ZoneInfo:
    """The time zone of an account (our attribute `timeZone`), or the operator's."""
    for name in (account.get("timeZone"), context.settings.time_zone):
        try:
            return ZoneInfo(str(name)) if name else ZoneInfo("UTC")
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def cycle_of(account: Mapping[str, Any], library: Library) -> date:
    """A local date on which a bill cycle of the account begins: the first, shifted as its cycle specification says."""
    structure = account.get("billStructure")
    specification = structure.get("cycleSpecification") if isinstance(structure, Mapping) else None
    if not isinstance(specification, Mapping):
        return _FIRST_OF_MONTH
    id = specification.get("id")
    kept = library.get("billingCycleSpecification", id) if isinstance(id, str) else None
    shift = whole_number((kept or specification).get("billingDateShift")) or 0
    return _FIRST_OF_MONTH + timedelta(days=min(max(shift, 0), 30))


def _under_plan_since(spans: list[Any], span: Any) -> datetime:
    """Since when the product had the prices that it has in a span."""
    since: datetime = span.since
    for earlier in reversed([one for one in spans if one.since < span.since]):
        if earlier.doc.get("productPrice") != span.doc.get("productPrice"):
            break
        since = earlier.since
    return since


def _prices(spans: Iterable[Any]) -> set[str]:
    """The ids of the prices that products had."""
    entries = (entry for span in spans for entry in span.doc.get("productPrice", ()))
    return {id for entry in entries if (id := reference_id(entry, "productOfferingPrice")) is not None}


def _owner(one: Reading, owners: Mapping[tuple[str, str], list[tuple[datetime, datetime | None, str]]]) -> str | None:
    for identifier in one.identifiers:
        for since, until, product in owners.get(identifier, ()):
            if since <= one.at and (until is None or one.at < until):
                return product
    return None


def _characteristic(document: Mapping[str, Any], name: str) -> str | None:
    for one in document.get("productCharacteristic", ()):
        if isinstance(one, dict) and one.get("name") == name and isinstance(one.get("value"), str):
            return str(one["value"])
    return None


def _sharing(plan: CompiledPlan) -> set[str]:
    names = [price.sharing for price in plan.plan.prices] + [one.sharing for one in plan.plan.allowances]
    return {name for name in names if name is not None}
