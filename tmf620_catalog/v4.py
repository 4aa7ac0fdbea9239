"""How TMF620 v4.1 documents say what the stored v5 documents say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.domain.query import Document
from common.v4.shapes import ApiMapping, Codec, Part, Rename, Shape, inside


def _raised(part: Part, document: Document, beside: Part) -> Document:
    """v4's price of an embedded price: the net amount is the price, the tax a tax item."""
    price = part.get("price")
    if not isinstance(price, dict):
        return {}
    found: Document = {}
    if "dutyFreeAmount" in price:
        found["price"] = price["dutyFreeAmount"]
    if "percentage" in price:
        found["percentage"] = price["percentage"]
    tax = {name: price[name] for name in ("taxCategory", "taxRate") if name in price}
    if tax:
        found["tax"] = [{"@type": "TaxItem", **tax}]
    return found


def _lowered(part: Part, document: Document) -> Document:
    price: Document = {}
    tax: Any = part.get("tax")
    if isinstance(tax, list) and len(tax) == 1 and isinstance(tax[0], dict):
        price |= {name: tax[0][name] for name in ("taxCategory", "taxRate") if name in tax[0]}
    if "percentage" in part:
        price["percentage"] = part["percentage"]
    money = part.get("price")
    if isinstance(money, dict):
        price["dutyFreeAmount"] = money
        rate, value = price.get("taxRate"), money.get("value")
        if isinstance(rate, int | Decimal) and isinstance(value, int | Decimal):
            price["taxIncludedAmount"] = money | {"value": value * (100 + rate) / Decimal(100)}
    return {"price": price} if price else {}


_PRICE = Codec(
    ("price",),
    ("price", "percentage", "tax"),
    _raised,
    _lowered,
    {
        ("price", "dutyFreeAmount"): ("price",),
        ("price", "dutyFreeAmount", "unit"): ("price", "unit"),
        ("price", "dutyFreeAmount", "value"): ("price", "value"),
        ("price", "percentage"): ("percentage",),
        ("price", "taxRate"): ("tax", "taxRate"),
        ("price", "taxCategory"): ("tax", "taxCategory"),
    },
)
_POLICY = Rename("constraint", "policy")

V4 = ApiMapping(
    resources={"catalog": "productCatalog"},
    shapes={
        "Category": Shape((inside("parentId", "parent", "CategoryRef"),)),
        "ProductOfferingPrice": Shape((_POLICY,)),
        "ProductOfferingPriceRefOrValue": Shape(
            (_PRICE, _POLICY, Rename("recurringChargePeriod", "recurringChargePeriodType"))
        ),
        "ProductSpecificationCharacteristic": Shape(
            (
                Rename("productSpecCharacteristicValue", "characteristicValueSpecification"),
                Rename("productSpecCharRelationship", "charSpecRelationship"),
            )
        ),
        "ProductSpecificationCharacteristicRelationship": Shape(
            (Rename("id", "parentSpecificationId"), Rename("href", "parentSpecificationHref"))
        ),
    },
)
