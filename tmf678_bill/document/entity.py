"""Whose letterhead a bill has: the legal entity's part of the billing file (docs/bill-documents.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.component import Library
from common.errors import ConfigurationError
from common.legal_entities import billing_folder, legal_entity
from common.settings import Settings
from tmf678_bill.document.appearance import Appearance, appearance
from tmf678_bill.document.recipient import address_of, name_of, reached_at, tax_number_of
from tmf678_bill.document.slip import is_iban
from tmf678_bill.document.view import Bank, Issuer


@dataclass(frozen=True)
class Letterhead:
    """A legal entity on paper. `language` is that of customers who name none, "" for English."""

    issuer: Issuer
    appearance: Appearance
    language: str = ""


def letterhead(settings: Settings, entity: str, library: Library) -> Letterhead:
    """The letterhead of a legal entity; what the file does not say of it, its organization (TMF632) of that id says.

    Errors: ConfigurationError for a file that cannot be read or means nothing.
    """
    given = legal_entity(settings, entity)
    look = given.get("document") or {}
    if not isinstance(look, Mapping):
        raise ConfigurationError(f"document of legal entity {entity!r} is a mapping: language, logo, colour ...")
    drawn = appearance(look, billing_folder(settings))
    return Letterhead(_issuer(entity, given, library), drawn, str(look.get("language", "")))


def _issuer(entity: str, given: Mapping[str, Any], library: Library) -> Issuer:
    organization = (library.get("organization", entity) if library.serves("organization") else None) or {}
    return Issuer(
        id=entity,
        name=str(given.get("name") or name_of(organization) or entity),
        address=_lines(given, "address") or address_of(organization),
        tax_number=str(given.get("taxNumber") or tax_number_of(organization)),
        register=str(given.get("register", "")),
        contact=_lines(given, "contact") or reached_at(organization),
        bank=_bank(given.get("bank"), str(given.get("name", ""))),
    )


def _bank(given: Any, name: str) -> Bank | None:
    if not isinstance(given, Mapping):
        return None
    iban, bic = (str(given.get(part, "")).replace(" ", "").upper() for part in ("iban", "bic"))
    if iban and not is_iban(iban):
        raise ConfigurationError(f"{iban[:40]} in the billing file is no IBAN; look at its check digits")
    return Bank(
        holder=str(given.get("holder") or name),
        iban=iban,
        bic=bic,
        name=str(given.get("name", "")),
        reference_prefix=str(given.get("referencePrefix", "")),
    )


def _lines(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    lines = given.get(name) or ()
    if isinstance(lines, str):
        lines = lines.splitlines()
    return tuple(str(line) for line in lines if str(line).strip())
