"""The source folder as a whole: which files there are and which API sees which entities."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from common.spec.build.checks import check_api, check_glossary
from common.spec.build.errors import SourceError
from common.spec.build.model import Entity, Sources
from common.spec.build.read_api import read_api
from common.spec.build.read_entity import read_entity
from common.spec.build.yaml_file import load, mapping, text


def read_sources(source: Path) -> Sources:
    """All that `source` says, checked.

    Shapes:  `shared/*.yaml` hold entities of every API; `tmfNNN.yaml` holds an API, its own entities
             and, when they are many, more of them in the folder `tmfNNN/`; `glossary.yaml` holds a
             sentence for each attribute name.
    Errors:  SourceError.
    """
    glossary = {
        name: text(sentence, "glossary.yaml", name, "its sentence")
        for name, sentence in load(source / "glossary.yaml").items()
    }
    shared = _entities(sorted((source / "shared").glob("*.yaml")), {})
    apis = []
    for path in sorted(source.glob("tmf*.yaml")):
        content = load(path)
        own = _collect(mapping(content.get("entities", {}), path.name, "entities"), path.name, shared)
        visible = _entities(sorted((source / path.stem).glob("*.yaml")), own)
        api = read_api(content, path.name, visible)
        check_api(api, glossary)
        apis.append(api)
    check_glossary(glossary, apis)
    return Sources(tuple(apis), glossary)


def _entities(paths: Iterable[Path], known: dict[str, Entity]) -> dict[str, Entity]:
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
