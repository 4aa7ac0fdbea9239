"""Where the two document formats differ, listed once; nothing else in `spec` asks which one it reads.

TM Forum's v4 documents are Swagger 2.0 (`dialect_v4`), its v5 documents OpenAPI 3.0/3.1 (`dialect_v5`).
What both have in common (references, parameters, success codes) is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote

from common.errors import ConfigurationError

Schema = Mapping[str, Any]

# v4 writes X_Create and X_Update, v5 X_FVO (first version), X_MVO (modified version) and X_RES (response).
_VARIANT = re.compile(r"_(Create|Update|FVO|MVO|RES)$")


class Dialect(Protocol):
    """One document format."""

    @property
    def typed(self) -> bool:
        """Whether every object with a name of its own must carry `@type`."""

    def schemas(self, document: Schema) -> Mapping[str, Schema]:
        """The named schemas."""

    def server_path(self, document: Schema) -> str:
        """The path of the server the document names; empty when it names none."""

    def body(self, document: Schema, operation: Schema) -> Mapping[str, Schema]:
        """The request body's schema by media type (without parameters such as charset)."""

    def answer(self, document: Schema, operation: Schema) -> Schema | None:
        """The schema of the first success answer that has one."""

    def nullable(self, schema: Schema) -> bool:
        """Whether the schema admits null beside its type."""

    def whole_name(self, type_name: str, schemas: Mapping[str, Schema]) -> str:
        """The schema of what the server answers for a resource of this type."""


def base_name(name: str) -> str:
    """A schema's name without the marks of its create, update and response variants."""
    return _VARIANT.sub("", name)


def ref_name(reference: str) -> str:
    """The last segment of a `$ref`, unescaped."""
    return unquote(reference.rsplit("/", 1)[-1]).replace("~1", "/").replace("~0", "~")


def resolved(document: Schema, node: Schema) -> Schema:
    """The object that a chain of local references leads to.

    Errors: ConfigurationError when a reference leads outside the document, nowhere, or in a circle.
    """
    seen: list[str] = []
    while "$ref" in node:
        reference = str(node["$ref"])
        if reference in seen or not reference.startswith("#/"):
            raise ConfigurationError(f"the reference {reference} is not to a place in the same document")
        seen.append(reference)
        found: Any = document
        for segment in reference[2:].split("/"):
            name = unquote(segment).replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise ConfigurationError(f"the reference {reference} leads nowhere")
            found = found[name]
        node = found
    return node


def success_codes(operation: Schema) -> tuple[int, ...]:
    """The declared 2xx codes, in order."""
    codes = (str(code) for code in operation.get("responses", {}))
    return tuple(int(code) for code in codes if re.fullmatch(r"2\d\d", code))


def success_responses(document: Schema, operation: Schema) -> list[Schema]:
    """The declared 2xx responses, resolved."""
    responses = operation.get("responses", {})
    return [resolved(document, r) for code, r in responses.items() if re.fullmatch(r"2\d\d", str(code))]


def parameters(document: Schema, path_item: Schema, operation: Schema) -> list[Schema]:
    """The parameters of an operation, those of its path included."""
    return [resolved(document, p) for p in (*path_item.get("parameters", ()), *operation.get("parameters", ()))]


def media_type(text: str) -> str:
    """`application/json` of `application/json;charset=utf-8`."""
    return text.split(";", 1)[0].strip().lower()
