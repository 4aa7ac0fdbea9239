"""Rates usage: the only caller of the engine. Everything here happens in the transaction that the usage is stored in.

    guide    whose it is, by which plan             (`subjects`)
    lock     the scopes, in order, and the claims of accounts, shared; then read buckets and counters; then the
             balances of who is prepaid
    rate     engine, in the order of the usages' own times; what the balance does not pay for is rejected
    write    lines, ratings, buckets, counters; status and price onto the document

Whose usage nobody can tell waits as it is (`initialized`); what no price is for is `rejected`. Both say why in
`statusReason` and are taken up again by `recycle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import Raw

from common.component import Recording, RuleContext
from common.domain.clock import instant_text
from common.domain.exact import DECIMALS
from common.domain.ids import ordered_ids
from common.domain.query import Document
from common.exact_json import decode_own
from common.store.records import Between
from common.store.statements import Question
from tmf635_usage.claims import NOBODYS, Claim, asking_claims, claims_in, insert_missing
from tmf635_usage.holds import holding, letting_go
from tmf635_usage.rating.afford import affordable
from tmf635_usage.rating.amounts import total
from tmf635_usage.rating.explanation import explained
from tmf635_usage.rating.meter import Meter
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import (
    Bucket,
    BucketKey,
    Count,
    CounterKey,
    Draw,
    Line,
    LineKind,
    Rating,
    Reason,
    Rejection,
    State,
    Usage,
)
from tmf635_usage.reading import Reading, read
from tmf635_usage.subjects import Guide, Guided, Products, Unguided
from tmf635_usage.tables import BUCKETS, CHARGED, COUNTERS, HOLDS, HORIZON, LINES, PREPAID, RATINGS, SCOPES

WAITING, RATED, REJECTED = "initialized", "rated", "rejected"
REASON, EXPLANATION = "statusReason", "ratingExplanation"
MESSAGES = {
    "no.price": "no price of the product is for this usage",
    "unit.unknown": "the unit is not one that usage is measured in",
    "unit.other": "the price is for a unit of another kind",
    "currency.other": "the price is in another currency than the account",
    "quantity.invalid": "the quantity is not a number of sensible size",
    "amount.precision": "the amount has more digits than can be kept exactly",
    "balance.insufficient": "the prepaid balance does not pay for it",
}
# Looking up a member of an enumeration costs as much as two multiplications; this runs for every line.
_ALLOWANCE = LineKind.ALLOWANCE
# From so many rows on they are written as a set.
LOADED_MIN = 20
# What the horizon is of.
_USAGE = "usage"
# More than anything costs.
ANY_MONEY = Decimal(10) ** 15


def rate(
    documents: Sequence[Document],
    context: RuleContext,
    since: datetime | None,
    *,
    written: bool = False,
    products: Products | None = None,
) -> None:
    """Rate what can be rated of these usages, in place.

    Shapes: stored (v5) documents in status `initialized`; `context` is of the transaction that stores them; `since` is
            the `horizon`, asked before anything of it is locked (`retire`). For who only writes them their explanations
            stay the JSON texts that they are made as (`msgspec.Raw`). `products`: see `Guide.guide`.
    """
    assert context.records is not None, "usage is rated where it is stored"
    readings = [read(document) for document in documents]
    guided = Guide(context).guide(readings, products)
    batch = Batch(context.records, context.now)
    late = {one.id for one in readings if since is not None and one.at < since}
    known = [
        (one, found)
        for one in readings
        if isinstance(found := guided[one.id], Guided) and one.usage is not None and one.id not in late
    ]
    balances = balances_of(context)
    asked = [] if balances is None else balances.asking_owned(payer(found) for _, found in known)
    owned = batch.lock(known, also=asked)
    if balances is not None:
        batch.purse = balances.open(context, [row for rows in owned for row in rows])
    outcomes = batch.rate(known)
    by_id = {document["id"]: document for document in documents}
    for one in readings:
        document, found = by_id[one.id], guided[one.id]
        if one.id in late:
            _reject(document, "usage.too-old", "usage of that time was given up: nobody knows whether it was here")
        elif isinstance(found, Unguided):
            _wait(document, found.code, found.message)
        elif one.usage is None:
            _reject(document, "usage.unreadable", one.problem)
        else:
            write_onto(document, found, outcomes[one.id], batch.explained.get(one.id), written=written)
    batch.close()


def horizon(records: Recording) -> datetime | None:
    """The instant before which usage was given up (`retire`), and none is rated; None while everything is here."""
    return horizon_in(records(HORIZON.name).answers(asking_horizon(records))[0])


def asking_horizon(records: Recording) -> Question[Any]:
    return records(HORIZON.name).asking_many([(_USAGE,)])


def horizon_in(found: Mapping[Any, Mapping[str, Any]]) -> datetime | None:
    """The horizon in what `asking_horizon` is answered."""
    return found[_USAGE,]["before"] if found else None


@dataclass
class Batch:
    """The counters of one transaction, and what is to be written of them."""

    records: Recording
    now: datetime
    tally: Tally = field(default_factory=lambda: Tally(State()))
    ratings: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    explained: dict[str, str] = field(default_factory=dict)
    buckets: set[BucketKey] = field(default_factory=set)
    counters: dict[CounterKey, datetime] = field(default_factory=dict)
    holds: list[dict[str, Any]] = field(default_factory=list)
    claims: dict[str | None, Claim] = field(default_factory=dict)
    purse: Any = None

    def lock(
        self,
        known: Iterable[tuple[Reading, Guided]],
        others: Mapping[str, str] | None = None,
        since: datetime | None = None,
        also: Sequence[Question[Any]] = (),
        accounts: Iterable[str | None] = (),
    ) -> list[Any]:
        """Make others who rate for the same products wait, and who bills their accounts; read where counters stand.

        Shapes: `others` are more scopes, with the product that they are locked for; `since` is before all usage;
                `accounts` are more that something is charged to. What `also` asks is asked then, and answered.
        """
        scopes: dict[str, str] = dict(others or {})
        payers = set(accounts)
        first = since
        for one, found in known:
            for scope in (found.product, *found.subject.groups.values()):
                scopes.setdefault(scope, found.product)
            payers.add(found.account)
            first = one.at if first is None else min(first, one.at)
        if first is None:
            return self.records(SCOPES.name).answers(*also)
        table, named = self.records(SCOPES.name), tuple(sorted(scopes))
        table.insert_missing({"scope": scope, "product": scopes[scope]} for scope in named)
        insert_missing(self.records, payers)
        # One question: each round trip is one that others wait for.
        _, claims, buckets, counters, holds, *others_asked = table.answers(
            table.asking_many(((scope,) for scope in named), for_update=True),
            asking_claims(self.records, payers),
            *_counted(self.records, named, first),
            self.records(HOLDS.name).asking({"scope": named}),
            *also,
        )
        self.tally = Tally(state_of(buckets, counters))
        self.holds = holding(self.tally, holds)
        self.claims = claims_in(claims)
        return others_asked

    def again(self, purse: Any) -> Batch:
        """The same under the same locks, to be paid from a purse; what is rated there moves nothing here."""
        moved: dict[str, Any] = {"buckets": set(self.buckets), "counters": dict(self.counters)}
        return replace(self, tally=Tally(self.tally.state()), ratings=[], lines=[], explained={}, purse=purse, **moved)

    def rate(
        self,
        known: Iterable[tuple[Reading, Guided]],
        numbers: Mapping[str, int] | None = None,
        *,
        is_paid: bool = False,
        settled: Set[str] = frozenset(),
    ) -> dict[str, Rating | Rejection]:
        """The outcome of each usage, by its id; the counters move in the order of the usages' times.

        Shapes: `numbers` has the number that the rating of a usage gets, where it is not the first; `is_paid` when it
                is known that balances pay for everything; `settled` are usages that nothing is taken for any more.
        """
        meters: dict[tuple[str, int], Meter] = {}
        purse = self.purse
        outcomes: dict[str, Rating | Rejection] = {}
        for one, found in sorted(known, key=lambda pair: (pair[0].at, pair[0].id)):
            assert one.usage is not None, "only what says how much is rated"
            key = (found.product, id(found.plan))
            meter = meters.get(key)
            if meter is None or meter.subject != found.subject:  # it came into another account or group meanwhile
                meter = meters[key] = Meter(found.plan, found.subject, self.tally)
            is_prepaid = purse is not None and one.id not in settled and purse.is_prepaid(*payer(found))
            short = self._short_of(one.usage, found) if is_prepaid and not is_paid else None
            outcome = short or meter.rate(one.usage)
            outcomes[one.id] = outcome
            if isinstance(outcome, Rating):
                number = numbers.get(one.id, 0) if numbers else 0
                self.note(one.id, number, found, outcome, PREPAID if is_prepaid else CHARGED)
                if is_prepaid:
                    refusal = purse.pay(*payer(found), *cost_of(outcome.lines), charge_of(one.id, number))
                    assert refusal is None, "what was affordable can be paid"
        return outcomes

    def _short_of(self, usage: Usage, found: Guided) -> Rejection | None:
        """Of prepaid usage that costs more than there is; looked at before anything is counted."""
        asked = affordable(found.plan, found.subject, self.tally, usage, ANY_MONEY)
        if isinstance(asked, Rejection) or not asked.cost:
            return None
        if not is_kept(asked.cost):
            return Rejection(usage, Reason.AMOUNT_PRECISION, {"cost": f"{asked.cost:f}"})
        available = self.purse.available(*payer(found), asked.currency)
        if asked.cost <= available:
            return None
        facts = {"cost": f"{asked.cost:f} {asked.currency}", "available": f"{available:f}"}
        return Rejection(usage, Reason.BALANCE_INSUFFICIENT, facts)

    def claim_of(self, account: str | None) -> Claim:
        """The open claim of an account, which is held: a number that is not would lose what it is stamped on."""
        return NOBODYS if account is None else self.claims[account]

    def note(self, usage: str, number: int, found: Guided, rating: Rating, state: str) -> None:
        """Remember what is to be written of a rating."""
        self.explained[usage] = explained(rating)
        at, product, account = rating.usage.at, found.product, found.account
        self.ratings.append(
            {
                **{"usage": usage, "number": number, "product": product, "account": account, "at": at},
                **{"rated_at": self.now, "is_current": True, "doc": kept(rating)},
            }
        )
        usage_type, claim = rating.usage.type, self.claim_of(account).number_at(at)
        for place, (kind, price, version, quantity, unit, amount, currency, _, _) in enumerate(rating.lines):
            self.lines.append(
                {
                    "id": "",  # given when they are written
                    "usage": usage,
                    "number": number,
                    "place": place,
                    "product": product,
                    "account": account,
                    "at": at,
                    "usage_type": usage_type,
                    "kind": kind.value,
                    "price": price,
                    "version": version,
                    "quantity": quantity,
                    "unit": unit,
                    "amount": amount,
                    "currency": currency,
                    "state": state,
                    "claim": claim,
                }
            )
        for draw in rating.draws:
            self.buckets.add(draw.bucket)
        for bucket in rating.opened:
            self.buckets.add(bucket.key)
        for count in rating.counts:
            self.counters[count.counter] = count.end

    def close(self) -> None:
        """Write everything that moved."""
        letting_go(self.tally, self.holds)
        state = self.tally.state()
        for row, id in zip(self.lines, ordered_ids(len(self.lines)), strict=True):
            row["id"] = row["id"] or id
        for table, rows in ((self.records(RATINGS.name), self.ratings), (self.records(LINES.name), self.lines)):
            (table.load if len(rows) >= LOADED_MIN else table.insert)(rows)
        self.records(BUCKETS.name).put(_bucket(state.buckets[key]) for key in sorted(self.buckets))
        self.records(COUNTERS.name).put(
            {"scope": key.scope, "price": key.price, "start": key.start, "quantity": state.counters[key], "end": end}
            for key, end in sorted(self.counters.items())
        )
        if self.purse is not None:
            self.purse.close()


def balances_of(context: RuleContext) -> Any:
    """Prepaid balances (`Component.offers`: balances); None where none are served."""
    return context.offered("balances") if context.offered is not None else None


def charge_of(usage: str, number: int) -> str:
    """What the charge of a rating is known by."""
    return f"{usage}/{number}"


def rating_of(charge: str) -> tuple[str, int] | None:
    """The usage and the number of the rating that a charge is of (`charge_of`); None for what is no such charge."""
    usage, _, number = charge.rpartition("/")
    return (usage, int(number)) if usage and number.isdecimal() else None


def cost_of(lines: Iterable[Line]) -> tuple[Decimal, str]:
    """What the lines of a rating come to, in their one currency."""
    priced = [line for line in lines if line.currency is not None]
    return total(line.amount for line in priced), str(priced[0].currency) if priced else ""


def is_kept(amount: Decimal) -> bool:
    """Whether balances keep so many decimals."""
    return -int(amount.as_tuple().exponent) <= DECIMALS


def payer(found: Guided) -> tuple[str, str | None]:
    """Who pays: the product, or else its account."""
    return found.product, found.account


def read_state(records: Recording, scopes: tuple[str, ...], since: datetime) -> State:
    """Buckets and counters of these scopes, as far as usage from an instant on can move them."""
    return state_of(*records(BUCKETS.name).answers(*_counted(records, scopes, since)))


def _counted(records: Recording, scopes: tuple[str, ...], since: datetime) -> list[Question[Any]]:
    """Which buckets and counters there are."""
    return [
        records(BUCKETS.name).asking({"scope": scopes, "expires": Between(since)}),
        records(COUNTERS.name).asking({"scope": scopes, "end": Between(since)}),
    ]


def state_of(bucket_rows: Iterable[Mapping[str, Any]], counter_rows: Iterable[Mapping[str, Any]]) -> State:
    buckets = {}
    for row in bucket_rows:
        key = BucketKey(row["allowance"], row["scope"], row["start"])
        amounts = (row["granted"], row["used"], row["rolled"])
        buckets[key] = Bucket(key, row["unit"], *amounts, row["end"], row["expires"])
    counters = {CounterKey(row["price"], row["scope"], row["start"]): row["quantity"] for row in counter_rows}
    return State(buckets, counters)


def kept(rating: Rating) -> Document:
    """What must be known to take a rating back exactly. Why a current one is as it is, its usage says."""
    return {
        "draws": [[*_plain_key(draw.bucket), draw.quantity, draw.is_rolled] for draw in rating.draws],
        "counts": [[*_plain_key(one.counter), one.quantity, _end(one.end)] for one in rating.counts],
    }


def moved(doc: Document) -> tuple[tuple[Draw, ...], tuple[Count, ...]]:
    """The draws and counts that `kept` wrote."""
    draws = tuple(
        Draw(BucketKey(name, scope, datetime.fromisoformat(start)), quantity, is_rolled)
        for name, scope, start, quantity, is_rolled in doc["draws"]
    )
    counts = tuple(
        Count(CounterKey(name, scope, datetime.fromisoformat(start)), quantity, datetime.fromisoformat(end))
        for name, scope, start, quantity, end in doc["counts"]
    )
    return draws, counts


# Periods of all customers begin and end at a few instants.
_end = lru_cache(maxsize=1024)(instant_text)


def _plain_key(key: BucketKey | CounterKey) -> list[str]:
    return [key[0], key.scope, _end(key.start)]


def _bucket(bucket: Bucket) -> dict[str, Any]:
    key = bucket.key
    amounts = {"granted": bucket.granted, "used": bucket.used, "rolled": bucket.rolled}
    times = {"start": key.start, "end": bucket.end, "expires": bucket.expires}
    return {"scope": key.scope, "allowance": key.allowance, "unit": bucket.unit, **amounts, **times}


# -- onto the document ------------------------------------------------------------------------------------------------


def _wait(document: Document, code: str, message: str) -> None:
    _unrated(document, WAITING, code, message)


def _reject(document: Document, code: str, message: str) -> None:
    _unrated(document, REJECTED, code, message)


def _unrated(document: Document, status: str, code: str, message: str) -> None:
    document.pop(EXPLANATION, None)
    document["status"] = status
    document[REASON] = {"code": code, "message": message}


def write_onto(
    document: Document, found: Guided, outcome: Rating | Rejection, why: str | None = None, *, written: bool = False
) -> None:
    """What became of a usage; `why` is the explanation of its rating where it was made already. See `rate`."""
    named = document.get("product")
    if not isinstance(named, dict) or named.get("id") != found.product:
        document["product"] = {"@type": "ProductRef", "id": found.product, "@referredType": "Product"}
    if isinstance(outcome, Rejection):
        facts = ", ".join(f"{name} {value}" for name, value in outcome.facts.items())
        message = MESSAGES[outcome.reason] + (f" ({facts})" if facts else "")
        _reject(document, str(outcome.reason), message)
        return
    document.pop(REASON, None)
    document["status"] = RATED
    document["usageProductPrice"] = [_product_price(line) for line in outcome.lines]
    text = explained(outcome) if why is None else why
    document[EXPLANATION] = Raw(text.encode()) if written else decode_own(text)


def _product_price(line: Line) -> Document:
    """TMF635 v5.0.0 usageProductPrice: what a part of the usage costs, before tax and unrounded."""
    price: Document = {
        "@type": "ProductPrice",
        "name": line.kind.value,
        "priceType": "allowance" if line.kind is _ALLOWANCE else "usage",
        "unitOfMeasure": line.unit,
        "productOfferingPrice": {
            "@type": "ProductOfferingPriceRef",
            "@referredType": "ProductOfferingPrice",
            "id": line.price,
            "version": line.version,
        },
    }
    if line.currency is not None:
        price["price"] = {"@type": "Price", "dutyFreeAmount": {"unit": line.currency, "value": line.amount}}
    return price
