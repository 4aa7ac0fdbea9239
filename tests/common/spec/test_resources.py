"""What a document says of its resources."""

from __future__ import annotations

from typing import Any

import pytest

from common.spec.contract import Verb
from common.spec.load import load_contract
from tests.common.spec.toys import CREATE, DIALECTS, UPDATE, contract, document, operation, ref, thing, widget

TEXT = {"type": "string"}
INSTANT = {"type": "string", "format": "date-time"}
ENTITY = {"id": TEXT, "href": TEXT, "name": TEXT, "size": {"type": "number"}}


def schemas_of(dialect: str) -> dict[str, Any]:
    state = {"type": "string", "enum": ["new", "aborted "]}
    whole = thing(**ENTITY, state=state, lastUpdate=INSTANT, creationDate=INSTANT)
    create = thing(name=TEXT, size=ENTITY["size"], state=TEXT, lastUpdate=INSTANT)
    create["required"] = ["name", "state", "lastUpdate"]
    return {
        "Widget": whole,
        f"Widget_{CREATE[dialect]}": create,
        f"Widget_{UPDATE[dialect]}": thing(name=TEXT, state=TEXT, id=TEXT),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_facts_of_a_resource(dialect: str) -> None:
    resource = widget(dialect, schemas_of(dialect))
    assert (resource.name, resource.path, resource.type_name) == ("widget", "/widget", "Widget")
    assert set(resource.operations) == set(Verb)
    assert resource.attributes == {"id", "href", "name", "size", "state", "lastUpdate", "creationDate"}
    assert resource.settable == {"name", "size", "state", "lastUpdate"}
    assert resource.mandatory == {"name", "state", "lastUpdate"}
    assert resource.fillable == {"state", "lastUpdate"}
    assert resource.immutable == {"id", "href", "size", "lastUpdate", "creationDate"}
    assert (resource.created_at, resource.updated_at) == ("creationDate", "lastUpdate")
    assert (resource.state_attribute, resource.states) == ("state", ("new", "aborted"))
    assert resource.typed is (dialect == "v5")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_create_does_not_demand_what_the_server_sets(dialect: str) -> None:
    resource = widget(dialect, schemas_of(dialect))
    assert resource.creating is not None
    assert resource.patched is not None
    assert resource.creating.violations({"name": "a"}) == []
    assert [v.message for v in resource.creating.violations({})] == ["name is required"]
    # What the create schema lacks is the server's, and is not judged.
    assert resource.creating.violations({"name": "a", "href": 5, "creationDate": "no date"}) == []
    # A patch must not take away what create demands, nor break what the create schema leaves out.
    assert [v.message for v in resource.patched.violations({})] == ["name is required"]
    assert [v.pointer for v in resource.patched.violations({"name": "a", "creationDate": "x"})] == ["/creationDate"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_closed_create_schema_tolerates_what_the_server_sets(dialect: str) -> None:
    schemas = schemas_of(dialect)
    schemas[f"Widget_{CREATE[dialect]}"]["additionalProperties"] = False
    creating = widget(dialect, schemas).creating
    assert creating is not None
    assert creating.violations({"name": "a", "href": "h", "creationDate": "2026-01-01T00:00:00Z"}) == []
    assert [v.message for v in creating.violations({"name": "a", "colour": "red"})] == ["must not have colour"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_order_date_is_the_servers_where_clients_cannot_set_it(dialect: str) -> None:
    order = thing(name=TEXT, orderDate=INSTANT)
    closed = widget(dialect, {"Widget": order, f"Widget_{CREATE[dialect]}": thing(name=TEXT)})
    assert closed.created_at == "orderDate"
    assert widget(dialect, {"Widget": order}).created_at is None


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"status": TEXT}, "status"),
        ({"status": TEXT, "lifecycleStatus": TEXT}, "lifecycleStatus"),
        ({"status": {"type": "string", "enum": ["on"]}, "lifecycleStatus": TEXT}, "status"),
        ({"state": {"type": "object"}}, None),
        ({"name": TEXT}, None),
    ],
)
def test_the_state_attribute(dialect: str, properties: dict[str, Any], expected: str | None) -> None:
    assert widget(dialect, {"Widget": thing(**properties)}).state_attribute == expected


