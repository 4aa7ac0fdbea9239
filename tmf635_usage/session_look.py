"""What a request of a charging session needs, read before anything is locked: the session, whose it is, its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.domain.query import Document
from common.errors import ClientError, NotFound
from common.rest.actions import Actions
from common.rest.stamping import stamp_created
from tmf635_usage.rate import payer
from tmf635_usage.rating.amounts import EXACT
from tmf635_usage.rating.values import ZERO, Grant, Usage
from tmf635_usage.reading import Reading, read
from tmf635_usage.session_request import Amount, Ask
from tmf635_usage.session_state import OPEN, NotActive, OtherRequest, Service, Session, UserUnknown, usage_of
from tmf635_usage.subjects import Guide, Guided, Unguided
from tmf635_usage.tables import HOLDS, SESSIONS

# What is granted where a request leaves the amount open, and at most to whoever no balance limits; by base unit.
QUOTA: Mapping[str, Decimal] = {"s": Decimal(600), "B": Decimal(100_000_000), "event": Decimal(10)}


@dataclass
class Report:
    """What a service says that it used since it was reported last; `said` is the service as it was then."""

    service: Service
    said: Service
    at: datetime
    quantity: Decimal
    document: Document
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
    """What was read before anything was locked."""

    session: Session
    ask: Ask | None
    reports: list[Report] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    scopes: dict[str, str] = field(default_factory=dict)
    held: list[dict[str, Any]] = field(default_factory=list)
    owned: list[dict[str, Any]] = field(default_factory=list)
    is_new: bool = False

    @property
    def guided(self) -> list[Guided]:
        found = [*(one.found for one in self.reports), *(one.found for one in self.wishes)]
        return [one for one in found if isinstance(one, Guided)]

    @property
    def owners(self) -> set[tuple[str | None, str | None]]:
        return {(self.session.product, self.session.account), *map(payer, self.guided)}


@dataclass
class Look:
    """Reads what a request needs, without a lock."""

    act: Actions
    id: str
    ask: Ask

    def prepare(self) -> Prepared | Document:
        """What is to be done, or what was answered already. Errors: those of `Charging`."""
        row = self.act.records(SESSIONS.name).get(self.id)
        is_new = row is None
        if row is None:
            if not self.ask.subscriber:
                raise NotFound("session", self.id)
            session = self._new()
        else:
            session = Session.of(row)
            if self.ask.subscriber and self.ask.sequence > session.sequence:
                raise OtherRequest(
                    f"there is a session {self.id[:80]!r} already; update it, or give this one its own id"
                )
            answered = session.answered(self.ask)
            if answered is not None:
                return answered
        prepared = Prepared(session, self.ask, is_new=is_new)
        joined = [(asked, session.join(asked, n, self.act.now)) for n, asked in enumerate(self.ask.services)]
        for asked, service in joined:
            used = ZERO
            if asked.used is not None and asked.used.amount:
                used = asked.used.amount
                at = service.since if asked.started is None else max(asked.started, session.started)
                prepared.reports.append(self._report(session, service, min(at, self.act.now), used))
            service.attributes = {**service.attributes, **asked.attributes}
            if asked.requested is not None:
                prepared.wishes.append(self._wish(session, service, asked.requested, EXACT.add(service.used, used)))
        self._guide(prepared)
        return locked_for(prepared, self.act)

    def _new(self) -> Session:
        now = self.act.now
        return Session(self.id, "", None, OPEN, self.ask.sequence, now, now, self.ask.subscriber)

    def _report(self, session: Session, service: Service, at: datetime, used: Decimal) -> Report:
        number = f"{self.ask.sequence}/{service.rating_group}/used"
        document = stamped(self.act, usage_of(session, service, at, used, service.used, number))
        return Report(service, replace(service), at, used, document)

    def _wish(self, session: Session, service: Service, requested: Amount, before: Decimal) -> Wish:
        wanted = QUOTA[service.unit] if requested.amount is None else requested.amount
        meant = usage_of(session, service, self.act.now, wanted, before, "")
        usage = read(stamped(self.act, meant)).usage
        assert usage is not None, "what we wrote can be read"
        return Wish(service, usage)

    def _guide(self, prepared: Prepared) -> None:
        session = prepared.session
        identifiers = tuple((name, value) for name, value in session.subscriber.items() if name != "product")
        product = session.product or session.subscriber.get("product")
        asked = {f"wish/{n}": one.usage.at for n, one in enumerate(prepared.wishes)}
        asked |= {f"report/{n}": one.at for n, one in enumerate(prepared.reports)}
        known = () if session.product else identifiers
        readings = [Reading(id, at, product, known, None) for id, at in asked.items()]
        guided = Guide(self.act.context("productUsage")).guide(readings)
        for n, wish in enumerate(prepared.wishes):
            wish.found = guided[f"wish/{n}"]
        for n, report in enumerate(prepared.reports):
            report.found = guided[f"report/{n}"]
        if prepared.is_new:
            found = prepared.wishes[0].found
            if isinstance(found, Unguided):
                raise ungranted(found)
            assert found is not None, "every wish was guided"
            session.product, session.account = payer(found)


def locked_for(prepared: Prepared, act: Actions) -> Prepared:
    """What has to be locked: the product's scope, those of what the session holds, and its buckets of money."""
    product = prepared.session.product
    prepared.scopes = {product: product}
    if not prepared.is_new:
        prepared.held = act.records(HOLDS.name).find({"session": prepared.session.id})
        prepared.scopes |= {row["scope"]: product for row in prepared.held}
    balances = act.offered("balances")
    if balances is not None:
        prepared.owned = balances.owned(prepared.owners)
    return prepared


def stamped(act: Actions, document: Document) -> Document:
    """A new usage document with what the server sets."""
    served = act.installation.by_name["productUsage"]
    stamp_created(document, served.resource, served.descriptor, act.now)
    served.resource.fields.normalise(document)
    return document


def ungranted(found: Unguided) -> ClientError:
    return UserUnknown(found.message) if found.code == "product.unknown" else NotActive(found.message)
