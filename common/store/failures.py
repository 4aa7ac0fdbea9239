"""What an exception of the database means to the caller; programming errors stay what they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from common.errors import BssError, InvalidParameter, Unavailable

# A statement that takes longer is a filter nobody can afford, or a lock nobody releases.
STATEMENT_SECONDS_MAX = 30

_INVALID_REGULAR_EXPRESSION = "2201B"
_QUERY_CANCELED = "57014"


@contextmanager
def translated() -> Iterator[None]:
    """Turns failures that callers can name into errors of ours.

    Errors: Unavailable when the database is gone or locked; InvalidParameter for a pattern that
            PostgreSQL cannot read and for a query that passes its time.
    """
    try:
        yield
    except DBAPIError as error:
        ours = meaning(error)
        if ours is None:
            raise
        raise ours from error


def meaning(error: BaseException | None) -> BssError | None:
    """The failure that callers can name, if it is one: see `translated`."""
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    state = getattr(cause, "sqlstate", None)
    if state == _INVALID_REGULAR_EXPRESSION:
        return InvalidParameter("filter", f"the database cannot read the pattern ({_first_line(cause)})")
    interrupted = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    if state == _QUERY_CANCELED or interrupted:
        return InvalidParameter("filter", f"takes longer than {STATEMENT_SECONDS_MAX} s; ask for less")
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Unavailable("the database does not answer; repeat the request later")
    return None


def _first_line(cause: BaseException | None) -> str:
    return str(cause).split("\n", 1)[0][:200]
