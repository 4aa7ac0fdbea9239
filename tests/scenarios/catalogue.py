"""The small catalogue of the stories, as it is sent to the APIs: three plans, 5G, a telephone, an add-on, two bundles.

Prices are in EUR without tax, the tax is 20 %.
"""

from __future__ import annotations

from typing import Any

from common.domain.query import Document
from tests.client import Suite

_CATALOGUE = "/tmf-api/productCatalogManagement/v5"
_SINCE = {"startDateTime": "2025-01-01T00:00:00Z"}
_ON_SALE = {"lifecycleStatus": "Active", "version": "1.0", "validFor": _SINCE}


def stock(suite: Suite) -> None:
    """Put everything that stories need into an empty suite."""
    for resource, documents in (
        ("productSpecification", _specifications()),
        ("productOfferingPrice", _prices()),
        ("productOffering", _offerings()),
    ):
        for document in documents:
            suite.created(f"{_CATALOGUE}/{resource}", document)
    _anna(suite)


def _specifications() -> list[Document]:
    number = ("LogicalResourceSpecification", "number", "Number")
    sim = ("PhysicalResourceSpecification", "sim", "SIM card")
    esim = ("LogicalResourceSpecification", "esim", "eSIM")
    phone = ("PhysicalResourceSpecification", "phone", "Telephone")
    return [
        _specification("line", [number, sim], ["line"], msisdn=None, iccid=None, speed="100"),
        _specification("line-5g", [number, esim], ["line", "slice"], msisdn=None, iccid=None, speed="1000"),
        _specification("phone", [phone], [], color=None),
        _specification("data", [], ["data"], volume="5 GB"),
        _specification("tv", [], ["tv"]),
        _specification("music", [], ["music"]),
    ]


def _specification(
    id: str, resources: list[tuple[str, str, str]], services: list[str], **values: str | None
) -> Document:
    """Characteristics are texts; the value given is the default."""
    document: Document = {"@type": "ProductSpecification", "id": f"spec-{id}", "name": id, **_ON_SALE}
    if resources:
        document["resourceSpecification"] = [
            {"@type": "ResourceSpecificationRef", "id": f"res-{id}", "name": name, "@referredType": kind}
            for kind, id, name in resources
        ]
    if services:
        document["serviceSpecification"] = [
            {
                "@type": "ServiceSpecificationRef",
                "id": f"svc-{id}",
                "name": id,
                "@referredType": "CustomerFacingServiceSpecification",
            }
            for id in services
        ]
    document["productSpecCharacteristic"] = [_characteristic(name, value) for name, value in values.items()]
    return document if values else {key: value for key, value in document.items() if value != []}


def _characteristic(name: str, default: str | None) -> Document:
    document: Document = {
        "@type": "CharacteristicSpecification",
        "id": f"char-{name}",
        "name": name,
        "valueType": "string",
        "configurable": True,
        "minCardinality": 0,
        "maxCardinality": 1,
        "extensible": True,
    }
    if default is not None:
        value = {"@type": "StringCharacteristicValueSpecification", "valueType": "string", "value": default}
        document["characteristicValueSpecification"] = [{**value, "isDefault": True}]
    return document


def _prices() -> list[Document]:
    return [
        _price("activation", "oneTime", 8),
        *(_price(id, "recurring", value) for id, value in (("s", 10), ("m", 20), ("l", 30), ("5g", 40), ("data", 5))),
        _price("phone", "oneTime", 300),
        _price("home", "oneTime", 50),
        *(_price(id, "recurring", value) for id, value in (("tv", 12), ("music", 6))),
        _price("megabyte", "usage", 0.01, unitOfMeasure={"amount": 1, "units": "MB"}),
        {
            **_price("welcome", "discount", None),
            "percentage": 10,
            "popRelationship": [
                {"@type": "ProductOfferingPriceRelationship", "id": "price-m", "relationshipType": "discounts"}
            ],
        },
    ]


