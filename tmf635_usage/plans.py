"""From a product's prices to the plan that its usage is rated by, and what the catalogue asks of us about prices.

A plan is made once for the same versions of prices, tariff tables and calendars, however many products have it. What
cannot be rated by (a table that is not loaded, a document past the schemas) is left out and named; usage that nothing
else matches is rejected then, and recycled after the cause is mended.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import product
from threading import Lock
from typing import Any

from common import exact_json
from common.component import Recording, RuleContext
from common.domain.query import Document
from tmf635_usage.prices import (
    ALLOWANCE,
    USAGE,
    TableVersion,
    Unreadable,
    allowance,
    is_rated,
    table_of,
    usage_prices,
    wrong_with,
)
from tmf635_usage.rating.checks import ambiguous, problems
from tmf635_usage.rating.compiled import CompiledPlan, compile_plan
from tmf635_usage.rating.values import Plan, UsagePrice
from tmf635_usage.tariffs import Heading, Tariffs

PLANS_MAX = 1_000


@dataclass(frozen=True)
class Made:
    """A plan, and why which price is not in it (id, reason)."""

    plan: Plan
    left_out: tuple[tuple[str, str], ...] = ()

    @cached_property
    def compiled(self) -> CompiledPlan:
        """Ready to rate by."""
        return compile_plan(self.plan)


def agreed_prices(agreed: Iterable[Document], context: RuleContext) -> list[Document]:
    """The price documents that products' `productPrice` entries mean, as the catalogue tells (`soldPrices`).

    A price that stands in the entry itself is taken as it stands when the catalogue has none; what is not here is left
    out.
    """
    entries = list(agreed)
    sold = context.offered("soldPrices") if context.offered is not None else None
    meant = [None] * len(entries) if sold is None else sold.meant(entries, context.library)
    found: dict[Any, Document] = {}
    for position, (entry, document) in enumerate(zip(entries, meant, strict=True)):
        own = entry.get("productOfferingPrice")
        if document is not None:
            found[document["id"], document.get("version")] = document
        elif isinstance(own, dict) and is_rated(own):
            found[position] = own
    return list(found.values())


class PlanCache:
    """Plans by what they are made of. Threads, tenants and installations may share it."""

    def __init__(self, plans_max: int = PLANS_MAX) -> None:
        self._plans_max = plans_max
        self._made: OrderedDict[object, Made] = OrderedDict()
        self._lock = Lock()

    def plan(self, prices: Iterable[Document], tariffs: Tariffs) -> Made:
        """The plan of these price documents (`agreed_prices`): the same object for the same prices."""
        rated = sorted((price for price in prices if is_rated(price)), key=_order)
        headings = tariffs.headings(table[0] for price in rated if (table := table_of(price)) is not None)
        days = tariffs.calendars(name for price in rated for name in _calendars(price))
        tables = tuple((name, tuple(found)) for name, found in sorted(headings.items()))
        key = (tuple(map(_identity, rated)), tables, tuple(sorted(days.items())))
        with self._lock:
            made = self._made.get(key)
        if made is None:
            made = _made(rated, headings, days, tariffs)
        with self._lock:
            made = self._made.setdefault(key, made)
            self._made.move_to_end(key)
            while len(self._made) > self._plans_max:
                self._made.popitem(last=False)
        return made


def _order(price: Document) -> tuple[str, str]:
    return str(price.get("id", "")), str(price.get("version", ""))


def _identity(price: Document) -> object:
    """By all that it says: two installations in one process may have prices of one id, version and time."""
    return hashlib.sha256(exact_json.encode(price)).digest()


def _made(
    rated: Sequence[Document],
    headings: dict[str, list[Heading]],
    days: Mapping[str, frozenset[date]],
    tariffs: Tariffs,
) -> Made:
    plan, left_out = Plan(calendars=days), []
    for price in rated:
        reason = ""
        try:
            part = replace(_part(price, headings, tariffs), calendars=days)
        except Unreadable as error:
            part, reason = Plan(), str(error)
        unclear = problems(part)
        if unclear:
            reason = f"{unclear[0].where}: {unclear[0].message}"
        elif not reason and not part.prices and not part.allowances:
            reason = "no version of its tariff table is here for the time in which it is valid"
        if reason:
            left_out.append((str(price.get("id", "")), reason))
        else:
            plan = replace(plan, prices=(*plan.prices, *part.prices), allowances=(*plan.allowances, *part.allowances))
    return Made(plan, tuple(left_out))


def _part(price: Document, headings: dict[str, list[Heading]], tariffs: Tariffs) -> Plan:
    if price["@type"] == ALLOWANCE:
        return Plan(allowances=(allowance(price),))
    return Plan(prices=usage_prices(price, _tables(price, headings, tariffs)))


def _tables(price: Document, headings: dict[str, list[Heading]], tariffs: Tariffs) -> list[TableVersion]:
    named = table_of(price)
    if named is None:
        return []
    id, version = named
    versions = headings.get(id, [])
    if version is not None:
        # A version that is named goes on when the next one begins.
        return [tariffs.table(replace(one, valid_until=None)) for one in versions if one.version == version]
    return [tariffs.table(one) for one in versions]


class PricePlans:
    """What the catalogue asks about prices (`Component.offers`), in its transaction."""

    def __init__(self, records: Recording) -> None:
        self._tariffs = Tariffs(records)

    def wrong_with(self, price: Document) -> list[tuple[str, str]]:
        """What the schema of a usage price or an allowance cannot say: JSON Pointer and message."""
        return wrong_with(price)

    def missing(self, price: Document) -> list[tuple[str, str]]:
        """What a price names and nobody loaded yet."""
        found = []
        named = table_of(price)
        if named is not None:
            id, version = named
            versions = self._tariffs.headings([id]).get(id, [])
            if not versions:
                found.append(("/tariffTable/id", f"there is no tariff table {id!r}; load it first"))
            elif version is not None and all(one.version != version for one in versions):
                found.append(("/tariffTable/version", f"tariff table {id!r} has no version {version!r}"))
        names = _calendars(price)
        here = self._tariffs.calendars(names)
        found += [("/match/timeBand", f"there is no calendar {name!r}") for name in sorted(names - here.keys())]
        return found

    def ambiguous(self, prices: Sequence[Document]) -> list[tuple[int, int]]:
        """Which of the usage prices (by their places in the list) could match the same usage equally well."""
        headings = self._tariffs.headings(table[0] for price in prices if (table := table_of(price)) is not None)
        read = [self._read(price, headings) for price in prices]
        return [
            (one, other)
            for one in range(len(read))
            for other in range(one + 1, len(read))
            if any(ambiguous(*pair) for pair in product(read[one], read[other]))
        ]

    def _read(self, price: Document, headings: dict[str, list[Heading]]) -> tuple[UsagePrice, ...]:
        if price.get("@type") != USAGE:
            return ()
        try:
            return usage_prices(price, _tables(price, headings, self._tariffs))
        except Unreadable:
            return ()


def _calendars(price: Document) -> frozenset[str]:
    bands = (price.get("match") or {}).get("timeBand") or ()
    return frozenset(
        name for band in bands for attribute in ("calendar", "exceptCalendar") for name in band.get(attribute, ())
    )
