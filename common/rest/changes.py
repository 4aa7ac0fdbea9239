"""A change of a resource and the events it raises, written to the outbox in the transaction of the change.

Also the change that the rule of one resource makes to another (`component.Change`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.component import RuleContext
from common.domain.event import Event
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.errors import NotFound
from common.events.derive import derive
from common.installation import Installation, Served
from common.rest.stamping import check_move, drop_nulls, stamp_patched
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


def rule_context(
    installation: Installation, uow: UnitOfWork, served: Served, correlation_id: str | None
) -> RuleContext:
    """What the rules of a resource may know in this transaction."""
    library, now = installation.library(uow), installation.clock.now()
    context = RuleContext(served.name, now, installation.settings, library, correlation_id)
    context.update = Update(installation, uow, context)
    return context


@dataclass(frozen=True)
class Update:
    """`RuleContext.update`: another resource changed in the transaction of the request, with its events."""

    installation: Installation
    uow: UnitOfWork
    context: RuleContext

    def __call__(self, resource: str, id: str, changes: Mapping[str, Any]) -> None:
        """Errors: NotFound; IllegalTransition; RevisionConflict."""
        served = self.installation.by_name.get(resource)
        row = self.uow.repository(served.stored.name).get(id, for_update=True) if served is not None else None
        if served is None or row is None:
            raise NotFound(resource, id)
        before = row.document()
        after = drop_nulls({**before, **changes})
        served.resource.fields.normalise(after)
        check_move(before, after, served.resource, served.descriptor)
        if after == before:
            return
        stamp_patched(after, served.resource, self.context.now)
        self.uow.repository(served.stored.name).replace(row, after, self.context.now)
        caused = RuleContext(
            resource, self.context.now, self.context.settings, self.context.library, self.context.correlation_id
        )
        record(self.uow, served, before, after, caused)
