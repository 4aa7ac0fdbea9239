"""What is wrong with a document is said and the job goes on; what is wrong with a file ends it."""

from __future__ import annotations

import pytest

from common.exact_json import encode
from common.jobs.ledger import LOG_CHARACTERS_MAX, error_log
from tests.common.jobs.conftest import Stage, category


def test_bad_lines_are_named_and_the_others_created(stage: Stage) -> None:
    stage.create("category", id="there", name="There")
    (stage.folder / "in.ndjson").write_bytes(
        b"\n".join(
            [
                encode(category("Good")),
                b"",
                b'{"@type": "Category"}',
                b"{broken",
                b"7",
                encode({"@type": "Nothing", "name": "N"}),
                encode(category("There", id="there")),
                encode(category("Last")),
            ]
        )
    )

    job = stage.carried_out("importJob", url="in.ndjson")

    assert job["status"] == "Failed"
    assert job["progress"] == {"read": 7, "created": 2, "present": 1, "failed": 4}
    log = job["errorLog"].splitlines()
    assert log[0] == "7 read: 2 created, 1 present, 4 failed"
    assert [line.partition(":")[0] for line in log[1:]] == ["line 3", "line 4", "line 5", "line 6"]
    assert "name is required" in log[1]
    assert stage.names("category") == ["Good", "Last", "There"]


def test_what_is_present_already_is_no_failure(stage: Stage) -> None:
    stage.write_array("in.json", [category("A", id="a"), category("B", id="b")])
    stage.carried_out("importJob", url="in.json")

    job = stage.carried_out("importJob", url="in.json")

    assert job["status"] == "Succeeded"
    assert job["progress"] == {"read": 2, "created": 0, "present": 2, "failed": 0}


@pytest.mark.parametrize(
    ("content", "problem", "created"),
    [
        pytest.param(b"", "the file is no JSON array", [], id="empty"),
        pytest.param(b'{"a": 1}', "the file is no JSON array", [], id="object"),
        pytest.param(b'[{"@type": "Category", "name": "A"},', "the file ends within the array", ["A"], id="cut"),
        pytest.param(b'[{"@type": "Category", "name": "A', "the file ends within the array", [], id="cut in text"),
        pytest.param(b"[] []", "something follows the array", [], id="more"),
    ],
)
def test_a_broken_file_fails_the_job(stage: Stage, content: bytes, problem: str, created: list[str]) -> None:
    (stage.folder / "in.json").write_bytes(content)

    job = stage.carried_out("importJob", url="in.json")

    assert job["status"] == "Failed"
    assert problem in job["errorLog"]
    assert stage.names("category") == created


def test_a_file_that_is_not_there_fails_the_job(stage: Stage) -> None:
    job = stage.carried_out("importJob", url="in.json")

    assert job["status"] == "Failed"
    assert job["errorLog"] == "0 read: 0 created, 0 present, 0 failed\nthere is no such file"


def test_a_symbolic_link_laid_after_the_creation_is_not_followed(stage: Stage, tmp_path) -> None:
    (tmp_path / "secret.json").write_bytes(encode([category("Secret")]))
    job = stage.create("importJob", url="in.json")
    (stage.folder / "in.json").symlink_to(tmp_path / "secret.json")

    done = stage.finished(job)

    assert done["status"] == "Failed"
    assert "symbolic link" in done["errorLog"]
    assert stage.names("category") == []


def test_a_document_that_no_request_could_carry_is_refused(stage: Stage) -> None:
    limit = stage.suite.installation.settings.body_bytes_max
    stage.write_array("in.json", [category("x" * limit), category("Small")])
    stage.write_lines("in.ndjson", [category("y" * limit), category("Little")])

    jobs = [stage.carried_out("importJob", url=name) for name in ("in.json", "in.ndjson")]

    assert [job["progress"]["failed"] for job in jobs] == [1, 1]
    assert stage.names("category") == ["Little", "Small"]


def test_an_error_log_stays_within_bounds() -> None:
    notes = [f"line {number}: {'x' * 200}" for number in range(100)]

    log = error_log("120 read", notes, 20)

    assert len(log) < LOG_CHARACTERS_MAX + 100
    assert log.splitlines()[0] == "120 read"
    assert log.splitlines()[-1] == f"and {120 - (len(log.splitlines()) - 2)} more"


@pytest.mark.parametrize("resource", ["importJob", "exportJob"])
def test_a_file_on_another_machine_is_taken_and_fails_the_job(stage: Stage, resource: str) -> None:
    job = stage.carried_out(resource, url="ftp://files.example/offers.json")

    assert job["status"] == "Failed"
    assert "ftp: is not reached from here" in job["errorLog"]
