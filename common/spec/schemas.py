"""A document's schemas as JSON Schema (draft 7), with the discriminator turned into if/then dispatch.

Plain JSON Schema ignores `discriminator`, and the branches of the standard's `oneOf` do not exclude each other:
the official examples themselves are refused. So:

- an object is judged by the schema that its `@type` names, among the branches of a `oneOf` and among the
  subtypes of a base schema;
- an unknown `@type` is an extension: its `@baseType` decides, else any branch (or the base itself) will do;
- a type that the document has for something else is none: it is refused, of a resource and where types are told apart;
- of a reference-or-value, `@referredType` says that it is the reference, whatever `@type` says;
- a `oneOf` without a mapping becomes `anyOf`.

Every named schema gets two definitions: `X` dispatches, `X:plain` is the body alone. A `$ref` inside `allOf` is
inheritance and leads to the plain one, so that no object is dispatched twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from common.errors import ConfigurationError
from common.spec.dialect import Schema, base_name, ref_name
from common.spec.well_known import MISSPELT_VALUES

JsonSchema = dict[str, Any]

# The name under which validators check date-times as `clock.normal_instant` reads them. Other formats are left
# out: the standard's own examples break `uri`, and `int32` or `float` say how to store, not what is right.
INSTANT_FORMAT = "instant"
_FORMATS = {"date-time": INSTANT_FORMAT, "date": "date"}

_KEPT = frozenset(
    {
        *("type", "enum", "const", "required", "pattern", "minimum", "maximum", "multipleOf", "uniqueItems"),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    }
)
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})

# Endings of a definition's key: the dispatching form has none; relaxed ones (see `compile`) get a second ending.
_FULL, _PLAIN, _OPENED = "", ":plain", ":open"
# The key of a definition that every object fits whose type the document has, or whose type is empty.
_TYPED = ":typed"


def is_reference_name(name: str) -> bool:
    """Whether a schema of this name describes a reference to another entity."""
    return base_name(name).endswith("Ref")


def alternatives(schema: Schema) -> list[Schema]:
    """The branches of a schema's oneOf or anyOf; none when it has neither."""
    return list(schema.get("oneOf") or schema.get("anyOf") or ())


