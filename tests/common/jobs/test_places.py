"""Jobs touch files in their folder and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.jobs.places import JSON, NDJSON, PlaceRefused, format_of, locate
from tests.common.jobs.conftest import BASE, Stage

OUTSIDE = [
    "/etc/passwd",
    "../out.json",
    "sub/../../out.json",
    "sub/../out.json",
    "./out.json",
    "sub//out.json",
    "out.json/",
    "",
    "..",
    ".hidden.json",
    "sub/.hidden",
    "out\u0000.json",
    "out\n.json",
    "..\\out.json",
    "C:\\out.json",
    "file:///etc/passwd",
    "file://host/out.json",
    "file:///%2e%2e/etc/passwd",
    "file:%2e%2e/out.json",
    "file:out.json?x=1",
    "FILE:///etc/passwd",
    "gopher://example.com/out.json",
    "http:///out.json",
    "data:application/json,[]",
    "link.json",
    "linked/out.json",
    "folder",
    "plain.json/out.json",
    "x" * 201,
    "a/b/c/d/e/f/g/h/i.json",
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One for all: nothing here is carried out."""
    one = Stage("sqlite://", tmp_path_factory.mktemp("places"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def folder(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("around")
    (tmp_path / "elsewhere").mkdir()
    (stage.folder / "link.json").symlink_to(tmp_path / "elsewhere" / "out.json")
    (stage.folder / "linked").symlink_to(tmp_path / "elsewhere")
    (stage.folder / "folder").mkdir()
    (stage.folder / "plain.json").write_text("[]")
    return stage.folder


@pytest.mark.parametrize("url", OUTSIDE)
def test_a_place_outside_is_refused_when_the_job_is_created(stage: Stage, folder: Path, url: str) -> None:
    before = stage.suite.changes

    for resource, type_name in (("exportJob", "ExportJob"), ("importJob", "ImportJob")):
        answer = stage.suite.post(f"{BASE}/{resource}", {"@type": type_name, "url": url})

        assert answer.status == 400
        assert stage.suite.get(f"{BASE}/{resource}").json == []
    assert stage.suite.changes == before


@pytest.mark.parametrize("url", ["out.json", "sub/out.json", "file:out.json", "file:sub/out%20put.json"])
def test_a_name_inside_is_taken(folder: Path, url: str) -> None:
    assert folder in locate(url, folder).parents


def test_a_file_url_of_the_folder_is_taken(folder: Path) -> None:
    assert locate((folder / "a b.json").as_uri(), folder) == folder / "a b.json"


def test_a_folder_behind_a_link_is_a_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "jobs-link").symlink_to(folder)

    assert locate("out.json", tmp_path / "jobs-link") == folder / "out.json"


@pytest.mark.parametrize(
    ("content_type", "url", "expected"),
    [
        (None, "a.json", JSON),
        (None, "a", JSON),
        (None, "a.ndjson", NDJSON),
        (None, "a.JSONL", NDJSON),
        ("application/json; charset=utf-8", "a.ndjson", JSON),
        ("application/x-ndjson", "a.json", NDJSON),
    ],
)
def test_the_format_is_said_or_follows_the_suffix(content_type: str | None, url: str, expected: str) -> None:
    assert format_of(content_type, url) == expected


def test_other_formats_are_refused() -> None:
    with pytest.raises(PlaceRefused):
        format_of("application/gzip", "a.gzip")


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"url": "a.json", "contentType": "application/gzip"}, "/contentType"),
        ({"url": "a.json", "path": "/nothing"}, "/path"),
        ({"url": "a.json", "path": "/category/1"}, "/path"),
        ({"url": "a.json", "query": "limit=5"}, "/query"),
        ({"url": "a.json", "query": "name*=("}, "/query"),
    ],
)
def test_what_cannot_be_done_is_refused(stage: Stage, attributes: dict[str, str], pointer: str) -> None:
    answer = stage.suite.post(f"{BASE}/exportJob", {"@type": "ExportJob", **attributes})

    assert answer.status == 400
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_what_the_server_says_is_not_taken_from_a_client(stage: Stage) -> None:
    job = stage.create(
        "importJob", url="a.json", status="Succeeded", errorLog="x", progress={}, completionDate="2020-01-01T00:00:00Z"
    )

    assert job["status"] == "Not Started"
    assert not {"errorLog", "progress", "completionDate"} & job.keys()
