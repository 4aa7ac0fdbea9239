"""The paths of one v4 document: five verbs of each resource, the hub, and a listener for each event."""

from __future__ import annotations

from typing import Any

from common.spec.build.components import HEADERS, LIST_PARAMETERS, STATUS
from common.spec.build.model import Form, Resource, V4Api
from common.spec.build.operations import HUB_TAG, VERBS
from common.spec.build.schemas import one, words
from common.spec.build.v4_schemas import SUFFIX, reference, shown_resources

LISTENER_TAG = "notification listeners (client side)"
_PAGE = ("fields", "offset", "limit")
_ERRORS = ("400", "401", "403", "404", "405", "409", "500")
_CREATE_ERRORS = ("400", "401", "403", "405", "409", "500")
_WITHDRAW_ERRORS = ("400", "401", "403", "404", "405", "500")
_LISTENER = "EventSubscription"
_ID = {"name": "id", "in": "path", "required": True, "type": "string", "description": "The id of the resource."}
_DONE = {"204": {"description": "Done; there is no body."}}

Operation = dict[str, Any]


def v4_paths(api: V4Api) -> dict[str, Any]:
    """All paths of the v4 document of `api`: resources first, then the hub, then the listeners."""
    found: dict[str, Any] = {}
    resources = shown_resources(api)
    for resource in resources:
        for verb in VERBS:
            if verb in resource.verbs:
                tail, method, operation = _verb(verb, resource)
                found.setdefault(f"/{resource.key}{tail}", {})[method] = operation
    found |= _hub()
    for resource in resources:
        for event in resource.events:
            found |= _listener(f"{resource.name}{event.kind}Event")
    return found


def _verb(verb: str, resource: Resource) -> tuple[str, str, Operation]:
    """Where an operation stands below its resource, its method, and the operation."""
    name, several = resource.name, f"{words(resource.name)} entries"
    if verb == "list":
        about = f"Answers with the {several} that match, one page at a time."
        parameters = [_query(parameter) for parameter in _PAGE]
        return "", "get", _of(resource, verb, f"List {several}", about, parameters, _page(name), _ERRORS)
    if verb == "create":
        about = f"Creates {one(name)} and answers with it as it was stored."
        body = [_body(resource.key, name + SUFFIX[Form.CREATE], f"The {words(name)} to create.")]
        answer = _answer("201", f"The {words(name)} as it was created.", name)
        return "", "post", _of(resource, verb, f"Create {one(name)}", about, body, answer, _CREATE_ERRORS)
    if verb == "retrieve":
        about = f"Answers with the one {words(name)} that has this id."
        answer = _answer("200", f"The {words(name)}.", name)
        return (
            "/{id}",
            "get",
            _of(resource, verb, f"Retrieve {one(name)}", about, [_ID, _query("fields")], answer, _ERRORS),
        )
    if verb == "patch":
        about = f"Changes some attributes of {one(name)} and leaves the others as they are."
        change = _body(resource.key, name + SUFFIX[Form.PATCH], f"What to change in the {words(name)}.")
        answer = _answer("200", f"The {words(name)} after the change.", name)
        return "/{id}", "patch", _of(resource, verb, f"Change {one(name)}", about, [_ID, change], answer, _ERRORS)
    about = f"Deletes the {words(name)} that has this id."
    return "/{id}", "delete", _of(resource, verb, f"Delete {one(name)}", about, [_ID], _DONE, _ERRORS)


def _of(
    resource: Resource,
    verb: str,
    summary: str,
    about: str,
    parameters: list[Operation],
    answer: Operation,
    errors: tuple[str, ...],
) -> Operation:
    return _operation(f"{verb}{resource.name}", summary, about, resource.key, parameters, answer, errors)


def _hub() -> dict[str, Any]:
    body = _body("data", f"{_LISTENER}Input", "The listener to register.")
    about = "Registers the address that events are to be sent to."
    answer = _answer("201", "The registered listener.", _LISTENER)
    register = _operation("registerListener", "Register for events", about, HUB_TAG, [body], answer, _ERRORS)
    about = "Removes the listener; no further event is sent to its address."
    withdraw = _operation(
        "unregisterListener", "Withdraw a registration", about, HUB_TAG, [_ID], _DONE, _WITHDRAW_ERRORS
    )
    return {"/hub": {"post": register}, "/hub/{id}": {"delete": withdraw}}


def _listener(name: str) -> dict[str, Any]:
    about = f"The address at which a listener receives the {words(name)}."
    body = _body("data", name, f"The {words(name)} as it is sent.")
    answer = _answer("201", "The event has been received.", _LISTENER)
    operation = _operation(f"listenTo{name}", f"Receive {one(name)}", about, LISTENER_TAG, [body], answer, _ERRORS)
    return {f"/listener/{name[0].lower()}{name[1:]}": {"post": operation}}


def _operation(
    name: str,
    summary: str,
    about: str,
    tag: str,
    parameters: list[Operation],
    answer: Operation,
    errors: tuple[str, ...],
) -> Operation:
    failed = {code: {"description": STATUS[code], "schema": reference("Error")} for code in errors}
    return {
        "operationId": name,
        "summary": summary,
        "description": about,
        "tags": [tag],
        "parameters": parameters,
        "responses": answer | failed,
    }


def _page(name: str) -> Operation:
    counts = {header: {"description": about, "type": "integer"} for header, about in HEADERS.items()}
    entries = {"type": "array", "items": reference(name)}
    return {"200": {"description": f"A page of {words(name)} entries.", "headers": counts, "schema": entries}}


def _answer(code: str, about: str, name: str) -> Operation:
    return {code: {"description": about, "schema": reference(name)}}


def _query(name: str) -> Operation:
    kind, about = LIST_PARAMETERS[name]
    return {"name": name, "in": "query", "required": False, "type": kind, "description": about}


def _body(name: str, schema: str, about: str) -> Operation:
    return {"name": name, "in": "body", "required": True, "description": about, "schema": reference(schema)}
