"""The suite in process with jobs that are carried out when a test says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.exact_json import encode
from common.jobs.runner import Runner
from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

BASE = "/tmf-api/productCatalogManagement/v5"
USAGE = "/tmf-api/productUsageManagement/v5"
_SECONDS_MAX = 60


class Stage:
    """An installation, its folder of files and its runner."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.folder = folder / "jobs"
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(
            database_url=database_url,
            job_dir=str(self.folder),
            components="tmf620_catalog,tmf635_usage",
        )
        self.suite = Suite(settings)
        self.runner = Runner(self.suite.installation)

    def close(self) -> None:
        self.runner.close()
        self.suite.close()

    def restart(self) -> None:
        """Another process on the same store, as far as jobs can tell."""
        self.runner.close()
        self.runner = Runner(self.suite.installation)

    def create(self, resource: str, **attributes: Any) -> Any:
        type_name = resource[0].upper() + resource[1:]
        return self.suite.created(f"{BASE}/{resource}", {"@type": type_name, **attributes})

    def finished(self, job: Any) -> Any:
        """The job after everything that was due was done."""
        self.until(lambda: self.runner.look() == 0)
        return self.job(job)

    def job(self, job: Any) -> Any:
        return self.suite.get(job["href"].removeprefix("http://bss.example")).json

    def carried_out(self, resource: str, **attributes: Any) -> Any:
        return self.finished(self.create(resource, **attributes))

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + _SECONDS_MAX
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)

    def names(self, resource: str) -> list[str]:
        return sorted(document["name"] for document in self.suite.get(f"{BASE}/{resource}").json)

    def write_lines(self, name: str, documents: list[Any]) -> None:
        (self.folder / name).write_bytes(b"".join(encode(document) + b"\n" for document in documents))

    def write_array(self, name: str, documents: list[Any]) -> None:
        (self.folder / name).write_bytes(encode(documents))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def category(name: str, **attributes: Any) -> dict[str, Any]:
    return {"@type": "Category", "name": name, **attributes}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    one = Stage(f"sqlite:///{tmp_path}/one/bss.db", tmp_path / "one")
    yield one
    one.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Stage]:
    """An empty installation that reads the same folder."""
    two = Stage(f"sqlite:///{tmp_path}/two/bss.db", tmp_path / "one")
    yield two
    two.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    url = f"sqlite:///{tmp_path}/bss.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    one = Stage(url, tmp_path)
    yield one
    one.close()
