"""Rows of a group written at once: COPY on PostgreSQL, one statement carried out with all of them on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError

from common.domain.clock import instant_text
from common.exact_json import encode

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def added(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """New rows, by executemany."""
    connection.execute(insert(table).inline(), [dict(row) for row in rows])


def copied(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Iterable[Mapping[str, Any]],
    documents: Collection[str] = (),
) -> None:
    """New rows, by COPY. Shapes: the columns `documents` are values that are written as JSON.

    Errors: the database's, translated as SQLAlchemy does.
    """
    lines = ["\t".join([_field(row[name], name in documents) for name in names]) for row in rows]
    driver, failure = connection.connection.driver_connection, connection.dialect.loaded_dbapi.Error
    assert driver is not None, "a connection in use has its driver's"
    columns = ", ".join(f'"{name}"' for name in names)
    try:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            copy.write("\n".join(lines) + "\n")
    except failure as error:
        raise DBAPIError.instance(None, None, error, failure, dialect=connection.dialect) from error


def _field(value: Any, is_document: bool) -> str:
    if value is None:
        return "\\N"
    if is_document:
        value = encode(value).decode()
    if isinstance(value, str):
        return value.translate(_ESCAPED) if "\\" in value or not value.isprintable() else str(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value)
