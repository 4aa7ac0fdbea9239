"""TMF620 v5.0.0: what the contract of the catalogue cannot say, by resource.

`selling` decides when an offering goes on sale, `trees` that nothing contains itself, `periods` when things are valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

from common.component import DeleteRule, RuleContext
from common.domain.clock import instant_text
from common.domain.query import AllOf, AnyOf, Compare, Document, FieldPath, Kind, Operator
from common.errors import StillInUse
from tmf620_catalog.lifecycle import JOB
from tmf620_catalog.periods import check_periods
from tmf620_catalog.selling import check_sale
from tmf620_catalog.trees import CATEGORIES, OFFERINGS, PRICES, SPECIFICATIONS, check_tree, enumerate_elements

# Money names its currency as ISO 4217 does. Only the form is checked: operators have units of their own (points).
_CURRENCY = re.compile(r"[A-Z]{3}")
_USERS_NAMED_MAX = 5


# What a catalogue entity must satisfy, given what it was before (None for a new one).
Check = Callable[[Document | None, Document, RuleContext], None]


@dataclass(frozen=True)
class EntityRules:
    """One check for new and for changed entities: what must hold does not depend on how it came about."""

    check: Check
    delete: DeleteRule | None = None

    def create(self, document: Document, context: RuleContext) -> None:
        self.check(None, document, context)

    def patch(self, before: Document, after: Document, context: RuleContext) -> None:
        self.check(before, after, context)


def _check_catalog(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)


def _check_category(before: Document | None, document: Document, context: RuleContext) -> None:
    check_periods(document, context)
    check_tree(CATEGORIES, before, document, context)


def _check_specification(before: Document | None, document: Document, context: RuleContext) -> None:
    """Characteristics that some value can satisfy, and no bundle of itself."""
    check_periods(document, context)
    check_tree(SPECIFICATIONS, before, document, context)
    _check_characteristics("productSpecCharacteristic", document, context)


def _check_price(before: Document | None, document: Document, context: RuleContext) -> None:
    """A price that some charge can be computed from."""
    check_periods(document, context)
    check_tree(PRICES, before, document, context)
    check_amounts(document, "", context)


def _check_offering(before: Document | None, document: Document, context: RuleContext) -> None:
    """No bundle of itself, and on sale only with what it takes."""
    check_periods(document, context)
    check_tree(OFFERINGS, before, document, context)
    _check_characteristics("productOfferingCharacteristic", document, context)
    for suffix, price in enumerate_elements(document.get("productOfferingPrice")):
        check_amounts(price, f"/productOfferingPrice{suffix}", context)
    check_sale(before, document, context)


def _delete_specification(document: Document, context: RuleContext) -> None:
    """A specification that a bundle is made of stays.

    The other references to it are protected by `holds`; BundledProductSpecification is no reference by its type.
    """
    _check_parts_unused("productSpecification", document, (("bundledProductSpecification", "id"),), context)


def _delete_price(document: Document, context: RuleContext) -> None:
    """A price that another is made of, or is altered by, stays; its relationships are no references by their type."""
    paths = (("bundledPopRelationship", "id"), ("popRelationship", "id"))
    _check_parts_unused("productOfferingPrice", document, paths, context)


def create_job(document: Document, context: RuleContext) -> None:
    """An import or export job: where it stands and what came of it is the server's to say.

    Source: TMF620 v5.0.0 ImportJob_FVO and ExportJob_FVO, which list the server's attributes; they are ignored.
    """
    document[JOB.attribute] = JOB.initial
    document["creationDate"] = instant_text(context.now)
    for name in ("completionDate", "errorLog"):
        document.pop(name, None)
    for name in ("url", "path"):
        _check_location(name, document.get(name), context)


def check_amounts(price: Document, pointer: str, context: RuleContext) -> None:
    """Refuse a price that means nothing whatever it is for.

    Negative amounts and percentages pass: credits and discounts are written so.
    Source: TMF620 v5.0.0 ProductOfferingPrice, Money (ISO 4217), Quantity.
    """
    money, percentage = _object(price.get("price")), _number(price.get("percentage"))
    unit, value = money.get("unit"), _number(money.get("value"))
    if isinstance(unit, str) and not _CURRENCY.fullmatch(unit):
        context.refuse(
            f"{pointer}/price/unit", "currency", "a currency is three capital letters, as in ISO 4217: EUR, USD"
        )
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


def _check_location(name: str, location: Any, context: RuleContext) -> None:
    """What every place of a file must be; which places are open to jobs is for whoever runs them."""
    if not isinstance(location, str):
        return
    if not location.strip() or not location.isprintable():
        context.refuse(f"/{name}", "location", f"{name} is empty or has characters that cannot be printed")
        return
    try:
        path = urlsplit(location).path
    except ValueError:
        context.refuse(f"/{name}", "location", f"{name} is no URL and no path")
        return
    if ".." in re.split(r"[/\\]", unquote(path)):
        context.refuse(f"/{name}", "location", f"{name} may not lead upwards with '..'")


def _check_parts_unused(
    resource: str, document: Document, paths: tuple[tuple[str, ...], ...], context: RuleContext
) -> None:
    """Errors: StillInUse when others are made of this one and this is its only version."""
    id_path, version_path = FieldPath(("id",), Kind.STRING, False), FieldPath(("version",), Kind.STRING, False)
    is_same = Compare(id_path, Operator.EQ, (document["id"],))
    is_other = Compare(version_path, Operator.NE, (str(document.get("version", "")),))
    if context.library.find(resource, AllOf((is_same, is_other)), 1):
        return
    naming = tuple(Compare(FieldPath(steps, Kind.STRING), Operator.EQ, (document["id"],)) for steps in paths)
    users = context.library.find(resource, AnyOf(naming), _USERS_NAMED_MAX)
    if users:
        raise StillInUse(resource, document["id"], [f"{resource} {user['id']}" for user in users])


def _object(value: Any) -> Document:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


CATALOG = EntityRules(_check_catalog)
CATEGORY = EntityRules(_check_category)
SPECIFICATION = EntityRules(_check_specification, _delete_specification)
PRICE = EntityRules(_check_price, _delete_price)
OFFERING = EntityRules(_check_offering)
