"""Changes as TMF630 Part 1, 1.8, 1.9 and Parts 4 and 5 have them: patches, conditions, keys, ids, versions."""

from __future__ import annotations

import pytest

from tests.conformance.answers import V4, V5, both_majors, pointers, refused

pytestmark = both_majors

MERGE = ("application/json", "application/merge-patch+json")
POINTERS = "application/json-patch+json"
QUERIES = "application/json-patch-query+json"


def note(author, text="t"):
    return {"author": author, "text": text}


@pytest.fixture
def made(suite, major):
    body = major.category(
        "x", description="d", note=[note("Ada"), note("Bob")], validFor={"startDateTime": "2026-01-01T00:00:00Z"}
    )
    return suite.created(major.categories, body)


@pytest.mark.parametrize("media_type", MERGE)
def test_a_merge_patch_replaces_adds_and_removes(suite, made, media_type):
    patch = {"name": "y", "description": None, "validFor": {"endDateTime": "2027-01-01T00:00:00Z"}, "note": [note("C")]}

    answer = suite.patch(made["href"], patch, media_type=media_type)

    assert answer.status == 200
    expected = {k: v for k, v in made.items() if k != "description"}
    expected |= {"name": "y", "note": [note("C")], "lastUpdate": answer.json["lastUpdate"]}
    expected["validFor"] = made["validFor"] | {"endDateTime": "2027-01-01T00:00:00.000Z"}
    assert answer.json == expected
    assert suite.get(made["href"]).json == expected


POINTER_PATCHES = {
    "replace": ([{"op": "replace", "path": "/name", "value": "y"}], {"name": "y"}),
    "single operation": ({"op": "replace", "path": "/name", "value": "y"}, {"name": "y"}),
    "remove": ([{"op": "remove", "path": "/description"}], {"description": None}),
    "insert": ([{"op": "add", "path": "/note/1", "value": note("C")}], {"note": [note("Ada"), note("C"), note("Bob")]}),
    "append": ([{"op": "add", "path": "/note/-", "value": note("C")}], {"note": [note("Ada"), note("Bob"), note("C")]}),
    "append as the samples do": (
        [{"op": "add", "path": "/note", "value": note("C")}],
        {"note": [note("Ada"), note("Bob"), note("C")]},
    ),
    "replace an array": ([{"op": "add", "path": "/note", "value": []}], {"note": []}),
    "move": (
        [{"op": "move", "from": "/note/0", "path": "/note/-"}],
        {"note": [note("Bob"), note("Ada")]},
    ),
    "copy": ([{"op": "copy", "from": "/description", "path": "/name"}], {"name": "d"}),
    "test and replace": (
        [{"op": "test", "path": "/name", "value": "x"}, {"op": "replace", "path": "/name", "value": "y"}],
        {"name": "y"},
    ),
    "escaped": ([{"op": "add", "path": "/a~1b~0c", "value": 1}], {"a/b~c": 1}),
}
QUERY_PATCHES = {
    "remove selected": ([{"op": "remove", "path": "/note?author=Ada"}], {"note": [note("Bob")]}),
    "attribute of selected": (
        [{"op": "replace", "path": "/note/text?author=Ada", "value": "u"}],
        {"note": [note("Ada", "u"), note("Bob")]},
    ),
    "named from the root": (
        [{"op": "replace", "path": "/note/text?note.author=Bob", "value": "u"}],
        {"note": [note("Ada"), note("Bob", "u")]},
    ),
    "named from the root with slashes": (
        [{"op": "replace", "path": "/note/text?/note/author=Bob", "value": "u"}],
        {"note": [note("Ada"), note("Bob", "u")]},
    ),
    "guard": ([{"op": "replace", "path": "/name?name=x", "value": "y"}], {"name": "y"}),
    "JSONPath": ([{"op": "remove", "path": "note[?(@.author=='Bob')]"}], {"note": [note("Ada")]}),
    "every match": (
        [{"op": "replace", "path": "/note/text?text=t", "value": "u"}],
        {"note": [note("Ada", "u"), note("Bob", "u")]},
    ),
}


@pytest.mark.parametrize(
    ("media_type", "operations", "changed"),
    [pytest.param(POINTERS, *case, id=name) for name, case in POINTER_PATCHES.items()]
    + [pytest.param(QUERIES, *case, id=f"query: {name}") for name, case in QUERY_PATCHES.items()],
)
def test_operations_change_what_they_say_and_nothing_else(suite, made, media_type, operations, changed):
    answer = suite.patch(made["href"], operations, media_type=media_type)

    assert answer.status == 200, answer.content
    expected = made | {"lastUpdate": answer.json["lastUpdate"]} | changed
    assert answer.json == {name: value for name, value in expected.items() if value is not None}
    assert suite.get(made["href"]).json == answer.json


