"""Many new rows at once: COPY on PostgreSQL, executemany on SQLite, where a statement for each would cost most.

    bulk.write(connection, table, names, columns)

Columns are lists of values, one for each name, all of one length. Values are what a record has (`description.Of`):
texts, integers, decimals, flags, aware instants, documents; an instant or a document that was written already may be
given as that text. A row whose key is there ends the transaction, as for any INSERT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import Boolean, Column, Connection, LargeBinary, Numeric, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

from common.domain.clock import instant_text
from common.domain.ids import ordered_ids
from common.domain.query import Document, Kind
from common.exact_json import encode
from common.store.event_tables import outbox
from common.store.keys import Keys, keys_at, keys_of
from common.store.tables import ExactDecimal, ExactDocument, ExactNumber, Instant, ResourceTables

# A key or something unique is there already.
AlreadyThere = IntegrityError
_NULL = "\\N"
# What COPY's text format has other signs for. No text has a U+0000 (`keys.is_storable`): it stands between values here.
_SPECIAL = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_BETWEEN = "\0"


def write(connection: Connection, table: Table, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    """Add rows to a table, in their order.

    Errors: AlreadyThere.
    """
    if not columns or not columns[0]:
        return
    described = [table.c[name] for name in names]
    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, [_texts(c, values) for c, values in zip(described, columns, strict=True)])
        return
    bound = [_bound(connection, c, values) for c, values in zip(described, columns, strict=True)]
    places = ", ".join("?" * len(names))
    statement = f"INSERT INTO {_quoted(table.name)} ({', '.join(map(_quoted, names))}) VALUES ({places})"
    connection.exec_driver_sql(statement, list(zip(*bound, strict=True)))


@dataclass(frozen=True, slots=True)
class Written:
    """A new document, and as its JSON text without `id` and `href`."""

    id: str
    document: Document
    text: str


def write_documents(
    connection: Connection, tenant: str, tables: ResourceTables, made: Sequence[Written], now: datetime
) -> None:
    """New documents of a resource that has no versions and no parent, in their order, with what finds them.

    Errors: AlreadyThere when one of the ids is. Ids that no index can hold are the caller's to refuse.
    """
    assert not tables.resource.versioned, "a version is added on its own"
    count, moment, documents = len(made), instant_text(now), [one.document for one in made]
    positions = ordered_ids(count)
    same = {"tenant": tenant, "parent": "", "version": "", "is_latest": True, "revision": 1}
    columns: dict[str, Sequence[Any]] = {name: [value] * count for name, value in same.items()}
    columns |= {"id": [one.id for one in made], "position": positions, "doc": [one.text for one in made]}
    columns |= {name: [moment] * count for name in ("created_at", "updated_at")}
    for steps, index in tables.promoted.items():
        columns[index.column] = _promoted(documents, steps, index.path.kind)
    write(connection, tables.main, list(columns), list(columns.values()))
    if tables.lookup is not None:
        rows = [
            (position, path, *keys)
            for steps, index in tables.looked_up.items()
            for path, kind in [(str(index.path), index.path.kind)]
            for position, document in zip(positions, documents, strict=True)
            if steps[0] in document
            for keys in dict.fromkeys((keys.text, keys.number, keys.flag) for keys in keys_at(document, steps, kind))
        ]
        if rows:
            found = [[tenant] * len(rows), [""] * len(rows), *map(list, zip(*rows, strict=True))]
            write(connection, tables.lookup, ("tenant", "parent", "position", "path", "text", "number", "flag"), found)


@dataclass(frozen=True, slots=True)
class Told:
    """What events of many creations have in common. Shapes: as of `domain.event.Event`."""

    type: str
    source: str
    resource: str
    occurred_at: datetime
    correlation_id: str | None


def write_events(connection: Connection, tenant: str, alike: Told, ids: Sequence[str], texts: Sequence[str]) -> None:
    """An event for each new resource, in their order, behind their rows (`outbox`); `texts` are whole documents."""
    count = len(ids)
    same = {
        **{"tenant": tenant, "type": alike.type, "source": alike.source, "resource": alike.resource},
        **{"parents": "[]", "changed": "[]", "extra": "{}"},
        **{"occurred_at": instant_text(alike.occurred_at), "correlation_id": alike.correlation_id},
    }
    columns: dict[str, Sequence[Any]] = {name: [value] * count for name, value in same.items()}
    columns |= {"event_id": ordered_ids(count), "resource_id": ids, "document": texts}
    write(connection, outbox, list(columns), list(columns.values()))


def without_id(id: str, text: str) -> str:
    """A document's text as its row has it, from one that begins with its id."""
    start = '{"id":' + encode(id).decode() + ","
    assert text.startswith(start), "a document begins with its id and has more"
    return "{" + text[len(start) :]


