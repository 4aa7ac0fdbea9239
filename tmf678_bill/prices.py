"""From the `productPrice` of a product to what the engine charges by.

The amount is what was agreed (the entry's), the terms are those of the price document that the entry means (`terms`):
our extension types say them; a plain price of the standard has the usual ones (docs/billing.md). Prices of kinds that
are not charged by themselves (allowances, tariffs of usage) are left out; `usage_terms` says how usage is taxed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from common.component import RuleContext
from common.domain.cycles import CycleUnit, recurring
from common.domain.money import Money, money_of
from common.domain.numbers import whole_number
from common.domain.query import Document
from common.domain.stated_tax import category_of, stated_rate, tax_of
from tmf678_bill.billing.values import (
    AgreedPrice,
    Anchor,
    ChargedOn,
    Discount,
    Kind,
    Recurrence,
    TaxClass,
)

_LETTERS = re.compile(r"[^a-z]")
_KINDS = {
    **dict.fromkeys(("onetime", "nonrecurring", "nonrecurrent", "oneoff", "once"), Kind.ONE_TIME),
    **dict.fromkeys(("recurring", "recurrent", "recurringcharge", "recurringfee"), Kind.RECURRING),
    **dict.fromkeys(("usage", "usagecharge", "payperuse"), Kind.USAGE),
    **dict.fromkeys(("discount", "pricealteration"), Kind.DISCOUNT),
    "commitment": Kind.COMMITMENT,
}
_NO_TERMS: Document = {}
_One = TypeVar("_One", AgreedPrice, Discount)


@dataclass(frozen=True)
class UsageTerms:
    """What of a usage price matters on a bill. Shapes: `version` is "" where the price has none, as its lines say."""

    name: str
    tax: TaxClass
    discounts: tuple[Discount, ...]
    currency: str | None = None
    version: str = ""


class Terms:
    """The price documents of entries and of their alterations, asked for all at once and each once."""

    def __init__(self, context: RuleContext) -> None:
        self._library = context.library
        self._sold = context.offered("soldPrices") if context.offered is not None else None
        self._meant: dict[tuple[Any, Any], Document | None] = {}

    def learn(self, entries: Iterable[Document]) -> None:
        """Ask for what these entries mean."""
        named = [entry for entry in _with_alterations(entries) if _reference(entry) not in self._meant]
        meant = self._sold.meant(named, self._library) if self._sold is not None and named else [None] * len(named)
        self._meant |= {_reference(entry): document for entry, document in zip(named, meant, strict=True)}

    def of(self, entry: Mapping[str, Any]) -> Document:
        """The price document of an entry; what stands in the entry itself, when there is no other."""
        own = entry.get("productOfferingPrice")
        return self._meant.get(_reference(entry)) or (own if isinstance(own, dict) else _NO_TERMS)


def agreed_prices(entries: Iterable[Document], terms: Terms) -> tuple[AgreedPrice, ...]:
    """The prices of a product that it is charged by itself, in their order."""
    found = []
    for position, entry in enumerate(entries):
        kind = _kind(entry, terms.of(entry))
        if kind is not None and kind is not Kind.USAGE:
            price = _price(kind, entry, position, terms)
            found += [price] if price is not None else []
    return tuple(found)


def usage_terms(entries: Iterable[Document], terms: Terms) -> Iterator[tuple[str, UsageTerms]]:
    """How usage by each price of a product is taxed, by the price's id."""
    for position, entry in enumerate(entries):
        document = terms.of(entry)
        if document.get("@type") not in ("UsagePrice", "AllowancePrice") and _kind(entry, document) is not Kind.USAGE:
            continue
        money = _first_money(document)
        tax = _tax(entry, document, money)
        discounts = _discounts(entry, terms, is_inclusive=tax.is_inclusive)
        currency = None if money is None else money.currency
        found = UsageTerms(_name(entry, document), tax, discounts, currency, str(document.get("version") or ""))
        yield str(document.get("id") or _key(entry, position)), found


