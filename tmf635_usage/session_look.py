"""What a request asks of a session as it stands: what is reported, what is wished for, and whose usage that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.exact import EXACT
from common.domain.query import Document
from common.errors import ClientError, NotFound
from common.rest.actions import Actions
from common.rest.stamping import stamp_created
from tmf635_usage.rating.values import ZERO, Grant, Usage
from tmf635_usage.reading import Reading
from tmf635_usage.session_request import Amount, Ask
from tmf635_usage.session_state import (
    OPEN,
    NotActive,
    OtherRequest,
    Service,
    Session,
    UserUnknown,
    usage_as,
    values_of,
)
from tmf635_usage.subjects import Guided, Unguided

# What is granted where a request leaves the amount open, and at most to whoever no balance limits; by base unit.
QUOTA: Mapping[str, Decimal] = {"s": Decimal(600), "B": Decimal(100_000_000), "event": Decimal(10)}


@dataclass
class Report:
    """What a service says that it used since it was reported last.

    Shapes: `values` are those of the usage's characteristics.
    """

    service: Service
    usage: Usage
    values: Mapping[str, Any]
    found: Guided | Unguided | None = None


@dataclass
class Wish:
    """What a service asks for from now on."""

    service: Service
    usage: Usage
    found: Guided | Unguided | None = None
    outcome: Grant | ClientError | None = None


@dataclass
class Prepared:
    """What is to be done."""

    session: Session
    ask: Ask
    is_new: bool
    reports: list[Report] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def readings(self) -> list[tuple[Report | Wish, Reading]]:
        """Whose the usage is has to be known of each of these."""
        product, identifiers = whose(self.session.product, self.session.subscriber)
        kinds: list[tuple[str, Sequence[Report | Wish]]] = [("wish", self.wishes), ("report", self.reports)]
        return [
            (one, Reading(f"{kind}/{place}", one.usage.at, product, identifiers, None))
            for kind, listed in kinds
            for place, one in enumerate(listed)
        ]


def whose(product: str, subscriber: Mapping[str, str]) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """The product of a session, or what leads to it when it begins."""
    if product:
        return product, ()
    identifiers = tuple((name, value) for name, value in subscriber.items() if name != "product")
    return subscriber.get("product"), identifiers


def prepared(row: Mapping[str, Any] | None, id: str, ask: Ask, now: datetime) -> Prepared | Document:
    """What is to be done with a session (None: there is none yet), or what was answered already.

    Errors: NotFound; OtherRequest; SequenceOld; SequenceGap; SessionEnded; InvalidBody.
    """
    if row is None:
        if not ask.subscriber:
            raise NotFound("session", id)
        session = Session(id, "", None, OPEN, ask.sequence, now, now, ask.subscriber)
    else:
        session = Session.of(row)
        if ask.subscriber and ask.sequence > session.sequence:
            raise OtherRequest(f"there is a session {id[:80]!r} already; update it, or give this one its own id")
        answered = session.answered(ask)
        if answered is not None:
            return answered
    found = Prepared(session, ask, is_new=row is None)
    for asked, service in [(asked, session.join(asked, place, now)) for place, asked in enumerate(ask.services)]:
        used = ZERO
        if asked.used is not None and asked.used.amount:
            used = asked.used.amount
            at = service.since if asked.started is None else max(asked.started, session.started)
            found.reports.append(_report(session, service, min(at, now), used))
        if asked.attributes:
            service.attributes = {**service.attributes, **asked.attributes}
        if asked.requested is not None:
            found.wishes.append(_wish(session, service, asked.requested, EXACT.add(service.used, used), now))
    return found


def _report(session: Session, service: Service, at: datetime, used: Decimal) -> Report:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)  # documents have milliseconds
    values = values_of(session, service, at, used, service.used)
    return Report(service, usage_as(service, at, values), values)


def _wish(session: Session, service: Service, requested: Amount, before: Decimal, now: datetime) -> Wish:
    wanted = QUOTA[service.unit] if requested.amount is None else requested.amount
    return Wish(service, usage_as(service, now, values_of(session, service, now, wanted, before)))


def stamped(act: Actions, document: Document) -> Document:
    """A new usage document with what the server sets; what it says of times is written as it is stored."""
    served = act.installation.by_name["productUsage"]
    stamp_created(document, served.resource, served.descriptor, act.now)
    return document


def ungranted(found: Unguided) -> ClientError:
    return UserUnknown(found.message) if found.code == "product.unknown" else NotActive(found.message)
