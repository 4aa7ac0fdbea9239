"""PostgreSQL as a store: how it is reached, and the one function that its SQL lacks.

Statements run at READ COMMITTED: a write checks the revision in the statement that changes the row. Every statement
has a time limit on the server, so that a filter cannot occupy it; `options` in the URL replaces ours.
"""

from __future__ import annotations

import re

from sqlalchemy import URL, Engine, create_engine

from common.store.failures import STATEMENT_SECONDS_MAX

CONNECT_SECONDS_MAX = 10

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


def postgresql_engine(url: URL, pool_size: int) -> Engine:
    """An engine on psycopg 3, whatever driver the URL names."""
    arguments: dict[str, object] = {"connect_timeout": CONNECT_SECONDS_MAX}
    if "options" not in url.query:
        arguments["options"] = f"-c statement_timeout={STATEMENT_SECONDS_MAX * 1000}"
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS_MAX,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args=arguments,
    )


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
