"""Which of an offering's prices apply to an item: the most specific of those that nothing contradicts.

Pure: takes catalogue prices and what is known of the item, looks nothing up. docs/ordering.md has the rules in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.domain.money import Money, money_of
from common.domain.periods import covers
from common.domain.query import Document
from tmf622_ordering.capture.characteristics import admits
from tmf622_ordering.capture.eligibility import Circumstances, is_named, is_placed
from tmf622_ordering.capture.found import NOT_ON_SALE
from tmf622_ordering.capture.reading import id_of, inner, objects, plain
from tmf622_ordering.capture.terms import is_same_term, unit

ONE_TIME, RECURRING, USAGE, ALLOWANCE, DISCOUNT = "oneTime", "recurring", "usage", "allowance", "discount"
# How priceType, free text in TMF620 v5.0.0, is read; other texts are shown and summed nowhere.
_KINDS = {
    **dict.fromkeys(("onetime", "nonrecurring", "nonrecurrent", "oneoff", "once"), ONE_TIME),
    **dict.fromkeys(("recurring", "recurrent", "recurringcharge", "recurringfee"), RECURRING),
    **dict.fromkeys(("usage", "usagecharge", "payperuse"), USAGE),
    **dict.fromkeys(("allowance",), ALLOWANCE),
    **dict.fromkeys(("discount", "pricealteration"), DISCOUNT),
}
_OVERRIDES = frozenset({"override", "overrides"})


@dataclass(frozen=True)
class CatalogPrice:
    """A price of the catalogue, with the reference to it that an order keeps (None: it stands in the offering)."""

    document: Document
    reference: Document | None = None

    @property
    def id(self) -> str | None:
        return id_of(self.document)

    @property
    def name(self) -> str:
        return str(self.document.get("name", ""))

    @property
    def kind(self) -> str:
        """One of the kinds above, or empty."""
        return kind_of(self.document.get("priceType"))

    @property
    def money(self) -> Money | None:
        return money_of(self.document.get("price"))

    @property
    def slot(self) -> tuple[Any, ...]:
        """What the price is for: of two with the same slot only one is asked."""
        of = self.document
        per = inner(of, "unitOfMeasure")
        period = (unit(of.get("recurringChargePeriodType")), of.get("recurringChargePeriodLength"))
        return (self.kind or plain(of.get("priceType")), plain(self.name), *period, per.get("amount"), per.get("units"))


@dataclass(frozen=True)
class Wanted:
    """What is known of an item that decides its price.

    Shapes: `named` are the prices that the client names; `currency` the one that its account or other prices have.
    """

    around: Circumstances = field(default_factory=Circumstances)
    characteristics: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    terms: tuple[Document, ...] = ()
    named: frozenset[str] = frozenset()
    currency: str | None = None


@dataclass(frozen=True)
class Selection:
    """The prices that apply, in the catalogue's order; `tied` are names of those between which nothing decides."""

    prices: list[CatalogPrice]
    tied: list[str]


def kind_of(price_type: Any) -> str:
    return _KINDS.get(plain(price_type), "")


def select(prices: list[CatalogPrice], wanted: Wanted, now: datetime) -> Selection:
    """The prices that apply.

    Every discount that fits applies; of other prices for the same thing the most specific, then the one that the client
    names, then the one in the known currency.
    """
    slots: dict[tuple[Any, ...], list[tuple[tuple[int, bool, bool], CatalogPrice]]] = {}
    chosen: list[CatalogPrice] = []
    for price in prices:
        score = specificity(price, wanted, now)
        if score is None:
            continue
        if price.kind == DISCOUNT:
            chosen.append(price)
        else:
            is_known = price.money is not None and price.money.currency == wanted.currency
            slots.setdefault(price.slot, []).append(((score, price.id in wanted.named, is_known), price))
    tied = []
    for ranked in slots.values():
        best = max(rank for rank, _ in ranked)
        equal = [price for rank, price in ranked if rank == best]
        chosen.append(equal[0])
        if any(_charges(price) != _charges(equal[0]) for price in equal):
            tied.append(equal[0].name)
    chosen = _without_overridden(chosen)
    kept = _of_one_currency(chosen, wanted)
    if kept is None:
        tied += sorted({price.name for price in chosen if price.money is not None} - set(tied))
    return Selection([price for price in prices if price in (chosen if kept is None else kept)], tied)


def specificity(price: CatalogPrice, wanted: Wanted, now: datetime) -> int | None:
    """How many conditions of a price are met, less those that are not known to be; None when it does not apply.

    What the order decides (characteristic values, term) must be as the price says. What it may leave out (place,
    channel, segment) must only not contradict.
    """
    of = price.document
    if of.get("lifecycleStatus") in NOT_ON_SALE or not covers(of.get("validFor"), now):
        return None
    around = wanted.around
    score = 0
    for listed, fits in (
        (objects(of, "place"), is_placed(objects(of, "place"), around.places)),
        (objects(of, "channel"), is_named(objects(of, "channel"), around.channels)),
        (objects(of, "marketSegment"), is_named(objects(of, "marketSegment"), around.segments)),
    ):
        if fits is False:
            return None
        if listed:
            score += 1 if fits else -1
    for use in objects(of, "prodSpecCharValueUse"):
        values = wanted.characteristics.get(str(use.get("name")), ())
        if not covers(use.get("validFor"), now) or not objects(use, "productSpecCharacteristicValue"):
            continue
        if not any(admits(use, value, now) for value in values):
            return None
        score += 1
    terms = [one for one in objects(of, "productOfferingTerm") if covers(one.get("validFor"), now)]
    if terms and price.kind != DISCOUNT:  # a discount's term says how long it lasts
        if not any(is_same_term(given, one) for given in wanted.terms for one in terms):
            return None
        score += 1
    return score


def _charges(price: CatalogPrice) -> tuple[Any, ...]:
    return price.money, price.document.get("percentage"), price.document.get("tax")


def _without_overridden(prices: list[CatalogPrice]) -> list[CatalogPrice]:
    """Source: TMF620 v5.0.0 ProductOfferingPriceRelationship.relationshipType, "override"."""
    gone = {
        id_of(one)
        for price in prices
        for one in objects(price.document, "popRelationship")
        if plain(one.get("relationshipType")) in _OVERRIDES
    }
    return [price for price in prices if price.id is None or price.id not in gone]


def _of_one_currency(prices: list[CatalogPrice], wanted: Wanted) -> list[CatalogPrice] | None:
    """The prices in the currency of the item; None when they are in several and nothing tells which it is."""
    currencies = {price.money.currency for price in prices if price.money is not None and price.kind != DISCOUNT}
    if len(currencies) > 1:
        if wanted.currency not in currencies:
            return None
        currencies = {str(wanted.currency)}
    # A bill has one currency, and so has what is charged for an item.
    return [price for price in prices if not currencies or price.money is None or price.money.currency in currencies]
