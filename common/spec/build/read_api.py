"""One API file from its YAML notation to the model: resources, events and the API's exceptions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from common.spec.build.components import LIST_PARAMETERS
from common.spec.build.errors import SourceError
from common.spec.build.model import EVENT_KINDS, Api, Entity, Event, Form, Resource
from common.spec.build.operations import VERBS
from common.spec.build.read_entity import excepted, names, read_forms, read_type
from common.spec.build.yaml_file import mapping, only, text, texts

_API_KEYS = {
    "api", "title", "version", "about", "base-path", "aliases", "resources", "hub", "list-parameters",
    "patch-answers", "identified-answers", "publishes-also", "leaves-out", "forms", "exceptions", "entities",
}  # fmt: skip
_USUAL_PARAMETERS = ["fields", "offset", "limit"]
_PATCH_ANSWERS = ("json", "as asked")
_FORM_GROUPS = {"none": [], "create": ["create"], "patch": ["patch"], "both": ["create", "patch"]}


def read_api(source: dict[str, Any], file: str, entities: dict[str, Entity]) -> Api:
    """The API that one file describes, over the entities it can see."""
    only(source, _API_KEYS, file, "")
    for exception in source.get("exceptions", []):
        entities = excepted(entities, exception, file)
    groups = mapping(source.get("forms", {}), file, "forms")
    return Api(
        code=text(source.get("api"), file, "", "api"),
        file=file,
        title=text(source.get("title"), file, "", "title"),
        version=text(source.get("version"), file, "", "version"),
        about=text(source.get("about"), file, "", "about"),
        base_path=text(source.get("base-path"), file, "", "base-path"),
        aliases=texts(source.get("aliases"), file, "", "aliases"),
        resources=tuple(_resource(n, v, file) for n, v in mapping(source.get("resources"), file, "resources").items()),
        hub_verbs=_known(source.get("hub", ["create", "delete"]), VERBS, file, "hub"),
        list_parameters=_known(
            source.get("list-parameters", _USUAL_PARAMETERS), LIST_PARAMETERS, file, "list-parameters"
        ),
        patch_media=_known(source.get("patch-answers", "as asked"), _PATCH_ANSWERS, file, "patch-answers")[0],
        answers_identified=bool(source.get("identified-answers", False)),
        publishes_also=tuple(names(source.get("publishes-also"), entities, file, "publishes-also")),
        leaves_out=tuple(names(source.get("leaves-out"), entities, file, "leaves-out")),
        forms=_forms(groups, entities, file),
        forms_default=frozenset() if groups.get("others") == "none" else None,
        entities=entities,
    )


def _resource(name: str, value: object, file: str) -> Resource:
    source = mapping(value, file, name)
    only(source, {"verbs", "events", "task"}, file, name)
    verbs = VERBS if source.get("verbs") == "all" else _known(source.get("verbs"), VERBS, file, name)
    events = tuple(_event(event, file, name) for event in source.get("events", []))
    return Resource(name, verbs, events, bool(source.get("task", False)))


def _known(value: object, known: Collection[str], file: str, name: str) -> tuple[str, ...]:
    found = texts(value, file, name, name)
    for word in found:
        if word not in known:
            raise SourceError(file, name, f"'{word}' is not known here; use {', '.join(known)}")
    return found


def _event(value: object, file: str, name: str) -> Event:
    if not isinstance(value, dict):
        return Event(_known(value, EVENT_KINDS, file, name)[0])
    kind, detail = next(iter(value.items()))
    _known(kind, EVENT_KINDS, file, name)
    source = mapping(detail, file, name)
    only(source, {"payload", "listener", "carries"}, file, name)
    carries = {key: read_type(kind_of, file, name) for key, kind_of in source.get("carries", {}).items()}
    return Event(kind, source.get("payload", ""), source.get("listener", ""), carries)


def _forms(groups: dict[str, Any], entities: dict[str, Entity], file: str) -> dict[str, frozenset[Form]]:
    only(groups, {*_FORM_GROUPS, "others"}, file, "forms")
    found: dict[str, frozenset[Form]] = {}
    for group, forms in _FORM_GROUPS.items():
        for name in names(groups.get(group), entities, file, "forms"):
            if name in found:
                raise SourceError(file, name, "stands in two groups of forms; keep one")
            found[name] = read_forms(forms, file, name)
    return found
