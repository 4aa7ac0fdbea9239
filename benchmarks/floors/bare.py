"""The floor of product offerings: bare ASGI, orjson, a validator of our contract, the raw driver, our tables.

What any correct server does: a GET reads one row and sends its document as it is stored. A list reads a page by one
indexed attribute and counts all that match, in one statement. A POST validates, gives the document its id and times,
and writes its row, the rows that find it and one event in one transaction, as one statement. No rules, no versions, no
links, no selection of attributes, no other filter.

Two drivers: psycopg, which is ours too, and asyncpg for comparison.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import asyncpg
import jsonschema_rs
import orjson
import psycopg

CONNECTIONS = 8
PATH = "/tmf-api/productCatalogManagement/v5/productOffering"
_CONTRACT = Path(__file__).resolve().parents[2] / "openapi" / "published" / "TMF620-v5.0.0.oas.json"
_ONE = (
    "SELECT revision, doc::text FROM tmf620_product_offering"
    " WHERE tenant = 'default' AND parent = '' AND id = $1 AND is_latest"
)
_PAGE = (
    "SELECT id, doc::text, (SELECT count(*) FROM tmf620_product_offering WHERE tenant = 'default' AND parent = ''"
    " AND is_latest AND x_lifecycle_status = $1) FROM tmf620_product_offering"
    " WHERE tenant = 'default' AND parent = '' AND is_latest AND x_lifecycle_status = $1 ORDER BY position LIMIT $2"
)
_INSERT = (
    "WITH made AS (INSERT INTO tmf620_product_offering (tenant, parent, id, version, is_latest, revision, position,"
    " created_at, updated_at, x_name, x_lifecycle_status, x_last_update, x_version, x_valid_for_start_date_time,"
    " x_is_bundle, x_is_sellable, x_product_specification_id, doc)"
    " VALUES ('default', '', $1, $2, true, 1, $1, $3, $3, $4, $5, $3, $2, $6, $7, $8, $9, $10::jsonb)),"
    " found AS (INSERT INTO tmf620_product_offering_lookup (tenant, parent, position, path, text)"
    " SELECT 'default', '', $1, path, text FROM unnest($11::text[], $12::text[]) AS given (path, text))"
    " INSERT INTO outbox (tenant, event_id, type, source, resource, resource_id, parents, occurred_at, document,"
    " changed, extra) VALUES ('default', $13, 'ProductOfferingCreateEvent', 'tmf620_product_offering',"
    " 'productOffering', $1, '[]', $3, $14, '[]', '{}')"
)
_LOOKED_UP = ("category", "productOfferingPrice", "channel", "marketSegment")


class Driver(Protocol):
    async def open(self, url: str) -> None: ...

    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]: ...

    async def change(self, statement: str, values: Sequence[Any]) -> None: ...


class Psycopg:
    """Autocommit connections; every statement is a transaction of its own."""

    def __init__(self) -> None:
        self._free: asyncio.LifoQueue[psycopg.AsyncRawCursor[Any]] = asyncio.LifoQueue()

    async def open(self, url: str) -> None:
        for _ in range(CONNECTIONS):
            connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
            self._free.put_nowait(psycopg.AsyncRawCursor(connection))

    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        cursor = await self._free.get()
        try:
            await cursor.execute(statement, values)
            return await cursor.fetchall()
        finally:
            self._free.put_nowait(cursor)

    async def change(self, statement: str, values: Sequence[Any]) -> None:
        cursor = await self._free.get()
        try:
            await cursor.execute(statement, values)
        finally:
            self._free.put_nowait(cursor)


class Asyncpg:
    async def open(self, url: str) -> None:
        self._pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)

    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        found: Sequence[Sequence[Any]] = await self._pool.fetch(statement, *values)
        return found

    async def change(self, statement: str, values: Sequence[Any]) -> None:
        await self._pool.execute(statement, *values)


class Application:
    """The ASGI application."""

    def __init__(self, url: str, driver: Driver) -> None:
        self._url, self._driver = url, driver
        contract = json.loads(_CONTRACT.read_text())
        schema = {"$ref": "#/components/schemas/ProductOffering_FVO", "components": contract["components"]}
        self._validator = jsonschema_rs.Draft7Validator(schema)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await self._driver.open(self._url)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        status, body, headers = await self._answer(scope, receive)
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: dict[str, Any], receive: Any) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        method, path = scope["method"], scope["path"]
        if method == "GET" and path.startswith(PATH + "/"):
            return await self._one(path[len(PATH) + 1 :])
        if method == "GET" and path == PATH:
            return await self._page(dict(parse_qsl(scope["query_string"].decode())))
        if method == "POST" and path == PATH:
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    return await self._create(body)
        return 404, b"{}", []

    async def _one(self, id: str) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        rows = await self._driver.rows(_ONE, (id,))
        if not rows:
            return 404, b"{}", []
        revision, text = rows[0]
        return 200, _shown(id, text), [(b"etag", b'"%d"' % revision)]

    async def _page(self, asked: dict[str, str]) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        rows = await self._driver.rows(_PAGE, (asked["lifecycleStatus"], int(asked["limit"])))
        total = rows[0][2] if rows else 0
        body = b"[" + b",".join([_shown(id, text) for id, text, _ in rows]) + b"]"
        return 200, body, [(b"x-total-count", b"%d" % total), (b"x-result-count", b"%d" % len(rows))]

    async def _create(self, body: bytes) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        document = orjson.loads(body)
        if not self._validator.is_valid(document):
            return 400, b"{}", []
        id, now = str(uuid.uuid4()), datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        document["lastUpdate"] = now
        written = orjson.dumps(document).decode()
        event = orjson.dumps({"id": id, **document}).decode()
        found = [(f"{name}.id", one["id"]) for name in _LOOKED_UP for one in document.get(name, ())]
        values = (
            *(id, document.get("version", ""), now, document["name"], document["lifecycleStatus"]),
            *(document["validFor"]["startDateTime"].rstrip("Z"), document["isBundle"], document["isSellable"]),
            *(document["productSpecification"]["id"], written),
            *([path for path, _ in found], [text for _, text in found], str(uuid.uuid4()), event),
        )
        await self._driver.change(_INSERT, values)
        headers = [(b"etag", b'"1"'), (b"location", f"{PATH}/{id}".encode())]
        return 201, _shown(id, written), headers


def _shown(id: str, text: str) -> bytes:
    return b'{"id":"%s","href":"%s/%s",' % (id.encode(), PATH.encode(), id.encode()) + text[1:].encode()


def with_psycopg() -> Application:
    """For `uvicorn --factory`."""
    return Application(os.environ["FLOOR_DATABASE_URL"], Psycopg())


def with_asyncpg() -> Application:
    return Application(os.environ["FLOOR_DATABASE_URL"], Asyncpg())
