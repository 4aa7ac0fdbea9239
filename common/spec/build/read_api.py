"""One API file from its YAML notation to the model: resources, events and the API's exceptions."""

from __future__ import annotations

from typing import Any

from common.spec.build.components import LIST_PARAMETERS
from common.spec.build.errors import SourceError
from common.spec.build.model import Api, Entity, Form
from common.spec.build.operations import VERBS
from common.spec.build.read_entity import excepted, names, read_forms
from common.spec.build.read_resource import known_words, read_resource
from common.spec.build.yaml_file import mapping, only, text, texts

_API_KEYS = {
    "api", "title", "version", "about", "base-path", "aliases", "resources", "hub", "list-parameters",
    "patch-answers", "identified-answers", "publishes-also", "leaves-out", "forms", "exceptions", "entities",
    "v4",
}  # fmt: skip
_USUAL_PARAMETERS = ["fields", "offset", "limit"]
_PATCH_ANSWERS = ("json", "as asked")
_FORM_GROUPS = {"none": [], "create": ["create"], "patch": ["patch"], "both": ["create", "patch"]}


def read_api(source: dict[str, Any], file: str, entities: dict[str, Entity]) -> Api:
    """The API that one file describes, over the entities it can see."""
    only(source, _API_KEYS, file, "")
    for exception in source.get("exceptions", []):
        entities = excepted(entities, exception, file)
    resources = mapping(source.get("resources"), file, "resources")
    groups = mapping(source.get("forms", {}), file, "forms")
    return Api(
        code=text(source.get("api"), file, "", "api"),
        file=file,
        title=text(source.get("title"), file, "", "title"),
        version=text(source.get("version"), file, "", "version"),
        about=text(source.get("about"), file, "", "about"),
        base_path=text(source.get("base-path"), file, "", "base-path"),
        aliases=texts(source.get("aliases"), file, "", "aliases"),
        resources=tuple(read_resource(name, value, file) for name, value in resources.items()),
        hub_verbs=known_words(source.get("hub", ["create", "delete"]), VERBS, file, "hub"),
        list_parameters=known_words(
            source.get("list-parameters", _USUAL_PARAMETERS), LIST_PARAMETERS, file, "list-parameters"
        ),
        patch_media=known_words(source.get("patch-answers", "as asked"), _PATCH_ANSWERS, file, "patch-answers")[0],
        answers_identified=bool(source.get("identified-answers", False)),
        publishes_also=tuple(names(source.get("publishes-also"), entities, file, "publishes-also")),
        leaves_out=tuple(names(source.get("leaves-out"), entities, file, "leaves-out")),
        forms=_forms(groups, entities, file),
        forms_default=frozenset() if groups.get("others") == "none" else None,
        entities=entities,
    )


def _forms(groups: dict[str, Any], entities: dict[str, Entity], file: str) -> dict[str, frozenset[Form]]:
    only(groups, {*_FORM_GROUPS, "others"}, file, "forms")
    found: dict[str, frozenset[Form]] = {}
    for group, forms in _FORM_GROUPS.items():
        for name in names(groups.get(group), entities, file, "forms"):
            if name in found:
                raise SourceError(file, name, "stands in two groups of forms; keep one")
            found[name] = read_forms(forms, file, name)
    return found
