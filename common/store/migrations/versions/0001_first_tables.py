"""The first tables. Written by common.store.migrations.generate; not edited by hand."""
# ruff: noqa: E501

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DOCUMENT = sa.Text().with_variant(JSONB(), "postgresql")
NUMBER = sa.Text().with_variant(sa.Numeric(), "postgresql")

INSTANT_FUNCTION = r"""
CREATE OR REPLACE FUNCTION bss_instant(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    part text[];
    moment timestamp;
    year int; month int; day int; hour int; minute int;
    shift interval := interval '0';
BEGIN
    part := regexp_match(value, '^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})'
                                '(?:[.,]([0-9]+))?\s*(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))?$');
    IF part IS NULL THEN RETURN NULL; END IF;
    year := part[1]; month := part[2]; day := part[3]; hour := part[4]; minute := part[5];
    IF year < 1 OR month NOT BETWEEN 1 AND 12 OR day < 1 OR hour > 23 OR minute > 59 THEN RETURN NULL; END IF;
    IF day > extract(day FROM make_date(year, month, 1) + interval '1 month - 1 day') THEN RETURN NULL; END IF;
    moment := make_timestamp(year, month, day, hour, minute, least(part[6]::int, 59));
    IF part[8] IS NOT NULL THEN
        shift := make_interval(hours => part[9]::int, mins => part[10]::int);
        moment := CASE part[8] WHEN '+' THEN moment - shift ELSE moment + shift END;
    END IF;
    IF moment < timestamp '0001-01-01' OR moment >= timestamp '10000-01-01' THEN RETURN NULL; END IF;
    RETURN to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS') || '.' || rpad(coalesce(part[7], ''),
        greatest(3, length(coalesce(part[7], ''))), '0');
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(INSTANT_FUNCTION)
    op.create_table(
        "delivery",
        sa.Column("subscription_id", TEXT, nullable=False),
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("event_type", TEXT, nullable=False),
        sa.Column("listener_path", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TEXT, nullable=False),
        sa.Column("last_error", TEXT, nullable=True),
        sa.Column("settled_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("subscription_id", "sequence"),
    )
    op.create_index("ix_delivery_event", "delivery", ["event_id"], unique=False)
    op.create_index(
        "ix_delivery_pending",
        "delivery",
        ["subscription_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_delivery_sequence", "delivery", ["sequence"], unique=False)
    op.create_index("ix_delivery_settled_at", "delivery", ["settled_at"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scope", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_kept_at", "idempotency", ["kept_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("resource_id", TEXT, nullable=False),
        sa.Column("occurred_at", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("changed", TEXT, nullable=False),
        sa.Column("extra", TEXT, nullable=False),
        sa.Column("correlation_id", TEXT, nullable=True),
        sa.Column("relayed_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_relayed_at", "outbox", ["relayed_at"], unique=False)
    op.create_index(
        "ix_outbox_unrelayed",
        "outbox",
        ["sequence"],
        unique=False,
        sqlite_where=sa.text("relayed_at IS NULL"),
        postgresql_where=sa.text("relayed_at IS NULL"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("contract_key", TEXT, nullable=False),
        sa.Column("callback", TEXT, nullable=False),
        sa.Column("query", TEXT, nullable=True),
        sa.Column("secret", TEXT, nullable=True),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("lease_owner", TEXT, nullable=True),
        sa.Column("lease_until", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_subscription_contract", "subscription", ["tenant", "contract_key"], unique=False)
