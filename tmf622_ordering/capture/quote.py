"""The prices of an order: chosen and computed for each item, then written onto items and order.

`quote` gathers what decides (`tariff` chooses, `pricing` computes) and says what cannot be priced; `write` changes the
order. The catalogue versions that were valid are kept with each price, so that later versions change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from common.component import RuleContext
from common.domain.cycles import PERIOD_WORDS, recurring
from common.domain.money import money_of
from common.domain.query import Document
from tmf622_ordering.capture.characteristics import default_of
from tmf622_ordering.capture.eligibility import circumstances
from tmf622_ordering.capture.found import Found, is_chosen, lowering
from tmf622_ordering.capture.prepaid import prepaid_discounts
from tmf622_ordering.capture.pricing import Line, is_for_named, line_kept, line_of, lowers, same_amount, totals
from tmf622_ordering.capture.problem import Problem
from tmf622_ordering.capture.reading import (
    action_of,
    all_wholes_of,
    id_at,
    id_of,
    inner,
    objects,
    plain,
    product_of,
    quantity_of,
    wholes_of,
)
from tmf622_ordering.capture.tariff import (
    DISCOUNT,
    ONE_TIME,
    RECURRING,
    CatalogPrice,
    Selection,
    Wanted,
    kind_of,
    select,
)
from tmf622_ordering.capture.terms import settled_terms
from tmf622_ordering.items import Item

_RESOURCE = "productOfferingPrice"
# An entry with one of these is a price by value; without, it refers to one.
_BY_VALUE = frozenset({"price", "percentage", "priceType", "lifecycleStatus", "validFor", "isBundle"})
# What is charged in periods, and what lowers that.
_RECURRING = (RECURRING, DISCOUNT)
_PRICE_LEVELS_MAX = 4


@dataclass
class Quote:
    """What the items of an order cost, by item id; an item without lines has no catalogue price of its own."""

    lines: dict[str, list[Line]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def quote(order: Document, items: list[Item], found: Found, context: RuleContext) -> Quote:
    """Price every item that adds, or changes to, something with a price."""
    result, around = Quote(), wholes_of(items)
    selections: dict[str, Selection] = {}
    for item in items:
        wholes = all_wholes_of(item, around)
        prices = _prices(item, found)
        if prices:
            wanted = _wanted(order, item, wholes, prices, found)
            selections[item.id] = select(prices, wanted, found.now)
            result.problems += _unpriced(item, prices, selections[item.id])
    for item in items:
        if item.id in selections:
            outer = [selections[one.id] for one in all_wholes_of(item, around) if one.id in selections]
            result.lines[item.id] = _lines(item, selections[item.id], outer, found)
            payer = found.account(item, order)
            result.problems += prepaid_discounts(item, payer, result.lines[item.id], found, context)
            if context.settings.reference_mode == "strict":
                result.problems += _other_prices(item, result.lines[item.id])
    return result


def write(order: Document, items: list[Item], result: Quote, found: Found) -> None:
    """Put terms, prices and totals onto items and order, in place; what the catalogue does not price stays as sent.

    Source: TMF622 v5.0.0 itemPrice (of one piece), itemTotalPrice (times the quantity, without the items inside),
            orderTotalPrice (of all items).
    """
    summed: list[tuple[Line, int]] = []
    for item in items:
        terms = settled_terms(item, found)
        if terms:
            item.document["itemTerm"] = terms
        lines = result.lines.get(item.id, [])
        if lines:
            item.document["itemPrice"] = [line.document for line in lines]
            own = totals((line, quantity_of(item)) for line in lines)
            item.document.pop("itemTotalPrice", None)
            if own:
                item.document["itemTotalPrice"] = own
        else:
            lines = [line_kept(one) for one in objects(item.document, "itemPrice")]
        summed += [(line, quantity_of(item)) for line in lines]
    if any(result.lines.values()):
        order.pop("orderTotalPrice", None)
        in_all = totals(summed)
        if in_all:
            order["orderTotalPrice"] = in_all


def _prices(item: Item, found: Found) -> list[CatalogPrice]:
    """The prices of the item's offering, composite ones taken apart; those that are not here are left out."""
    if action_of(item) not in ("add", "modify"):
        return []
    offering = found.offering(item)
    entries = objects(offering or {}, "productOfferingPrice")
    prices = [price for entry in entries for price in _resolved(entry, found, 1)]
    related = [price for one in prices for entry in lowering(one.document) for price in _resolved(entry, found, 1)]
    known = {price.id for price in prices}
    return [*prices, *(one for one in related if one.kind == DISCOUNT and one.id not in known)]


