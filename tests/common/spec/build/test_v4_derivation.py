"""The definitions, events and operations of v4 that follow by rule, each expected by hand."""

from __future__ import annotations

import pytest

from common.spec.build import build_documents, stale_documents, write_documents
from common.spec.build.errors import SourceError
from tests.common.spec.build.toy import write_v4_toy

NAME = "v4/TMF900-v4.0.0.swagger.json"
ENTITY = "#/definitions/"
ERRORS = ["400", "401", "403", "404", "405", "409", "500"]


@pytest.fixture
def document(v4_toy):
    return build_documents(v4_toy)[NAME]


@pytest.fixture
def definitions(document):
    return document["definitions"]


def built_with(folder, old, new, file="tmf900.yaml"):
    """The v4 document after one change to the sources."""
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    return build_documents(folder)[NAME]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Light", ["id", "href", "name", "power", "price", "shade", "maker", "state", "bulb", "@type"]),
        ("Light_Create", ["name", "power", "price", "shade", "maker", "bulb", "@type"]),
        ("Light_Update", ["name", "price", "shade", "maker", "state", "bulb", "@type"]),
        ("ShadeRefOrValue", ["id", "href", "name", "@type"]),
        ("PartyRef", ["id", "href", "role", "@type"]),
        ("EventSubscription", ["id", "callback"]),
        ("EventSubscriptionInput", ["callback"]),
        ("LightCreateEvent", ["id", "href", "eventType", "event"]),
        ("LightAttributeValueChangeEvent", ["eventType", "fieldPath", "event"]),
        ("LightCreateEventPayload", ["light"]),
    ],
)
def test_bases_are_folded_in_and_the_server_s_attributes_left_out_of_forms(definitions, name, fields):
    assert list(definitions[name]["properties"]) == fields


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("Light", ["name"]),
        ("Light_Create", ["name"]),
        ("Light_Update", ["name"]),
        ("EntityRef", ["id"]),
        ("PartyRef", ["id"]),
        ("Bulb", None),
        ("ShadeRefOrValue", None),
        ("EventSubscription", ["id", "callback"]),
        ("EventSubscriptionInput", ["callback"]),
        ("LightCreateEvent", None),
    ],
)
def test_only_resources_require_what_a_create_requires(definitions, name, required):
    assert definitions[name].get("required") == required


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("Light", "maker", {"$ref": ENTITY + "PartyRef"}),
        ("Light_Create", "maker", {"$ref": ENTITY + "PartyRef"}),
        ("Light", "bulb", {"type": "array", "items": {"$ref": ENTITY + "Bulb"}}),
        ("Light_Update", "shade", {"type": "array", "items": {"$ref": ENTITY + "ShadeRefOrValue"}}),
        ("Bulb", "value", {"$ref": ENTITY + "Any"}),
        ("Money", "@type", {"type": "string"}),
        ("LightCreateEvent", "event", {"$ref": ENTITY + "LightCreateEventPayload"}),
        ("LightCreateEventPayload", "light", {"$ref": ENTITY + "Light"}),
    ],
)
def test_a_field_names_its_type_as_v4_does(definitions, name, field, expected):
    found = dict(definitions[name]["properties"][field])
    found.pop("description")

    assert found == expected


def test_only_what_is_reached_is_published_without_bases_and_subtypes(definitions):
    expected = """
        Any Bulb EntityRef Error EventSubscription EventSubscriptionInput LampState Light Light_Create Light_Update
        LightAttributeValueChangeEvent LightAttributeValueChangeEventPayload LightCreateEvent LightCreateEventPayload
        Money PartyRef Shade ShadeRef ShadeRefOrValue
    """

    assert sorted(definitions) == sorted(expected.split())


def test_a_renamed_attribute_takes_the_sentence_of_its_new_name(definitions):
    assert definitions["Light"]["properties"]["power"]["description"] == "How much it takes."