class SchemaCompiler:
    """Turns the schemas of one document into self-contained JSON Schemas."""

    def __init__(self, schemas: Mapping[str, Schema], nullable: Callable[[Schema], bool]) -> None:
        self._schemas = schemas
        self._nullable = nullable
        self._children = _children(schemas)
        _refuse_circles(schemas)
        self._made: dict[str, JsonSchema] = {}
        self._reach: dict[str, frozenset[str]] = {}

    def compile(
        self,
        schema: Schema,
        *,
        optional: frozenset[str] = frozenset(),
        required: Iterable[str] = (),
        tolerated: frozenset[str] = frozenset(),
    ) -> JsonSchema:
        """A schema with all it refers to.

        At the top level `optional` need not be there although the document demands it, `required` must be
        although it does not, and `tolerated` may be although the document allows no further attributes.
        Errors: ConfigurationError when a reference leads nowhere.
        """
        opened = _Opened(optional, tolerated) if optional or tolerated else None
        if "$ref" in schema:
            name = ref_name(schema["$ref"])
            parts = [self._reference(name, _FULL, opened), self._own_type(name)]
        else:
            parts = [self._convert(schema, opened)]
        if demanded := sorted(required):
            parts.append({"type": "object", "required": demanded})
        definitions: dict[str, JsonSchema] = {}
        waiting = list(_references(parts))
        while waiting:
            key = waiting.pop()
            if key not in definitions:
                definitions[key] = self._definition(key, opened)
                waiting.extend(_references(definitions[key]))
        return {"$schema": "http://json-schema.org/draft-07/schema#", "allOf": parts, "definitions": definitions}

    def subtypes(self, schema: Schema, name: str = "") -> dict[str, str]:
        """Schema names by `@type` value: the discriminator's own mapping, then those of the schemas it names."""
        found: dict[str, str] = {}
        waiting: list[tuple[str, Schema]] = [(name, schema)]
        seen: set[str] = set()
        while waiting:
            owner, current = waiting.pop(0)
            for value, target in self._own_mapping(owner, current).items():
                found.setdefault(value, target)
                if target not in seen:
                    seen.add(target)
                    waiting.append((target, self._schemas[target]))
        return found

    def _own_mapping(self, name: str, schema: Schema) -> dict[str, str]:
        discriminator = schema.get("discriminator")
        branches = [ref_name(b["$ref"]) for b in alternatives(schema) if "$ref" in b]
        if discriminator is None:
            # A oneOf that does not discriminate may have branches that do.
            return {value: t for b in branches if b in self._schemas for value, t in self._mapping_of(b).items()}
        mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
        named = {str(value): ref_name(str(target)) for value, target in (mapping or {}).items()}
        if not named:
            named = {base_name(n): n for n in branches or sorted(self._descendants(name))}
        # Some files write the variant's name as the value; clients send the type's.
        both = {base_name(value): target for value, target in named.items()} | named
        return {value: target for value, target in both.items() if target in self._schemas}

    def _mapping_of(self, name: str) -> dict[str, str]:
        schema = self._schemas[name]
        return self._own_mapping(name, schema) if schema.get("discriminator") is not None else {}

    def _descendants(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found

    def _reference(self, name: str, form: str, opened: _Opened | None) -> JsonSchema:
        if name not in self._schemas:
            raise ConfigurationError(f"a schema refers to {name!r}, which the document does not define")
        key = name + form + (_OPENED if opened else "")
        return {"$ref": "#/definitions/" + quote(key.replace("~", "~0").replace("/", "~1"), safe=":~")}

    def _definition(self, key: str, opened: _Opened | None) -> JsonSchema:
        if key in self._made:
            return self._made[key]
        if key == _TYPED:
            self._made[key] = _says_type({"", *self._type_names()})
            return self._made[key]
        rest = key.removesuffix(_OPENED)
        name = rest.removesuffix(_PLAIN)
        made = self._named(name, opened if rest != key else None, plain=name != rest)
        if rest == key:
            self._made[key] = made
        return made

    def _named(self, name: str, opened: _Opened | None, *, plain: bool) -> JsonSchema:
        schema = self._schemas[name]
        branches = [ref_name(b["$ref"]) for b in alternatives(schema) if "$ref" in b]
        if plain:
            # Where the branches inherit from this schema, the one that was chosen must not choose again.
            inherited = bool(branches) and self._descendants(name).issuperset(branches)
            return self._convert(schema, opened, owner=name, choose=not inherited)
        others = {value: target for value, target in self.subtypes(schema, name).items() if target != name}
        if branches or not others:
            made = self._convert(schema, opened, owner=name)
        else:
            made = self._chain(schema, others, self._reference(name, _PLAIN, opened), opened)
        if schema.get("discriminator") is None or _property_of(schema) != "@type" or is_reference_name(name):
            return made
        return {"allOf": [made, self._own_type(name)]}

    def _own_type(self, name: str) -> JsonSchema:
        """The object is of this type or of its kin, or of a type that the document does not know."""
        if name not in self._schemas:
            return {}
        told = self._told_into(name)
        own, wider = _says_type(told.keys()), _says_type(told.keys() | self._above(told.values()))
        foreign = {"if": {"$ref": "#/definitions/" + _TYPED}, "then": own}
        return {"if": {"required": ["@type"]}, "then": {"if": wider, "else": foreign}}

    def _told_into(self, name: str) -> dict[str, str]:
        """Schema names by the types that may stand where this one is asked for."""
        values = self.subtypes(self._schemas[name], name)
        found = {name, *values.values(), *_named(alternatives(self._schemas[name]))}
        found |= {below for one in found for below in self._descendants(one)} | self._repeating(base_name(name))
        return {base_name(one): one for one in sorted(found)} | values

    def _repeating(self, name: str) -> set[str]:
        """The schemas that have all members of this one: v4 documents write them out where v5 ones inherit them."""
        schema = self._schemas.get(name, {})
        members = schema.get("properties", {}).keys()
        if not members or "allOf" in schema:
            return set()
        return {other for other, one in self._schemas.items() if members <= one.get("properties", {}).keys()}

    def _above(self, names: Iterable[str]) -> set[str]:
        """What these inherit from: an object may say no more of itself than that."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            above = _named(self._schemas.get(waiting.pop(), {}).get("allOf", ()))
            waiting += [one for one in above if one not in found]
            found.update(above)
        return {base_name(one) for one in found}

    def _type_names(self) -> set[str]:
        """The types of values that the document has; what chooses among types is none."""
        return {
            base_name(name)
            for name, schema in self._schemas.items()
            if not alternatives(schema) and not is_reference_name(name)
        }

    def _convert(
        self, schema: Schema, opened: _Opened | None = None, *, owner: str = "", choose: bool = True
    ) -> JsonSchema:
        """One schema, its nested ones included; `choose` False leaves its alternatives out."""
        if "$ref" in schema:
            return self._reference(ref_name(schema["$ref"]), _FULL, None)
        made = _own_keywords(schema)
        if opened is not None and "required" in made:
            made["required"] = [name for name in made["required"] if name not in opened.optional]
        if "properties" in schema:
            made["properties"] = {name: self._convert(s) for name, s in schema["properties"].items()}
        for keyword in ("items", "not", "additionalProperties"):
            if isinstance(schema.get(keyword), Mapping):
                made[keyword] = self._convert(schema[keyword])
        if schema.get("additionalProperties") is False:
            made["additionalProperties"] = False
            if opened is not None:
                made["properties"] = {name: {} for name in opened.tolerated} | made.get("properties", {})
        parts = [self._inherited(part, opened) for part in schema.get("allOf", ())]
        if choose and alternatives(schema):
            parts.append(self._choice(schema, owner, opened))
        if parts:
            made["allOf"] = parts
        return {"anyOf": [{"type": "null"}, made]} if self._nullable(schema) else made

    def _inherited(self, part: Schema, opened: _Opened | None) -> JsonSchema:
        if "$ref" in part:
            return self._reference(ref_name(part["$ref"]), _PLAIN, opened)
        return self._convert(part, opened)

    def _choice(self, schema: Schema, owner: str, opened: _Opened | None) -> JsonSchema:
        """The alternatives of a oneOf or anyOf, chosen among by what the object says of itself."""
        branches = alternatives(schema)
        names = [ref_name(b["$ref"]) if "$ref" in b else "" for b in branches]
        made = [
            self._reference(name, _FULL, opened) if name else self._convert(branch)
            for name, branch in zip(names, branches, strict=True)
        ]
        known = {value: target for value, target in self.subtypes(schema, owner).items() if target != owner}
        chain = self._chain(schema, known, self._any(branches, made, opened), opened)
        references = [i for i, name in enumerate(names) if name and is_reference_name(name)]
        if references and len(references) < len(made):
            refs = {value: target for value, target in known.items() if is_reference_name(target)}
            any_reference = self._any([branches[i] for i in references], [made[i] for i in references], opened)
            chosen = self._chain(schema, refs, any_reference, opened)
            return {"if": {"type": "object", "required": ["@referredType"]}, "then": chosen, "else": chain}
        return chain

    def _any(self, branches: list[Schema], made: list[JsonSchema], opened: _Opened | None) -> JsonSchema:
        """Any branch will do.

        Where branches contain the choice itself, trying each of them at every level takes exponential time: a
        body of 500 bytes kept a validator busy for a minute. There the first branch whose surface fits judges.
        """
        names = {ref_name(b["$ref"]) for b in branches if "$ref" in b}
        if not any(self._reached(name) & names for name in names):
            return {"anyOf": made}
        surfaces = [self._surface(branch, opened) for branch in branches]
        chain: JsonSchema = {"anyOf": surfaces}
        for surface, full in reversed(list(zip(surfaces, made, strict=True))):
            chain = {"if": surface, "then": full, "else": chain}
        return chain

    def _reached(self, name: str) -> frozenset[str]:
        """The schemas that a document judged by this one may contain objects of."""
        if name not in self._reach:
            found: set[str] = set()
            waiting = [name]
            while waiting:
                for following in _references(self._schemas.get(waiting.pop(), {})):
                    if following not in found:
                        found.add(following)
                        waiting.append(following)
            self._reach[name] = frozenset(found)
        return self._reach[name]

    def _surface(self, schema: Schema, opened: _Opened | None) -> JsonSchema:
        """What a schema says of an object without looking into its members."""
        if "$ref" in schema:
            return self._surface(self._schemas.get(ref_name(schema["$ref"]), {}), opened)
        made = _own_keywords(schema)
        if opened is not None and "required" in made:
            made["required"] = [name for name in made["required"] if name not in opened.optional]
        made["properties"] = {name: self._face(member) for name, member in schema.get("properties", {}).items()}
        if parts := [self._surface(part, opened) for part in schema.get("allOf", ())]:
            made["allOf"] = parts
        return made

    def _face(self, schema: Schema) -> JsonSchema:
        """The type of a member, and the values listed for it."""
        while "$ref" in schema:
            schema = self._schemas.get(ref_name(schema["$ref"]), {})
        if self._nullable(schema) or alternatives(schema):
            return {}
        keywords = _own_keywords(schema)
        return {key: keywords[key] for key in ("type", "enum") if key in keywords}

    def _chain(self, schema: Schema, known: Mapping[str, str], other: JsonSchema, opened: _Opened | None) -> JsonSchema:
        """If the discriminating property has a known value, its schema; else `@baseType`; else `other`."""
        name = _property_of(schema)
        values: dict[str, list[str]] = {}
        for value, target in known.items():
            values.setdefault(target, []).append(value)
        chain = other
        for member in ("@baseType", name) if name == "@type" else (name,):
            for target in reversed(values):
                form = _FULL if alternatives(self._schemas[target]) else _PLAIN
                named = {"properties": {member: {"enum": values[target]}}, "required": [member]}
                chain = {
                    "if": {"type": "object", **named},
                    "then": self._reference(target, form, opened),
                    "else": chain,
                }
        return chain


class _Opened:
    """How the top level of a schema is relaxed."""

    def __init__(self, optional: frozenset[str], tolerated: frozenset[str]) -> None:
        self.optional = optional
        self.tolerated = tolerated


def _property_of(schema: Schema) -> str:
    """The name of the property that a schema discriminates by."""
    discriminator = schema.get("discriminator")
    return str(discriminator.get("propertyName", "@type")) if isinstance(discriminator, Mapping) else "@type"


def _says_type(names: Iterable[str]) -> JsonSchema:
    return {"properties": {"@type": {"enum": sorted(names)}}}


def _own_keywords(schema: Schema) -> JsonSchema:
    """The keywords that need no look at other schemas, as draft 7 writes them."""
    made: JsonSchema = {key: schema[key] for key in schema if key in _KEPT}
    kinds = made.get("type", [])
    if unknown := {kinds} - _TYPES if isinstance(kinds, str) else set(kinds) - _TYPES:
        raise ConfigurationError(f"a schema has the unknown type {sorted(unknown)[0]!r}")
    if "type" not in made and ("properties" in schema or "required" in schema):
        made["type"] = "object"
    if "enum" in made:
        made["enum"] = _spellings(made["enum"])
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        value = schema.get(bound)
        if value is True and limit in made:
            made[bound] = made.pop(limit)
        elif value is not None and not isinstance(value, bool):
            made[bound] = value
    if schema.get("format") in _FORMATS:
        made["format"] = _FORMATS[schema["format"]]
    return made


def _spellings(values: list[Any]) -> list[Any]:
    """An enum with the second spellings that official files and their clients use."""
    found: list[Any] = []
    for value in values:
        clean = value.strip() if isinstance(value, str) else value
        more = MISSPELT_VALUES.get(clean, ()) if isinstance(clean, str) else ()
        found += [one for one in (clean, value, *more) if one not in found]
    return found


def _children(schemas: Mapping[str, Schema]) -> dict[str, set[str]]:
    """Which schemas inherit directly from which."""
    children: dict[str, set[str]] = {}
    for name, schema in schemas.items():
        for part in schema.get("allOf", ()):
            if "$ref" in part:
                children.setdefault(ref_name(part["$ref"]), set()).add(name)
    return children


def _refuse_circles(schemas: Mapping[str, Schema]) -> None:
    """A schema that is part of itself judges nothing, and a validator would never come back from it."""
    inherited = {name: _named([schema, *schema.get("allOf", ())]) for name, schema in schemas.items()}
    chosen = {name: _named(alternatives(schema)) for name, schema in schemas.items()}
    for edges in (inherited, chosen):
        finished: set[str] = set()
        for start in edges:
            _walk(edges, start, [], finished)


def _named(schemas: Iterable[Schema]) -> list[str]:
    return [ref_name(schema["$ref"]) for schema in schemas if "$ref" in schema]


def _walk(edges: Mapping[str, list[str]], name: str, line: list[str], finished: set[str]) -> None:
    if name in line:
        raise ConfigurationError(f"the schema {name!r} is part of itself")
    if name in finished:
        return
    for following in edges.get(name, ()):
        _walk(edges, following, [*line, name], finished)
    finished.add(name)


def _references(node: Any) -> Iterator[str]:
    """The keys of the definitions that a converted schema refers to."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield ref_name(reference)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
