"""The samples of the suite as tests look at them: every document beside the contract of its resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from common.domain.query import Document
from common.seed import Load, SampleFile, read_folder
from common.spec.contract import ResourceContract
from common.spec.load import load_contracts, spec_files

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(ROOT.glob("tmf*/samples"))


@dataclass(frozen=True)
class Sample:
    """One sample and what judges it."""

    file: SampleFile
    contract: ResourceContract
    document: Document

    def __str__(self) -> str:
        return f"{self.file.resource}-{self.document['id']}"


@cache
def contracts() -> dict[tuple[str, str], ResourceContract]:
    """By API in lower case and resource name: v5, and v4 of what there is in v4 only."""
    published = ROOT / "openapi" / "published"
    found = load_contracts([*spec_files(published), *spec_files(published / "v4")])
    v5 = {contract.api for contract in found if contract.major == 5}
    kept = [contract for contract in found if contract.major == 5 or contract.api not in v5]
    return {(c.api.lower(), name): resource for c in kept for name, resource in c.resources.items()}


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(
        Sample(file, contracts()[folder.parent.name.split("_")[0], file.resource], document)
        for folder in FOLDERS
        for file in read_folder(folder)
        for document in file.documents
    )


@cache
def of(resource: str) -> dict[str, Document]:
    """The samples of one resource by id."""
    return {one.document["id"]: one.document for one in samples() if one.file.resource == resource}


def nodes(value: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a document with its place."""
    if isinstance(value, dict):
        yield pointer, value
        for name, item in value.items():
            yield from nodes(item, f"{pointer}/{name}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from nodes(item, f"{pointer}/{position}")


__all__ = ["FOLDERS", "ROOT", "Load", "Sample", "contracts", "nodes", "of", "samples"]
