"""Patches: the RFCs, and every dialect that the official samples use."""

from __future__ import annotations

import copy
import time

import pytest

from common.errors import InvalidBody, InvalidPatch, PatchTestFailed
from common.rest.headers import JSON_PATCH, JSON_PATCH_QUERY, MERGE_PATCH
from common.rest.patch import apply

PARTY = {
    "name": "x",
    "state": "new",
    "relatedParty": [
        {"role": "vendor", "partyOrPartyRole": {"id": "1"}},
        {"role": "user", "partyOrPartyRole": {"id": "2"}},
    ],
    "contactMedium": [{"city": "Paris"}, {"city": "Rome", "preferred": True}],
    "note": [{"id": "1", "author": "A", "text": "t"}],
    "item": [{"id": "120", "account": {"id": "7"}}],
    "char": [{"spec": [{"value": "Black", "isDefault": True}, {"value": "White"}]}],
}


def is_array(name: str) -> bool:
    return name in ("place", "note")


def patched(media_type, patch):
    before = copy.deepcopy(PARTY)
    after = apply(media_type, patch, PARTY, is_array)
    assert before == PARTY, "the given document was changed"
    return after


def op(name, path, **rest):
    return {"op": name, "path": path, **rest}


def test_merge_patch_removes_with_null_and_merges_objects():
    after = apply(
        MERGE_PATCH,
        {"a": {"b": None, "c": 2}, "d": None, "e": [1]},
        {"a": {"b": 1, "x": 0}, "d": 1, "e": [2, 3]},
        is_array,
    )
    assert after == {"a": {"x": 0, "c": 2}, "e": [1]}


def test_adding_an_object_to_an_array_appends():
    assert patched(JSON_PATCH, [op("add", "/note", value={"id": "2"})])["note"][1] == {"id": "2"}


def test_adding_an_object_to_an_absent_array_makes_it():
    assert patched(JSON_PATCH, [op("add", "/place", value={"id": "2"})])["place"] == [{"id": "2"}]


def test_a_single_operation_needs_no_array():
    assert patched(JSON_PATCH, op("replace", "/name", value="y"))["name"] == "y"


def test_pointer_without_leading_slash():
    assert patched(JSON_PATCH, [op("replace", "name", value="y")])["name"] == "y"


def test_rfc_6902_operations_in_order():
    after = patched(
        JSON_PATCH,
        [
            op("test", "/name", value="x"),
            op("add", "/note/0", value={"id": "0"}),
            op("add", "/note/-", value={"id": "9"}),
            op("copy", "/copied", **{"from": "/note/0"}),
            op("move", "/moved", **{"from": "/name"}),
            op("remove", "/note/1"),
        ],
    )
    assert after["note"] == [{"id": "0"}, {"id": "9"}]
    assert after["copied"] == {"id": "0"}
    assert after["moved"] == "x"
    assert "name" not in after


@pytest.mark.parametrize(
    ("operation", "look", "expected"),
    [
        (op("remove", "/relatedParty?role=vendor"), lambda d: [p["role"] for p in d["relatedParty"]], ["user"]),
        (
            op("replace", "/contactMedium/preferred?city=Paris", value=True),
            lambda d: [c.get("preferred") for c in d["contactMedium"]],
            [True, True],
        ),
        (
            op("replace", "/item/account/id?item.id=120", value="1889"),
            lambda d: d["item"][0]["account"]["id"],
            "1889",
        ),
        (
            op("replace", "/relatedParty/partyOrPartyRole/id?relatedParty.role=user", value="777"),
            lambda d: [p["partyOrPartyRole"]["id"] for p in d["relatedParty"]],
            ["1", "777"],
        ),
        (
            op("replace", "/note/text?/note/author=A", value="new"),
            lambda d: d["note"][0]["text"],
            "new",
        ),
        (op("remove", "/item?/item.account.id=7"), lambda d: d["item"], []),
        (op("replace", "/state?state=new", value="held"), lambda d: d["state"], "held"),
        (op("replace", "/state?name='x'", value="held"), lambda d: d["state"], "held"),
        (op("replace", "/note.author?id=1", value="B"), lambda d: d["note"][0]["author"], "B"),
        (op("delete", "/note?note.id=='1' "), lambda d: d["note"], []),
        (
            op("replace", ".note[?(@.author=='A')]", value={"text": "n"}),
            lambda d: d["note"],
            [{"id": "1", "author": "A", "text": "n"}],
        ),
        (
            op("replace", "/char/spec/isDefault?value=/char/spec/Black", value=False),
            lambda d: [s.get("isDefault") for s in d["char"][0]["spec"]],
            [False, None],
        ),
        (
            op("replace", "/note?id=1", value={"text": "n"}),
            lambda d: d["note"],
            [{"id": "1", "author": "A", "text": "n"}],
        ),
    ],
)
def test_query_dialect(operation, look, expected):
    assert look(patched(JSON_PATCH_QUERY, [operation])) == expected