def test_verbs_hub_and_events_become_operations(document):
    found = {
        f"{method} {path}": (operation["operationId"], *operation["responses"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }

    assert found == {
        "get /light": ("listLight", "200", *ERRORS),
        "post /light": ("createLight", "201", *[code for code in ERRORS if code != "404"]),
        "get /light/{id}": ("retrieveLight", "200", *ERRORS),
        "patch /light/{id}": ("patchLight", "200", *ERRORS),
        "delete /light/{id}": ("deleteLight", "204", *ERRORS),
        "post /hub": ("registerListener", "201", *ERRORS),
        "delete /hub/{id}": ("unregisterListener", "204", *[code for code in ERRORS if code != "409"]),
        "post /listener/lightCreateEvent": ("listenToLightCreateEvent", "201", *ERRORS),
        "post /listener/lightAttributeValueChangeEvent": (
            "listenToLightAttributeValueChangeEvent",
            "201",
            *ERRORS,
        ),
    }


def test_a_list_is_a_page_with_its_counts(document):
    page = document["paths"]["/light"]["get"]["responses"]["200"]

    assert page["schema"] == {"type": "array", "items": {"$ref": ENTITY + "Light"}}
    assert list(page["headers"]) == ["X-Result-Count", "X-Total-Count"]


def test_bodies_are_named_after_the_resource_and_listeners_answer_with_the_subscription(document):
    created = document["paths"]["/light"]["post"]["parameters"]
    heard = document["paths"]["/listener/lightCreateEvent"]["post"]

    assert [(p["name"], p["in"], p["schema"]) for p in created] == [
        ("light", "body", {"$ref": ENTITY + "Light_Create"})
    ]
    assert [(p["name"], p["in"], p["schema"]) for p in heard["parameters"]] == [
        ("data", "body", {"$ref": ENTITY + "LightCreateEvent"})
    ]
    assert heard["responses"]["201"]["schema"] == {"$ref": ENTITY + "EventSubscription"}


def test_the_later_style_types_addresses_and_gives_events_none(v4_toy):
    definitions = built_with(v4_toy, "base-path: light/v4", "base-path: light/v4\n  style: later")["definitions"]

    assert definitions["Light"]["properties"]["href"]["format"] == "uri"
    assert list(definitions["LightCreateEvent"]["properties"]) == ["eventType", "event"]


def test_an_api_may_name_what_an_event_carries_otherwise(v4_toy):
    definitions = built_with(v4_toy, "base-path: light/v4", "base-path: light/v4\n  event-key: payload")["definitions"]

    assert list(definitions["LightCreateEvent"]["properties"]) == ["id", "href", "eventType", "payload"]


@pytest.mark.parametrize(
    ("rule", "name", "required", "left_out"),
    [
        ("create: {}", "Light_Create", None, set()),
        ("create: {without: [maker]}", "Light_Create", None, {"maker"}),
        ("patch: {require: [bulb]}", "Light_Update", ["bulb"], set()),
    ],
)
def test_what_v4_says_of_a_form_replaces_what_v5_says(v4_toy, rule, name, required, left_out):
    definitions = built_with(v4_toy, "require: [name]\n  LampState", f"{rule}\n  LampState")["definitions"]

    assert definitions[name].get("required") == required
    assert definitions["Light"]["properties"].keys() - definitions[name]["properties"] == {"id", "href", *left_out}


def test_resources_may_be_left_out_or_come_with_v4(v4_toy):
    document = built_with(
        v4_toy, "Lamp: {events: [Create, AttributeValueChange]}", "Lamp: none\n    Shade: {verbs: all}"
    )

    assert list(document["paths"]) == ["/shade", "/shade/{id}", "/hub", "/hub/{id}"]
    assert "Light" not in document["definitions"]


def test_v4_changes_nothing_in_the_v5_document(toy, tmp_path_factory):
    before = build_documents(toy)["TMF900-v5.0.0.oas.json"]
    other = tmp_path_factory.mktemp("v4")
    write_v4_toy(other)

    assert build_documents(other)["TMF900-v5.0.0.oas.json"] == before


def test_v4_documents_are_written_where_there_is_a_folder_for_them(v4_toy):
    target = v4_toy / "published"

    assert write_documents(v4_toy, target) == [target / "TMF900-v5.0.0.oas.json"]

    (target / "v4").mkdir()
    assert stale_documents(v4_toy, target) == [NAME]
    assert write_documents(v4_toy, target) == [target / "TMF900-v5.0.0.oas.json", target / NAME]
    (target / "v4" / "TMF901-v4.0.0.swagger.json").write_text("{}\n")
    assert stale_documents(v4_toy, target) == ["v4/TMF901-v4.0.0.swagger.json"]


V4_ALONE = """
api: TMF901
title: Candles
about: Candles that burn down.
v4:
  version: 4.0.0
  base-path: candle/v4
  resources:
    Candle: {verbs: [list, retrieve], events: [Cancel, Failure]}
  entities:
    Candle: {about: Burns down., extends: Entity, fields: {name: string, price: Money}}
"""


def test_an_api_that_there_is_in_v4_only_is_built_from_its_v4_section(v4_toy):
    (v4_toy / "tmf901.yaml").write_text(V4_ALONE)

    documents = build_documents(v4_toy)

    assert [name for name in documents if "TMF901" in name] == ["v4/TMF901-v4.0.0.swagger.json"]
    document = documents["v4/TMF901-v4.0.0.swagger.json"]
    assert document["info"]["title"] == "Candles"
    assert {path: [*item] for path, item in document["paths"].items() if path.startswith("/candle")} == {
        "/candle": ["get"],
        "/candle/{id}": ["get"],
    }
    assert [name for name in document["definitions"] if name.startswith("Candle")] == [
        *("Candle", "CandleCancelEvent", "CandleCancelEventPayload", "CandleFailureEvent", "CandleFailureEventPayload"),
    ]


def test_an_api_of_v4_only_says_nothing_beside_its_v4_section(v4_toy):
    (v4_toy / "tmf901.yaml").write_text(V4_ALONE.replace("v4:", "base-path: candle/v5\nv4:", 1))

    with pytest.raises(SourceError, match="base-path"):
        build_documents(v4_toy)
