"""What an export writes, an import reads: the same documents in an empty installation."""

from __future__ import annotations

import json

import pytest

from tests.common.jobs.conftest import BASE, Stage, category


def _events(stage: Stage, source: str) -> list[tuple[str, str]]:
    with stage.suite.installation.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT type, resource_id FROM outbox WHERE source = '{source}' ORDER BY sequence"
        )
        return [(row[0], row[1]) for row in rows]


def _without_dates(documents: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(
        ({name: value for name, value in one.items() if name not in ("lastUpdate", "href")} for one in documents),
        key=lambda one: str(one["id"]),
    )


@pytest.mark.parametrize("file", ["all.json", "all.ndjson"])
def test_the_whole_api_goes_out_and_into_an_empty_installation(stage: Stage, other: Stage, file: str) -> None:
    parent = stage.create("category", name="Mobile")
    specification = stage.create("productSpecification", name="SIM", brand="B")
    stage.create(
        "productOffering",
        name="Plan €",
        category=[{"@type": "CategoryRef", "id": parent["id"]}],
        productSpecification={"@type": "ProductSpecificationRef", "id": specification["id"]},
    )

    out = stage.carried_out("exportJob", url=file)
    stage.runner.close()
    into = other.carried_out("importJob", url=file)

    assert out["status"] == "Succeeded"
    assert out["progress"] == {"written": 3}
    assert into["status"] == "Succeeded"
    assert into["progress"] == {"read": 3, "created": 3, "present": 0, "failed": 0}
    assert "errorLog" not in into
    for resource in ("category", "productSpecification", "productOffering"):
        before, after = (each.suite.get(f"{BASE}/{resource}").json for each in (stage, other))
        assert _without_dates(after) == _without_dates(before)


def test_a_job_runs_on_either_database(any_stage: Stage) -> None:
    any_stage.write_lines("in.ndjson", [category(f"C{number}") for number in range(120)])

    into = any_stage.carried_out("importJob", url="in.ndjson")
    out = any_stage.carried_out("exportJob", url="out.json", path="/category")

    assert into["progress"] == {"read": 120, "created": 120, "present": 0, "failed": 0}
    assert out["progress"] == {"written": 120}
    assert len(json.loads((any_stage.folder / "out.json").read_bytes())) == 120
    assert any_stage.files() == ["in.ndjson", "out.json"]


def test_an_export_is_larger_than_a_page(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.jobs.exporting.PAGE", 2)
    for number in range(5):
        stage.create("category", name=f"C{number}")

    stage.carried_out("exportJob", url="out.ndjson", path=f"https://any.example{BASE}/category/")

    names = [json.loads(line)["name"] for line in (stage.folder / "out.ndjson").read_text().splitlines()]
    assert names == ["C0", "C1", "C2", "C3", "C4"]


def test_a_query_chooses_and_orders(stage: Stage) -> None:
    for name in ("A", "B", "C"):
        stage.create("category", name=name)

    stage.carried_out("exportJob", url="out.json", path="/category", query="name=A,C&sort=-name")

    assert [one["name"] for one in json.loads((stage.folder / "out.json").read_bytes())] == ["C", "A"]


def test_every_version_goes_out_and_the_newest_stays_the_newest(stage: Stage, other: Stage) -> None:
    stage.create("category", id="c", name="old", version="1")
    stage.create("category", id="c", name="new", version="2")

    stage.carried_out("exportJob", url="out.json", path="/category")
    stage.runner.close()
    into = other.carried_out("importJob", url="out.json")

    assert into["progress"] == {"read": 2, "created": 2, "present": 0, "failed": 0}
    assert other.names("category") == ["new"]
    assert other.suite.get(f"{BASE}/category/c:(version=1)").json["name"] == "old"


def test_an_export_of_nothing_is_an_empty_array(stage: Stage) -> None:
    stage.carried_out("exportJob", url="out.json", path="/category")

    assert json.loads((stage.folder / "out.json").read_bytes()) == []


def test_an_export_replaces_the_file_and_leaves_nothing_else(stage: Stage) -> None:
    (stage.folder / "out.json").write_text("old")

    stage.carried_out("exportJob", url=(stage.folder / "out.json").as_uri(), path="/category")

    assert json.loads((stage.folder / "out.json").read_bytes()) == []
    assert stage.files() == ["out.json"]


def test_a_job_tells_its_states(stage: Stage) -> None:
    job = stage.create("exportJob", url="out.json", path="/category")
    assert job["status"] == "Not Started"
    assert "completionDate" not in job

    done = stage.finished(job)

    assert done["status"] == "Succeeded"
    assert done["completionDate"] >= done["creationDate"]
    assert _events(stage, "tmf620_export_job") == [
        ("ExportJobCreateEvent", job["id"]),
        ("ExportJobStateChangeEvent", job["id"]),
        ("ExportJobStateChangeEvent", job["id"]),
    ]


def test_an_import_raises_the_events_of_a_post(stage: Stage) -> None:
    stage.write_lines("in.ndjson", [category("A", id="a")])

    stage.carried_out("importJob", url="in.ndjson")

    assert _events(stage, "tmf620_category") == [("CategoryCreateEvent", "a")]
