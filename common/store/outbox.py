"""Events on their way: written with their change, relayed to the listeners' queues, settled, cleaned away.

A row is written in the transaction of its change (`append`). The relay later copies it, rendered, into the queue of
every listener it is for (`delivery`) and marks it, in one transaction. `relayed_at` is a mark on each row and not a
place up to which everything was read: on PostgreSQL a sequence number is given out when the row is written and seen
when its transaction commits, so that number 7 may appear after number 8 was relayed; a place would have passed it by.

The order that listeners are promised is that of one resource's changes. It holds in spite of the above: who changes a
resource holds its row's lock until the commit, and writes the outbox after the row, so that of two changes of one
resource the later has the higher number and is not visible without the earlier. For the same reason only one relay
works at a time (`relay_alone`), and no `SKIP LOCKED` is used on these rows: two relays that shared them could queue a
resource's second change before its first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text, tuple_, update

from common.domain.clock import instant_text
from common.domain.event import Event
from common.exact_json import decode_own, encode
from common.store.event_tables import PENDING, UNRELAYED, delivery, outbox, subscription
from common.store.session import Session
from common.store.statements import DialectName, Insertion

# Any number that nothing else in the database uses as an advisory lock: "BSSrelay" in ASCII.
_RELAY_LOCK = 0x42535372656C6179
# The columns of a new event.
_WRITTEN = (
    *("tenant", "event_id", "type", "source", "resource", "resource_id", "parents", "occurred_at"),
    *("document", "changed", "extra", "correlation_id"),
)
_ERROR_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the outbox, with its place in the order."""

    sequence: int
    tenant: str
    event: Event


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event in one listener's queue.

    Shapes: `body` is what is posted, to the byte, at every attempt; `listener_path` the contract's path of the event;
            `attempts` those that failed.
    """

    subscription_id: str
    sequence: int
    tenant: str
    event_id: str
    event_type: str
    listener_path: str
    body: str
    attempts: int


def append(session: Session, tenant: str, events: Iterable[Event]) -> None:
    """Write events in the transaction of their change, after the change itself (see above)."""
    rows = [
        {
            "tenant": tenant,
            "event_id": event.id,
            "type": event.type,
            "source": event.source,
            "resource": event.resource,
            "resource_id": event.resource_id,
            "parents": encode(event.parents).decode(),
            "occurred_at": instant_text(event.occurred_at),
            "document": encode(event.document).decode(),
            "changed": encode(event.changed).decode(),
            "extra": encode(event.extra).decode(),
            "correlation_id": event.correlation_id,
        }
        for event in events
    ]
    if rows:  # numbered in their order
        session.write(_insertion(session.dialect).steps(rows))


@cache
def _insertion(dialect: DialectName) -> Insertion:
    return Insertion(outbox, dialect, _WRITTEN)


def relay_alone(connection: Connection) -> bool:
    """Be the only relay until the transaction ends; False when another is at work. SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return True
    statement = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool(connection.execute(statement, {"key": _RELAY_LOCK}).scalar_one())


def any_unrelayed(connection: Connection) -> bool:
    """Whether the relay has work. Only reads."""
    return connection.execute(select(outbox.c.sequence).where(UNRELAYED).limit(1)).first() is not None


def unrelayed(connection: Connection, most: int) -> list[Entry]:
    """The first events that were not relayed yet, in order."""
    statement = select(outbox).where(UNRELAYED).order_by(outbox.c.sequence).limit(most)
    return [Entry(row.sequence, row.tenant, _read(row)) for row in connection.execute(statement)]


def skipped(connection: Connection, sequences: list[int]) -> set[tuple[str, int]]:
    """The listeners that these events are not for although they are registered: see `subscriptions.add`."""
    statement = select(delivery.c.subscription_id, delivery.c.sequence).where(delivery.c.sequence.in_(sequences))
    return {(row.subscription_id, row.sequence) for row in connection.execute(statement)}


def mark_relayed(connection: Connection, sequences: list[int], now: datetime) -> None:
    """These events are in every queue they belong to."""
    statement = update(outbox).where(outbox.c.sequence.in_(sequences))
    connection.execute(statement.values(relayed_at=instant_text(now)))


def enqueue(connection: Connection, deliveries: list[Delivery], now: datetime) -> None:
    """Put events into listeners' queues, to be tried at once."""
    if not deliveries:
        return
    rows = [
        {name: getattr(item, name) for name in Delivery.__slots__} | {"state": "pending", "next_at": instant_text(now)}
        for item in deliveries
    ]
    connection.execute(insert(delivery), rows)


def due(connection: Connection, subscription_id: str, now: datetime, most: int) -> list[Delivery]:
    """The events at the head of a listener's queue that may be tried now, in order; none when the first may not."""
    statement = select(delivery).where(delivery.c.subscription_id == subscription_id, PENDING)
    return list(_ready(connection.execute(statement.order_by(delivery.c.sequence).limit(most)), instant_text(now)))


