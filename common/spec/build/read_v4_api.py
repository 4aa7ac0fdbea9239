"""The `v4:` section of an API: what its v4 document says otherwise than the v5 one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.spec.build.errors import SourceError
from common.spec.build.model import Api, Entity, Resource, V4Api, V4Exception
from common.spec.build.read_entity import names
from common.spec.build.read_resource import read_resource
from common.spec.build.read_v4_rule import read_v4_rule
from common.spec.build.yaml_file import mapping, only, text, texts

_API_KEYS = {
    "title", "version", "about", "base-path", "aliases", "resources", "publishes-also", "style", "event-key",
    "exceptions", "entities",
}  # fmt: skip
_STYLES = ("earlier", "later")


def read_v4_api(source: dict[str, Any], api: Api, entities: Mapping[str, Entity]) -> V4Api:
    """The v4 document of `api`, over all entities it can see, those of v4 alone included."""
    file = api.file
    only(source, _API_KEYS, file, "v4")
    style = text(source.get("style", _STYLES[0]), file, "v4", "style")
    if style not in _STYLES:
        raise SourceError(file, "v4", f"'{style}' is not a style; use {' or '.join(_STYLES)}")
    return V4Api(
        code=api.code,
        file=file,
        title=text(source.get("title", api.title), file, "v4", "title"),
        version=text(source.get("version"), file, "v4", "version"),
        about=text(source.get("about", api.about), file, "v4", "about"),
        base_path=text(source.get("base-path"), file, "v4", "base-path"),
        aliases=texts(source.get("aliases"), file, "v4", "aliases"),
        resources=_resources(mapping(source.get("resources", {}), file, "v4"), api),
        publishes_also=texts(source.get("publishes-also"), file, "v4", "publishes-also"),
        is_later=style == "later",
        event_key=text(source.get("event-key", "event"), file, "v4", "event-key"),
        exceptions=tuple(_exception(value, entities, file) for value in source.get("exceptions", [])),
        entities=entities,
    )


def _resources(source: dict[str, Any], api: Api) -> tuple[Resource, ...]:
    """The resources of v5, those that v4 states replaced or taken out, then those of v4 alone."""
    found = {resource.name: resource for resource in api.resources}
    for name, value in source.items():
        if value == "none":
            if name not in found:
                raise SourceError(api.file, name, "is no resource of v5; take the line out")
            del found[name]
        else:
            found[name] = read_resource(name, value, api.file, found.get(name))
    return tuple(found.values())


def _exception(value: object, entities: Mapping[str, Entity], file: str) -> V4Exception:
    source = mapping(value, file, "v4 exceptions")
    text(source.get("why"), file, "v4 exceptions", "why")
    listed = tuple(names(source.get("entities"), entities, file, "v4 exceptions"))
    rule = {key: part for key, part in source.items() if key not in ("why", "entities")}
    return V4Exception(listed, read_v4_rule(rule, file, "v4 exceptions"))
