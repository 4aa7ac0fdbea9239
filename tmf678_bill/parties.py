"""Whom an account belongs to, and where it and its products are taxed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.component import Library
from common.domain.query import Document
from tmf678_bill.document.recipient import party_of
from tmf678_bill.taxes import place_name


def customers_of(account: Document, library: Library) -> list[Document]:
    """The individual or organization that is billed, when it is here."""
    party, _ = party_of([account], library)
    return [party] if party else []


def place_of_account(account: Document, customers: Iterable[Document]) -> str | None:
    """The country (and its part) of the account's own address, else of its customer's."""
    media = [medium for contact in account.get("contact", ()) for medium in contact.get("contactMedium", ())]
    media += [medium for customer in customers for medium in customer.get("contactMedium", ())]
    return next((place for medium in media if (place := _place(medium)) is not None), None)


def place_of_product(product: Document) -> str | None:
    """The country (and its part) of the first place of a product that says it."""
    for related in product.get("place", ()):
        inner = related.get("place") if isinstance(related, Mapping) else None
        for one in (inner, related):
            place = _place(one)
            if place is not None:
                return place
    return None


def _place(address: Any) -> str | None:
    """`DE`, or `US-NY`: the country as it is coded or else written, and what of it the address says."""
    if not isinstance(address, Mapping):
        return None
    code = address.get("countryCode")
    country = place_name(code.get("value") if isinstance(code, Mapping) else code) or place_name(address.get("country"))
    part = place_name(address.get("stateOrProvince"))
    return f"{country}-{part}" if country and part else country