def _promoted(documents: Sequence[Document], steps: tuple[str, ...], kind: Kind) -> list[Any]:
    """What a column of the resource's table has of each document."""
    known: dict[str, Any] = {}
    values: list[Any] = []
    for document in documents:
        value: Any = document
        for step in steps:
            value = value.get(step) if type(value) is dict else None
        if type(value) is str:
            if value not in known:
                known[value] = (keys_of(value, kind) or Keys()).member(kind)
            values.append(known[value])
        else:
            values.append(next(keys_at(document, steps, kind), Keys()).member(kind))
    return values


def columns_of(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> list[list[Any]]:
    """Rows turned on their side; what a row does not have is None."""
    listed = list(rows)
    return [[row.get(name) for row in listed] for name in names]


def _copy(connection: Connection, table: Table, names: Sequence[str], columns: Sequence[Iterable[str]]) -> None:
    if not connection.in_transaction():
        connection.begin()
    driver, failure = connection.connection.driver_connection, connection.dialect.loaded_dbapi.Error
    assert driver is not None, "a connection in use has its driver's"
    statement = f"COPY {_quoted(table.name)} ({', '.join(map(_quoted, names))}) FROM STDIN"
    lines = "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(lines)
    except failure as error:  # no statement of SQLAlchemy is under way
        raise DBAPIError.instance(None, None, error, failure, dialect=connection.dialect) from error


def _texts(column: Column[Any], values: Sequence[Any]) -> Iterable[str]:
    """A column as COPY reads it."""
    kind = column.type
    if column.nullable:
        gaps = [place for place, value in enumerate(values) if value is None]
        if gaps:
            if len(gaps) == len(values):
                return repeat(_NULL, len(values))
            empty = set(gaps)
            rest = iter(_texts_of(kind, [value for value in values if value is not None]))
            return [_NULL if place in empty else next(rest) for place in range(len(values))]
    return _texts_of(kind, values)


def _texts_of(kind: Any, values: Sequence[Any]) -> Iterable[str]:
    if isinstance(kind, ExactDecimal | ExactNumber | Numeric):
        return [str(value) for value in values]
    if isinstance(kind, Boolean):
        return ["t" if value else "f" for value in values]
    if isinstance(kind, Instant):
        return [value if type(value) is str else instant_text(value) for value in values]
    if isinstance(kind, LargeBinary):
        return ["\\\\x" + value.hex() for value in values]
    if isinstance(kind, ExactDocument):
        return _escaped([value if type(value) is str else encode(value).decode() for value in values])
    return _escaped(values) if isinstance(values[0], str) else [str(value) for value in values]


def _escaped(values: Sequence[str]) -> Sequence[str]:
    """All of them looked at as one text, which costs next to nothing."""
    whole = _BETWEEN.join(values)
    if not any(sign in whole for sign, _ in _SPECIAL):
        return values
    for sign, written in _SPECIAL:
        whole = whole.replace(sign, written)
    return whole.split(_BETWEEN)


def _bound(connection: Connection, column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """A column as SQLite's driver takes it."""
    kind: Any = column.type
    if isinstance(kind, Instant | ExactDocument):
        written = instant_text if isinstance(kind, Instant) else lambda value: encode(value).decode()
        return [value if value is None or type(value) is str else written(value) for value in values]
    if isinstance(kind, ExactDecimal | ExactNumber):
        return [kind.process_bind_param(value, connection.dialect) for value in values]
    return values


def _quoted(name: str) -> str:
    return f'"{name}"'
