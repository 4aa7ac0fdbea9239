"""What the operations of one document share: parameters, headers, request bodies and responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common.spec.build.model import Api, Resource
from common.spec.build.schemas import reference, words

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCHES = ("application/json-patch+json", "application/json-patch-query+json")

LIST_PARAMETERS = {
    "fields": ("string", "The attributes to answer with, separated by commas."),
    "offset": ("integer", "How many entries to skip before the first one answered."),
    "limit": ("integer", "How many entries to answer with at most."),
    "before": ("string", "The cursor that the answered page ends before."),
    "after": ("string", "The cursor that the answered page starts after."),
    "sort": ("string", "The attributes to sort by, separated by commas; a minus sign sorts downwards."),
    "filter": ("string", "A JSONPath expression that the answered entries satisfy."),
}
HEADERS = {
    "X-Result-Count": "How many entries this page holds.",
    "X-Total-Count": "How many entries match in all.",
}
STATUS = {
    "400": "The request is not well formed or breaks a rule of the contract.",
    "401": "The client has not said who it is.",
    "403": "The client may not do this.",
    "404": "There is no such resource.",
    "405": "This resource does not take this method.",
    "409": "The request conflicts with the state of the resource.",
    "500": "The server failed.",
    "501": "The server does not offer this.",
    "503": "The server cannot answer at the moment.",
}


def parameters(api: Api) -> dict[str, Any]:
    """The path id and the query parameters that `api` knows."""
    identifier = {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}
    found: dict[str, Any] = {"Id": identifier | {"description": "The id of the resource."}}
    for name in api.list_parameters:
        kind, about = LIST_PARAMETERS[name]
        found[name[0].upper() + name[1:]] = {
            "in": "query",
            "name": name,
            "required": False,
            "description": about,
            "schema": {"type": kind},
        }
    return found


def headers() -> dict[str, Any]:
    """The two counts that a page of a list carries."""
    return {name: {"description": about, "schema": {"type": "integer"}} for name, about in HEADERS.items()}


def request_bodies(api: Api) -> dict[str, Any]:
    """One body for each create, patch and event, and the one that registers a listener."""
    found: dict[str, Any] = {}
    for resource in api.resources:
        found |= dict(_bodies(resource))
    return found | {"Hub_FVO": _request("The listener to register.", {JSON: reference("Hub_FVO")})}


def _bodies(resource: Resource) -> Iterator[tuple[str, Any]]:
    name = resource.name
    if "create" in resource.verbs:
        content = {JSON: reference(f"{name}_FVO")}
        yield f"{name}_FVO", _request(f"The {words(name)} to create.", content)
    if "patch" in resource.verbs:
        content = {media: reference(f"{name}_MVO") for media in (JSON, MERGE_PATCH)}
        content |= {media: reference("JsonPatchOperations") for media in JSON_PATCHES}
        yield f"{name}_MVO", _request(f"What to change in the {words(name)}.", content)
    for event in resource.events:
        title = f"{name}{event.kind}Event"
        yield title, _request(f"The {words(title)} as it is sent.", {JSON: reference(title)})


def responses(api: Api) -> dict[str, Any]:
    """One response for each verb of each resource, and one for each status without a resource."""
    found: dict[str, Any] = {
        "202": {"description": "The request is accepted and will be carried out later."},
        "204": {"description": "Done; there is no body."},
    }
    found |= {code: _content(about, {JSON: reference("Error")}) for code, about in STATUS.items()}
    for resource in api.resources:
        found |= dict(_answers(api, resource))
    found["Hub"] = _content("The registered listener.", {JSON: reference("Hub")})
    found["Error"] = _content("The request failed.", {JSON: reference("Error")})
    return found


def _answers(api: Api, resource: Resource) -> Iterator[tuple[str, Any]]:
    one = reference(resource.name + ("_RES" if api.answers_identified else ""))
    name = words(resource.name)
    if "list" in resource.verbs:
        page = _content(f"A page of {name} entries.", {JSON: {"type": "array", "items": one}})
        counts = {"headers": {header: {"$ref": f"#/components/headers/{header}"} for header in HEADERS}}
        yield f"200{resource.name}Array", page | counts
    if "retrieve" in resource.verbs:
        yield f"200{resource.name}_Get", _content(f"The {name}.", {JSON: one})
    if "create" in resource.verbs:
        yield f"201{resource.name}", _content(f"The {name} as it was created.", {JSON: one})
    if resource.is_task:
        yield f"200{resource.name}_Task", _content(f"The finished {name}.", {JSON: reference(resource.name)})
    if "patch" in resource.verbs:
        yield f"200{resource.name}_Patch", _content(f"The {name} after the change.", _patched(api, one))


def _patched(api: Api, one: dict[str, Any]) -> dict[str, Any]:
    if api.patch_media == "json":
        return {JSON: one}
    several = {"oneOf": [one, {"type": "array", "items": one}, {"type": "string", "nullable": True}]}
    return {JSON: one, MERGE_PATCH: one} | {media: several for media in JSON_PATCHES}


def _request(about: str, content: dict[str, Any]) -> dict[str, Any]:
    return _content(about, content) | {"required": True}


def _content(about: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {media: {"schema": schema} for media, schema in content.items()}}
