"""Whatever ends a process or a job in the middle: nothing is doubled, lost or left half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from common.exact_json import encode
from common.jobs import exporting
from tests.common.jobs.conftest import BASE, Stage, category

MANY = 200
# So many that a busy machine looks in time, before another process has read them all.
CROWD = 800
_WORKER = "from common.cli.main import main; main()"


@contextmanager
def worker(stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """`bss worker` on the stage's store, as a process of its own."""
    settings = stage.suite.installation.settings
    environment = {
        **os.environ,
        "BSS_DATABASE_URL": settings.database_url,
        "BSS_JOB_DIR": settings.job_dir,
        "BSS_COMPONENTS": settings.components,
    }
    process = subprocess.Popen([sys.executable, "-c", _WORKER, "worker"], env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _read(stage: Stage, job: Any) -> int:
    return int(stage.job(job).get("progress", {}).get("read", 0))


def _names(many: int = MANY) -> list[str]:
    return sorted(f"C{number}" for number in range(many))


@pytest.mark.long
@pytest.mark.parametrize("file", ["in.ndjson", "in.json"])
def test_a_killed_import_goes_on_in_another_process(any_stage: Stage, file: str) -> None:
    documents = [category(f"C{number}") for number in range(CROWD)]  # without ids: nothing else would stop a second one
    (any_stage.write_lines if file.endswith("ndjson") else any_stage.write_array)(file, documents)
    job = any_stage.create("importJob", url=file)
    with worker(any_stage) as process:
        any_stage.until(lambda: 50 <= _read(any_stage, job) < CROWD)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert any_stage.job(job)["status"] == "Running"

    done = any_stage.finished(job)

    assert done["status"] == "Succeeded"
    assert done["progress"] == {"read": CROWD, "created": CROWD, "present": 0, "failed": 0}
    assert any_stage.names("category") == _names(CROWD)


def test_an_import_that_was_stopped_politely_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.jobs.importing.BATCH", 5)
    stage.write_lines("in.ndjson", [category(f"C{number}") for number in range(MANY)])
    job = stage.create("importJob", url="in.ndjson")
    stage.runner.look()
    stage.until(lambda: 5 <= _read(stage, job) < MANY)

    stage.restart()

    assert stage.job(job)["status"] == "Running"
    done = stage.finished(job)
    assert done["progress"] == {"read": MANY, "created": MANY, "present": 0, "failed": 0}
    assert stage.names("category") == _names()


def test_a_worker_ends_when_asked(stage: Stage) -> None:
    stage.write_lines("in.ndjson", [category("A")])
    job = stage.create("importJob", url="in.ndjson")
    with worker(stage) as process:
        stage.until(lambda: stage.job(job)["status"] == "Succeeded")

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=30) == 0


def test_one_process_at_a_time_carries_out_jobs(any_stage: Stage) -> None:
    from common.jobs.runner import Runner

    first = any_stage.create("exportJob", url="first.json", path="/category")
    any_stage.finished(first)
    second = any_stage.create("exportJob", url="second.json", path="/category")
    waiting = Runner(any_stage.suite.installation)

    assert waiting.look() == 1
    assert any_stage.job(second)["status"] == "Not Started"

    any_stage.runner.close()
    any_stage.runner = waiting
    assert any_stage.finished(second)["status"] == "Succeeded"


def test_deleting_a_running_import_stops_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.jobs.importing.BATCH", 1)
    stage.write_lines("in.ndjson", [category(f"C{number}") for number in range(MANY)])
    job = stage.create("importJob", url="in.ndjson")
    stage.runner.look()
    stage.until(lambda: _read(stage, job) >= 3)

    assert stage.suite.delete(f"{BASE}/importJob/{job['id']}").status == 204
    stage.until(lambda: stage.runner.look() == 0)

    assert 3 <= len(stage.names("category")) < MANY
    assert stage.suite.get(f"{BASE}/importJob/{job['id']}").status == 404


def test_deleting_a_running_export_leaves_no_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    for number in range(5):
        stage.create("category", name=f"C{number}")
    job = stage.create("exportJob", url="out.json", path="/category")
    statuses = []

    def delete_first(document: Any) -> bytes:
        if not statuses:
            statuses.append(stage.suite.delete(f"{BASE}/exportJob/{job['id']}").status)
        return encode(document)

    monkeypatch.setattr(exporting, "encode", delete_first)

    stage.until(lambda: stage.runner.look() == 0)

    assert statuses == [204]
    assert stage.files() == []


def test_an_id_that_was_deleted_can_be_a_job_again(stage: Stage) -> None:
    stage.carried_out("exportJob", id="nightly", url="one.json", path="/category")
    stage.suite.delete(f"{BASE}/exportJob/nightly")

    again = stage.carried_out("exportJob", id="nightly", url="two.json", path="/category")

    assert again["status"] == "Succeeded"
    assert stage.files() == ["one.json", "two.json"]


def test_a_job_whose_workflow_is_gone_for_good_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.jobs.durable.Engine.forget", lambda *_: None)
    job = stage.carried_out("exportJob", url="out.json", path="/category")
    with stage.suite.installation.database.write() as uow:  # as a backup restored from before it ended would have it
        jobs = uow.repository("tmf620_export_job")
        row = jobs.get(job["id"])
        assert row is not None
        jobs.replace(row, {**row.document(), "status": "Running"}, stage.suite.installation.clock.now())
        uow.commit()

    again = stage.finished(job)

    assert again["status"] == "Failed"
    assert again["errorLog"] == "the job was interrupted for good; create it again"
