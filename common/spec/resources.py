"""The resources and the hub of a document: its paths, and what their schemas say together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.domain.query import Kind
from common.spec.contract import PLACEHOLDER, EventContract, HubContract, Operation, ResourceContract, Validator, Verb
from common.spec.dialect import Dialect, Schema, base_name, media_type, parameters, ref_name, success_codes
from common.spec.events import by_resource
from common.spec.extensions import ExtensionSchemas
from common.spec.fields import ContractFields
from common.spec.places import Place, Places
from common.spec.schemas import SchemaCompiler
from common.spec.validators import CompiledValidator, JoinedValidator
from common.spec.well_known import (
    CREATED_NAMES,
    CREATED_NAMES_UNLESS_SETTABLE,
    IDENTITY_NAMES,
    STATE_NAMES,
    UPDATED_NAMES,
)

# Collections and their elements, of any depth: /name, /name/{id}, /parent/{parentId}/name ...
_RESOURCE = re.compile(r"((?:/[^/{}]+/\{[^/{}]+\})*/[^/{}]+)(/\{[^/{}]+\})?/?")
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_VERBS = {
    ("get", False): Verb.LIST,
    ("post", False): Verb.CREATE,
    ("get", True): Verb.RETRIEVE,
    ("patch", True): Verb.PATCH,
    ("delete", True): Verb.DELETE,
}
_HUB = "/hub"
# Whose schema is the resource as a client changes it, not a list of patch operations.
_WHOLE_PATCHES = ("application/merge-patch+json", "application/json")


@dataclass
class Found:
    """What the paths of a document have: resources by collection, the hub's verbs, what is not served and why.

    Shapes: a collection is named by its path without the names of the placeholders (`/topic/{}/event`): they may
            differ from one operation to the next; `templates` has it as the document writes it first.
    """

    templates: dict[str, str] = field(default_factory=dict)
    resources: dict[str, dict[Verb, tuple[Operation, Schema]]] = field(default_factory=dict)
    hub: set[Verb] = field(default_factory=set)
    gaps: dict[str, str] = field(default_factory=dict)


def find_operations(document: Schema, dialect: Dialect) -> Found:
    """Every operation of the document, as one of a resource or of the hub, or as a gap with its reason."""
    found = Found()
    for path, item in document.get("paths", {}).items():
        if path.startswith("/listener/"):
            continue  # what the other side offers; `events` reads them
        match = _RESOURCE.fullmatch(path)
        for method in _METHODS:
            if method not in item:
                continue
            name = f"{method.upper()} {path}"
            if match is None:
                found.gaps[name] = "the path is not of the form /resource, /resource/{id} or the same below others"
                continue
            verb = _VERBS.get((method, match.group(2) is not None))
            if verb is None:
                found.gaps[name] = f"{method.upper()} is none of the five operations at such a path"
            elif match.group(1) == _HUB:
                found.hub.add(verb)
            else:
                operation = _operation(document, dialect, path, item, method, verb)
                collection = PLACEHOLDER.sub("{}", match.group(1))
                found.templates.setdefault(collection, match.group(1))
                found.resources.setdefault(collection, {})[verb] = (operation, item[method])
    return found


@dataclass(frozen=True)
class Location:
    """Where a resource stands in its document: its name, its collection's path, and the names of its parents."""

    name: str
    path: str
    parents: tuple[str, ...] = ()

    @property
    def segment(self) -> str:
        return self.path.rpartition("/")[2]


def locations(templates: Mapping[str, str]) -> dict[str, Location]:
    """The collections of `Found.templates`, parents before what lies below them.

    One that lies below something that is no collection of the document is left out.
    """
    found: dict[str, Location] = {}
    names: set[str] = set()
    for collection in sorted(templates, key=lambda one: one.count("/")):
        above, _, name = collection.rpartition("/")
        parent = found.get(above.removesuffix("/{}"))
        if above and parent is None:
            continue
        if parent is not None and name in names:
            name = parent.name + name[:1].upper() + name[1:]
        if name not in names:
            names.add(name)
            parents = (*parent.parents, parent.name) if parent is not None else ()
            found[collection] = Location(name, templates[collection], parents)
    return found


