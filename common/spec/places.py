"""The places of a document that a contract declares: what may stand there, whatever schema says so.

A place gathers every schema that applies to it: inherited parts, alternatives, and the subtypes that an object's
`@type` may choose. Places are made when they are first asked for and kept; there is one per set of schemas, so a
contract has finitely many, and asking for undeclared attributes makes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.domain.query import Kind
from common.errors import ConfigurationError
from common.spec.dialect import Schema, base_name, ref_name
from common.spec.schemas import SchemaCompiler, alternatives
from common.spec.well_known import ANY_TYPE

_KINDS = {"string": Kind.STRING, "number": Kind.NUMBER, "integer": Kind.NUMBER, "boolean": Kind.BOOLEAN}


@dataclass
class Place:
    """What the contract says of one place.

    Shapes: `kinds` of the plain values allowed here; `many` when an array may stand here (then the rest describes
            its elements); `references` maps the `@type` of each reference allowed here to the type it refers to;
            `values` are the type names of other objects allowed here; `enum` all values listed for it.
    """

    kinds: set[Kind] = field(default_factory=set)
    many: bool = False
    free: bool = False  # something may stand here that the contract does not describe
    members: dict[str, tuple[Schema, ...]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    enum: list[str] = field(default_factory=list)
    children: dict[str, Place] = field(default_factory=dict)
    kind: Kind = Kind.UNKNOWN  # the one of `kinds`, when there is one and nothing free


class Places:
    """All places of one document."""

    def __init__(self, schemas: Mapping[str, Schema], compiler: SchemaCompiler) -> None:
        self._schemas = schemas
        self._compiler = compiler
        self._made: dict[frozenset[str | int], Place] = {}
        self._alive: list[tuple[Schema, ...]] = []  # a schema's id is its name only while the schema lives

    def at(self, *schemas: Schema) -> Place:
        """The place that these schemas describe together."""
        key = frozenset(ref_name(s["$ref"]) if "$ref" in s else id(s) for s in schemas)
        place = self._made.get(key)
        if place is None:
            place = Place()
            reader = _Reader(self._schemas, self._compiler, place)
            for schema in schemas:
                reader.read(schema)
            if len(place.kinds) == 1 and not place.free:
                (place.kind,) = place.kinds
            self._alive.append(schemas)
            self._made[key] = place
        return place

    def child(self, place: Place, name: str) -> Place | None:
        """The place of a member, or None when the contract does not declare it."""
        found = place.children.get(name)
        if found is None and name in place.members:
            found = place.children[name] = self.at(*place.members[name])
        return found

    def required(self, schema: Schema) -> frozenset[str]:
        """The members a schema demands, inherited ones included."""
        return frozenset(self._required(schema, set()))

    def _required(self, schema: Schema, seen: set[str]) -> set[str]:
        if "$ref" in schema:
            name = ref_name(schema["$ref"])
            if name in seen or name not in self._schemas:
                return set()
            return self._required(self._schemas[name], seen | {name})
        found = set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            found |= self._required(part, seen)
        return found


class _Reader:
    """Reads all schemas of one place into it."""

    def __init__(self, schemas: Mapping[str, Schema], compiler: SchemaCompiler, place: Place) -> None:
        self._schemas = schemas
        self._compiler = compiler
        self._place = place
        self._noted: set[str] = set()
        self._read: set[str] = set()

    def read(self, schema: Schema, *, inherited: bool = False) -> None:
        """Everything that the schema allows at the place; `inherited`: as a part of a named type already read."""
        if "$ref" in schema:
            self._read_named(ref_name(schema["$ref"]), inherited=inherited)
            return
        branches = alternatives(schema)
        for branch in branches:
            self.read(branch)
        for target in self._compiler.subtypes(schema).values() if branches else ():
            self._read_named(target, inherited=False)
        for part in schema.get("allOf", ()):
            self.read(part, inherited=True)
        items = schema.get("items")
        if schema.get("type") == "array" or isinstance(items, Mapping):
            self._place.many = True
            self.read(items if isinstance(items, Mapping) else {})
            return
        for name, member in schema.get("properties", {}).items():
            known = self._place.members.get(name, ())
            if not any(member is one for one in known):
                self._place.members[name] = (*known, member)
        self._read_kind(schema, plain=not inherited and not branches and "allOf" not in schema)

    def _read_kind(self, schema: Schema, *, plain: bool) -> None:
        place = self._place
        kinds = schema.get("type")
        for name in [kinds] if isinstance(kinds, str) else kinds or ():
            if name == "string" and schema.get("format") == "date-time":
                place.kinds.add(Kind.INSTANT)
            elif name in _KINDS:
                place.kinds.add(_KINDS[name])
        place.enum += [v.strip() for v in schema.get("enum", ()) if isinstance(v, str) and v.strip() not in place.enum]
        described = kinds or "properties" in schema or "enum" in schema
        if plain and not described:
            place.free = True

    def _read_named(self, name: str, *, inherited: bool) -> None:
        schema = self._schemas.get(name)
        if schema is None:
            raise ConfigurationError(f"a schema refers to {name!r}, which the document does not define")
        if not inherited and name not in self._noted:
            self._noted.add(name)
            self._note_type(name, schema)
            for target in self._compiler.subtypes(schema, name).values():
                self._read_named(target, inherited=False)
        if name not in self._read:
            self._read.add(name)
            self.read(schema, inherited=inherited)

    def _note_type(self, name: str, schema: Schema) -> None:
        """Whether objects of this type are references, and to what."""
        if alternatives(schema):
            return
        type_name = base_name(name)
        target = self._target(name, type_name)
        if target is not None:
            self._place.references[type_name] = target
        if target is None or type_name.endswith("RefOrValue"):
            self._place.values.add(type_name)

    def _target(self, name: str, type_name: str) -> str | None:
        """The type that objects of this schema refer to; empty when only they say it; None when they do not refer."""
        members = self._member_names(name)
        line = [base_name(one) for one in self._line(name)]
        specific = next((one for one in line if one.endswith("Ref")), None)
        if specific is not None:
            target = specific.removesuffix("Ref")
        elif type_name.endswith("RefOrValue") and "id" in members:
            # v4 writes reference and value as one schema.
            return type_name.removesuffix("RefOrValue").removeprefix("Related")
        elif {"id", "@referredType"} <= members:
            # v4's RelatedParty and its like: a reference with further attributes.
            target = type_name.removeprefix("Related") if type_name.startswith("Related") else ""
        else:
            return None
        if target in ("", ANY_TYPE) and type_name.endswith("Relationship"):
            return type_name.removesuffix("Relationship").removeprefix("Bundled")
        return target

    def _line(self, name: str) -> list[str]:
        """The schema and those it inherits from, nearest first."""
        line: list[str] = []
        waiting = [name]
        while waiting:
            current = waiting.pop(0)
            if current not in line and current in self._schemas:
                line.append(current)
                parts = self._schemas[current].get("allOf", ())
                waiting += [ref_name(part["$ref"]) for part in parts if "$ref" in part]
        return line

    def _member_names(self, name: str) -> set[str]:
        found: set[str] = set()
        for one in self._line(name):
            schema: Any = self._schemas[one]
            found |= set(schema.get("properties", {}))
            for part in schema.get("allOf", ()):
                found |= set(part.get("properties", {}))
        return found
