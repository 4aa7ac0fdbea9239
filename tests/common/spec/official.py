"""TM Forum's own documents, where this checkout has them beside it; they are never part of the repository."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from common.spec.contract import Contract, ResourceContract, Verb
from common.spec.dialect import resolved
from common.spec.load import load_contract, spec_files
from tests.official import document_of

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "openapi-official"


def files() -> list[Path]:
    return spec_files(FOLDER) if FOLDER.is_dir() else []


@cache
def contract_of(path: Path) -> Contract:
    return load_contract(document_of(path), origin=path.name)


def create_examples(path: Path) -> Iterator[tuple[ResourceContract, str, Any]]:
    """Every example of a create body in a document, with its name."""
    contract = contract_of(path)
    for resource in contract.resources.values():
        if Verb.CREATE not in resource.operations:
            continue
        item = contract.document["paths"].get(resource.path) or contract.document["paths"][resource.path + "/"]
        content = resolved(contract.document, item["post"].get("requestBody", {})).get("content", {})
        for entry in content.values():
            for name, example in (entry.get("examples") or {}).items():
                yield resource, name, resolved(contract.document, example)["value"]
