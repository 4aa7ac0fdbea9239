"""A change of a resource and the events it raises, written to the outbox in the transaction of the change."""

from __future__ import annotations

from common.component import RuleContext
from common.domain.event import Event
from common.domain.ids import ordered_id
from common.domain.query import Document
from common.events.derive import derive
from common.installation import Served
from common.store.unit_of_work import UnitOfWork


def record(
    uow: UnitOfWork, served: Served, before: Document | None, after: Document | None, context: RuleContext
) -> None:
    """The generic events of the change, then those that the rules raised."""
    events = derive(
        served.resource,
        served.stored.name,
        before=before,
        after=after,
        now=context.now,
        new_id=ordered_id,
        correlation_id=context.correlation_id,
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
        )
        for event_type, extra in context.extra_events
    ]
    uow.record(events)
