"""The tables of events: what happened, who listens, and what is still to be delivered to whom.

Moments are the texts of `clock.instant_text`: they sort as the instants do, alike on both databases.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, UniqueConstraint, literal_column

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
    Column("relayed_at", TEXT),  # None until the event is in every queue it belongs to
    UniqueConstraint("event_id", name="uq_outbox_event_id"),
    # AUTOINCREMENT proper: a number is not given out again when the newest rows were cleaned away.
    sqlite_autoincrement=True,
)
UNRELAYED = outbox.c.relayed_at.is_(None)
Index("ix_outbox_unrelayed", outbox.c.sequence, sqlite_where=UNRELAYED, postgresql_where=UNRELAYED)
Index("ix_outbox_relayed_at", outbox.c.relayed_at)

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
    # The worker that delivers to this listener now, and until when the others leave it alone.
    Column("lease_owner", TEXT),
    Column("lease_until", TEXT),
)
Index("ix_subscription_contract", subscription.c.tenant, subscription.c.contract_key)

# state: pending; delivered; parked (given up after too many attempts, until somebody replays it);
# skipped (a mark: the event was already there when the listener registered and is not for it).
delivery = Table(
    "delivery",
    SYSTEM_METADATA,
    Column("subscription_id", TEXT, primary_key=True),
    Column("sequence", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("tenant", TEXT, nullable=False),
    Column("event_id", TEXT, nullable=False),
    Column("event_type", TEXT, nullable=False),
    Column("listener_path", TEXT, nullable=False),
    Column("body", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", TEXT, nullable=False),
    Column("last_error", TEXT),
    Column("settled_at", TEXT),
)
# The value stands in the statement itself: with a parameter SQLite would not use the partial index.
PENDING = delivery.c.state == literal_column("'pending'")
Index(
    "ix_delivery_pending",
    delivery.c.subscription_id,
    delivery.c.sequence,
    sqlite_where=PENDING,
    postgresql_where=PENDING,
)
Index("ix_delivery_sequence", delivery.c.sequence)
Index("ix_delivery_event", delivery.c.event_id)
Index("ix_delivery_settled_at", delivery.c.settled_at)
