"""Everything that an account's bill needs, read in few questions, as the engine takes it.

Products and what they were at any time come from the inventory (`productHistory`), prices from the catalogue
(`soldPrices`), usage from rating (`ratedUsage`), what was charged before from the items of earlier bills.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from common.component import RuleContext
from common.domain.accounting import summed
from common.domain.clock import normal_instant
from common.domain.cycles import Span, midnight
from common.domain.money import Money
from common.domain.query import Document
from common.exact_json import encode
from common.store.records import Between
from tmf678_bill.billing.agreed import EVER
from tmf678_bill.billing.closed import before, closed_day, is_parting
from tmf678_bill.billing.keys import usage_key_in
from tmf678_bill.billing.products import joined
from tmf678_bill.billing.rates import RateTable
from tmf678_bill.billing.values import (
    AccountFacts,
    AgreedPrice,
    Bundled,
    Charge,
    Exemption,
    Existing,
    Policy,
    ProductFacts,
    Purpose,
    Stretch,
    TaxClass,
    UnreadablePeriod,
    UsageSum,
)
from tmf678_bill.currency import NO_CURRENCY, billed_currency
from tmf678_bill.cycles import AccountCycle
from tmf678_bill.items import added, ends_of, existing_of
from tmf678_bill.parties import customers_of, place_of_account, place_of_product
from tmf678_bill.prices import UsageTerms, keys_kept
from tmf678_bill.shared import Shared
from tmf678_bill.tables import CHARGE, ITEMS
from tmf678_bill.taxes import exemptions_of

# TMF637 v5.0.0 ProductStatusType: what is there, charged or not, and what has ended; of these, what never came to be
# although the customer did not change their mind.
_ACTIVE, _ENDING = "active", "pendingTerminate"
_LIVE = frozenset({_ACTIVE, _ENDING, "suspended"})
_FAILED = "aborted"
ENDED = frozenset({"terminated", "cancelled", _FAILED})
_DAY = timedelta(days=1)
# Counts changes of the engine by which it comes to other amounts for the past: then all of it is compared again.
_ENGINE = 2
_NO_TERMS = UsageTerms("", TaxClass(), ())


@dataclass(frozen=True)
class Facts:
    """Shapes: `names` are those of products, `exemptions` and `rates` what the statement is taxed by.

    With `since` everything that ended by that day is charged as it is due: `existing` and the account's usage are only
    of periods that end later (`engine.propose`). `ends` are of the items that `existing` sums up (`closed_day`).
    """

    account: AccountFacts
    existing: tuple[Existing, ...]
    rates: RateTable
    exemptions: tuple[Exemption, ...]
    names: Mapping[str, str]
    sums: Mapping[tuple[Any, ...], list[Any]]
    terms: tuple[Any, ...]
    ends: tuple[tuple[str, date], ...]
    zone: str
    since: date | None

    def closed(self, cutoff: date, policy: Policy, proposed: Iterable[Charge]) -> dict[str, Any]:
        """What the account's row says of its past, once a bill of this cutoff has been made of what was proposed."""
        now = ((one.key, one.purpose.period.end) for one in proposed)
        day = closed_day(self.account, cutoff, (*self.ends, *now))
        fingerprint = None if day is None else _fingerprint(self.account, self.terms, self.zone, day, policy)
        return {"closed": None if day is None else day.isoformat(), "fingerprint": fingerprint}


