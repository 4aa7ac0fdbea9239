"""Bodies that are wrong: each is refused with what to change, and leaves nothing behind."""

from __future__ import annotations

import time

import pytest

from common import exact_json
from common.settings import Settings
from common.spec.contract import Verb
from tests.conformance.answers import CATEGORY, INDIVIDUAL, both_majors, category, pointers, raw, refused
from tests.conformance.documents import Generator

TYPES = (b"content-type", b"application/json")
DEEP = 10_000
# Of processor time, so that a busy machine fails nothing.
SECONDS_MAX = 5

NOT_JSON = {
    "empty": b"",
    "blank": b" \n ",
    "broken": b"{name: 1}",
    "single quotes": b"{'name': 'x'}",
    "truncated object": b'{"name": "x"',
    "truncated text": b'{"name": "x',
    "truncated escape": b'{"name": "\\u12',
    "two documents": b'{"name": "x"}{"name": "y"}',
    "trailing comma": b'{"name": "x",}',
    "comment": b'{"name": "x"} // no',
    "control character": b'{"name": "a\nb"}',
    "duplicate name": b'{"name": "x", "name": "y"}',
    "duplicate nested name": b'{"name": "x", "validFor": {"a": 1, "a": 2}}',
    "NaN": b'{"name": "x", "note": NaN}',
    "Infinity": b'{"name": "x", "note": Infinity}',
    "minus Infinity": b'{"name": "x", "note": -Infinity}',
    "leading zero": b'{"name": "x", "note": 007}',
    "plus": b'{"name": "x", "note": +1}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "UTF-8 surrogate": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "latin-1": '{"name": "é"}'.encode("latin-1"),
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "high surrogate": b'{"name": "\\ud800"}',
    "low surrogate": b'{"name": "\\udc00x"}',
    "surrogate in a name": b'{"name": "x", "\\ud83d": 1}',
    "U+0000": b'{"name": "a\\u0000b"}',
    "U+0000 in a name": b'{"name": "x", "a\\u0000": 1}',
    "deep arrays": b'{"name": "x", "note": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"name": "x", "note": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "deep and open": b"[" * DEEP,
    "65 levels": b'{"name": "x", "note": ' + b"[" * 64 + b"]" * 64 + b"}",
    "huge exponent": b'{"name": "x", "note": 1e999999}',
    "tiny exponent": b'{"name": "x", "note": 1e-999999}',
    "exponent that is no index": b'{"name": "x", "note": 1e99999999999999999999}',
    "400 digits": b'{"name": "x", "note": ' + b"9" * 400 + b"}",
    "5,000 digits": b'{"name": "x", "note": ' + b"9" * 5_000 + b"}",
    "35 decimals": b'{"name": "x", "note": 0.' + b"1" * 35 + b"}",
}
NOT_AN_OBJECT = {
    "array": b"[]",
    "array of objects": b'[{"name": "x"}]',
    "text": b'"x"',
    "number": b"1",
    "true": b"true",
    "null": b"null",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_create_whose_body_is_not_json_is_refused(backend, suite, body):
    answer = suite.post(CATEGORY, content=body)

    refused(answer, 400, "body.malformed")
    assert backend.rows() == {}


@pytest.mark.parametrize("media_type", ["", "merge-patch+", "json-patch+", "json-patch-query+"])
def test_a_patch_whose_body_is_not_json_changes_nothing(backend, suite, media_type):
    made = suite.created(CATEGORY, category())
    before = backend.rows()

    for body in NOT_JSON.values():
        answer = suite.patch(made["href"], content=body, media_type=f"application/{media_type}json")
        refused(answer, 400, "body.malformed")

    assert suite.get(made["href"]).json == made
    assert backend.rows() == before


@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT.keys())
@pytest.mark.parametrize("path", [CATEGORY, "/tmf-api/productCatalogManagement/v5/hub"])
def test_a_create_whose_body_is_no_object_is_refused(backend, suite, path, body):
    assert pointers(refused(suite.post(path, content=body), 400, "body.invalid")) == [""]
    assert backend.rows() == {}


@pytest.mark.parametrize("body", NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT.keys())
@pytest.mark.parametrize("media_type", ["", "merge-patch+", "json-patch+", "json-patch-query+"])
def test_a_patch_whose_body_is_no_patch_is_refused(suite, media_type, body):
    made = suite.created(CATEGORY, category())

    refused(suite.patch(made["href"], content=body, media_type=f"application/{media_type}json"), 400, "patch.invalid")

    assert suite.get(made["href"]).json == made


PATCHES = {
    "no op": [{"path": "/name", "value": "y"}],
    "unknown op": [{"op": "append", "path": "/name", "value": "y"}],
    "op is an object": [{"op": {}, "path": "/name", "value": "y"}],
    "no path": [{"op": "replace", "value": "y"}],
    "path is a number": [{"op": "replace", "path": 7, "value": "y"}],
    "no value": [{"op": "replace", "path": "/name"}],
    "copy without from": [{"op": "copy", "path": "/name"}],
    "bad escape": [{"op": "replace", "path": "/na~2me", "value": "y"}],
    "operation is a text": ["remove"],
    "no operations": [],
    "too many operations": [{"op": "test", "path": "/name", "value": "x"}] * 1_001,
    "path longer than any": [{"op": "add", "path": "/" + "a" * 1_000_000, "value": 1}],
    "remove everything": [{"op": "remove", "path": ""}],
    "move into itself": [{"op": "move", "from": "/validFor", "path": "/validFor/a"}],
}


