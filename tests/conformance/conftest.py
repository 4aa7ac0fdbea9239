"""A suite with every component, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.settings import Settings
from tests.client import Suite


@pytest.fixture()
def suite(tmp_path: Path) -> Iterator[Suite]:
    running = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", job_dir=str(tmp_path / "jobs")))
    yield running
    running.close()
