"""OpenAPI 3.0 and 3.1, as TM Forum's v5 documents use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from common.spec.dialect import Schema, media_type, resolved, success_responses

# A variable of a server's URL that the document gives no value for: it stands for where the server is.
_UNFILLED = re.compile(r"\{[^{}]*\}")


class OpenApiDialect:
    """The v5 documents: `components/schemas`, a requestBody, `X_FVO`, `X_MVO` and in some files `X_RES`."""

    typed = True

    def schemas(self, document: Schema) -> Mapping[str, Schema]:
        found: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})
        return found

    def server_path(self, document: Schema) -> str:
        servers = document.get("servers") or [{}]
        url = str(servers[0].get("url", ""))
        for name, variable in (servers[0].get("variables") or {}).items():
            url = url.replace("{" + str(name) + "}", str(variable.get("default", "")))
        return urlsplit(_UNFILLED.sub("", url)).path

    def body(self, document: Schema, operation: Schema) -> Mapping[str, Schema]:
        content = resolved(document, operation.get("requestBody", {})).get("content", {})
        return {media_type(kind): entry.get("schema", {}) for kind, entry in content.items()}

    def answer(self, document: Schema, operation: Schema) -> Schema | None:
        for response in success_responses(document, operation):
            for entry in response.get("content", {}).values():
                if entry.get("schema"):
                    schema: Schema = entry["schema"]
                    return schema
        return None

    def nullable(self, schema: Schema) -> bool:
        return schema.get("nullable") is True

    def whole_name(self, type_name: str, schemas: Mapping[str, Schema]) -> str:
        return f"{type_name}_RES" if f"{type_name}_RES" in schemas else type_name
