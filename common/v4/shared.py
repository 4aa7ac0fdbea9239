"""The value types that all APIs share and v4 writes differently; no resource is named here.

Source: the official v4 and v5 documents, compared type by type; ../docs/versions.md has the table in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.domain.query import Document
from common.v4.shapes import Flatten, Nest, Rename, Rule, Shape, Shapes, Shown, Told, TypeOf, inside

# Roles by which v4 clients refer to a party without the word Role.
_ROLES = frozenset({"BusinessPartner", "Consumer", "Customer", "Partner", "Producer", "Supplier", "Vendor"})
_REFERRING = ("id", "href", "name", "@referredType")


def party_type(document: Document) -> str:
    """Whether a related party is a party or one in a role, by what v4 says it refers to."""
    referred = document.get("@referredType")
    is_role = isinstance(referred, str) and (referred.endswith("Role") or referred in _ROLES)
    return "PartyRoleRef" if is_role else "PartyRef"


def place_type(document: Document) -> str:
    """A place is referred to by an id; v4 describes one without in no further members."""
    return "PlaceRef" if "id" in document else "Place"


_VALUE_TYPES: Mapping[type, str] = {
    bool: "Boolean",
    str: "String",
    int: "Integer",
    Decimal: "Number",
    dict: "Object",
}


def by_value(base: str) -> TypeOf:
    """The typed variant of a characteristic by the JSON type of its value; the base where there is none."""

    def type_of(document: Document) -> str:
        value = document.get("value")
        if not isinstance(value, list):
            return _VALUE_TYPES.get(type(value), "") + base
        kinds = {_VALUE_TYPES.get(type(element), "") for element in value}
        if kinds == {"Integer", "Number"}:
            kinds = {"Number"}
        return f"{kinds.pop()}Array{base}" if len(kinds) == 1 and "" not in kinds else base

    return type_of


_MEDIA = (
    ("emailAddress", "EmailContactMedium"),
    ("phoneNumber", "PhoneContactMedium"),
    ("faxNumber", "FaxContactMedium"),
    ("socialNetworkId", "SocialContactMedium"),
)
_ADDRESS = ("street1", "street2", "city", "postCode", "stateOrProvince", "country")


def medium_type(document: Document) -> str:
    """The type of a contact medium by what is filled; an address counts before what is written on it."""
    filled: Any = document.get("characteristic")
    if not isinstance(filled, dict):
        return "ContactMedium"
    if any(name in filled for name in _ADDRESS):
        return "GeographicAddressContactMedium"
    return next((kind for name, kind in _MEDIA if name in filled), "ContactMedium")


_MEDIUM_MEMBERS = ("contactType", *_ADDRESS, *(name for name, _ in _MEDIA))

# What v4 calls a medium of each v5 type.
_MEDIUM_NAMES = {
    "EmailContactMedium": "email",
    "PhoneContactMedium": "phone",
    "FaxContactMedium": "fax",
    "SocialContactMedium": "socialNetwork",
    "GeographicAddressContactMedium": "postalAddress",
    "ContactMedium": "other",
}


def related_party(*rules: Rule) -> Shape:
    """v4's related party; `rules` are for the reference to the party itself."""
    rules = (Told("@referredType", "@type", ending="Ref"), *rules)
    return Shape((Nest("partyOrPartyRole", _REFERRING, Shape(rules, party_type)), *rules))


_PARTY = related_party()
_CHARACTERISTIC = Shape(type_of=by_value("Characteristic"))

SHARED: Shapes = {
    "RelatedParty": _PARTY,
    "RelatedPartyRef": _PARTY,
    "RelatedPlaceRefOrValue": Shape((Nest("place", _REFERRING, Shape(type_of=place_type)),)),
    "RelatedChannel": Shape((Nest("channel", _REFERRING, Shape()),)),
    "Characteristic": _CHARACTERISTIC,
    "AppliedBillingRateCharacteristic": _CHARACTERISTIC,
    "UsageCharacteristic": _CHARACTERISTIC,
    "CharacteristicValueSpecification": Shape(type_of=by_value("CharacteristicValueSpecification")),
    "ContactMedium": Shape(
        (Flatten("characteristic", {name: name for name in _MEDIUM_MEMBERS}), Shown("mediumType", _MEDIUM_NAMES)),
        medium_type,
    ),
    "ExternalReference": Shape((Rename("name", "id"), Rename("externalReferenceType", "externalIdentifierType"))),
    "ProductRelationship": Shape((Flatten("product", {name: name for name in _REFERRING}),)),
    "RelatedProductOrderItem": Shape((Rename("productOrderId", "orderId"), Rename("productOrderHref", "orderHref"))),
    "ProductPrice": Shape((Rename("productPriceAlteration", "priceAlteration"),)),
    "AgreementItemRef": Shape(
        (Rename("id", "agreementId"), Rename("href", "agreementHref"), Rename("name", "agreementName"))
    ),
    "TargetProductSchema": Shape(typed=False),
}

EXTERNAL_ID = inside("externalId", "externalId", "ExternalIdentifier", many=True)
