"""Usage from a stream: a message is a v5 usage, as a line of a batch is, and counts once by its key.

Who publishes gives each message a key that its partition follows from (`routed_by`): what is rated for one account is
best rated in one place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from common import exact_json
from common.broker.port import Outgoing
from common.component import Refusal
from common.domain.query import Document
from common.errors import BssError, InvalidBody, MalformedJson, Violation
from common.installation import Installation
from tmf635_usage.feed import keyed
from tmf635_usage.ingest import REFUSED, UNKNOWN_PRODUCT, Ingest, Outcome
from tmf635_usage.reading import identifiers, source_key

STREAM = "usage"


class UsageTaker:
    """`component.Taker`: a batch is a transaction of the ingest."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._ingest = Ingest.of(installation, assumed=UNKNOWN_PRODUCT, committed=committed)

    def take(self, bodies: Sequence[bytes]) -> list[Refusal | None]:
        return [_refusal(one) for one in self._ingest.take([_record(body) for body in bodies])]


def message(usage: Document) -> Outgoing:
    """A usage to be published; the same usage gives the same id.

    Errors: InvalidBody for one without a key.
    """
    checked = keyed(usage)
    if isinstance(checked, BssError):
        raise checked
    source, number = source_key(usage) or ("", "")
    id = hashlib.sha256(f"{len(source)}/{source}/{number}".encode()).hexdigest()
    return Outgoing(STREAM, "productUsage", routed_by(usage), id, exact_json.encode(usage))


def routed_by(usage: Document) -> str:
    """What the partition of a usage follows from: the billing account that it names, else its product, else the surest
    identifier of one, else its source."""
    for reference in (usage.get("billingAccount"), usage.get("product")):
        id = reference.get("id") if isinstance(reference, dict) else None
        if isinstance(id, str) and id != UNKNOWN_PRODUCT["product"]["id"]:
            return id
    for _, value in identifiers(usage):
        return value
    source, _ = source_key(usage) or ("", "")
    return source


def _record(body: bytes) -> Document | BssError:
    try:
        record: Any = exact_json.decode(body)
    except MalformedJson as error:
        return error
    if not isinstance(record, dict):
        return InvalidBody([Violation("", "type", "a record is a JSON object")])
    return keyed(record)


def _refusal(outcome: Outcome) -> Refusal | None:
    if outcome.result != REFUSED:
        return None
    told: Refusal = {"code": outcome.code, "message": outcome.message}
    if outcome.violations:
        told["errors"] = [asdict(violation) for violation in outcome.violations]
    return told
