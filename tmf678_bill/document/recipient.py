"""Who a bill goes to: name, address and language, from the account's bill contact and its party.

What is not known is left out: a bill without an address is still a bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from common.component import Library
from common.domain.query import Document
from common.rules import reference_id
from tmf678_bill.document.view import Recipient

# Roles under which an account or a bill names its customer, the first that is there counts.
_ROLES = ("billReceiver", "customer", "owner", "payer")
_ADDRESS = "GeographicAddressContactMedium"
_PARTIES = ("individual", "organization")
_TAX_IDENTIFICATIONS = ("vat", "tax")


def recipient_of(account: Document, party: Document, role: Document) -> Recipient:
    """Shapes: `party` is the individual or organization, `role` what the bill names it as ({name?})."""
    contacts = [one for one in account.get("contact", ()) if isinstance(one, dict)]
    address = _address([medium for one in contacts for medium in one.get("contactMedium", ())])
    name = name_of(party) or _text(role, "partyName") or _text(role, "name") or _text(account, "name")
    named = next((_text(one, "contactName") for one in contacts if _text(one, "contactName")), "")
    lines = address or address_of(party)
    if named and named != name and address:
        lines = (named, *lines)
    return Recipient(name or named or str(account.get("id", "")), lines, tax_number_of(party))


def party_of(documents: Iterable[Document], library: Library) -> tuple[Document, Document]:
    """The customer of a bill or its account: its individual or organization ({} when it is not here), and the reference
    that names it."""
    for role in _ROLES:
        for document in documents:
            for related in document.get("relatedParty", ()):
                reference = related.get("partyOrPartyRole") if isinstance(related, dict) else None
                if isinstance(reference, dict) and str(related.get("role", "")).casefold() == role.casefold():
                    return _party(reference, library), reference
    return {}, {}


def language_of(account: Document, party: Document) -> str:
    """The account's `language`, else the party's favourite one, "" when nobody says."""
    said = _text(account, "language")
    if said:
        return said
    abilities = [one for one in party.get("languageAbility", ()) if isinstance(one, dict)]
    abilities.sort(key=lambda one: one.get("isFavouriteLanguage") is not True)
    return next((_text(one, "languageCode") for one in abilities if _text(one, "languageCode")), "")


def name_of(party: Document) -> str:
    """As an envelope has it."""
    person = " ".join(_text(party, part) for part in ("title", "givenName", "middleName", "familyName"))
    given = " ".join(person.split()) if party.get("familyName") or party.get("givenName") else ""
    return _text(party, "formattedName") or _text(party, "fullName") or given or _text(party, "name")


def address_of(party: Document) -> tuple[str, ...]:
    return _address(party.get("contactMedium", ()))


def reached_at(party: Document) -> tuple[str, ...]:
    """Its e-mail addresses and telephone numbers, as they are listed."""
    media = [one for one in party.get("contactMedium", ()) if isinstance(one, dict)]
    said = (_text(one, name) for one in media for name in ("emailAddress", "phoneNumber"))
    return tuple(line for line in said if line)


def tax_number_of(party: Document) -> str:
    """The first identification that is a tax number by its type."""
    for listed in ("organizationIdentification", "individualIdentification"):
        for one in party.get(listed, ()):
            kind = _text(one, "identificationType").casefold()
            if any(part in kind for part in _TAX_IDENTIFICATIONS):
                return _text(one, "identificationId")
    return ""


def _party(reference: Document, library: Library) -> Document:
    """The party that a reference means, through the role that it may name."""
    id, kind = str(reference.get("id", "")), str(reference.get("@referredType", ""))
    resource = library.owner_of(kind) if kind else None
    if resource not in _PARTIES:
        document = library.get(resource, id) if resource is not None and id else None
        engaged = reference_id(document, "engagedParty") if document else None
        id = engaged or str(reference.get("partyId") or id)
    for resource in _PARTIES:
        if library.serves(resource) and id:
            found = library.get(resource, id)
            if found is not None:
                return found
    return {}


def _address(media: Iterable[Any]) -> tuple[str, ...]:
    """The lines of the address among contact media: one for bills first, then a preferred one."""
    postal = [one for one in media if isinstance(one, dict) and (one.get("@type") == _ADDRESS or "postCode" in one)]
    postal.sort(key=lambda one: ("bill" not in _text(one, "contactType").casefold(), one.get("preferred") is not True))
    return tuple(_lines(postal[0])) if postal else ()


def _lines(medium: Document) -> Iterator[str]:
    town = " ".join(part for part in (_text(medium, "postCode"), _text(medium, "city")) if part)
    parts = ("street1", "street2"), ("stateOrProvince", "country")
    yield from (_text(medium, part) for part in parts[0] if _text(medium, part))
    if town:
        yield town
    yield from (_text(medium, part) for part in parts[1] if _text(medium, part))


def _text(document: Document, name: str) -> str:
    value = document.get(name)
    return value.strip() if isinstance(value, str) else ""