def _resolved(entry: Document, found: Found, level: int) -> Iterator[CatalogPrice]:
    stored = found.meant(_RESOURCE, entry)
    if stored is not None:
        price = CatalogPrice(stored, _reference(stored))
    elif found.get(_RESOURCE, id_of(entry)) is None and _BY_VALUE.intersection(entry):
        price = CatalogPrice(entry)
    else:
        return
    parts = objects(price.document, "bundledPopRelationship") if price.document.get("isBundle") is True else []
    if not parts or price.money is not None:
        yield price
    if level < _PRICE_LEVELS_MAX:
        for part in parts:
            yield from _resolved(part, found, level + 1)


def _reference(price: Document) -> Document:
    """The reference that an order keeps, with the version that was valid."""
    reference = {"@type": "ProductOfferingPriceRef", "id": price["id"], "@referredType": "ProductOfferingPrice"}
    return reference | {name: price[name] for name in ("name", "version") if name in price}


def _wanted(order: Document, item: Item, wholes: list[Item], prices: list[CatalogPrice], found: Found) -> Wanted:
    named = {id_at(one, _RESOURCE) for one in objects(item.document, "itemPrice")} - {None}
    return Wanted(
        around=circumstances(order, item, wholes, found),
        characteristics=_characteristics(item, found),
        terms=tuple(settled_terms(item, found) or objects(found.product(item) or {}, "productTerm")),
        named=frozenset(id for id in named if id is not None),
        currency=_currency(order, item, named, prices, found),
    )


def _characteristics(item: Item, found: Found) -> dict[str, tuple[Any, ...]]:
    """The values that the product will have: as given, else as it has them, else by default."""
    offering = found.offering(item) or {}
    specification = found.meant("productSpecification", inner(offering, "productSpecification")) or {}
    uses = {str(use.get("name")): use for use in objects(offering, "prodSpecCharValueUse")}
    values: dict[str, tuple[Any, ...]] = {}
    specified = [
        *objects(specification, "productSpecCharacteristic"),
        *objects(offering, "productOfferingCharacteristic"),
    ]
    for one in specified:
        name = str(one.get("name"))
        default = default_of(one, uses.get(name, {}))
        if default is not None:
            values[name] = (default,)
    for holder in (found.product(item) or {}, product_of(item)):
        for one in objects(holder, "productCharacteristic"):
            value = one.get("value")
            values[str(one.get("name"))] = tuple(value) if isinstance(value, list) else (value,)
    return values


def _currency(
    order: Document, item: Item, named: set[str | None], prices: list[CatalogPrice], found: Found
) -> str | None:
    """The currency of the item: of the prices that the client states or names, of the account's limit, of what it owes
    or is owed, of the whole order.

    The first of these that says exactly one.
    """
    own = _stated_currencies(objects(item.document, "itemPrice"))
    own |= {price.money.currency for price in prices if price.id in named and price.money is not None}
    account = found.account(item, order) or {}
    of_limit = _currencies([inner(account, "creditLimit")])
    of_balances = _currencies(inner(one, "amount") for one in objects(account, "accountBalance"))
    of_order = _stated_currencies(objects(order, "orderTotalPrice"))
    return next((next(iter(one)) for one in (own, of_limit, of_balances, of_order) if len(one) == 1), None)


def _stated_currencies(prices: list[Document]) -> set[str]:
    amounts = [inner(price, "price").get(name) for price in prices for name in ("dutyFreeAmount", "taxIncludedAmount")]
    return _currencies(amounts)


