"""TM Forum's own files, when they lie beside the project; tests over them are collected only then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common.spec.load import load_document

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "openapi-official"
CORE = (
    *("TMF620", "TMF622", "TMF629", "TMF632", "TMF635", "TMF637", "TMF654", "TMF666", "TMF670", "TMF676", "TMF677"),
    "TMF678",
)


def files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*") if path.suffix in (".yaml", ".json"))


def core_v5() -> dict[str, Path]:
    """The v5 files of the suite's APIs that have one, by API."""
    return {path.name[:6]: path for path in files() if path.suffix == ".yaml" and path.name[:6] in CORE}


@dataclass(frozen=True)
class Example:
    """A request body that a file gives as an example of a create."""

    api: str
    name: str
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.api}-{self.name}"


@cache
def document_of(path: Path) -> dict[str, Any]:
    return load_document(path)


def create_examples(path: Path) -> Iterator[Example]:
    document = document_of(path)
    for resource_path, item in document["paths"].items():
        if "post" not in item or resource_path.startswith(("/listener", "/hub")):
            continue
        body = _resolved(document, item["post"].get("requestBody", {}))
        for content in body.get("content", {}).values():
            for name, example in (content.get("examples") or {}).items():
                yield Example(path.name[:6], name, resource_path, _resolved(document, example)["value"])


def _resolved(document: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, Mapping) and "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/")]
        node = target
    return node
