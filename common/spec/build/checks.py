"""What must hold between the parts of the sources before a document can be built from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from common.spec.build.errors import SourceError
from common.spec.build.forms import ALWAYS, PATCH_BODY, named, select
from common.spec.build.model import Api, Entity, FormRule, V4Api


def check_api(api: Api, glossary: Mapping[str, str]) -> None:
    """Refuse names that lead nowhere, rules about fields that are not there, and missing sentences."""
    resources = [resource.name for resource in api.resources]
    carried = [name for r in api.resources for event in r.events for name in named(event.carries.values())]
    for name in (*ALWAYS, PATCH_BODY, *resources, *carried, *api.publishes_also, *api.leaves_out, *api.forms):
        if name not in api.entities:
            raise SourceError(api.file, name, "is not defined; define it or take the name out")
    for entity in api.entities.values():
        _check_names(entity, api)
        _check_acyclic(entity, api)
    for entity in api.entities.values():
        _check_rule("create", entity.create, entity, api)
        _check_rule("patch", entity.patch, entity, api)
        _check_required(entity.require, "require", entity, api)
        _check_sentences(entity, glossary)
    left_out = set(api.leaves_out)
    for entity in select(api).entities.values():
        for name in (*entity.extends, *entity.one_of, *named(f.type for f in entity.fields.values())):
            if name in left_out:
                raise SourceError(api.file, name, f"is left out, but {entity.name} needs it; publish it")


def check_glossary(glossary: Mapping[str, str], apis: Iterable[Api], v4_apis: Iterable[V4Api]) -> None:
    """Refuse a sentence for an attribute that no entity has."""
    used: set[str] = set()
    entities = [entity for api in apis for entity in api.entities.values()]
    entities += [entity for v4_api in v4_apis for entity in v4_api.entities.values()]
    for entity in entities:
        used.update(entity.fields, entity.v4.fields, entity.v4.renames.values())
    for v4_api in v4_apis:
        used.update(name for exception in v4_api.exceptions for name in exception.rule.fields)
    for name in glossary:
        if name not in used:
            raise SourceError("glossary.yaml", name, "no entity has this attribute; take the sentence out")


def _check_names(entity: Entity, api: Api) -> None:
    targets = [*entity.extends, *entity.one_of, *named(field.type for field in entity.fields.values())]
    targets += [entity.list_of] if entity.list_of else []
    targets += [*(entity.create.extends or ()), *(entity.patch.extends or ())]
    for name in targets:
        if name not in api.entities:
            raise SourceError(entity.file, entity.name, f"'{name}' is not a type that {api.code} knows; correct it")


def _check_acyclic(entity: Entity, api: Api) -> None:
    seen: set[str] = set()
    waiting = list(entity.extends)
    while waiting:
        base = waiting.pop()
        if base == entity.name:
            raise SourceError(entity.file, entity.name, "extends itself; take one of the bases out")
        if base not in seen:
            seen.add(base)
            waiting.extend(api.entities[base].extends)


def _check_rule(form: str, rule: FormRule, entity: Entity, api: Api) -> None:
    for key, names in (("without", rule.without), ("plain", rule.plain)):
        for name in names:
            if name not in entity.fields:
                change = f"{form}: {key} names '{name}', which is no field of its own; correct it"
                raise SourceError(entity.file, entity.name, change)
    _check_required(rule.require, f"{form}: require", entity, api)


def _check_required(names: Iterable[str], where: str, entity: Entity, api: Api) -> None:
    known = _all_fields(entity, api)
    for name in names:
        if name not in known:
            raise SourceError(entity.file, entity.name, f"{where} names '{name}', which is no field; correct it")


def _all_fields(entity: Entity, api: Api) -> set[str]:
    return set(entity.fields).union(*(_all_fields(api.entities[base], api) for base in entity.extends))


def _check_sentences(entity: Entity, glossary: Mapping[str, str]) -> None:
    for name, field in entity.fields.items():
        if not field.about and name not in glossary:
            raise SourceError(entity.file, entity.name, f"'{name}' has no sentence; write one in glossary.yaml")
