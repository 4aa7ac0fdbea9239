"""Requests that are wrong around their body: paths, ids, methods, headers, queries, listeners."""

from __future__ import annotations

import base64
import json
import time

import pytest

from tests.conformance.answers import (
    CATALOG,
    CATEGORY,
    INDIVIDUAL,
    INDIVIDUAL_BODY,
    ORDERING,
    category,
    pointers,
    raw,
    refused,
)

SECONDS_MAX = 5
JSON = (b"content-type", b"application/json")

MEDIA_TYPES = [
    "text/plain",
    "application/xml",
    "application/merge-patch+json",
    "application/jsonx",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "json",
    "*/*",
    "é",
]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_create_of_another_media_type_is_415(backend, suite, media_type):
    headers = [(b"content-type", media_type.encode("latin-1"))]

    answer = raw(suite, "POST", CATEGORY.encode(), headers=headers, chunks=[b'{"@type":"Category","name":"x"}'])

    assert "use application/json" in refused(answer, 415, "body.media-type")["message"]
    assert backend.rows() == {}


@pytest.mark.parametrize(
    "media_type", ["application/json;charset=utf-8", 'APPLICATION/JSON; Charset="UTF-8"', "application/json;q=1", ""]
)
def test_json_in_utf_8_is_read_however_it_is_written(suite, media_type):
    headers = [(b"content-type", media_type.encode())]

    answer = raw(suite, "POST", CATEGORY.encode(), headers=headers, chunks=[b'{"@type":"Category",', b'"name":"x"}'])

    assert answer.status == 201


def test_a_body_without_a_content_type_is_json(suite):
    assert raw(suite, "POST", CATEGORY.encode(), chunks=[b'{"@type":"Category","name":"x"}']).status == 201


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/json-patch", "application/*"])
def test_a_patch_of_another_media_type_is_415(suite, media_type):
    made = suite.created(CATEGORY, category())

    refused(suite.patch(made["href"], {"name": "y"}, media_type=media_type), 415, "body.media-type")

    assert suite.get(made["href"]).json == made


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "application/json;q=0", "text/*, image/png", "junk"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_client_that_reads_no_json_is_406_and_nothing_is_done(backend, suite, method, accept):
    made = suite.created(CATEGORY, category())
    before = backend.rows()
    path, body = (CATEGORY, category("y")) if method == "POST" else (made["href"], {"name": "y"})

    answer = suite.request(method, path, None if method == "GET" else body, headers={"accept": accept})

    refused(answer, 406, "accept.unsupported")
    assert backend.rows() == before
    assert suite.get(made["href"]).json == made


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json;q=0.1", "text/html, application/*", "", "text/html,*/*;q=0"]
)
def test_a_client_that_reads_json_too_is_answered(suite, accept):
    expected = 406 if accept.endswith("q=0") else 200
    assert suite.get(CATEGORY, headers={"accept": accept}).status == expected


