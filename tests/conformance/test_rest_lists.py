"""Lists as TMF630 Part 1, 4.3 to 4.7 and Part 6 have them: attributes selected, filters, order and pages."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.conformance.answers import CATALOG, CATEGORY, category, raw, refused

SPECIFICATION = f"{CATALOG}/productSpecification"
PARTY = {"@type": "PartyRef", "@referredType": "Individual"}


def related(id, role):
    return {
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "role": role,
        "partyOrPartyRole": {**PARTY, "id": id, "name": f"N{id}"},
    }


DOCUMENTS = [
    {
        "id": "a",
        "name": "Fibre 100",
        "brand": "Nordic",
        "isBundle": False,
        "lastUpdate": "2026-01-01T10:00:00Z",
        "lifecycleStatus": "Active",
        "productNumber": "P-1",
        "relatedParty": [related("1", "owner"), related("2", "user")],
        "x-size": 5,
        "x-tags": ["red", "blue"],
        "version": "1.0",
    },
    {
        "id": "b",
        "name": "Fibre, 500",
        "brand": "Söder",
        "isBundle": True,
        "lifecycleStatus": "Launched",
        "relatedParty": [related("2", "owner")],
        "x-size": 10,
        "x-note": {"author": "Ada", "text": "it's"},
    },
    {"id": "c", "name": "Mobile", "brand": "Nordic", "isBundle": False, "x-size": 7.5, "x-tags": ["green"]},
    {"id": "d", "name": "mobile; XL", "isBundle": False, "lifecycleStatus": "In Study", "x-size": "5"},
]


@pytest.fixture
def found(suite):
    """The ids that a raw query string finds, in order."""
    for document in DOCUMENTS:
        suite.created(SPECIFICATION, {"@type": "ProductSpecification", **document})

    def ids(query):
        answer = raw(suite, "GET", SPECIFICATION.encode(), query=query.encode())
        assert answer.status in (200, 206), answer.content
        return "".join(item["id"] for item in answer.json)

    return ids


FILTERS = {
    "": "abcd",
    "id=b": "b",
    "id=b,c": "bc",
    "brand=Nordic": "ac",
    "brand=Nordic&isBundle=false": "ac",
    "brand=Nordic&name=Mobile": "c",
    "name=Mobile,Fibre%20100": "ac",
    "name=Mobile;name=Fibre%20100": "ac",
    "name=Mobile;Fibre%20100": "ac",
    "name=Mobile&name=Fibre%20100": "ac",
    "name=Fibre+100": "a",
    "name=Fibre%2C%20500": "b",
    'name="Fibre, 500"': "b",
    "name='Mobile'": "c",
    'name="mobile; XL"': "d",
    "name=mobile%3B%20XL": "d",
    "brand=S%C3%B6der": "b",
    "brand.eq=Nordic": "ac",
    "brand%3D%3DNordic": "ac",
    "brand==Nordic": "ac",
    "brand.ne=Nordic": "bd",
    "brand!=Nordic": "bd",
    "isBundle=true": "b",
    "isBundle=TRUE": "b",
    "isBundle=false": "acd",
    "name.gt=Fibre%20100": "bcd",
    "name%3EFibre%20100": "bcd",
    "name>Fibre%20100": "bcd",
    "name.gte=Mobile": "cd",
    "name%3E%3DMobile": "cd",
    "name%3E=Mobile": "cd",
    "name>=Mobile": "cd",
    "name.lt=Mobile": "ab",
    "name%3CMobile": "ab",
    "name.lte=Mobile": "abc",
    "name%3C%3DMobile": "abc",
    "name<=Mobile": "abc",
    "name.regex=^Fib": "ab",
    "name*=^Fib": "ab",
    "name%2A%3D%5EFib": "ab",
    "name=~ile": "cd",
    "name%3D~ile": "cd",
    "name.regex=(?i)^mobile": "cd",
    "name.regex=%5Cd{3}$": "ab",
    "name<Mobile;name>Mobile": "abd",
    "name.gt=Fibre&name.lt=Mobile": "ab",
    "relatedParty.role=owner": "ab",
    "relatedParty.partyOrPartyRole.id=2": "ab",
    "relatedParty.partyOrPartyRole.id=1": "a",
    "relatedParty.partyOrPartyRole.@referredType=Individual": "ab",
    "relatedParty.role=user&relatedParty.partyOrPartyRole.id=1": "a",
    "@type=ProductSpecification": "abcd",
    "%40type=ProductSpecification": "abcd",
    "@type=Other": "",
    "x-tags=blue": "a",
    "x-tags=blue,green": "ac",
    "x-note.author=Ada": "b",
    "x-size=5": "ad",
    "x-size=7.50": "c",
    "nonsense=1": "",
    "nonsense.deep=1": "",
    "limit.eq=5": "",
    "depth=1": "abcd",
    "expand=relatedParty": "abcd",
    "filter=$[?(@.brand=='Nordic')]": "ac",
    "filter=[?(@.brand=='Nordic')]": "ac",
    "filter=%24%5B%3F%28%40.brand%3D%3D%27Nordic%27%29%5D": "ac",
    "filter=$[?(@brand=='Nordic' %26%26 @.name!='Mobile')]": "a",
    "filter=$[?(@.isBundle==true || @.name=='Mobile')]": "bc",
    "filter=$[?(!@.brand)]": "d",
    "filter=$[?(@.brand==null)]": "d",
    "filter=$[?(@.name=~/^mob/i)]": "cd",
    "filter=relatedParty[?(@.role=='user' %26%26 @.partyOrPartyRole.id=='1')]": "",
    "filter=relatedParty[?(@.role=='owner' %26%26 @.partyOrPartyRole.id=='1')]": "a",
    "filter=relatedParty[?(@.role=='user')]&brand=Nordic": "a",
    "filter=$[?(@.id=='a')]&filter=$[?(@.id=='d')]": "ad",
    "filter=$[?(@['x-note'].text==\"it's\")]": "b",
    "filter=$[?(@['x-size']>6)]": "bc",
}


@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_finds(found, query):
    assert found(query) == FILTERS[query]


def test_a_last_update_echoed_back_finds_its_row_in_every_form(suite):
    made = suite.created(CATEGORY, category())
    suite.created(CATEGORY, category(lifecycleStatus="In Study"))
    moment = made["lastUpdate"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    forms = (moment, quote(moment), moment[:-1] + "+00:00", quote(moment[:-1] + "+00:00"), moment[:-1] + "%2B00:00")
    for form in forms:
        answer = raw(suite, "GET", CATEGORY.encode(), query=f"id={made['id']}&lastUpdate={form}".encode())
        assert [item["id"] for item in answer.json] == [made["id"]], form
    day = f"{CATEGORY}?lastUpdate={moment[:10]}"
    assert suite.get(day).headers["x-total-count"] == "2"
    assert suite.get(f"{CATEGORY}?lastUpdate.lt={moment[:10]}").json == []


FIELDS = {
    "fields=none": {"id", "href", "@type"},
    "fields=id": {"id", "href", "@type"},
    "fields=href": {"id", "href", "@type"},
    "fields=name": {"id", "href", "@type", "name"},
    "fields=name,brand": {"id", "href", "@type", "name", "brand"},
    "fields=name&fields=brand": {"id", "href", "@type", "name", "brand"},
    "fields=%20name%20,": {"id", "href", "@type", "name"},
    "fields=nonsense": {"id", "href", "@type"},
    "fields=x-size,x-tags": {"id", "href", "@type", "x-size", "x-tags"},
    "fields=name&nonsense.ne=1": {"id", "href", "@type", "name"},
}


@pytest.mark.parametrize("query", FIELDS)
def test_fields_select_attributes_of_a_list_and_of_one(suite, found, query):
    listed = suite.get(f"{SPECIFICATION}?id=a&{query}").json[0]
    single = suite.get(f"{SPECIFICATION}/a?{query}").json

    assert listed == single
    assert single.keys() == FIELDS[query]


def test_fields_go_through_arrays_and_narrow_them(suite, found):
    parties = suite.get(f"{SPECIFICATION}/a?fields=relatedParty.role").json["relatedParty"]
    ids = suite.get(f"{SPECIFICATION}/a?fields=relatedParty.partyOrPartyRole.id,relatedParty.role").json["relatedParty"]
    narrowed = suite.get(f"{SPECIFICATION}/a?fields=name,relatedParty[?(@.role=='user')]").json

    assert parties == [{"role": "owner"}, {"role": "user"}]
    assert ids[0] == {"partyOrPartyRole": {"id": "1"}, "role": "owner"}
    assert narrowed["relatedParty"] == [related("2", "user")]
    assert narrowed["name"] == "Fibre 100"


def test_fields_select_in_the_answers_of_create_and_patch(suite):
    made = suite.post(f"{CATEGORY}?fields=name", category(description="d"))
    patched = suite.patch(f"{made.json['href']}?fields=description", {"description": "e"})

    assert made.json.keys() == {"id", "href", "@type", "name"}
    assert patched.json.keys() == {"id", "href", "@type", "description"}
    assert suite.get(made.json["href"]).json["description"] == "e"


SORTS = {
    "sort=name": "abcd",
    "sort=-name": "dcba",
    "sort=+name": "abcd",
    "sort=%2Bname": "abcd",
    "sort=-isBundle,name": "bacd",
    "sort=isBundle,-name": "dcab",
    "sort=isBundle&sort=-name": "dcab",
    "sort=brand,name": "acbd",
    "sort=-brand,name": "bacd",
    "sort=x-note.author": "bacd",
    "sort=-x-note.author": "bacd",
    "sort=-id": "dcba",
    "sort=-name&limit=2": "dc",
    "sort=-name&limit=2&offset=2": "ba",
    "sort=-name&offset=1": "cba",
}


@pytest.mark.parametrize("query", SORTS)
def test_a_list_is_in_the_order_asked_for_and_missing_values_come_last(found, query):
    assert found(query) == SORTS[query]


def links(answer):
    return {rel: address for address, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("link", ""))}


def test_a_page_is_206_with_counts_and_links(suite, found):
    answer = suite.get(f"{SPECIFICATION}?offset=1&limit=2&name.ne=zz")

    base = f"http://bss.example{SPECIFICATION}?name.ne=zz"
    assert answer.status == 206
    assert (answer.headers["x-total-count"], answer.headers["x-result-count"]) == ("4", "2")
    assert answer.headers["content-range"] == "items 2-3/4"
    assert links(answer) == {
        "self": f"{base}&offset=1&limit=2",
        "first": f"{base}&offset=0&limit=2",
        "next": f"{base}&offset=3&limit=2",
        "prev": f"{base}&offset=0&limit=2",
        "last": f"{base}&offset=2&limit=2",
    }


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [
        *[("", 200, 4), ("?limit=4", 200, 4), ("?limit=5", 200, 4), ("?offset=0", 200, 4), ("?limit=3", 206, 3)],
        *[("?offset=3", 206, 1), ("?offset=4", 200, 0), ("?offset=99&limit=1", 200, 0), ("?name=zz", 200, 0)],
        *[("?limit=0003", 206, 3), ("?after=&limit=3", 206, 3), ("?after=", 200, 4)],
    ],
)
def test_only_a_part_that_was_asked_for_is_206(suite, suite_with, found, query, status, count):
    answer = suite.get(SPECIFICATION + query)

    assert (answer.status, len(answer.json)) == (status, count)
    assert answer.headers["x-result-count"] == str(count)
    assert suite_with(partial_status="always_200").get(SPECIFICATION + query).status == 200


def test_more_than_the_largest_page_is_200_when_no_page_was_asked_for(suite_with, found):
    small = suite_with(page_items_max=3)

    bare, asked = small.get(SPECIFICATION), small.get(f"{SPECIFICATION}?limit=4")

    assert (bare.status, len(bare.json), bare.headers["x-total-count"]) == (200, 3, "4")
    assert (asked.status, len(asked.json)) == (206, 3)
    rest = small.get(links(bare)["next"].removeprefix("http://bss.example"))
    assert [item["id"] for item in rest.json] == ["d"]


@pytest.mark.parametrize("sort", ["", "&sort=name", "&sort=-lifecycleStatus,name"])
def test_cursors_walk_a_list_while_rows_are_inserted(suite, sort):
    ids = [suite.created(CATEGORY, category(f"n{n}"))["id"] for n in range(7)]
    address, seen = f"{CATEGORY}?after=&limit=2{sort}", []

    while address:
        page = suite.get(address)
        seen += [item["id"] for item in page.json]
        suite.created(CATEGORY, category(f"a{len(seen)}"))  # before every place by name, behind by creation
        address = links(page).get("next", "").removeprefix("http://bss.example")
        if len(seen) > 40:
            break

    assert len(seen) == len(set(seen))
    assert [id for id in seen if id in ids] == ids


def test_cursors_walk_back(suite, found):
    first = suite.get(f"{SPECIFICATION}?sort=-name&after=&limit=2")
    second = suite.get(links(first)["next"].removeprefix("http://bss.example"))
    back = suite.get(links(second)["prev"].removeprefix("http://bss.example"))

    assert [item["id"] for item in second.json] == ["b", "a"]
    assert back.json == first.json


def test_a_link_can_be_followed_whatever_the_query_says(suite, found):
    for query in ('name>"A"', "name%3EA", "x-tags.ne=%3C%3E&name>A", "filter=$[?(@.name>'A')]"):
        page = raw(suite, "GET", SPECIFICATION.encode(), query=f"{query}&limit=1".encode())
        address = links(page)["next"].removeprefix(f"http://bss.example{SPECIFICATION}?")
        after = raw(suite, "GET", SPECIFICATION.encode(), query=address.encode())
        assert [item["id"] for item in page.json + after.json] == ["a", "b"], query


def test_a_bad_parameter_is_named(suite):
    assert "'sort'" in refused(suite.get(f"{CATEGORY}?sort=nonsense"), 400, "query.invalid")["message"]
