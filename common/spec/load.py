"""From files to contracts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from common.errors import ConfigurationError
from common.spec.contract import Contract, ResourceContract
from common.spec.dialect import Dialect
from common.spec.dialect_v4 import SwaggerDialect
from common.spec.dialect_v5 import OpenApiDialect
from common.spec.events import event_contracts
from common.spec.extensions import ExtensionSchemas
from common.spec.identity import Identity, identify, title_path
from common.spec.places import Places
from common.spec.resources import Reading, find_operations, hub_contract, locations, resource_contract, shortcomings
from common.spec.schemas import SchemaCompiler

_SUFFIXES = (".json", ".yaml", ".yml")
_YAML_MARK = re.compile(rb"""^(?:\xef\xbb\xbf)?["']?(?:openapi|swagger)["']?\s*:""", re.MULTILINE)
_JSON_MARK = re.compile(rb"""(?:\xef\xbb\xbf)?\s*\{\s*"(?:openapi|swagger)"\s*:""")
_JSON_HINT = re.compile(rb"""["](?:openapi|swagger)"\s*:""")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _PlainLoader(yaml.CSafeLoader):
    """YAML as JSON has it: a date stays the text it is written as (an official example has the month 00)."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def spec_files(folder: Path) -> list[Path]:
    """The OpenAPI and Swagger documents in a folder, by name.

    Errors: ConfigurationError when the folder cannot be read, or a file in it is no JSON or YAML.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder of API documents")
    candidates = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    return [path for path in candidates if _looks_like_document(path)]


def _looks_like_document(path: Path) -> bool:
    """Whether a file says at its top level that it is an API document; parsed only where its text cannot tell."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    if path.suffix.lower() != ".json":
        return _YAML_MARK.search(text) is not None
    return _JSON_MARK.match(text) is not None or (_JSON_HINT.search(text) is not None and _is_api(_parsed(path)))


def _is_api(value: Any) -> bool:
    return isinstance(value, dict) and ("openapi" in value or "swagger" in value)


def load_document(path: Path) -> dict[str, Any]:
    """The document in a YAML or JSON file.

    Errors: ConfigurationError naming the file, when it cannot be read or is no OpenAPI or Swagger document.
    """
    value = _parsed(path)
    if not _is_api(value):
        raise ConfigurationError(f"{path}: this is no OpenAPI or Swagger document")
    document: dict[str, Any] = value
    return document


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".json":
            return json.loads(text)
        return yaml.load(text, _PlainLoader)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: is not valid {path.suffix[1:].upper()}: {error}") from error


def load_contract(document: Mapping[str, Any], *, origin: str, extensions: ExtensionSchemas | None = None) -> Contract:
    """The contract that a document states; its schemas are compiled when they are first used.

    Shapes: `origin` is the file's name or path; it names the API where the document does not.
    Errors: ConfigurationError naming the origin.
    """
    dialect = _dialect(document, origin)
    try:
        return _contract(document, dialect, identify(document, dialect, origin), origin, extensions)
    except ConfigurationError as error:
        if origin in error.message:
            raise
        raise ConfigurationError(f"{origin}: {error.message}") from error


def _dialect(document: Mapping[str, Any], origin: str) -> Dialect:
    if str(document.get("swagger", "")).startswith("2"):
        return SwaggerDialect()
    if str(document.get("openapi", "")).startswith("3"):
        return OpenApiDialect()
    raise ConfigurationError(f"{origin}: neither Swagger 2.0 nor OpenAPI 3")


def _contract(
    document: Mapping[str, Any],
    dialect: Dialect,
    identity: Identity,
    origin: str,
    extensions: ExtensionSchemas | None,
) -> Contract:
    schemas = dialect.schemas(document)
    compiler = SchemaCompiler(schemas, dialect.nullable)
    places = Places(schemas, compiler)
    found = find_operations(document, dialect)
    located = locations(found.templates)
    events = event_contracts(document, dialect, places, [location.name for location in located.values()])
    reading = Reading(document, dialect, schemas, compiler, places, extensions, origin)
    resources: dict[str, ResourceContract] = {}
    gaps = dict(found.gaps)
    for collection in sorted(found.resources, key=lambda one: one.count("/")):  # parents first
        operations, location = found.resources[collection], located.get(collection)
        if location is None or not resources.keys() >= set(location.parents):
            made: ResourceContract | str = "it lies below no resource of the document, or its name is another's"
        else:
            made = resource_contract(reading, location, operations, events)
        if isinstance(made, str):
            gaps |= {f"{operation.method} {operation.path}": made for operation, _ in operations.values()}
        else:
            resources[made.name] = made
            gaps |= shortcomings(made, resources)
    return Contract(
        key=identity.key,
        api=identity.api,
        major=identity.major,
        version=identity.version,
        title=identity.title,
        base_path=identity.base_path,
        aliases=identity.aliases,
        document=document,
        resources=resources,
        hub=hub_contract(found.hub),
        events=events,
        gaps=gaps,
    )


def load_contracts(paths: Iterable[Path], extensions: ExtensionSchemas | None = None) -> list[Contract]:
    """The contracts of these files, by key; of two files for one API and major version the newer one.

    Errors: ConfigurationError naming the file that cannot be used, or two APIs that want the same path.
    """
    read: dict[str, list[tuple[Identity, Path, dict[str, Any]]]] = {}
    for path in paths:
        document = load_document(path)
        identity = identify(document, _dialect(document, str(path)), str(path))
        read.setdefault(identity.key, []).append((identity, path, document))
    contracts = []
    for _, found in sorted(read.items()):
        *older, (_, path, document) = sorted(found, key=lambda entry: entry[0].rank)
        contract = load_contract(document, origin=str(path), extensions=extensions)
        reasons = {other.name: f"{path.name} is the newer document of {contract.key}" for _, other, _ in older}
        contracts.append(replace(contract, gaps={**contract.gaps, **reasons}))
    return _without_collisions(contracts)


def _without_collisions(contracts: list[Contract]) -> list[Contract]:
    """Every base path once: a second claim falls back on the title, an alias that is taken is left out."""
    owners: dict[str, str] = {}
    settled: list[Contract] = []
    for contract in contracts:
        path, gaps = contract.base_path, dict(contract.gaps)
        if path in owners:
            path = title_path(contract.title, contract.major)
            gaps[contract.base_path] = f"the path is that of {owners[contract.base_path]}; served at {path}"
        if path in owners:
            raise ConfigurationError(f"{contract.key} and {owners[path]} both want the path {path}")
        owners[path] = contract.key
        settled.append(replace(contract, base_path=path, gaps=gaps))
    result: list[Contract] = []
    for contract in settled:
        aliases, gaps = [], dict(contract.gaps)
        for alias in contract.aliases:
            if owners.setdefault(alias, contract.key) == contract.key:
                aliases.append(alias)
            else:
                gaps[alias] = f"the alias is a path of {owners[alias]}"
        result.append(replace(contract, aliases=tuple(aliases), gaps=gaps))
    return result
