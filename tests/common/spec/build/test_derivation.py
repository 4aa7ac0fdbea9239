"""The forms, events and operations that follow from a resource by rule, each expected by hand."""

from __future__ import annotations

import pytest

from common.spec.build import build_documents, stale_documents, write_documents

ENTITY = "#/components/schemas/"


@pytest.fixture
def document(toy):
    return build_documents(toy)["TMF900-v5.0.0.oas.json"]


@pytest.fixture
def schemas(document):
    return document["components"]["schemas"]


def own(schema):
    """What a schema adds to its bases."""
    return next((part for part in schema.get("allOf", []) if "$ref" not in part), schema)


def bases(schema):
    return [part["$ref"].removeprefix(ENTITY) for part in schema.get("allOf", []) if "$ref" in part]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Lamp", ["name", "watt", "price", "colour", "shade", "maker", "state"]),
        ("Lamp_FVO", ["name", "watt", "price", "colour", "shade", "maker"]),
        ("Lamp_MVO", ["name", "price", "colour", "shade", "maker", "state"]),
        ("Addressable_FVO", ["id"]),
        ("Money", ["amount"]),
    ],
)
def test_a_form_has_the_fields_that_its_rule_leaves(schemas, name, fields):
    assert list(own(schemas[name])["properties"]) == fields


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("Lamp", None),
        ("Lamp_FVO", ["name"]),
        ("Lamp_MVO", None),
        ("PaperShade_FVO", ["watt"]),
        ("EntityRef_FVO", ["id"]),
        ("Extensible_FVO", ["@type"]),
    ],
)
def test_a_form_requires_what_the_entity_and_its_rule_require(schemas, name, required):
    assert own(schemas[name]).get("required") == required


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lamp", ["Entity"]),
        ("Lamp_FVO", ["Entity_FVO"]),
        ("Lamp_MVO", ["Entity_MVO"]),
        ("Entity_FVO", ["Extensible_FVO", "Addressable_FVO"]),
        ("Entity_MVO", ["Extensible"]),
        ("ShadeRef_MVO", ["EntityRef"]),
        ("PaperShade_FVO", ["Shade_FVO"]),
    ],
)
def test_a_base_takes_the_form_where_it_has_one(schemas, name, expected):
    assert bases(schemas[name]) == expected


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("Lamp", "maker", {"$ref": ENTITY + "MakerRef"}),
        ("Lamp_FVO", "maker", {"$ref": ENTITY + "MakerRef_FVO"}),
        ("Lamp_MVO", "maker", {"$ref": ENTITY + "MakerRef"}),
        ("Lamp_FVO", "price", {"$ref": ENTITY + "Money"}),
        ("Lamp_MVO", "shade", {"type": "array", "items": {"$ref": ENTITY + "ShadeRefOrValue_MVO"}}),
        ("Lamp", "colour", {"type": "string", "default": "white"}),
        ("PaperShade", "watt", {"type": "integer", "format": "int32"}),
        ("JsonPatch", "op", {"type": "string", "enum": ["add", "remove"]}),
    ],
)
def test_a_field_has_its_type_in_the_form_of_its_schema(schemas, name, field, expected):
    found = dict(own(schemas[name])["properties"][field])
    found.pop("description")

    assert found == expected


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        ("Lamp", {"Lamp": "Lamp"}),
        ("Lamp_FVO", {"Lamp": "Lamp_FVO"}),
        ("Shade", {"Shade": "Shade", "PaperShade": "PaperShade"}),
        ("Shade_FVO", {"Shade": "Shade_FVO", "PaperShade": "PaperShade_FVO"}),
        ("ShadeRefOrValue_MVO", {"Shade": "Shade_MVO", "ShadeRef": "ShadeRef_MVO"}),
        ("PaperShade", None),
        ("Entity", None),
        ("Money", None),
        ("LampCreateEvent", {"LampCreateEvent": "LampCreateEvent"}),
    ],
)
def test_a_type_maps_itself_and_its_subtypes(schemas, name, mapping):
    found = schemas[name].get("discriminator", {}).get("mapping")

    assert found == (mapping and {key: ENTITY + target for key, target in mapping.items()})


def test_a_choice_offers_its_members_in_the_same_form(schemas):
    assert schemas["ShadeRefOrValue_FVO"]["oneOf"] == [
        {"$ref": ENTITY + "Shade_FVO"},
        {"$ref": ENTITY + "ShadeRef_FVO"},
    ]


def test_only_what_is_reached_is_published_and_values_have_one_form(schemas):
    expected = """
        Addressable Addressable_FVO Entity Entity_FVO Entity_MVO EntityRef EntityRef_FVO Error Event Event_FVO Event_MVO
        Extensible Extensible_FVO Hub Hub_FVO JsonPatch JsonPatchOperations Lamp Lamp_FVO Lamp_MVO LampCreateEvent
        LampCreateEventPayload LampState MakerRef MakerRef_FVO MakerRef_MVO Money PaperShade PaperShade_FVO
        PaperShade_MVO Shade Shade_FVO Shade_MVO ShadeRef ShadeRef_FVO ShadeRef_MVO ShadeRefOrValue
        ShadeRefOrValue_FVO ShadeRefOrValue_MVO
    """

    assert sorted(schemas) == sorted(expected.split())