FAILING = [
    (POINTERS, [{"op": "test", "path": "/name", "value": "other"}]),
    (POINTERS, [{"op": "replace", "path": "/name", "value": "y"}, {"op": "test", "path": "/name", "value": "x"}]),
    (POINTERS, [{"op": "remove", "path": "/nothing"}]),
    (POINTERS, [{"op": "replace", "path": "/note/7", "value": note("C")}]),
    (QUERIES, [{"op": "remove", "path": "/note?author=Nobody"}]),
    (QUERIES, [{"op": "replace", "path": "/name?name=other", "value": "y"}]),
]


@pytest.mark.parametrize(("media_type", "operations"), FAILING)
def test_a_patch_whose_condition_does_not_hold_is_409_and_changes_nothing(backend, suite, made, media_type, operations):
    before = backend.rows()

    refused(suite.patch(made["href"], operations, media_type=media_type), 409, "patch.test-failed")

    assert suite.get(made["href"]).json == made
    assert backend.rows() == before


@pytest.mark.parametrize("name", ["id", "href"])
def test_an_immutable_attribute_may_be_repeated_and_not_changed(suite, made, name):
    same = suite.patch(made["href"], {name: made[name], "name": "y"})
    other = suite.patch(made["href"], {name: "other", "name": "z"})

    assert same.status == 200
    assert pointers(refused(other, 400, "body.invalid")) == [f"/{name}"]
    assert suite.get(made["href"]).json == same.json


def test_a_patch_that_changes_nothing_keeps_revision_and_raises_no_event(backend, suite, major):
    made = suite.post(major.categories, major.category())
    before = backend.rows()

    answer = suite.patch(made.json["href"], major.category())

    assert (answer.status, answer.json) == (200, made.json)
    assert answer.headers["etag"] == made.headers["etag"]
    assert backend.rows() == before


def test_conditions_decide_by_the_revision(suite, major):
    made = suite.post(major.categories, major.category())
    href, tag = made.json["href"], made.headers["etag"]

    assert suite.get(href).headers["etag"] == tag
    assert suite.get(href, headers={"if-none-match": tag}).status == 304
    assert suite.get(href, headers={"if-none-match": tag}).headers["etag"] == tag
    assert suite.get(href, headers={"if-none-match": tag}).content == b""
    assert suite.get(href, headers={"if-none-match": f'W/{tag}, "9"'}).status == 304
    assert suite.get(href, headers={"if-none-match": "*"}).status == 304
    assert suite.get(href, headers={"if-none-match": '"other"'}).status == 200
    refused(suite.patch(href, {"name": "y"}, headers={"if-match": '"other"'}), 412, "precondition.failed")
    refused(suite.patch(href, {"name": "y"}, headers={"if-match": f"W/{tag}"}), 412, "precondition.failed")
    patched = suite.patch(href, {"name": "y"}, headers={"if-match": f'"7", {tag}'})
    assert (patched.status, patched.headers["etag"] != tag) == (200, True)
    refused(suite.delete(href, headers={"if-match": tag}), 412, "precondition.failed")
    assert suite.get(href).headers["etag"] == patched.headers["etag"]
    assert suite.delete(href, headers={"if-match": "*"}).status == 204
    refused(suite.get(href), 404, "resource.not-found")


def test_a_new_version_has_another_etag_than_the_one_before(suite, major):
    one = suite.post(V5.categories, V5.category("one", id="v", version="1.0")).headers["etag"]
    two = suite.post(V5.categories, V5.category("two", id="v", version="2.0")).headers["etag"]
    latest = f"{major.categories}/v"

    assert one != two
    assert suite.get(latest, headers={"if-none-match": one}).json["name"] == "two"
    assert suite.get(latest, headers={"if-none-match": two}).status == 304
    assert suite.get(f"{latest}:(version=1.0)", headers={"if-none-match": one}).status == 304
    refused(suite.patch(latest, {"description": "of one"}, headers={"if-match": one}), 412, "precondition.failed")
    refused(suite.delete(latest, headers={"if-match": one}), 412, "precondition.failed")
    assert suite.patch(latest, {"description": "of two"}, headers={"if-match": two}).status == 200


def test_what_is_deleted_and_made_again_has_another_etag(suite, major):
    address = f"{major.categories}/v"
    first = suite.post(V5.categories, V5.category("x", id="v")).headers["etag"]
    assert suite.delete(address, headers={"if-match": first}).status == 204

    again = suite.post(V5.categories, V5.category("y", id="v")).headers["etag"]

    assert again != first
    assert suite.get(address, headers={"if-none-match": first}).json["name"] == "y"
    refused(suite.patch(address, {"name": "z"}, headers={"if-match": first}), 412, "precondition.failed")


def test_an_etag_that_one_major_said_holds_in_the_other(suite, major):
    other = V4 if major.number == 5 else V5
    made = suite.post(major.categories, major.category())
    here, there = (f"{each.categories}/{made.json['id']}" for each in (major, other))
    tag = made.headers["etag"]

    assert suite.get(there).headers["etag"] == tag
    changed = suite.patch(there, {"name": "y"}, headers={"if-match": tag})
    assert changed.status == 200
    refused(suite.patch(here, {"name": "z"}, headers={"if-match": tag}), 412, "precondition.failed")
    assert suite.patch(here, {"name": "z"}, headers={"if-match": changed.headers["etag"]}).status == 200


