"""One entity from its YAML notation to the model; what a name refers to is checked in `checks.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.spec.build.errors import SourceError
from common.spec.build.model import Entity, Field, Form, FormRule, V4Rule
from common.spec.build.read_field import read_fields
from common.spec.build.read_v4_rule import read_v4_rule
from common.spec.build.yaml_file import mapping, only, text, texts

FORMS = {"create": Form.CREATE, "patch": Form.PATCH}
_ENTITY_KEYS = {
    "about", "extends", "fields", "require", "create", "patch", "one-of", "values", "list-of", "forms", "root", "v4",
}  # fmt: skip
_RULE_KEYS = {"extends", "require", "without", "only", "plain"}
_EXCEPTION_KEYS = {"why", "entities", "fields", "create", "patch", "maps-also", "maps-not"}
_SUBTYPES_OF = "subtypes of "
_AND_SUBTYPES = " and its subtypes"
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


def read_entity(name: str, value: object, file: str) -> Entity:
    """The entity that `value` writes down under `name`."""
    source = mapping(value, file, name)
    only(source, _ENTITY_KEYS, file, name)
    fields = read_fields(source.get("fields", {}), file, name)
    if not _NAME.fullmatch(name):
        raise SourceError(file, name, "start the name of an entity with a capital letter and use letters only")
    return Entity(
        name=name,
        file=file,
        about=text(source.get("about"), file, name, "about"),
        extends=texts(source.get("extends"), file, name, "extends"),
        fields=fields,
        require=texts(source.get("require"), file, name, "require"),
        create=_rule(source.get("create", {}), fields, file, name),
        patch=_patch(source, fields, file, name),
        one_of=texts(source.get("one-of"), file, name, "one-of"),
        values=texts(source.get("values"), file, name, "values"),
        list_of=text(source["list-of"], file, name, "list-of") if "list-of" in source else "",
        forms=read_forms(source["forms"], file, name) if "forms" in source else None,
        is_root=bool(source.get("root", False)),
        v4=read_v4_rule(source["v4"], file, name) if "v4" in source else V4Rule(),
    )


def read_forms(value: object, file: str, name: str) -> frozenset[Form]:
    """The forms that a list of `create` and `patch` names."""
    words = texts(value, file, name, "forms")
    for word in words:
        if word not in FORMS:
            raise SourceError(file, name, f"'{word}' is not a form; use create or patch")
    return frozenset(FORMS[word] for word in words)


def excepted(entities: dict[str, Entity], value: object, file: str) -> dict[str, Entity]:
    """The entities with one exception of an API applied; it replaces what it restates."""
    source = mapping(value, file, "exceptions")
    only(source, _EXCEPTION_KEYS, file, "exceptions")
    text(source.get("why"), file, "exceptions", "why")
    found = dict(entities)
    for name in names(source.get("entities"), found, file, "exceptions"):
        found[name] = _with(found[name], source, file)
    return found


def names(value: object, entities: Mapping[str, Entity], file: str, where: str) -> list[str]:
    """The entities that a list names; `X and its subtypes` and `subtypes of X` stand for several."""
    found: list[str] = []
    for phrase in texts(value, file, where, "the name of an entity"):
        name = phrase.removeprefix(_SUBTYPES_OF).removesuffix(_AND_SUBTYPES)
        if name not in entities:
            raise SourceError(file, where, f"'{name}' is not an entity of this API; correct the name")
        if not phrase.startswith(_SUBTYPES_OF):
            found.append(name)
        if phrase != name:
            found.extend(_subtypes(name, entities))
    return found


def _subtypes(name: str, entities: Mapping[str, Entity]) -> list[str]:
    direct = [entity.name for entity in entities.values() if name in entity.extends]
    return direct + [deeper for child in direct for deeper in _subtypes(child, entities)]


def _with(entity: Entity, source: dict[str, Any], file: str) -> Entity:
    name = entity.name
    if "fields" in source:
        entity = replace(entity, fields=dict(entity.fields) | read_fields(source["fields"], file, name))
    if "create" in source:
        entity = replace(entity, create=_rule(source["create"], entity.fields, file, name))
    if "patch" in source:
        entity = replace(entity, patch=_patch(source, entity.fields, file, name))
    return replace(
        entity,
        maps_also=texts(source.get("maps-also"), file, name, "maps-also") or entity.maps_also,
        maps_not=texts(source.get("maps-not"), file, name, "maps-not") or entity.maps_not,
    )


def _patch(source: Mapping[str, Any], fields: Mapping[str, Field], file: str, name: str) -> FormRule:
    value = source.get("patch", {})
    return _rule(source.get("create", {}) if value == "as create" else value, fields, file, name)


def _rule(value: object, fields: Mapping[str, Field], file: str, name: str) -> FormRule:
    source = mapping(value, file, name)
    only(source, _RULE_KEYS, file, name)
    without = texts(source.get("without"), file, name, "without")
    if "only" in source:
        kept = texts(source["only"], file, name, "only")
        unknown = [field for field in kept if field not in fields]
        if unknown or without:
            raise SourceError(file, name, f"only takes fields of its own, and no without beside it; not {unknown}")
        without = tuple(field for field in fields if field not in kept)
    return FormRule(
        extends=texts(source["extends"], file, name, "extends") if "extends" in source else None,
        require=texts(source.get("require"), file, name, "require"),
        without=without,
        plain=texts(source.get("plain"), file, name, "plain"),
    )
