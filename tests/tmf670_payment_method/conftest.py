"""The suite on SQLite, empty."""

from __future__ import annotations

import pytest

from common.settings import Settings
from tests.client import Suite
from tests.tmf676_payment.kit import emptied


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    path = tmp_path_factory.mktemp("method") / "bss.db"
    suite = Suite(Settings(database_url=f"sqlite:///{path}", clock="2026-03-01T12:00:00Z"))
    yield suite
    suite.close()


@pytest.fixture
def suite(shared):
    """The suite, with nothing of money in it."""
    return emptied(shared)
