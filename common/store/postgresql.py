"""PostgreSQL as a store: how it is reached, and the one function that its SQL lacks.

Statements run at READ COMMITTED: a write checks the revision in the statement that changes the row. Every statement
has a time limit on the server, so that a filter cannot occupy it; `options` in the URL replaces ours.
"""

from __future__ import annotations

import select
import time
from typing import Any, cast

import psycopg
from psycopg import pq
from sqlalchemy import URL, NullPool, PoolProxiedConnection, create_engine, event

from common.patterns import tokens
from common.store.connections import Connections
from common.store.failures import STATEMENT_SECONDS_MAX
from common.store.waiting import leave

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


def postgresql_connections(url: URL, count: int, *, prepares: bool = True) -> Connections:
    """Connections by psycopg 3, whatever driver the URL names. `prepares`: see BSS_DATABASE_PREPARES."""
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
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
        connect_args=arguments,
    )
    event.listen(engine, "connect", lambda _, record: record.info.update(prepares=prepares))
    return Connections(engine, count, CONNECT_SECONDS_MAX, _is_usable, _undo)


def _is_usable(pooled: PoolProxiedConnection) -> bool:
    """Whether the server has not closed a connection at rest, without asking it: all there is to be read is its end.

    After a longer rest a network on the way may have forgotten it, so the server is asked.
    """
    libpq = cast("psycopg.Connection[Any]", pooled.driver_connection).pgconn
    poller = select.poll()
    try:
        poller.register(libpq.socket, select.POLLIN)
        while poller.poll(0):
            libpq.consume_input()
        if time.monotonic() - pooled.info["rests_since"] < REST_SECONDS_MAX:
            return True
        leave()
        return libpq.exec_(b"").status == pq.ExecStatus.EMPTY_QUERY
    except psycopg.Error:
        return False


def _undo(pooled: PoolProxiedConnection) -> None:
    libpq = cast("psycopg.Connection[Any]", pooled.driver_connection).pgconn
    try:
        is_idle = libpq.transaction_status == pq.TransactionStatus.IDLE
        if not is_idle and libpq.exec_(b"ROLLBACK").status != pq.ExecStatus.COMMAND_OK:
            pooled.invalidate()
    except psycopg.Error:
        pooled.invalidate()
    pooled.info["rests_since"] = time.monotonic()


_MEMBERS = {"\\w": "A-Za-z0-9_", "\\d": "0-9"}
_ATOMS = {
    **{name: f"[{members}]" for name, members in _MEMBERS.items()},
    **{name.upper(): f"[^{members}]" for name, members in _MEMBERS.items()},
    **{"\\b": "\\y", "\\B": "\\Y", ".": "[^\\n]"},
}


def regular_expression(pattern: str) -> str:
    """A pattern that `filters.check_pattern` lets through, as PostgreSQL reads it.

    There `\\b` is a backspace, a dot matches a line break too, and `\\w` and `\\d` know other letters and digits than
    ASCII's. What follows its locale all the same: `\\s`, and what letters are alike after (?i).
    """
    start = "(?i)" if pattern.startswith("(?i)") else ""
    rest = tokens(pattern[len(start) :])
    written = [(_MEMBERS if is_member else _ATOMS).get(token, token) for token, is_member in rest]
    return start + "".join(written)
