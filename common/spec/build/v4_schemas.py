"""From the entities as v4 has them to the definitions of one Swagger document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from common.spec.build.forms import named
from common.spec.build.model import EVENT_KINDS, PRIMITIVES, Entity, Event, Field, Form, Resource, Type, V4Api
from common.spec.build.schemas import one, words
from common.spec.build.v4_entities import (
    ANY,
    SET_BY_SERVER,
    V4_ALWAYS,
    Shape,
    fields_of,
    shape,
    v4_entities,
    v4_name,
)

Schema = dict[str, Any]

SUFFIX = {Form.FULL: "", Form.CREATE: "_Create", Form.PATCH: "_Update"}
_ABOUT_FORM = {
    Form.FULL: "",
    Form.CREATE: " This form is what a client sends to create one.",
    Form.PATCH: " This form is what a client sends to change one.",
}
_ENVELOPE, _LISTENER = "BaseEvent", "Hub"
#: These kinds of events say which field they are about, instead of having an address of their own.
_ABOUT_A_FIELD = ("AttributeValueChange", "InformationRequired")
_ABOUT_ANY = {"description": "Any value that JSON can hold."}


def definitions(api: V4Api, glossary: Mapping[str, str]) -> dict[str, Schema]:
    """All definitions of the v4 document of `api`, by name in name order."""
    entities = v4_entities(api)
    resources = {resource.name: resource for resource in api.resources}
    found: dict[str, Schema] = {}
    for name in published(api, entities):
        resource = resources.get(name)
        found |= _forms(shape(name, entities), resource.verbs if resource else (), glossary)
    for resource in shown_resources(api):
        for event in resource.events:
            found |= _event(api, resource, event, shape(_ENVELOPE, entities), glossary)
    found |= _subscription(shape(_LISTENER, entities), glossary)
    return dict(sorted(found.items()))


def shown_resources(api: V4Api) -> list[Resource]:
    """The resources of `api` under the names that the document uses."""
    entities = v4_entities(api)
    return [replace(resource, name=v4_name(resource.name, entities)) for resource in api.resources]


def reference(name: str) -> Schema:
    """A reference to the definition of that name."""
    return {"$ref": f"#/definitions/{name}"}


def published(api: V4Api, entities: Mapping[str, Entity]) -> list[str]:
    """What the operations reach, through fields and choices, by the names in the sources."""
    apart = (_ENVELOPE, _LISTENER)
    unseen = [name for name in V4_ALWAYS if name not in apart]
    unseen += [*api.publishes_also, *(resource.name for resource in api.resources)]
    published: list[str] = []
    while unseen:
        name = unseen.pop()
        stand_in = entities[name].v4.becomes
        if stand_in:
            unseen.append(stand_in)
        elif name not in published:
            published.append(name)
            unseen.extend(entities[name].one_of)
            unseen.extend(named(field.type for field in fields_of(name, entities).values()))
    return published


def _forms(entity: Shape, verbs: Iterable[str], glossary: Mapping[str, str]) -> dict[str, Schema]:
    found = {entity.name: _schema(entity, Form.FULL, glossary)}
    for verb, form in (("create", Form.CREATE), ("patch", Form.PATCH)):
        if verb in verbs:
            found[entity.name + SUFFIX[form]] = _schema(entity, form, glossary)
    if any(field.type.name == ANY for field in entity.fields.values()):
        found[ANY] = _ABOUT_ANY
    return found


def _schema(entity: Shape, form: Form, glossary: Mapping[str, str]) -> Schema:
    about = entity.about + _ABOUT_FORM[form]
    if entity.values:
        return {"type": "string", "description": about, "enum": list(entity.values)}
    hidden = () if form is Form.FULL else (*SET_BY_SERVER, *entity.without[form])
    fields = {name: field for name, field in entity.fields.items() if name not in hidden}
    schema: Schema = {"type": "object", "description": about}
    required = [name for name in entity.required[form] if name in fields]
    if required:
        schema["required"] = required
    # A choice of words that a form names as plain is any text there.
    of_text = {name for name in entity.plain[form] if name in fields and fields[name].type.values}
    fields |= {name: replace(fields[name], type=Type("string")) for name in of_text}
    return schema | {"properties": {name: _property(name, field, glossary) for name, field in fields.items()}}


def _property(name: str, field: Field, glossary: Mapping[str, str]) -> Schema:
    extra: Schema = {"description": field.about or glossary[name]}
    if field.default is not None:
        extra["default"] = field.default
    if field.items_min is not None:
        extra["minItems"] = field.items_min
    return _type(field.type) | extra


def _type(kind: Type) -> Schema:
    if kind.values:
        schema: Schema = {"type": "string", "enum": list(kind.values)}
    elif kind.fields:
        schema = {"type": "object", "properties": {name: _type(inner) for name, inner in kind.fields.items()}}
    else:
        schema = dict(PRIMITIVES[kind.name]) if kind.name in PRIMITIVES else reference(kind.name)
    return {"type": "array", "items": schema} if kind.many else schema


def _event(
    api: V4Api, resource: Resource, event: Event, envelope: Shape, glossary: Mapping[str, str]
) -> dict[str, Schema]:
    """An event and what it carries: the resource as a whole."""
    name = f"{resource.name}{event.kind}Event"
    about_a_field = event.kind in _ABOUT_A_FIELD
    hidden = {"event"} | (set() if about_a_field else {"fieldPath"})
    if about_a_field or api.is_later:
        hidden |= set(SET_BY_SERVER)
    fields = {field: kind for field, kind in envelope.fields.items() if field not in hidden}
    properties = {field: _property(field, kind, glossary) for field, kind in fields.items()}
    carried = reference(f"{name}Payload") | {"description": "What happened, and to which resource."}
    resource_after = reference(resource.name) | {"description": f"The {words(resource.key)} as it is after the event."}
    return {
        name: {
            "type": "object",
            "description": f"Tells a listener that {one(resource.name)} {EVENT_KINDS[event.kind]}.",
            "properties": properties | {api.event_key: carried},
        },
        f"{name}Payload": {
            "type": "object",
            "description": f"What the event of {words(resource.name)} carries.",
            "properties": {resource.key: resource_after},
        },
    }


def _subscription(listener: Shape, glossary: Mapping[str, str]) -> dict[str, Schema]:
    """A registered listener, and what a client sends to register one."""
    sent = [name for name in listener.required[Form.CREATE] if name not in SET_BY_SERVER]
    fields = {name: _property(name, field, glossary) for name, field in listener.fields.items()}
    entered = {name: field for name, field in fields.items() if name not in SET_BY_SERVER}
    about = listener.about + _ABOUT_FORM[Form.CREATE]
    return {
        listener.name: {
            "type": "object",
            "description": listener.about,
            "required": list(listener.required[Form.FULL]),
            "properties": fields,
        },
        f"{listener.name}Input": {
            "type": "object",
            "description": about,
            "required": sent,
            "properties": entered,
        },
    }
