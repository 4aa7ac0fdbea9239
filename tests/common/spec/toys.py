"""Small documents in either dialect: the same schemas, written as v4 and as v5 documents write them."""

from __future__ import annotations

from typing import Any

from common.spec.contract import Contract, ResourceContract
from common.spec.load import load_contract

DIALECTS = ("v4", "v5")

PREFIX = {"v4": "#/definitions/", "v5": "#/components/schemas/"}
CREATE = {"v4": "Create", "v5": "FVO"}
UPDATE = {"v4": "Update", "v5": "MVO"}


def ref(dialect: str, name: str) -> dict[str, Any]:
    return {"$ref": PREFIX[dialect] + name}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def document(dialect: str, schemas: dict[str, Any], name: str = "widget", **more: Any) -> dict[str, Any]:
    """A document with one resource, whose schemas are Widget, Widget_Create/_FVO and Widget_Update/_MVO."""
    type_name = name[:1].upper() + name[1:]
    named = dict(schemas)
    named.setdefault(type_name, thing(id={"type": "string"}, name={"type": "string"}))
    for variant in (CREATE[dialect], UPDATE[dialect]):
        named.setdefault(f"{type_name}_{variant}", named[type_name])
    paths = {
        f"/{name}": {
            "get": operation(dialect, "list", 200, {"type": "array", "items": ref(dialect, type_name)}),
            "post": operation(
                dialect, "create", 201, ref(dialect, type_name), ref(dialect, f"{type_name}_{CREATE[dialect]}")
            ),
        },
        f"/{name}/{{id}}": {
            "get": operation(dialect, "retrieve", 200, ref(dialect, type_name)),
            "patch": operation(
                dialect, "patch", 200, ref(dialect, type_name), ref(dialect, f"{type_name}_{UPDATE[dialect]}")
            ),
            "delete": operation(dialect, "delete", 204),
        },
    }
    paths.update(more.pop("paths", {}))
    info = {"title": "Widget Management", "version": f"{dialect[1:]}.0.0", "x-api-id": "TMF999"}
    if dialect == "v4":
        head = {"swagger": "2.0", "consumes": ["application/json;charset=utf-8"], "definitions": named}
    else:
        head = {"openapi": "3.0.1", "components": {"schemas": named}}
    return {**head, "info": info, "paths": paths, **more}


def operation(
    dialect: str, verb: str, code: int, answer: dict[str, Any] | None = None, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": f"{verb}Widget", "responses": {str(code): {"description": "done"}}}
    if dialect == "v4":
        if answer:
            made["responses"][str(code)]["schema"] = answer
        if body:
            made["parameters"] = [{"in": "body", "name": "body", "schema": body}]
    else:
        if answer:
            made["responses"][str(code)]["content"] = {"application/json": {"schema": answer}}
        if body:
            made["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return made


def contract(dialect: str, schemas: dict[str, Any], **more: Any) -> Contract:
    return load_contract(document(dialect, schemas, **more), origin="toy")


def widget(dialect: str, schemas: dict[str, Any], **more: Any) -> ResourceContract:
    return contract(dialect, schemas, **more).resources["widget"]
