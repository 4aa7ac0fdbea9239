"""What a server needs to be told of beside its contract: payloads, ids that exist, attributes to leave alone.

A YAML file:

    headers: {X-Tenant: blue}
    resources:
      customer:                      # the name in the contract; may be under an API: TMF629/v5
        add: {engagedParty: {id: "42"}}    # said in every body
        avoid: [account]                   # never generated
        bodies: [{name: A, ...}]           # used instead of generated ones
        ids: ["1", "2"]                    # exist, and may be changed by the run
        patch: {priority: "2"}             # what may be changed, with a value to change it to
        next_state: Approved               # a state that a new one may go to
        skip: true                         # left alone altogether
    not_run: {patches.json_patch: "why not here"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from common.errors import ConfigurationError


@dataclass(frozen=True)
class ResourceConfig:
    """What is said of one resource; nothing by default."""

    add: Mapping[str, Any] = field(default_factory=dict)
    avoid: tuple[str, ...] = ()
    bodies: tuple[Mapping[str, Any], ...] = ()
    ids: tuple[str, ...] = ()
    patch: Mapping[str, Any] = field(default_factory=dict)
    next_state: str | None = None
    skip: bool = False
    not_run: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """A configuration file, read. Shapes: `resources` by name or `TMF629/v5 name`; `not_run` reasons by check."""

    headers: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, ResourceConfig] = field(default_factory=dict)
    not_run: Mapping[str, str] = field(default_factory=dict)

    def resource(self, api: str, name: str) -> ResourceConfig:
        """What is said of a resource: in this API and version, in this API, or by its name alone."""
        for key in (f"{api} {name}", f"{api.partition('/')[0]} {name}", name):
            if key in self.resources:
                return self.resources[key]
        return ResourceConfig()


def read_config(path: Path) -> Config:
    """The configuration in a file.

    Errors: ConfigurationError naming what is wrong in it.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: is not valid YAML: {error}") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: a configuration is an object with headers, resources, not_run")
    unknown = value.keys() - {"headers", "resources", "not_run"}
    if unknown:
        raise ConfigurationError(f"{path}: {', '.join(sorted(map(str, unknown)))} means nothing here")
    resources: dict[str, ResourceConfig] = {}
    for name, said in (value.get("resources") or {}).items():
        for key, inner in _entries(name, said or {}):
            resources[key] = _resource(path, key, inner)
    headers = {str(name): str(text) for name, text in (value.get("headers") or {}).items()}
    reasons = {str(name): str(text) for name, text in (value.get("not_run") or {}).items()}
    return Config(headers, resources, reasons)


def _entries(name: str, said: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """A resource, or an API with resources in it."""
    if name.upper().startswith("TMF"):
        return [(f"{name} {inner}", entry or {}) for inner, entry in said.items()]
    return [(name, said)]


def _resource(path: Path, key: str, said: Mapping[str, Any]) -> ResourceConfig:
    known = {one.name for one in fields(ResourceConfig)}
    if not isinstance(said, dict) or said.keys() - known:
        raise ConfigurationError(f"{path}: {key} may say {', '.join(sorted(known))}, and nothing else")
    return ResourceConfig(
        add=said.get("add") or {},
        avoid=tuple(said.get("avoid") or ()),
        bodies=tuple(said.get("bodies") or ()),
        ids=tuple(str(one) for one in said.get("ids") or ()),
        patch=said.get("patch") or {},
        next_state=said.get("next_state"),
        skip=bool(said.get("skip")),
        not_run=said.get("not_run") or {},
    )