def read_facts(
    shared: Shared,
    context: RuleContext,
    account: Document,
    cycle: AccountCycle,
    row: Mapping[str, Any],
    policy: Policy,
    decided: Iterable[Charge] = (),
) -> Facts:
    """What is known of the account now. Errors: UnreadablePeriod.

    Shapes: `row` is that of its billing; `decided` is what is on its next bill by decision, and says the currency where
            nothing else does. Where usage is served, its unbilled lines were claimed.
    """
    id, usage = account["id"], shared.usage
    reading = _Reading(id, cycle, shared)
    documents, products = _products(context, reading)
    whole = AccountFacts(id, cycle.cycle, products, earlier=cycle.earlier)
    touched = usage.touched(id) if usage is not None else None
    since = _since(row, whole, reading.terms(), cycle, policy, touched)
    sums = usage.sums(id, cycle.period_at, _begin(since, cycle)) if usage is not None else []
    currency = billed_currency(account, row) or _first_currency(whole.products) or reading.usage_currency(sums)
    currency = currency or next((one.amount.currency for one in decided), None)
    used: dict[tuple[Any, ...], list[Any]] = {}
    for one in sums:
        key = (one.product, one.price, one.version, one.usage_type, one.kind, cycle.span_at(one.start).start)
        used.setdefault(key, []).append(one)
    customers = customers_of(account, context.library)
    found = tuple(found for listed in used.values() for found in reading.usage(listed, currency or NO_CURRENCY))
    facts = replace(whole, usage=found, currency=currency, place=place_of_account(account, customers))
    charged = [_in_currency(one, currency) for one in _charged(context, id, since)]
    existing = existing_of(charged)
    return Facts(
        facts,
        existing,
        shared.rates(_categories(facts, existing)),
        exemptions_of([account, *customers], cycle.zone),
        {id: str(one.get("name") or id) for id, one in documents.items()},
        used,
        reading.terms(),
        ends_of(charged),
        cycle.zone.key,
        since,
    )


def agreed_currency(shared: Shared, context: RuleContext, account: str, cycle: AccountCycle) -> str | None:
    """The currency of what an account will be charged by what was agreed; None where that says none."""
    reading = _Reading(account, cycle, shared)
    _, products = _products(context, reading)
    return _first_currency(products) or reading.terms_currency()


def _products(context: RuleContext, reading: _Reading) -> tuple[Mapping[str, Document], tuple[ProductFacts, ...]]:
    """The products that the account has or had: as they are shown, and as the engine takes them."""
    id, history = reading.account, reading.shared.history
    listed = history.of_account([id]).get(id, []) if history is not None else []
    spans = history.spans(listed) if history is not None else {}
    documents = context.library.get_many("product", set(listed))
    products = [reading.product(documents.get(one, {"id": one}), spans[one]) for one in sorted(spans)]
    return documents, _with_parts(products, spans, reading.cycle.day)


def _since(
    row: Mapping[str, Any],
    account: AccountFacts,
    terms: tuple[Any, ...],
    cycle: AccountCycle,
    policy: Policy,
    touched: datetime | None,
) -> date | None:
    """The day by which everything is charged as it is due; None where the past is another one than it was.

    Shapes: `touched` is when the first period begins in which usage is new.
    """
    if row["closed"] is None:
        return None
    day = date.fromisoformat(row["closed"])
    if (touched is not None and cycle.span_at(touched).end <= day) or not is_parting(account, day):
        return None
    return day if _fingerprint(account, terms, cycle.zone.key, day, policy) == row["fingerprint"] else None


def _fingerprint(account: AccountFacts, terms: tuple[Any, ...], zone: str, day: date, policy: Policy) -> str:
    """Of everything that charges are computed from whose period ended by a day, but for sums of usage: these only
    change by lines that are claimed.
    """
    return hashlib.blake2b(content_of(account, terms, zone, day, policy), digest_size=16).hexdigest()


def content_of(account: AccountFacts, terms: tuple[Any, ...], zone: str, day: date, policy: Policy) -> bytes:
    """What a fingerprint is made from. The time zone says in which periods usage was."""
    return encode([_ENGINE, before(account, day), terms, zone, policy.rounding])


def _begin(since: date | None, cycle: AccountCycle) -> datetime | None:
    """The first instant of the periods of usage that end after a day."""
    return None if since is None else midnight(cycle.span_on(since).start, cycle.zone)


def _charged(context: RuleContext, account: str, since: date | None) -> list[dict[str, Any]]:
    """The items of keys whose period ends after a day, in the order in which they were issued."""
    assert context.records is not None, "accounts are billed where they are stored"
    until = Between(None if since is None else (since + _DAY).isoformat())
    return context.records(ITEMS.name).find({"account": account, "origin": CHARGE, "until": until}, order=["id"])