def test_a_field_takes_its_own_sentence_before_the_glossary(schemas):
    assert own(schemas["Lamp"])["properties"]["colour"]["description"] == "The colour of the light."
    assert own(schemas["Lamp"])["properties"]["maker"]["description"] == "Who made it."


def test_verbs_hub_and_events_become_operations(document):
    found = {
        f"{method} {path}": operation["operationId"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }

    assert found == {
        "get /lamp": "listLamp",
        "post /lamp": "createLamp",
        "get /lamp/{id}": "retrieveLamp",
        "patch /lamp/{id}": "patchLamp",
        "delete /lamp/{id}": "deleteLamp",
        "post /hub": "createHub",
        "delete /hub/{id}": "hubDelete",
        "post /listener/lampCreateEvent": "lampCreateEvent",
    }


def test_identified_answers_require_id_and_href(toy):
    api = toy / "tmf900.yaml"
    api.write_text(api.read_text().replace("base-path:", "identified-answers: true\nbase-path:"))

    components = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]

    assert components["schemas"]["Lamp_RES"]["required"] == ["id", "href"]
    answer = components["responses"]["200Lamp_Get"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": ENTITY + "Lamp_RES"}


def test_an_answer_whose_base_decides_the_type_has_no_mapping(toy):
    api = toy / "tmf900.yaml"
    changed = api.read_text().replace("base-path:", "identified-answers: true\nbase-path:")
    api.write_text(
        changed.replace("  Lamp:\n    about", "  Thing: {about: Is there., extends: Entity}\n  Lamp:\n    about")
    )
    before = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]["schemas"]["Lamp_RES"]
    api.write_text(api.read_text().replace("extends: Entity\n    fields:", "extends: Thing\n    fields:", 1))
    after = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]["schemas"]["Lamp_RES"]

    assert before["discriminator"] == {"propertyName": "@type", "mapping": {"Lamp": ENTITY + "Lamp"}}
    assert "discriminator" not in after


def test_an_entity_without_a_base_maps_what_an_exception_names(toy):
    api = toy / "tmf900.yaml"
    exception = "exceptions: [{why: It leads to shades., entities: [Money], maps-also: [Shade]}]\nresources:"
    api.write_text(api.read_text().replace("resources:", exception, 1))

    schemas = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]["schemas"]

    assert schemas["Money"]["discriminator"]["mapping"] == {"Shade": ENTITY + "Shade"}
    assert "discriminator" not in schemas["LampState"]


def test_steps_of_a_patch_are_published_where_something_can_be_patched(toy, schemas):
    api = toy / "tmf900.yaml"
    api.write_text(api.read_text().replace("verbs: all", "verbs: [list, create, retrieve]"))

    fewer = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]["schemas"]

    assert schemas.keys() - fewer.keys() >= {"JsonPatch", "JsonPatchOperations"}


def test_an_exception_replaces_the_rule_of_its_entity_in_its_api(toy):
    exception = "exceptions:\n  - {why: No maker., entities: [Lamp], create: {only: [watt]}, patch: as create}\n"
    api = toy / "tmf900.yaml"
    api.write_text(api.read_text().replace("entities:\n  Lamp:", exception + "entities:\n  Lamp:"))

    schemas = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]["schemas"]

    assert own(schemas["Lamp_FVO"]) == own(schemas["Lamp_MVO"])
    assert list(own(schemas["Lamp_FVO"])["properties"]) == ["watt"]
    assert "required" not in own(schemas["Lamp_FVO"])


def test_forms_and_left_out_subtypes_follow_the_api(toy):
    api = toy / "tmf900.yaml"
    lines = "leaves-out: [subtypes of Shade]\nforms: {create: [Shade], none: [ShadeRefOrValue]}\n"
    api.write_text(api.read_text().replace("resources:", lines + "resources:"))

    schemas = build_documents(toy)["TMF900-v5.0.0.oas.json"]["components"]["schemas"]

    assert [name for name in schemas if "Shade" in name] == [
        "Shade", "ShadeRef", "ShadeRefOrValue", "ShadeRef_FVO", "ShadeRef_MVO", "Shade_FVO"
    ]  # fmt: skip
    assert own(schemas["Lamp_FVO"])["properties"]["shade"]["items"] == {"$ref": ENTITY + "ShadeRefOrValue"}


def test_written_documents_are_not_stale_and_edits_are_found(toy):
    target = toy / "published"

    assert write_documents(toy, target) == [target / "TMF900-v5.0.0.oas.json"]
    assert stale_documents(toy, target) == []

    (target / "TMF900-v5.0.0.oas.json").write_text("{}\n")
    (target / "TMF901-v5.0.0.oas.json").write_text("{}\n")
    assert stale_documents(toy, target) == ["TMF900-v5.0.0.oas.json", "TMF901-v5.0.0.oas.json"]
