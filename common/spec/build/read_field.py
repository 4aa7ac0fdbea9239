"""Fields and their types from the YAML notation to the model."""

from __future__ import annotations

from dataclasses import replace

from common.spec.build.errors import SourceError
from common.spec.build.model import Field, Type
from common.spec.build.yaml_file import mapping, only, text, texts

_FIELD_KEYS = {"type", "about", "default", "items-min"}


def read_fields(value: object, file: str, name: str) -> dict[str, Field]:
    """The fields that a mapping from names to types writes down."""
    return {field: _field(kind, file, name) for field, kind in mapping(value, file, name).items()}


def _field(value: object, file: str, name: str) -> Field:
    if not isinstance(value, dict) or "type" not in value:
        return Field(read_type(value, file, name))
    only(value, _FIELD_KEYS, file, name)
    return Field(
        type=read_type(value["type"], file, name),
        about=text(value["about"], file, name, "about") if "about" in value else "",
        default=value.get("default"),
        items_min=value.get("items-min"),
    )


def read_type(value: object, file: str, name: str) -> Type:
    """A type as it is written: `string`, `Entity`, `[Entity]`, `{values: [...]}` or `{fields: {...}}`."""
    if isinstance(value, list):
        if len(value) != 1:
            raise SourceError(file, name, f"write one type in the brackets of a list, not {value!r}")
        return replace(read_type(value[0], file, name), many=True)
    if isinstance(value, dict):
        only(value, {"values", "fields"}, file, name)
        inner = {field: read_type(kind, file, name) for field, kind in value.get("fields", {}).items()}
        return Type(values=texts(value.get("values"), file, name, "values"), fields=inner)
    return Type(name=text(value, file, name, "a type"))