def _ready(rows: Iterable[Row[Any]], moment: str) -> Iterator[Delivery]:
    for row in rows:
        if row.next_at > moment:
            return
        yield Delivery(**{name: getattr(row, name) for name in Delivery.__slots__})


def delivered(connection: Connection, item: Delivery, now: datetime) -> None:
    """The listener has it."""
    values = {"state": "delivered", "settled_at": instant_text(now), "last_error": None}
    connection.execute(_pending(item).values(values))


def failed(connection: Connection, item: Delivery, problem: str, next_at: datetime) -> None:
    """An attempt failed; the next is not before `next_at`."""
    values = {
        "attempts": item.attempts + 1,
        "next_at": instant_text(next_at),
        "last_error": problem[:_ERROR_LENGTH_MAX],
    }
    connection.execute(_pending(item).values(values))


def parked(connection: Connection, item: Delivery, problem: str, now: datetime) -> None:
    """The last attempt failed; the event waits for somebody to replay it, and the next one goes."""
    values = {
        "state": "parked",
        "attempts": item.attempts + 1,
        "settled_at": instant_text(now),
        "last_error": problem[:_ERROR_LENGTH_MAX],
    }
    connection.execute(_pending(item).values(values))


def _pending(item: Delivery) -> Any:
    return update(delivery).where(
        delivery.c.subscription_id == item.subscription_id,
        delivery.c.sequence == item.sequence,
        PENDING,
    )


def clean(connection: Connection, settled_before: datetime, parked_before: datetime, most: int) -> int:
    """Delete up to `most` rows of each sort that nobody needs any more; how many went.

    Settled deliveries and relayed events after their retention, and what a relay queued for a listener
    that was being removed at that moment.
    """
    settled, old_parked = instant_text(settled_before), instant_text(parked_before)
    key = (delivery.c.subscription_id, delivery.c.sequence)
    finished = select(*key).where(
        delivery.c.settled_at < settled, (delivery.c.state != "parked") | (delivery.c.settled_at < old_parked)
    )
    orphans = select(*key).where(delivery.c.subscription_id.not_in(select(subscription.c.id)))
    gone = 0
    for keys in (finished, orphans):
        gone += connection.execute(delete(delivery).where(tuple_(*key).in_(keys.limit(most)))).rowcount
    old = select(outbox.c.sequence).where(outbox.c.relayed_at < settled).limit(most)
    return gone + connection.execute(delete(outbox).where(outbox.c.sequence.in_(old))).rowcount


def _read(row: Row[Any]) -> Event:
    return Event(
        id=row.event_id,
        type=row.type,
        occurred_at=datetime.fromisoformat(row.occurred_at),
        source=row.source,
        resource=row.resource,
        resource_id=row.resource_id,
        parents=tuple(decode_own(row.parents)),
        document=decode_own(row.document),
        changed=tuple(decode_own(row.changed)),
        extra=decode_own(row.extra),
        correlation_id=row.correlation_id,
    )


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery as an operator sees it."""

    event_id: str
    event_type: str
    subscription_id: str
    callback: str
    state: str
    attempts: int
    next_at: str
    last_error: str | None


def records(
    connection: Connection, tenant: str, state: str | None, subscription_id: str | None, most: int
) -> list[DeliveryRecord]:
    """Deliveries of a tenant in the order of their events, the newest `most` of them."""
    names = [name for name in DeliveryRecord.__slots__ if name != "callback"]
    statement = (
        select(subscription.c.callback, *(delivery.c[name] for name in names))
        .join(subscription, subscription.c.id == delivery.c.subscription_id)
        .where(delivery.c.tenant == tenant, delivery.c.state != "skipped")
        .order_by(delivery.c.sequence.desc(), delivery.c.subscription_id.desc())
        .limit(most)
    )
    if state is not None:
        statement = statement.where(delivery.c.state == state)
    if subscription_id is not None:
        statement = statement.where(delivery.c.subscription_id == subscription_id)
    rows = connection.execute(statement).all()
    return [DeliveryRecord(**row._asdict()) for row in reversed(rows)]


def replay_event(connection: Connection, tenant: str, event_id: str, now: datetime) -> int:
    """Queue an event again for every listener it had; for how many."""
    return _replay(connection, tenant, delivery.c.event_id == event_id, now)


def replay_subscription(connection: Connection, tenant: str, subscription_id: str, now: datetime) -> int:
    """Queue everything again that a listener got or should have got and that is still kept; how many events."""
    return _replay(connection, tenant, delivery.c.subscription_id == subscription_id, now)


def replay_parked(connection: Connection, tenant: str, now: datetime) -> int:
    """Queue every parked event of a tenant again; how many."""
    return _replay(connection, tenant, delivery.c.state == "parked", now)


def _replay(connection: Connection, tenant: str, which: Any, now: datetime) -> int:
    statement = update(delivery).where(
        delivery.c.tenant == tenant, delivery.c.state.in_(("parked", "delivered")), which
    )
    values = {"state": "pending", "attempts": 0, "next_at": instant_text(now), "settled_at": None, "last_error": None}
    return connection.execute(statement.values(values)).rowcount
