"""The tables of events: what happened, who listens, and what is still to be delivered to whom.

Moments are the texts of `clock.instant_text`: they sort as the instants do, alike on both databases.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, UniqueConstraint

from common.store.tables import SYSTEM_METADATA, TEXT

# SQLite counts only a column declared INTEGER PRIMARY KEY, which is 64 bits wide there.
_SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")

outbox = Table(
    "outbox",
    SYSTEM_METADATA,
    Column("sequence", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("tenant", TEXT, nullable=False),
    Column("event_id", TEXT, nullable=False),
    Column("type", TEXT, nullable=False),
    Column("source", TEXT, nullable=False),
    Column("resource", TEXT, nullable=False),
    Column("resource_id", TEXT, nullable=False),
    Column("parents", TEXT, nullable=False),
    Column("occurred_at", TEXT, nullable=False),
    Column("document", TEXT, nullable=False),
    Column("changed", TEXT, nullable=False),
    Column("extra", TEXT, nullable=False),
    Column("correlation_id", TEXT),
    # Both None until the event is in every queue it belongs to. Places are 1, 2, 3 ... in the order of relaying.
    Column("relayed_at", TEXT),
    Column("place", _SEQUENCE),
    UniqueConstraint("event_id", name="uq_outbox_event_id"),
    # AUTOINCREMENT proper: a number is not given out again when the newest rows were cleaned away.
    sqlite_autoincrement=True,
)
UNRELAYED = outbox.c.place.is_(None)
Index("ix_outbox_unrelayed", outbox.c.sequence, sqlite_where=UNRELAYED, postgresql_where=UNRELAYED)
RELAYED = outbox.c.place.is_not(None)
Index("ix_outbox_place", outbox.c.place, sqlite_where=RELAYED, postgresql_where=RELAYED)

# Who reads relayed events in their places, and the place up to which it has them.
outbox_reader = Table(
    "outbox_reader",
    SYSTEM_METADATA,
    Column("name", TEXT, primary_key=True),
    Column("place", _SEQUENCE, nullable=False),
)

subscription = Table(
    "subscription",
    SYSTEM_METADATA,
    Column("id", TEXT, primary_key=True),
    Column("tenant", TEXT, nullable=False),
    Column("contract_key", TEXT, nullable=False),
    Column("callback", TEXT, nullable=False),
    Column("query", TEXT),
    Column("secret", TEXT),
    Column("origin", TEXT, nullable=False),
    Column("created_at", TEXT, nullable=False),
    # Its queue up to this notification is done: delivered, or parked.
    Column("done_to", _SEQUENCE, nullable=False, default=0),
    # The worker that delivers to this listener now, and until when the others leave it alone.
    Column("lease_owner", TEXT),
    Column("lease_until", TEXT),
    # Gone for everybody; the row stays until its queue was cleaned away.
    Column("is_removed", Boolean, nullable=False, default=False),
)
Index("ix_subscription_contract", subscription.c.tenant, subscription.c.contract_key)

# Events that were waiting when a listener registered, and are not for it; gone when they are relayed.
skip = Table(
    "event_skip",
    SYSTEM_METADATA,
    Column("sequence", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("subscription_id", TEXT, primary_key=True),
)

# An event as it is posted, once for all listeners that get the same bytes. Numbers ascend as they become visible.
notification = Table(
    "notification",
    SYSTEM_METADATA,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("tenant", TEXT, nullable=False),
    Column("event_id", TEXT, nullable=False),
    Column("event_type", TEXT, nullable=False),
    Column("listener_path", TEXT, nullable=False),
    Column("body", TEXT, nullable=False),
    Column("queued_at", TEXT, nullable=False),
)
Index("ix_notification_event", notification.c.event_id)
Index("ix_notification_queued_at", notification.c.queued_at, notification.c.id)

# A notification in the queue of a listener. The row is written once: it is pending while the listener is not done with
# it (`subscription.done_to`), and delivered afterwards. What went wrong with it, if anything did, is in the rest.
delivery = Table(
    "delivery",
    SYSTEM_METADATA,
    Column("subscription_id", TEXT, primary_key=True),
    Column("notification_id", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("attempts", Integer),  # those that failed
    Column("next_at", TEXT),
    Column("last_error", TEXT),
    Column("parked_at", TEXT),  # given up after too many attempts, until somebody replays it
)
Index("ix_delivery_notification", delivery.c.notification_id)
PARKED = delivery.c.parked_at.is_not(None)
Index("ix_delivery_parked", delivery.c.parked_at, sqlite_where=PARKED, postgresql_where=PARKED)
