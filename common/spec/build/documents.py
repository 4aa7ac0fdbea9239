"""Whole OpenAPI documents from the sources, and the published files that hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from common.spec.build import components
from common.spec.build.model import Api, Resource, Sources, V4Api
from common.spec.build.operations import HUB_TAG, LISTENER_TAG, paths
from common.spec.build.schemas import schemas, words
from common.spec.build.sources import read_sources
from common.spec.build.v4_operations import LISTENER_TAG as V4_LISTENER_TAG
from common.spec.build.v4_operations import v4_paths
from common.spec.build.v4_schemas import definitions, shown_resources

V4_FOLDER = "v4"
EXTENSIONS_FOLDER = "extensions"
V4_MEDIA = "application/json;charset=utf-8"

Document = dict[str, Any]


def build_documents(source: Path) -> dict[str, Document]:
    """The OpenAPI document of every API under `source`, and its v4 document, by file name.

    Errors:  SourceError names the file, the entity and what to change.
    """
    sources = read_sources(source)
    found = {f"{api.code}-v{api.version}.oas.json": _document(api, sources) for api in sources.apis}
    return found | {
        f"{V4_FOLDER}/{api.code}-v{api.version}.swagger.json": _v4_document(api, sources) for api in sources.v4_apis
    }


def write_documents(source: Path, target: Path) -> list[Path]:
    """Build the documents and write them to `target`; the files written, in name order.

    Shapes:  the v4 documents go to the folder `v4` of `target`, those of our own to `extensions`, where there is one.
    """
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in _texts(source, target).items():
        path = target / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def stale_documents(source: Path, target: Path) -> list[str]:
    """The names of documents in `target` that are not what `source` builds: changed, missing or left over."""
    texts = _texts(source, target)
    stale = [name for name, text in texts.items() if _read(target / name) != text]
    published = [*target.glob("*.oas.json"), *target.glob(f"{V4_FOLDER}/*.swagger.json")]
    published += target.glob(f"{EXTENSIONS_FOLDER}/*.oas.json")
    left_over = [name for name in (str(path.relative_to(target)) for path in published) if name not in texts]
    return sorted([*stale, *left_over])


def _texts(source: Path, target: Path) -> dict[str, str]:
    documents = build_documents(source) | _extensions(source)
    wanted = [name for name in sorted(documents) if (target / name).parent.is_dir()]
    return {name: json.dumps(documents[name], indent=1, ensure_ascii=False) + "\n" for name in wanted}


def _extensions(source: Path) -> dict[str, Document]:
    """What is ours beside the standard, written as whole documents, by file name."""
    files = sorted((source / EXTENSIONS_FOLDER).glob("*.yaml"))
    return {f"{EXTENSIONS_FOLDER}/{path.stem}.oas.json": yaml.safe_load(path.read_text("utf-8")) for path in files}


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _document(api: Api, sources: Sources) -> Document:
    return {
        "openapi": "3.0.1",
        "info": _info(api),
        "servers": [{"url": f"/tmf-api/{api.base_path}"}],
        "x-base-path-aliases": [f"/tmf-api/{alias}" for alias in api.aliases],
        "tags": _tags(api.resources, LISTENER_TAG),
        "paths": paths(api),
        "components": {
            "schemas": schemas(api, sources.glossary),
            "parameters": components.parameters(api),
            "headers": components.headers(),
            "requestBodies": components.request_bodies(api),
            "responses": components.responses(api),
        },
    }


def _v4_document(api: V4Api, sources: Sources) -> Document:
    return {
        "swagger": "2.0",
        "info": _info(api),
        "basePath": f"/tmf-api/{api.base_path}",
        "x-base-path-aliases": [f"/tmf-api/{alias}" for alias in api.aliases],
        "consumes": [V4_MEDIA],
        "produces": [V4_MEDIA],
        "tags": _tags(shown_resources(api), V4_LISTENER_TAG),
        "paths": v4_paths(api),
        "definitions": definitions(api, sources.glossary),
    }


def _info(api: Api | V4Api) -> Document:
    return {
        "title": api.title,
        "version": api.version,
        "description": api.about,
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "x-api-id": api.code,
    }


def _tags(resources: Iterable[Resource], listener_tag: str) -> list[dict[str, str]]:
    tags = [{"name": r.key, "description": f"What can be done with {words(r.name)} entries."} for r in resources]
    listener = {"name": listener_tag, "description": "The addresses at which a listener receives events."}
    return [*tags, listener, {"name": HUB_TAG, "description": "Registering and removing listeners."}]
