"""The suite on SQLite and on PostgreSQL, empty, with a clock that is moved."""

from __future__ import annotations

import pytest

from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server
from tests.tmf654_balance.kit import START, emptied

__all__ = ["postgres_server"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def migrated(request, tmp_path_factory):
    """A database with tables; its URL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('balance')}/bss.db"
        return
    with request.getfixturevalue("postgres_server").database() as url:
        yield url


@pytest.fixture(scope="session")
def shared(migrated):
    suite = Suite(Settings(database_url=migrated, clock=START, database_pool_size=16, billing="manual"))
    yield suite
    suite.close()


@pytest.fixture
def charged(shared):
    """The suite, with nothing in it. Its clock goes on from test to test."""
    return emptied(shared)
