"""The suite on SQLite and on PostgreSQL, empty, with a clock that is moved."""

from __future__ import annotations

import pytest

from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server
from tests.tmf676_payment.kit import SECRET, START, emptied, script

__all__ = ["postgres_server"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def migrated(request, tmp_path_factory):
    """A database with tables; its URL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('payment')}/bss.db"
        return
    with request.getfixturevalue("postgres_server").database() as url:
        yield url


@pytest.fixture(scope="session")
def shared(migrated, tmp_path_factory):
    script = tmp_path_factory.mktemp("sandbox") / "script.json"
    script.write_text('{"rules": []}')
    suite = Suite(
        Settings(
            database_url=migrated,
            payment_sandbox_file=str(script),
            clock=START,
            database_pool_size=16,
            payment_webhook_secret=SECRET,
            billing="manual",
        )
    )
    yield suite
    suite.close()


@pytest.fixture
def paid(shared):
    """The suite, with nothing of money in it, and a provider that says yes. Its clock goes on from test to test."""
    script(shared)
    return emptied(shared)