def _in_currency(item: dict[str, Any], currency: str | None) -> dict[str, Any]:
    """What was free before the account had a currency was so in the one that it has now."""
    if currency is None or item["currency"] != NO_CURRENCY:
        return item
    return {**item, "currency": currency, "key": usage_key_in(currency, item["key"])}


@dataclass
class _Reading:
    """The products of one account, with the terms of their prices."""

    account: str
    cycle: AccountCycle
    shared: Shared

    def __post_init__(self) -> None:
        self._usage_terms: dict[tuple[str, str], list[tuple[date, UsageTerms]]] = {}
        self._since: dict[tuple[str, str, str], date] = {}

    def product(self, document: Document, spans: list[Any]) -> ProductFacts:
        """The product as this account had it."""
        days = [self.cycle.day(span.since) for span in spans]
        activated = next((day for day, span in zip(days, spans, strict=True) if span.status in _LIVE), None)
        ended = next((day for day, span in zip(days, spans, strict=True) if span.status in ENDED), None)
        return ProductFacts(
            document["id"],
            str(document.get("name") or document["id"]),
            ordered=self._day(document.get("orderDate")),
            activated=activated,
            terminated=ended if activated is not None else None,
            stretches=tuple(self._stretches(document, spans, days)),
            place=place_of_product(document),
        )

    def _stretches(self, document: Document, spans: list[Any], days: list[date]) -> Iterator[Stretch]:
        """None of an order that failed: not even the order itself is charged. Errors: UnreadablePeriod."""
        is_charged = True
        listed = [self.shared.prices(span.doc) for span in spans]
        kept = keys_kept(prices.agreed for prices in listed)
        for index, span in enumerate(spans if spans[-1].status != _FAILED else ()):
            if span.status in ENDED:
                return
            # What waits for its end is charged, unless it was suspended before.
            is_charged = is_charged if span.status == _ENDING else span.status == _ACTIVE
            if span.account is None:
                continue  # who has it next pays, also for what happened before
            start, end = days[index], days[index + 1] if index + 1 < len(spans) else None
            is_elsewhere = span.account != self.account
            usage = listed[index].usage
            self._note_usage(document["id"], usage, start, is_charged=is_charged, is_elsewhere=is_elsewhere)
            agreed = tuple(self._read(one, document) for one in kept[index])
            yield Stretch(start, end, is_charged, agreed, is_elsewhere)

    def _read(self, price: AgreedPrice, document: Document) -> AgreedPrice:
        """The price; where nobody can read how often it recurred, as often as the product says by now.

        Errors: UnreadablePeriod.
        """
        if price.recurrence is None or price.recurrence.is_read:
            return price
        for one in self.shared.prices(document).agreed:
            is_same = (one.kind, one.id, one.version, one.name) == (price.kind, price.id, price.version, price.name)
            if is_same and one.recurrence is not None and one.recurrence.is_read:
                return replace(price, recurrence=one.recurrence)
        raise UnreadablePeriod(document["id"], price.name)

    def terms(self) -> tuple[Any, ...]:
        """How usage is taxed and lowered, as of which day, and since when by each discount."""
        return tuple(sorted(self._usage_terms.items())), tuple(sorted(self._since.items()))

    def _note_usage(
        self,
        product: str,
        prices: Iterable[tuple[str, UsageTerms]],
        start: date,
        *,
        is_charged: bool,
        is_elsewhere: bool,
    ) -> None:
        for id, found in prices:
            if not is_elsewhere:
                agreed = self._usage_terms.setdefault((product, id), [])
                if not agreed or agreed[-1][1] != found:
                    agreed.append((start, found))
            for discount in found.discounts if is_charged else ():
                self._since.setdefault((product, id, discount.key), start)

    def _terms_of(self, product: str, price: str, version: str, period: Span) -> UsageTerms:
        """What was agreed last of a version of a price by the end of a period.

        What is agreed later is not of this period, unless nothing was before: usage may be older than what is known.
        """
        listed = self._usage_terms.get((product, price), [])
        agreed = [one for one in listed if one[1].version == version] or listed
        earlier = [found for start, found in agreed if start < period.end]
        return earlier[-1] if earlier else next((found for _, found in agreed), _NO_TERMS)

    def usage(self, sums: list[Any], currency: str) -> Iterator[UsageSum]:
        """Sums of billed lines that say the same, as the engine takes them: one for each currency."""
        by_currency: dict[str, list[Any]] = {}
        for one in sums:
            by_currency.setdefault(one.currency or currency, []).append(one)
        for unit_of_money, listed in sorted(by_currency.items()):
            first = listed[0]
            span = self.cycle.span_at(first.start)
            terms = self._terms_of(first.product, first.price, first.version, span)
            since = {one.key: self._since.get((first.product, first.price, one.key)) for one in terms.discounts}
            yield UsageSum(
                **{"product": first.product, "price": first.price, "version": first.version},
                **{"name": terms.name or first.price, "usage_type": first.usage_type, "line_kind": first.kind},
                **{"period_start": span.start, "period_end": span.end, "unit": first.unit},
                quantity=added(one.quantity for one in listed),
                amount=summed((Money(one.amount, unit_of_money) for one in listed), unit_of_money),
                lines=sum(one.lines for one in listed),
                claimed=sum(one.claimed for one in listed),
                tax=terms.tax,
                discounts=terms.discounts,
                since={key: day for key, day in since.items() if day is not None},
            )

    def usage_currency(self, sums: list[Any]) -> str | None:
        """The currency of usage where nothing else says one; that of its price where all of it was free."""
        priced = (one.currency for one in sums if one.currency)
        return next(priced, None) or (self.terms_currency() if sums else None)

    def terms_currency(self) -> str | None:
        """The currency of a price of usage that was agreed."""
        agreed = (found for _, listed in sorted(self._usage_terms.items()) for _, found in listed)
        return next((found.currency for found in agreed if found.currency), None)

    def _day(self, text: Any) -> date | None:
        normal = normal_instant(text) if isinstance(text, str) else None
        return None if normal is None else self.cycle.day(datetime.fromisoformat(normal))


