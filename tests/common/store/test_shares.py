"""Shares of work: each is one process's at a time, they are divided evenly, and none stays with who is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from common.settings import Settings
from common.store.database import Database
from common.store.shares import SHARES, Share, Shares, share_of, shares_of
from tests.test_architecture import ROOT

Join = Callable[..., Shares]
_SECONDS_MAX = 20


@pytest.fixture
def on_postgresql(empty_postgres_url: str) -> Iterator[Database]:
    database = Database.open(Settings(database_url=empty_postgres_url), ())
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/bss.db" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    opened = Database.open(Settings(database_url=url), ())
    yield opened
    opened.close()


@pytest.fixture
def join() -> Iterator[Join]:
    """Somebody who takes part."""
    joined: list[Shares] = []

    def one(database: Database, **counts: int) -> Shares:
        shares = shares_of(database, counts)
        assert shares.join()
        joined.append(shares)
        return shares

    yield one
    for shares in joined:
        shares.leave()


def test_one_alone_has_everything_until_it_leaves(database: Database, join: Join) -> None:
    first = join(database, rating=4, billing=4)
    assert first.balance() == {Share(group, number) for group in ("rating", "billing") for number in range(4)}

    second = join(database, rating=4)
    assert (first.is_whole, second.balance(), second.is_whole) == (True, frozenset(), False)

    first.leave()
    assert (second.balance(), second.is_whole) == ({Share("rating", number) for number in range(4)}, True)
    assert first.held == frozenset()


def test_groups_are_apart(database: Database, join: Join) -> None:
    rating, billing = join(database, rating=2), join(database, billing=2)

    assert rating.balance() == {Share("rating", 0), Share("rating", 1)}
    assert billing.balance() == {Share("billing", 0), Share("billing", 1)}
    assert rating.name != billing.name


def test_who_comes_later_gets_a_fair_part_of_what_is_not_busy(on_postgresql: Database, join: Join) -> None:
    first, second, third = (join(on_postgresql, rating=9) for _ in range(3))
    second.leave()
    third.leave()
    first.balance()
    assert second.join()

    busy = {Share("rating", 0), Share("rating", 1)}
    first.balance(busy)
    gained = second.balance()
    assert first.held >= busy
    assert (len(first.held), len(gained), first.held & gained) == (5, 4, frozenset())

    assert third.join()
    for shares in (first, second, third):
        shares.balance()
    assert sorted(len(shares.held) for shares in (first, second, third)) == [3, 3, 3]
    assert first.held | second.held | third.held == {Share("rating", number) for number in range(9)}


def test_a_lost_connection_is_everything_lost(on_postgresql: Database, join: Join) -> None:
    first, second = join(on_postgresql, rating=2), join(on_postgresql, rating=2)
    first.balance()
    end_others = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"

    with on_postgresql.engine.connect() as connection:
        connection.execute(text(end_others))

    assert not first.holds()
    assert not second.holds()


@pytest.mark.parametrize("is_held", [True, False])
def test_who_finds_its_connection_lost_while_sharing_joins_anew(
    on_postgresql: Database, join: Join, is_held: bool
) -> None:
    one = join(on_postgresql, rating=2)
    if is_held:
        one.balance()
    with on_postgresql.engine.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )

    assert one.balance() == frozenset()
    assert not one.holds()
    assert not one.holds(), "also when it is asked again"

    assert one.join()
    assert one.balance() == {Share("rating", 0), Share("rating", 1)}
    assert one.holds()


_HOLD = """
import sys, time
from common.settings import Settings
from common.store.database import Database
from common.store.shares import shares_of
shares = shares_of(Database.open(Settings(database_url=sys.argv[1]), ()), {"rating": 2})
shares.join()
shares.balance()
print(len(shares.held), flush=True)
time.sleep(600)
"""


def test_what_a_killed_process_had_is_free_at_once(database: Database, join: Join) -> None:
    url = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    command = [sys.executable, "-c", _HOLD, url]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"2\n"
        waiting = join(database, rating=2)
        assert waiting.balance() == frozenset()

        process.kill()
        process.wait()

    deadline = time.monotonic() + _SECONDS_MAX
    while not waiting.balance():
        assert time.monotonic() < deadline
    assert waiting.is_whole


def test_the_database_and_python_agree_on_the_share_of_a_key(on_postgresql: Database) -> None:
    keys = ["", "a", "account-1", "Ä" * 300, *map(str, range(200))]
    hashed = text("SELECT get_byte(sha256(convert_to(:key, 'UTF8')), 0) % :count")

    with on_postgresql.engine.connect() as connection:
        found = [connection.execute(hashed, {"key": key, "count": SHARES}).scalar_one() for key in keys]

    assert found == [share_of(key) for key in keys]
    assert len(set(found)) > SHARES // 2