def _price(kind: Kind, entry: Document, position: int, terms: Terms) -> AgreedPrice | None:
    document = terms.of(entry)
    stated = _stated(entry)
    whole = stated or money_of(document.get("price"))
    tax = _tax(entry, document, whole)
    amount = _amount(entry, document, is_inclusive=tax.is_inclusive)
    discounts = _discounts(entry, terms, is_inclusive=tax.is_inclusive)
    key, id, version = _key(entry, position), _id(entry, document), _version(entry, document)
    name = _name(entry, document)
    if kind is Kind.DISCOUNT:
        own = _discount(entry, document, key, 1, is_inclusive=tax.is_inclusive)
        if own is None:
            return None
        return AgreedPrice(key, kind, name, None, tax, _recurrence_or_none(entry, document), discounts=(own,),
                           id=id, version=version)  # fmt: skip
    if amount is None:
        return None
    if kind is Kind.COMMITMENT:
        name = str(document.get("trueUpName") or name)
        return AgreedPrice(key, kind, name, amount, tax, _period(document.get("period")), id=id, version=version)
    recurrence = _recurrence(entry, document) if kind is Kind.RECURRING else None
    charged_on = _choice(ChargedOn, document.get("chargedOn"), ChargedOn.ACTIVATION)
    return AgreedPrice(key, kind, name, amount, tax, recurrence, charged_on, discounts, id, version)


# -- keys --------------------------------------------------------------------------------------------------------------


def keys_kept(lists: Iterable[tuple[AgreedPrice, ...]]) -> list[tuple[AgreedPrice, ...]]:
    """The prices that a product had, one list after the other, each under the key that it had at first.

    A price by value, and a discount by value of any price, is called by its name and place: by the place that it had
    when it came, wherever a later list has it. Of several with one name the first is the first.
    """
    names: _Names = {}
    return [tuple(_renamed(price, names, nth) for price, nth in _counted(one)) for one in lists]


# The key of each thing by value that was seen: by what it belongs to, its kind and name, and which of that name it is.
_Names = dict[tuple[str, str, str, int], str]


def _renamed(price: AgreedPrice, names: _Names, nth: int) -> AgreedPrice:
    if price.id is not None and all(one.id is not None for one in price.discounts):
        return price
    key = price.key if price.id is not None else _first_key("", price.kind.value, price, names, nth)
    if price.kind is Kind.DISCOUNT:
        return replace(price, key=key, discounts=tuple(replace(one, key=key) for one in price.discounts))
    discounts = tuple(
        one if one.id is not None else replace(one, key=_first_key(key, Kind.DISCOUNT.value, one, names, at))
        for one, at in _counted(price.discounts)
    )
    return replace(price, key=key, discounts=discounts)


def _first_key(of: str, kind: str, one: AgreedPrice | Discount, names: _Names, nth: int) -> str:
    found = names.get((of, kind, one.name, nth))
    if found is None:
        taken = {key for (owner, *_), key in names.items() if owner == of}
        name, _, place = one.key.rpartition("#")
        found = next(key for at in count(int(place)) if (key := f"{name}#{at}") not in taken)
        names[of, kind, one.name, nth] = found
    return found


def _counted(listed: Iterable[_One]) -> Iterator[tuple[_One, int]]:
    """Each with how many of its kind and name came before it."""
    seen: Counter[tuple[Any, str]] = Counter()
    for one in listed:
        same = (getattr(one, "kind", None), one.name)
        yield one, seen[same]
        seen[same] += 1


# -- amounts and taxes ------------------------------------------------------------------------------------------------


def _stated(entry: Document) -> Money | None:
    price = entry.get("price")
    price = price if isinstance(price, dict) else {}
    return money_of(price.get("dutyFreeAmount")) or money_of(price.get("taxIncludedAmount"))


def _amount(entry: Document, document: Document, *, is_inclusive: bool) -> Money | None:
    """As the price is written: with its tax or without."""
    price = entry.get("price")
    price = price if isinstance(price, dict) else {}
    stated = money_of(price.get("taxIncludedAmount" if is_inclusive else "dutyFreeAmount"))
    if stated is None and _stated(entry) is None:
        stated = money_of(document.get("price"))
    return stated


def _tax(entry: Document, document: Document, money: Money | None) -> TaxClass:
    price = entry.get("price")
    price = price if isinstance(price, dict) else {}
    agreed = _number(price.get("taxRate"))
    own = money_of(document.get("price")) or money
    rate, is_inclusive = tax_of(document, own) if own is not None else (stated_rate(document), False)
    if money_of(price.get("dutyFreeAmount")) is None and money_of(price.get("taxIncludedAmount")) is not None:
        is_inclusive = True
    return TaxClass(category_of(document), rate if rate is not None else agreed, is_inclusive)


def _discounts(entry: Document, terms: Terms, *, is_inclusive: bool) -> tuple[Discount, ...]:
    """The agreed alterations of a price that lower it."""
    found = []
    for position, alteration in enumerate(entry.get("priceAlteration", ())):
        document = terms.of(alteration)
        if _kind(alteration, document) is not Kind.DISCOUNT:
            continue
        order = whole_number(alteration.get("priority"))
        order = position + 1 if order is None else order
        key = _key(alteration, position)
        discount = _discount(alteration, document, key, order, is_inclusive=is_inclusive)
        found += [discount] if discount is not None else []
    return tuple(found)


