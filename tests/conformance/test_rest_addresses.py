"""Where things are: links under a prefix and a base URL, aliases, ids of every kind, and what lies beside the APIs."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.conformance.answers import CATALOG, CATEGORY, INDIVIDUAL, INDIVIDUAL_BODY, category, raw, refused

CUSTOMER = "/tmf-api/customerManagement/v5/customer"
IDS = ["a/b", "a b", "ä€😀", "100%", "%20", "a%2Fb", "a+b", "a?b#c", "a:b", "a;b,c", "~", "(x)", "'\"<>", "a\\b", "..x"]


@pytest.mark.parametrize("path", [CATEGORY, INDIVIDUAL])
@pytest.mark.parametrize("id", IDS)
def test_a_resource_of_any_id_is_where_its_href_says(suite, path, id):
    body = category(id=id) if path == CATEGORY else INDIVIDUAL_BODY | {"id": id}
    made = suite.post(path, body)

    href = f"http://bss.example{path}/{quote(id, safe='')}"
    assert (made.json["id"], made.json["href"], made.headers["location"]) == (id, href, href)
    address = href.removeprefix("http://bss.example").encode()
    assert raw(suite, "GET", address).json == made.json
    assert raw(suite, "GET", address + b"/").json == made.json
    listed = raw(suite, "GET", path.encode(), query=b'id="' + quote(id, safe="").encode() + b'"')
    assert listed.json == [made.json]
    json_type = [(b"content-type", b"application/json")]
    assert raw(suite, "PATCH", address, headers=json_type, chunks=[b'{"x-note": 1}']).json["x-note"] == 1
    assert raw(suite, "DELETE", address).status == 204
    refused(raw(suite, "GET", address), 404, "resource.not-found")


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({"base_prefix": "/r1-bss"}, "http://bss.example/r1-bss"),
        ({"base_url": "https://api.example.com"}, "https://api.example.com"),
        ({"base_url": "https://api.example.com/", "base_prefix": "/r1"}, "https://api.example.com/r1"),
    ],
)
def test_every_link_stands_under_prefix_and_base_url(suite_with, settings, origin):
    suite, prefix = suite_with(**settings), settings.get("base_prefix", "")
    made = suite.post(f"{prefix}{CATEGORY}", category(id="a/b"))
    suite.created(f"{prefix}{CATEGORY}", category())

    assert made.headers["location"] == made.json["href"] == f"{origin}{CATEGORY}/a%2Fb"
    page = suite.get(f"{prefix}{CATEGORY}?limit=1")
    assert f"<{origin}{CATEGORY}?offset=1&limit=1>" in page.headers["link"]
    entry = suite.get(f"{prefix}{CATALOG}/").json["_links"]
    assert {link["href"].startswith(f"{origin}{CATALOG}/") for link in entry.values()} == {True}
    apis = suite.get(f"{prefix}/tmf-api").json["apis"]
    assert {api["href"].startswith(f"{origin}/tmf-api/") for api in apis} == {True}
    hub = suite.post(f"{prefix}{CATALOG}/hub", {"callback": "https://listener.example/"})
    assert hub.headers["location"] == f"{origin}{CATALOG}/hub/{hub.json['id']}"
    refusal = refused(suite.get(f"{prefix}{CATEGORY}/nobody"), 404, "resource.not-found")
    assert refusal["referenceError"] == f"{origin}/docs/errors#resource.not-found"
    if prefix:
        refused(suite.get(CATEGORY), 404, "path.unknown")


def test_an_alias_serves_the_same_resources_and_stays_in_its_links(suite):
    made = suite.created(
        CUSTOMER,
        {"@type": "Customer", "name": "n", "engagedParty": {"@type": "PartyRef", "id": "1", "name": "n"}},
    )

    alias = suite.get(f"/tmf-api/customer/v5/customer/{made['id']}").json

    assert alias["href"] == f"http://bss.example/tmf-api/customer/v5/customer/{made['id']}"
    assert alias | {"href": made["href"]} == made


def test_a_trailing_slash_changes_nothing(suite):
    made = suite.post(f"{CATEGORY}/", category()).json

    assert suite.get(f"{CATEGORY}/").json == suite.get(CATEGORY).json == [made]
    assert made["href"] == f"http://bss.example{CATEGORY}/{made['id']}"
    assert suite.patch(f"{CATEGORY}/{made['id']}/", {"name": "y"}).status == 200
    assert suite.delete(f"{CATEGORY}/{made['id']}/").status == 204


def test_head_is_get_without_a_body(suite):
    made = suite.created(CATEGORY, category())
    for path in (CATEGORY, made["href"], CATALOG, f"{CATALOG}/openapi.json", "/docs", f"{CATEGORY}/nobody"):
        head, get = suite.request("HEAD", path), suite.get(path)
        assert (head.status, head.content) == (get.status, b"")
        assert head.headers["content-length"] == str(len(get.content))
        assert head.headers.get("etag") == get.headers.get("etag")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (CATEGORY, "GET, HEAD, OPTIONS, POST"),
        (f"{CATEGORY}/1", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/tmf-api/customerBillManagement/v5/billCycle", "GET, HEAD, OPTIONS"),
        (f"{CATALOG}/hub", "OPTIONS, POST"),
    ],
)
def test_options_tells_the_methods(suite, path, allowed):
    answer = suite.request("OPTIONS", path)

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

    numbers = (620, 622, 629, 632, 635, 637, 666, 678)
    assert [(api["id"], api["version"][0]) for api in apis] == [(f"TMF{n}", m) for n in numbers for m in "45"]
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