def _price(id: str, kind: str, value: Any, **attributes: Any) -> Document:
    document: Document = {
        "@type": "ProductOfferingPrice",
        "id": f"price-{id}",
        "name": id,
        "priceType": kind,
        "isBundle": False,
        **_ON_SALE,
        **attributes,
    }
    if value is not None:
        document["price"] = {"unit": "EUR", "value": value}
        document["tax"] = [{"@type": "TaxItem", "taxCategory": "VAT", "taxRate": 20}]
    if kind == "recurring":
        document |= {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1}
    return document


def _offerings() -> list[Document]:
    return [
        _offering("plan-s", "Plan S", "line", ["activation", "s"]),
        _offering("plan-m", "Plan M", "line", ["activation", "m", "megabyte", "welcome"]),
        _offering("plan-l", "Plan L", "line", ["activation", "l"]),
        _offering("plan-5g", "Plan 5G", "line-5g", ["5g"]),
        _offering("phone", "Phone", "phone", ["phone"]),
        _offering("data", "Data", "data", ["data"]),
        _offering("tv", "TV", "tv", ["tv"], isSellable=False),
        _offering("music", "Music", "music", ["music"], isSellable=False),
        {
            **_offering("home", "Home", None, ["home"]),
            "isBundle": True,
            "bundledProductOffering": [_part("plan-m", "Plan M", 1)],
            "bundledGroupProductOffering": [
                {
                    "@type": "BundledGroupProductOffering",
                    "id": "group-extra",
                    "name": "one of",
                    "bundledGroupProductOfferingOption": {
                        "@type": "BundledGroupProductOfferingOption",
                        "numberRelOfferLowerLimit": 1,
                        "numberRelOfferUpperLimit": 1,
                    },
                    "bundledProductOffering": [_part("tv", "TV", 0), _part("music", "Music", 0)],
                }
            ],
        },
    ]


def _part(id: str, name: str, least: int) -> Document:
    return {
        "@type": "BundledProductOffering",
        "id": id,
        "name": name,
        "@referredType": "ProductOffering",
        "bundledProductOfferingOption": {
            "@type": "BundledProductOfferingOption",
            "numberRelOfferLowerLimit": least,
            "numberRelOfferUpperLimit": 1,
        },
    }


def _offering(id: str, name: str, specification: str | None, prices: list[str], **attributes: Any) -> Document:
    document: Document = {
        "@type": "ProductOffering",
        "id": id,
        "name": name,
        "isBundle": False,
        "isSellable": True,
        **_ON_SALE,
        **attributes,
        "productOfferingPrice": [
            {
                "@type": "ProductOfferingPriceRef",
                "id": f"price-{price}",
                "name": price,
                "@referredType": "ProductOfferingPrice",
            }
            for price in prices
        ],
    }
    if specification is not None:
        document["productSpecification"] = {
            "@type": "ProductSpecificationRef",
            "id": f"spec-{specification}",
            "name": specification,
            "@referredType": "ProductSpecification",
        }
    return document


def _anna(suite: Suite) -> None:
    person = {"@type": "PartyRef", "id": "anna", "name": "Anna", "@referredType": "Individual"}
    owner = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": person}
    for path, document in (
        (
            "/tmf-api/party/v5/individual",
            {"@type": "Individual", "id": "anna", "givenName": "Anna", "familyName": "Berg"},
        ),
        (
            "/tmf-api/customerManagement/v5/customer",
            {"@type": "Customer", "id": "cust-anna", "name": "Anna", "role": "Customer", "engagedParty": person},
        ),
        (
            "/tmf-api/accountManagement/v5/billingAccount",
            {
                "@type": "BillingAccount",
                "id": "acc-anna",
                "name": "Anna",
                "accountType": "billing",
                "state": "Active",
                "relatedParty": [owner],
            },
        ),
    ):
        suite.created(path, document)
