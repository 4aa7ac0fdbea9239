"""What a usage document says, as the rating engine takes it: TMF635 leaves the names of characteristics open.

| characteristic | is |
| --- | --- |
| `startDateTime`, `startTime`; v4 `usageDate` | when it began (else the creation date) |
| `durationSeconds`, `volumeMegabytes` ... | how much, in the unit of the name; or `quantity` with `unit` |
| `usedBefore` | how much of the same session earlier records have, in the same unit |
| `msisdn`, `servedNumber`, `imsi`, `ipAddress`; without them `callingNumber` | whose it is, where no product is named |
| `calledNumber`, `destinationZone`, `dataNetworkName`, `radioAccess`, `sNssai` | what prices match |
| `visitedNetwork` | `home`, or where it was roaming (`roaming` is true then); without one it was at home |

Any other characteristic is an attribute that prices may match by its own name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from common.domain.clock import normal_instant
from common.domain.query import Document, decimal_or_none
from tmf635_usage.rating.values import DESTINATION, DNN, RAT, ROAMING, SLICE, VISITED_NETWORK, ZERO, ZONE, Usage

# Where it stands (in the document itself, or among its characteristics), and what it is called.
_STARTS = (
    *((False, name, name) for name in ("startDateTime", "startTime", "usageDate")),
    *((True, name, "usageDate") for name in ("usageDate", "~usageDate")),
)
_MISSING = object()
_USUAL = len("2026-02-01T00:00:00Z")
_MEASURES = {
    "durationSeconds": "s",
    "durationMinutes": "min",
    "volumeBytes": "B",
    "volumeKilobytes": "kB",
    "volumeMegabytes": "MB",
    "volumeGigabytes": "GB",
    "messages": "event",
    "events": "event",
}
_NAMES = {
    "calledNumber": DESTINATION,
    "destinationZone": ZONE,
    "dataNetworkName": DNN,
    "radioAccess": RAT,
    "sNssai": SLICE,
    "visitedNetwork": VISITED_NETWORK,
}
# Whose usage it is, the surest first. Who called is meant only where the record does not say whom it served: the answer
# to a call is the usage of who answered.
_SERVED = {"msisdn": "msisdn", "servedNumber": "msisdn", "imsi": "imsi", "ipAddress": "ipAddress"}
_CALLER = {"callingNumber": "msisdn"}
_HOME = "home"
_PLAIN = (str, int, Decimal)
# By names in code point order, at every depth.
_sorted = msgspec.json.Encoder(decimal_format="number", order="sorted")
_BEFORE = "usedBefore"
# What the server writes; the rest of a usage is what its source says.
OURS = frozenset(
    {"id", "href", "status", "creationDate", "lastUpdate", "usageProductPrice", "statusReason", "ratingExplanation"}
)


class Reading(NamedTuple):
    """What a usage says.

    Shapes: `product` and `account` are ids that it names; `identifiers` name its product otherwise, the surest first;
            `usage` is None when it does not say how much, or when.
    """

    id: str
    at: datetime
    product: str | None
    identifiers: tuple[tuple[str, str], ...]
    usage: Usage | None
    problem: str = ""


def read(document: Document) -> Reading:
    """The usage in a stored (v5) document."""
    values = _values(document)
    at, problem = _start(document, values)
    product = document.get("product")
    named = product.get("id") if isinstance(product, dict) else None
    quantity, unit = _quantity(values)
    usage = None
    if problem == "" and quantity is None:
        problem = "it does not say how much was used"
    before = _number(values[_BEFORE]) if _BEFORE in values else ZERO
    if problem == "" and before is None:
        problem = f"{_BEFORE} is no number"
    if problem == "" and quantity is not None and before is not None:
        usage = Usage(str(document.get("usageType", "")), at, quantity, unit, attributes_of(values), before)
    return Reading(document["id"], at, named, _identifiers(values), usage, problem)


def whose(document: Document) -> str:
    """What a usage is found by first, as a text: the product that it names, or an identifier."""
    product = document.get("product")
    named = product.get("id") if isinstance(product, dict) else None
    if isinstance(named, str):
        return named
    identifiers = _identifiers(_values(document))
    return identifiers[0][1] if identifiers else ""


def source_key(document: Document) -> tuple[str, str] | None:
    """Source and number of the record at its source: what makes it the same record when it comes again."""
    # v4 has no externalIdentifier; one that it sends nevertheless is kept beside the document.
    for one in document.get("externalIdentifier") or document.get("~externalIdentifier") or ():
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            return str(one.get("owner") or one.get("externalIdentifierType") or ""), one["id"]
    return None


def said(document: Document) -> bytes:
    """What the source says, as a text in which the order of names does not matter."""
    return _sorted.encode({name: value for name, value in document.items() if name not in OURS})


def fingerprint(document: Document) -> str:
    """A digest of what the source says."""
    return hashlib.sha256(said(document)).hexdigest()


def digest(value: Any) -> str:
    """What tells a JSON value from another one; the order of names does not matter."""
    return hashlib.sha256(_sorted.encode(value)).hexdigest()


def identifiers(document: Document) -> tuple[tuple[str, str], ...]:
    """Whose usage it is where no product is named, as kind and value (`msisdn`, `+43664...`), the surest first."""
    return _identifiers(_values(document))


def _values(document: Document) -> dict[str, Any]:
    listed = document.get("usageCharacteristic")
    if not isinstance(listed, list):
        return {}
    return {str(one.get("name")): one.get("value") for one in listed if isinstance(one, dict)}


def _identifiers(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    for names in (_SERVED, _CALLER):
        found = [(kind, str(values[name])) for name, kind in names.items() if isinstance(values.get(name), str | int)]
        if found:
            return tuple(found)
    return ()


def _start(document: Document, values: Mapping[str, Any]) -> tuple[datetime, str]:
    """When it began, and what is wrong with what it says of that."""
    for holder, name, shown in _STARTS:
        value = (document if holder else values).get(name, _MISSING)
        if value is _MISSING:
            continue
        at = _moment(value) if isinstance(value, str) else None
        if at is not None:
            return at, ""
        told = f"{shown} {str(value)[:40]!r} is no date-time such as 2026-02-01T00:00:00Z"
        return datetime.fromisoformat(document["creationDate"]), told
    return datetime.fromisoformat(document["creationDate"]), ""


def _moment(text: str) -> datetime | None:
    """The instant that a text names. Most are written like 2026-02-01T00:00:00Z, which Python reads as well."""
    if len(text) == _USUAL and text[4::3] == "--T::Z":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    normal = normal_instant(text)
    return None if normal is None else datetime.fromisoformat(normal)


def _quantity(values: Mapping[str, Any]) -> tuple[Decimal | None, str]:
    if "quantity" in values:
        return _number(values["quantity"]), str(values.get("unit", "event"))
    for name, unit in _MEASURES.items():
        if name in values:
            return _number(values[name]), unit
    return None, ""


def attributes_of(values: Mapping[str, Any]) -> dict[str, str]:
    """What prices match, of the values of a usage's characteristics by name."""
    found = {
        _NAMES.get(name, name): value if type(value) is str else _text(value)
        for name, value in values.items()
        if isinstance(value, _PLAIN)
    }
    # A record that names no visited network was made at home.
    visited = found.get(VISITED_NETWORK, _HOME)
    found.setdefault(ROAMING, "false" if visited.casefold() == _HOME else "true")
    return found


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return decimal_or_none(value)
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _text(value: str | int | Decimal) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
