"""Calls that share the event loop's thread while the database works (PostgreSQL)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common.settings import Settings
from common.store.database import Database
from common.store.postgresql import REST_SECONDS_MAX
from common.store.statements import Statement
from common.store.waiting import NeedsThread, Together, is_shared, leave
from tests.common.store.test_postgresql import RESOURCES
from tests.postgres import PostgresServer

SLEEP = Statement("SELECT pg_sleep(0.4)", (), (), {}, (None,), changes=False)
FAIL = Statement("SELECT 1 / 0", (), (), {}, (None,), changes=False)
ONE = Statement("SELECT 1", (), (), {}, (None,), changes=False)
WIDE = Statement("SELECT repeat('x', 3000000)", (), (), {}, (None,), changes=False)


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    with postgres_server.empty_database() as url:
        opened = Database.open(Settings(database_url=url, database_pool_size=4), RESOURCES)
        opened.migrate()
        opened.prepare()
        yield opened
        opened.close()


def asked(database: Database, statement: Statement) -> object:
    with database.read() as unit:
        return unit.session.rows(statement, {})[0][0]


def begun(database: Database, count: int) -> None:
    """So many connections at rest."""
    units = [database.read() for _ in range(count)]
    for unit in units:
        unit.__enter__().session.rows(ONE, {})
    for unit in units:
        unit.__exit__(None, None, None)


def test_calls_wait_at_the_same_time_in_one_thread(database: Database) -> None:
    begun(database, 3)

    async def three() -> float:
        together, loop = Together(3), asyncio.get_running_loop()
        start = loop.time()
        await asyncio.gather(*(together.run(lambda _: asked(database, SLEEP), None) for _ in range(3)))
        return loop.time() - start

    assert asyncio.run(three()) < 1.0


def test_no_more_than_so_many_are_under_way(database: Database) -> None:
    begun(database, 2)
    under_way: list[int] = [0, 0]

    def counted(_: object) -> None:
        under_way[0] += 1
        under_way[1] = max(under_way)
        asked(database, ONE)
        under_way[0] -= 1

    async def nine() -> None:
        together = Together(2)
        await asyncio.gather(*(together.run(counted, None) for _ in range(9)))

    asyncio.run(nine())
    assert under_way == [0, 2]


def test_large_answers_come_whole(database: Database) -> None:
    begun(database, 1)
    answer = asyncio.run(Together(1).run(lambda _: asked(database, WIDE), None))

    assert answer == "x" * 3_000_000


def test_what_fails_is_raised_and_the_next_call_goes_well(database: Database) -> None:
    begun(database, 1)

    async def both() -> object:
        together = Together(1)
        with pytest.raises(DBAPIError, match="division by zero"):
            await together.run(lambda _: asked(database, FAIL), None)
        return await together.run(lambda _: asked(database, ONE), None)

    assert asyncio.run(both()) == 1


def test_one_that_nobody_waits_for_is_given_up_with_its_connection(database: Database) -> None:
    begun(database, 1)

    async def cancelled() -> object:
        together = Together(1)
        task = asyncio.create_task(together.run(lambda _: asked(database, SLEEP), None))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        begun(database, 1)
        return await together.run(lambda _: asked(database, ONE), None)

    assert asyncio.run(cancelled()) == 1
    assert database._connections._permits.qsize() == 4


def through_sqlalchemy(database: Database) -> None:
    with database.read() as unit:
        unit.connection.execute(text("SELECT 1"))


def without_a_connection(database: Database) -> None:
    database._connections._idle.clear()
    asked(database, ONE)


def after_a_long_rest(database: Database) -> None:
    for one in database._connections._idle:
        one.info["rests_since"] -= REST_SECONDS_MAX
    asked(database, ONE)


def with_all_in_use(database: Database) -> None:
    units = [database.read() for _ in range(4)]
    for unit in units:
        unit.__enter__()
    try:
        asked(database, ONE)
    finally:
        for unit in units:
            unit.__exit__(None, None, None)


@pytest.mark.parametrize(
    "call", [through_sqlalchemy, without_a_connection, after_a_long_rest, with_all_in_use, lambda _: leave()]
)
def test_whoever_would_wait_for_anything_else_leaves_to_a_thread(database: Database, call) -> None:
    begun(database, 4)

    with pytest.raises(NeedsThread):
        asyncio.run(Together(1).run(call, database))

    assert database._connections._permits.qsize() == 4


def test_outside_of_a_shared_thread_nobody_leaves(database: Database) -> None:
    assert not is_shared()
    leave()
    with database.read() as unit:
        assert unit.session.rows(ONE, {}) == [(1,)]


def test_each_event_loop_has_calls_of_its_own(database: Database) -> None:
    begun(database, 4)
    together, answers = Together(1), list[object]()

    def ask() -> None:
        for _ in range(2):
            both = [together.run(lambda _: asked(database, ONE), None) for _ in range(2)]
            answers.extend(asyncio.run(_gathered(both)))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [1] * 8


async def _gathered(calls):
    return await asyncio.gather(*calls)
