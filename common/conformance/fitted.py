"""A contract made fit for tools that read OpenAPI to the letter.

TM Forum's documents say less than they mean: `oneOf` branches that are not exclusive, discriminators that lead back to
themselves, `@type` without the values that the mapping lists, statuses of TMF630 that no file declares. The document
derived here says what they mean. It differs in this, each a defect of the files or a decision of ours that no schema
can say:

- a v4 document, Swagger 2.0, is written as OpenAPI 3.0, which both judges read;
- `oneOf` is `anyOf`, and no `discriminator` is left;
- `@type` is one of the names that the schema's mapping, or that of a schema extending it, has. An unknown `@type` is
  an extension by TMF630 Part 2 and accepted; a generator that made one would be told so by no document;
- a reference has an `id` in a request too: answers must have one, and a server cannot invent it;
- integers have 64 bits less one (generators write floats beyond), `limit` and `offset` the bounds of TMF630 1.6;
- the statuses of TMF630 Part 1, 3.3 that no file declares: 206 of lists, 304, 406, 412, 413, 415, 422;
- a body of PATCH is a merge patch as TMF630 has it: nothing is mandatory in it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "post", "patch", "delete")
_REFERENCE = "#/components/schemas/"
_ERROR = {
    "description": "TMF630 Part 1, 3.3",
    "content": {"application/json": {"schema": {"$ref": _REFERENCE + "Error"}}},
}
_STATUSES = {
    "get": ("406",),
    "post": ("400", "406", "409", "413", "415", "422"),
    "patch": ("406", "409", "412", "413", "415"),
    "delete": ("409", "412"),
}
_LISTED_MAX = 2**53
_LEAST = {"limit": 1, "offset": 0}


def fitted(document: Mapping[str, Any], *, closed: bool = True) -> dict[str, Any]:
    """The document derived from a contract of either major.

    With `closed`, `@type` is one of the names that the document knows; without, any name: the resources that a server
    has already may be of types that extend the contract's by TMF630 Part 2.
    """
    result: dict[str, Any] = copy.deepcopy(dict(document)) if "openapi" in document else _as_openapi(document)
    schemas = result["components"]["schemas"]
    names = _type_names(schemas)
    for node in _nodes(result):
        if isinstance(node.get("oneOf"), list):
            node["anyOf"] = node.pop("oneOf")
        if "propertyName" in (node.get("discriminator") or {}):
            del node["discriminator"]
        if node.get("type") == "integer":
            node.setdefault("minimum", -(2**53))
            node.setdefault("maximum", 2**53)
    for name, values in names.items() if closed else ():
        typed = {"type": "object", "properties": {"@type": {"type": "string", "enum": values}}}
        schemas[name].setdefault("allOf", []).append(typed)
    for node in _nodes(result):
        if node.get("in") == "query" and node.get("name") in _LEAST:
            node["schema"].update(minimum=_LEAST[node["name"]], maximum=_LISTED_MAX)
    for name in ("EntityRef_FVO", "EntityRef_MVO"):
        if name in schemas:
            schemas[name].setdefault("allOf", []).append({"type": "object", "required": ["id"]})
    for path, item in result["paths"].items():
        for method in METHODS:
            if method in item:
                _add_statuses(path, method, item[method])
    return result


def _as_openapi(document: Mapping[str, Any]) -> dict[str, Any]:
    """A Swagger 2.0 document as OpenAPI 3.0: schemas and bodies stand elsewhere, parameters have schemas."""
    result: dict[str, Any] = json.loads(json.dumps(document).replace('"#/definitions/', f'"{_REFERENCE}'))
    for operation in (operation for item in result["paths"].values() for operation in item.values()):
        given = operation.get("parameters", [])
        operation["parameters"] = [_parameter(one) for one in given if one["in"] != "body"]
        for body in (one for one in given if one["in"] == "body"):
            operation["requestBody"] = {"required": True, "content": _content(body["schema"])}
        for response in operation["responses"].values():
            if "schema" in response:
                response["content"] = _content(response.pop("schema"))
            response["headers"] = {name: {"schema": header} for name, header in response.get("headers", {}).items()}
    schemas = {"schemas": result["definitions"]}
    return {"openapi": "3.0.3", "info": result["info"], "paths": result["paths"], "components": schemas}


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    kept = ("name", "in", "required", "description")
    return {
        **{name: value for name, value in parameter.items() if name in kept},
        "schema": {name: value for name, value in parameter.items() if name not in kept},
    }


def _add_statuses(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in _STATUSES[method]:
        responses.setdefault(status, _ERROR)
    if method == "get" and "200" in responses:
        responses.setdefault("304" if path.endswith("}") else "206", responses["200"])


def _type_names(schemas: Mapping[str, Any]) -> dict[str, list[str]]:
    """What `@type` may be in each schema that has a mapping and is not itself a choice."""
    children: dict[str, set[str]] = {}
    for name, schema in schemas.items():
        for part in schema.get("allOf", []):
            children.setdefault(part.get("$ref", "").removeprefix(_REFERENCE), set()).add(name)

    def family(name: str) -> set[str]:
        return {name}.union(*(family(child) for child in children.get(name, ())))

    def mapped(name: str) -> set[str]:
        return set((schemas[name].get("discriminator") or {}).get("mapping") or {})

    return {
        name: sorted(set().union(*(mapped(member) for member in family(name))))
        for name, schema in schemas.items()
        if mapped(name) and not schema.get("oneOf")
    }


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, those inside examples left out."""
    if isinstance(node, dict):
        yield node
        for name, child in list(node.items()):
            if name not in ("example", "examples"):
                yield from _nodes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _nodes(child)


def merge_patches_only(document: dict[str, Any]) -> dict[str, Any]:
    """Bodies of PATCH as merge patches, without mandatory attributes; the other media types have tests of their own."""
    schemas = document["components"]["schemas"]
    for name in [name for name in schemas if name.endswith(("_MVO", "_Update"))]:
        for node in _nodes(schemas[name]):
            if isinstance(node.get("required"), list):
                del node["required"]
    for body in document["components"].get("requestBodies", {}).values():
        for media_type in [m for m in body.get("content", {}) if "patch" in m]:
            del body["content"][media_type]
    return document
