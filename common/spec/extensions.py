"""JSON Schemas of extension types: what `@schemaLocation` names, as far as this installation knows it.

Ours stand in `openapi/extensions/` and are always known: by their type, and by their address on this server with any
host before it. An operator who adds attributes to a standard type writes their schema into a file in
`BSS_EXTENSION_DIR`. Its `$id` is the value that clients give in `@schemaLocation`. A location that nobody registered is
never fetched: such an object is an extension of somebody else's and passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import jsonschema_rs

from common import exact_json
from common.errors import ConfigurationError, MalformedJson, Violation
from common.spec.validators import VIOLATIONS_MAX, CompiledValidator, pointer_of

# Where this server publishes the schemas of our own types, behind its prefix.
SCHEMAS_PATH = "/schemas"
SCHEMA_SUFFIX = ".schema.json"
# In a document of openapi/extensions/: the type of the standard that a schema extends.
EXTENDS = "x-extends"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_COMPONENTS, _DEFS = "#/components/schemas/", "#/$defs/"


@dataclass(frozen=True)
class OwnType:
    """An extension type of ours. `schema` needs no other document."""

    name: str
    extends: str
    schema: Mapping[str, Any]

    @property
    def location(self) -> str:
        return f"{SCHEMAS_PATH}/{self.name}{SCHEMA_SUFFIX}"


def own_types(document: Mapping[str, Any]) -> tuple[OwnType, ...]:
    """The extension types that a published document of ours describes."""
    schemas: Mapping[str, Mapping[str, Any]] = document.get("components", {}).get("schemas", {})
    return tuple(
        OwnType(name, schema[EXTENDS], _standing_alone(name, schemas))
        for name, schema in schemas.items()
        if EXTENDS in schema
    )


def _standing_alone(name: str, schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A schema with everything that it refers to inside."""
    used: dict[str, Any] = {}

    def moved(node: Any) -> Any:
        if isinstance(node, list):
            return [moved(each) for each in node]
        if not isinstance(node, dict):
            return node
        found = {key: moved(value) for key, value in node.items() if key != EXTENDS}
        target = found.get("$ref")
        if isinstance(target, str) and target.startswith(_COMPONENTS):
            part = target.removeprefix(_COMPONENTS)
            found["$ref"] = _DEFS + part
            if part not in used:
                used[part] = None  # it may refer to itself
                used[part] = moved(schemas[part])
        return found

    whole = moved(schemas[name])
    return {"$schema": _DRAFT, "title": name, **whole, **({"$defs": used} if used else {})}


class ExtensionSchemas:
    """The registered extension schemas: an operator's by `$id`, ours by type and address."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]] | None = None, own: Iterable[OwnType] = ()) -> None:
        """Errors: ConfigurationError when a schema is no JSON Schema or refers to one that is not registered."""
        known = schemas or {}
        self.own = {one.name: one for one in own}
        self._by_type = {
            name: CompiledValidator(partial(dict, one.schema), f"extension type {name}")
            for name, one in self.own.items()
        }
        # What the text of a document has that any of these schemas is for.
        self.marks = [exact_json.encode(name) for name in ("@schemaLocation", *self.own)]
        for location, schema in known.items():
            _check(location, schema)
        try:
            registry = jsonschema_rs.Registry([(location, dict(schema)) for location, schema in known.items()])
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise ConfigurationError(f"the extension schemas cannot be read together: {error}") from error
        self._validators = {
            location: CompiledValidator(partial(dict, schema), f"extension schema {location}", registry=registry)
            for location, schema in known.items()
        }
        for validator in (*self._validators.values(), *self._by_type.values()):
            validator.compile()

    @classmethod
    def load(cls, folder: Path, own: Iterable[OwnType] = ()) -> ExtensionSchemas:
        """The schemas of every `*.json` file in the folder, beside our own types.

        Errors: ConfigurationError naming the file that is no JSON Schema, has no `$id`, or repeats one.
        """
        schemas: dict[str, Mapping[str, Any]] = {}
        origins: dict[str, Path] = {}
        if not folder.is_dir():
            raise ConfigurationError(f"BSS_EXTENSION_DIR: {folder} is not a folder")
        for path in sorted(folder.glob("*.json")):
            try:
                schema = exact_json.decode(path.read_bytes())
            except (OSError, MalformedJson) as error:
                raise ConfigurationError(f"{path}: {error}") from error
            location = schema.get("$id") if isinstance(schema, Mapping) else None
            if not isinstance(location, str) or not location:
                raise ConfigurationError(f"{path}: an extension schema needs an $id, the value of @schemaLocation")
            if location in schemas:
                raise ConfigurationError(f"{path}: the $id {location} is that of {origins[location].name} too")
            schemas[location] = schema
            origins[location] = path
        return cls(schemas, own)

    @property
    def locations(self) -> tuple[str, ...]:
        """Every registered `@schemaLocation`."""
        return tuple(self._validators)

    def violations(self, document: Any) -> list[Violation]:
        """What registered schemas find wrong with the document and with the objects inside it."""
        if not self._named_in(document):
            return []
        found: list[Violation] = []
        for path, node in _objects(document):
            validator = self._validator_of(node)
            if validator is not None:
                at = pointer_of(path)
                found += [Violation(at + v.pointer, v.rule, v.message) for v in validator.violations(node)]
                if len(found) >= VIOLATIONS_MAX:
                    break
        return found[:VIOLATIONS_MAX]

    def _named_in(self, document: Any) -> bool:
        """Whether its text has anything that a schema goes by. Walking through it costs twenty times as much."""
        try:
            text = exact_json.encode(document)
        except (TypeError, ValueError):  # no text can say it: a number that is none, half of a surrogate pair
            return True
        return any(mark in text for mark in self.marks)

    def _validator_of(self, node: Mapping[str, Any]) -> CompiledValidator | None:
        """By the schema that the object names; by its type when it names none."""
        location = node.get("@schemaLocation")
        if isinstance(location, str):
            if location in self._validators:
                return self._validators[location]
            folder, _, file = urlsplit(location).path.rpartition("/")
            is_ours = file.endswith(SCHEMA_SUFFIX) and folder.endswith(SCHEMAS_PATH)
            return self._by_type.get(file.removesuffix(SCHEMA_SUFFIX)) if is_ours else None
        name = node.get("@type")
        own = self.own.get(name) if isinstance(name, str) else None
        # Somebody else's type of that name has another base.
        return self._by_type[own.name] if own and node.get("@baseType", own.extends) == own.extends else None


def _check(location: str, schema: Mapping[str, Any]) -> None:
    """Against the meta-schema that the schema names (2020-12 when it names none)."""
    meta = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        meta.check_schema(dict(schema))
    except jsonschema.SchemaError as error:
        place = pointer_of(error.absolute_path)
        raise ConfigurationError(f"extension schema {location}: {place or 'the whole'}: {error.message}") from error


def _objects(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from _objects(value, (*path, name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            if isinstance(value, dict | list):
                yield from _objects(value, (*path, index))
