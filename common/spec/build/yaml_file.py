"""Reads one YAML source strictly: no name twice, no dates, and every part of the expected kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from common.spec.build.errors import SourceError


class _Loader(yaml.SafeLoader):
    """Safe, refuses a key that stands twice, and leaves what looks like a date a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in found:
            line = key_node.start_mark.line + 1
            raise SourceError(Path(node.start_mark.name).name, key, f"stands twice (line {line}); keep one of them")
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds."""
    with path.open(encoding="utf-8") as stream:
        try:
            found = yaml.load(stream, _Loader)
        except yaml.YAMLError as problem:
            raise SourceError(path.name, "", f"is not YAML: {problem}") from problem
    return mapping(found, path.name, "")


def mapping(value: object, file: str, entity: str) -> dict[str, Any]:
    """`value` as a mapping."""
    if not isinstance(value, dict):
        raise SourceError(file, entity, f"write a mapping here, not {value!r}")
    return value


def text(value: object, file: str, entity: str, what: str) -> str:
    """`value` as a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise SourceError(file, entity, f"write a text for {what}, not {value!r}")
    return value.strip()


def texts(value: object, file: str, entity: str, what: str) -> tuple[str, ...]:
    """`value` as several texts; a single text counts as one."""
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    for one in listed:
        text(one, file, entity, what)
    return tuple(listed)


def only(value: Mapping[str, Any], known: Collection[str], file: str, entity: str) -> None:
    """Refuse a key that nothing reads, so that a typing error is not a silent loss."""
    for key in value:
        if key not in known:
            raise SourceError(file, entity, f"'{key}' is not known here; use one of {', '.join(sorted(known))}")
