"""A resource and its events from the YAML notation to the model."""

from __future__ import annotations

from collections.abc import Collection

from common.spec.build.errors import SourceError
from common.spec.build.model import EVENT_KINDS, Event, Resource
from common.spec.build.operations import VERBS
from common.spec.build.read_field import read_type
from common.spec.build.yaml_file import mapping, only, texts


def read_resource(name: str, value: object, file: str, usual: Resource | None = None) -> Resource:
    """The resource that `value` writes down; verbs or events that it does not name are as `usual`."""
    source = mapping(value, file, name)
    only(source, {"verbs", "events", "task"}, file, name)
    verbs = VERBS if source.get("verbs") == "all" else known_words(source.get("verbs"), VERBS, file, name)
    events = tuple(_event(event, file, name) for event in source.get("events", []))
    if usual is not None:
        verbs = verbs if "verbs" in source else usual.verbs
        events = events if "events" in source else usual.events
    return Resource(name, verbs, events, bool(source.get("task", False)))


def _event(value: object, file: str, name: str) -> Event:
    if not isinstance(value, dict):
        return Event(known_words(value, EVENT_KINDS, file, name)[0])
    kind, detail = next(iter(value.items()))
    known_words(kind, EVENT_KINDS, file, name)
    source = mapping(detail, file, name)
    only(source, {"payload", "listener", "carries"}, file, name)
    carries = {key: read_type(kind_of, file, name) for key, kind_of in source.get("carries", {}).items()}
    return Event(kind, source.get("payload", ""), source.get("listener", ""), carries)


def known_words(value: object, known: Collection[str], file: str, name: str) -> tuple[str, ...]:
    """The words that `value` lists, each one of `known`."""
    found = texts(value, file, name, name)
    for word in found:
        if word not in known:
            raise SourceError(file, name, f"'{word}' is not known here; use {', '.join(known)}")
    return found
