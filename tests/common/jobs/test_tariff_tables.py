"""Tariff tables by import job: whole or not at all, once, whatever ends the process in between."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from common.jobs.carrier import Carrier, first_place
from common.jobs.ledger import JobId
from common.jobs.patience import Patience
from common.store.unit_of_work import UnitOfWork
from tests.common.jobs.conftest import BASE, Stage
from tests.common.jobs.test_resume import worker
from tmf635_usage import tariffs

PATH = "/tariffTable?table=intl&currency=EUR&validFrom=2026-02-01T00:00:00Z"
HEAD = "prefix,amount,setupFee,minimum,increment,units\n"
RATES = HEAD + "49,0.12,,60,1,s\n491,0.10,0.05,,,\n"


def write(stage: Stage, text: str, file: str = "intl.csv") -> None:
    (stage.folder / file).write_text(text)


def headings(stage: Stage, table: str = "intl") -> list[tuple[str, str]]:
    """Version and start of the versions of a table."""
    with stage.suite.installation.database.read() as uow:
        found = tariffs.Tariffs(uow.records).headings([table]).get(table, [])
        return [(one.version, f"{one.valid_from:%Y-%m-%d}") for one in found]


def rows(stage: Stage) -> int:
    with stage.suite.installation.database.read() as uow:
        return uow.records(tariffs.RATES.name).sum((), {})[0].count


def progress(read: int = 0, created: int = 0, present: int = 0, failed: int = 0) -> dict[str, int]:
    return {"read": read, "created": created, "present": present, "failed": failed}


def test_a_table_is_loaded_and_is_what_the_command_loads(any_stage: Stage) -> None:
    write(any_stage, "\ufeff" + RATES)

    done = any_stage.carried_out("importJob", url="intl.csv", contentType="text/csv", path=PATH)

    assert (done["status"], done["progress"]) == ("Succeeded", progress(read=2, created=2))
    assert headings(any_stage) == [("2026-02-01T00:00:00.000Z", "2026-02-01")]
    with any_stage.suite.installation.database.read() as uow:
        loaded = tariffs.Tariffs(uow.records)
        [heading] = loaded.headings(["intl"])["intl"]
        assert loaded.table(heading).rates == tariffs.read_rates(RATES.splitlines())


def test_the_same_job_again_changes_nothing_and_a_later_version_joins(stage: Stage) -> None:
    write(stage, RATES)
    stage.carried_out("importJob", url="intl.csv", path=PATH)

    again = stage.carried_out("importJob", url="intl.csv", path=PATH)
    write(stage, HEAD + "49,0.11,,,,\n")
    later = stage.carried_out("importJob", url="intl.csv", path=PATH.replace("02-01", "03-01") + "&version=spring")

    assert (again["status"], again["progress"]) == ("Succeeded", progress(read=2, present=2))
    assert (later["status"], later["progress"]) == ("Succeeded", progress(read=1, created=1))
    assert headings(stage) == [("2026-02-01T00:00:00.000Z", "2026-02-01"), ("spring", "2026-03-01")]
    assert rows(stage) == 3


def test_other_rates_under_the_name_of_a_version_are_refused(stage: Stage) -> None:
    write(stage, RATES)
    stage.carried_out("importJob", url="intl.csv", path=PATH)
    write(stage, RATES.replace("0.12", "0.13"))

    done = stage.carried_out("importJob", url="intl.csv", path=PATH)

    assert (done["status"], done["progress"]) == ("Failed", progress(read=2))
    assert "is here with other rates; load these as another version" in done["errorLog"]
    assert rows(stage) == 2


def test_every_line_that_is_wrong_is_told_and_nothing_is_loaded(stage: Stage) -> None:
    write(stage, HEAD + "49,0.12,,,,\nx1,0.1,,,,\n43,free,,,,\n49,0.1,,,,\n44,0.1,,60,1,\n")

    done = stage.carried_out("importJob", url="intl.csv", path=PATH)

    assert (done["status"], done["progress"]) == ("Failed", progress(read=5, failed=4))
    assert done["errorLog"].splitlines() == [
        "5 read: 0 created, 0 present, 4 failed",
        "nothing was loaded",
        "line 3: 'x1' is no prefix; it has 1 to 15 digits",
        "line 4: amount 'free' is no number",
        "line 5: prefix 49 is there twice",
        "line 6: minimum and increment need units",
    ]
    assert (headings(stage), rows(stage)) == ([], 0)


def test_of_many_wrong_lines_the_first_hundred_are_told(stage: Stage) -> None:
    write(stage, HEAD + "".join(f"49{number},-1,,,,\n" for number in range(150)))

    done = stage.carried_out("importJob", url="intl.csv", path=PATH)

    assert done["progress"] == progress(read=150, failed=150)
    assert done["errorLog"].splitlines()[-1] == "and 51 more"
    assert done["errorLog"].count("\nline ") == 99


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("49;0.12\n", "the first line names the columns"),
        (HEAD, "there is no rate in it"),
        (HEAD + "".join(f"{number},1,,,,\n" for number in range(100_000, 110_001)), "10000 prefixes at most"),
    ],
)
def test_a_file_that_is_no_table_is_told_why(stage: Stage, text: str, reason: str) -> None:
    write(stage, text)

    done = stage.carried_out("importJob", url="intl.csv", path=PATH)

    assert done["status"] == "Failed"
    assert reason in done["errorLog"]
    assert rows(stage) == 0


def test_a_table_of_ten_thousand_prefixes_is_loaded(any_stage: Stage) -> None:
    write(any_stage, HEAD + "".join(f"{number},0.1,,,,\n" for number in range(100_000, 110_000)))

    done = any_stage.carried_out("importJob", url="intl.csv", path=PATH)

    assert (done["status"], done["progress"]) == ("Succeeded", progress(read=10_000, created=10_000))
    assert rows(any_stage) == 10_000


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"path": "/tariffTable"}, "table is missing"),
        ({"path": PATH.replace("EUR", "euro")}, "'euro' is no currency"),
        ({"path": PATH.replace("2026-02-01T", "soon")}, "is no date-time"),
        ({"path": PATH + "&colour=red"}, "colour is unknown"),
        ({"path": PATH + "&table=b"}, "says table twice"),
        ({"contentType": "application/json"}, "files of these are text/csv"),
    ],
)
def test_a_job_that_says_too_little_is_refused_at_once(stage: Stage, changes: dict[str, Any], told: str) -> None:
    job = {"@type": "ImportJob", "url": "intl.csv", "path": PATH, **changes}

    answer = stage.suite.post(f"{BASE}/importJob", job)

    assert answer.status == 400
    assert told in answer.json["message"]
    assert stage.suite.get(f"{BASE}/importJob").json == []


def test_tables_are_not_exported_as_resources(stage: Stage) -> None:
    answer = stage.suite.post(f"{BASE}/exportJob", {"@type": "ExportJob", "url": "out.ndjson", "path": "/tariffTable"})

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/path")


def test_a_step_that_was_done_and_not_noted_says_the_same_again(any_stage: Stage) -> None:
    write(any_stage, RATES)
    carrier, job = begun(any_stage)

    first = carrier.read_batch(job, first_place())
    again = carrier.read_batch(job, first_place())

    assert first == again
    assert (first["counts"], first["is_last"], first["problem"]) == (progress(read=2, created=2), True, "")
    assert rows(any_stage) == 2


class Killed(BaseException):
    """The process ends here."""


def test_a_process_that_dies_before_the_commit_leaves_nothing(any_stage: Stage, monkeypatch: Any) -> None:
    write(any_stage, RATES)
    carrier, job = begun(any_stage)

    def die(self: UnitOfWork) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(UnitOfWork, "commit", die)
        with pytest.raises(Killed):
            carrier.read_batch(job, first_place())
    assert (headings(any_stage), rows(any_stage)) == ([], 0)
    assert "progress" not in carrier.ledger.document(job)

    assert carrier.read_batch(job, first_place())["counts"] == progress(read=2, created=2)
    assert rows(any_stage) == 2


def test_a_job_that_was_deleted_loads_nothing(stage: Stage) -> None:
    write(stage, RATES)
    carrier, job = begun(stage)
    assert stage.suite.delete(f"{BASE}/importJob/{job.id}").status == 204

    assert carrier.read_batch(job, first_place()) == {"cancelled": True}
    assert rows(stage) == 0


@pytest.mark.soak
def test_a_killed_worker_leaves_a_table_whole_or_not_there(any_stage: Stage) -> None:
    write(any_stage, HEAD + "".join(f"{number},0.1,,,,\n" for number in range(100_000, 110_000)))
    job = any_stage.create("importJob", url="intl.csv", path=PATH)
    with worker(any_stage) as process:
        any_stage.until(lambda: any_stage.job(job)["status"] == "Running")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert rows(any_stage) in (0, 10_000)

    done = any_stage.finished(job)

    assert (done["status"], done["progress"]) == ("Succeeded", progress(read=10_000, created=10_000))
    assert rows(any_stage) == 10_000


def begun(stage: Stage) -> tuple[Carrier, JobId]:
    """A job that runs, and who carries it out, step by step."""
    stage.create("importJob", url="intl.csv", path=PATH)
    carrier = Carrier(stage.suite.installation, Patience())
    [unfinished] = carrier.ledger.unfinished(10)
    assert carrier.begin(unfinished.job)
    return carrier, unfinished.job