@pytest.mark.parametrize("operations", PATCHES.values(), ids=PATCHES.keys())
def test_a_json_patch_that_means_nothing_is_refused(suite, operations):
    made = suite.created(CATEGORY, category(validFor={"startDateTime": "2026-01-01T00:00:00Z"}))

    answer = suite.patch(made["href"], operations, media_type="application/json-patch+json")

    assert len(refused(answer, 400, "patch.invalid")["message"]) < 300
    assert suite.get(made["href"]).json == made


def test_a_json_patch_that_replaces_the_resource_by_a_text_is_refused(suite):
    made = suite.created(CATEGORY, category())

    for value in ("y", 1, [], None):
        answer = suite.patch(
            made["href"], [{"op": "replace", "path": "", "value": value}], media_type="application/json-patch+json"
        )
        refused(answer, 400, "patch.invalid")

    assert suite.get(made["href"]).json == made


def test_a_patch_that_doubles_with_every_operation_is_refused_at_once(suite):
    made = suite.created(CATEGORY, category(note=["a"]))
    operations = [{"op": "copy", "from": "/note", "path": "/note/-"}] * 60
    started = time.process_time()

    answer = suite.patch(made["href"], operations, media_type="application/json-patch+json")

    refused(answer, 400, "patch.invalid")
    assert time.process_time() - started < SECONDS_MAX
    assert suite.get(made["href"]).json == made


def test_a_patch_that_multiplies_its_value_over_many_places_is_refused_at_once(suite):
    made = suite.created(CATEGORY, category(note=[{"a": 1}] * 5_000))
    operations = [{"op": "add", "path": "/note/b", "value": ["x"] * 10_000}]
    started = time.process_time()

    answer = suite.patch(made["href"], operations, media_type="application/json-patch-query+json")

    refused(answer, 400, "patch.invalid")
    assert time.process_time() - started < SECONDS_MAX
    assert suite.get(made["href"]).json == made


def test_a_large_value_may_be_patched_into_its_one_place(suite):
    made = suite.created(CATEGORY, category(note=[{"a": 1}]))
    operations = [{"op": "add", "path": "/note/b?a=1", "value": "x" * 2_000_000}]

    answer = suite.patch(made["href"], operations, media_type="application/json-patch-query+json")

    assert answer.json["note"] == [{"a": 1, "b": "x" * 2_000_000}]


def test_a_resource_cannot_be_patched_deeper_than_a_body_may_be(suite):
    made = suite.created(CATEGORY, category(note={"a": {}}))
    inner = {"a": {}}
    for _ in range(40):
        inner = {"a": inner}
    first = suite.patch(
        made["href"], [{"op": "add", "path": "/note/a/a", "value": inner}], media_type="application/json-patch+json"
    )
    assert first.status == 200

    path = "/note" + "/a" * 44
    answer = suite.patch(
        made["href"], [{"op": "add", "path": path, "value": inner}], media_type="application/json-patch+json"
    )

    refused(answer, 400, "patch.invalid")
    assert suite.get(made["href"]).json == first.json


def test_a_path_query_full_of_blanks_is_read_at_once(suite):
    made = suite.created(CATEGORY, category(note=[{"a": "b"}]))
    operations = [{"op": "remove", "path": "/note?a" + " " * 3_000 + "b"}] * 1_000
    started = time.process_time()

    answer = suite.patch(made["href"], operations, media_type="application/json-patch-query+json")

    refused(answer, 400, "patch.invalid")
    assert time.process_time() - started < SECONDS_MAX


def test_a_body_above_the_limit_is_refused_before_it_is_read(backend, suite):
    ten = str(10_000_000).encode()

    answer = raw(suite, "POST", CATEGORY.encode(), headers=[TYPES, (b"content-length", ten)], chunks=[])

    assert refused(answer, 413, "body.too-large")["message"] == "a body may have at most 4000000 bytes"
    assert backend.rows() == {}


def test_a_body_above_the_limit_that_announces_no_length_is_refused(backend, suite):
    answer = raw(suite, "POST", CATEGORY.encode(), headers=[TYPES], chunks=[b" " * 1_000_000] * 10)

    refused(answer, 413, "body.too-large")
    assert backend.rows() == {}


@pytest.mark.parametrize("length", [b"-1", b"abc", b"9" * 5_000, "²".encode("latin-1"), b"1e3", b""])
def test_a_content_length_that_is_no_number_is_no_server_error(backend, suite, length):
    answer = raw(suite, "POST", CATEGORY.encode(), headers=[TYPES, (b"content-length", length)], chunks=[b"{}"])

    assert answer.status in (400, 413)
    refused(answer, answer.status, answer.json["code"])
    assert backend.rows() == {}


