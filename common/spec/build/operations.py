"""The paths of one document: five verbs of each resource, the hub, and a listener for each event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.spec.build.model import Api, Event, Resource
from common.spec.build.schemas import one, words

VERBS = ("list", "create", "retrieve", "patch", "delete")
HUB_TAG = "events subscription"
LISTENER_TAG = "notification listener"
_READ_ERRORS = ("400", "401", "403", "404", "405", "500", "501", "503")
_WRITE_ERRORS = ("400", "401", "403", "404", "405", "409", "500", "501", "503")
_TASK_ERRORS = ("404", "405", "409", "500")
_NO_CONTENT = {"description": "Done; there is no body."}
_ACCEPTED = {"description": "The request is accepted and will be carried out later."}


def paths(api: Api) -> dict[str, Any]:
    """All paths of the document of `api`: resources first, then the hub, then the listeners."""
    found: dict[str, Any] = {}
    for resource in api.resources:
        found |= _resource(api, resource)
    found |= _hub(api.hub_verbs)
    for resource in api.resources:
        for event in resource.events:
            found |= _listener(resource, event)
    return found


def _resource(api: Api, resource: Resource) -> dict[str, Any]:
    operations = {
        "list": ("", "get", _list(api, resource)),
        "create": ("", "post", _create(resource)),
        "retrieve": ("/{id}", "get", _retrieve(resource)),
        "patch": ("/{id}", "patch", _patch(resource)),
        "delete": ("/{id}", "delete", _delete(resource)),
    }
    found: dict[str, Any] = {}
    for verb in VERBS:
        if verb in resource.verbs:
            tail, method, operation = operations[verb]
            found.setdefault(f"/{resource.key}{tail}", {})[method] = operation
    return found


def _list(api: Api, resource: Resource) -> dict[str, Any]:
    names = [p[0].upper() + p[1:] for p in api.list_parameters]
    about = f"Answers with the {words(resource.name)} entries that match, one page at a time."
    answers = {"200": _response(f"200{resource.name}Array")} | _errors(_READ_ERRORS)
    return _operation(resource, "list", f"List {words(resource.name)} entries", about, names, answers)


def _create(resource: Resource) -> dict[str, Any]:
    task = {"200": _response(f"200{resource.name}_Task")} if resource.is_task else {}
    answers = task | {"201": _response(f"201{resource.name}"), "202": _ACCEPTED}
    answers |= _errors(_TASK_ERRORS if resource.is_task else _WRITE_ERRORS)
    about = f"Creates {one(resource.name)} and answers with it as it was stored."
    operation = _operation(resource, "create", f"Create {one(resource.name)}", about, ["Fields"], answers)
    operation |= {"requestBody": _body(f"{resource.name}_FVO")}
    return operation | ({"x-tmf-task-resource": True} if resource.is_task else {})


def _retrieve(resource: Resource) -> dict[str, Any]:
    answers = {"200": _response(f"200{resource.name}_Get")} | _errors(_READ_ERRORS)
    about = f"Answers with the one {words(resource.name)} that has this id."
    title = f"Retrieve {one(resource.name)}"
    return _operation(resource, "retrieve", title, about, ["Id", "Fields"], answers)


def _patch(resource: Resource) -> dict[str, Any]:
    answers = {"200": _response(f"200{resource.name}_Patch"), "202": _ACCEPTED} | _errors(_WRITE_ERRORS)
    about = f"Changes some attributes of {one(resource.name)} and leaves the others as they are."
    title = f"Change {one(resource.name)}"
    operation = _operation(resource, "patch", title, about, ["Id", "Fields"], answers)
    return operation | {"requestBody": _body(f"{resource.name}_MVO")}


def _delete(resource: Resource) -> dict[str, Any]:
    answers = {"202": _response("202"), "204": _response("204")} | _errors(_WRITE_ERRORS)
    about = f"Deletes the {words(resource.name)} that has this id."
    return _operation(resource, "delete", f"Delete {one(resource.name)}", about, ["Id"], answers)


def _hub(verbs: tuple[str, ...]) -> dict[str, Any]:
    failed = {"default": _response("Error")}
    create = {
        "operationId": "createHub",
        "summary": "Register for events",
        "description": "Registers the address that events are to be sent to.",
        "tags": [HUB_TAG],
        "requestBody": _body("Hub_FVO"),
        "responses": {"201": _response("Hub")} | failed,
    }
    retrieve = {
        "operationId": "hubGet",
        "summary": "Retrieve a registration",
        "description": "Answers with the listener that was registered under this id.",
        "tags": [HUB_TAG],
        "parameters": [_parameter("Id")],
        "responses": {"200": _response("Hub")} | failed,
    }
    delete = {
        "operationId": "hubDelete",
        "summary": "Withdraw a registration",
        "description": "Removes the listener; no further event is sent to its address.",
        "tags": [HUB_TAG],
        "parameters": [_parameter("Id")],
        "responses": {"204": _NO_CONTENT} | failed,
    }
    registered = {"get": retrieve, "delete": delete} if "retrieve" in verbs else {"delete": delete}
    return {"/hub": {"post": create}, "/hub/{id}": registered}


def _listener(resource: Resource, event: Event) -> dict[str, Any]:
    name = f"{resource.name}{event.kind}Event"
    key = event.listener or name[0].lower() + name[1:]
    operation = {
        "operationId": key,
        "summary": f"Receive {one(name)}",
        "description": f"The address at which a listener receives the {words(name)}.",
        "tags": [LISTENER_TAG],
        "requestBody": _body(name),
        "responses": {"204": _NO_CONTENT, "default": _response("Error")},
    }
    return {f"/listener/{key}": {"post": operation}}


def _operation(
    resource: Resource, verb: str, summary: str, about: str, parameters: Iterable[str], answers: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operationId": f"{verb}{resource.name}",
        "summary": summary,
        "description": about,
        "tags": [resource.key],
        "parameters": [_parameter(name) for name in parameters],
        "responses": answers,
    }


def _errors(codes: Iterable[str]) -> dict[str, Any]:
    return {code: _response(code) for code in codes}


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _response(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{name}"}


def _body(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/requestBodies/{name}"}
