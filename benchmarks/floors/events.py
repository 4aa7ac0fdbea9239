"""The floor of event delivery: an outbox of bodies made ready, a cursor per listener, aiohttp and the raw driver.

What a competent person writes for the same promises: a listener's events are read a hundred at a time behind its
cursor, posted one after another on a connection that is kept, and the cursor is moved durably afterwards, so that
nothing is lost and order is kept. No rendering, no queries but an equality in SQL, no retries, no leases.

    python -m benchmarks.floors.events DATABASE_URL CALLBACK LISTENERS is_for_all|is_for_one
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import psycopg
import uvloop

AT_ONCE = 100
TABLES = """
CREATE TABLE floor_outbox (sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, audience int NOT NULL,
    body text NOT NULL);
CREATE INDEX ON floor_outbox (audience, sequence);
CREATE TABLE floor_listener (id int PRIMARY KEY, done_to bigint NOT NULL);
"""
_ALL = "SELECT sequence, body FROM floor_outbox WHERE sequence > %s ORDER BY sequence LIMIT %s"
_ONE = "SELECT sequence, body FROM floor_outbox WHERE audience = %s AND sequence > %s ORDER BY sequence LIMIT %s"


async def _serve(session: aiohttp.ClientSession, database: str, callback: str, listener: int, is_for_all: bool) -> None:
    url = f"{callback}{listener}/take"
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        while True:
            found = await connection.execute("SELECT done_to FROM floor_listener WHERE id = %s", (listener,))
            [(done,)] = await found.fetchall()
            if is_for_all:
                found = await connection.execute(_ALL, (done, AT_ONCE))
            else:
                found = await connection.execute(_ONE, (listener, done, AT_ONCE))
            rows = await found.fetchall()
            for _, body in rows:
                async with session.post(url, data=body.encode(), allow_redirects=False) as answer:
                    answer.raise_for_status()
            if rows:
                moved = (rows[-1][0], listener)
                await connection.execute("UPDATE floor_listener SET done_to = %s WHERE id = %s", moved)
            else:
                await asyncio.sleep(0.05)


async def main(database: str, callback: str, listeners: int, is_for_all: bool) -> None:
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(10)) as session:
        await asyncio.gather(*(_serve(session, database, callback, one, is_for_all) for one in range(listeners)))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "is_for_all"))
