"""One transaction at a time for what no row stands for: PostgreSQL's advisory locks. SQLite has one writer anyway."""

from __future__ import annotations

from functools import cache

from sqlalchemy import func, select

from common.store.session import Session
from common.store.statements import Statement, compiled, given
from common.store.tables import TEXT


def take_turn(session: Session, name: str) -> None:
    """Wait for every other transaction that took a turn for this name, and have those wait that come later."""
    if session.dialect == "postgresql":
        session.write([(_turn(), {"name": name})])


@cache
def _turn() -> Statement:
    number = func.hashtextextended(given("name", TEXT), 0)
    return compiled(select(func.pg_advisory_xact_lock(number)), "postgresql", locks=True)
