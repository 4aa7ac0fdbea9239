"""The `v4:` section of an API: what its v4 document says otherwise than the v5 one, or all of it where v5 has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.spec.build.errors import SourceError
from common.spec.build.model import Entity, Heading, Resource, V4Api, V4Exception
from common.spec.build.read_entity import names
from common.spec.build.read_resource import read_resource
from common.spec.build.read_v4_rule import read_v4_rule
from common.spec.build.yaml_file import mapping, only, text, texts

_API_KEYS = {
    "title", "version", "about", "base-path", "aliases", "resources", "publishes-also", "style", "event-key",
    "exceptions", "entities",
}  # fmt: skip
_V4_ALONE_KEYS = {"api", "title", "about", "v4"}
_STYLES = ("earlier", "later")


def is_v4_alone(source: Mapping[str, Any]) -> bool:
    """Whether the standard has the API of a file in v4 only: the file has a v4 section and no version of its own."""
    return "v4" in source and "version" not in source


def read_heading(source: dict[str, Any], file: str) -> Heading:
    """What a file says of an API that there is in v4 only, outside its v4 section."""
    only(source, _V4_ALONE_KEYS, file, "")
    code, title, about = (text(source.get(key), file, "", key) for key in ("api", "title", "about"))
    return Heading(code, file, title, about)


def read_v4_api(
    source: dict[str, Any], heading: Heading, usual: tuple[Resource, ...], entities: Mapping[str, Entity]
) -> V4Api:
    """The v4 document of an API, over all entities it can see, those of v4 alone included.

    Shapes: `usual` are the resources of v5, which are those of v4 unless it says otherwise.
    """
    file = heading.file
    only(source, _API_KEYS, file, "v4")
    style = text(source.get("style", _STYLES[0]), file, "v4", "style")
    if style not in _STYLES:
        raise SourceError(file, "v4", f"'{style}' is not a style; use {' or '.join(_STYLES)}")
    return V4Api(
        code=heading.code,
        file=file,
        title=text(source.get("title", heading.title), file, "v4", "title"),
        version=text(source.get("version"), file, "v4", "version"),
        about=text(source.get("about", heading.about), file, "v4", "about"),
        base_path=text(source.get("base-path"), file, "v4", "base-path"),
        aliases=texts(source.get("aliases"), file, "v4", "aliases"),
        resources=_resources(mapping(source.get("resources", {}), file, "v4"), usual, file),
        publishes_also=texts(source.get("publishes-also"), file, "v4", "publishes-also"),
        is_later=style == "later",
        event_key=text(source.get("event-key", "event"), file, "v4", "event-key"),
        exceptions=tuple(_exception(value, entities, file) for value in source.get("exceptions", [])),
        entities=entities,
    )


def _resources(source: dict[str, Any], usual: tuple[Resource, ...], file: str) -> tuple[Resource, ...]:
    """The resources of v5, those that v4 states replaced or taken out, then those of v4 alone."""
    found = {resource.name: resource for resource in usual}
    for name, value in source.items():
        if value == "none":
            if name not in found:
                raise SourceError(file, name, "is no resource of v5; take the line out")
            del found[name]
        else:
            found[name] = read_resource(name, value, file, found.get(name))
    return tuple(found.values())


def _exception(value: object, entities: Mapping[str, Entity], file: str) -> V4Exception:
    source = mapping(value, file, "v4 exceptions")
    text(source.get("why"), file, "v4 exceptions", "why")
    listed = tuple(names(source.get("entities"), entities, file, "v4 exceptions"))
    rule = {key: part for key, part in source.items() if key not in ("why", "entities")}
    return V4Exception(listed, read_v4_rule(rule, file, "v4 exceptions"))
