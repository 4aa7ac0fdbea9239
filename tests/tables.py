"""The tables of a database that tests empty."""

from __future__ import annotations

from sqlalchemy import Connection, inspect


def stored_tables(connection: Connection) -> list[str]:
    """All tables but kept counts: these are the database's own business, and follow from the others."""
    names = inspect(connection).get_table_names()
    return [name for name in names if not name.endswith(("_count", "_count_change"))]
