"""Documents made from a contract: the least a schema accepts, or everything it names down to a depth.

Works on the raw document (v4 and v5 dialects), not on what `common.spec` makes of it: it is the other side of
the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

FULL_DEPTH = 3
_FORMATS = {
    "date-time": "2026-03-01T08:30:00.000Z",
    "date": "2026-03-01",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "email": "a@example.com",
    "base64": "QQ==",
    "byte": "QQ==",
    "time": "08:30:00Z",
}


class Generator:
    """Makes documents of one contract's schemas; the same ones every time."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        components = document.get("components", {})
        self.schemas: Mapping[str, Any] = document.get("definitions") or components.get("schemas", {})

    def body_schema(self, operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The schema of an operation's JSON request body, or None."""
        for parameter in operation.get("parameters", []):
            parameter = self.resolve(parameter)
            if parameter.get("in") == "body":
                return dict(parameter["schema"])
        body = self.resolve(operation.get("requestBody", {}))
        content: Mapping[str, Any] = body.get("content", {})
        chosen: Mapping[str, Any] = content.get("application/json") or next(iter(content.values()), {})
        return chosen.get("schema")

    def resolve(self, node: Any) -> Any:
        while isinstance(node, Mapping) and "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def minimal(self, schema: Mapping[str, Any]) -> Any:
        """The least that the schema accepts."""
        return self._value(schema, depth=99, full=False)

    def full(self, schema: Mapping[str, Any]) -> Any:
        """Everything that the schema names, down to FULL_DEPTH."""
        return self._value(schema, depth=0, full=True)

    def attributes(self, schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """The schemas of an object's attributes, references followed."""
        properties, _ = self._flat(self.resolve(schema), ())
        return {name: self.resolve(inner) for name, inner in properties.items()}

    def _value(self, schema: Mapping[str, Any], depth: int, full: bool) -> Any:
        name = schema["$ref"].rsplit("/", 1)[-1] if "$ref" in schema else None
        schema = self.resolve(schema)
        for word in ("oneOf", "anyOf"):
            if schema.get(word) and not schema.get("properties"):
                mapping = (schema.get("discriminator") or {}).get("mapping", {})
                branch = schema[word][-1]  # in the standard's RefOrValue the reference stands last
                reference = branch.get("$ref", "")
                made = self._value(branch, depth, full)
                tag = next((key for key, target in mapping.items() if target == reference), None)
                if tag is not None and isinstance(made, dict):
                    made["@type"] = tag
                return made
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type") or ("object" if "allOf" in schema or "properties" in schema else None)
        if kind == "object":
            return self._object(schema, name, depth, full)
        if kind == "array":
            count = max(schema.get("minItems", 0), 1)
            return [self._value(schema.get("items", {}), depth, full) for _ in range(count)]
        return self._scalar(kind, schema)

    def _scalar(self, kind: str | None, schema: Mapping[str, Any]) -> Any:
        if kind == "boolean":
            return True
        if kind == "integer":
            return max(int(schema.get("minimum", 1)), 1)
        if kind == "number":
            return Decimal("1.25")
        if kind == "string":
            return _FORMATS.get(schema.get("format", ""), "text")
        return "anything"

    def _object(self, schema: Mapping[str, Any], name: str | None, depth: int, full: bool) -> dict[str, Any]:
        properties, required = self._flat(schema, ())
        made: dict[str, Any] = {}
        for attribute, inner in properties.items():
            if attribute == "@type":
                made["@type"] = self.resolve(inner).get("enum", [self._type(schema, name)])[0]
            elif attribute in ("@baseType", "@schemaLocation", "@referredType") and attribute not in required:
                continue
            elif attribute in required or (full and depth < FULL_DEPTH):
                made[attribute] = self._value(inner, depth + 1, full)
        for attribute in required - made.keys() - properties.keys():
            made[attribute] = "text"  # demanded, and described nowhere
        if "@type" in made and "@type" not in required and not full:
            del made["@type"]
        return made

    def _type(self, schema: Mapping[str, Any], name: str | None) -> str:
        mapping = (
            (schema.get("discriminator") or {}).get("mapping", {})
            if isinstance(schema.get("discriminator"), Mapping)
            else {}
        )
        for tag, target in mapping.items():
            if target.rsplit("/", 1)[-1] == name:
                return str(tag)
        bare = name or "Extension"
        for ending in ("_FVO", "_MVO", "_Create", "_Update", "_RES"):
            bare = bare.removesuffix(ending)
        return bare

    def _flat(self, schema: Mapping[str, Any], trail: tuple[str, ...]) -> tuple[dict[str, Any], set[str]]:
        """The properties and required names of a schema with its allOf parts merged."""
        properties: dict[str, Any] = {}
        required: set[str] = set()
        for part in schema.get("allOf", []):
            reference = part.get("$ref", "")
            if reference and reference in trail:
                continue
            inner, needed = self._flat(self.resolve(part), (*trail, reference))
            properties |= inner
            required |= needed
        properties |= schema.get("properties") or {}
        required |= set(schema.get("required") or ())
        return properties, required
