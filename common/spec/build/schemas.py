"""From entities to the schemas of one document: every form of every entity, and the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.spec.build.forms import Selection, select
from common.spec.build.model import EVENT_KINDS, PRIMITIVES, Api, Entity, Event, Field, Form, Resource, Type

Schema = dict[str, Any]

_ABOUT_FORM = {
    Form.FULL: "",
    Form.CREATE: " This form is what a client sends to create one.",
    Form.PATCH: " This form is what a client sends to change one.",
    Form.ANSWER: " This form is what the server answers with.",
}


def schemas(api: Api, glossary: Mapping[str, str]) -> dict[str, Schema]:
    """All schemas of the document of `api`, by name in name order."""
    selection = select(api)
    found: dict[str, Schema] = {}
    for entity in selection.entities.values():
        for form in (Form.FULL, *selection.forms[entity.name]):
            found[entity.name + form.value] = _schema(entity, form, selection, glossary)
    for resource in api.resources:
        for event in resource.events:
            found |= _event(resource, event)
    return dict(sorted(found.items()))


def reference(name: str) -> Schema:
    """A reference to the schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def words(name: str) -> str:
    """A schema's name as words: `ProductOffering` -> `product offering`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def one(name: str) -> str:
    """One of what the name says, as words: `IndividualRef` -> `an individual ref`."""
    return f"{'an' if name[0] in 'AEIO' else 'a'} {words(name)}"


def _schema(entity: Entity, form: Form, selection: Selection, glossary: Mapping[str, str]) -> Schema:
    about = entity.about + _ABOUT_FORM[form]
    if entity.values:
        return {"type": "string", "description": about, "enum": list(entity.values)}
    if entity.list_of:
        return {"type": "array", "description": about, "items": reference(entity.list_of)}
    schema: Schema = {"type": "object", "description": about}
    if form is Form.ANSWER:
        schema |= {"allOf": [reference(entity.name)], "required": ["id", "href"]}
        return schema | (_discriminator(entity, form, selection) and _mapping({entity.name: entity.name}))
    if entity.one_of:
        schema["oneOf"] = [reference(selection.name(choice, form)) for choice in entity.one_of]
    return schema | _body(entity, form, selection, glossary) | _discriminator(entity, form, selection)


def _body(entity: Entity, form: Form, selection: Selection, glossary: Mapping[str, str]) -> Schema:
    rule = entity.rule(form)
    bases = [selection.name(base, form) for base in entity.extends] if rule.extends is None else list(rule.extends)
    own: Schema = {}
    properties = {
        name: _property(field, field.about or glossary[name], Form.FULL if name in rule.plain else form, selection)
        for name, field in entity.fields.items()
        if name not in rule.without
    }
    if properties:
        own["properties"] = properties
    required = [name for name in dict.fromkeys((*entity.require, *rule.require)) if name not in rule.without]
    if required:
        own["required"] = required
    if not bases:
        return own
    return {"allOf": [*map(reference, bases), *([{"type": "object"} | own] if own else [])]}


def _property(field: Field, about: str, form: Form, selection: Selection) -> Schema:
    schema = type_schema(field.type, form, selection)
    extra: Schema = {"description": about}
    if field.default is not None:
        extra["default"] = field.default
    if field.items_min is not None:
        extra["minItems"] = field.items_min
    # Strict tools ignore what stands beside a $ref in OpenAPI 3.0 and others show it. An allOf around the
    # $ref would say inheritance, and validators and code generators would read it so.
    return schema | extra


def type_schema(kind: Type, form: Form, selection: Selection) -> Schema:
    """The schema of a field's type as it is in one form."""
    schema: Schema
    if kind.values:
        schema = {"type": "string", "enum": list(kind.values)}
    elif kind.fields:
        properties = {name: type_schema(inner, form, selection) for name, inner in kind.fields.items()}
        schema = {"type": "object", "properties": properties}
    elif kind.name in PRIMITIVES:
        schema = dict(PRIMITIVES[kind.name])
    else:
        schema = reference(selection.name(kind.name, form))
    return {"type": "array", "items": schema} if kind.many else schema


def _discriminator(entity: Entity, form: Form, selection: Selection) -> Schema:
    names = _mapped(entity, selection)
    if not names:
        return {}
    targets = {name: selection.name(name, form) for name in names}
    if form is not Form.FULL and not entity.one_of:
        targets = {name: target for name, target in targets.items() if form in selection.forms[name]}
    return _mapping(targets)


def _mapping(targets: Mapping[str, str]) -> Schema:
    mapping = {name: _path(target) for name, target in targets.items()}
    return {"discriminator": {"propertyName": "@type", "mapping": mapping}}


def _mapped(entity: Entity, selection: Selection) -> list[str]:
    """The types that an instance of `entity` may turn out to be; only those it names where a base decides that."""
    if entity.one_of:
        names = [*entity.one_of, *entity.maps_also]
    elif entity.is_root or not any(selection.entities[base].is_root for base in entity.extends):
        names = list(entity.maps_also)
    else:
        names = [*selection.family(entity.name), *entity.maps_also]
    return [name for name in names if name not in entity.maps_not]


def _path(name: str) -> str:
    return f"#/components/schemas/{name}"


def _event(resource: Resource, event: Event) -> dict[str, Schema]:
    name = f"{resource.name}{event.kind}Event"
    payload = event.payload or f"{name}Payload"
    carries = event.carries or {resource.key: Type(resource.name)}
    about = f"Tells a listener that {one(resource.name)} {EVENT_KINDS[event.kind]}."
    inner = reference(payload) | {"description": "What happened, and to which resource."}
    return {
        name: {
            "type": "object",
            "description": about,
            "allOf": [reference("Event"), {"type": "object", "properties": {"event": inner}}],
            "discriminator": {"propertyName": "@type", "mapping": {name: _path(name)}},
        },
        payload: {
            "type": "object",
            "description": f"What the event of {words(resource.name)} carries.",
            "properties": {key: _carried(key, kind) for key, kind in carries.items()},
        },
    }


def _carried(key: str, kind: Type) -> Schema:
    about = f"The {words(key)} as it is after the event."
    if kind.many:
        return {"type": "array", "items": reference(kind.name), "description": about}
    return reference(kind.name) | {"description": about}
