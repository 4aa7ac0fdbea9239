"""Whole OpenAPI documents from the sources, and the published files that hold them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common.spec.build import components
from common.spec.build.model import Api, Sources
from common.spec.build.operations import HUB_TAG, LISTENER_TAG, paths
from common.spec.build.schemas import schemas, words
from common.spec.build.sources import read_sources

Document = dict[str, Any]


def build_documents(source: Path) -> dict[str, Document]:
    """The OpenAPI document of every API under `source`, by file name.

    Errors:  SourceError names the file, the entity and what to change.
    """
    sources = read_sources(source)
    return {f"{api.code}-v{api.version}.oas.json": _document(api, sources) for api in sources.apis}


def write_documents(source: Path, target: Path) -> list[Path]:
    """Build the documents and write them to `target`; the files written, in name order."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in _texts(source).items():
        path = target / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def stale_documents(source: Path, target: Path) -> list[str]:
    """The names of documents in `target` that are not what `source` builds: changed, missing or left over."""
    texts = _texts(source)
    stale = [name for name, text in texts.items() if _read(target / name) != text]
    left_over = [path.name for path in target.glob("*.oas.json") if path.name not in texts]
    return sorted([*stale, *left_over])


def _texts(source: Path) -> dict[str, str]:
    documents = build_documents(source)
    return {name: json.dumps(documents[name], indent=1, ensure_ascii=False) + "\n" for name in sorted(documents)}


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _document(api: Api, sources: Sources) -> Document:
    return {
        "openapi": "3.0.1",
        "info": {
            "title": api.title,
            "version": api.version,
            "description": api.about,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "x-api-id": api.code,
        },
        "servers": [{"url": f"/tmf-api/{api.base_path}"}],
        "x-base-path-aliases": [f"/tmf-api/{alias}" for alias in api.aliases],
        "tags": _tags(api),
        "paths": paths(api),
        "components": {
            "schemas": schemas(api, sources.glossary),
            "parameters": components.parameters(api),
            "headers": components.headers(),
            "requestBodies": components.request_bodies(api),
            "responses": components.responses(api),
        },
    }


def _tags(api: Api) -> list[dict[str, str]]:
    tags = [{"name": r.key, "description": f"What can be done with {words(r.name)} entries."} for r in api.resources]
    listener = {"name": LISTENER_TAG, "description": "The addresses at which a listener receives events."}
    return [*tags, listener, {"name": HUB_TAG, "description": "Registering and removing listeners."}]
