"""TMF620 v5.0.0: what the contract of the catalogue cannot say, by resource.

`selling` decides when an offering goes on sale, `trees` that nothing contains itself, `periods` when things are valid,
`price_plans` what prices of our own types are.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.query import AllOf, Compare, Document, Exists, FieldPath, Kind, Operator
from common.errors import StillInUse
from common.rules import check_currency
from tmf620_catalog.periods import check_periods
from tmf620_catalog.price_plans import (
    check_kept,
    check_offering_prices,
    check_period,
    check_plan,
    check_price_among_others,
)
from tmf620_catalog.selling import check_sale, is_judged_for_sale, made_of
from tmf620_catalog.trees import CATEGORIES, OFFERINGS, PRICES, SPECIFICATIONS, check_tree, enumerate_elements

# Money names its currency as ISO 4217 does. Only the form is checked: operators have units of their own (points).
_USERS_NAMED_MAX = 5


def create_catalog(document: Document, context: RuleContext) -> None:
    """A catalogue has sensible periods."""
    _check_catalog(None, document, context)


def patch_catalog(before: Document, after: Document, context: RuleContext) -> None:
    _check_catalog(before, after, context)


def create_category(document: Document, context: RuleContext) -> None:
    """A category stands in a tree."""
    _check_category(None, document, context)


def patch_category(before: Document, after: Document, context: RuleContext) -> None:
    _check_category(before, after, context)


def create_specification(document: Document, context: RuleContext) -> None:
    """A specification has characteristics that some value can satisfy, and is no bundle of itself."""
    _check_specification(None, document, context)


def patch_specification(before: Document, after: Document, context: RuleContext) -> None:
    _check_specification(before, after, context)


def create_price(document: Document, context: RuleContext) -> None:
    """A price is one that some charge can be computed from."""
    _check_price(None, document, context)


def patch_price(before: Document, after: Document, context: RuleContext) -> None:
    _check_price(before, after, context)


def create_offering(document: Document, context: RuleContext) -> None:
    """An offering is no bundle of itself, and on sale only with what it takes."""
    _check_offering(None, document, context)


def patch_offering(before: Document, after: Document, context: RuleContext) -> None:
    _check_offering(before, after, context)


def _check_catalog(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)


def _check_category(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)
    check_tree(CATEGORIES, before, document, context)


def _check_specification(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)
    check_tree(SPECIFICATIONS, before, document, context)
    _check_characteristics("productSpecCharacteristic", document, context)


def _check_price(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)
    check_tree(PRICES, before, document, context)
    check_amounts(document, "", context)
    check_period(before, document, "", context)
    check_plan(document, "", context)
    if before is not None:
        check_kept(before, document, context)
    check_price_among_others(before, document, context)


def _check_offering(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)
    check_tree(OFFERINGS, before, document, context)
    _check_characteristics("productOfferingCharacteristic", document, context)
    had = [] if before is None else [one for _, one in enumerate_elements(before.get("productOfferingPrice"))]
    for suffix, price in enumerate_elements(document.get("productOfferingPrice")):
        check_amounts(price, f"/productOfferingPrice{suffix}", context)
        check_period(price if price in had else None, price, f"/productOfferingPrice{suffix}", context)
        check_plan(price, f"/productOfferingPrice{suffix}", context)
    has_other_prices = before is None or before.get("productOfferingPrice") != document.get("productOfferingPrice")
    is_judged = is_judged_for_sale(before, document, context)
    if is_judged or has_other_prices:
        context.library.read_ahead(made_of(document))
    if has_other_prices:
        check_offering_prices(document, context)
    if is_judged:
        check_sale(document, context)


def delete_specification(document: Document, context: RuleContext) -> None:
    """A specification that a bundle is made of stays, unless another version of it remains.

    Other references to it are protected by `holds`; a BundledProductSpecification is no reference by its type.
    Errors: StillInUse.
    """
    id, version = document["id"], FieldPath(("version",), Kind.STRING, False)
    is_same = Compare(FieldPath(("id",), Kind.STRING, False), Operator.EQ, (id,))
    # A missing version is unlike every text, so that one without is told from the others by their having one.
    is_other = Compare(version, Operator.NE, (document["version"],)) if "version" in document else Exists(version)
    if context.library.find("productSpecification", AllOf((is_same, is_other)), 1):
        return
    naming = Compare(FieldPath(("bundledProductSpecification", "id"), Kind.STRING), Operator.EQ, (id,))
    users = context.library.find("productSpecification", naming, _USERS_NAMED_MAX)
    if users:
        raise StillInUse("productSpecification", id, [f"productSpecification {user['id']}" for user in users])


def check_amounts(price: Document, pointer: str, context: RuleContext) -> None:
    """Refuse a price that means nothing whatever it is for.

    Negative amounts and percentages pass: credits and discounts are written so.
    Source: TMF620 v5.0.0 ProductOfferingPrice, Money (ISO 4217), Quantity.
    """
    money, percentage = _object(price.get("price")), _number(price.get("percentage"))
    value = _number(money.get("value"))
    check_currency(money.get("unit"), f"{pointer}/price/unit", context)
    if value and percentage:
        context.refuse(f"{pointer}/percentage", "price", "a price is an amount or a percentage; set the other to 0")
    per = _number(_object(price.get("unitOfMeasure")).get("amount"))
    if per is not None and per <= 0:
        context.refuse(f"{pointer}/unitOfMeasure/amount", "price", "a price is for a quantity above 0")
    length = _number(price.get("recurringChargePeriodLength"))
    if length is not None and (length < 0 or (length == 0 and price.get("priceType") == "recurring")):
        context.refuse(f"{pointer}/recurringChargePeriodLength", "price", "a charge recurs after 1 period or more")


def _check_characteristics(name: str, document: Document, context: RuleContext) -> None:
    """Refuse characteristics that no value could satisfy.

    Source: TMF620 v5.0.0 CharacteristicSpecification. A maximum below 1 is how some write "no limit".
    """
    for suffix, characteristic in enumerate_elements(document.get(name)):
        pointer = f"/{name}{suffix}"
        least, most = (_number(characteristic.get(f"{which}Cardinality")) for which in ("min", "max"))
        if least is not None and most is not None and 1 <= most < least:
            context.refuse(
                f"{pointer}/minCardinality", "cardinality", "at least this many is more than at most allowed"
            )
        for at, value in enumerate_elements(characteristic.get("characteristicValueSpecification")):
            start, end = _number(value.get("valueFrom")), _number(value.get("valueTo"))
            if start is not None and end is not None and start > end:
                where = f"{pointer}/characteristicValueSpecification{at}/valueTo"
                context.refuse(where, "range", "a range goes from the smaller value to the larger")


def _object(value: Any) -> Document:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