def test_an_idempotency_key_replays_and_refuses_another_body(backend, suite, major):
    key = {"idempotency-key": "k-1"}
    first = suite.post(major.categories, major.category(), headers=key)
    before = backend.rows()
    again = suite.post(major.categories, major.category(), headers=key)

    assert (again.status, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    refused(suite.post(major.categories, major.category("y"), headers=key), 422, "idempotency.mismatch")
    assert backend.rows() == before
    assert suite.post(major.individuals, major.individual(), headers=key).status == 201, (
        "a key belongs to its operation"
    )


def test_a_refused_request_keeps_no_idempotency_key(suite, major):
    key = {"idempotency-key": "k-1"}

    assert suite.post(major.categories, {"description": "d"}, headers=key).status == 400
    assert suite.post(major.categories, major.category(), headers=key).status == 201


def test_href_and_dates_of_the_client_are_the_servers(suite, major):
    made = suite.created(
        major.categories, major.category(href="http://evil.example/", lastUpdate="1999-01-01T00:00:00Z")
    )

    assert made["href"] == f"http://bss.example{major.categories}/{made['id']}"
    assert not made["lastUpdate"].startswith("1999")
    assert suite.get(f"{major.categories}?lastUpdate={made['lastUpdate']}").json == [made]


def test_a_null_in_a_create_is_absent(suite, major):
    assert "description" not in suite.created(major.categories, major.category(description=None))


def test_versions_of_a_catalogue_entity_live_side_by_side(suite, major):
    for name, version in (("one", "1.0"), ("two", "2.0")):
        suite.created(V5.categories, V5.category(name, id="v", version=version))  # no v4 create has an id
    two = suite.get(f"{major.categories}/v").json

    assert (two["name"], two["version"]) == ("two", "2.0")
    refused(suite.post(V5.categories, V5.category("x", id="v", version="1.0")), 409, "resource.id-taken")
    assert suite.get(f"{major.categories}?id=v").json == [two]
    for address in ("v:(version=1.0)", "v:(1.0)", "v:(Version=1.0)", "v%3A%28version%3D1.0%29", "v?version=1.0"):
        assert suite.get(f"{major.categories}/{address}").json["name"] == "one", address
    assert [item["name"] for item in suite.get(f"{major.categories}?id=v&version=1.0").json] == ["one"]
    assert suite.get(f"{major.categories}?id=v&version.ne=none").headers["x-total-count"] == "2"
    patched = suite.patch(f"{major.categories}/v:(version=1.0)", {"description": "old"})
    assert (patched.status, patched.json["name"]) == (200, "one")
    assert suite.get(f"{major.categories}/v").json == two
    assert suite.delete(f"{major.categories}/v:(version=2.0)").status == 204
    assert suite.get(f"{major.categories}/v").json["name"] == "one"
    refused(suite.get(f"{major.categories}/v:(version=2.0)"), 404, "resource.not-found")
    assert suite.delete(f"{major.categories}/v").status == 204
    refused(suite.get(f"{major.categories}/v"), 404, "resource.not-found")


@pytest.mark.parametrize("named", [{}, {"version": ""}, {"version": None}], ids=["none", "empty", "null"])
@pytest.mark.parametrize("there", [{}, {"version": "1.0"}], ids=["versionless", "versioned"])
def test_a_create_with_a_known_id_and_no_version_is_refused(backend, suite, major, there, named):
    suite.created(V5.categories, V5.category("kept", id="v", **there))
    before = backend.rows()

    body = refused(suite.post(V5.categories, V5.category("x", id="v", **named)), 409, "resource.id-taken")

    assert "say a new version" in body["message"]
    assert backend.rows() == before
    assert suite.get(f"{major.categories}/v").json["name"] == "kept"
    assert suite.created(V5.categories, V5.category("next", id="v", version="2.0"))["version"] == "2.0"


def test_what_others_use_is_not_deleted(suite, major):
    specification = suite.created(major.specifications, major.body("ProductSpecification", name="s"))
    offering = suite.created(major.offerings, major.offering(specification["id"]))

    refused(suite.delete(specification["href"]), 409, "resource.in-use")
    assert suite.delete(offering["href"]).status == 204
    assert suite.delete(specification["href"]).status == 204


def test_every_change_raises_its_event_and_no_other(backend, suite, major):
    made = suite.created(major.categories, major.category())
    assert backend.rows()["outbox"] == 1
    suite.patch(made["href"], {"description": "d"})
    assert backend.rows()["outbox"] == 2
    assert suite.delete(made["href"]).status == 204
    assert backend.rows() == {"outbox": 3}