def usage_key(of: Purpose) -> tuple[Any, ...]:
    """What an item of usage and the sums of its lines have in common (`Facts.sums`)."""
    return of.product, of.price, of.version, of.usage_type, of.line_kind, of.period.start


def _with_parts(
    products: list[ProductFacts], spans: Mapping[str, list[Any]], day: Callable[[datetime], date]
) -> tuple[ProductFacts, ...]:
    """Each product with those that are bundled in it, on the days on which either of both says so."""
    parts: dict[str, dict[str, list[Span]]] = {product.id: {} for product in products}
    for id, listed in spans.items():
        starts = [day(span.since) for span in listed]
        for span, start, end in zip(listed, starts, [*starts[1:], EVER], strict=True):
            said = [(id, part) for part in span.doc.get("bundles", ())]
            said += [(whole, id) for whole in span.doc.get("bundledBy", ()) if whole in parts]
            for whole, part in said if start < end else ():
                parts[whole].setdefault(part, []).append(Span(start, end))
    return tuple(
        replace(product, parts=tuple(sorted(parts[product.id])), bundled=tuple(_bundled(parts[product.id])))
        for product in products
    )


def _bundled(parts: Mapping[str, list[Span]]) -> Iterator[Bundled]:
    for part, spans in sorted(parts.items()):
        yield from (Bundled(part, days) for days in joined(sorted(spans)))


def _first_currency(products: Iterable[ProductFacts]) -> str | None:
    """The currency of what was agreed first; usage that costs nothing is in it, too."""
    dated = [
        (stretch.start, product.id, price.amount.currency)
        for product in products
        for stretch in product.own
        for price in stretch.prices
        if price.amount is not None
    ]
    return min(dated)[2] if dated else None


def _categories(account: AccountFacts, existing: Iterable[Existing]) -> set[str]:
    taxes = [one.tax for one in account.usage] + [one.purpose.tax for one in existing]
    taxes += [price.tax for product in account.products for stretch in product.own for price in stretch.prices]
    return {tax.category for tax in taxes if tax.category is not None}
