"""Where things are: links under a prefix and a base URL, aliases, ids of every kind, and what lies beside the APIs."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.conformance.answers import CATEGORY, V4, V5, both_majors, category, raw, refused

IDS = ["a/b", "a b", "ä€😀", "100%", "%20", "a%2Fb", "a+b", "a?b#c", "a:b", "a;b,c", "~", "(x)", "'\"<>", "a\\b", "..x"]


@both_majors
@pytest.mark.parametrize("resource", ["categories", "individuals"])
@pytest.mark.parametrize("id", IDS)
def test_a_resource_of_any_id_is_where_its_href_says(suite, major, resource, id):
    """Only v5 lets a client choose the id; both majors have the resource."""
    body = V5.category(id=id) if resource == "categories" else V5.individual(id=id)
    made, path = suite.post(getattr(V5, resource), body), getattr(major, resource)

    assert made.headers["location"] == made.json["href"]
    address = f"{path}/{quote(id, safe='')}".encode()
    shown = raw(suite, "GET", address).json
    assert (shown["id"], shown["href"]) == (id, f"http://bss.example{address.decode()}")
    assert (shown == made.json) == (major is V5)
    assert raw(suite, "GET", address + b"/").json == shown
    listed = raw(suite, "GET", path.encode(), query=b'id="' + quote(id, safe="").encode() + b'"')
    assert listed.json == [shown]
    json_type = [(b"content-type", b"application/json")]
    assert raw(suite, "PATCH", address, headers=json_type, chunks=[b'{"x-note": 1}']).json["x-note"] == 1
    assert raw(suite, "DELETE", address).status == 204
    refused(raw(suite, "GET", address), 404, "resource.not-found")


def test_a_client_may_choose_the_id_once(suite):
    assert suite.created(CATEGORY, category(id="mine"))["id"] == "mine"
    refused(suite.post(CATEGORY, category("y", id="mine")), 409, "resource.id-taken")
    assert suite.get(f"{CATEGORY}/mine").json["name"] == "x"
    assert suite.delete(f"{CATEGORY}/mine").status == 204
    assert suite.created(CATEGORY, category("again", id="mine"))["name"] == "again"


def test_no_v4_create_has_an_id_so_one_that_is_sent_is_not_taken(suite):
    first, second = (suite.created(V4.categories, V4.category(id="mine")) for _ in range(2))

    assert len({"mine", first["id"], second["id"]}) == 3
    refused(suite.get(f"{V4.categories}/mine"), 404, "resource.not-found")


@both_majors
@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({"base_prefix": "/r1-bss"}, "http://bss.example/r1-bss"),
        ({"base_url": "https://api.example.com"}, "https://api.example.com"),
        ({"base_url": "https://api.example.com/", "base_prefix": "/r1"}, "https://api.example.com/r1"),
    ],
)
def test_every_link_stands_under_prefix_and_base_url(suite_with, major, settings, origin):
    suite, prefix = suite_with(**settings), settings.get("base_prefix", "")
    made = suite.post(f"{prefix}{major.categories}", major.category())
    suite.created(f"{prefix}{major.categories}", major.category())

    assert made.headers["location"] == made.json["href"] == f"{origin}{major.categories}/{made.json['id']}"
    page = suite.get(f"{prefix}{major.categories}?limit=1")
    assert f"<{origin}{major.categories}?offset=1&limit=1>" in page.headers["link"]
    entry = suite.get(f"{prefix}{major.catalog}/").json["_links"]
    assert {link["href"].startswith(f"{origin}{major.catalog}/") for link in entry.values()} == {True}
    apis = suite.get(f"{prefix}/tmf-api").json["apis"]
    assert {api["href"].startswith(f"{origin}/tmf-api/") for api in apis} == {True}
    hub = suite.post(f"{prefix}{major.catalog}/hub", {"callback": "https://listener.example/"})
    assert hub.headers["location"] == f"{origin}{major.catalog}/hub/{hub.json['id']}"
    refusal = refused(suite.get(f"{prefix}{major.categories}/nobody"), 404, "resource.not-found")
    assert refusal["referenceError"] == f"{origin}/docs/errors#resource.not-found"
    if prefix:
        refused(suite.get(major.categories), 404, "path.unknown")


@both_majors
def test_an_alias_serves_the_same_resources_and_stays_in_its_links(suite, major):
    party = major.body("PartyRef", id="1", name="n") | {"@referredType": "Individual"}
    customers = f"/tmf-api/customerManagement/{major}/customer"
    made = suite.created(customers, major.body("Customer", name="n", engagedParty=party))

    alias = suite.get(f"/tmf-api/customer/{major}/customer/{made['id']}").json

    assert alias["href"] == f"http://bss.example/tmf-api/customer/{major}/customer/{made['id']}"
    assert alias | {"href": made["href"]} == made


@both_majors
def test_a_trailing_slash_changes_nothing(suite, major):
    made = suite.post(f"{major.categories}/", major.category()).json

    assert suite.get(f"{major.categories}/").json == suite.get(major.categories).json == [made]
    assert made["href"] == f"http://bss.example{major.categories}/{made['id']}"
    assert suite.patch(f"{major.categories}/{made['id']}/", {"name": "y"}).status == 200
    assert suite.delete(f"{major.categories}/{made['id']}/").status == 204


@both_majors
def test_head_is_get_without_a_body(suite, major):
    made = suite.created(major.categories, major.category())
    for path in (
        major.categories,
        made["href"],
        major.catalog,
        f"{major.catalog}/openapi.json",
        "/docs",
        f"{major.categories}/nobody",
    ):
        head, get = suite.request("HEAD", path), suite.get(path)
        assert (head.status, head.content) == (get.status, b"")
        assert head.headers["content-length"] == str(len(get.content))
        assert head.headers.get("etag") == get.headers.get("etag")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("productCatalogManagement/{}/category", "GET, HEAD, OPTIONS, POST"),
        ("productCatalogManagement/{}/category/1", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("customerBillManagement/{}/appliedCustomerBillingRate", "GET, HEAD, OPTIONS"),
        ("productCatalogManagement/{}/hub", "OPTIONS, POST"),
    ],
)
@both_majors
def test_options_tells_the_methods(suite, major, path, allowed):
    answer = suite.request("OPTIONS", f"/tmf-api/{path.format(major)}")

    assert (answer.status, answer.headers["allow"], answer.content) == (204, allowed, b"")


def test_the_entry_point_of_every_api_leads_to_its_operations_and_its_contract(suite):
    for contract in suite.installation.contracts:
        for base in (contract.base_path, *contract.aliases):
            for path in (base, f"{base}/"):
                links = suite.get(path).json["_links"]
                assert links["self"]["href"] == f"http://bss.example{base}/"
                operations = sum(len(resource.operations) for resource in contract.resources.values())
                assert len(links) == operations + 3, "self, describedby and hub beside the operations"
            document = json.loads(suite.get(links["describedby"]["href"]).content)
            own = json.loads(json.dumps(contract.document, default=float))
            where = dict.fromkeys(("servers", "schemes", "host", "basePath"))
            assert document | where == own | where


def test_the_suite_lists_its_apis_and_documents_them(suite):
    apis = suite.get("/tmf-api/").json["apis"]

    numbers = (620, 622, 629, 632, 635, 637, 654, 666, 670, 676, 677, 678)
    majors = [(f"TMF{number}", major) for number in numbers for major in "45"]
    of_v4_only = [("TMF654", "5"), ("TMF670", "5"), ("TMF676", "5")]
    assert [(api["id"], api["version"][0]) for api in apis] == [one for one in majors if one not in of_v4_only]
    page = suite.get("/docs")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for api in apis:
        assert api["contract"].encode() in page.content
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"):
        assert suite.get(f"/docs/ui/{name}").status == 200
    assert b'id="resource.not-found"' in suite.get("/docs/errors").content


def test_operators_see_health_version_and_metrics(suite):
    assert suite.get("/health/live").json == {"status": "pass"}
    assert suite.get("/health/ready").json == {"status": "pass"}
    assert suite.get("/version").json["name"] == "tmf-bss"
    metrics = suite.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert b'bss_requests_total{method="GET",route="/health/live",status="200"}' in metrics.content


def test_a_request_id_is_given_back(suite):
    assert suite.get(CATEGORY, headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    first, second = (suite.get(CATEGORY).headers["x-request-id"] for _ in range(2))
    assert first != second
