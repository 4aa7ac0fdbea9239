"""What must hold between the parts of the sources before a v4 document can be built from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from common.spec.build.errors import SourceError
from common.spec.build.forms import named
from common.spec.build.model import Entity, V4Api, V4Rule
from common.spec.build.v4_entities import V4_ALWAYS, fields_of, v4_entities


def check_v4_api(api: V4Api, glossary: Mapping[str, str]) -> None:
    """Refuse names that lead nowhere, rules about fields that are not there, and missing sentences."""
    for name in (*V4_ALWAYS, *(resource.name for resource in api.resources), *api.publishes_also):
        _check_known(name, api, api.file, "v4")
    for entity in api.entities.values():
        _check_targets(entity.v4, entity, api)
    for exception in api.exceptions:
        for name in exception.entities:
            _check_targets(exception.rule, api.entities[name], api)
    entities = v4_entities(api)
    for entity in entities.values():
        for target in (*entity.extends, *entity.one_of, *named(field.type for field in entity.fields.values())):
            _check_known(target, api, entity.file, entity.name)
    for entity in api.entities.values():
        _check_fields(entity.v4, entity.name, api, entities)
    for exception in api.exceptions:
        for name in exception.entities:
            _check_fields(exception.rule, name, api, entities)
    for entity in entities.values():
        for name, field in entity.fields.items():
            if not field.about and name not in glossary:
                raise SourceError(entity.file, entity.name, f"'{name}' has no sentence; write one in glossary.yaml")


def _check_targets(rule: V4Rule, entity: Entity, api: V4Api) -> None:
    names = [*(rule.extends or ()), *(rule.one_of or ()), *named(field.type for field in rule.fields.values())]
    for name in [*names, rule.becomes] if rule.becomes else names:
        _check_known(name, api, entity.file, entity.name)
    for name in rule.renames:
        if name not in entity.fields:
            change = f"v4: renames names '{name}', which is no field of its own; correct it"
            raise SourceError(entity.file, entity.name, change)


def _check_known(name: str, api: V4Api, file: str, where: str) -> None:
    if name not in api.entities:
        raise SourceError(file, where, f"v4: '{name}' is not a type that {api.code} knows; correct it")


def _check_fields(rule: V4Rule, name: str, api: V4Api, entities: Mapping[str, Entity]) -> None:
    """Refuse a rule about a field that the entity does not have in v4."""
    known = set(fields_of(name, entities))
    hidden = set(entities[name].v4.without or ())
    for key, listed in _listed(rule):
        for field in listed:
            if field not in known and not (key == "without" and field in hidden):
                change = f"v4: {key} names '{field}', which is no field; correct it"
                raise SourceError(entities[name].file, name, change)


def _listed(rule: V4Rule) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "require", rule.require or ()
    for key, form in (("create", rule.create), ("patch", rule.patch)):
        if form is not None:
            yield f"{key}: require", form.require
            yield f"{key}: without", form.without
