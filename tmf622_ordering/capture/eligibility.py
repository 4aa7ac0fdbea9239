"""Whether an offering may be ordered now, so, by this customer, here: what the catalogue says of its sale.

Only what is proved counts: a condition that the order says nothing about passes. Policies, agreements and service
levels are references to what no API of the suite keeps, and prove nothing (docs/ordering.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from common.domain.periods import covers
from common.domain.query import Document
from tmf622_ordering.capture.found import NOT_ON_SALE, Found, is_chosen
from tmf622_ordering.capture.problem import Problem
from tmf622_ordering.capture.reading import action_of, id_of, inner, objects, offering_id, plain, product_of
from tmf622_ordering.items import Item

# The characteristic of a customer or party, or extension attribute, that says to which segments it belongs.
_SEGMENT = "marketSegment"
# TMF620 v5.0.0 describes `allowedAction` with "Remove", TMF622 calls it delete.
_ACTION_NAMES = {"remove": "delete", "terminate": "delete", "change": "modify"}
# Parts of an address by value that a place may be named by.
_ADDRESS_PARTS = ("name", "country", "stateOrProvince", "city", "locality", "postcode")
# States in which nobody orders: TMF629 (our table), TMF632 v5.0.0 OrganizationStateType and IndividualStateType.
_ENDED_PARTIES = {
    "customer": frozenset({"Terminated"}),
    "organization": frozenset({"closed"}),
    "individual": frozenset({"deceased"}),
}
_CLOSED_ACCOUNT = "Closed"


@dataclass(frozen=True)
class Circumstances:
    """How and where an item is ordered, and by whom; empty where the order does not tell."""

    channels: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    places: tuple[Document, ...] = ()


def circumstances(order: Document, item: Item, wholes: list[Item], found: Found) -> Circumstances:
    """What the order says of an item; a part is where its bundle is, unless it says where."""
    channels = {id for one in objects(order, "channel") if (id := id_of(inner(one, "channel"))) is not None}
    located = [[inner(one, "place") for one in objects(product_of(each), "place")] for each in (item, *wholes)]
    places = next((listed for listed in located if listed), [])
    segments = {name for one in found.customers() for name in _segments(one)}
    return Circumstances(frozenset(channels), frozenset(segments), tuple(places))


def eligibility(item: Item, around: Circumstances, is_bundled: bool, found: Found) -> Iterator[Problem]:
    """What is wrong with ordering this offering; for a product that stays as sold only the action is looked at."""
    yield from _action(item, around, found)
    if is_chosen(item, found):
        yield from _sale(item, is_bundled, found)
        offering = found.offering(item)
        if offering is not None:
            yield from _conditions(item, offering, around)


def _action(item: Item, around: Circumstances, found: Found) -> Iterator[Problem]:
    """Source: TMF620 v5.0.0 ProductOffering.allowedAction: what may be done with products of the offering."""
    action = action_of(item)
    offering = found.offering(item) if action == "add" else found.offering_had(item) or found.offering(item)
    allowed = objects(offering or {}, "allowedAction")
    if offering is None or not allowed or action == "noChange":
        return
    fitting = [
        one
        for one in allowed
        if _ACTION_NAMES.get(plain(one.get("action")), plain(one.get("action"))) == plain(action)
        and covers(one.get("validFor"), found.now)
    ]
    pointer = f"{item.pointer}/action"
    if not fitting:
        named = ", ".join(sorted({str(one.get("action"))[:40] for one in allowed}))
        message = f"offering {offering['id']!r} allows {named} at this time, not {action}"
        yield Problem(pointer, "action.not-allowed", message, item.id)
    elif all(is_named(objects(one, "channel"), around.channels) is False for one in fitting):
        message = f"offering {offering['id']!r} allows {action} through other channels only"
        yield Problem(pointer, "action.not-allowed", message, item.id)


def _sale(item: Item, is_bundled: bool, found: Found) -> Iterator[Problem]:
    reference, pointer = inner(item.document, "productOffering"), f"{item.pointer}/productOffering/id"
    id, offering = offering_id(item), found.offering(item)
    if found.lacks("productOffering", id):
        yield Problem(pointer, "offering.unknown", f"there is no productOffering {id!r}", item.id)
    elif offering is None and found.get("productOffering", id) is not None:
        message = f"there is no version {str(reference.get('version'))[:40]!r} of productOffering {id!r}"
        yield Problem(pointer, "offering.unknown", message, item.id)
    if offering is None:
        return
    status = offering.get("lifecycleStatus")
    if status in NOT_ON_SALE:
        message = f"offering {id!r} is {status}; only Active and Launched ones are sold"
        yield Problem(pointer, "offering.not-on-sale", message, item.id)
    if offering.get("isSellable") is False and not is_bundled:
        yield Problem(pointer, "offering.not-sellable", f"offering {id!r} is sold as part of a bundle only", item.id)
    if not covers(offering.get("validFor"), found.now):
        yield Problem(pointer, "offering.not-valid", f"offering {id!r} is not valid at {found.now:%Y-%m-%d}", item.id)


def _conditions(item: Item, offering: Document, around: Circumstances) -> Iterator[Problem]:
    pointer, id = f"{item.pointer}/productOffering/id", str(offering["id"])
    if is_named(objects(offering, "channel"), around.channels) is False:
        names = _names(objects(offering, "channel"))
        yield Problem(pointer, "channel.not-offered", f"offering {id!r} is sold through: {names}", item.id)
    if is_named(objects(offering, _SEGMENT), around.segments) is False:
        names = _names(objects(offering, _SEGMENT))
        yield Problem(pointer, "segment.not-offered", f"offering {id!r} is for: {names}", item.id)
    if is_placed(objects(offering, "place"), around.places) is False:
        names = _names(objects(offering, "place"))
        yield Problem(f"{item.pointer}/product/place", "place.not-offered", f"{id!r} is sold at: {names}", item.id)


def is_named(wanted: list[Document], known: Iterable[str]) -> bool | None:
    """Whether one of the references is among the known ids or names; None where one side says nothing."""
    have = {one.casefold() for one in known}
    if not wanted or not have:
        return None
    return any(str(one.get(name, "")).casefold() in have for one in wanted for name in ("id", "name"))


def is_placed(wanted: list[Document], places: Iterable[Document]) -> bool | None:
    """Whether one of the places is one that is wanted.

    A place is one by its id, or by the name of a part of its address. It is surely none only when both are
    references to the same kind of place: whether an address lies in a region is not known here, so None.
    """
    have = list(places)
    if not wanted or not have:
        return None
    if any(_is_place(one, place) for one in wanted for place in have):
        return True
    is_sure = all(_is_comparable(one, place) for one in wanted for place in have)
    return False if is_sure else None


def _is_place(wanted: Document, place: Document) -> bool:
    if id_of(wanted) is not None and id_of(wanted) == id_of(place):
        return True
    name = str(wanted.get("name", "")).casefold()
    parts = [str(place.get(part, "")).casefold() for part in _ADDRESS_PARTS]
    codes = [str(code.get("value", "")).casefold() for code in objects(place, "countryCode")]
    return bool(name) and name in (*parts, *codes)


def _is_comparable(wanted: Document, place: Document) -> bool:
    kinds = [one.get("@referredType") for one in (wanted, place)]
    is_same = None in kinds or kinds[0] == kinds[1]
    is_value = any(part in place for part in _ADDRESS_PARTS[1:])
    return is_same and not is_value and id_of(place) is not None and id_of(wanted) is not None


def _segments(customer: Document) -> Iterator[str]:
    """Ids and names of the segments that a customer or party says it belongs to."""
    values: list[Any] = [customer.get(_SEGMENT)]
    for name in ("characteristic", "partyCharacteristic"):
        values += [one.get("value") for one in objects(customer, name) if plain(one.get("name")) == plain(_SEGMENT)]
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield one
            elif isinstance(one, dict):
                yield from (one[part] for part in ("id", "name") if isinstance(one.get(part), str))


def _names(references: list[Document]) -> str:
    return ", ".join(str(one.get("name") or one.get("id"))[:80] for one in references)


def parties(found: Found, *, is_buying: bool) -> Iterator[Problem]:
    """Parties that are not here, or that can buy nothing any more; what they have they may still give up."""
    for party in found.parties:
        if found.lacks(party.resource, party.id):
            message = f"there is no {party.resource} {party.id[:80]!r}"
            yield Problem(party.pointer, "party.unknown", message)
        document = found.get(party.resource, party.id) or {}
        if is_buying and party.is_customer and document.get("status") in _ENDED_PARTIES.get(party.resource, ()):
            message = f"{party.resource} {party.id[:80]!r} is {document['status']}"
            yield Problem(party.pointer, "party.ended", message)


def account(holder: Document, pointer: str, item_id: str | None, found: Found, *, is_buying: bool) -> Iterator[Problem]:
    """The billing account that an order or item names is here, and open for what is bought."""
    id = id_of(inner(holder, "billingAccount"))
    at = f"{pointer}/billingAccount/id"
    if found.lacks("billingAccount", id):
        yield Problem(at, "account.unknown", f"there is no billingAccount {id!r}", item_id)
    elif is_buying and (found.get("billingAccount", id) or {}).get("state") == _CLOSED_ACCOUNT:
        yield Problem(at, "account.closed", f"billingAccount {id!r} is closed", item_id)
