"""PostgreSQL as a store: how it is reached, and the one function that its SQL lacks.

Statements run at READ COMMITTED: a write checks the revision in the statement that changes the row. Every statement
has a time limit on the server, so that a filter cannot occupy it; `options` in the URL replaces ours.
"""

from __future__ import annotations

import re
import select
import time
from typing import Any

import psycopg
from psycopg import pq
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from common.store.failures import STATEMENT_SECONDS_MAX

CONNECT_SECONDS_MAX = 10
KEEPALIVE_SECONDS = 30
# A connection that was not used for longer is asked whether it still reaches the server.
REST_SECONDS_MAX = 30

# clock.normal_instant without the Z, in SQL: null for what is no date-time. Ranges are checked before the calls that
# would raise; the seconds' fraction is kept as the client wrote it.
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


def postgresql_engine(url: URL, pool_size: int, *, prepares: bool = True) -> Engine:
    """An engine on psycopg 3, whatever driver the URL names. `prepares`: see BSS_DATABASE_PREPARES."""
    arguments: dict[str, object] = {
        # Statements are prepared by `session`. The driver, if it did so itself, makes the server forget all.
        "prepare_threshold": None,
        **{"connect_timeout": CONNECT_SECONDS_MAX, "client_encoding": "utf8"},
        **{"keepalives_idle": KEEPALIVE_SECONDS, "keepalives_interval": KEEPALIVE_SECONDS},
    }
    if "options" not in url.query:
        arguments["options"] = f"-c statement_timeout={STATEMENT_SECONDS_MAX * 1000}"
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS_MAX,
        pool_reset_on_return=None,
        isolation_level="READ COMMITTED",
        connect_args=arguments,
    )
    event.listen(engine, "connect", lambda _, record: record.info.update(prepares=prepares))
    event.listen(engine, "checkout", _look_at)
    event.listen(engine, "reset", _undo)
    return engine


def _look_at(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, pooled: Any) -> None:
    """Before a connection is used again: whether the server has closed it, without asking the server.

    A connection at rest has nothing to be read but its end. After a longer rest a network on the way may have
    forgotten it, so the server is asked.
    Errors: InvalidatePoolError, upon which the pool connects anew.
    """
    libpq, now = connection.pgconn, time.monotonic()
    rested = now - record.info.get("rests_since", now)
    if libpq.status != pq.ConnStatus.OK:
        raise InvalidatePoolError("the connection is closed")
    poller = select.poll()
    poller.register(libpq.socket, select.POLLIN)
    try:
        while poller.poll(0):
            libpq.consume_input()
        if rested > REST_SECONDS_MAX and libpq.exec_(b"").status != pq.ExecStatus.EMPTY_QUERY:
            raise InvalidatePoolError("the server does not answer")
    except psycopg.Error as error:
        raise InvalidatePoolError("the server has closed the connection") from error


def _undo(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, state: Any) -> None:
    """What a transaction did not commit, when its connection goes back to the pool."""
    if connection.pgconn.transaction_status != pq.TransactionStatus.IDLE:
        connection.rollback()
    record.info["rests_since"] = time.monotonic()


def regular_expression(pattern: str) -> str:
    """A pattern of Python's `re` as PostgreSQL reads it: `.` does not match a line break.

    What both share: literals, classes, groups, alternatives, greedy and lazy quantifiers, anchors, \\d \\s
    \\w, look-ahead, a leading (?i). PostgreSQL refuses named groups and inline flags elsewhere. Differences
    that stay: negated classes do not match a line break there; \\w and \\d know ASCII only under its C locale.
    """
    flags = re.match(r"\(\?([a-z]+)\)", pattern)
    if flags is None:
        return "(?p)" + pattern
    letters = flags[1] if "s" in flags[1] or "m" in flags[1] else flags[1] + "p"
    return f"(?{letters}){pattern[flags.end() :]}"
