"""Files: which are read, which of two counts, and what is said of those that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from common.spec.load import load_contracts, load_document, spec_files
from tests.common.spec.toys import document


def write(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def versioned(version: str, api: str = "TMF999", title: str = "Widget Management", path: str = "") -> dict[str, Any]:
    made = document("v5", {})
    made["info"] = {"title": title, "version": version, "x-api-id": api}
    if path:
        made["servers"] = [{"url": path}]
    return made


def test_only_api_documents_of_a_folder_are_taken(tmp_path: Path) -> None:
    write(tmp_path, "b.json", document("v4", {}))
    write(tmp_path, "a.yaml", "openapi: 3.0.1\ninfo: {}\npaths: {}\n")
    write(tmp_path, "c.yml", "swagger: '2.0'\n")
    write(tmp_path, "notes.md", "openapi")
    write(tmp_path, "other.json", {"name": "openapi", "inner": {"openapi": "3.0.1"}})
    write(tmp_path, "compose.yaml", "services:\n  openapi: x\n")
    write(tmp_path, "late.json", {"filler": "x" * 5000, "openapi": "3.0.1"})
    assert [path.name for path in spec_files(tmp_path)] == ["a.yaml", "b.json", "c.yml", "late.json"]


def test_yaml_dates_stay_text(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "openapi: 3.0.1\nx-on: 2020-01-00\nx-at: 2020-01-01T00:00:00Z\nx-yes: true\n")
    assert load_document(path) == {
        "openapi": "3.0.1",
        "x-on": "2020-01-00",
        "x-at": "2020-01-01T00:00:00Z",
        "x-yes": True,
    }


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", "{", "is not valid JSON"),
        ("a.yaml", "a: [", "is not valid YAML"),
        ("a.yaml", "- just a list", "no OpenAPI or Swagger document"),
        ("a.json", '{"name": 1}', "no OpenAPI or Swagger document"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, content: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as raised:
        load_document(write(tmp_path, name, content))
    assert name in raised.value.message


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.json: cannot be read"):
        load_document(tmp_path / "gone.json")
    with pytest.raises(ConfigurationError, match="gone is not a folder"):
        spec_files(tmp_path / "gone")


def test_contracts_come_by_key_and_the_newer_of_two_files_counts(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "TMF999-v5.2.0.json", versioned("5.2.0")),
        write(tmp_path, "TMF999-v5.10.0.json", versioned("5.10.0")),
        write(tmp_path, "TMF998.json", versioned("5.0.0", api="TMF998", title="Gadget Management")),
        write(tmp_path, "TMF999-v4.json", versioned("4.0.0")),
    ]
    contracts = load_contracts(paths)
    assert [(c.key, c.version) for c in contracts] == [
        ("TMF998/v5", "5.0.0"),
        ("TMF999/v4", "4.0.0"),
        ("TMF999/v5", "5.10.0"),
    ]
    assert contracts[2].gaps == {"TMF999-v5.2.0.json": "TMF999-v5.10.0.json is the newer document of TMF999/v5"}


def test_of_equal_versions_the_newer_file_name_counts(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "TMF999_Widget_v5.0.0.json", versioned("5.0.0")),
        write(tmp_path, "TMF999-Widget-v5.0.1.json", versioned("5.0.0")),
    ]
    assert list(load_contracts(paths)[0].gaps) == ["TMF999_Widget_v5.0.0.json"]


def test_two_apis_that_want_one_path_are_told_apart_by_title(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "a.json", versioned("5.0.0", api="TMF997", path="/same/v5")),
        write(tmp_path, "b.json", versioned("5.0.0", api="TMF998", title="Gadgets", path="/same/v5")),
    ]
    first, second = load_contracts(paths)
    assert (first.base_path, first.gaps) == ("/tmf-api/same/v5", {})
    assert second.base_path == "/tmf-api/gadgets/v5"
    assert second.gaps == {"/tmf-api/same/v5": "the path is that of TMF997/v5; served at /tmf-api/gadgets/v5"}


def test_two_apis_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"{api}.json", versioned("5.0.0", api=api)) for api in ("TMF997", "TMF998")]
    with pytest.raises(ConfigurationError, match="TMF998/v5 and TMF997/v5 both want the path"):
        load_contracts(paths)


def test_an_alias_that_is_taken_is_left_out(tmp_path: Path) -> None:
    aliased = versioned("5.0.0", api="TMF997", path="/one/v5") | {"x-base-path-aliases": ["/two/v5", "/three/v5"]}
    paths = [
        write(tmp_path, "a.json", aliased),
        write(tmp_path, "b.json", versioned("5.0.0", api="TMF998", path="/two/v5")),
    ]
    first, _ = load_contracts(paths)
    assert first.aliases == ("/tmf-api/three/v5",)
    assert first.gaps == {"/tmf-api/two/v5": "the alias is a path of TMF998/v5"}
