"""Events on their way out: written with their change, relayed in an order that holds, kept for who reads on.

A row is written in the transaction of its change (`append`). The relay later puts it into the queue of every listener
it is for (`queues.publish`) and gives it its place, in one transaction. `sequence` is no place up to which one could
read: on PostgreSQL a sequence number is given out when the row is written and seen when its transaction commits, so
that number 7 may appear after number 8 was relayed. `place` is one: places are given out by one relay at a time
(`relay_alone`), without gaps, and whoever sees a place sees all below it.

The order that listeners are promised is that of one resource's changes. It holds in spite of the above: who changes a
resource holds its row's lock until the commit, and writes the outbox after the row, so that of two changes of one
resource the later has the higher number and is not visible without the earlier. For the same reason no `SKIP LOCKED`
is used on these rows: two relays that shared them could queue a resource's second change before its first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from common.domain.clock import instant_text
from common.domain.event import Event
from common.exact_json import decode_own, encode
from common.store.event_tables import RELAYED, UNRELAYED, outbox, outbox_reader, skip
from common.store.lists import listed, members
from common.store.session import Session
from common.store.statements import DialectName, Insertion, Statement, compiled, given
from common.store.tables import TEXT

# Any number that nothing else in the database uses as an advisory lock: "BSSrelay" in ASCII.
_RELAY_LOCK = 0x42535372656C6179
# The columns of a new event.
_WRITTEN = (
    *("tenant", "event_id", "type", "source", "resource", "resource_id", "parents", "occurred_at"),
    *("document", "changed", "extra", "correlation_id"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the outbox; `place` is None until it is relayed."""

    sequence: int
    tenant: str
    event: Event
    place: int | None = None


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


def await_relay(connection: Connection) -> None:
    """As `relay_alone`, when the relay at work has committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _RELAY_LOCK})


def any_unrelayed(connection: Connection) -> bool:
    """Whether the relay has work. Only reads."""
    return connection.execute(select(outbox.c.sequence).where(UNRELAYED).limit(1)).first() is not None


def unrelayed(connection: Connection, most: int) -> list[Entry]:
    """The first events that were not relayed yet, in order."""
    statement = select(outbox).where(UNRELAYED).order_by(outbox.c.sequence).limit(most)
    return [_entry(row) for row in connection.execute(statement)]


def skipped(session: Session, sequences: list[int]) -> set[tuple[str, int]]:
    """The listeners that these events are not for although they are registered: see `subscriptions.add`."""
    return set(session.rows(_skipped(session.dialect), {"sequences": listed(session, sequences)}))


@cache
def _skipped(dialect: DialectName) -> Statement:
    chosen = members("sequences", BigInteger(), dialect)
    statement = select(skip.c.subscription_id, skip.c.sequence)
    return compiled(statement.where(skip.c.sequence.in_(select(chosen.c.value))), dialect)


def mark_relayed(session: Session, sequences: list[int], now: datetime) -> None:
    """These events, in this order, are in every queue they belong to. It is written with whatever is asked next."""
    values = {"sequences": listed(session, sequences), "now": instant_text(now), "last": last_place(session.connection)}
    session.write([(_marking(session.dialect), values), (_unskipping(session.dialect), values)])


@cache
def _marking(dialect: DialectName) -> Statement:
    chosen = members("sequences", BigInteger(), dialect)
    place = (given("last", BigInteger()) + func.row_number().over(order_by=chosen.c.value)).label("place")
    numbered = select(chosen.c.value, place).subquery("numbered")
    statement = update(outbox).where(outbox.c.sequence == numbered.c.value)
    return compiled(statement.values(place=numbered.c.place, relayed_at=given("now", TEXT)), dialect)


@cache
def _unskipping(dialect: DialectName) -> Statement:
    chosen = members("sequences", BigInteger(), dialect)
    return compiled(delete(skip).where(skip.c.sequence.in_(select(chosen.c.value))), dialect)


def relayed_after(connection: Connection, place: int, most: int) -> list[Entry]:
    """The next events behind a place, in order."""
    statement = select(outbox).where(outbox.c.place > place, RELAYED).order_by(outbox.c.place).limit(most)
    return [_entry(row) for row in connection.execute(statement)]


def last_place(connection: Connection) -> int:
    """The place of the event that was relayed last; 0 before the first."""
    last: int | None = connection.execute(select(func.max(outbox.c.place)).where(RELAYED)).scalar()
    return last or 0


def enrol(connection: Connection, name: str) -> None:
    """From now on nothing is cleaned away that this reader has not read; it begins with what is still there."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(outbox_reader).values(name=name, place=0).on_conflict_do_nothing())


def reader_place(connection: Connection, name: str) -> int:
    """The place up to which an enrolled reader has read."""
    place: int = connection.execute(select(outbox_reader.c.place).where(outbox_reader.c.name == name)).scalar_one()
    return place


def advance(connection: Connection, name: str, place: int) -> None:
    """The reader has all events up to this place; nothing when it has more, as another has read on for it meanwhile."""
    behind = (outbox_reader.c.name == name) & (outbox_reader.c.place < place)
    connection.execute(update(outbox_reader).where(behind).values(place=place))


def retire(connection: Connection, name: str) -> bool:
    """Nothing is kept for this reader any more; whether there was one."""
    return connection.execute(delete(outbox_reader).where(outbox_reader.c.name == name)).rowcount > 0


def clean(connection: Connection, relayed_before: datetime, most: int) -> int:
    """Delete up to `most` events that were relayed so long ago and read by every reader; how many went.

    The last one stays whatever its age: the next place is counted from it.
    """
    statement = select(outbox.c.place, outbox.c.relayed_at).where(RELAYED).order_by(outbox.c.place).limit(most)
    moment, old = instant_text(relayed_before), 0
    for row in connection.execute(statement):
        if row.relayed_at >= moment:
            break
        old = row.place
    read = connection.execute(select(func.min(outbox_reader.c.place))).scalar()
    end = min(old, last_place(connection) - 1, old if read is None else read)
    return connection.execute(delete(outbox).where(outbox.c.place <= end, RELAYED)).rowcount


def _entry(row: Row[Any]) -> Entry:
    event = Event(
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
    return Entry(row.sequence, row.tenant, event, row.place)
