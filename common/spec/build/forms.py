"""Which entities an API publishes, and in which forms.

An API publishes what its operations and events reach, through fields, bases, choices and subtypes.
An entity with a type of its own has a create form and a patch form; a plain value has neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common.spec.build.model import PRIMITIVES, Api, Entity, Form, Type

BOTH = frozenset({Form.CREATE, Form.PATCH})
NONE: frozenset[Form] = frozenset()
#: Every document speaks of these, whatever its resources are.
ALWAYS = ("Error", "Event", "Hub")
#: What a client sends to change a resource, where any can be changed.
PATCH_BODY = "JsonPatchOperations"


@dataclass(frozen=True)
class Selection:
    """The entities of one document by name, with the forms and the direct subtypes of each."""

    entities: Mapping[str, Entity]
    forms: Mapping[str, frozenset[Form]]
    subtypes: Mapping[str, tuple[str, ...]]

    def name(self, target: str, form: Form) -> str:
        """The name of `target` as seen from a schema in `form`: the same form where it has one."""
        return target + form.value if form in self.forms[target] else target

    def family(self, name: str) -> tuple[str, ...]:
        """An entity and all that extend it, directly or not, in name order after the entity itself."""
        found: list[str] = []
        waiting = list(self.subtypes.get(name, ()))
        while waiting:
            child = waiting.pop()
            found.append(child)
            waiting.extend(self.subtypes.get(child, ()))
        return (name, *sorted(set(found)))


def select(api: Api) -> Selection:
    """The entities and forms that the document of `api` publishes."""
    children = _children(api.entities)
    published: set[str] = set()
    waiting = [*ALWAYS, *api.publishes_also, *_reached_by_operations(api)]
    while waiting:
        name = waiting.pop()
        if name in published or name in api.leaves_out:
            continue
        published.add(name)
        waiting.extend(_targets(api.entities[name]))
        if not api.entities[name].is_root:
            waiting.extend(children.get(name, ()))
    entities = {name: api.entities[name] for name in sorted(published)}
    kept = {base: tuple(n for n in names if n in published) for base, names in children.items()}
    return Selection(entities, _forms(api, entities), kept)


def _reached_by_operations(api: Api) -> Iterator[str]:
    for resource in api.resources:
        yield resource.name
        if "patch" in resource.verbs:
            yield PATCH_BODY
        for event in resource.events:
            for carried in event.carries.values():
                yield carried.name


def _children(entities: Mapping[str, Entity]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for entity in entities.values():
        for base in entity.extends:
            children.setdefault(base, []).append(entity.name)
    return children


def _targets(entity: Entity) -> Iterator[str]:
    yield from entity.extends
    yield from entity.one_of
    if entity.list_of:
        yield entity.list_of
    yield from named(f.type for f in entity.fields.values())


def named(types: Iterable[Type]) -> Iterator[str]:
    """The entities that these types name."""
    for kind in types:
        if kind.name and kind.name not in PRIMITIVES:
            yield kind.name
        yield from named(kind.fields.values())


def _forms(api: Api, entities: Mapping[str, Entity]) -> dict[str, frozenset[Form]]:
    forms: dict[str, frozenset[Form]] = {}
    for name, entity in entities.items():
        forms[name] = _forms_of(api, entity)
    answers = {r.name for r in api.resources} if api.answers_identified else set()
    return {name: found | {Form.ANSWER} if name in answers else found for name, found in forms.items()}


def _forms_of(api: Api, entity: Entity) -> frozenset[Form]:
    if entity.name in api.forms:
        return api.forms[entity.name]
    if api.forms_default is not None:
        return api.forms_default
    if entity.forms is not None:
        return entity.forms
    return BOTH if entity.extends or entity.one_of else NONE
