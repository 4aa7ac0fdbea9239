"""A change of a resource: what is asked before it is stored, and the events it raises, written in its transaction.

The same for whoever makes it: a request (`endpoint`), a work of ours (`actions`), the rule of another resource
(`component.Change`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.domain.event import Event
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import NotFound
from common.events.derive import derive
from common.installation import Installation, Served
from common.rest.references import check_references
from common.rest.stamping import check_move, drop_nulls, stamp_created, stamp_patched
from common.store.repository import Repository, Row
from common.store.unit_of_work import UnitOfWork


def record(
    uow: UnitOfWork,
    served: Served,
    before: Document | None,
    after: Document | None,
    context: RuleContext,
    parents: tuple[str, ...] = (),
) -> None:
    """The generic events of the change, then those that the rules raised. `parents` are ids (`Event.parents`)."""
    events = derive(
        served.resource,
        served.stored.name,
        before=before,
        after=after,
        now=context.now,
        new_id=ordered_id,
        correlation_id=context.correlation_id,
        parents=parents,
    )
    document = after or before or {}
    events += [
        Event(
            id=ordered_id(),
            type=event_type,
            occurred_at=context.now,
            source=served.stored.name,
            resource=served.name,
            resource_id=document["id"],
            document=document,
            extra=extra,
            correlation_id=context.correlation_id,
            parents=parents,
        )
        for event_type, extra in context.extra_events
    ]
    uow.record(events)


def store_new(
    installation: Installation,
    uow: UnitOfWork,
    served: Served,
    rows: Repository,
    document: Document,
    context: RuleContext,
    parents: tuple[str, ...] = (),
    *,
    as_stored: bool = False,
) -> Row:
    """A new document stamped, asked its rules, stored among `rows`, with its events.

    Errors: InvalidBody; IdTaken; what its rules raise.
    """
    resource, descriptor = served.resource, served.descriptor
    given = document.pop("id", None)
    document = {"id": given or ordered_id(), **document}
    stamp_created(document, resource, descriptor, context.now)
    if not as_stored:
        resource.fields.normalise(document)
    if descriptor.on_create is not None:
        descriptor.on_create(document, context)
        context.settle()
    check_references(installation, uow, served, document)
    version = str(document.get("version", "")) if descriptor.versioned else ""
    row = rows.add(document["id"], document, context.now, version, is_ours=not given)
    record(uow, served, None, document, context, parents)
    return row


def settle_patched(
    installation: Installation,
    uow: UnitOfWork,
    served: Served,
    before: Document,
    after: Document,
    context: RuleContext,
    parents: tuple[str, ...] = (),
) -> None:
    """A changed document asked its lifecycle and rules and stamped, in place, with its events; not yet stored.

    Errors: IllegalTransition; InvalidBody; what its rules raise.
    """
    served.resource.fields.normalise(after)
    check_move(before, after, served.resource, served.descriptor)
    if served.descriptor.on_patch is not None:
        served.descriptor.on_patch(before, after, context)
        context.settle()
    check_references(installation, uow, served, after)
    stamp_patched(after, served.resource, context.now)
    record(uow, served, before, after, context, parents)


def rule_context(
    installation: Installation,
    uow: UnitOfWork,
    served: Served,
    correlation_id: str | None,
    now: datetime | None = None,
) -> RuleContext:
    """What the rules of a resource may know in this transaction."""
    library, now = installation.library(uow), now or installation.clock.now()
    context = RuleContext(served.name, now, installation.settings, library, correlation_id)
    context.update = Update(installation, uow, correlation_id, now)
    context.create = Make(installation, uow, correlation_id, now)
    context.schedule = Schedule(installation, uow)
    hold = context.hold = Hold(installation, uow)
    context.share, context.in_turn = hold.shared, uow.in_turn
    context.records = uow.records
    context.offered = lambda name: installation.offered(name, uow)
    return context


@dataclass(frozen=True)
class Schedule:
    """`RuleContext.schedule`: a work of a component, due in the transaction of the request."""

    installation: Installation
    uow: UnitOfWork

    def __call__(self, kind: str, key: str, at: datetime) -> None:
        assert kind in self.installation.works, f"no component has a work {kind!r}"
        self.uow.work(kind).wake(key, at)


@dataclass(frozen=True)
class Hold:
    """`RuleContext.hold`: another resource, which nobody else changes until the transaction of the request ends.

    `shared` is `RuleContext.share`: others may read it so at the same time.
    """

    installation: Installation
    uow: UnitOfWork

    def __call__(self, resource: str, id: str) -> Document | None:
        rows = self._rows(resource)
        row = None if rows is None else rows.get(id, for_update=True)
        return None if row is None else row.document()

    def shared(self, resource: str, id: str) -> Document | None:
        rows = self._rows(resource)
        row = None if rows is None else rows.shared(id)
        return None if row is None else row.document()

    def _rows(self, resource: str) -> Repository | None:
        served = self.installation.by_name.get(resource)
        return None if served is None else self.uow.repository(served.stored.name)


@dataclass(frozen=True)
class Update:
    """`RuleContext.update`: another resource changed in the transaction of the request, with its events.

    What no event tells of and nothing is found by is changed without being read (`Repository.amend`).
    """

    installation: Installation
    uow: UnitOfWork
    correlation_id: str | None
    now: datetime

    def __call__(self, resource: str, id: str, changes: Mapping[str, Any], told: tuple[str, ...] = ()) -> None:
        """Errors: NotFound; IllegalTransition; RevisionConflict."""
        served = self.installation.by_name.get(resource)
        if served is None:
            raise NotFound(resource, id)
        if not told and self._is_amended(served, id, changes):
            return
        row = self.uow.repository(served.stored.name).get(id, for_update=True)
        if row is None:
            raise NotFound(resource, id)
        before = row.document()
        after = drop_nulls({**before, **changes})
        served.resource.fields.normalise(after)
        check_move(before, after, served.resource, served.descriptor)
        if after == before:
            return
        stamp_patched(after, served.resource, self.now)
        self.uow.repository(served.stored.name).replace(row, after, self.now)
        library = self.installation.library(self.uow)
        caused = RuleContext(resource, self.now, self.installation.settings, library, self.correlation_id)
        for event_type in told:
            caused.raise_event(event_type)
        record(self.uow, served, before, after, caused)

    def _is_amended(self, served: Served, id: str, changes: Mapping[str, Any]) -> bool:
        resource, lifecycle = served.resource, served.descriptor.lifecycle
        is_silent = not resource.events and resource.updated_at is None and None not in changes.values()
        if not is_silent or (lifecycle is not None and lifecycle.attribute in changes):
            return False
        resource.fields.normalise(new := dict(changes))
        return self.uow.repository(served.stored.name).amend(id, new, self.now)


@dataclass(frozen=True)
class Make:
    """`RuleContext.create`: another resource made in the transaction of the request."""

    installation: Installation
    uow: UnitOfWork
    correlation_id: str | None
    now: datetime

    def __call__(self, resource: str, document: Mapping[str, Any], *, as_stored: bool = False) -> Document:
        """Errors: NotFound when nothing serves the resource; InvalidBody; IdTaken; what its rules raise."""
        served = self.installation.by_name.get(resource)
        if served is None:
            raise NotFound(resource, "")
        given = {"@type": served.resource.type_name, **document}
        given = given if as_stored else drop_nulls(given)
        given.pop("href", None)
        context = rule_context(self.installation, self.uow, served, self.correlation_id, self.now)
        rows = self.uow.repository(served.stored.name)
        return store_new(self.installation, self.uow, served, rows, given, context, as_stored=as_stored).document()
