"""Every setting of the suite, in one place.

Each field is read from the environment variable `BSS_<NAME IN CAPITALS>`; docs/settings.md is made from this
file. Units stand in the names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from common.domain.clock import read_instant
from common.errors import ConfigurationError


def _setting(default: Any, about: str, choices: tuple[str, ...] = (), *, is_shown: bool = True) -> Any:
    return field(default=default, repr=is_shown, metadata={"about": about, "choices": choices})


@dataclass(frozen=True)
class Settings:
    """How this installation runs. Frozen: read once at start-up."""

    database_url: str = _setting("sqlite:///var/bss.db", "SQLAlchemy URL of the store: SQLite file or PostgreSQL")
    database_pool_size: int = _setting(8, "connections per process (PostgreSQL)")
    database_prepares: bool = _setting(
        True,
        "statements are prepared; false behind a pooler of transactions that does not follow that (PgBouncer < 1.21)",
    )
    database_replica_url: str = _setting(
        "", "read-only copy (PostgreSQL) that lists are read from, as far behind as it may be; empty: none"
    )
    components: str = _setting(
        "tmf620_catalog,tmf622_ordering,tmf629_customer,tmf632_party,tmf635_usage,tmf637_inventory,"
        "tmf654_balance,tmf666_account,tmf670_payment_method,tmf676_payment,tmf677_consumption,tmf678_bill",
        "packages that are served, comma-separated, in the order their data is loaded",
    )
    spec_dir: str = _setting("", "folder of official TM Forum documents to serve beside or instead of our own")
    extension_dir: str = _setting("", "folder of JSON Schema files that @schemaLocation may name")
    base_url: str = _setting("", "scheme and host in every href; empty: as the request says")
    base_prefix: str = _setting("", "path before /tmf-api, for gateways; appears in every href")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8080, "port to listen on")
    partial_status: str = _setting("206", "status of a partial page the client asked for", ("206", "always_200"))
    reference_mode: str = _setting(
        "process", "references to resources of ours that are not here", ("process", "strict", "off")
    )
    unknown_attributes: str = _setting("keep", "attributes and filters outside the contract", ("keep", "refuse"))
    unversioned_prices: str = _setting(
        "keep",
        "prices of products that name no version: keep that of the day, or follow the latest, for the past too",
        ("keep", "follow"),
    )
    cors_origins: str = _setting("", "origins that browsers may call from, comma-separated; empty: none")
    callback_style: str = _setting("verbatim", "where events are posted", ("verbatim", "append_listener"))
    callback_allow_private: bool = _setting(False, "callbacks may point to loopback and private addresses")
    callback_schemes: str = _setting("http,https", "URL schemes that callbacks may use")
    body_bytes_max: int = _setting(4_000_000, "largest request body")
    query_bytes_max: int = _setting(16_000, "longest query string")
    page_items_max: int = _setting(1_000, "largest `limit`, and the page size when the client gives none")
    filter_terms_max: int = _setting(64, "comparisons in one query")
    regex_length_max: int = _setting(200, "longest .regex pattern")
    idempotency_hours: int = _setting(24, "how long the reply to an Idempotency-Key is kept")
    delivery_inline: bool = _setting(True, "bss serve delivers events and runs jobs itself; false: bss worker does")
    delivery_timeout_seconds: int = _setting(10, "longest wait for a listener's answer")
    delivery_attempts_max: int = _setting(10, "failed attempts after which an event is parked")
    delivery_backoff_seconds_max: int = _setting(300, "longest pause between attempts; the first is 1 s, then doubled")
    delivery_lease_seconds: int = _setting(15, "how long a dead worker keeps a subscription from the others")
    subscriptions_max: int = _setting(1_000, "listeners registered at the hub of one API")
    broker_url: str = _setting(
        "", "broker of events and usage: nats://host:4222 or kafka://host:9092 (docs/broker.md)", is_shown=False
    )
    broker_partitions: int = _setting(8, "parts of a stream that is read, each by one worker at a time")
    broker_retention_hours: int = _setting(168, "how long a stream that the suite makes keeps messages")
    broker_replicas: int = _setting(1, "copies of each message in a stream that the suite makes")
    broker_duplicate_seconds: int = _setting(120, "NATS: how long a message id is known, and its repetition not kept")
    broker_redelivery_seconds: int = _setting(30, "NATS: how long a dead worker keeps the messages that it had fetched")
    fulfilment: str = _setting(
        "simulator", "who carries out the tasks of orders; none: people do", ("simulator", "tmf641", "none")
    )
    simulator_file: str = _setting("", "script of the simulator (docs/fulfilment.md); empty: every task done at once")
    oss_url: str = _setting("", "TMF641 v4 API that tasks are ordered at, up to and with /serviceOrdering/v4")
    oss_token: str = _setting("", "bearer token for that API; never logged", is_shown=False)
    oss_timeout_seconds: int = _setting(10, "longest wait for its answer")
    oss_poll_seconds: int = _setting(60, "pause after which a service order under way is asked for, without an event")
    oss_callback_url: str = _setting(
        "", "where that API posts its events; empty: below BSS_BASE_URL; with neither it is only polled"
    )
    time_zone: str = _setting("UTC", "IANA time zone of accounts that name none (their attribute timeZone)")
    dunning: str = _setting("automatic", "whether accounts in arrears are dunned by the clock", ("automatic", "off"))
    payment_provider: str = _setting(
        "sandbox", "who takes money: sandbox, none, or package.module:Class of an adapter (docs/payments.md)"
    )
    payment_sandbox_file: str = _setting("", "script of the sandbox provider; empty: every payment goes well at once")
    payment_webhook_secret: str = _setting(
        "", "secret that the provider signs its webhooks with; empty: none are taken", is_shown=False
    )
    identifier_characteristics: str = _setting(
        "msisdn,imsi,ipAddress", "product characteristics that usage names its product by, comma-separated"
    )
    billing: str = _setting(
        "automatic", "when accounts are billed: by the clock, or by bss bill run", ("automatic", "manual")
    )
    billing_file: str = _setting("", "YAML file of policies by legal entity (docs/bill-runs.md); empty: the usual ones")
    bill_approval: str = _setting("auto", "who validates a new bill before it is sent", ("auto", "manual"))
    legal_entity: str = _setting("main", "legal entity of accounts that name none (related party legalEntity)")
    session_validity_seconds: int = _setting(
        1_800, "how long what a charging session was granted is held; then it lapses"
    )
    session_retention_days: int = _setting(400, "how long a charging session is kept after it began, once it has ended")
    job_dir: str = _setting("var/jobs", "the folder that import and export jobs may read and write")
    load_samples: bool = _setting(False, "bss serve loads the sample data as soon as it answers")
    clock: str = _setting("", "bss serve on a clock of its own, which stands at this date-time until moved (/clock)")
    workers: int = _setting(1, "server processes (PostgreSQL only above 1)")
    log_level: str = _setting("info", "least severe log line", ("debug", "info", "warning", "error"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """The settings that the environment gives, with overrides from the command line.

        Errors: ConfigurationError for a value of the wrong type or outside its choices.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for item in fields(cls):
            raw = environment.get(f"BSS_{item.name.upper()}")
            if raw is not None:
                values[item.name] = _parse(item.name, raw)
        values |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**values)

    def __post_init__(self) -> None:
        for item in fields(self):
            choices, value = item.metadata["choices"], getattr(self, item.name)
            if choices and value not in choices:
                raise ConfigurationError(f"BSS_{item.name.upper()} is {value!r}; choose one of {', '.join(choices)}")
        if self.base_prefix and (not self.base_prefix.startswith("/") or self.base_prefix.endswith("/")):
            raise ConfigurationError("BSS_BASE_PREFIX starts with a slash and does not end with one")
        if self.clock and read_instant(self.clock) is None:
            raise ConfigurationError(f"BSS_CLOCK is {self.clock!r}; use a date-time, as in 2026-01-01T00:00:00Z")
        if self.clock and (self.workers > 1 or not self.delivery_inline):
            raise ConfigurationError(
                "BSS_CLOCK is a clock of one process: leave BSS_WORKERS at 1 and BSS_DELIVERY_INLINE at true"
            )

    @property
    def component_names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.components.split(",") if name.strip())

    @property
    def jobs(self) -> Path:
        return Path(self.job_dir)


def _parse(name: str, raw: str) -> Any:
    kind = get_type_hints(Settings)[name]
    if kind is bool:
        if raw.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise ConfigurationError(f"BSS_{name.upper()} is {raw!r}; use true or false")
        return raw.lower() in ("true", "1", "yes")
    if kind is int:
        try:
            return int(raw)
        except ValueError:
            raise ConfigurationError(f"BSS_{name.upper()} is {raw!r}; use a whole number") from None
    return raw
