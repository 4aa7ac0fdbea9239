"""What must hold between the parts of the sources before a v4 document can be built from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from common.spec.build.errors import SourceError
from common.spec.build.forms import named
from common.spec.build.model import Entity, V4Api, V4Rule
from common.spec.build.v4_entities import V4_ALWAYS, fields_of, v4_entities, v4_name
from common.spec.build.v4_schemas import published


def check_v4_api(api: V4Api, glossary: Mapping[str, str]) -> None:
    """Refuse names that lead nowhere, rules about fields that are not there, and missing sentences."""
    for name in (*V4_ALWAYS, *(resource.name for resource in api.resources), *api.publishes_also):
        if name not in api.entities:
            raise SourceError(api.file, name, "is not defined; define it or take the name out")
    for entity, rule in _rules(api):
        _check_targets(entity, rule, api)
    entities = v4_entities(api)
    for entity in entities.values():
        for target in (*entity.extends, *entity.one_of, *named(field.type for field in entity.fields.values())):
            _check_known(target, entity, api)
    for entity in entities.values():
        _check_acyclic(entity, entities)
    for entity, rule in _rules(api):
        _check_fields(entity, rule, entities)
    for entity in entities.values():
        for name, field in entity.fields.items():
            if not field.about and name not in glossary:
                raise SourceError(entity.file, entity.name, f"'{name}' has no sentence; write one in glossary.yaml")
    _check_unique(api, entities)


def _check_unique(api: V4Api, entities: Mapping[str, Entity]) -> None:
    sources: dict[str, str] = {}
    for name in published(api, entities):
        shown = v4_name(name, entities)
        if shown in sources:
            change = f"v4: is published as '{shown}', and so is {sources[shown]}; give one of them another name"
            raise SourceError(entities[name].file, name, change)
        sources[shown] = name


def _rules(api: V4Api) -> Iterator[tuple[Entity, V4Rule]]:
    """All that is said of v4: beside the entities, and in the exceptions of the API."""
    yield from ((entity, entity.v4) for entity in api.entities.values())
    for exception in api.exceptions:
        yield from ((api.entities[name], exception.rule) for name in exception.entities)


def _check_targets(entity: Entity, rule: V4Rule, api: V4Api) -> None:
    becomes = [rule.becomes] if rule.becomes else []
    for name in (*becomes, *(rule.extends or ()), *(rule.one_of or ()), *named(f.type for f in rule.fields.values())):
        _check_known(name, entity, api)
    for name in rule.renames:
        if name not in entity.fields:
            change = f"v4: renames names '{name}', which is no field of its own; correct it"
            raise SourceError(entity.file, entity.name, change)


def _check_known(name: str, entity: Entity, api: V4Api) -> None:
    if name not in api.entities:
        change = f"v4: '{name}' is not a type that {api.code} knows; correct it"
        raise SourceError(entity.file, entity.name, change)


def _check_acyclic(entity: Entity, entities: Mapping[str, Entity]) -> None:
    seen: set[str] = set()
    waiting = [entity]
    while waiting:
        one = waiting.pop()
        for name in (*one.extends, *one.one_of, *([one.v4.becomes] if one.v4.becomes else [])):
            if name == entity.name:
                raise SourceError(entity.file, name, "v4: leads back to itself; take one of its bases out")
            if name not in seen:
                seen.add(name)
                waiting.append(entities[name])


def _check_fields(entity: Entity, rule: V4Rule, entities: Mapping[str, Entity]) -> None:
    """Refuse a rule about a field that the entity does not have in v4."""
    shown = entities[entity.name]
    whole = replace(shown, v4=replace(shown.v4, without=None))
    _check_listed("without", rule.without or (), whole, entities)
    _check_listed("require", rule.require or (), shown, entities)
    for form, said in (("create", rule.create), ("patch", rule.patch)):
        if said is not None:
            _check_listed(f"{form}: require", said.require, shown, entities)
            _check_listed(f"{form}: without", said.without, shown, entities)


def _check_listed(key: str, names: Iterable[str], entity: Entity, entities: Mapping[str, Entity]) -> None:
    known = fields_of(entity.name, {**entities, entity.name: entity})
    for name in names:
        if name not in known:
            change = f"v4: {key} names '{name}', which is no field; correct it"
            raise SourceError(entity.file, entity.name, change)
