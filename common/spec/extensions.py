"""JSON Schemas of extension types: what `@schemaLocation` names, as far as this installation knows it.

An operator who adds attributes to a standard type writes their schema into a file in `BSS_EXTENSION_DIR`. Its
`$id` is the value that clients give in `@schemaLocation`. A location that no file registers is never fetched:
such an object is an extension of somebody else's and passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs

from common import exact_json
from common.errors import ConfigurationError, MalformedJson, Violation
from common.spec.validators import VIOLATIONS_MAX, CompiledValidator, pointer_of


class ExtensionSchemas:
    """The registered extension schemas, by `$id`."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Errors: ConfigurationError when a schema is no JSON Schema or refers to one that is not registered."""
        known = schemas or {}
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
        for validator in self._validators.values():
            validator.compile()

    @classmethod
    def load(cls, folder: Path) -> ExtensionSchemas:
        """The schemas of every `*.json` file in the folder.

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
        return cls(schemas)

    @property
    def locations(self) -> tuple[str, ...]:
        """Every registered `@schemaLocation`."""
        return tuple(self._validators)

    def violations(self, document: Any) -> list[Violation]:
        """What registered schemas find wrong with the document and with the objects inside it."""
        if not self._validators:
            return []
        found: list[Violation] = []
        for path, node in _objects(document):
            location = node.get("@schemaLocation")
            validator = self._validators.get(location) if isinstance(location, str) else None
            if validator is not None:
                at = pointer_of(path)
                found += [Violation(at + v.pointer, v.rule, v.message) for v in validator.violations(node)]
                if len(found) >= VIOLATIONS_MAX:
                    break
        return found[:VIOLATIONS_MAX]


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
