"""The first tables. Written by common.store.migrations.generate; not edited by hand."""

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
            "notification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("next_at", TEXT, nullable=True),
        sa.Column("last_error", TEXT, nullable=True),
        sa.Column("parked_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("subscription_id", "notification_id"),
    )
    op.create_index("ix_delivery_notification", "delivery", ["notification_id"], unique=False)
    op.create_index(
        "ix_delivery_parked",
        "delivery",
        ["parked_at"],
        unique=False,
        sqlite_where=sa.text("parked_at IS NOT NULL"),
        postgresql_where=sa.text("parked_at IS NOT NULL"),
    )
    op.create_table(
        "event_skip",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("subscription_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", "subscription_id"),
    )
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
        "notification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("event_type", TEXT, nullable=False),
        sa.Column("listener_path", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("queued_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notification_event", "notification", ["event_id"], unique=False)
    op.create_index("ix_notification_queued_at", "notification", ["queued_at", "id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("resource_id", TEXT, nullable=False),
        sa.Column("parents", TEXT, nullable=False),
        sa.Column("occurred_at", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("changed", TEXT, nullable=False),
        sa.Column("extra", TEXT, nullable=False),
        sa.Column("correlation_id", TEXT, nullable=True),
        sa.Column("relayed_at", TEXT, nullable=True),
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_place",
        "outbox",
        ["place"],
        unique=False,
        sqlite_where=sa.text("place IS NOT NULL"),
        postgresql_where=sa.text("place IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_unrelayed",
        "outbox",
        ["sequence"],
        unique=False,
        sqlite_where=sa.text("place IS NULL"),
        postgresql_where=sa.text("place IS NULL"),
    )
    op.create_table(
        "outbox_reader",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
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
        sa.Column("done_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lease_owner", TEXT, nullable=True),
        sa.Column("lease_until", TEXT, nullable=True),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_subscription_contract", "subscription", ["tenant", "contract_key"], unique=False)
    op.create_table(
        "tmf620_category",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_lifecycle_status", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_version", TEXT, nullable=True),
        sa.Column("x_valid_for_start_date_time", TEXT, nullable=True),
        sa.Column("x_valid_for_end_date_time", TEXT, nullable=True),
        sa.Column("x_is_root", sa.Boolean(), nullable=True),
        sa.Column("x_parent_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_category"),
    )
    op.create_index(
        "ix_tmf620_category_position",
        "tmf620_category",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_is_root",
        "tmf620_category",
        ["tenant", "parent", "x_is_root", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_last_update",
        "tmf620_category",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_lifecycle_status",
        "tmf620_category",
        ["tenant", "parent", "x_lifecycle_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_name",
        "tmf620_category",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_parent_id",
        "tmf620_category",
        ["tenant", "parent", "x_parent_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_valid_for_end_date_time",
        "tmf620_category",
        ["tenant", "parent", "x_valid_for_end_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_valid_for_start_date_time",
        "tmf620_category",
        ["tenant", "parent", "x_valid_for_start_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_category_x_version",
        "tmf620_category",
        ["tenant", "parent", "x_version", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_category_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf620_category_lookup_position", "tmf620_category_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf620_category_lookup_text",
        "tmf620_category_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf620_export_job",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_completion_date", TEXT, nullable=True),
        sa.Column("x_url", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_export_job"),
    )
    op.create_index(
        "ix_tmf620_export_job_position",
        "tmf620_export_job",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_export_job_x_completion_date",
        "tmf620_export_job",
        ["tenant", "parent", "x_completion_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_export_job_x_creation_date",
        "tmf620_export_job",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_export_job_x_status",
        "tmf620_export_job",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_export_job_x_url",
        "tmf620_export_job",
        ["tenant", "parent", "x_url", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_import_job",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_completion_date", TEXT, nullable=True),
        sa.Column("x_url", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_import_job"),
    )
    op.create_index(
        "ix_tmf620_import_job_position",
        "tmf620_import_job",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_import_job_x_completion_date",
        "tmf620_import_job",
        ["tenant", "parent", "x_completion_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_import_job_x_creation_date",
        "tmf620_import_job",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_import_job_x_status",
        "tmf620_import_job",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_import_job_x_url",
        "tmf620_import_job",
        ["tenant", "parent", "x_url", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_product_catalog",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_lifecycle_status", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_version", TEXT, nullable=True),
        sa.Column("x_valid_for_start_date_time", TEXT, nullable=True),
        sa.Column("x_valid_for_end_date_time", TEXT, nullable=True),
        sa.Column("x_catalog_type", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_product_catalog"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_position",
        "tmf620_product_catalog",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_catalog_type",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_catalog_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_last_update",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_lifecycle_status",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_lifecycle_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_name",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_valid_for_end_date_time",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_valid_for_end_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_valid_for_start_date_time",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_valid_for_start_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_catalog_x_version",
        "tmf620_product_catalog",
        ["tenant", "parent", "x_version", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_product_catalog_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf620_product_catalog_lookup_number",
        "tmf620_product_catalog_lookup",
        ["tenant", "parent", "path", "number", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf620_product_catalog_lookup_position",
        "tmf620_product_catalog_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf620_product_catalog_lookup_text",
        "tmf620_product_catalog_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf620_product_offering",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_lifecycle_status", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_version", TEXT, nullable=True),
        sa.Column("x_valid_for_start_date_time", TEXT, nullable=True),
        sa.Column("x_valid_for_end_date_time", TEXT, nullable=True),
        sa.Column("x_is_bundle", sa.Boolean(), nullable=True),
        sa.Column("x_is_sellable", sa.Boolean(), nullable=True),
        sa.Column("x_product_specification_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_product_offering"),
    )
    op.create_index(
        "ix_tmf620_product_offering_position",
        "tmf620_product_offering",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_is_bundle",
        "tmf620_product_offering",
        ["tenant", "parent", "x_is_bundle", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_is_sellable",
        "tmf620_product_offering",
        ["tenant", "parent", "x_is_sellable", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_last_update",
        "tmf620_product_offering",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_lifecycle_status",
        "tmf620_product_offering",
        ["tenant", "parent", "x_lifecycle_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_name",
        "tmf620_product_offering",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_product_specification_id",
        "tmf620_product_offering",
        ["tenant", "parent", "x_product_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_valid_for_end_date_time",
        "tmf620_product_offering",
        ["tenant", "parent", "x_valid_for_end_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_valid_for_start_date_time",
        "tmf620_product_offering",
        ["tenant", "parent", "x_valid_for_start_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_x_version",
        "tmf620_product_offering",
        ["tenant", "parent", "x_version", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_product_offering_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf620_product_offering_lookup_position",
        "tmf620_product_offering_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf620_product_offering_lookup_text",
        "tmf620_product_offering_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf620_product_offering_price",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_lifecycle_status", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_version", TEXT, nullable=True),
        sa.Column("x_valid_for_start_date_time", TEXT, nullable=True),
        sa.Column("x_valid_for_end_date_time", TEXT, nullable=True),
        sa.Column("x_price_type", TEXT, nullable=True),
        sa.Column("x_is_bundle", sa.Boolean(), nullable=True),
        sa.Column("x_price_unit", TEXT, nullable=True),
        sa.Column("x_price_value", NUMBER, nullable=True),
        sa.Column("x_recurring_charge_period_type", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_product_offering_price"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_position",
        "tmf620_product_offering_price",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_is_bundle",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_is_bundle", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_last_update",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_lifecycle_status",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_lifecycle_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_name",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_price_type",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_price_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_price_unit",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_price_unit", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_price_value",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_price_value", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_recurring_charge_period_type",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_recurring_charge_period_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_valid_for_end_date_time",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_valid_for_end_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_valid_for_start_date_time",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_valid_for_start_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_x_version",
        "tmf620_product_offering_price",
        ["tenant", "parent", "x_version", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_product_offering_price_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf620_product_offering_price_lookup_position",
        "tmf620_product_offering_price_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf620_product_offering_price_lookup_text",
        "tmf620_product_offering_price_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf620_product_specification",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_lifecycle_status", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_version", TEXT, nullable=True),
        sa.Column("x_valid_for_start_date_time", TEXT, nullable=True),
        sa.Column("x_valid_for_end_date_time", TEXT, nullable=True),
        sa.Column("x_brand", TEXT, nullable=True),
        sa.Column("x_product_number", TEXT, nullable=True),
        sa.Column("x_is_bundle", sa.Boolean(), nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf620_product_specification"),
    )
    op.create_index(
        "ix_tmf620_product_specification_position",
        "tmf620_product_specification",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_brand",
        "tmf620_product_specification",
        ["tenant", "parent", "x_brand", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_is_bundle",
        "tmf620_product_specification",
        ["tenant", "parent", "x_is_bundle", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_last_update",
        "tmf620_product_specification",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_lifecycle_status",
        "tmf620_product_specification",
        ["tenant", "parent", "x_lifecycle_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_name",
        "tmf620_product_specification",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_product_number",
        "tmf620_product_specification",
        ["tenant", "parent", "x_product_number", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_valid_for_end_date_time",
        "tmf620_product_specification",
        ["tenant", "parent", "x_valid_for_end_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_valid_for_start_date_time",
        "tmf620_product_specification",
        ["tenant", "parent", "x_valid_for_start_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf620_product_specification_x_version",
        "tmf620_product_specification",
        ["tenant", "parent", "x_version", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf620_product_specification_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf620_product_specification_lookup_position",
        "tmf620_product_specification_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf620_product_specification_lookup_text",
        "tmf620_product_specification_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf622_cancel_product_order",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_requested_cancellation_date", TEXT, nullable=True),
        sa.Column("x_product_order_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf622_cancel_product_order"),
    )
    op.create_index(
        "ix_tmf622_cancel_product_order_position",
        "tmf622_cancel_product_order",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_cancel_product_order_x_creation_date",
        "tmf622_cancel_product_order",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_cancel_product_order_x_product_order_id",
        "tmf622_cancel_product_order",
        ["tenant", "parent", "x_product_order_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_cancel_product_order_x_requested_cancellation_date",
        "tmf622_cancel_product_order",
        ["tenant", "parent", "x_requested_cancellation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_cancel_product_order_x_state",
        "tmf622_cancel_product_order",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf622_product_order",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_completion_date", TEXT, nullable=True),
        sa.Column("x_cancellation_date", TEXT, nullable=True),
        sa.Column("x_requested_start_date", TEXT, nullable=True),
        sa.Column("x_requested_completion_date", TEXT, nullable=True),
        sa.Column("x_expected_completion_date", TEXT, nullable=True),
        sa.Column("x_category", TEXT, nullable=True),
        sa.Column("x_priority", TEXT, nullable=True),
        sa.Column("x_description", TEXT, nullable=True),
        sa.Column("x_billing_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf622_product_order"),
    )
    op.create_index(
        "ix_tmf622_product_order_position",
        "tmf622_product_order",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_billing_account_id",
        "tmf622_product_order",
        ["tenant", "parent", "x_billing_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_cancellation_date",
        "tmf622_product_order",
        ["tenant", "parent", "x_cancellation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_category",
        "tmf622_product_order",
        ["tenant", "parent", "x_category", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_completion_date",
        "tmf622_product_order",
        ["tenant", "parent", "x_completion_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_creation_date",
        "tmf622_product_order",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_description",
        "tmf622_product_order",
        ["tenant", "parent", "x_description", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_expected_completion_date",
        "tmf622_product_order",
        ["tenant", "parent", "x_expected_completion_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_priority",
        "tmf622_product_order",
        ["tenant", "parent", "x_priority", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_requested_completion_date",
        "tmf622_product_order",
        ["tenant", "parent", "x_requested_completion_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_requested_start_date",
        "tmf622_product_order",
        ["tenant", "parent", "x_requested_start_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf622_product_order_x_state",
        "tmf622_product_order",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf622_product_order_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf622_product_order_lookup_number",
        "tmf622_product_order_lookup",
        ["tenant", "parent", "path", "number", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf622_product_order_lookup_position", "tmf622_product_order_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf622_product_order_lookup_text",
        "tmf622_product_order_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf629_customer",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_role", TEXT, nullable=True),
        sa.Column("x_party_role_specification_id", TEXT, nullable=True),
        sa.Column("x_engaged_party_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf629_customer"),
    )
    op.create_index(
        "ix_tmf629_customer_position",
        "tmf629_customer",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf629_customer_x_engaged_party_id",
        "tmf629_customer",
        ["tenant", "parent", "x_engaged_party_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf629_customer_x_name",
        "tmf629_customer",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf629_customer_x_party_role_specification_id",
        "tmf629_customer",
        ["tenant", "parent", "x_party_role_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf629_customer_x_role",
        "tmf629_customer",
        ["tenant", "parent", "x_role", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf629_customer_x_status",
        "tmf629_customer",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf629_customer_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf629_customer_lookup_position", "tmf629_customer_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf629_customer_lookup_text",
        "tmf629_customer_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf632_individual",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_given_name", TEXT, nullable=True),
        sa.Column("x_family_name", TEXT, nullable=True),
        sa.Column("x_birth_date", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf632_individual"),
    )
    op.create_index(
        "ix_tmf632_individual_position",
        "tmf632_individual",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_individual_x_birth_date",
        "tmf632_individual",
        ["tenant", "parent", "x_birth_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_individual_x_family_name",
        "tmf632_individual",
        ["tenant", "parent", "x_family_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_individual_x_given_name",
        "tmf632_individual",
        ["tenant", "parent", "x_given_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_individual_x_name",
        "tmf632_individual",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_individual_x_status",
        "tmf632_individual",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf632_individual_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf632_individual_lookup_position", "tmf632_individual_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf632_individual_lookup_text",
        "tmf632_individual_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf632_organization",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_trading_name", TEXT, nullable=True),
        sa.Column("x_organization_type", TEXT, nullable=True),
        sa.Column("x_organization_parent_relationship_organization_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf632_organization"),
    )
    op.create_index(
        "ix_tmf632_organization_position",
        "tmf632_organization",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_organization_x_name",
        "tmf632_organization",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_organization_x_organization_parent_relationship__61da",
        "tmf632_organization",
        ["tenant", "parent", "x_organization_parent_relationship_organization_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_organization_x_organization_type",
        "tmf632_organization",
        ["tenant", "parent", "x_organization_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_organization_x_status",
        "tmf632_organization",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf632_organization_x_trading_name",
        "tmf632_organization",
        ["tenant", "parent", "x_trading_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf632_organization_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf632_organization_lookup_position", "tmf632_organization_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf632_organization_lookup_text",
        "tmf632_organization_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf635_billed_sum",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("price", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("usage_type", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("start", TEXT, nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("end", TEXT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("bill_item", TEXT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant",
            "account",
            "product",
            "price",
            "version",
            "usage_type",
            "kind",
            "unit",
            "currency",
            "start",
            "claim",
            name="pk_tmf635_billed_sum",
        ),
    )
    op.create_index("ix_tmf635_billed_sum_0", "tmf635_billed_sum", ["tenant", "bill_item"], unique=False)
    op.create_table(
        "tmf635_bucket",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("allowance", TEXT, nullable=False),
        sa.Column("start", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("granted", NUMBER, nullable=False),
        sa.Column("used", NUMBER, nullable=False),
        sa.Column("rolled", NUMBER, nullable=False),
        sa.Column("end", TEXT, nullable=False),
        sa.Column("expires", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scope", "allowance", "start", name="pk_tmf635_bucket"),
    )
    op.create_index("ix_tmf635_bucket_0", "tmf635_bucket", ["tenant", "scope", "expires"], unique=False)
    op.create_table(
        "tmf635_calendar_day",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("calendar", TEXT, nullable=False),
        sa.Column("day", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "calendar", "day", name="pk_tmf635_calendar_day"),
    )
    op.create_table(
        "tmf635_claim",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "account", name="pk_tmf635_claim"),
    )
    op.create_table(
        "tmf635_counter",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("price", TEXT, nullable=False),
        sa.Column("start", TEXT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("end", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scope", "price", "start", name="pk_tmf635_counter"),
    )
    op.create_index("ix_tmf635_counter_0", "tmf635_counter", ["tenant", "scope", "end"], unique=False)
    op.create_table(
        "tmf635_export_job",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_completion_date", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf635_export_job"),
    )
    op.create_index(
        "ix_tmf635_export_job_position",
        "tmf635_export_job",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_export_job_x_completion_date",
        "tmf635_export_job",
        ["tenant", "parent", "x_completion_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_export_job_x_creation_date",
        "tmf635_export_job",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_export_job_x_status",
        "tmf635_export_job",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf635_hold",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("session", TEXT, nullable=False),
        sa.Column("service", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("allowance", TEXT, nullable=False),
        sa.Column("start", TEXT, nullable=False),
        sa.Column("is_rolled", sa.Boolean(), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "session", "service", "scope", "allowance", "start", "is_rolled", name="pk_tmf635_hold"
        ),
    )
    op.create_index("ix_tmf635_hold_0", "tmf635_hold", ["tenant", "scope"], unique=False)
    op.create_table(
        "tmf635_horizon",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", name="pk_tmf635_horizon"),
    )
    op.create_table(
        "tmf635_product_usage",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_product_id", TEXT, nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", "position", name="pk_tmf635_product_usage"),
        postgresql_partition_by="RANGE (position)",
    )
    op.create_index(
        "ix_tmf635_product_usage_position",
        "tmf635_product_usage",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_product_usage_x_creation_date",
        "tmf635_product_usage",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_product_usage_x_product_id",
        "tmf635_product_usage",
        ["tenant", "parent", "x_product_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_product_usage_x_status",
        "tmf635_product_usage",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf635_product_usage_x_usage_type",
        "tmf635_product_usage",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf635_product_usage_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
        postgresql_partition_by="RANGE (position)",
    )
    op.create_index(
        "ix_tmf635_product_usage_lookup_position", "tmf635_product_usage_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf635_product_usage_lookup_text",
        "tmf635_product_usage_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf635_rated_line",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("usage", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("usage_type", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("price", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("reverses", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", "at", name="pk_tmf635_rated_line"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_tmf635_rated_line_0", "tmf635_rated_line", ["tenant", "usage", "number"], unique=False)
    op.create_index(
        "ix_tmf635_rated_line_1",
        "tmf635_rated_line",
        ["tenant", "account", "claim"],
        unique=False,
        postgresql_include=[
            "product",
            "price",
            "version",
            "usage_type",
            "kind",
            "unit",
            "currency",
            "at",
            "state",
            "quantity",
            "amount",
        ],
    )
    op.create_index("ix_tmf635_rated_line_2", "tmf635_rated_line", ["tenant", "product", "at"], unique=False)
    op.create_table(
        "tmf635_rating",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("usage", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("rated_at", TEXT, nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "usage", "number", "at", name="pk_tmf635_rating"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_tmf635_rating_0", "tmf635_rating", ["tenant", "product", "at"], unique=False)
    op.create_table(
        "tmf635_retired_sum",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("price", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("usage_type", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant",
            "account",
            "product",
            "price",
            "version",
            "usage_type",
            "kind",
            "unit",
            "currency",
            "claim",
            name="pk_tmf635_retired_sum",
        ),
    )
    op.create_table(
        "tmf635_scope",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scope", name="pk_tmf635_scope"),
    )
    op.create_table(
        "tmf635_session",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("started", TEXT, nullable=False),
        sa.Column("expires", TEXT, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf635_session"),
    )
    op.create_index("ix_tmf635_session_0", "tmf635_session", ["tenant", "state", "started"], unique=False)
    op.create_table(
        "tmf635_tariff",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("tariff", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("valid_from", TEXT, nullable=False),
        sa.Column("valid_until", TEXT, nullable=True),
        sa.Column("rates", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("loaded_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "tariff", "version", name="pk_tmf635_tariff"),
    )
    op.create_table(
        "tmf635_tariff_rate",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("tariff", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("prefix", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("setup_fee", NUMBER, nullable=True),
        sa.Column("minimum", NUMBER, nullable=True),
        sa.Column("increment", NUMBER, nullable=True),
        sa.Column("unit", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "tariff", "version", "prefix", name="pk_tmf635_tariff_rate"),
    )
    op.create_table(
        "tmf635_usage_key",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("external", TEXT, nullable=False),
        sa.Column("usage", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "source", "external", name="pk_tmf635_usage_key"),
    )
    op.create_index("ix_tmf635_usage_key_0", "tmf635_usage_key", ["tenant", "usage"], unique=False)
    op.create_table(
        "tmf635_v4_usage_specification",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf635_v4_usage_specification"),
    )
    op.create_index(
        "ix_tmf635_v4_usage_specification_position",
        "tmf635_v4_usage_specification",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf637_identifier",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=True),
        sa.Column("product", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "value", "since", name="pk_tmf637_identifier"),
    )
    op.create_index("ix_tmf637_identifier_0", "tmf637_identifier", ["tenant", "product"], unique=False)
    op.create_table(
        "tmf637_product",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_order_date", TEXT, nullable=True),
        sa.Column("x_start_date", TEXT, nullable=True),
        sa.Column("x_termination_date", TEXT, nullable=True),
        sa.Column("x_product_serial_number", TEXT, nullable=True),
        sa.Column("x_product_offering_id", TEXT, nullable=True),
        sa.Column("x_product_specification_id", TEXT, nullable=True),
        sa.Column("x_billing_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf637_product"),
    )
    op.create_index(
        "ix_tmf637_product_position",
        "tmf637_product",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_billing_account_id",
        "tmf637_product",
        ["tenant", "parent", "x_billing_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_creation_date",
        "tmf637_product",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_name",
        "tmf637_product",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_order_date",
        "tmf637_product",
        ["tenant", "parent", "x_order_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_product_offering_id",
        "tmf637_product",
        ["tenant", "parent", "x_product_offering_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_product_serial_number",
        "tmf637_product",
        ["tenant", "parent", "x_product_serial_number", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_product_specification_id",
        "tmf637_product",
        ["tenant", "parent", "x_product_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_start_date",
        "tmf637_product",
        ["tenant", "parent", "x_start_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_status",
        "tmf637_product",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf637_product_x_termination_date",
        "tmf637_product",
        ["tenant", "parent", "x_termination_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf637_product_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index("ix_tmf637_product_lookup_position", "tmf637_product_lookup", ["tenant", "position"], unique=False)
    op.create_index(
        "ix_tmf637_product_lookup_text",
        "tmf637_product_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf637_product_span",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("offering", TEXT, nullable=True),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "product", "since", name="pk_tmf637_product_span"),
    )
    op.create_index("ix_tmf637_product_span_0", "tmf637_product_span", ["tenant", "account", "product"], unique=False)
    op.create_table(
        "tmf654_action_key",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("external", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "resource", "external", name="pk_tmf654_action_key"),
    )
    op.create_table(
        "tmf654_balance",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("bucket", TEXT, nullable=False),
        sa.Column("usage_type", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("granted", NUMBER, nullable=False),
        sa.Column("remaining", NUMBER, nullable=False),
        sa.Column("reserved", NUMBER, nullable=False),
        sa.Column("floor", NUMBER, nullable=False),
        sa.Column("threshold", NUMBER, nullable=True),
        sa.Column("spending_limit", NUMBER, nullable=True),
        sa.Column("spent", NUMBER, nullable=False),
        sa.Column("spent_in", TEXT, nullable=False),
        sa.Column("start", TEXT, nullable=True),
        sa.Column("expires", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "bucket", name="pk_tmf654_balance"),
    )
    op.create_index("ix_tmf654_balance_0", "tmf654_balance", ["tenant", "account"], unique=False)
    op.create_table(
        "tmf654_movement",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("bucket", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("posting", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf654_movement"),
    )
    op.create_index("ix_tmf654_movement_0", "tmf654_movement", ["tenant", "cause"], unique=False)
    op.create_index("ix_tmf654_movement_1", "tmf654_movement", ["tenant", "bucket", "posting"], unique=False)
    op.create_index("ux_tmf654_movement_0", "tmf654_movement", ["tenant", "bucket", "kind", "cause"], unique=True)
    op.create_table(
        "tmf654_owner",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("bucket", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "owner", "bucket", name="pk_tmf654_owner"),
    )
    op.create_index("ix_tmf654_owner_0", "tmf654_owner", ["tenant", "bucket"], unique=False)
    op.create_table(
        "tmf654_reservation",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("bucket", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("used", NUMBER, nullable=False),
        sa.Column("expires", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf654_reservation"),
    )
    op.create_index("ix_tmf654_reservation_0", "tmf654_reservation", ["tenant", "bucket", "state"], unique=False)
    op.create_table(
        "tmf654_total",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("usage_type", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("total", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "usage_type", "unit", name="pk_tmf654_total"),
    )
    op.create_table(
        "tmf654_v4_accumulated_balance",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_accumulated_balance"),
    )
    op.create_index(
        "ix_tmf654_v4_accumulated_balance_position",
        "tmf654_v4_accumulated_balance",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_accumulated_balance_x_party_account_id",
        "tmf654_v4_accumulated_balance",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_accumulated_balance_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_accumulated_balance_lookup_position",
        "tmf654_v4_accumulated_balance_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf654_v4_accumulated_balance_lookup_text",
        "tmf654_v4_accumulated_balance_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf654_v4_adjust_balance",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_requested_date", TEXT, nullable=True),
        sa.Column("x_bucket_id", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_adjust_balance"),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_position",
        "tmf654_v4_adjust_balance",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_x_bucket_id",
        "tmf654_v4_adjust_balance",
        ["tenant", "parent", "x_bucket_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_x_party_account_id",
        "tmf654_v4_adjust_balance",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_x_requested_date",
        "tmf654_v4_adjust_balance",
        ["tenant", "parent", "x_requested_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_x_status",
        "tmf654_v4_adjust_balance",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_x_usage_type",
        "tmf654_v4_adjust_balance",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_adjust_balance_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_lookup_position",
        "tmf654_v4_adjust_balance_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf654_v4_adjust_balance_lookup_text",
        "tmf654_v4_adjust_balance_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf654_v4_balance_action_history",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_requested_date", TEXT, nullable=True),
        sa.Column("x_bucket_id", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_balance_action_history"),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_position",
        "tmf654_v4_balance_action_history",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_x_bucket_id",
        "tmf654_v4_balance_action_history",
        ["tenant", "parent", "x_bucket_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_x_party_account_id",
        "tmf654_v4_balance_action_history",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_x_requested_date",
        "tmf654_v4_balance_action_history",
        ["tenant", "parent", "x_requested_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_x_status",
        "tmf654_v4_balance_action_history",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_x_usage_type",
        "tmf654_v4_balance_action_history",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_balance_action_history_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_lookup_position",
        "tmf654_v4_balance_action_history_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf654_v4_balance_action_history_lookup_text",
        "tmf654_v4_balance_action_history_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf654_v4_bucket",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_valid_for_end_date_time", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_bucket"),
    )
    op.create_index(
        "ix_tmf654_v4_bucket_position",
        "tmf654_v4_bucket",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_bucket_x_party_account_id",
        "tmf654_v4_bucket",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_bucket_x_status",
        "tmf654_v4_bucket",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_bucket_x_usage_type",
        "tmf654_v4_bucket",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_bucket_x_valid_for_end_date_time",
        "tmf654_v4_bucket",
        ["tenant", "parent", "x_valid_for_end_date_time", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_bucket_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_bucket_lookup_position", "tmf654_v4_bucket_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf654_v4_bucket_lookup_text",
        "tmf654_v4_bucket_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf654_v4_reserve_balance",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_requested_date", TEXT, nullable=True),
        sa.Column("x_bucket_id", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_reserve_balance"),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_position",
        "tmf654_v4_reserve_balance",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_x_bucket_id",
        "tmf654_v4_reserve_balance",
        ["tenant", "parent", "x_bucket_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_x_party_account_id",
        "tmf654_v4_reserve_balance",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_x_requested_date",
        "tmf654_v4_reserve_balance",
        ["tenant", "parent", "x_requested_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_x_status",
        "tmf654_v4_reserve_balance",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_x_usage_type",
        "tmf654_v4_reserve_balance",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_reserve_balance_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_lookup_position",
        "tmf654_v4_reserve_balance_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf654_v4_reserve_balance_lookup_text",
        "tmf654_v4_reserve_balance_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf654_v4_topup_balance",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_requested_date", TEXT, nullable=True),
        sa.Column("x_bucket_id", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_topup_balance"),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_position",
        "tmf654_v4_topup_balance",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_x_bucket_id",
        "tmf654_v4_topup_balance",
        ["tenant", "parent", "x_bucket_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_x_party_account_id",
        "tmf654_v4_topup_balance",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_x_requested_date",
        "tmf654_v4_topup_balance",
        ["tenant", "parent", "x_requested_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_x_status",
        "tmf654_v4_topup_balance",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_x_usage_type",
        "tmf654_v4_topup_balance",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_topup_balance_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_lookup_position",
        "tmf654_v4_topup_balance_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf654_v4_topup_balance_lookup_text",
        "tmf654_v4_topup_balance_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf654_v4_transfer_balance",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_requested_date", TEXT, nullable=True),
        sa.Column("x_bucket_id", TEXT, nullable=True),
        sa.Column("x_usage_type", TEXT, nullable=True),
        sa.Column("x_party_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf654_v4_transfer_balance"),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_position",
        "tmf654_v4_transfer_balance",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_x_bucket_id",
        "tmf654_v4_transfer_balance",
        ["tenant", "parent", "x_bucket_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_x_party_account_id",
        "tmf654_v4_transfer_balance",
        ["tenant", "parent", "x_party_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_x_requested_date",
        "tmf654_v4_transfer_balance",
        ["tenant", "parent", "x_requested_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_x_status",
        "tmf654_v4_transfer_balance",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_x_usage_type",
        "tmf654_v4_transfer_balance",
        ["tenant", "parent", "x_usage_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf654_v4_transfer_balance_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_lookup_position",
        "tmf654_v4_transfer_balance_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf654_v4_transfer_balance_lookup_text",
        "tmf654_v4_transfer_balance_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf666_bill_format",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_bill_format"),
    )
    op.create_index(
        "ix_tmf666_bill_format_position",
        "tmf666_bill_format",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_bill_format_x_name",
        "tmf666_bill_format",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_bill_presentation_media",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_bill_presentation_media"),
    )
    op.create_index(
        "ix_tmf666_bill_presentation_media_position",
        "tmf666_bill_presentation_media",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_bill_presentation_media_x_name",
        "tmf666_bill_presentation_media",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_billing_account",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_account_type", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_payment_status", TEXT, nullable=True),
        sa.Column("x_rating_type", TEXT, nullable=True),
        sa.Column("x_financial_account_id", TEXT, nullable=True),
        sa.Column("x_bill_structure_format_id", TEXT, nullable=True),
        sa.Column("x_bill_structure_cycle_specification_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_billing_account"),
    )
    op.create_index(
        "ix_tmf666_billing_account_position",
        "tmf666_billing_account",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_account_type",
        "tmf666_billing_account",
        ["tenant", "parent", "x_account_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_bill_structure_cycle_specifica_6f24",
        "tmf666_billing_account",
        ["tenant", "parent", "x_bill_structure_cycle_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_bill_structure_format_id",
        "tmf666_billing_account",
        ["tenant", "parent", "x_bill_structure_format_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_financial_account_id",
        "tmf666_billing_account",
        ["tenant", "parent", "x_financial_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_last_update",
        "tmf666_billing_account",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_name",
        "tmf666_billing_account",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_payment_status",
        "tmf666_billing_account",
        ["tenant", "parent", "x_payment_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_rating_type",
        "tmf666_billing_account",
        ["tenant", "parent", "x_rating_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_account_x_state",
        "tmf666_billing_account",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_billing_account_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf666_billing_account_lookup_position",
        "tmf666_billing_account_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf666_billing_account_lookup_text",
        "tmf666_billing_account_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf666_billing_cycle_specification",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_frequency", TEXT, nullable=True),
        sa.Column("x_billing_period", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_billing_cycle_specification"),
    )
    op.create_index(
        "ix_tmf666_billing_cycle_specification_position",
        "tmf666_billing_cycle_specification",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_cycle_specification_x_billing_period",
        "tmf666_billing_cycle_specification",
        ["tenant", "parent", "x_billing_period", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_cycle_specification_x_frequency",
        "tmf666_billing_cycle_specification",
        ["tenant", "parent", "x_frequency", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_billing_cycle_specification_x_name",
        "tmf666_billing_cycle_specification",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_book",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", name="pk_tmf666_book"),
    )
    op.create_table(
        "tmf666_deferral",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("item", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("net", NUMBER, nullable=False),
        sa.Column("recognised", NUMBER, nullable=False),
        sa.Column("start", TEXT, nullable=False),
        sa.Column("end", TEXT, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "item", name="pk_tmf666_deferral"),
    )
    op.create_index("ix_tmf666_deferral_0", "tmf666_deferral", ["tenant", "account", "is_open"], unique=False)
    op.create_table(
        "tmf666_entry",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("posting", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("ledger_account", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "posting", "position", name="pk_tmf666_entry"),
    )
    op.create_index("ix_tmf666_entry_0", "tmf666_entry", ["tenant", "at"], unique=False)
    op.create_index("ix_tmf666_entry_1", "tmf666_entry", ["tenant", "account", "ledger_account", "at"], unique=False)
    op.create_table(
        "tmf666_financial_account",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_account_type", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_financial_account"),
    )
    op.create_index(
        "ix_tmf666_financial_account_position",
        "tmf666_financial_account",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_financial_account_x_account_type",
        "tmf666_financial_account",
        ["tenant", "parent", "x_account_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_financial_account_x_last_update",
        "tmf666_financial_account",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_financial_account_x_name",
        "tmf666_financial_account",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_financial_account_x_state",
        "tmf666_financial_account",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_financial_account_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf666_financial_account_lookup_position",
        "tmf666_financial_account_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf666_financial_account_lookup_text",
        "tmf666_financial_account_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf666_party_account",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_account_type", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_payment_status", TEXT, nullable=True),
        sa.Column("x_financial_account_id", TEXT, nullable=True),
        sa.Column("x_bill_structure_format_id", TEXT, nullable=True),
        sa.Column("x_bill_structure_cycle_specification_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_party_account"),
    )
    op.create_index(
        "ix_tmf666_party_account_position",
        "tmf666_party_account",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_account_type",
        "tmf666_party_account",
        ["tenant", "parent", "x_account_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_bill_structure_cycle_specification_id",
        "tmf666_party_account",
        ["tenant", "parent", "x_bill_structure_cycle_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_bill_structure_format_id",
        "tmf666_party_account",
        ["tenant", "parent", "x_bill_structure_format_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_financial_account_id",
        "tmf666_party_account",
        ["tenant", "parent", "x_financial_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_last_update",
        "tmf666_party_account",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_name",
        "tmf666_party_account",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_payment_status",
        "tmf666_party_account",
        ["tenant", "parent", "x_payment_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_party_account_x_state",
        "tmf666_party_account",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_party_account_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf666_party_account_lookup_position", "tmf666_party_account_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf666_party_account_lookup_text",
        "tmf666_party_account_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf666_posting",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf666_posting"),
    )
    op.create_index("ix_tmf666_posting_0", "tmf666_posting", ["tenant", "account", "at"], unique=False)
    op.create_index("ux_tmf666_posting_0", "tmf666_posting", ["tenant", "cause"], unique=True)
    op.create_table(
        "tmf666_settlement_account",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_account_type", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_payment_status", TEXT, nullable=True),
        sa.Column("x_financial_account_id", TEXT, nullable=True),
        sa.Column("x_bill_structure_format_id", TEXT, nullable=True),
        sa.Column("x_bill_structure_cycle_specification_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf666_settlement_account"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_position",
        "tmf666_settlement_account",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_account_type",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_account_type", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_bill_structure_cycle_specif_c44e",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_bill_structure_cycle_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_bill_structure_format_id",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_bill_structure_format_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_financial_account_id",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_financial_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_last_update",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_name",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_payment_status",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_payment_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf666_settlement_account_x_state",
        "tmf666_settlement_account",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf666_settlement_account_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf666_settlement_account_lookup_position",
        "tmf666_settlement_account_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf666_settlement_account_lookup_text",
        "tmf666_settlement_account_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf666_statement_line",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("posting", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "currency", "at", "posting", name="pk_tmf666_statement_line"),
    )
    op.create_table(
        "tmf666_sum",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("ledger_account", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "entity", "ledger_account", "currency", name="pk_tmf666_sum"),
    )
    op.create_table(
        "tmf670_v4_payment_method",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_is_preferred", sa.Boolean(), nullable=True),
        sa.Column("x_related_party_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf670_v4_payment_method"),
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_position",
        "tmf670_v4_payment_method",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_x_is_preferred",
        "tmf670_v4_payment_method",
        ["tenant", "parent", "x_is_preferred", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_x_name",
        "tmf670_v4_payment_method",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_x_related_party_id",
        "tmf670_v4_payment_method",
        ["tenant", "parent", "x_related_party_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_x_status",
        "tmf670_v4_payment_method",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf670_v4_payment_method_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_lookup_position",
        "tmf670_v4_payment_method_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf670_v4_payment_method_lookup_text",
        "tmf670_v4_payment_method_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf676_allocation",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("credit", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf676_allocation"),
    )
    op.create_index("ix_tmf676_allocation_0", "tmf676_allocation", ["tenant", "credit"], unique=False)
    op.create_index("ix_tmf676_allocation_1", "tmf676_allocation", ["tenant", "bill"], unique=False)
    op.create_table(
        "tmf676_asked",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("charge", TEXT, nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "charge", "operation", name="pk_tmf676_asked"),
    )
    op.create_table(
        "tmf676_charge",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("original", TEXT, nullable=True),
        sa.Column("bill", TEXT, nullable=True),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("reference", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("due", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf676_charge"),
    )
    op.create_index("ix_tmf676_charge_0", "tmf676_charge", ["tenant", "account", "state"], unique=False)
    op.create_index("ix_tmf676_charge_1", "tmf676_charge", ["tenant", "bill"], unique=False)
    op.create_table(
        "tmf676_collection",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("due", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "bill", name="pk_tmf676_collection"),
    )
    op.create_index("ix_tmf676_collection_0", "tmf676_collection", ["tenant", "account"], unique=False)
    op.create_table(
        "tmf676_credit",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("left", NUMBER, nullable=False),
        sa.Column("is_left", sa.Boolean(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf676_credit"),
    )
    op.create_index("ix_tmf676_credit_0", "tmf676_credit", ["tenant", "account", "is_left"], unique=False)
    op.create_table(
        "tmf676_dunning",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("since", TEXT, nullable=True),
        sa.Column("stepped_at", TEXT, nullable=True),
        sa.Column("next", TEXT, nullable=True),
        sa.Column("hold_until", TEXT, nullable=True),
        sa.Column("hold_reason", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "account", name="pk_tmf676_dunning"),
    )
    op.create_index("ix_tmf676_dunning_0", "tmf676_dunning", ["tenant", "state"], unique=False)
    op.create_table(
        "tmf676_dunning_step",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("bills", sa.Text(), nullable=False),
        sa.Column("orders", sa.Text(), nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "number", "step", name="pk_tmf676_dunning_step"),
    )
    op.create_table(
        "tmf676_key",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("external", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "resource", "external", name="pk_tmf676_key"),
    )
    op.create_table(
        "tmf676_notice",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("charge", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf676_notice"),
    )
    op.create_table(
        "tmf676_return",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("credit", TEXT, nullable=False),
        sa.Column("refund", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf676_return"),
    )
    op.create_index("ix_tmf676_return_0", "tmf676_return", ["tenant", "credit"], unique=False)
    op.create_index("ix_tmf676_return_1", "tmf676_return", ["tenant", "refund"], unique=False)
    op.create_table(
        "tmf676_sandbox",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("decided_at", TEXT, nullable=False),
        sa.Column("rule", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", "operation", name="pk_tmf676_sandbox"),
    )
    op.create_index("ix_tmf676_sandbox_0", "tmf676_sandbox", ["tenant", "rule"], unique=False)
    op.create_table(
        "tmf676_v4_payment",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_status_date", TEXT, nullable=True),
        sa.Column("x_correlator_id", TEXT, nullable=True),
        sa.Column("x_account_id", TEXT, nullable=True),
        sa.Column("x_payment_method_id", TEXT, nullable=True),
        sa.Column("x_payment_date", TEXT, nullable=True),
        sa.Column("x_payer_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf676_v4_payment"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_position",
        "tmf676_v4_payment",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_account_id",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_correlator_id",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_correlator_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_payer_id",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_payer_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_payment_date",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_payment_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_payment_method_id",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_payment_method_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_status",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_payment_x_status_date",
        "tmf676_v4_payment",
        ["tenant", "parent", "x_status_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf676_v4_payment_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf676_v4_payment_lookup_position", "tmf676_v4_payment_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf676_v4_payment_lookup_text",
        "tmf676_v4_payment_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf676_v4_refund",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_status", TEXT, nullable=True),
        sa.Column("x_status_date", TEXT, nullable=True),
        sa.Column("x_correlator_id", TEXT, nullable=True),
        sa.Column("x_account_id", TEXT, nullable=True),
        sa.Column("x_payment_method_id", TEXT, nullable=True),
        sa.Column("x_refund_date", TEXT, nullable=True),
        sa.Column("x_payment_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf676_v4_refund"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_position",
        "tmf676_v4_refund",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_account_id",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_correlator_id",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_correlator_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_payment_id",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_payment_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_payment_method_id",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_payment_method_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_refund_date",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_refund_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_status",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_status", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf676_v4_refund_x_status_date",
        "tmf676_v4_refund",
        ["tenant", "parent", "x_status_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf677_query_usage_consumption",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf677_query_usage_consumption"),
    )
    op.create_index(
        "ix_tmf677_query_usage_consumption_position",
        "tmf677_query_usage_consumption",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf677_query_usage_consumption_x_creation_date",
        "tmf677_query_usage_consumption",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf677_query_usage_consumption_x_state",
        "tmf677_query_usage_consumption",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf677_query_usage_consumption_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf677_query_usage_consumption_lookup_position",
        "tmf677_query_usage_consumption_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf677_query_usage_consumption_lookup_text",
        "tmf677_query_usage_consumption_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf677_usage_consumption_report",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_creation_date", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf677_usage_consumption_report"),
    )
    op.create_index(
        "ix_tmf677_usage_consumption_report_position",
        "tmf677_usage_consumption_report",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf677_usage_consumption_report_x_creation_date",
        "tmf677_usage_consumption_report",
        ["tenant", "parent", "x_creation_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf677_usage_consumption_report_x_last_update",
        "tmf677_usage_consumption_report",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf677_usage_consumption_report_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf677_usage_consumption_report_lookup_position",
        "tmf677_usage_consumption_report_lookup",
        ["tenant", "position"],
        unique=False,
    )
    op.create_index(
        "ix_tmf677_usage_consumption_report_lookup_text",
        "tmf677_usage_consumption_report_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf678_applied",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "bill", "kind", "cause", name="pk_tmf678_applied"),
    )
    op.create_index("ix_tmf678_applied_0", "tmf678_applied", ["tenant", "cause"], unique=False)
    op.create_table(
        "tmf678_applied_customer_billing_rate",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_date", TEXT, nullable=True),
        sa.Column("x_bill_id", TEXT, nullable=True),
        sa.Column("x_billing_account_id", TEXT, nullable=True),
        sa.Column("x_product_id", TEXT, nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf678_applied_customer_billing_rate"),
    )
    op.create_index(
        "ix_tmf678_applied_customer_billing_rate_position",
        "tmf678_applied_customer_billing_rate",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_applied_customer_billing_rate_x_bill_id",
        "tmf678_applied_customer_billing_rate",
        ["tenant", "parent", "x_bill_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_applied_customer_billing_rate_x_billing_account_id",
        "tmf678_applied_customer_billing_rate",
        ["tenant", "parent", "x_billing_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_applied_customer_billing_rate_x_date",
        "tmf678_applied_customer_billing_rate",
        ["tenant", "parent", "x_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_applied_customer_billing_rate_x_product_id",
        "tmf678_applied_customer_billing_rate",
        ["tenant", "parent", "x_product_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf678_bill_cycle",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_billing_date", TEXT, nullable=True),
        sa.Column("x__bill_cycle_specification_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf678_bill_cycle"),
    )
    op.create_index(
        "ix_tmf678_bill_cycle_position",
        "tmf678_bill_cycle",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_bill_cycle_x__bill_cycle_specification_id",
        "tmf678_bill_cycle",
        ["tenant", "parent", "x__bill_cycle_specification_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_bill_cycle_x_billing_date",
        "tmf678_bill_cycle",
        ["tenant", "parent", "x_billing_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_bill_cycle_x_name",
        "tmf678_bill_cycle",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf678_bill_head",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("run_type", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=True),
        sa.Column("issued_at", TEXT, nullable=False),
        sa.Column("start", TEXT, nullable=False),
        sa.Column("end", TEXT, nullable=False),
        sa.Column("due", TEXT, nullable=True),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("net", NUMBER, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.Column("gross", NUMBER, nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "bill", name="pk_tmf678_bill_head"),
    )
    op.create_index("ix_tmf678_bill_head_0", "tmf678_bill_head", ["tenant", "account", "issued_at"], unique=False)
    op.create_index("ix_tmf678_bill_head_1", "tmf678_bill_head", ["tenant", "run"], unique=False)
    op.create_index("ux_tmf678_bill_head_0", "tmf678_bill_head", ["tenant", "account", "place"], unique=True)
    op.create_index(
        "ux_tmf678_bill_head_1", "tmf678_bill_head", ["tenant", "entity", "series", "sequence"], unique=True
    )
    op.create_table(
        "tmf678_bill_item",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=True),
        sa.Column("price", TEXT, nullable=True),
        sa.Column("version", TEXT, nullable=True),
        sa.Column("first", TEXT, nullable=True),
        sa.Column("last", TEXT, nullable=True),
        sa.Column("until", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("net", NUMBER, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.Column("gross", NUMBER, nullable=False),
        sa.Column("category", TEXT, nullable=True),
        sa.Column("rate", NUMBER, nullable=True),
        sa.Column("is_inclusive", sa.Boolean(), nullable=False),
        sa.Column("quantity", NUMBER, nullable=True),
        sa.Column("unit", TEXT, nullable=True),
        sa.Column("usages", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf678_bill_item"),
    )
    op.create_index("ix_tmf678_bill_item_0", "tmf678_bill_item", ["tenant", "account", "until"], unique=False)
    op.create_index("ux_tmf678_bill_item_0", "tmf678_bill_item", ["tenant", "bill", "place"], unique=True)
    op.create_table(
        "tmf678_billing",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("specification", TEXT, nullable=True),
        sa.Column("zone", TEXT, nullable=False),
        sa.Column("anchor", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("opened", TEXT, nullable=True),
        sa.Column("billed_until", TEXT, nullable=True),
        sa.Column("next", TEXT, nullable=True),
        sa.Column("currency", TEXT, nullable=True),
        sa.Column("bills", sa.BigInteger(), nullable=False),
        sa.Column("closed", TEXT, nullable=True),
        sa.Column("fingerprint", TEXT, nullable=True),
        sa.Column("problem", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "account", name="pk_tmf678_billing"),
    )
    op.create_index("ix_tmf678_billing_0", "tmf678_billing", ["tenant", "next"], unique=False)
    op.create_index("ix_tmf678_billing_1", "tmf678_billing", ["tenant", "specification"], unique=False)
    op.create_table(
        "tmf678_correction",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=True),
        sa.Column("external", TEXT, nullable=True),
        sa.Column("mark", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf678_correction"),
    )
    op.create_index("ix_tmf678_correction_0", "tmf678_correction", ["tenant", "account", "kind", "state"], unique=False)
    op.create_index("ix_tmf678_correction_1", "tmf678_correction", ["tenant", "bill", "kind"], unique=False)
    op.create_index("ix_tmf678_correction_2", "tmf678_correction", ["tenant", "kind", "id"], unique=False)
    op.create_index("ux_tmf678_correction_0", "tmf678_correction", ["tenant", "kind", "external"], unique=True)
    op.create_table(
        "tmf678_credited_item",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("item", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("net", NUMBER, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "item", name="pk_tmf678_credited_item"),
    )
    op.create_index("ix_tmf678_credited_item_0", "tmf678_credited_item", ["tenant", "bill"], unique=False)
    op.create_table(
        "tmf678_customer_bill",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_bill_no", TEXT, nullable=True),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_bill_cycle_id", TEXT, nullable=True),
        sa.Column("x_bill_date", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_payment_due_date", TEXT, nullable=True),
        sa.Column("x_billing_account_id", TEXT, nullable=True),
        sa.Column("x_financial_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf678_customer_bill"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_position",
        "tmf678_customer_bill",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_bill_cycle_id",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_bill_cycle_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_bill_date",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_bill_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_bill_no",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_bill_no", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_billing_account_id",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_billing_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_financial_account_id",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_financial_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_last_update",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_payment_due_date",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_payment_due_date", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_x_state",
        "tmf678_customer_bill",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf678_customer_bill_lookup",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=True),
        sa.Column("number", NUMBER, nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
    )
    op.create_index(
        "ix_tmf678_customer_bill_lookup_position", "tmf678_customer_bill_lookup", ["tenant", "position"], unique=False
    )
    op.create_index(
        "ix_tmf678_customer_bill_lookup_text",
        "tmf678_customer_bill_lookup",
        ["tenant", "parent", "path", "text", "position"],
        unique=False,
    )
    op.create_table(
        "tmf678_customer_bill_on_demand",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("parent", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("x_name", TEXT, nullable=True),
        sa.Column("x_state", TEXT, nullable=True),
        sa.Column("x_last_update", TEXT, nullable=True),
        sa.Column("x_related_party_party_or_party_role_id", TEXT, nullable=True),
        sa.Column("x_related_party_role", TEXT, nullable=True),
        sa.Column("x_billing_account_id", TEXT, nullable=True),
        sa.Column("doc", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "parent", "id", "version", name="pk_tmf678_customer_bill_on_demand"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_position",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_x_billing_account_id",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "x_billing_account_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_x_last_update",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "x_last_update", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_x_name",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "x_name", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_x_related_party_party_or_3e70",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "x_related_party_party_or_party_role_id", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_x_related_party_role",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "x_related_party_role", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_index(
        "ix_tmf678_customer_bill_on_demand_x_state",
        "tmf678_customer_bill_on_demand",
        ["tenant", "parent", "x_state", "position"],
        unique=False,
        sqlite_where=sa.text("is_latest = 1"),
        postgresql_where=sa.text("is_latest = true"),
    )
    op.create_table(
        "tmf678_cycle",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("cutoff", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf678_cycle"),
    )
    op.create_table(
        "tmf678_document",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("made_at", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf678_document"),
    )
    op.create_index("ux_tmf678_document_0", "tmf678_document", ["tenant", "bill", "media_type"], unique=True)
    op.create_table(
        "tmf678_earlier_cycle",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=False),
        sa.Column("anchor", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "until", name="pk_tmf678_earlier_cycle"),
    )
    op.create_table(
        "tmf678_number",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "entity", "series", name="pk_tmf678_number"),
    )
    op.create_table(
        "tmf678_receivable",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("issued_at", TEXT, nullable=False),
        sa.Column("due", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("remaining", NUMBER, nullable=False),
        sa.Column("disputed", NUMBER, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "bill", name="pk_tmf678_receivable"),
    )
    op.create_index("ix_tmf678_receivable_0", "tmf678_receivable", ["tenant", "account", "is_open"], unique=False)
    op.create_index("ix_tmf678_receivable_1", "tmf678_receivable", ["tenant", "is_open", "due"], unique=False)
    op.create_table(
        "tmf678_run",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("asked", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("ended_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_tmf678_run"),
    )
    op.create_index("ix_tmf678_run_0", "tmf678_run", ["tenant", "started_at"], unique=False)
    op.create_table(
        "tmf678_run_outcome",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("bills", sa.BigInteger(), nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "run", "account", name="pk_tmf678_run_outcome"),
    )
    op.create_index("ix_tmf678_run_outcome_0", "tmf678_run_outcome", ["tenant", "run", "outcome"], unique=False)
    op.create_table(
        "tmf678_tax_rate",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=True),
        sa.Column("rate", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "category", "place", "since", name="pk_tmf678_tax_rate"),
    )
    op.create_table(
        "work",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("due", TEXT, nullable=True),
        sa.Column("doc", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "key", name="pk_work"),
    )
    op.create_index("ix_work_due", "work", ["tenant", "due", "kind", "key"], unique=False)
    op.create_index("ix_work_kind", "work", ["tenant", "kind", "due", "key"], unique=False)
