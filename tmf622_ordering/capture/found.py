"""What an order refers to, read once: offerings, prices, specifications, products, accounts and parties.

A handful of look-ups for an order of any length. What is not served here is not in `looked_at` and proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from common.component import RuleContext
from common.domain.periods import covers
from common.domain.query import AllOf, Compare, Document, Exists, FieldPath, Kind, Operator
from tmf622_ordering.capture.reading import id_at, id_of, inner, objects, offering_id, plain, product_id, product_of
from tmf622_ordering.items import Item

# TMF620's catalogue states that are not on sale; others are free text, which only their owner understands.
NOT_ON_SALE = frozenset({"In Study", "In Design", "In Test", "Retired", "Obsolete", "Rejected"})
# Roles of TMF622 relatedParty in which somebody orders for themselves; agents and sellers have others.
_CUSTOMER_ROLES = frozenset({"customer", "buyer", "owner"})
_CUSTOMER = "customer"
# Versions of all catalogue entities of one order that are looked at when the latest is not the one.
_VERSIONS_MAX = 200
# Prices are made of prices and lowered by others: how deep that is followed.
_PRICE_LEVELS_MAX = 4
# Relationships of a price to one that lowers it (examples of TMF620 v5.0.0: discountedBy).
DISCOUNTED_BY = frozenset({"discountedby", "discount", "alteredby", "alteration", "allowance"})


class Party(NamedTuple):
    """A party or party role that the order names: where, and of which resource."""

    pointer: str
    resource: str
    id: str
    is_customer: bool


@dataclass
class Found:
    """The documents behind an order's references.

    Shapes: `documents` has the latest version of each entity; `versions` the versions of those where the latest one
            may not be meant, oldest first.
    """

    now: datetime
    looked_at: set[str] = field(default_factory=set)
    documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    versions: dict[tuple[str, str], list[Document]] = field(default_factory=dict)
    parties: list[Party] = field(default_factory=list)

    def get(self, resource: str, id: str | None) -> Document | None:
        return self.documents.get((resource, id)) if id is not None else None

    def lacks(self, resource: str, id: str | None) -> bool:
        return id is not None and resource in self.looked_at and (resource, id) not in self.documents

    def meant(self, resource: str, reference: Document) -> Document | None:
        """The version that a reference names; where it names none, the latest, or else the newest that is usable now.

        None when nothing is here, or not in that version.
        """
        id = id_of(reference)
        latest = self.get(resource, id)
        if latest is None or id is None:
            return None
        others = self.versions.get((resource, id), [])
        version = reference.get("version")
        if isinstance(version, str) and version and "version" in latest:
            return next((one for one in (latest, *others) if one.get("version") == version), None)
        if self.is_usable(latest):
            return latest
        return next((one for one in reversed(others) if self.is_usable(one)), latest)

    def is_usable(self, document: Document) -> bool:
        """On sale, as far as its state tells, and valid now."""
        return document.get("lifecycleStatus") not in NOT_ON_SALE and covers(document.get("validFor"), self.now)

    def product(self, item: Item) -> Document | None:
        """The product that an item changes, ends or keeps."""
        return self.get("product", product_id(item)) if item.document.get("action") != "add" else None

    def offering(self, item: Item) -> Document | None:
        """The offering that an item names."""
        return self.meant("productOffering", inner(item.document, "productOffering"))

    def offering_had(self, item: Item) -> Document | None:
        """The offering that the item's product was sold as, in any version."""
        return self.get("productOffering", id_at(self.product(item) or {}, "productOffering"))

    def account(self, item: Item, order: Document) -> Document | None:
        """Who pays for an item: its own account, else the order's."""
        return self.get("billingAccount", id_at(item.document, "billingAccount") or id_at(order, "billingAccount"))

    def customers(self) -> list[Document]:
        """Who orders, as far as they are here: customers, and the parties behind them."""
        named = [self.get(party.resource, party.id) for party in self.parties if party.is_customer]
        here = [one for one in named if one is not None]
        behind = [engaged for one in here if (engaged := self._engaged(one)) is not None]
        return [*here, *behind]

    def _engaged(self, customer: Document) -> Document | None:
        id = id_at(customer, "engagedParty")
        return next((self.get(r, id) for r in ("individual", "organization") if self.get(r, id)), None)


def is_chosen(item: Item, found: Found) -> bool:
    """Whether the item newly chooses its offering: what a customer has already may be off sale by now."""
    action = item.document.get("action")
    if action != "modify":
        return action == "add"
    product = found.product(item)
    present = id_at(product or {}, "productOffering")
    return product is not None and offering_id(item) not in (None, present)