def test_query_path_in_a_plain_json_patch():
    assert patched(JSON_PATCH, op("replace", "/note/text?/note.author=A", value="n"))["note"][0]["text"] == "n"


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (JSON_PATCH, [op("test", "/name", value="y")]),
        (JSON_PATCH, [op("test", "/name", value=True)]),
        (JSON_PATCH, [op("remove", "/nothing")]),
        (JSON_PATCH, [op("replace", "/note/5", value=1)]),
        (JSON_PATCH, [op("add", "/name/x", value=1)]),
        (JSON_PATCH_QUERY, [op("remove", "/relatedParty?role=nobody")]),
        (JSON_PATCH_QUERY, [op("replace", "/state?state=old", value="x")]),
    ],
)
def test_what_does_not_hold_is_a_conflict(media_type, patch):
    with pytest.raises(PatchTestFailed):
        patched(media_type, patch)


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (MERGE_PATCH, []),
        (MERGE_PATCH, None),
        (JSON_PATCH, []),
        (JSON_PATCH, [None, None]),
        (JSON_PATCH, "x"),
        (JSON_PATCH, [{"op": "replace", "path": "/a"}]),
        (JSON_PATCH, [{"op": "explode", "path": "/a", "value": 1}]),
        (JSON_PATCH, [{"op": "add", "value": 1}]),
        (JSON_PATCH, [op("add", "/note/x", value=1)]),
        (JSON_PATCH, [op("add", "/note/01", value=1)]),
        (JSON_PATCH, [op("replace", "/a~2", value=1)]),
        (JSON_PATCH, [op("remove", "")]),
        (JSON_PATCH, [op("move", "/note/x", **{"from": "/note"})]),
        (JSON_PATCH, [op("test", "/name", value="x")] * 1001),
        (JSON_PATCH_QUERY, [op("replace", "?a=1", value=1)]),
        (JSON_PATCH_QUERY, [op("replace", "/note?nonsense", value=1)]),
        (JSON_PATCH_QUERY, [op("replace", "note[?(@.x", value=1)]),
        (JSON_PATCH_QUERY, [op("add", "/x%00", value=1)]),
        (JSON_PATCH_QUERY, [op("remove", "/note?author%2500=A")]),
        (JSON_PATCH_QUERY, [op("add", "/x%ED%A0%80", value=1)]),
        (JSON_PATCH_QUERY, [op("remove", "/note?author=%00")]),
        (JSON_PATCH, [op("remove", "/note?author=%FF")]),
    ],
)
def test_unreadable_patches_are_refused(media_type, patch):
    with pytest.raises(InvalidPatch):
        patched(media_type, patch)


@pytest.mark.parametrize(
    ("media_type", "operation"),
    [
        (JSON_PATCH, op("add", "/~0state", value="x")),
        (JSON_PATCH, op("add", "/note/0/~0id", value="x")),
        (JSON_PATCH, op("remove", "/~0kept/of")),
        (JSON_PATCH, op("test", "/~0kept", value="x")),
        (JSON_PATCH, op("copy", "/name", **{"from": "/~0kept"})),
        (JSON_PATCH, op("move", "/~0kept", **{"from": "/name"})),
        (JSON_PATCH, op("remove", "/note?~author=A")),
        (JSON_PATCH_QUERY, op("add", "/~x", value="x")),
        (JSON_PATCH_QUERY, op("add", "/%7Ex", value="x")),
        (JSON_PATCH_QUERY, op("add", "/~0x", value="x")),
        (JSON_PATCH_QUERY, op("remove", "/note?note.~author=A")),
        (JSON_PATCH_QUERY, op("remove", "note[?(@['~author']=='A')]")),
    ],
)
def test_a_path_names_nothing_that_is_kept_for_the_other_major(media_type, operation):
    with pytest.raises(InvalidBody, match="do not start with ~"):
        patched(media_type, operation)


def test_a_copy_takes_what_is_kept_for_the_other_major_to_places_of_its_kind_only():
    kept = {"medium": [{"city": "Paris", "~type": "home"}], "item": [{"medium": [{"city": "Rome", "~type": "work"}]}]}
    copies = [
        op("copy", "/medium/-", **{"from": "/medium/0"}),
        op("copy", "/item/-", **{"from": "/item/0"}),
        op("copy", "/x", **{"from": "/medium/0"}),
        op("move", "/y", **{"from": "/item/0/medium"}),
    ]

    after = apply(JSON_PATCH, copies, kept, is_array)

    assert after["medium"] == [{"city": "Paris", "~type": "home"}] * 2
    assert after["item"] == [{}, {"medium": [{"city": "Rome", "~type": "work"}]}]
    assert (after["x"], after["y"]) == ({"city": "Paris"}, [{"city": "Rome"}])


@pytest.mark.parametrize("media_type", [JSON_PATCH, JSON_PATCH_QUERY])
def test_a_test_compares_what_the_client_can_see(media_type):
    kept = {"medium": {"city": "Paris", "size": 1, "~type": "home", "sub": [{"a": True, "~b": 1}]}}

    def tested(value):
        return apply(media_type, op("test", "/medium", value=value), kept, is_array)

    assert tested({"city": "Paris", "size": 1.0, "sub": [{"a": True}]}) == kept
    for other in ({"city": "Paris", "size": 1, "sub": [{"a": 1}]}, {"city": "Paris"}, {"city": "Paris", "size": True}):
        with pytest.raises(PatchTestFailed):
            tested(other)


def test_a_pattern_of_a_client_never_holds_the_process():
    unlucky = {"note": [{"text": "a" * 20_000}]}
    started = time.process_time()

    with pytest.raises(PatchTestFailed):
        apply(JSON_PATCH_QUERY, op("remove", "note[?(@.text=~/a*a*a*b/)]"), unlucky, is_array)

    assert time.process_time() - started < 1
