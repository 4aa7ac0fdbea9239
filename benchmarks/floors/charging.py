"""The floor of online charging: bare ASGI, orjson, a compiled validator, the raw driver, one transaction a request.

What any correct implementation does durably: the account's balance is locked, the session's last request is looked at
(the same one again gets the same answer), what was used moves from the account to what was earned and what is granted
is held, and the session, the charge and one event are written. Two round trips: what is locked and read, what is
written with the commit. One price, no allowances, no rules.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import psycopg
import yaml

CONNECTIONS = 16
_CONTRACT = Path(__file__).resolve().parents[2] / "openapi" / "extensions" / "charging-sessions.yaml"
PATH = "/tmf-api/charging/v1/session"
TABLES = """
CREATE TABLE purse (account text, kind text, amount numeric NOT NULL, PRIMARY KEY (account, kind));
CREATE TABLE session (id text PRIMARY KEY, account text NOT NULL, state text NOT NULL, sequence int NOT NULL,
    used numeric NOT NULL, held numeric NOT NULL, reply bytea NOT NULL, updated timestamptz NOT NULL DEFAULT now());
CREATE TABLE charge (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session text NOT NULL, sequence int NOT NULL,
    account text NOT NULL, quantity numeric NOT NULL, amount numeric NOT NULL, doc jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), UNIQUE (session, sequence));
CREATE INDEX ON charge (account, at);
CREATE TABLE outbox (sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL,
    resource_id text NOT NULL, document text NOT NULL, relayed_at timestamptz);
"""
_LOCK = "SELECT amount FROM purse WHERE account = %s ORDER BY kind FOR UPDATE"
_LOCK_OF = (
    "SELECT p.account, p.amount, s.state, s.sequence, s.used, s.held, s.reply FROM session s"
    " JOIN purse p ON p.account = s.account WHERE s.id = %s ORDER BY p.kind FOR UPDATE"
)
_KNOWN = "SELECT sequence, reply FROM session WHERE id = %s"
_MOVE = "UPDATE purse SET amount = amount + %s WHERE account = %s AND kind = %s"
_SESSION = (
    "INSERT INTO session (id, account, state, sequence, used, held, reply) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, sequence = excluded.sequence, used = excluded.used,"
    " held = excluded.held, reply = excluded.reply, updated = now()"
)
_CHARGE = "INSERT INTO charge (session, sequence, account, quantity, amount, doc) VALUES (%s, %s, %s, %s, %s, %s)"
_EVENT = "INSERT INTO outbox (type, resource_id, document) VALUES (%s, %s, %s)"
# A second of the one price that there is.
_PRICE = Decimal("0.001")
_ZERO = Decimal(0)


def stock(url: str, accounts: Sequence[str]) -> None:
    """The tables, and accounts with money."""
    with psycopg.connect(url) as connection:
        connection.execute(TABLES)
        with connection.cursor() as cursor:
            rows = [(account, kind, amount) for account in accounts for kind, amount in (("a", 10**6), ("b", 0))]
            cursor.executemany("INSERT INTO purse VALUES (%s, %s, %s)", rows)


class Refused(Exception):
    """Answered with a status and no more."""

    def __init__(self, status: int) -> None:
        self.status = status


class Application:
    """The ASGI application."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: asyncio.LifoQueue[psycopg.AsyncConnection[Any]] = asyncio.LifoQueue()
        schemas = yaml.safe_load(_CONTRACT.read_text())["components"]["schemas"]
        create, update = ({"$ref": f"#/components/schemas/{name}"} for name in ("SessionCreate", "SessionUpdate"))
        self._create, self._update = (
            jsonschema_rs.Draft7Validator({**schema, "components": {"schemas": schemas}}) for schema in (create, update)
        )

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            status, body = await self._answer(scope, receive)
        except Refused as refused:
            status, body = refused.status, b"{}"
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        for _ in range(CONNECTIONS):
            self._free.put_nowait(await psycopg.AsyncConnection.connect(self._url, autocommit=True))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        while not self._free.empty():
            await self._free.get_nowait().close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
        method, path = scope["method"], scope["path"]
        if method == "POST" and path == PATH:
            ask = await self._read(receive, self._create)
            return 201, await self._charge(ask.get("id", ""), ask, ask["subscriber"].get("product", ""))
        if method == "PATCH" and path.startswith(PATH + "/"):
            return 200, await self._charge(path[len(PATH) + 1 :], await self._read(receive, self._update), None)
        raise Refused(404)

    async def _read(self, receive: Any, validator: jsonschema_rs.Draft7Validator) -> Any:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        ask = orjson.loads(body)
        if not validator.is_valid(ask):
            raise Refused(400)
        return ask

    async def _charge(self, id: str, ask: dict[str, Any], account: str | None) -> bytes:
        connection = await self._free.get()
        try:
            cursor, known = connection.cursor(), connection.cursor()
            async with connection.pipeline():
                await connection.execute("BEGIN")
                if account is None:
                    await cursor.execute(_LOCK_OF, (id,))
                else:
                    await cursor.execute(_LOCK, (account,))
                    await known.execute(_KNOWN, (id,))
            rows = await cursor.fetchall()
            if not rows:
                raise Refused(404)
            sequence, used, held = ask.get("sequence", 0), _ZERO, _ZERO
            if account is None:
                account, available, state, last, used, held, reply = rows[0]
                if sequence == last:
                    return bytes(reply)
                if sequence != last + 1 or state != "open":
                    raise Refused(409)
            else:
                [(available,), _] = rows
                again = await known.fetchone()
                if again is not None:
                    return bytes(again[1])
            reply = await self._book(connection, id, account, ask, (sequence, used, held, available))
        finally:
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                await connection.execute("ROLLBACK")
            self._free.put_nowait(connection)
        return reply

    async def _book(
        self,
        connection: psycopg.AsyncConnection[Any],
        id: str,
        account: str,
        ask: dict[str, Any],
        known: tuple[int, Decimal, Decimal, Decimal],
    ) -> bytes:
        sequence, used, held, available = known
        [service] = ask["service"]
        now_used, wanted = _seconds(service.get("usedUnit")), _seconds(service.get("requestedUnit"))
        cost, hold = now_used * _PRICE, wanted * _PRICE
        if cost + hold > available + held:
            raise Refused(403)
        state = ask.get("status", "open")
        reply: bytes = orjson.dumps(
            {
                **{"id": id, "@type": "ChargingSession", "status": state, "sequence": sequence},
                "service": [
                    {
                        **{"ratingGroup": service["ratingGroup"], "resultCode": "success"},
                        "usedUnit": {"amount": float(used + now_used), "units": "s"},
                        "grantedUnit": {"amount": float(wanted), "units": "s"},
                    }
                ],
            }
        )
        charge = {"session": id, "account": account, "usedUnit": service.get("usedUnit"), "cost": str(cost)}
        text = orjson.dumps(charge).decode()
        async with connection.pipeline():
            await connection.execute(_MOVE, (held - hold - cost, account, "a"))
            await connection.execute(_MOVE, (cost, account, "b"))
            await connection.execute(_SESSION, (id, account, state, sequence, used + now_used, hold, reply))
            if now_used:
                await connection.execute(_CHARGE, (id, sequence, account, now_used, cost, text))
                await connection.execute(_EVENT, ("ChargeCreateEvent", id, text))
            await connection.execute("COMMIT")
        return reply


def _seconds(unit: dict[str, Any] | None) -> Decimal:
    return _ZERO if unit is None else Decimal(str(unit["amount"]))


def application() -> Application:
    """For `uvicorn --factory`."""
    return Application(os.environ["FLOOR_DATABASE_URL"])