def shortcomings(resource: ResourceContract, above: Mapping[str, ResourceContract]) -> dict[str, str]:
    """What a nested resource is less than its path promises, by that path."""
    if not resource.parents:
        return {}
    if resource.path.endswith(_HUB):
        return {resource.path: "registrations are kept and shown; events are sent only to those at /hub"}
    if Verb.CREATE not in resource.operations:
        reason = "no operation of the document creates one: the list is empty until a component stores some"
        attribute, parent = resource.path.rpartition("/")[2], above[resource.parents[-1]]
        if attribute in parent.attributes:
            reason += f"; what a {parent.name} has in its attribute {attribute} is shown there only"
        return {resource.path: reason}
    return {}


def _operation(document: Schema, dialect: Dialect, path: str, item: Schema, method: str, verb: Verb) -> Operation:
    raw = item[method]
    known = [str(p["name"]) for p in parameters(document, item, raw) if p.get("in") == "query"]
    return Operation(
        verb=verb,
        method=method.upper(),
        path=path.rstrip("/"),
        operation_id=str(raw.get("operationId") or f"{verb}:{path}"),
        statuses=success_codes(raw),
        media_types=tuple(media_type(kind) for kind in dialect.body(document, raw)),
        parameters=tuple(dict.fromkeys(known)),
    )


def hub_contract(verbs: set[Verb]) -> HubContract | None:
    """The hub as the document has it, or None when it has none."""
    if not verbs:
        return None
    return HubContract(Verb.CREATE in verbs, Verb.RETRIEVE in verbs, Verb.DELETE in verbs)


@dataclass(frozen=True)
class Reading:
    """What is needed to read a resource out of a document."""

    document: Schema
    dialect: Dialect
    schemas: Mapping[str, Schema]
    compiler: SchemaCompiler
    places: Places
    extensions: ExtensionSchemas | None
    origin: str


@dataclass(frozen=True)
class _Variants:
    """The schemas of one resource: as it is, as the server answers it, as it is created and changed."""

    type_name: str
    entity: Schema
    whole: Schema
    create: Schema | None
    update: Schema | None


def resource_contract(
    reading: Reading,
    location: Location,
    operations: Mapping[Verb, tuple[Operation, Schema]],
    events: Mapping[str, EventContract],
) -> ResourceContract | str:
    """The contract of a resource, or the reason why there is none."""
    name = location.name
    variants = _variants(reading, location.segment, operations)
    if variants is None:
        return "no operation says which schema the resource has"
    places = reading.places
    root = places.at(variants.whole, variants.entity)
    created, updated = _optional_place(places, variants.create), _optional_place(places, variants.update)
    mandatory = places.required(variants.create) if variants.create is not None else frozenset()
    attributes = frozenset(root.members) | (created.members.keys() if created else frozenset())
    state = _state_attribute(places, root)
    settable = frozenset(created.members) - {"href"} if created else frozenset()
    created_names = (*CREATED_NAMES, *(n for n in CREATED_NAMES_UNLESS_SETTABLE if n not in settable))
    dates = [n for n in (*created_names, *UPDATED_NAMES) if _is_instant(places, root, n)]
    fillable = mandatory & {*dates, *IDENTITY_NAMES, *([state] if state else ())}
    state_place = places.child(root, state) if state else None
    generic, others = by_resource(events, name)
    return ResourceContract(
        name=name,
        path=location.path,
        type_name=variants.type_name,
        operations={verb: operation for verb, (operation, _) in operations.items()},
        creating=_creating(reading, name, variants, fillable, attributes),
        patched=_patched(reading, name, variants, (mandatory - fillable) & attributes) if updated else None,
        whole=_validator(reading, f"{name} (answer)", variants.whole),
        attributes=attributes,
        settable=settable,
        immutable=(frozenset(root.members) - (updated.members.keys() if updated else set())) | {*IDENTITY_NAMES},
        mandatory=mandatory,
        fillable=frozenset(fillable),
        created_at=next((n for n in created_names if n in dates), None),
        updated_at=next((n for n in UPDATED_NAMES if n in dates), None),
        state_attribute=state,
        states=tuple(state_place.enum) if state_place else (),
        events=generic,
        other_events=others,
        fields=ContractFields(places, root),
        typed=reading.dialect.typed,
        parents=location.parents,
    )


