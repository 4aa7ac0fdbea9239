"""Prices of our own types (openapi/extensions/price-plans.yaml): what their schemas cannot say, and which of an
offering's prices contradict each other. docs/price-plans.md has the kinds in words.

How usage is matched and rated is known where it is rated, and asked there (`pricePlans`); a catalogue that is served
alone is judged by the schemas and by what is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.cycles import PERIOD_WORDS, recurring
from common.domain.query import AllOf, Compare, Document, FieldPath, Kind, Operator
from tmf620_catalog.lifecycle import CATALOGUE, ON_SALE, OUT_OF_USE
from tmf620_catalog.periods import is_narrowed, overlap
from tmf620_catalog.trees import enumerate_elements

USAGE, ALLOWANCE, DISCOUNT = "UsagePrice", "AllowancePrice", "DiscountPrice"
RECURRING, ONE_TIME, COMMITMENT = "RecurringPrice", "OneTimePrice", "CommitmentPrice"
# What a price of each type says in priceType, which the standard leaves to everybody.
PRICE_TYPES = {
    ONE_TIME: "oneTime",
    RECURRING: "recurring",
    USAGE: "usage",
    ALLOWANCE: "allowance",
    DISCOUNT: "discount",
    COMMITMENT: "commitment",
}
# What decides how much is charged for what. All else of a price that was on sale may change: its name, its state ...
CHARGING = (
    "version",
    "@type",
    "priceType",
    "price",
    "percentage",
    "unitOfMeasure",
    "recurringChargePeriodType",
    "recurringChargePeriodLength",
    "bundledPopRelationship",
    *("usageType", "match", "priority", "minimum", "increment", "setupFee", "tierModel", "tier", "rate", "tariffTable"),
    *("period", "sharing", "quantity", "rollover", "inAdvance", "proration", "anchor", "chargedOn"),
    *("order", "durationPeriods", "cap", "isFlooredAtZero", "trueUpName"),
)
# Products have prices that were on sale; before that nobody could order them.
_SOLD = ON_SALE | frozenset({"Retired", "Obsolete"})
# Offerings with one price: more than any catalogue has, few enough for one query.
_OFFERINGS_MAX = 1_000
_PERCENT_MAX = 100
# How priceType, free text in the standard, says that a price recurs, or lowers one that does.
_RECURRING = re.compile(r"recur|discount|pricealteration")
_NO_LETTERS = re.compile(r"[^a-z]")
_RESOURCE = "productOfferingPrice"


def check_kept(before: Document, after: Document, context: RuleContext) -> None:
    """A price that products may have is never changed in place. Words that mean no period are mended, since nothing
    can be charged by them.

    Source: domain rule; TMF620 v5.0.0 ProductOfferingPrice.version.
    """
    if before.get(CATALOGUE.attribute) not in _SOLD:
        return
    unread = unread_period(before) or ""
    for name in CHARGING:
        if before.get(name) != after.get(name) and not unread.startswith(f"/{name}"):
            context.refuse(
                f"/{name}",
                "in-use",
                "products keep the price they were sold at; POST it with the same id and a new version instead",
            )
    # Other prices of products go on when they are not sold any more.
    if before.get("@type") in (USAGE, ALLOWANCE) and is_narrowed(before, after):
        message = "products are charged by it while it is valid; set its lifecycleStatus to Retired to sell it no more"
        context.refuse("/validFor", "in-use", message)


def check_period(before: Document | None, price: Document, pointer: str, context: RuleContext) -> None:
    """A price that recurs does so in periods that can be billed; what stands already is not judged again.

    Source: domain rule; TMF620 v5.0.0 ProductOfferingPrice.recurringChargePeriodType is free text.
    """
    names = ("@type", "priceType", "recurringChargePeriodType", "period")
    is_kept = before is not None and all(before.get(name) == price.get(name) for name in names)
    unread = None if is_kept else unread_period(price)
    if unread is not None:
        context.refuse(pointer + unread, "price", PERIOD_WORDS)


def unread_period(price: Document) -> str | None:
    """Where a price that recurs says how often in words that mean no period; None when it says none such."""
    if price.get("@type") == COMMITMENT:
        period = price.get("period")
        return "/period/units" if isinstance(period, dict) and recurring(period.get("units")) is None else None
    word = price.get("recurringChargePeriodType")
    kind = PRICE_TYPES.get(str(price.get("@type"))) or str(price.get("priceType") or "")
    is_recurring = _RECURRING.match(_NO_LETTERS.sub("", kind.casefold())) is not None
    return "/recurringChargePeriodType" if is_recurring and word and recurring(word) is None else None


def check_plan(price: Document, pointer: str, context: RuleContext) -> None:
    """What a price of one of our types needs beside its schema. Others pass."""
    kind = price.get("@type")
    if kind not in PRICE_TYPES:
        return
    expected = PRICE_TYPES[kind]
    if _NO_LETTERS.sub("", str(price.setdefault("priceType", expected)).casefold()) != expected.casefold():
        context.refuse(f"{pointer}/priceType", "price-plan", f"the priceType of a {kind} is {expected}")
    for place, message in (*_amounts(kind, price), *_parts(kind, price)):
        context.refuse(pointer + place, "price-plan", message)
    plans = context.offered("pricePlans") if context.offered is not None else None
    if plans is None or context.violations:
        return  # what the engine would say of the rest follows from what is wrong already
    for place, message in plans.wrong_with(price):
        context.refuse(pointer + place, "price-plan", message)
    if context.settings.reference_mode == "strict" and not context.violations:
        for place, message in plans.missing(price):
            context.refuse(pointer + place, "reference", message)


def _amounts(kind: str, price: Document) -> Iterator[tuple[str, str]]:
    """Each charge has a currency and an amount; a discount has either an amount or a percentage."""
    money = price["price"] if isinstance(price.get("price"), dict) else {}
    value, percentage = _number(money.get("value")), _number(price.get("percentage"))
    if kind in (USAGE, RECURRING, ONE_TIME, COMMITMENT):
        if not money.get("unit"):
            yield "/price/unit", f"a {kind} has a currency"
        has_others = any(name in price for name in ("tier", "rate", "tariffTable"))
        if value is None and not (kind == USAGE and has_others):
            yield "/price/value", f"a {kind} has an amount"
        if kind == COMMITMENT and value is not None and value <= 0:
            yield "/price/value", "what is committed to is more than 0"
    if kind != DISCOUNT:
        if percentage:
            yield "/percentage", "only a DiscountPrice is a percentage"
        return
    if (value is None or not value) == (percentage is None or not percentage):
        yield "/price", "a DiscountPrice has either a price or a percentage"
    elif value and (value < 0 or not money.get("unit")):
        yield "/price", "what is taken off is an amount above 0 in a currency"
    elif percentage and not 0 < percentage <= _PERCENT_MAX:
        yield "/percentage", f"a percentage is more than 0 and at most {_PERCENT_MAX}"
    cap = price.get("cap")
    if value and isinstance(cap, dict) and cap.get("unit") != money.get("unit"):
        yield "/cap/unit", f"the discount is in {money.get('unit')}, and so is its cap"


def _parts(kind: str, price: Document) -> Iterator[tuple[str, str]]:
    if kind == USAGE and not isinstance(price.get("unitOfMeasure"), dict):
        yield "/unitOfMeasure", "a UsagePrice is for a quantity in a unit, such as 1 min"
    if kind == RECURRING and not price.get("recurringChargePeriodType"):
        yield "/recurringChargePeriodType", "a RecurringPrice says how often it recurs"
    if kind == DISCOUNT and not any("id" in one for _, one in enumerate_elements(price.get("popRelationship"))):
        yield "/popRelationship", "a DiscountPrice names the prices that it lowers"


# -- prices of one offering -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Listed:
    """A price as an offering lists it."""

    place: str
    price: Document

    @property
    def name(self) -> str:
        return repr(str(self.price.get("id") or self.price.get("name") or "")[:80])


def check_offering_prices(offering: Document, context: RuleContext) -> None:
    """Refuse an offering two of whose usage prices could match the same usage equally well."""
    listed = _listed([offering], None, context)[0]
    for one, other in _ambiguous(listed, context):
        context.refuse(other.place, "ambiguous", _message(one, other))


def check_price_among_others(before: Document | None, price: Document, context: RuleContext) -> None:
    """The same when a price is written: in each offering that lists it."""
    if price.get("@type") != USAGE or price == before:
        return
    listing = Compare(FieldPath((_RESOURCE, "id"), Kind.STRING), Operator.EQ, (price["id"],))
    offerings = context.library.find("productOffering", listing, _OFFERINGS_MAX)
    for offering, listed in zip(offerings, _listed(offerings, price, context), strict=True):
        for one, other in _ambiguous(listed, context):
            if price in (one.price, other.price):
                where = f" in offering {str(offering.get('id'))[:80]!r}"
                context.refuse("/match", "ambiguous", _message(one, other) + where)


def _message(one: _Listed, other: _Listed) -> str:
    return (
        f"prices {one.name} and {other.name} match the same usage equally well; let one of them match more, or give "
        "them priorities, places or periods that tell them apart"
    )


def _ambiguous(listed: list[_Listed], context: RuleContext) -> Iterator[tuple[_Listed, _Listed]]:
    usage = [
        one
        for one in listed
        if one.price.get("@type") == USAGE and one.price.get(CATALOGUE.attribute) not in OUT_OF_USE
    ]
    plans = context.offered("pricePlans") if context.offered is not None and len(usage) > 1 else None
    if plans is None or context.violations:
        return
    for i, j in plans.ambiguous([one.price for one in usage]):
        if _may_both_apply(usage[i].price, usage[j].price):
            yield usage[i], usage[j]


def _listed(offerings: list[Document], written: Document | None, context: RuleContext) -> list[list[_Listed]]:
    """The prices of each offering; of one that is just written, what it will be."""
    entries = [list(enumerate_elements(offering.get(_RESOURCE))) for offering in offerings]
    references = [entry for each in entries for _, entry in each if isinstance(entry.get("id"), str)]
    latest = context.library.get_many(_RESOURCE, {entry["id"] for entry in references})
    known = {(id, price.get("version")): price for id, price in latest.items()}
    known |= _older(references, known, context)
    if written is not None:
        latest[written["id"]] = known[written["id"], written.get("version")] = written

    def resolved(entry: Document) -> Document | None:
        id, version = entry.get("id"), entry.get("version")
        if not isinstance(id, str) or id not in latest:
            return entry
        return known.get((id, version)) if version is not None else latest[id]

    return [
        [_Listed(f"/{_RESOURCE}{suffix}", price) for suffix, entry in each if (price := resolved(entry)) is not None]
        for each in entries
    ]


def _older(references: list[Document], known: dict[Any, Document], context: RuleContext) -> dict[Any, Document]:
    """The versions that are named and not the latest."""
    named = {(one["id"], one["version"]) for one in references if isinstance(one.get("version"), str)} - known.keys()
    if not named:
        return {}
    where = AllOf(
        (
            Compare(FieldPath(("id",), Kind.STRING, False), Operator.EQ, tuple(sorted({id for id, _ in named}))),
            Compare(FieldPath(("version",), Kind.STRING, False), Operator.EQ, tuple(sorted({v for _, v in named}))),
        )
    )
    found = context.library.find(_RESOURCE, where, _OFFERINGS_MAX)
    return {(price["id"], price.get("version")): price for price in found}


# -- whether both can be sold together --------------------------------------------------------------------------------


def _may_both_apply(one: Document, other: Document) -> bool:
    """Whether one product can have both: nothing that orders decide tells them apart.

    Source: docs/ordering.md, which of an offering's prices apply; of two for the same thing the more specific does.
    """
    if not overlap(one, other) or _overrides(one, other) or _overrides(other, one):
        return False
    for name in ("place", "channel", "marketSegment"):
        if _apart({_key(each) for each in _objects(one, name)}, {_key(each) for each in _objects(other, name)}):
            return False
    terms, others = ([_term(each) for each in _objects(of, "productOfferingTerm")] for of in (one, other))
    if terms and others and not any(term in others for term in terms):
        return False
    values, other_values = _values(one), _values(other)
    if any(_apart(values[name], other_values[name]) for name in values.keys() & other_values.keys()):
        return False
    is_same_thing = one.get("name") == other.get("name") and one.get("unitOfMeasure") == other.get("unitOfMeasure")
    return not is_same_thing or _conditions(one) == _conditions(other)


def _apart(some: set[Any], others: set[Any]) -> bool:
    return bool(some) and bool(others) and some.isdisjoint(others)


def _overrides(one: Document, other: Document) -> bool:
    return "id" in other and any(
        each.get("id") == other["id"] and str(each.get("relationshipType", "")).casefold().startswith("override")
        for each in _objects(one, "popRelationship")
    )


def _values(price: Document) -> dict[str, set[str]]:
    """The characteristic values that a price is for; ranges are taken as every value."""
    found: dict[str, set[str]] = {}
    for use in _objects(price, "prodSpecCharValueUse"):
        given = [each.get("value") for each in _objects(use, "productSpecCharacteristicValue")]
        found[str(use.get("name"))] = set() if None in given else {str(value) for value in given}
    return found


def _conditions(price: Document) -> int:
    names = ("place", "channel", "marketSegment", "productOfferingTerm")
    return sum(bool(_objects(price, name)) for name in names) + len(_objects(price, "prodSpecCharValueUse"))


def _term(term: Document) -> Any:
    duration = term.get("duration")
    return (duration.get("amount"), duration.get("units")) if isinstance(duration, dict) else term.get("name")


def _key(reference: Document) -> Any:
    return reference.get("id") or reference.get("name")


def _objects(document: Document, name: str) -> list[Document]:
    return [element for _, element in enumerate_elements(document.get(name))]


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