@pytest.mark.parametrize("tag", ["1", "abc", '"1', "'1'", '"1" "2"', "W/1", ",", '"1",,"2"', "*, x"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_if_match_that_is_no_etag_is_refused(suite, method, tag):
    made = suite.created(CATEGORY, category())

    body = {"name": "y"} if method == "PATCH" else None
    refused(suite.request(method, made["href"], body, headers={"if-match": tag}), 400, "header.invalid")

    assert suite.get(made["href"]).json == made


@pytest.mark.parametrize("key", [b"", b"k" * 256, b"k" * 100_000, b"a\x00b"], ids=["empty", "256", "long", "U+0000"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(backend, suite, key):
    answer = raw(
        suite,
        "POST",
        CATEGORY.encode(),
        headers=[JSON, (b"idempotency-key", key)],
        chunks=[b'{"@type":"Category","name":"x"}'],
    )

    refused(answer, 400, "header.invalid")
    assert backend.rows() == {}


IDS = [
    b"unknown",
    b"..",
    b".",
    b"%2e%2e",
    b"%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    b"..%2F..",
    b"%2F",
    b"%00",
    b"a%00b",
    b"%5C..%5C",
    b"\\..\\x",
    b"%0d%0aSet-Cookie:%20a=b",
    b"%FF%FE",
    b"%ED%A0%80",
    b"%",
    b"%zz",
    b"%C3%A9",
    b"a" * 256,
    b"a" * 100_000,
    b"'%20OR%201=1--",
    b"%22%7D",
    b"1:(version=2)",
    b":(version=)",
    b":()",
    b"x:(%00)",
    b"*",
    b"null",
]


@pytest.mark.parametrize("id", IDS, ids=[repr(id[:30]) for id in IDS])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_nobody_has_is_404(backend, suite, method, id):
    for path in (CATEGORY, INDIVIDUAL, f"{CATALOG}/hub"):
        if method == "PATCH" and path.endswith("hub"):
            continue
        body = b"{}" if method == "PATCH" else b""

        answer = raw(suite, method, path.encode() + b"/" + id, headers=[JSON], chunks=[body])

        assert len(refused(answer, 404, "resource.not-found")["message"]) < 400
    assert backend.rows() == {}


PATHS = [
    b"/",
    b"",
    b"//",
    b"/tmf-api/nothing/v5",
    b"/tmf-api/productCatalogManagement/v4/category/1/2",
    b"/tmf-api/productCatalogManagement/v5/categories",
    b"/tmf-api/productCatalogManagement/v5/Category",
    b"/tmf-api/productCatalogManagement/v5/category/1/2",
    b"/tmf-api/productCatalogManagement/v5/category//",
    b"/tmf-api/productCatalogManagement/v5/../v5/category",
    b"/tmf-api/%2e%2e/%2e%2e/etc/passwd",
    b"/docs/ui/../../pyproject.toml",
    b"/\xff\xfe",
    b"/%FF%FE",
    b"/" + b"a" * 100_000,
]


@pytest.mark.parametrize("path", PATHS, ids=[repr(path[:40]) for path in PATHS])
def test_a_path_that_is_not_served_is_404(suite, path):
    for method in ("GET", "POST", "OPTIONS", "BREW"):
        body = refused(raw(suite, method, path), 404, "path.unknown")
        assert body["message"].endswith("/tmf-api/ lists every API")
        assert len(body["message"]) < 500


@pytest.mark.parametrize(
    "file", [b"%2e%2e%2f%2e%2e%2fpyproject.toml", b"..%5C..%5Cpyproject.toml", b"index.html", b"%00"]
)
def test_the_documentation_page_gives_its_own_files_only(suite, file):
    refused(raw(suite, "GET", b"/docs/ui/" + file), 404, "path.unknown")


WRONG_METHODS = [
    (CATEGORY, "PATCH", "GET, HEAD, OPTIONS, POST"),
    (CATEGORY, "PUT", "GET, HEAD, OPTIONS, POST"),
    (CATEGORY, "DELETE", "GET, HEAD, OPTIONS, POST"),
    (CATEGORY, "TRACE", "GET, HEAD, OPTIONS, POST"),
    (CATEGORY, "get", "GET, HEAD, OPTIONS, POST"),
    (f"{CATEGORY}/1", "POST", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    (f"{CATEGORY}/1", "PUT", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    (f"{CATALOG}/importJob/1", "PATCH", "DELETE, GET, HEAD, OPTIONS"),
    (f"{ORDERING}/cancelProductOrder/1", "DELETE", "GET, HEAD, OPTIONS"),
    ("/tmf-api/customerBillManagement/v5/customerBill", "POST", "GET, HEAD, OPTIONS"),
    ("/tmf-api/customerBillManagement/v5/customerBill/1", "DELETE", "GET, HEAD, OPTIONS, PATCH"),
    (f"{CATALOG}/hub", "GET", "OPTIONS, POST"),
    (f"{CATALOG}/hub/1", "PATCH", "DELETE, GET, HEAD, OPTIONS"),
    (f"{CATALOG}/listener/categoryCreateEvent", "GET", "OPTIONS, POST"),
    (CATALOG, "POST", "GET, HEAD, OPTIONS"),
    ("/tmf-api", "DELETE", "GET, HEAD, OPTIONS"),
    ("/metrics", "POST", "GET, HEAD, OPTIONS"),
]


@pytest.mark.parametrize(("path", "method", "allowed"), WRONG_METHODS)
def test_a_method_that_the_contract_lacks_is_405_with_those_it_has(backend, suite, path, method, allowed):
    answer = raw(suite, method, path.encode(), headers=[JSON], chunks=[b'{"name": "x"}'])

    refused(answer, 405, "method.not-allowed")
    assert answer.headers["allow"] == allowed
    assert backend.rows() == {}


def test_a_method_as_long_as_a_book_is_405(suite):
    assert len(refused(raw(suite, "M" * 100_000, CATEGORY.encode()), 405, "method.not-allowed")["message"]) < 200


def cursor(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


QUERIES = {
    "limit zero": "limit=0",
    "limit negative": "limit=-1",
    "limit fraction": "limit=1.5",
    "limit text": "limit=ten",
    "limit empty": "limit=",
    "limit bare": "limit",
    "limit huge": "limit=" + "9" * 19,
    "limit 5,000 digits": "limit=" + "9" * 5_000,
    "limit in other digits": "limit=%D9%A1",
    "limit superscript": "limit=%C2%B2",
    "offset negative": "offset=-1",
    "offset text": "offset=x",
    "offset huge": "offset=" + "9" * 400,
    "sort by nothing": "sort=",
    "sort by a dash": "sort=-",
    "sort by commas": "sort=,,",
    "sort by what is not there": "sort=nonsense",
    "sort by an injection": "sort=name;drop%20table",
    "sort by an empty step": "sort=name..x",
    "sort by too many": "sort=" + ",".join(["name"] * 9),
    "fields with an empty step": "fields=a..b",
    "fields not closed": "fields=note[?(@.a=='x'",
    "filter without an operator": "nonsense",
    "filter without a name": "=x",
    "filter with an empty step": "a..b=1",
    "filter with two operators": "name.gt>=x",
    "filter too deep": ".".join("a" * 13) + "=1",
    "boolean": "isRoot=maybe",
    "boolean order": "isRoot.gt=true",
    "instant": "lastUpdate=yesterday",
    "instant out of range": "lastUpdate.gt=2026-02-30",
    "instant in a year that is none": "lastUpdate=0000-00-00T00:00:00Z",
    "instant before all years": "lastUpdate.lt=0001-01-01T00:00:00%2B14:00",
    "pattern not closed": "name.regex=(",
    "pattern open bracket": "name.regex=[a",
    "pattern nested repeats": "name.regex=(a%2B)%2B$",
    "pattern nested star": "name.regex=(a*)*b",
    "pattern alternatives repeated": "name.regex=(a|aa)%2B$",
    "pattern look-ahead": "name.regex=(?=a)a",
    "pattern back-reference": r"name.regex=(a)\1",
    "pattern many stars": "name.regex=" + "a*" * 30 + "b",
    "pattern long": "name.regex=" + "a" * 201,
    "pattern bomb": "name.regex=((a{1,100}){1,100}){1,100}",
    "pattern for a boolean": "isRoot.regex=t",
    "JSONPath empty": "filter=",
    "JSONPath plain text": "filter=name",
    "JSONPath not closed": "filter=$[?(@.name=='x'",
    "JSONPath half": "filter=$[?(@.name==)]",
    "JSONPath two": "filter=$[?(@.name=='x')]x",
    "JSONPath deep": "filter=$[?(" + "(" * 200 + "@.a==1" + ")" * 200 + ")]",
    "JSONPath nots": "filter=$[?(" + "!" * 5_000 + "@.a)]",
    "JSONPath terms": "filter=$[?(" + "||".join(["@.a==1"] * 65) + ")]",
    "JSONPath catastrophe": "filter=$[?(@.name=~/(a%2B)%2B$/)]",
    "after is junk": "after=junk",
    "after is not base64": "after=%C3%A9",
    "after is a number": f"after={cursor(1)}",
    "after lacks a position": f"after={cursor([[], None])}",
    "after is of another sort": f"after={cursor([['x'], 'p'])}",
    "after has a surrogate": f"after={cursor([[], chr(0xD800)])}",
    "after has U+0000": f"after={cursor([[], chr(0)])}",
    "after is deep": "after=" + base64.urlsafe_b64encode(b"[" * 5_000).decode().rstrip("="),
    "before is junk": "before=junk",
    "after with offset": "after=&offset=1",
    "thousands of terms": "&".join(f"a{n}=1" for n in range(2_000)),
    "thousands of values": "name=" + ",".join("x" * 3_000),
    "thousands of alternatives": "name=x" + ";x" * 3_000,
    "very long": "name=" + "x" * 100_000,
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_that_means_nothing_is_refused_at_once(suite, query):
    suite.created(CATEGORY, category("a" * 2_000))
    started = time.process_time()

    body = refused(raw(suite, "GET", CATEGORY.encode(), query=query.encode()), 400, "query.invalid")

    assert time.process_time() - started < SECONDS_MAX
    assert len(body["message"]) < 600


SORTED_CURSORS = [[[chr(0xD800)], "p"], [[chr(0)], "p"], [["x", "y"], "p"], [[5], "p"], [[["x"]], "p"], [["x"], 5]]


@pytest.mark.parametrize("value", SORTED_CURSORS, ids=repr)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_forged_cursor_of_a_sorted_list_is_refused(suite, name, value):
    suite.created(CATEGORY, category())

    refused(suite.get(f"{CATEGORY}?sort=name&{name}={cursor(value)}"), 400, "query.invalid")


@pytest.mark.parametrize("filter", ["$..name", "$[0]", "note[0]", "$[?(length(@.name)>1)]", "$[(@.length-1)]"])
def test_what_the_jsonpath_subset_leaves_out_is_501(suite, filter):
    refused(raw(suite, "GET", CATEGORY.encode(), query=f"filter={filter}".encode()), 501, "feature.not-offered")


HARMLESS = {
    "unknown attribute": "nonsense=1",
    "U+0000": "name=%00",
    "invalid UTF-8": "name=%FF",
    "surrogate": "name=%ED%A0%80",
    "SQL": "name='%20OR%20'1'='1",
    "SQL in a name": "na%27me%22=x",
    "path tricks": "$.name=y",
    "long value": "name=" + "x" * 10_000,
    "wildcards": "name=%25",
    "huge number": "x-size.gt=1e399",
    "another huge number": "x-size.gt=1e999999999999999999999",
    "U+0000 JSONPath": "filter=$[?(@.name=='%00')]",
    "U+0000 pattern": "name.regex=a%00",
    "offset beyond": "offset=9007199254740992",
}


@pytest.mark.parametrize("query", HARMLESS.values(), ids=HARMLESS.keys())
def test_an_odd_query_finds_nothing(suite, query):
    suite.created(CATEGORY, category())

    answer = raw(suite, "GET", CATEGORY.encode(), query=query.encode())

    assert (answer.status, answer.json) == (200, []), answer.content


@pytest.mark.parametrize("pattern", ["a*a*a*b", "(x?a*)b", "a{1,100}a{1,100}b"])
def test_a_slow_pattern_over_a_long_text_is_answered_at_once(suite, pattern):
    suite.created(CATEGORY, category("a" * 100_000))
    started = time.process_time()

    answer = suite.get(f"{CATEGORY}?name.regex={pattern}")

    assert (answer.status, answer.json) == (200, [])
    assert time.process_time() - started < SECONDS_MAX


HUBS = {
    "no callback": ({}, "/callback"),
    "callback null": ({"callback": None}, "/callback"),
    "callback is a number": ({"callback": 5}, "/callback"),
    "callback is a list": ({"callback": ["https://x.example"]}, "/callback"),
    "callback empty": ({"callback": ""}, "/callback"),
    "callback relative": ({"callback": "/events"}, "/callback"),
    "callback a file": ({"callback": "file:///etc/passwd"}, "/callback"),
    "callback gopher": ({"callback": "gopher://x.example/"}, "/callback"),
    "callback without a host": ({"callback": "http://"}, "/callback"),
    "callback loopback": ({"callback": "http://127.0.0.1/"}, "/callback"),
    "callback localhost": ({"callback": "http://localhost:8080/"}, "/callback"),
    "callback loopback in v6": ({"callback": "http://[::1]/"}, "/callback"),
    "callback mapped": ({"callback": "http://[::ffff:127.0.0.1]/"}, "/callback"),
    "callback short": ({"callback": "http://127.1/"}, "/callback"),
    "callback decimal": ({"callback": "http://2130706433/"}, "/callback"),
    "callback octal": ({"callback": "http://0177.0.0.1/"}, "/callback"),
    "callback hexadecimal": ({"callback": "http://0x7f000001/"}, "/callback"),
    "callback link-local": ({"callback": "http://169.254.169.254/latest/meta-data"}, "/callback"),
    "callback private": ({"callback": "https://10.0.0.1/"}, "/callback"),
    "callback zero": ({"callback": "http://0.0.0.0/"}, "/callback"),
    "callback with a password": ({"callback": "https://u:p@x.example/"}, "/callback"),
    "callback with a line break": ({"callback": "https://x.example/\r\nX: y"}, "/callback"),
    "callback with a blank": ({"callback": "https://x.example/ y"}, "/callback"),
    "callback with a backslash": ({"callback": "https://x.example\\@127.0.0.1/"}, "/callback"),
    "callback port": ({"callback": "https://x.example:99999/"}, "/callback"),
    "callback broken": ({"callback": "https://[::1"}, "/callback"),
    "callback long": ({"callback": "https://x.example/" + "a" * 5_000}, "/callback"),
    "query is a number": ({"callback": "https://x.example/", "query": 5}, "/query"),
    "query long": ({"callback": "https://x.example/", "query": "a=" + "b" * 5_000}, "/query"),
    "secret short": ({"callback": "https://x.example/", "secret": "s"}, "/secret"),
}


@pytest.mark.parametrize(("body", "pointer"), HUBS.values(), ids=HUBS.keys())
def test_a_listener_that_may_not_be_called_is_not_registered(backend, suite, body, pointer):
    assert pointers(refused(suite.post(f"{CATALOG}/hub", body), 400, "body.invalid")) == [pointer]
    assert backend.rows() == {}


@pytest.mark.parametrize("query", ["eventType", "eventType=CategoryCreateEvent&name.regex=(a%2B)%2B", "fields=a..b"])
def test_a_listener_with_a_query_that_means_nothing_is_not_registered(backend, suite, query):
    refused(suite.post(f"{CATALOG}/hub", {"callback": "https://x.example/", "query": query}), 400, "query.invalid")
    assert backend.rows() == {}


BAD_IDS = ["", ".", "..", "a\r\nb", "a\nLocation: x", "\x7f", "x:(version=1)", "a" * 256, "\u2028", 5, ["a"], {}]


@pytest.mark.parametrize("id", BAD_IDS, ids=repr)
def test_an_id_that_no_address_can_hold_is_refused(backend, suite, id):
    for path, body in ((CATEGORY, category()), (INDIVIDUAL, INDIVIDUAL_BODY)):
        assert "/id" in pointers(refused(suite.post(path, {**body, "id": id}), 400, "body.invalid"))
    assert backend.rows() == {}


@pytest.mark.parametrize("host", [b"evil\r\nX: y", b'"><script>', b"a b", b"x.example/../", b"", b"[::1", b"\xff"])
def test_a_host_that_is_none_appears_in_no_link(suite, host):
    headers = [JSON, (b"host", host)]

    answer = raw(suite, "POST", CATEGORY.encode(), headers=headers, chunks=[b'{"@type":"Category","name":"x"}'])

    assert answer.status == 201
    assert answer.headers["location"] == answer.json["href"]
    assert answer.headers["location"].startswith(("http://bss.example/", "http://127.0.0.1:8080/"))


@pytest.mark.parametrize("id", ["a\r\nb", "x" * 65, "<b>", "é", ""])
def test_a_request_id_that_could_deceive_a_log_is_replaced(suite, id):
    answer = raw(suite, "GET", b"/health/live", headers=[(b"x-request-id", id.encode())])

    assert len(answer.headers["x-request-id"]) == 36


@pytest.mark.parametrize(
    ("origin", "method", "status"),
    [
        ("https://app.example", "PATCH", 204),
        ("https://evil.example", "PATCH", 400),
        ("https://app.example", "PUT", 400),
    ],
)
def test_a_browser_is_told_who_may_call_and_what(suite_with, origin, method, status):
    suite = suite_with(cors_origins="https://app.example")
    asking = [(b"origin", origin.encode()), (b"access-control-request-method", method.encode())]

    answer = raw(suite, "OPTIONS", CATEGORY.encode(), headers=asking)

    assert answer.status == status
    assert set(answer.headers["access-control-allow-methods"].split(", ")) == {
        *("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")
    }
    if status == 400:
        refused(answer, 400, "origin.refused")
    else:
        assert answer.content == b""
        assert answer.headers["access-control-allow-origin"] == origin


EVENTS = [[], "x", {"event": "x"}, {"eventType": 5}, {"event": [1]}]


@pytest.mark.parametrize("body", EVENTS, ids=repr)
def test_an_event_that_is_none_is_refused(backend, suite, body):
    refused(suite.post(f"{CATALOG}/listener/categoryCreateEvent", body), 400, "body.invalid")
    assert backend.rows() == {}
