"""Resources below others, from a toy document and on both databases: what is whose, and where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import select

from common.component import RuleContext
from common.errors import Conflict
from common.events.publication import publication
from common.events.render import render
from common.settings import Settings
from common.store.event_tables import outbox
from common.store.outbox import unrelayed
from tests.client import Suite
from tests.common.spec.toys import document, operation, ref, thing

BASE = "/tmf-api/widgetManagement/v5"
HOST = "http://bss.example"
TEXT = {"type": "string"}
PART, SCREW = "/widget/{widgetId}/part", "/widget/{widgetId}/part/{partId}/screw"
AWKWARD = "a/b ü:{}"
AWKWARD_SENT = "a%2Fb%20%C3%BC%3A%7B%7D"


def toy() -> dict[str, Any]:
    """Widgets have parts, parts have screws; nobody creates the spares of a part."""
    names = ("Part", "Screw", "Spare")
    schemas: dict[str, Any] = {name: thing(id=TEXT, name=TEXT) for name in ("Widget", *names)}
    paths: dict[str, Any] = {}
    for name, path in zip(names, (PART, SCREW, PART.replace("part", "spare")), strict=True):
        made = ref("v5", name)
        paths[path] = {"get": operation("v5", "list", 200, {"type": "array", "items": made})}
        paths[path + "/{id}"] = {
            "get": operation("v5", "retrieve", 200, made),
            "patch": operation("v5", "patch", 200, made, made),
        }
        if name != "Spare":
            paths[path]["post"] = operation("v5", "create", 201, made, made)
            paths[path + "/{id}"]["delete"] = operation("v5", "delete", 204)
    for event in ("PartCreate", "PartDelete", "ScrewDelete", "WidgetDelete"):
        resource = event.removesuffix("Create").removesuffix("Delete")
        schemas[f"{event}Event"] = thing(eventId=TEXT, event=thing(**{resource.lower(): ref("v5", resource)}))
        listener = "/listener/" + event[:1].lower() + event[1:] + "Event"
        paths[listener] = {"post": operation("v5", "listen", 204, body=ref("v5", f"{event}Event"))}
    return document("v5", schemas, paths=paths, servers=[{"url": f"http://localhost{BASE}"}])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("nested")
    (folder / "TMF999_Widget_v5.0.0.json").write_text(json.dumps(toy()), encoding="utf-8")
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/bss.db"
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        suite = Suite(Settings(database_url=url, components="", spec_dir=str(folder)))
        stack.callback(suite.close)
        yield suite


@pytest.fixture
def suite(started: Suite) -> Iterator[Suite]:
    """Three widgets and nothing else."""
    for id in ("w1", "w2", AWKWARD):
        started.created(f"{BASE}/widget", {"id": id, "name": "n"})
    yield started
    for widget in started.get(f"{BASE}/widget").json:
        assert started.delete(widget["href"]).status == 204
    event_log(started)


def put_spare(suite: Suite, widget: str, id: str) -> None:
    """As a component would: no operation creates one."""
    served = suite.installation.served["TMF999/v5", "spare"]
    parent = suite.installation.served["TMF999/v5", "widget"]
    with suite.installation.database.write() as uow:
        row = uow.repository(parent.stored.name).get(widget)
        assert row is not None
        spares = uow.repository(served.stored.name, row.position)
        spares.add(id, {"name": f"spare of {widget}"}, suite.installation.clock.now())
        uow.commit()


def event_log(suite: Suite) -> list[tuple[str, list[str]]]:
    """The events since the last call: type and href."""
    installation = suite.installation
    contract = next(one for one in installation.contracts if one.key == "TMF999/v5")
    stored = {name: installation.served[contract.key, name].stored.name for name in contract.resources}
    sender, found = publication(contract, stored), []
    with installation.database.write() as uow:
        for entry in unrelayed(uow.connection, 100):
            told = sender.tells(entry.event)
            assert told is not None
            [payload] = render(sender, told, entry.event, HOST)["event"].values()
            found.append((told.event.type, payload["href"]))
        uow.connection.execute(outbox.delete())
        assert uow.connection.execute(select(outbox)).all() == []
        uow.commit()
    return found


def test_two_parents_do_not_see_each_others(suite: Suite) -> None:
    for widget in ("w1", "w2"):
        suite.created(f"{BASE}/widget/{widget}/part", {"id": "p", "name": f"of {widget}"})

    for widget in ("w1", "w2"):
        collection = f"{BASE}/widget/{widget}/part"
        whole = {"id": "p", "href": f"{HOST}{collection}/p", "name": f"of {widget}"}
        assert suite.get(f"{collection}/p").json == whole
        assert suite.get(collection).json == [whole]
        assert suite.get(f"{collection}?name=of%20{widget}").json == [whole]
        assert suite.get(f"{collection}?id=p&fields=name").json == [whole]
        assert suite.post(collection, {"id": "p"}).status == 409
    assert suite.get(f"{BASE}/widget/w1/part?name=of%20w2").json == []
    assert suite.patch(f"{BASE}/widget/w1/part/p", {"name": "x"}).json["name"] == "x"
    assert suite.delete(f"{BASE}/widget/w1/part/p").status == 204
    assert suite.get(f"{BASE}/widget/w1/part/p").status == 404
    assert suite.get(f"{BASE}/widget/w2/part/p").json["name"] == "of w2"


def test_links_lead_through_the_parents_whatever_their_ids(suite: Suite) -> None:
    parts = f"{BASE}/widget/{AWKWARD_SENT}/part"
    made = suite.post(parts, {"id": AWKWARD})
    assert made.json["href"] == made.headers["location"] == f"{HOST}{parts}/{AWKWARD_SENT}"
    screws = f"{parts}/{AWKWARD_SENT}/screw"
    screw = suite.created(screws, {"name": "s"})
    suite.created(screws, {"name": "t"})

    assert screw["href"] == f"{HOST}{screws}/{screw['id']}"
    assert suite.get(screw["href"]).json == screw
    page = suite.get(f"{screws}?limit=1")
    assert f'<{HOST}{screws}?offset=1&limit=1>; rel="next"' in page.headers["link"]
    assert [one["name"] for one in suite.get(f"{HOST}{screws}?offset=1&limit=1").json] == ["t"]
    assert suite.get(screws + "/").json == suite.get(screws).json


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("GET", "/widget/none/part", "widget with id 'none'"),
        ("POST", "/widget/none/part", "widget with id 'none'"),
        ("GET", "/widget/none/part/p", "widget with id 'none'"),
        ("PATCH", "/widget/none/part/p", "widget with id 'none'"),
        ("DELETE", "/widget/none/part/p", "widget with id 'none'"),
        ("POST", "/widget/w1/part/none/screw", "part with id 'none'"),
        ("GET", "/widget/w2/part/p/screw", "part with id 'p'"),
        ("GET", "/widget/w1/part/none", "part with id 'none'"),
        ("GET", f"/widget/{'x' * 300}/part", "widget with id"),
        ("GET", "/widget/%00/part", "widget with id"),
        ("GET", "/widget/w1%2Fpart/part", "widget with id 'w1/part'"),
    ],
)
def test_an_unknown_parent_is_named(suite: Suite, method: str, path: str, missing: str) -> None:
    suite.created(f"{BASE}/widget/w1/part", {"id": "p"})
    answer = suite.request(method, BASE + path, {"name": "n"} if method in ("POST", "PATCH") else None)
    assert (answer.status, answer.json["code"]) == (404, "resource.not-found")
    assert missing in answer.json["message"]


@pytest.mark.parametrize("path", ["/part", "/widget/w1/bolt", "/widget//part", "/widget/w1/part/p/screw/s/t"])
def test_paths_that_lead_nowhere(suite: Suite, path: str) -> None:
    assert suite.get(BASE + path).json["code"] == "path.unknown"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/widget/w1/part", "GET, HEAD, OPTIONS, POST"),
        ("/widget/w1/part/p", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/widget/w1/part/p/screw", "GET, HEAD, OPTIONS, POST"),
        ("/widget/w1/spare", "GET, HEAD, OPTIONS"),
        ("/widget/w1/spare/s", "GET, HEAD, OPTIONS, PATCH"),
    ],
)
def test_a_nested_path_says_what_it_allows(suite: Suite, path: str, allowed: str) -> None:
    refused, asked = suite.request("PUT", BASE + path), suite.request("OPTIONS", BASE + path)
    assert (refused.status, refused.headers["allow"], asked.headers["allow"]) == (405, allowed, allowed)


def test_what_nothing_creates_is_served_once_it_is_stored(suite: Suite) -> None:
    spares = f"{BASE}/widget/w1/spare"
    assert suite.get(spares).json == []
    put_spare(suite, "w1", "s")
    put_spare(suite, "w2", "s")

    assert [one["name"] for one in suite.get(f"{spares}?id=s").json] == ["spare of w1"]
    etag = suite.get(f"{spares}/s").headers["etag"]
    patched = suite.patch(f"{spares}/s", {"name": "new"}, headers={"if-match": etag})
    assert (patched.status, patched.json["name"]) == (200, "new")
    assert suite.patch(f"{spares}/s", {"name": "newer"}, headers={"if-match": etag}).status == 412
    assert suite.get(f"{BASE}/widget/w2/spare/s").json["name"] == "spare of w2"


def test_with_a_parent_goes_what_lies_below_it_with_its_events(suite: Suite) -> None:
    for widget in ("w1", "w2"):
        suite.created(f"{BASE}/widget/{widget}/part", {"id": "p"})
        suite.created(f"{BASE}/widget/{widget}/part/p/screw", {"id": "s"})
        put_spare(suite, widget, "spare")
    part = f"{HOST}{BASE}/widget/w1/part/p"
    assert ("PartCreateEvent", part) in event_log(suite)

    assert suite.delete(f"{BASE}/widget/w1").status == 204

    assert event_log(suite) == [
        ("ScrewDeleteEvent", f"{part}/screw/s"),
        ("PartDeleteEvent", part),
        ("WidgetDeleteEvent", f"{HOST}{BASE}/widget/w1"),
    ]
    suite.created(f"{BASE}/widget", {"id": "w1"})
    for path in ("part", "spare"):
        assert suite.get(f"{BASE}/widget/w1/{path}").json == []
        assert len(suite.get(f"{BASE}/widget/w2/{path}").json) == 1
    assert suite.get(f"{BASE}/widget/w2/part/p/screw/s").status == 200


def test_the_rule_of_a_part_keeps_its_parent(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fixed(Conflict):
        code, reason = "toy.fixed", "It is fixed"

    def refuse(document: dict[str, Any], context: RuleContext) -> None:
        raise Fixed(f"{context.resource} {document['id']} is fixed")

    suite.created(f"{BASE}/widget/w1/part", {"id": "p"})
    descriptor = suite.installation.served["TMF999/v5", "part"].descriptor
    monkeypatch.setitem(descriptor.__dict__, "on_delete", refuse)

    answer = suite.delete(f"{BASE}/widget/w1")

    assert (answer.status, answer.json["message"]) == (409, "part p is fixed")
    assert suite.get(f"{BASE}/widget/w1/part/p").status == 200


def test_nothing_is_left_below_a_parent_that_goes_meanwhile(suite: Suite) -> None:
    def create() -> int:
        return suite.post(f"{BASE}/widget/w1/part", {"name": "n"}).status

    def delete() -> int:
        return suite.delete(f"{BASE}/widget/w1").status

    with ThreadPoolExecutor(9) as pool:
        calls = [pool.submit(call) for call in (*[create] * 4, delete, *[create] * 4)]
        statuses = [call.result() for call in calls]

    assert statuses[4] == 204
    assert set(statuses) <= {201, 204, 404}
    table = suite.installation.served["TMF999/v5", "part"].stored.name
    with suite.installation.database.read() as uow:
        assert uow.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_a_repeated_create_below_a_parent_is_one(suite: Suite) -> None:
    key = {"idempotency-key": "k"}
    first, again, other = (
        suite.post(f"{BASE}/widget/{widget}/part", {"name": "n"}, headers=key) for widget in ("w1", "w1", "w2")
    )
    assert first.json == again.json
    assert other.json["id"] != first.json["id"]
    assert suite.get(f"{BASE}/widget/w1/part").headers["x-total-count"] == "1"


def test_the_entry_point_shows_where_they_are(suite: Suite) -> None:
    hrefs = {link["href"] for link in suite.get(f"{BASE}/").json["_links"].values()}
    assert any(href.startswith(f"{HOST}{BASE}{PART}") for href in hrefs)
    listed = next(api for api in suite.get("/tmf-api").json["apis"] if api["id"] == "TMF999")
    assert listed["notServed"] == {
        "/widget/{widgetId}/spare": "no operation of the document creates one: the list is empty until a component "
        "stores some"
    }
