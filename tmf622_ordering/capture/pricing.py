"""What an item costs: each price with its tax, what discounts take off, and the sums. Pure; exact until it rounds.

Rounding, once: the price of one piece, its tax and each discount are rounded half-even to the minor unit of their
currency (`common.domain.money.taxed`); what is summed are rounded amounts, so that every sum is exactly that of its
lines. The price of a unit of usage is a rate and is not rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.domain.money import Money, Taxed, money_of, taxed
from common.domain.numbers import whole_number
from common.domain.query import Document
from common.domain.stated_tax import stated_rate, tax_of
from tmf622_ordering.capture.found import lowering
from tmf622_ordering.capture.reading import id_of, inner, objects, plain
from tmf622_ordering.capture.tariff import DISCOUNT, ONE_TIME, RECURRING, USAGE, CatalogPrice, kind_of
from tmf622_ordering.capture.terms import periods_in, unit

# What an order costs; tariffs, allowances and kinds that are free text are shown and not summed.
_SUMMED = frozenset({ONE_TIME, RECURRING})
# Relationships from a discount to what it lowers (ours, and the words of TMF620 v5.0.0); others say something else.
_LOWERS = frozenset({"discounts", "discount", "alters", "alteration", "lowers", "appliesto"})


@dataclass(frozen=True)
class Line:
    """One price of one piece.

    Shapes: `document` is its OrderPrice; `amount` what it adds to a sum, after the discounts that last as long as the
            price does; None when it adds nothing. `rate` is the tax rate it states.
    """

    document: Document
    amount: Taxed | None
    rate: Decimal | None

    @property
    def group(self) -> tuple[str, str, str]:
        """What may be summed: one kind of price, period and currency."""
        assert self.amount is not None, "only what has an amount is summed"
        period = str(self.document.get("recurringChargePeriod", ""))
        return str(self.document["priceType"]), period, self.amount.net.currency


@dataclass(frozen=True)
class _Basis:
    """How a price is taxed and rounded; what lowers it is taxed and rounded the same way."""

    rate: Decimal | None
    is_inclusive: bool
    is_rounded: bool

    def taxed(self, price: Money) -> Taxed:
        return taxed(price, self.rate, is_inclusive=self.is_inclusive, is_rounded=self.is_rounded)

    def price(self, amount: Taxed) -> Money:
        """The amount as its price was written: with its tax or without."""
        return amount.gross if self.is_inclusive and amount.gross is not None else amount.net


def line_of(price: CatalogPrice, discounts: list[CatalogPrice]) -> Line:
    """The OrderPrice of a catalogue price, with what the discounts take off one piece.

    Discounts without an end come first, then by priority and as listed. A percentage is of the price itself; together
    they take no more than all of it. Those of usage are off what is used in a period: only how much is said.
    """
    of, money = price.document, price.money
    document = _described(price, "OrderPrice", of)
    if money is None:
        percentage = {"percentage": of["percentage"]} if of.get("percentage") else {}
        return Line({**document, "price": {"@type": "Price", **percentage}}, None, None)
    rate, is_inclusive = tax_of(of, money)
    basis = _Basis(rate, is_inclusive, is_rounded=price.kind != USAGE)
    whole = basis.taxed(money)
    left = standing = whole
    alterations = []
    order = sorted(enumerate(discounts), key=lambda entry: (_ends(entry[1], price), _priority(entry[1]), entry[0]))
    for position, (_, discount) in enumerate(order, 1):
        if price.kind == USAGE:
            alterations.append(_alteration(discount, price, _off_usage(discount, basis), position))
            continue
        taken = _taken(discount, whole, left, basis)
        left -= taken
        if not _ends(discount, price):
            standing = left
        alterations.append(_alteration(discount, price, taken, position))
    document["price"] = _price(whole, stated_rate(of))
    if alterations:
        document["priceAlteration"] = alterations
    return Line(document, standing if price.kind in _SUMMED else None, stated_rate(of))


def line_kept(agreed: Document) -> Line:
    """A price that was agreed before, on a product (ProductPrice) or by the client (OrderPrice)."""
    document = {name: value for name, value in agreed.items() if name != "billingAccount"} | {"@type": "OrderPrice"}
    amount = _stated(inner(agreed, "price"))
    if amount is not None:
        for off in _standing_discounts(agreed, amount.net.currency):
            amount = _floored(amount, off)
    document["priceType"] = str(agreed.get("priceType", ""))
    is_summed = kind_of(agreed.get("priceType")) in _SUMMED
    return Line(document, amount if is_summed else None, _number(inner(agreed, "price").get("taxRate")))


def _standing_discounts(agreed: Document, currency: str) -> Iterator[Taxed]:
    """What the discounts of an agreed price take off as long as it lasts."""
    for alteration in objects(agreed, "priceAlteration"):
        off = _stated(inner(alteration, "price"))
        is_standing = kind_of(alteration.get("priceType")) == DISCOUNT and not alteration.get("applicationDuration")
        if off is not None and is_standing and off.net.currency == currency:
            yield off if off.net.amount >= 0 else off.times(-1)  # some write discounts as negative amounts


def lowers(discount: CatalogPrice, price: CatalogPrice, *, is_own: bool) -> bool:
    """Whether a discount lowers a price.

    One that names prices lowers those; one that a price names, that price; else those of its own offering (`is_own`)
    that recur as it does. An amount lowers a price in its currency only.
    """
    money, other = discount.money, price.money
    is_share = bool(discount.document.get("percentage"))
    if other is None or not (is_share or (money is not None and money.currency == other.currency)):
        return False
    if is_for_named(discount):
        return price.id is not None and any(id_of(one) == price.id for one in _named(discount))
    if discount.id is not None and any(id_of(one) == discount.id for one in lowering(price.document)):
        return True
    return is_own and price.kind in _SUMMED and _recurs(discount) in (_recurs(price), ("", None))


def is_for_named(discount: CatalogPrice) -> bool:
    """Whether a discount names the prices that it lowers."""
    return bool(_named(discount))


def totals(lines: Iterable[tuple[Line, int]]) -> list[Document]:
    """The sums of lines times how many pieces: one OrderPrice for each kind of price, period and currency."""
    sums: dict[tuple[str, str, str], Taxed] = {}
    rates: dict[tuple[str, str, str], set[Decimal | None]] = {}
    for line, quantity in lines:
        if line.amount is not None:
            amount = line.amount.times(quantity)
            sums[line.group] = sums[line.group] + amount if line.group in sums else amount
            rates.setdefault(line.group, set()).add(line.rate)
    found = []
    for (price_type, period, _), total in sums.items():
        of_all = rates[price_type, period, total.net.currency]
        document: Document = {"@type": "OrderPrice", "priceType": price_type}
        if period:
            document["recurringChargePeriod"] = period
        document["price"] = _price(total, next(iter(of_all)) if len(of_all) == 1 else None)
        found.append(document)
    return found


def same_amount(given: Document, computed: Document) -> bool:
    """Whether a Price that a client states is the one computed, as far as it states one."""
    for name in ("dutyFreeAmount", "taxIncludedAmount"):
        stated, ours = money_of(given.get(name)), money_of(computed.get(name))
        if stated is not None and ours is not None and stated != ours:
            return False
    return True


def _described(price: CatalogPrice, type_name: str, of: Document) -> Document:
    document: Document = {"@type": type_name, "name": price.name}
    if "description" in of:
        document["description"] = of["description"]
    document["priceType"] = str(of.get("priceType", ""))
    if price.reference is not None:
        document["productOfferingPrice"] = price.reference
    period, length = of.get("recurringChargePeriodType"), whole_number(of.get("recurringChargePeriodLength"))
    if isinstance(period, str) and period:
        document["recurringChargePeriod"] = period if length in (None, 0, 1) else f"{length} {period}"
    per = inner(of, "unitOfMeasure")
    if per.get("units"):
        amount = _number(per.get("amount"))
        document["unitOfMeasure"] = str(per["units"]) if amount in (None, 1) else f"{_text(amount)} {per['units']}"
    return document


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def _alteration(discount: CatalogPrice, price: CatalogPrice, taken: Taxed | None, position: int) -> Document:
    document = _described(discount, "PriceAlteration", discount.document)
    document["priority"] = position
    if _ends(discount, price):
        periods = _periods(discount, price)
        if periods is not None:
            document["applicationDuration"] = periods
    rate = stated_rate(price.document)
    percentage = discount.document.get("percentage")
    amounts = {"@type": "Price"} if taken is None else _price(taken, rate)
    document["price"] = {**amounts, **({"percentage": percentage} if percentage else {})}
    return document


def _price(amount: Taxed, rate: Decimal | None) -> Document:
    document: Document = {"@type": "Price", "dutyFreeAmount": amount.net.document()}
    if amount.gross is not None:
        document["taxIncludedAmount"] = amount.gross.document()
    if rate is not None:
        document["taxRate"] = rate
    return document


def _off_usage(discount: CatalogPrice, basis: _Basis) -> Taxed | None:
    """The amount of a discount, with the tax on it; None for a percentage, which takes nobody knows what yet."""
    money = discount.money
    return None if discount.document.get("percentage") or money is None else basis.taxed(abs(money))


def _taken(discount: CatalogPrice, whole: Taxed, left: Taxed, basis: _Basis) -> Taxed:
    """What a discount takes: of its amount, up to its cap, as much as is left, with the tax on it."""
    percentage, money = _number(discount.document.get("percentage")), discount.money
    cap = money_of(discount.document.get("cap"))
    price, remaining = basis.price(whole), basis.price(left)
    wished = abs(price.share(percentage) if percentage else money or price.times(0))
    if cap is not None and cap.currency == wished.currency:
        wished = wished.smaller(cap)
    wished = wished.rounded() if basis.is_rounded else wished
    if remaining.amount <= 0:
        return left.times(0)
    if wished.amount >= remaining.amount:
        return left
    return _within(basis.taxed(wished), left, is_inclusive=basis.is_inclusive)


def _within(taken: Taxed, left: Taxed, *, is_inclusive: bool) -> Taxed:
    """The same price, as it was written, with so much tax that of neither net nor tax more is taken than is left."""
    if taken.tax is None or left.tax is None or taken.gross is None:
        return taken
    tax = taken.tax.smaller(left.tax)
    if not is_inclusive:
        return Taxed(taken.net, tax)
    net = (taken.gross - tax).smaller(left.net)
    return Taxed(net, taken.gross - net)


def _floored(amount: Taxed, off: Taxed) -> Taxed:
    """What is left of an amount; never below zero."""
    if off.net.amount >= amount.net.amount:
        return amount.times(0)
    return amount - _within(off, amount, is_inclusive=False)


def _stated(price: Document) -> Taxed | None:
    """What a Price says; the net price follows from rate and gross where only those are said."""
    net, gross, rate = (money_of(price.get("dutyFreeAmount")), money_of(price.get("taxIncludedAmount")), None)
    rate = _number(price.get("taxRate"))
    if net is None:
        if gross is None:
            return None
        return taxed(gross, rate, is_inclusive=True, is_rounded=True) if rate is not None and rate >= 0 else None
    if gross is not None and gross.currency == net.currency:
        return Taxed(net, gross - net)
    return Taxed(net, None)


def _named(discount: CatalogPrice) -> list[Document]:
    related = objects(discount.document, "popRelationship")
    return [one for one in related if plain(one.get("relationshipType")) in _LOWERS]


def _recurs(price: CatalogPrice) -> tuple[str, Any]:
    of = price.document
    period = unit(of.get("recurringChargePeriodType"))
    return (period, of.get("recurringChargePeriodLength") or 1) if period and price.kind != ONE_TIME else ("", None)


def _priority(discount: CatalogPrice) -> Decimal:
    return _number(discount.document.get("priority")) or Decimal(0)


def _lasting(discount: CatalogPrice) -> Any:
    """How long a discount is given: `applicationDuration` (an extension, as TMF620's examples have it), the
    `durationPeriods` of a DiscountPrice, or its term.
    """
    of, terms = discount.document, objects(discount.document, "productOfferingTerm")
    return of.get("applicationDuration") or of.get("durationPeriods") or (terms[0].get("duration") if terms else None)


def _ends(discount: CatalogPrice, price: CatalogPrice) -> bool:
    """Whether a discount ends before the price does; what is paid once is lowered once."""
    return price.kind != ONE_TIME and bool(_lasting(discount))


def _periods(discount: CatalogPrice, price: CatalogPrice) -> int | None:
    """For how many charge periods a discount is given."""
    lasting = _lasting(discount)
    periods = whole_number(lasting)
    if periods is not None:
        return periods
    if price.kind == USAGE:
        # What is used is lowered by the cycle of the account's bills: a month, unless the account says another.
        return periods_in(lasting, "month", 1)
    length = whole_number(price.document.get("recurringChargePeriodLength")) or 1
    return periods_in(lasting, str(price.document.get("recurringChargePeriodType", "")), length)


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