def read(order: Document, items: list[Item], context: RuleContext) -> Found:
    """Look up what an order refers to, resource by resource; nothing in reference mode `off`."""
    found = Found(context.now)
    if context.settings.reference_mode == "off":
        return found
    _look_up("product", {product_id(item) for item in items}, found, context)
    accounts = {id_at(holder, "billingAccount") for holder in (order, *(item.document for item in items))}
    _look_up("billingAccount", accounts, found, context)
    _read_parties(order, found, context)
    present = [inner(found.product(item) or {}, "productOffering") for item in items]
    named = [inner(item.document, "productOffering") for item in items]
    _look_up("productOffering", {id_of(reference) for reference in (*present, *named)}, found, context)
    _read_versions("productOffering", named, found, context)
    offerings = [offering for item in items if (offering := found.offering(item)) is not None]
    _read_prices([entry for one in offerings for entry in objects(one, "productOfferingPrice")], found, context)
    specified = [inner(holder, "productSpecification") for holder in (*map(product_of, items), *offerings)]
    specified += [inner(found.product(item) or {}, "productSpecification") for item in items]
    _look_up("productSpecification", {id_of(reference) for reference in specified}, found, context)
    _read_versions("productSpecification", specified, found, context)
    if any("marketSegment" in offering for offering in offerings):
        _read_engaged(found, context)
    return found


def _look_up(resource: str, ids: Iterable[str | None], found: Found, context: RuleContext) -> None:
    if context.library.serves(resource):
        found.looked_at.add(resource)
        wanted = {id for id in ids if id is not None and (resource, id) not in found.documents}
        if wanted:
            documents = context.library.get_many(resource, wanted)
            found.documents |= {(resource, id): document for id, document in documents.items()}


def _read_versions(resource: str, references: list[Document], found: Found, context: RuleContext) -> None:
    """The other versions, only where the latest is not the one that is meant."""
    ids = {id for one in references if (id := id_of(one)) is not None and not _is_latest(resource, one, found)}
    if not ids:
        return
    version, id_path = FieldPath(("version",), Kind.STRING, False), FieldPath(("id",), Kind.STRING, False)
    # A condition on the version is what makes older ones visible.
    where = AllOf((Compare(id_path, Operator.EQ, tuple(sorted(ids))), Exists(version)))
    for document in context.library.find(resource, where, _VERSIONS_MAX):
        found.versions.setdefault((resource, document["id"]), []).append(document)


def _is_latest(resource: str, reference: Document, found: Found) -> bool:
    latest, version = found.get(resource, id_of(reference)), reference.get("version")
    if latest is None:
        return True  # there are no others
    return latest.get("version") == version if version and "version" in latest else found.is_usable(latest)


def _read_prices(references: list[Document], found: Found, context: RuleContext) -> None:
    """The prices that offerings refer to, what those are made of, and what lowers them."""
    level = [*references, *(related for price in references for related in _related(price))]
    for _ in range(_PRICE_LEVELS_MAX):
        level = [one for one in level if id_of(one) is not None]
        if not level:
            return
        _look_up("productOfferingPrice", {id_of(one) for one in level}, found, context)
        _read_versions("productOfferingPrice", level, found, context)
        prices = [price for one in level if (price := found.meant("productOfferingPrice", one)) is not None]
        level = [
            related
            for price in prices
            for related in _related(price)
            if found.get("productOfferingPrice", id_of(related)) is None
        ]


def _related(price: Document) -> list[Document]:
    return [*objects(price, "bundledPopRelationship"), *lowering(price)]


def lowering(price: Document) -> list[Document]:
    """References from a price to those that lower it."""
    related = objects(price, "popRelationship")
    return [one for one in related if plain(one.get("relationshipType")) in DISCOUNTED_BY]


def _read_parties(order: Document, found: Found, context: RuleContext) -> None:
    wanted: dict[str, set[str]] = {}
    for index, related in enumerate(objects(order, "relatedParty")):
        party = inner(related, "partyOrPartyRole")
        id, resource = id_of(party), context.library.owner_of(str(party.get("@referredType", "")))
        if id is not None and resource is not None:
            is_customer = resource == _CUSTOMER or plain(related.get("role")) in _CUSTOMER_ROLES
            found.parties.append(Party(f"/relatedParty/{index}/partyOrPartyRole/id", resource, id, is_customer))
            wanted.setdefault(resource, set()).add(id)
    for resource, ids in wanted.items():
        _look_up(resource, ids, found, context)


def _read_engaged(found: Found, context: RuleContext) -> None:
    """The parties behind the customers."""
    wanted: dict[str, set[str]] = {}
    for customer in found.customers():
        engaged = inner(customer, "engagedParty")
        id, resource = id_of(engaged), context.library.owner_of(str(engaged.get("@referredType", "")))
        if id is not None and resource is not None:
            wanted.setdefault(resource, set()).add(id)
    for resource, ids in wanted.items():
        _look_up(resource, ids, found, context)