def test_a_body_of_the_largest_size_is_stored_whole(suite):
    around = exact_json.encode(category(description=""))
    room = Settings().body_bytes_max - len(around)

    answer = suite.post(CATEGORY, content=around[:-2] + b"a" * room + b'"}')

    assert answer.status == 201
    assert len(suite.get(answer.json["href"]).json["description"]) == room


def test_a_body_with_a_hundred_thousand_mistakes_is_answered_at_once(backend, suite):
    started = time.process_time()

    answer = suite.post(INDIVIDUAL, {"@type": "Individual", "externalReference": [1] * 100_000})

    refused(answer, 400, "body.invalid")
    assert time.process_time() - started < SECONDS_MAX
    assert len(answer.content) < 100_000
    assert backend.rows() == {}


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("productCatalogManagement/v5/productOffering", {"@type": "Category", "name": "x"}, "/@type"),
        ("productCatalogManagement/v4/productOffering", {"@type": "Category", "name": "x"}, "/@type"),
        ("productCatalogManagement/v5/category", {"@type": "", "name": "x"}, "/@type"),
        (
            "partyManagement/v5/individual",
            {
                **{"@type": "Individual", "givenName": "A", "familyName": "L"},
                "contactMedium": [{"@type": "Individual", "emailAddress": 5}],
            },
            "/contactMedium/0/@type",
        ),
    ],
)
def test_a_type_that_the_contract_has_for_something_else_is_refused(backend, suite, path, body, pointer):
    before = backend.rows()

    assert pointers(refused(suite.post(f"/tmf-api/{path}", body), 400, "body.invalid")) == [pointer]

    assert backend.rows() == before


@both_majors
def test_a_patch_cannot_make_a_resource_one_of_another_type(suite, major):
    made = suite.created(major.categories, major.category())
    shown = suite.get(made["href"]).json

    assert suite.patch(made["href"], {"@type": "ProductOffering"}).status == 400
    assert suite.get(made["href"]).json == shown


@pytest.mark.parametrize("nothing", ["", " ", "."], ids=["empty", "blank", "dot"])
def test_empty_names_and_odd_attributes_are_kept_as_extensions(suite, nothing):
    made = suite.created(CATEGORY, category(**{nothing: "y", "__proto__": 1, "a/b~c": {"": 2}}))

    assert suite.get(made["href"]).json == made
    assert (made[nothing], made["__proto__"], made["a/b~c"]) == ("y", 1, {"": 2})


WRONG = {
    "string": (5, True, ["x"], {"x": 1}),
    "boolean": ("true", 1, ["x"], {"x": 1}),
    "integer": ("1", 1.5, True, ["x"], {"x": 1}),
    "number": ("1", True, ["x"], {"x": 1}),
    "object": ("x", 5, False, ["x"]),
    "array": ("x", 5, False, {"x": 1}, ["x"], [5], [["x"]]),
}
CASES = 4_441
# What the server writes itself: a client's value is dropped unread, whatever it is.
SERVER_WRITTEN = {"href"}


def _creatable(suite):
    for contract in suite.installation.contracts:
        for resource in contract.resources.values():
            if Verb.CREATE in resource.operations:
                yield contract, resource


def _kind(generator, schema):
    schema = generator.resolve(schema)
    return schema.get("type") or ("object" if schema.keys() & {"allOf", "oneOf", "anyOf", "properties"} else None)


def test_every_attribute_of_every_resource_refuses_a_value_of_another_type(backend, suite):
    cases = 0
    for contract, resource in _creatable(suite):
        generator = Generator(contract.document)
        schema = generator.body_schema(contract.document["paths"][resource.path]["post"])
        valid = generator.minimal(schema)
        properties, _ = generator._flat(generator.resolve(schema), ())
        for name, inner in properties.items():
            kind = _kind(generator, inner)
            if kind is None or name in SERVER_WRITTEN:
                continue
            scalars = kind == "array" and _kind(generator, generator.resolve(inner).get("items", {})) == "string"
            for value in WRONG[kind]:
                if scalars and value == ["x"]:
                    continue
                answer = suite.post(contract.base_path + resource.path, {**valid, name: value})
                assert answer.status == 400, (resource.name, name, value, answer.content)
                body = refused(answer, 400, "body.invalid")
                assert any(p == f"/{name}" or p.startswith(f"/{name}/") for p in pointers(body)), (name, value, body)
                cases += 1
    assert cases == CASES
    assert backend.rows() == {}


def test_every_attribute_that_is_mandatory_is_asked_for(backend, suite):
    """Unless the server fills it itself: then the resource is created with it."""
    for contract, resource in _creatable(suite):
        generator = Generator(contract.document)
        schema = generator.body_schema(contract.document["paths"][resource.path]["post"])
        _, required = generator._flat(generator.resolve(schema), ())

        answer = suite.post(contract.base_path + resource.path, {})

        if answer.status == 201:
            assert required <= answer.json.keys()
        else:
            missing = {error["message"] for error in refused(answer, 400, "body.invalid")["errors"]}
            assert missing == {f"{name} is required" for name in required - resource.fillable}, resource.name
