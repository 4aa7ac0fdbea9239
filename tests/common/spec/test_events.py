"""Events: names, kinds, payloads, and the resource they belong to."""

from __future__ import annotations

from typing import Any

import pytest

from common.spec.contract import EventContract, EventKind
from tests.common.spec.toys import DIALECTS, contract, operation, ref, thing

TEXT = {"type": "string"}


def declared(
    dialect: str, *names: str, payload: dict[str, Any] | None = None, body_key: str = "event", stem: str = "widget"
) -> dict[str, Any]:
    """Schemas and listener paths for the events named."""
    schemas: dict[str, Any] = {"Base": thing(eventId=TEXT, eventType=TEXT)}
    paths: dict[str, Any] = {}
    for name in names:
        schemas[f"{name}Payload"] = thing(**(payload or {stem: ref(dialect, "Widget")}))
        schemas[name] = {"allOf": [ref(dialect, "Base"), thing(**{body_key: ref(dialect, f"{name}Payload")})]}
        listener = "/listener/" + name[0].lower() + name[1:]
        paths[listener] = {"post": operation(dialect, "listen", 204, body=ref(dialect, name))}
    return {"schemas": schemas, "paths": paths}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("name", "event_type", "kind"),
    [
        ("WidgetCreateEvent", "WidgetCreateEvent", EventKind.CREATE),
        ("WidgetCreateNotification", "WidgetCreateEvent", EventKind.CREATE),
        ("WidgetDeleteEvent", "WidgetDeleteEvent", EventKind.DELETE),
        ("WidgetStateChangeEvent", "WidgetStateChangeEvent", EventKind.STATE_CHANGE),
        ("WidgetStatusChangeEvent", "WidgetStatusChangeEvent", EventKind.STATE_CHANGE),
        ("WidgetStatusChange", "WidgetStatusChangeEvent", EventKind.STATE_CHANGE),
        ("WidgetAttributeValueChangeEvent", "WidgetAttributeValueChangeEvent", EventKind.ATTRIBUTE_VALUE_CHANGE),
        ("WidgetChangeEvent", "WidgetChangeEvent", EventKind.ATTRIBUTE_VALUE_CHANGE),
        ("WidgetInformationRequiredEvent", "WidgetInformationRequiredEvent", EventKind.OTHER),
    ],
)
def test_an_event_has_its_type_and_kind(dialect: str, name: str, event_type: str, kind: EventKind) -> None:
    made = contract(dialect, **declared(dialect, name))
    listener = "/listener/" + name[0].lower() + name[1:]
    expected = EventContract(event_type, kind, "widget", "widget", "event", listener)
    assert made.events == {event_type: expected}
    resource = made.resources["widget"]
    if kind is EventKind.OTHER:
        assert resource.other_events == {event_type: expected}
        assert resource.events == {}
    else:
        assert resource.events == {kind: expected}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_body_key_is_the_documents_own(dialect: str) -> None:
    made = contract(dialect, **declared(dialect, "WidgetCreateEvent", body_key="payload"))
    assert made.events["WidgetCreateEvent"].body_key == "payload"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_further_payload_members_do_not_hide_the_resource(dialect: str) -> None:
    payload = {"informationRequired": thing(op=TEXT), "widget": ref(dialect, "Widget")}
    made = contract(dialect, **declared(dialect, "WidgetInformationRequiredEvent", payload=payload))
    assert made.events["WidgetInformationRequiredEvent"].payload_key == "widget"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_misspelt_payload_key_is_corrected(dialect: str) -> None:
    payload = {"canccelProductOrder": ref(dialect, "Widget")}
    made = contract(dialect, **declared(dialect, "CancelProductOrderStateChangeEvent", payload=payload))
    event = made.events["CancelProductOrderStateChangeEvent"]
    assert (event.payload_key, event.resource) == ("cancelProductOrder", None)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_payload_named_otherwise_is_kept_and_the_type_tells_the_resource(dialect: str) -> None:
    made = contract(dialect, **declared(dialect, "WidgetCreateEvent", stem="gadget"))
    event = made.events["WidgetCreateEvent"]
    assert (event.payload_key, event.resource) == ("gadget", "widget")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_schema_names_the_event_when_the_path_is_odd(dialect: str) -> None:
    more = declared(dialect, "WidgetBatchEvent")
    more["paths"]["/listener/widgetWidgetBatchEvent"] = more["paths"].pop("/listener/widgetBatchEvent")
    made = contract(dialect, **more)
    assert list(made.events) == ["WidgetBatchEvent"]
    assert made.events["WidgetBatchEvent"].listener_path == "/listener/widgetWidgetBatchEvent"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_event_schemas_without_a_listener_count_and_bare_envelopes_do_not(dialect: str) -> None:
    more = declared(dialect, "WidgetCreateEvent", "GadgetCreateEvent", "GadgetDeleteEvent", stem="gadget")
    more["paths"] = {}
    more["schemas"] |= {"Event": thing(event=thing()), "BaseEvent": thing(event=thing())}
    made = contract(dialect, **more)
    assert {name: event.resource for name, event in made.events.items()} == {
        "WidgetCreateEvent": "widget",
        "GadgetCreateEvent": None,
        "GadgetDeleteEvent": None,
    }
    assert made.events["GadgetDeleteEvent"].listener_path == "/listener/gadgetDeleteEvent"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_event_of_a_longer_name_is_not_the_shorter_resources(dialect: str) -> None:
    more = declared(dialect, "WidgetPartCreateEvent", "WidgetCreateEvent", stem="other")
    made = contract(dialect, **more)
    assert made.events["WidgetPartCreateEvent"].resource is None
    assert made.events["WidgetCreateEvent"].resource == "widget"
