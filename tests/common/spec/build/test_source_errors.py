"""A mistake in the sources is refused with the file, the entity and what to change."""

from __future__ import annotations

import pytest

from common.spec.build import SourceError, build_documents

API, BASE, GLOSSARY = "tmf900.yaml", "shared/base.yaml", "glossary.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "entity", "change"),
    [
        (API, "watt: integer", "watt: wattage", "Lamp", "'wattage' is not a type that TMF900 knows; correct it"),
        (
            API,
            "require: [name]",
            "require: [nam]",
            "Lamp",
            "create: require names 'nam', which is no field; correct it",
        ),
        (
            API,
            "without: [watt]",
            "without: [volt]",
            "Lamp",
            "patch: without names 'volt', which is no field of its own; correct it",
        ),
        (
            API,
            "plain: [maker]",
            "plain: [id]",
            "Lamp",
            "patch: plain names 'id', which is no field of its own; correct it",
        ),
        (API, "  Shade: {", "  Money: {", "Money", "is defined in base.yaml already; keep one definition"),
        (API, "      watt: integer", "      name: integer", "name", "stands twice (line 17); keep one of them"),
        (API, "about: Gives light.", "abuot: Gives light.", "Lamp", "'abuot' is not known here"),
        (API, "about: Gives light.", "about:", "Lamp", "write a text for about, not None"),
        (API, "extends: Shade,", "extends: Shadow,", "PaperShade", "'Shadow' is not a type that TMF900 knows"),
        (
            API,
            "light., extends: Entity",
            "light., extends: PaperShade",
            "Shade",
            "extends itself; take one of the bases out",
        ),
        (
            API,
            "verbs: all",
            "verbs: [list, remove]",
            "Lamp",
            "'remove' is not known here; use list, create, retrieve, patch, delete",
        ),
        (API, "  Lamp:\n    verbs", "  Torch:\n    verbs", "Torch", "is not defined; define it or take the name out"),
        (
            API,
            "resources:",
            "leaves-out: [MakerRef]\nresources:",
            "MakerRef",
            "is left out, but Lamp needs it; publish it",
        ),
        (API, "resources:", "forms: {none: [Bulb]}\nresources:", "forms", "'Bulb' is not an entity of this API"),
        (
            API,
            "resources:",
            "forms: {none: [Lamp], create: [Lamp]}\nresources:",
            "Lamp",
            "stands in two groups of forms",
        ),
        (API, "resources:", "exceptions: [{entities: [Lamp]}]\nresources:", "exceptions", "write a text for why"),
        (API, "shade: [ShadeRefOrValue]", "shade: [ShadeRef, Shade]", "Lamp", "write one type in the brackets"),
        (
            API,
            "create: {require: [name], without: [state]}",
            "create: {only: [lit]}",
            "Lamp",
            "only takes fields of its own",
        ),
        (API, "events: [Create]", "events: [Created]", "Lamp", "'Created' is not known here; use Create, "),
        (API, "resources:", "list-parameters: [page]\nresources:", "list-parameters", "'page' is not known here"),
        (API, "resources:", "patch-answers: xml\nresources:", "patch-answers", "'xml' is not known here"),
        (BASE, "forms: [create]", "forms: [made]", "Extensible", "'made' is not a form; use create or patch"),
        (GLOSSARY, "maker: Who made it.\n", "", "Lamp", "'maker' has no sentence; write one in glossary.yaml"),
        (
            GLOSSARY,
            "maker:",
            "lumen: How bright.\nmaker:",
            "lumen",
            "no entity has this attribute; take the sentence out",
        ),
    ],
)
def test_a_mistake_is_named(toy, file, old, new, entity, change):
    path = toy / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(SourceError) as refused:
        build_documents(toy)

    assert refused.value.entity == entity
    assert refused.value.change.startswith(change)
    assert str(refused.value).startswith((f"{path.name}: {entity}: ", "tmf900.yaml: "))


def test_what_is_not_yaml_is_named_by_its_file(toy):
    (toy / "tmf900.yaml").write_text("api: [")

    with pytest.raises(SourceError, match=r"^tmf900\.yaml: is not YAML: "):
        build_documents(toy)


@pytest.mark.parametrize(
    ("file", "old", "new", "entity", "change"),
    [
        (API, "fields: {bulb: [Bulb]}", "fields: {bulb: [Blub]}", "Lamp", "v4: 'Blub' is not a type that TMF900 knows"),
        (API, "{becomes: PartyRef}", "{becomes: Party}", "MakerRef", "v4: 'Party' is not a type that TMF900 knows"),
        (
            API,
            "renames: {watt: power}",
            "renames: {volt: power}",
            "Lamp",
            "v4: renames names 'volt', which is no field of its own; correct it",
        ),
        (
            API,
            "without: [colour]",
            "extends: Lamp",
            "Lamp",
            "v4: leads back to itself; take one of its bases out",
        ),
        (API, "name: Light", "name: Shade", "Shade", "v4: is published as 'Shade', and so is Lamp; give one of them"),
        (API, "without: [colour]", "without: [color]", "Lamp", "v4: without names 'color', which is no field"),
        (API, "      require: [name]", "      require: [watt]", "Lamp", "v4: require names 'watt', which is no field"),
        (
            API,
            "      require: [name]",
            "      create: {require: [lit]}",
            "Lamp",
            "v4: create: require names 'lit', which is no field",
        ),
        (API, "      require: [name]", "      required: [name]", "Lamp", "'required' is not known here"),
        (API, "why: Money has a type here., ", "", "v4 exceptions", "write a text for why"),
        (API, "entities: [Money]", "entities: [Cash]", "v4 exceptions", "'Cash' is not an entity of this API"),
        (
            API,
            "base-path: light/v4",
            "style: late\n  base-path: light/v4",
            "v4",
            "'late' is not a style; use earlier or",
        ),
        (API, "    Lamp: {events:", "    Torch: {events:", "Torch", "is not defined; define it or take the name out"),
        (API, "    Lamp: {events: [Create, AttributeValueChange]}", "    Bulb: none", "Bulb", "is no resource of v5"),
        (
            API,
            "    Bulb: {about",
            "    Shade: {about",
            "Shade",
            "is defined in tmf900.yaml already; keep one definition",
        ),
        (GLOSSARY, "power: How much it takes.\n", "", "Lamp", "'power' has no sentence; write one in glossary.yaml"),
    ],
)
def test_a_mistake_about_v4_is_named(v4_toy, file, old, new, entity, change):
    path = v4_toy / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(SourceError) as refused:
        build_documents(v4_toy)

    assert refused.value.entity == entity
    assert refused.value.change.startswith(change)
    assert str(refused.value).startswith(("glossary.yaml: ", f"tmf900.yaml: {entity}: "))


def test_an_entity_of_v4_alone_is_not_defined_twice(v4_toy):
    (v4_toy / "shared" / "v4.yaml").write_text("Lamp: {about: Gives light.}\n")

    with pytest.raises(SourceError, match=r"^v4\.yaml: Lamp: is defined in tmf900\.yaml already"):
        build_documents(v4_toy)
