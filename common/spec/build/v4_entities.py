"""The entities as v4 has them: each with its `v4:` block and the exceptions of the API applied.

A v4 document knows no inheritance. An entity's bases are folded into it, and a choice of entities
becomes one with the fields of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from common.spec.build.model import Entity, Field, Form, FormRule, Type, V4Api, V4Rule

#: Every document speaks of these, whatever its resources are.
V4_ALWAYS = ("Error", "EntityRef", "Hub", "BaseEvent")
#: The definition of what v5 leaves without a type.
ANY = "Any"
#: What the server gives to a resource; no client sends it.
SET_BY_SERVER = ("id", "href")


@dataclass(frozen=True)
class Shape:
    """One entity of a v4 document with all that it inherits. Types go by their names in the document."""

    name: str
    about: str
    fields: Mapping[str, Field]
    values: tuple[str, ...]
    required: Mapping[Form, tuple[str, ...]]
    without: Mapping[Form, tuple[str, ...]]
    plain: Mapping[Form, tuple[str, ...]]


def v4_entities(api: V4Api) -> dict[str, Entity]:
    """The entities of `api` with what v4 says otherwise applied, by their names in the sources."""
    found = {name: _applied(entity, V4Rule(), entity.v4) for name, entity in api.entities.items()}
    if api.is_later:
        found = {name: _with_uri(entity) for name, entity in found.items()}
    for exception in api.exceptions:
        for name in exception.entities:
            found[name] = _applied(found[name], found[name].v4, exception.rule)
    return found


def _with_uri(entity: Entity) -> Entity:
    """The later style says of an address that it is a URI."""
    if "href" not in entity.fields:
        return entity
    return replace(entity, fields=dict(entity.fields) | {"href": replace(entity.fields["href"], type=Type("uri"))})


def _applied(entity: Entity, before: V4Rule, rule: V4Rule) -> Entity:
    fields = {rule.renames.get(name, name): field for name, field in entity.fields.items()}
    return replace(
        entity,
        about=rule.about or entity.about,
        extends=entity.extends if rule.extends is None else rule.extends,
        one_of=entity.one_of if rule.one_of is None else rule.one_of,
        fields=fields | dict(rule.fields),
        create=_form(entity.create, rule) if rule.create is None else rule.create,
        patch=_form(entity.patch, rule) if rule.patch is None else rule.patch,
        values=rule.values or entity.values,
        v4=replace(
            rule,
            name=rule.name or before.name,
            becomes=rule.becomes or before.becomes,
            without=before.without if rule.without is None else rule.without,
            require=before.require if rule.require is None else rule.require,
            create=before.create if rule.create is None else rule.create,
            patch=before.patch if rule.patch is None else rule.patch,
        ),
    )


def _form(form: FormRule, rule: V4Rule) -> FormRule:
    require, without, plain = (_renamed(names, rule) for names in (form.require, form.without, form.plain))
    return FormRule(require=require, without=without, plain=plain)


def _renamed(names: tuple[str, ...], rule: V4Rule) -> tuple[str, ...]:
    return tuple(rule.renames.get(name, name) for name in names)


def fields_of(name: str, entities: Mapping[str, Entity]) -> dict[str, Field]:
    """All fields of an entity: those of its bases and choices first, then its own."""
    entity = entities[name]
    found: dict[str, Field] = {}
    for base in (*entity.extends, *entity.one_of):
        found |= fields_of(base, entities)
    found |= entity.fields
    return {field: kind for field, kind in found.items() if field not in (entity.v4.without or ())}


def shape(name: str, entities: Mapping[str, Entity]) -> Shape:
    """The entity as the document shows it."""
    fields = fields_of(name, entities)
    rules = {form: _rule(name, form, entities) for form in (Form.FULL, Form.CREATE, Form.PATCH)}
    always = _always(name, entities)
    ordered = sorted(fields, key=lambda field: (field not in SET_BY_SERVER, field.startswith("@")))
    return Shape(
        name=v4_name(name, entities),
        about=entities[name].about,
        fields={field: replace(fields[field], type=_shown(fields[field].type, entities)) for field in ordered},
        values=entities[name].values,
        required={form: tuple(dict.fromkeys((*always, *rule.require))) for form, rule in rules.items()},
        without={form: rule.without for form, rule in rules.items()},
        plain={form: rule.plain for form, rule in rules.items()},
    )


def v4_name(name: str, entities: Mapping[str, Entity]) -> str:
    """The name that the document uses where the sources say `name`."""
    rule = entities[name].v4
    return v4_name(rule.becomes, entities) if rule.becomes else rule.name or name


def _shown(kind: Type, entities: Mapping[str, Entity]) -> Type:
    name = v4_name(kind.name, entities) if kind.name in entities else kind.name
    inner = {field: _shown(type_of, entities) for field, type_of in kind.fields.items()}
    return replace(kind, name=ANY if name == "any" else name, fields=inner)


def _always(name: str, entities: Mapping[str, Entity]) -> tuple[str, ...]:
    """What an entity requires in all forms."""
    entity = entities[name]
    if entity.v4.require is not None:
        return entity.v4.require
    return (*(field for base in entity.extends for field in _always(base, entities)), *entity.require)


def _rule(name: str, form: Form, entities: Mapping[str, Entity]) -> FormRule:
    """What holds for one form besides; an entity that says it of v4 does not ask its bases."""
    entity = entities[name]
    own = entity.rule(form)
    if entity.v4.rule(form) is not None:
        return own
    inherited = [_rule(base, form, entities) for base in entity.extends]
    return FormRule(
        require=tuple(field for rule in (*inherited, own) for field in rule.require),
        without=tuple(field for rule in (*inherited, own) for field in rule.without),
        plain=own.plain,
    )