def _optional_place(places: Places, schema: Schema | None) -> Place | None:
    return places.at(schema) if schema is not None else None


def _variants(reading: Reading, name: str, operations: Mapping[Verb, tuple[Operation, Schema]]) -> _Variants | None:
    """The schemas of a resource. Its own name finds them; answers and bodies where the name does not.

    The name counts first, because some documents answer with a create schema.
    """
    document, dialect, schemas = reading.document, reading.dialect, reading.schemas
    answers: list[Schema] = []
    for verb in (Verb.RETRIEVE, Verb.LIST, Verb.CREATE, Verb.PATCH):
        if verb in operations and (answer := dialect.answer(document, operations[verb][1])):
            answers.append(answer.get("items", answer))
    create = _body(reading, operations, Verb.CREATE, ("application/json",))
    update = _body(reading, operations, Verb.PATCH, _WHOLE_PATCHES)
    named = [ref_name(s["$ref"]) for s in (*answers, create or {}, update or {}) if "$ref" in s]
    own = name[:1].upper() + name[1:]
    candidates = [own, *(base_name(n) for n in named), *named]
    type_name = next((n for n in candidates if n in schemas), None)
    if type_name is None:
        inline = next((s for s in (*answers, create, update) if s), None)
        return _Variants(own, inline, inline, create, update) if inline is not None else None
    whole_name = dialect.whole_name(type_name, schemas)
    return _Variants(type_name, _ref(type_name), _ref(whole_name), create, update)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/{name}"}


def _body(
    reading: Reading, operations: Mapping[Verb, tuple[Operation, Schema]], verb: Verb, wanted: tuple[str, ...]
) -> Schema | None:
    if verb not in operations:
        return None
    bodies = reading.dialect.body(reading.document, operations[verb][1])
    chosen = next((bodies[kind] for kind in wanted if bodies.get(kind)), None)
    return chosen or next((s for s in bodies.values() if s), {})


def _creating(
    reading: Reading, name: str, variants: _Variants, fillable: frozenset[str], attributes: frozenset[str]
) -> Validator | None:
    if variants.create is None:
        return None
    return _judge(
        reading, f"{name} (create)", variants.create, optional=fillable, tolerated=attributes | {*IDENTITY_NAMES}
    )


def _patched(reading: Reading, name: str, variants: _Variants, required: frozenset[str]) -> Validator:
    return _judge(reading, f"{name} (patch)", variants.entity, required=required)


def _judge(reading: Reading, what: str, schema: Schema, **relaxed: Any) -> Validator:
    """A validator for what clients send: the contract's schema, and the extension schemas they name."""
    own = _validator(reading, what, schema, **relaxed)
    return JoinedValidator(own, reading.extensions) if reading.extensions is not None else own


def _validator(reading: Reading, what: str, schema: Schema, **relaxed: Any) -> CompiledValidator:
    return CompiledValidator(lambda: reading.compiler.compile(schema, **relaxed), f"{reading.origin}: {what}")


def _is_instant(places: Places, root: Place, name: str) -> bool:
    place = places.child(root, name)
    return place is not None and place.kind is Kind.INSTANT and not place.many


def _state_attribute(places: Places, root: Place) -> str | None:
    """The state: of several candidates the one whose values are listed, else the first by the standard's habit."""
    texts: list[str] = []
    for name in STATE_NAMES:
        place = places.child(root, name)
        if place is not None and place.kind is Kind.STRING and not place.many:
            if place.enum:
                return name
            texts.append(name)
    return texts[0] if texts else None
