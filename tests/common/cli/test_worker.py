"""`bss worker --role`: what a worker does, and what it leaves to others."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from common.broker.bridge import Bridge
from common.broker.workers import BrokerWorkers
from common.cli.main import app
from common.component import load_components
from common.errors import ConfigurationError
from common.installation import Installation
from common.serving import broker_workers, roles
from common.settings import Settings


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    # The logs of a process go where its first line went: here to what is closed when the command has returned.
    monkeypatch.setattr("common.logs.configure", lambda level: None)
    return {"BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db"}


def assembled(tmp_path: Path, **more: str) -> Installation:
    return Installation.assemble(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", **more))


def kinds(workers: BrokerWorkers) -> list[str]:
    return [type(worker).__name__ for worker in workers._workers]


def test_a_role_that_nothing_has_is_refused(environment: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["worker", "--role", "rating,baking"], env=environment)

    assert result.exit_code == 2
    assert "baking" in result.stderr
    assert "fulfilment" in result.stderr


def test_who_is_only_to_publish_needs_a_broker(environment: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["worker", "--role", "relay"], env=environment)

    assert result.exit_code == 2
    assert "BSS_BROKER_URL" in result.stderr


def test_every_work_of_ours_has_one_of_the_roles_of_the_page(tmp_path: Path) -> None:
    installation = assembled(tmp_path)

    assert roles(installation) == {
        *("delivery", "relay", "jobs"),
        *("rating", "fulfilment", "billing", "document", "payment"),
    }
    works = [work for component in load_components(installation.settings.component_names) for work in component.works]
    assert all(work.role in roles(installation) for work in works)
    installation.database.close()


def test_only_the_roles_of_a_worker_have_to_do_with_the_broker(tmp_path: Path) -> None:
    installation = assembled(tmp_path, broker_url="nats://127.0.0.1:1")

    def started(*given: str) -> list[str]:
        workers = broker_workers(installation, frozenset(given), lambda: None)
        found = kinds(workers)
        workers.close()
        return found

    assert started("billing", "delivery") == []
    assert started() == []
    assert started("relay") == [Bridge.__name__]
    assert started("rating") == ["IntakeWorker"]
    assert started(*roles(installation)) == ["Bridge", "IntakeWorker"]
    installation.database.close()


def test_without_a_broker_nothing_waits_for_one(tmp_path: Path) -> None:
    installation = assembled(tmp_path)

    workers = broker_workers(installation, roles(installation), lambda: None)

    assert kinds(workers) == []
    workers.start()
    workers.close()
    installation.database.close()


def test_a_broker_that_is_none_is_said_at_the_start(tmp_path: Path) -> None:
    installation = assembled(tmp_path, broker_url="amqp://127.0.0.1")

    with pytest.raises(ConfigurationError, match="BSS_BROKER_URL"):
        broker_workers(installation, frozenset({"relay"}), lambda: None)
    installation.database.close()
