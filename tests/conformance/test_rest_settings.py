"""Where the standard is silent: extensions kept or refused, references, extension schemas; numbers, kept exactly."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.conformance.answers import V5, both_majors, pointers, refused

pytestmark = both_majors

EXTENSION = "https://operator.example/schemas/FibreCategory.json"
NUMBERS = ["1.10", "0.1", "12345678901234567890", "-99999999999999999999", "0.0", "1.000", "3" * 34]
NUMBERS += ["0." + "1" * 34, "1234567890123456.789012345678901234", "9007199254740993"]


def times(number, content):
    """How often a number stands in a JSON text as it was written."""
    return content.count(f":{number}".encode()) + content.count(f": {number}".encode())


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_comes_back_digit_by_digit(suite, number, major):
    body = b'{"@type":"Category","name":"x","x-number":%s,"x-deep":[{"n":%s}]}' % (number.encode(), number.encode())

    made = suite.post(major.categories, content=body)

    assert made.status == 201
    for content in (made.content, suite.get(made.json["href"]).content, suite.get(major.categories).content):
        assert times(number, content) == 2, content
    assert times(number, suite.patch(made.json["href"], {"x-other": Decimal(number)}).content) == 3
    if abs(Decimal(number)) > 0:
        assert len(suite.get(f"{major.categories}?x-number={number}").json) == 1


def test_an_exponent_keeps_its_value(suite, major):
    body = b'{"@type":"Category","name":"x","x-number":1.5E+3,"x-small":2e-7}'
    made = suite.post(major.categories, content=body).json

    stored = suite.get(made["href"]).json
    assert (stored["x-number"], stored["x-small"]) == (1500, Decimal("2e-7"))


def test_extension_attributes_are_stored_selected_filtered_and_patched(suite, major):
    extra = {"x-text": "é\u2028", "x-list": [1, None, {"a": []}], "x-object": {"b": {"c": True}}, "@x": 1, "": "empty"}
    made = suite.created(major.categories, major.category(**extra))

    assert {name: made[name] for name in extra} == extra
    assert suite.get(made["href"]).json == made
    assert suite.get(f"{major.categories}?x-object.b.c=true").json == [made]
    assert suite.get(f"{major.categories}/{made['id']}?fields=x-object.b").json["x-object"] == {"b": {"c": True}}
    patched = suite.patch(made["href"], {"x-text": "y", "x-list": None}).json
    assert patched["x-text"] == "y"
    assert "x-list" not in patched


def test_an_unknown_type_is_an_extension_and_round_trips(suite, major):
    body = {"@type": "FibreCategory", "@baseType": "Category", "name": "x", "speed": 100}
    made = suite.created(major.categories, body)

    assert (made["@type"], made["@baseType"], made["speed"]) == ("FibreCategory", "Category", 100)
    assert suite.get(f"{major.categories}?@type=FibreCategory").json == [made]
    assert suite.get(f"{major.categories}?@type=Category").json == []


def test_unknown_attributes_are_refused_where_the_operator_says_so(backend, suite_with, major):
    strict = suite_with(unknown_attributes="refuse")

    answer = strict.post(major.categories, major.category(speed=100, colour="red"))

    assert pointers(refused(answer, 400, "body.invalid")) == ["/colour", "/speed"]
    assert backend.rows() == {}
    made = strict.created(major.categories, major.category())
    assert pointers(refused(strict.patch(made["href"], {"speed": 1}), 400, "body.invalid")) == ["/speed"]
    nested = refused(strict.post(major.categories, major.category(validFor={"a/b": 1})), 400, "body.invalid")
    assert pointers(nested) == ["/validFor/a~1b"]
    refused(strict.get(f"{major.categories}?speed=1"), 400, "query.invalid")
    refused(strict.get(f"{major.categories}?filter=$[?(@.validFor.speed==1)]"), 400, "query.invalid")
    assert strict.get(f"{major.categories}?validFor.startDateTime=2020-01-01T00:00:00Z").json == []
    located = major.category(speed=100) | {"@schemaLocation": "https://elsewhere.example/s.json"}
    assert strict.created(major.categories, located)["speed"] == 100


def test_an_extension_schema_judges_what_names_it(backend, suite_with, tmp_path_factory, major):
    folder = tmp_path_factory.mktemp("extensions")
    schema = {"$id": EXTENSION, "type": "object", "properties": {"speed": {"type": "integer"}}, "required": ["speed"]}
    (folder / "fibre.json").write_text(json.dumps(schema))
    suite = suite_with(extension_dir=str(folder))
    body = {"@type": "FibreCategory", "@baseType": "Category", "@schemaLocation": EXTENSION, "name": "x"}

    assert pointers(refused(suite.post(major.categories, body | {"speed": "fast"}), 400, "body.invalid")) == ["/speed"]
    assert "speed" in refused(suite.post(major.categories, body), 400, "body.invalid")["message"]
    assert backend.rows() == {}
    made = suite.created(major.categories, body | {"speed": 100})
    assert suite.get(made["href"]).json == made
    refused(suite.patch(made["href"], {"speed": "slow"}), 400, "body.invalid")
    assert suite.get(made["href"]).json == made
    other = suite.created(major.categories, major.category(speed="fast"))
    assert other["speed"] == "fast", "another type is not its business"


@pytest.mark.parametrize("mode", ["process", "off"])
def test_a_reference_that_leads_nowhere_is_kept(suite_with, mode, major):
    suite = suite_with(reference_mode=mode)

    made = suite.created(major.offerings, major.offering("nowhere"))

    assert made["productSpecification"]["id"] == "nowhere"


def test_in_strict_mode_references_to_our_resources_lead_somewhere(backend, suite_with, major):
    suite = suite_with(reference_mode="strict")

    assert pointers(refused(suite.post(major.offerings, major.offering("nowhere")), 400, "body.invalid")) == [
        "/productSpecification/id"
    ]
    assert backend.rows() == {}
    specification = suite.created(major.specifications, major.body("ProductSpecification", name="s"))
    made = suite.created(major.offerings, major.offering(specification["id"]))
    refused(suite.patch(made["href"], major.offering("nowhere")), 400, "body.invalid")
    assert suite.get(made["href"]).json == made


def test_what_a_rule_refuses_is_named_where_the_major_has_it(suite_with, major):
    """Rules judge the stored document, whose members v4 has in other places."""
    suite, v5 = suite_with(reference_mode="strict"), major is V5
    individual = major.body("IndividualRef", id="nobody") | {"@referredType": "Individual"}
    related = major.body("RelatedPartyRefOrPartyRoleRef", role="owner", partyOrPartyRole=individual)
    party = related if v5 else {"role": "owner", **individual}
    body = major.body("ProductSpecification", name="s", relatedParty=[party])
    made = suite.created(major.categories, major.category())
    parent = {"parent": {"@type": "CategoryRef", "id": made["id"]}} if v5 else {"parentId": made["id"]}

    created = refused(suite.post(major.specifications, body), 400, "body.invalid")
    patched = refused(suite.patch(made["href"], parent), 400, "body.invalid")

    assert pointers(created) == ["/relatedParty/0/partyOrPartyRole/id" if v5 else "/relatedParty/0/id"]
    assert pointers(patched) == ["/parent/id" if v5 else "/parentId"]
