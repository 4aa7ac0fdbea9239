"""A report of what was consumed, as TMF677 v5.1.0 UsageConsumptionReport writes it.

bucket    allowances that can be drawn from, and money: counters `granted` and `used`, what remains, when it is valid
product   what was used of each type in the bill cycle: counters `used` and `outOfBucket`; of the latter the quantity,
          and what it costs so far, unrounded and before tax
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.domain.clock import instant_text
from common.domain.query import Document
from tmf677_consumption.quantities import money, quantity, text, unit_for

# TMF677 v5.1.0 BucketCounter: used and outOfBucket are its own examples; granted is what both count against.
GRANTED, USED, OUT_OF_BUCKET = "granted", "used", "outOfBucket"
_GLOBAL, _OF_PRODUCT = "global", "product"
_MONETARY = "monetary"


@dataclass(frozen=True)
class Facts:
    """What a report is made of.

    Shapes: `consumed` as TMF635's offer `consumption` gives it, `balances` as TMF654's `standing` does; `names` of
            products, accounts and allowances by id; without `usage_types` and `buckets` (ids) everything is shown.
    """

    at: datetime
    now: datetime
    consumed: tuple[Any, ...]
    balances: tuple[Any, ...] = ()
    accounts: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    usage_types: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()

    def shows(self, usage_type: str, bucket: str = "") -> bool:
        is_all = not self.usage_types and not self.buckets
        return is_all or usage_type in self.usage_types or bucket in self.buckets


def report(facts: Facts) -> Document:
    """The computed attributes of a report; a bucket that several products share is there once."""
    buckets = [
        *_allowances(facts),
        *(_balance(one, facts) for one in facts.balances if facts.shows(one.usage_type, one.bucket)),
    ]
    moment = instant_text(facts.now)
    document: Document = {
        "@type": "UsageConsumptionReport",
        "creationDate": moment,
        "lastUpdate": moment,
        "bucket": buckets,
        "product": [_product(one, facts) for one in facts.consumed],
    }
    periods = {one.period for one in facts.consumed}
    if len(periods) == 1:
        document["validPeriod"] = _period(*periods.pop())
    accounts = sorted({*facts.accounts, *(one.account for one in facts.consumed if one.account is not None)})
    if accounts:
        document["partyAccount"] = [_account_ref(id, facts) for id in accounts]
    return {name: value for name, value in document.items() if value != []}


# -- buckets ----------------------------------------------------------------------------------------------------------


def _allowances(facts: Facts) -> Iterator[Document]:
    sharing: dict[str, list[Any]] = {}
    grants: dict[str, Any] = {}
    for consumed in facts.consumed:
        for grant in consumed.grants:
            if facts.shows(grant.usage_type, grant.id):
                grants.setdefault(grant.id, grant)
                sharing.setdefault(grant.id, []).append(consumed)
    for id, grant in grants.items():
        yield _allowance(grant, sharing[id], facts)


def _allowance(grant: Any, sharing: list[Any], facts: Facts) -> Document:
    amounts = (grant.granted, grant.used, grant.left, grant.reserved)
    unit = unit_for(amounts, grant.unit, grant.stated_unit)
    granted, used, left, reserved = (quantity(each, grant.unit, unit) for each in amounts)
    period = _period(grant.start, grant.end)
    bucket: Document = {
        "@type": "Bucket",
        "id": grant.id,
        "name": facts.names.get(grant.allowance, grant.allowance),
        "usageType": grant.usage_type,
        "isShared": grant.is_shared,
        "status": "active",
        "validFor": period,
        "remainingValue": left,
        "remainingValueName": text(left),
        "bucketCounter": [
            _counter(GRANTED, _GLOBAL, granted, period, f"{grant.id}/{GRANTED}"),
            _counter(USED, _GLOBAL, used, period, f"{grant.id}/{USED}"),
        ],
        "bucketSpecification": {
            "@type": "BucketSpecificationRef",
            "id": grant.allowance,
            "@referredType": "ProductOfferingPrice",
        },
        "product": [_product_ref("ProductRef", one.product, facts) for one in sharing],
    }
    if grant.reserved:
        bucket["reservedValue"] = reserved
    if grant.is_rolled_over:
        bucket["description"] = "What was left of an earlier period."
    accounts = {one.account for one in sharing if one.account is not None}
    if len(accounts) == 1:
        bucket["partyAccount"] = _account_ref(accounts.pop(), facts)
    return bucket


def _balance(balance: Any, facts: Facts) -> Document:
    """A bucket of TMF654."""
    remaining, reserved, used = (
        money(each, balance.unit) for each in (balance.remaining, balance.reserved, balance.used)
    )
    ends = {"startDateTime": balance.start, "endDateTime": balance.expires}
    period = {name: instant_text(each) for name, each in ends.items() if each is not None}
    bucket: Document = {
        "@type": "Bucket",
        "id": balance.bucket,
        "name": balance.name or balance.bucket,
        "usageType": balance.usage_type,
        "isShared": len(balance.products) != 1,
        "status": balance.status,
        "remainingValue": remaining,
        "remainingValueName": text(remaining),
        "reservedValue": reserved,
        "bucketCounter": [_counter(USED, _GLOBAL, used, None, f"{balance.bucket}/{USED}")],
    }
    if period:
        bucket["validFor"] = period
    if balance.account is not None:
        bucket["partyAccount"] = _account_ref(balance.account, facts)
    if balance.products:
        bucket["product"] = [_product_ref("ProductRef", id, facts) for id in balance.products]
    return bucket


# -- products ---------------------------------------------------------------------------------------------------------


def _product(consumed: Any, facts: Facts) -> Document:
    shown = _product_ref("UsageConsumptionProductRef", consumed.product, facts)
    period = _period(*consumed.period)
    counters = [
        counter for one in consumed.used if facts.shows(one.usage_type) for counter in _counters(one, consumed, period)
    ]
    return {**shown, "consumptionSummary": counters} if counters else shown


def _counters(used: Any, consumed: Any, period: Document) -> Iterator[Document]:
    """Counters of a product and usage type, the whole first."""

    def counter(kind: str, value: Document) -> Document:
        name = f"{consumed.product}/{used.usage_type}/{kind}/{value['units']}"
        whole = _counter(kind, _OF_PRODUCT, value, period, name)
        whole["valueName"] = f"{whole['valueName']} {used.usage_type}"
        whole["characteristic"] = [
            {"@type": "StringCharacteristic", "name": "usageType", "valueType": "string", "value": used.usage_type}
        ]
        return whole

    for base, amount in sorted(used.measured.items()):
        unit = unit_for((amount, used.beyond.get(base, amount)), base)
        yield counter(USED, quantity(amount, base, unit))
        if used.beyond.get(base):
            yield counter(OUT_OF_BUCKET, quantity(used.beyond[base], base, unit))
    for currency, cost in sorted(used.costs.items()):
        if cost or any(used.beyond.values()):
            yield counter(OUT_OF_BUCKET, money(cost, currency))


def _counter(kind: str, level: str, value: Document, period: Document | None, id: str) -> Document:
    counter = {
        "@type": "ConsumptionSummary",
        "id": id,
        "counterType": kind,
        "level": level,
        "value": value,
        "valueName": text(value),
    }
    return counter if period is None else {**counter, "consumptionPeriod": period}


# -- references -------------------------------------------------------------------------------------------------------


def _product_ref(type_name: str, id: str, facts: Facts) -> Document:
    return _named({"@type": type_name, "id": id, "@referredType": "Product"}, facts)


def _account_ref(id: str, facts: Facts) -> Document:
    return _named({"@type": "PartyAccountRef", "id": id, "@referredType": "BillingAccount"}, facts)


def _named(reference: Document, facts: Facts) -> Document:
    name = facts.names.get(reference["id"])
    return reference if name is None else {**reference, "name": name}


def _period(start: datetime, end: datetime) -> Document:
    return {"startDateTime": instant_text(start), "endDateTime": instant_text(end)}


def errors(unknown: Iterable[tuple[str, str]]) -> list[Document]:
    """TMF677 v5.1.0 errorMessage: what nobody here knows."""
    return [
        {"@type": "ErrorMessage", "code": "reference.unknown", "reason": f"there is no {kind} {id[:80]!r}"}
        for kind, id in unknown
    ]


def failure(messages: Iterable[Document]) -> Document:
    """The report of a request that nothing can be found for: it says why."""
    return {"@type": "UsageConsumptionReport", "description": "; ".join(one["reason"] for one in messages)}