@pytest.mark.parametrize("dialect", DIALECTS)
def test_operations(dialect: str) -> None:
    made = document(dialect, schemas_of(dialect))
    paging = [{"in": "query", "name": "offset"}, {"in": "query", "name": "limit"}, {"in": "header", "name": "X"}]
    made["paths"]["/widget"]["get"]["parameters"] = paging
    made["paths"]["/widget"]["parameters"] = [{"in": "query", "name": "fields"}]
    operations = load_contract(made, origin="toy").resources["widget"].operations
    assert operations[Verb.LIST].parameters == ("fields", "offset", "limit")
    assert (operations[Verb.LIST].method, operations[Verb.LIST].path) == ("GET", "/widget")
    assert operations[Verb.PATCH].path == "/widget/{id}"
    assert operations[Verb.CREATE].operation_id == "createWidget"
    assert operations[Verb.CREATE].statuses == (201,)
    assert operations[Verb.CREATE].media_types == ("application/json",)
    assert operations[Verb.DELETE].media_types == ()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_paths_that_are_no_resource_are_listed_as_gaps(dialect: str) -> None:
    retrieve = operation(dialect, "retrieve", 200, ref(dialect, "Widget"))
    paths = {
        "/widget/{widgetId}/part": {"get": retrieve},
        "/widget/part/{widgetId}": {"get": retrieve},
        "/nothing/{nothingId}/part/{id}": {"get": retrieve},
        "/gadget": {"put": retrieve},
        "/gizmo/": {"get": {"operationId": "listGizmo", "responses": {"200": {"description": "?"}}}},
        "/spring/{springId}/": {"get": operation(dialect, "retrieve", 200, ref(dialect, "Widget"))},
        "/hub": {"post": operation(dialect, "create", 201)},
        "/hub/{id}": {"delete": operation(dialect, "delete", 204)},
    }
    made = contract(dialect, {}, paths=paths)
    assert set(made.resources) == {"widget", "spring", "part"}
    assert made.gaps == {
        "GET /widget/part/{widgetId}": "the path is not of the form /resource, /resource/{id} or the same below others",
        "GET /nothing/{nothingId}/part/{id}": "it lies below no resource of the document, or its name is another's",
        "/widget/{widgetId}/part": "no operation of the document creates one: the list is empty until a component "
        "stores some",
        "PUT /gadget": "PUT is none of the five operations at such a path",
        "GET /gizmo": "no operation says which schema the resource has",
    }
    assert made.resources["spring"].operations[Verb.RETRIEVE].path == "/spring/{springId}"
    assert made.hub is not None
    assert (made.hub.creatable, made.hub.retrievable, made.hub.deletable) == (True, False, True)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_resources_lie_below_others_at_any_depth(dialect: str) -> None:
    retrieve = operation(dialect, "retrieve", 200, ref(dialect, "Widget"))
    create = operation(dialect, "create", 201, ref(dialect, "Widget"), ref(dialect, "Widget"))
    paths = {
        "/widget/{widgetId}/part/{partId}/screw/{id}": {"get": retrieve},
        "/widget/{widgetId}/part": {"post": create},
        "/widget/{id}/part/{partId}/screw": {"post": create},
        "/widget/{widgetId}/part/{id}": {"get": retrieve},
        "/widget/{widgetId}/widget": {"post": create},
        "/widget/{widgetId}/hub": {"post": create},
    }
    made = contract(dialect, {}, paths=paths)
    where = {name: (resource.path, resource.parents) for name, resource in made.resources.items()}
    assert where == {
        "widget": ("/widget", ()),
        "part": ("/widget/{widgetId}/part", ("widget",)),
        "screw": ("/widget/{widgetId}/part/{partId}/screw", ("widget", "part")),
        "widgetWidget": ("/widget/{widgetId}/widget", ("widget",)),
        "hub": ("/widget/{widgetId}/hub", ("widget",)),
    }
    assert set(made.resources["screw"].operations) == {Verb.CREATE, Verb.RETRIEVE}
    assert made.resources["screw"].path_below(("a/b", "ü")) == "/widget/a%2Fb/part/%C3%BC/screw"
    assert made.resources["widget"].path_below(()) == "/widget"
    assert made.hub is None
    assert made.gaps == {
        "/widget/{widgetId}/hub": "registrations are kept and shown; events are sent only to those at /hub"
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_document_without_hub_has_none(dialect: str) -> None:
    assert contract(dialect, {}).hub is None


def test_v5_answers_may_have_a_schema_of_their_own() -> None:
    answered = {"allOf": [ref("v5", "Widget"), {"type": "object", "required": ["id"]}]}
    resource = widget("v5", {"Widget": thing(id=TEXT, name=TEXT), "Widget_RES": answered})
    assert resource.patched is not None
    assert resource.patched.violations({}) == []
    assert [v.message for v in resource.whole.violations({})] == ["id is required"]


def test_a_resource_answered_with_its_create_schema_is_still_itself() -> None:
    made = document("v4", {"Widget": thing(id=TEXT), "Widget_Create": thing(name=TEXT)})
    made["paths"]["/widget/{id}"]["get"]["responses"]["200"]["schema"] = ref("v4", "Widget_Create")
    assert load_contract(made, origin="toy").resources["widget"].attributes == {"id", "name"}
