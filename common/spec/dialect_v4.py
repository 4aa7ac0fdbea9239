"""Swagger 2.0, as TM Forum's v4 documents use it."""

from __future__ import annotations

from collections.abc import Mapping

from common.spec.dialect import Schema, media_type, parameters, success_responses


class SwaggerDialect:
    """The v4 documents: `definitions`, a body parameter, `X_Create` and `X_Update`."""

    typed = False

    def schemas(self, document: Schema) -> Mapping[str, Schema]:
        found: Mapping[str, Schema] = document.get("definitions", {})
        return found

    def server_path(self, document: Schema) -> str:
        return str(document.get("basePath", ""))

    def body(self, document: Schema, operation: Schema) -> Mapping[str, Schema]:
        schemas = [p.get("schema", {}) for p in parameters(document, {}, operation) if p.get("in") == "body"]
        if not schemas:
            return {}
        consumed = operation.get("consumes") or document.get("consumes") or ["application/json"]
        return {media_type(kind): schemas[0] for kind in consumed}

    def answer(self, document: Schema, operation: Schema) -> Schema | None:
        return next((r["schema"] for r in success_responses(document, operation) if r.get("schema")), None)

    def nullable(self, schema: Schema) -> bool:
        return schema.get("x-nullable") is True

    def whole_name(self, type_name: str, schemas: Mapping[str, Schema]) -> str:
        return type_name
