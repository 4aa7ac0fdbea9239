"""The source folder as a whole: which files there are and which API sees which entities."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from common.spec.build.check_v4 import check_v4_api
from common.spec.build.checks import check_api, check_glossary
from common.spec.build.errors import SourceError
from common.spec.build.model import Api, Entity, Heading, Resource, Sources, V4Api
from common.spec.build.read_api import read_api
from common.spec.build.read_entity import read_entity
from common.spec.build.read_v4_api import is_v4_alone, read_heading, read_v4_api
from common.spec.build.yaml_file import load, mapping, text

_V4_ONLY = "v4.yaml"


def read_sources(source: Path) -> Sources:
    """All that `source` says, checked.

    Shapes:  `shared/*.yaml` hold entities of every API, `shared/v4.yaml` those that only v4 has; `tmfNNN.yaml`
             holds an API, its own entities and, when they are many, more of them in the folder `tmfNNN/`; one that
             there is in v4 only has its heading and a `v4:` section;
             `glossary.yaml` holds a sentence for each attribute name.
    Errors:  SourceError.
    """
    glossary = {
        name: text(sentence, "glossary.yaml", name, "its sentence")
        for name, sentence in load(source / "glossary.yaml").items()
    }
    shared = _entities(path for path in sorted((source / "shared").glob("*.yaml")) if path.name != _V4_ONLY)
    v4_shared = _entities((source / "shared").glob(_V4_ONLY))
    apis: list[Api] = []
    v4_apis: list[V4Api] = []
    for path in sorted(source.glob("tmf*.yaml")):
        content = load(path)
        own = _collect(mapping(content.get("entities", {}), path.name, "entities"), path.name, shared)
        visible = _entities(sorted((source / path.stem).glob("*.yaml")), own)
        resources: tuple[Resource, ...] = ()
        if is_v4_alone(content):
            heading = read_heading(content, path.name)
        else:
            api = read_api(content, path.name, visible)
            check_api(api, glossary)
            apis.append(api)
            heading, resources = Heading(api.code, api.file, api.title, api.about), api.resources
        if "v4" in content:
            v4_apis.append(_v4_api(mapping(content["v4"], path.name, "v4"), heading, resources, visible, v4_shared))
            check_v4_api(v4_apis[-1], glossary)
    check_glossary(glossary, apis, v4_apis)
    return Sources(tuple(apis), tuple(v4_apis), glossary)


def _v4_api(
    section: dict[str, Any],
    heading: Heading,
    resources: tuple[Resource, ...],
    visible: dict[str, Entity],
    v4_shared: dict[str, Entity],
) -> V4Api:
    known = visible.copy()
    for name, entity in v4_shared.items():
        if name in known:
            raise SourceError(entity.file, name, f"is defined in {known[name].file} already; keep one definition")
        known[name] = entity
    known = _collect(mapping(section.get("entities", {}), heading.file, "v4"), heading.file, known)
    return read_v4_api(section, heading, resources, known)


def _entities(paths: Iterable[Path], known: dict[str, Entity] | None = None) -> dict[str, Entity]:
    known = known or {}
    for path in paths:
        known = _collect(load(path), path.name, known)
    return known


def _collect(content: dict[str, Any], file: str, known: dict[str, Entity]) -> dict[str, Entity]:
    found = dict(known)
    for name, value in content.items():
        if name in found:
            raise SourceError(file, name, f"is defined in {found[name].file} already; keep one definition")
        found[name] = read_entity(name, value, file)
    return found
