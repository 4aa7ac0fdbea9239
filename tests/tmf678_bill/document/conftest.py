"""The suite on SQLite and on PostgreSQL, empty, with a clock that is moved."""

from __future__ import annotations

import pytest

from tests.postgres import postgres_server
from tests.tmf678_bill.document.kit import emptied, suite_on

__all__ = ["postgres_server"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def migrated(request, tmp_path_factory):
    """A database; its URL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('documents')}/bss.db"
        return
    with request.getfixturevalue("postgres_server").database() as url:
        yield url


@pytest.fixture(scope="session")
def shared(migrated):
    suite = suite_on(migrated)
    yield suite
    suite.close()


@pytest.fixture
def suite(shared):
    """The suite, with nothing in it. Its clock goes on from test to test."""
    return emptied(shared)


@pytest.fixture
def suite_with(suite, migrated):
    """Another suite on the same, empty database, with other settings."""
    opened = []

    def made(**settings):
        opened.append(suite_on(migrated, **settings))
        return opened[-1]

    yield made
    for one in opened:
        one.close()