def _currencies(amounts: Iterable[Any]) -> set[str]:
    return {money.currency for amount in amounts if (money := money_of(amount)) is not None}


def _unpriced(item: Item, prices: list[CatalogPrice], selection: Selection) -> Iterator[Problem]:
    pointer = f"{item.pointer}/productOffering/id"
    if selection.tied:
        names = ", ".join(repr(name[:80]) for name in selection.tied)
        message = f"which of several prices is meant is open ({names}); say the place, the term or the billing account"
        yield Problem(pointer, "price.undetermined", message, item.id)
    charges = [price for price in prices if price.kind != DISCOUNT]
    if charges and not any(price.kind != DISCOUNT for price in selection.prices):
        message = (
            "none of the offering's prices is valid now for what is ordered; look at their validity and conditions"
        )
        yield Problem(pointer, "price.none", message, item.id)
    for price in selection.prices:
        if price.kind in _RECURRING and _is_unread(price.document.get("recurringChargePeriodType")):
            message = f"price {price.name[:80]!r} recurs in words that mean no period; {PERIOD_WORDS}"
            yield Problem(pointer, "price.period", message, item.id)


def stated_periods(item: Item) -> Iterator[Problem]:
    """Prices that the client states and that recur in words that mean no period."""
    for index, given in enumerate(objects(item.document, "itemPrice")):
        is_judged = kind_of(given.get("priceType")) in _RECURRING and id_at(given, _RESOURCE) is None
        if is_judged and _is_unread(given.get("recurringChargePeriod")):
            pointer = f"{item.pointer}/itemPrice/{index}/recurringChargePeriod"
            yield Problem(pointer, "price.period", PERIOD_WORDS, item.id)


def _is_unread(word: Any) -> bool:
    return bool(word) and recurring(word) is None


def _lines(item: Item, selection: Selection, outer: list[Selection], found: Found) -> list[Line]:
    """The lines of an item. Discounts of the bundles around it lower its prices too, where they name them."""
    discounts = [price for price in selection.prices if price.kind == DISCOUNT]
    of_wholes = [price for one in outer for price in one.prices if price.kind == DISCOUNT]
    agreed = _agreed(item, found)
    # A discount that some price names is for those prices, wherever else the offering lists it.
    named = {id_of(one) for price in selection.prices for one in lowering(price.document)}
    spent: set[int] = set()
    lines = []
    for price in selection.prices:
        if price.kind == DISCOUNT or (price.kind == ONE_TIME and not is_chosen(item, found)):
            continue  # what is paid once was paid when the product was bought
        if price.id in agreed:
            lines.append(line_kept(agreed[price.id]))
            continue
        own = [one for one in discounts if id(one) not in spent and lowers(one, price, is_own=one.id not in named)]
        # An amount that names no price is taken off once.
        spent |= {id(one) for one in own if one.money is not None and not is_for_named(one) and one.id not in named}
        lines.append(line_of(price, [*own, *(one for one in of_wholes if lowers(one, price, is_own=False))]))
    return lines


def _agreed(item: Item, found: Found) -> dict[str | None, Document]:
    """The prices that a product keeps when it is changed and its offering is not, by the id of the catalogue price."""
    if is_chosen(item, found):
        return {}
    agreed = objects(found.product(item) or {}, "productPrice")
    return {id: one for one in agreed if (id := id_at(one, _RESOURCE)) is not None}


def _other_prices(item: Item, lines: list[Line]) -> Iterator[Problem]:
    """Prices that a client states and that are not those of the catalogue."""
    for index, given in enumerate(objects(item.document, "itemPrice")):
        id, kind = id_at(given, _RESOURCE), plain(given.get("priceType"))
        meant = [
            line.document
            for line in lines
            if (id_at(line.document, _RESOURCE) == id if id else plain(line.document["priceType"]) == kind)
        ]
        price = inner(given, "price")
        if not any(same_amount(price, inner(one, "price")) for one in meant):
            message = "the catalogue has another price; leave it out to take that one, or read the offering again"
            yield Problem(f"{item.pointer}/itemPrice/{index}/price", "price.other", message, item.id)
