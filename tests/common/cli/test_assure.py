"""`bss assure` as it is called."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from common.cli.main import app
from common.domain.clock import SystemClock
from common.installation import Installation
from common.settings import Settings


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/bss.db"
    monkeypatch.setenv("BSS_DATABASE_URL", url)
    installation = Installation.assemble(Settings(database_url=url))
    installation.open_store()
    yield installation
    installation.database.close()


def late(store):
    """Work that fell due long ago."""
    with store.database.write() as uow:
        uow.work("balance.expiry").put("b1", SystemClock().now().replace(year=2020), {})
        uow.commit()


def assure(*arguments):
    return CliRunner().invoke(app, ["assure", *arguments])


def test_an_empty_store_has_no_finding(store):
    answer = assure()

    assert answer.exit_code == 0, answer.output
    assert "work.done" in answer.output


def test_a_finding_is_told_with_its_remedy_and_exits_with_one(store):
    late(store)

    answer = assure("--check", "work.done")

    assert answer.exit_code == 1
    assert "work.done: work balance.expiry b1" in answer.output
    assert "-> see that a worker runs" in answer.output


def test_json_has_every_check_that_was_run(store):
    late(store)

    answer = assure("--json", "--check", "work.done", "--check", "events.delivered")

    shown = {one["check"]: (one["count"], [f["records"] for f in one["findings"]]) for one in json.loads(answer.stdout)}
    assert shown == {"events.delivered": (0, []), "work.done": (1, [["work balance.expiry b1"]])}
    assert answer.exit_code == 1


def test_metrics_are_written_for_a_dashboard(store, tmp_path):
    late(store)

    assure("--metrics", str(tmp_path / "bss.prom"), "--check", "work.done")

    assert 'bss_assurance_findings{check="work.done"} 1.0' in (tmp_path / "bss.prom").read_text()


def test_a_check_that_is_not_there_is_refused(store):
    answer = assure("--check", "no.such")

    assert answer.exit_code == 1
    assert "no.such" in answer.output


def test_the_list_names_every_check(store):
    answer = assure("--list")

    assert answer.exit_code == 0
    assert "events.delivered" in answer.output
    assert "usage.rated-once" in answer.output
