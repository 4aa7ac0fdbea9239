"""Lists as TMF630 Part 1, 4.3 to 4.7 and Part 6 have them: attributes selected, filters, order and pages."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.conformance.answers import V5, both_majors, raw, refused

pytestmark = both_majors


def related(major, id, role):
    """A party as each major tells it: in v4 without an object of its own."""
    party = major.body("PartyRef", id=id, name=f"N{id}") | {"@referredType": "Individual"}
    if major is V5:
        return {"@type": "RelatedPartyRefOrPartyRoleRef", "role": role, "partyOrPartyRole": party}
    return {"role": role, **party}


def documents(major):
    """What the lists are of; without ids, which no v4 create has."""
    one, two = related(major, "1", "owner"), related(major, "2", "user")
    yield {
        "name": "Fibre 100",
        "brand": "Nordic",
        "isBundle": False,
        "lastUpdate": "2026-01-01T10:00:00Z",
        "lifecycleStatus": "Active",
        "productNumber": "P-1",
        "relatedParty": [one, two],
        "x-size": 5,
        "x-tags": ["red", "blue"],
        "version": "1.0",
    }
    yield {
        "name": "Fibre, 500",
        "brand": "Söder",
        "isBundle": True,
        "lifecycleStatus": "Launched",
        "relatedParty": [related(major, "2", "owner")],
        "x-size": 10,
        "x-note": {"author": "Ada", "text": "it's"},
    }
    yield {"name": "Mobile", "brand": "Nordic", "isBundle": False, "x-size": 7.5, "x-tags": ["green"]}
    yield {"name": "mobile; XL", "isBundle": False, "lifecycleStatus": "In Study", "x-size": "5"}


class Found:
    """The four documents, a to d in the order they were made; finds them by raw query strings.

    A query says <a> for the id of a, and has the names of v5.
    """

    def __init__(self, suite, major):
        self._suite, self._major = suite, major
        made = (suite.created(major.specifications, major.body("ProductSpecification", **d)) for d in documents(major))
        self.ids = dict(zip("abcd", (document["id"] for document in made), strict=True))

    def query(self, text):
        for letter, id in self.ids.items():
            text = text.replace(f"<{letter}>", id)
        return text if self._major is V5 else text.replace("partyOrPartyRole.", "")

    def letters(self, items):
        names = {id: letter for letter, id in self.ids.items()}
        return "".join(names[item["id"]] for item in items)

    def __call__(self, query):
        answer = raw(self._suite, "GET", self._major.specifications.encode(), query=self.query(query).encode())
        assert answer.status in (200, 206), answer.content
        return self.letters(answer.json)

    def one(self, letter, query):
        return self._suite.get(f"{self._major.specifications}/{self.ids[letter]}?{self.query(query)}").json


@pytest.fixture
def found(suite, major):
    return Found(suite, major)


FILTERS = {
    "": "abcd",
    "id=<b>": "b",
    "id=<b>,<c>": "bc",
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
    "filter=$[?(@.id=='<a>')]&filter=$[?(@.id=='<d>')]": "ad",
    "filter=$[?(@['x-note'].text==\"it's\")]": "b",
    "filter=$[?(@['x-size']>6)]": "bc",
}


@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_finds(found, query):
    assert found(query) == FILTERS[query]


def test_a_last_update_echoed_back_finds_its_row_in_every_form(suite, major):
    made = suite.created(major.categories, major.category())
    suite.created(major.categories, major.category(lifecycleStatus="In Study"))
    moment = made["lastUpdate"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    forms = (moment, quote(moment), moment[:-1] + "+00:00", quote(moment[:-1] + "+00:00"), moment[:-1] + "%2B00:00")
    for form in forms:
        answer = raw(suite, "GET", major.categories.encode(), query=f"id={made['id']}&lastUpdate={form}".encode())
        assert [item["id"] for item in answer.json] == [made["id"]], form
    day = f"{major.categories}?lastUpdate={moment[:10]}"
    assert suite.get(day).headers["x-total-count"] == "2"
    assert suite.get(f"{major.categories}?lastUpdate.lt={moment[:10]}").json == []


# What is selected beside what every answer has.
FIELDS = {
    "fields=none": "",
    "fields=id": "",
    "fields=href": "",
    "fields=name": "name",
    "fields=name,brand": "name brand",
    "fields=name&fields=brand": "name brand",
    "fields=%20name%20,": "name",
    "fields=nonsense": "",
    "fields=x-size,x-tags": "x-size x-tags",
    "fields=name&nonsense.ne=1": "name",
}


@pytest.mark.parametrize("query", FIELDS)
def test_fields_select_attributes_of_a_list_and_of_one(suite, found, query, major):
    listed = suite.get(f"{major.specifications}?id={found.ids['a']}&{query}").json[0]
    single = found.one("a", query)

    assert listed == single
    assert single.keys() == major.selected(*FIELDS[query].split())


def test_fields_go_through_arrays_and_narrow_them(found, major):
    parties = found.one("a", "fields=relatedParty.role")["relatedParty"]
    ids = found.one("a", "fields=relatedParty.partyOrPartyRole.id,relatedParty.role")["relatedParty"]
    narrowed = found.one("a", "fields=name,relatedParty[?(@.role=='user')]")

    assert parties == [{"role": "owner"}, {"role": "user"}]
    assert ids[0] == {"role": "owner"} | ({"partyOrPartyRole": {"id": "1"}} if major is V5 else {"id": "1"})
    assert narrowed["relatedParty"] == [related(major, "2", "user")]
    assert narrowed["name"] == "Fibre 100"


def test_fields_select_in_the_answers_of_create_and_patch(suite, major):
    made = suite.post(f"{major.categories}?fields=name", major.category(description="d"))
    patched = suite.patch(f"{made.json['href']}?fields=description", {"description": "e"})

    assert made.json.keys() == major.selected("name")
    assert patched.json.keys() == major.selected("description")
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
    "sort=-x-note.author": "bdca",
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


def test_a_page_is_206_with_counts_and_links(suite, found, major):
    answer = suite.get(f"{major.specifications}?offset=1&limit=2&name.ne=zz")

    base = f"http://bss.example{major.specifications}?name.ne=zz"
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
def test_only_a_part_that_was_asked_for_is_206(suite, suite_with, found, query, status, count, major):
    answer = suite.get(major.specifications + query)

    assert (answer.status, len(answer.json)) == (status, count)
    assert answer.headers["x-result-count"] == str(count)
    assert suite_with(partial_status="always_200").get(major.specifications + query).status == 200


def test_more_than_the_largest_page_is_200_when_no_page_was_asked_for(suite_with, found, major):
    small = suite_with(page_items_max=3)

    bare, asked = small.get(major.specifications), small.get(f"{major.specifications}?limit=4")

    assert (bare.status, len(bare.json), bare.headers["x-total-count"]) == (200, 3, "4")
    assert (asked.status, len(asked.json)) == (206, 3)
    rest = small.get(links(bare)["next"].removeprefix("http://bss.example"))
    assert found.letters(rest.json) == "d"


@pytest.mark.parametrize("sort", ["", "&sort=name", "&sort=-lifecycleStatus,name"])
def test_cursors_walk_a_list_while_rows_are_inserted(suite, sort, major):
    ids = [suite.created(major.categories, major.category(f"n{n}"))["id"] for n in range(7)]
    address, seen = f"{major.categories}?after=&limit=2{sort}", []

    while address:
        page = suite.get(address)
        seen += [item["id"] for item in page.json]
        # Before every place by name, behind by creation.
        suite.created(major.categories, major.category(f"a{len(seen)}"))
        address = links(page).get("next", "").removeprefix("http://bss.example")
        if len(seen) > 40:
            break

    assert len(seen) == len(set(seen))
    assert [id for id in seen if id in ids] == ids


def test_cursors_walk_back(suite, found, major):
    first = suite.get(f"{major.specifications}?sort=-name&after=&limit=2")
    second = suite.get(links(first)["next"].removeprefix("http://bss.example"))
    back = suite.get(links(second)["prev"].removeprefix("http://bss.example"))

    assert found.letters(second.json) == "ba"
    assert back.json == first.json


def test_links_lead_to_pages_that_have_something(suite, found, major):
    first = suite.get(f"{major.specifications}?after=&limit=2")
    behind = suite.get(f"{major.specifications}?offset=1000&limit=3")

    assert set(links(first)) == {"next"}
    assert len(suite.get(links(behind)["prev"].removeprefix("http://bss.example")).json) == 1
    assert "prev" not in links(suite.get(f"{major.specifications}?name=nobody&offset=5&limit=3"))
    refused(suite.get(f"{major.specifications}?before=&limit=2"), 400, "query.invalid")


def test_a_number_that_is_too_large_is_told_so(suite, major):
    answer = refused(suite.get(f"{major.specifications}?limit=99999999999999999999"), 400, "query.invalid")

    assert "from 1 to 9007199254740992" in answer["message"]


def test_a_link_can_be_followed_whatever_the_query_says(suite, found, major):
    for query in ('name>"A"', "name%3EA", "x-tags.ne=%3C%3E&name>A", "filter=$[?(@.name>'A')]"):
        page = raw(suite, "GET", major.specifications.encode(), query=f"{query}&limit=1".encode())
        address = links(page)["next"].removeprefix(f"http://bss.example{major.specifications}?")
        after = raw(suite, "GET", major.specifications.encode(), query=address.encode())
        assert found.letters(page.json + after.json) == "ab", query


def test_a_bad_parameter_is_named(suite, major):
    assert "'sort'" in refused(suite.get(f"{major.categories}?sort=nonsense"), 400, "query.invalid")["message"]