def _discount(entry: Document, document: Document, key: str, order: int, *, is_inclusive: bool) -> Discount | None:
    price = entry.get("price")
    price = price if isinstance(price, dict) else {}
    percentage = _number(price.get("percentage")) or _number(document.get("percentage"))
    amount = _amount(entry, document, is_inclusive=is_inclusive)
    if amount is not None and amount.is_zero:
        amount = None
    if percentage is None and amount is None:
        return None
    periods = whole_number(entry.get("applicationDuration") or document.get("durationPeriods"))
    return Discount(
        key=key,
        name=_name(entry, document),
        percentage=None if percentage is None else abs(percentage),
        amount=None if amount is None else abs(amount),
        order=order,
        periods=periods if periods is not None and periods > 0 else None,
        cap=money_of(document.get("cap")),
        is_floored=document.get("isFlooredAtZero") is not False,
        id=_id(entry, document),
        version=_version(entry, document),
    )


def _first_money(document: Document) -> Money | None:
    """An amount of a usage price: its own, or that of its first tier or rate."""
    parts = [document, *document.get("tier", ()), *document.get("rate", ())]
    return next((money for one in parts if (money := money_of(one.get("price"))) is not None), None)


# -- terms ------------------------------------------------------------------------------------------------------------


def _recurrence(entry: Document, document: Document) -> Recurrence:
    unit, count = _every(entry, document) or (CycleUnit.MONTH, 1)
    return Recurrence(
        unit,
        count,
        in_advance=document.get("inAdvance") is True,
        is_prorated=document.get("proration") != "none",
        anchor=_choice(Anchor, document.get("anchor"), Anchor.CYCLE),
    )


def _recurrence_or_none(entry: Document, document: Document) -> Recurrence | None:
    found = _every(entry, document)
    return None if found is None else Recurrence(*found)


def _every(entry: Document, document: Document) -> tuple[CycleUnit, int] | None:
    """How often: as the price says, else as the agreement does; None where neither says, 0 times where nobody knows."""
    said, agreed = document.get("recurringChargePeriodType"), entry.get("recurringChargePeriod")
    found = recurring(said)
    if found is not None:
        length = whole_number(document.get("recurringChargePeriodLength"))
        return found[0], found[1] * (length if length is not None and length > 0 else 1)
    return recurring(agreed) or ((CycleUnit.MONTH, 0) if said or agreed else None)


def _period(period: Any) -> Recurrence:
    """The periods of a commitment, in arrears."""
    if not isinstance(period, Mapping):
        return Recurrence()
    unit, count = recurring(period.get("units")) or (CycleUnit.MONTH, 0)
    amount = whole_number(period.get("amount")) or 1
    return Recurrence(unit, count * amount, anchor=_choice(Anchor, period.get("anchor"), Anchor.CYCLE))


def _kind(entry: Document, document: Document) -> Kind | None:
    for one in (document.get("priceType"), entry.get("priceType")):
        kind = _KINDS.get(_LETTERS.sub("", str(one or "").casefold()))
        if kind is not None:
            return kind
    return None


def _key(entry: Document, position: int) -> str:
    """What tells a price from the others of its list; `keys_kept` makes it tell them for ever."""
    named = entry.get("productOfferingPrice")
    id = named.get("id") if isinstance(named, dict) else None
    if isinstance(id, str):
        return f"{id}:{named.get('version') or ''}"  # type: ignore[union-attr]
    return f"{entry.get('name') or ''}#{position}"


def _name(entry: Document, document: Document) -> str:
    return str(entry.get("name") or document.get("name") or document.get("id") or "")


def _id(entry: Document, document: Document) -> str | None:
    named = entry.get("productOfferingPrice")
    id = document.get("id") or (named.get("id") if isinstance(named, dict) else None)
    return id if isinstance(id, str) else None


def _version(entry: Document, document: Document) -> str | None:
    named = entry.get("productOfferingPrice")
    version = document.get("version") or (named.get("version") if isinstance(named, dict) else None)
    return version if isinstance(version, str) else None


def _choice(kind: Any, given: Any, usual: Any) -> Any:
    return kind(given) if given in [one.value for one in kind] else usual


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _reference(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    named = entry.get("productOfferingPrice")
    return (named.get("id"), named.get("version")) if isinstance(named, dict) else (None, None)


def _with_alterations(entries: Iterable[Document]) -> Iterator[Document]:
    for entry in entries:
        yield entry
        yield from (one for one in entry.get("priceAlteration", ()) if isinstance(one, dict))
