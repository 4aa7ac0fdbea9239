"""The means by which a payment is made: whether a provider collects by it, and what the provider knows it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.component import RuleContext
from common.domain.clock import read_instant
from common.domain.periods import covers
from common.domain.query import Document

METHOD = "paymentMethod"
NO_PROVIDER = "none"
# Kinds of TMF670 by which money is taken, in place of sent.
_COLLECTED = frozenset({"tokenizedCard", "bankCard", "digitalWallet", "bankAccountDebit", "directDebit"})
# What the provider knows a means by: the first of these that it has.
_TOKENS = ("token", "mandateId", "walletId", "accountNumber", "cardNumber")


@dataclass(frozen=True)
class Means:
    """How a payment is made.

    Shapes: `kind` as TMF670 lists them; `problem` says why nothing can be paid by it.
    """

    id: str
    kind: str
    token: str
    is_collected: bool
    problem: str = ""


def means_of(given: Any, context: RuleContext) -> Means:
    """What a payment names: a method that is kept here, or one that it says itself."""
    document: Document = given if isinstance(given, dict) else {}
    id = document.get("id")
    if isinstance(id, str) and context.settings.reference_mode != "off" and context.library.serves(METHOD):
        found = context.library.get(METHOD, id)
        if found is None:
            return Means(id, "", "", False, f"paymentMethod {id[:80]!r} is not here; make it first, or say it whole")
        return _means(found, context)
    return _means(document, context)


def _means(document: Document, context: RuleContext) -> Means:
    name = str(document.get("@type", ""))
    kind = name[:1].lower() + name[1:]
    token = next((str(document[one]) for one in _TOKENS if isinstance(document.get(one), str)), "")
    id = str(document.get("id", ""))
    if context.settings.payment_provider == NO_PROVIDER or kind not in _COLLECTED:
        return Means(id, kind, token, False)
    return Means(id, kind, token, True, _problem(document, kind, token, context))


def _problem(document: Document, kind: str, token: str, context: RuleContext) -> str:
    """Why nothing is collected by it now; nothing when it is."""
    status = str(document.get("status", "Active"))
    if status.casefold() != "active":
        return f"the {kind} is {status[:40]}"
    expires = read_instant(str(document.get("expirationDate", "")))
    if (expires is not None and expires <= context.now) or not covers(document.get("validFor"), context.now):
        return f"the {kind} has expired"
    return "" if token else f"the {kind} has no token that the provider knows it by"
