"""What an operator does with events: look at deliveries, send some again. `bss events` is the only user."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from common.errors import NotFound
from common.store import queues
from common.store.queues import DeliveryRecord
from common.store.unit_of_work import UnitOfWork

RECORDS_MAX = 1_000


class DeliveryState(StrEnum):
    """Where an event is in a listener's queue."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"


def deliveries(
    uow: UnitOfWork, *, state: DeliveryState | None = None, subscription: str | None = None, most: int = RECORDS_MAX
) -> list[DeliveryRecord]:
    """The newest deliveries of the tenant, oldest first."""
    return queues.records(uow.connection, uow.tenant, state, subscription, most)


def replay_event(uow: UnitOfWork, event: str, now: datetime) -> int:
    """Send one event again to every listener that it was for; to how many.

    Errors: NotFound when it was for nobody, or is no longer kept. Does not: commit.
    """
    queued = queues.replay_event(uow.connection, uow.tenant, event, now)
    if not queued:
        raise NotFound("settled delivery of an event", event)
    return queued


def replay_subscription(uow: UnitOfWork, subscription: str, now: datetime) -> int:
    """Send everything again that is kept of one listener's settled deliveries; how many events.

    Errors: NotFound when there is none. Does not: commit.
    """
    queued = queues.replay_subscription(uow.connection, uow.tenant, subscription, now)
    if not queued:
        raise NotFound("settled delivery to a subscription", subscription)
    return queued


def replay_parked(uow: UnitOfWork, now: datetime) -> int:
    """Send every parked event again; how many. Does not: commit."""
    return queues.replay_parked(uow.connection, uow.tenant, now)
