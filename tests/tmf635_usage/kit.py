"""The suite on either database, for tests that share it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from common.domain.clock import SettableClock
from common.settings import Settings
from tests.client import Suite

DATABASES = ["sqlite", "postgresql"]


@contextmanager
def suite_on(request: pytest.FixtureRequest, folder: Path, now: datetime) -> Iterator[Suite]:
    """The suite on the database that a fixture's parameter names, empty."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/bss.db"
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        suite = Suite(Settings(database_url=url), SettableClock(now))
        stack.callback(suite.close)
        yield suite
