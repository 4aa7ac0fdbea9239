"""Paths that a component answers beside its contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from common.component import Route
from common.installation import Installation
from common.rest.messages import Request, Response
from common.rest.routes import OwnRoutes
from common.settings import Settings
from tests.client import Suite

GATE = "/gate"
LISTENER = "/tmf-api/serviceOrdering/v4/listener"
EVENT = {"eventId": "e-1", "eventType": "ServiceOrderStateChangeEvent", "event": {"serviceOrder": {"id": "so-1"}}}


class Echo:
    """A handler that says what it was asked; `made` counts how often it was opened."""

    made = 0

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        type(self).made += 1

    def __call__(self, request: Request) -> Response:
        return Response(200, (request.id or "").encode())


def test_a_route_is_opened_once_at_its_first_request() -> None:
    Echo.made = 0
    installation = Installation.assemble(Settings(database_url="sqlite://"))
    component = replace(installation.components[0], routes=(Route("POST", "/x/{name}", f"{__name__}:Echo"),))
    routes = OwnRoutes(replace(installation, components=(component,)), lambda: None)
    assert Echo.made == 0

    handler = routes.handlers["POST", "/tmf-api/x/{name}"]
    request = Request("POST", "/tmf-api/x/a", "", "http://bss.example", id="a")
    assert [handler(request).body for _ in range(2)] == [b"a", b"a"]
    assert Echo.made == 1
    installation.database.close()


@pytest.mark.parametrize(
    ("method", "path", "is_there"),
    [
        ("POST", f"{LISTENER}", True),
        ("POST", f"{LISTENER}/serviceOrderStateChangeEvent", True),
        ("GET", f"{LISTENER}/serviceOrderStateChangeEvent", False),
        ("POST", "/tmf-api/serviceOrdering/v4/serviceOrder", False),
    ],
)
def test_a_route_is_found_by_its_path_or_its_placeholder(method: str, path: str, is_there: bool) -> None:
    installation = Installation.assemble(Settings(database_url="sqlite://"))
    assert (OwnRoutes(installation, lambda: None).find(method, path) is not None) == is_there
    installation.database.close()


@pytest.fixture
def suite(tmp_path: Path):  # type: ignore[no-untyped-def]
    found = Suite(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", base_prefix=GATE, body_bytes_max=1000))
    yield found
    found.close()


@pytest.mark.parametrize("path", ["", "/serviceOrderStateChangeEvent", "/listener/serviceOrderStateChangeEvent"])
def test_an_event_is_acknowledged_as_v4_does(suite: Suite, path: str) -> None:
    answer = suite.post(GATE + LISTENER + path, EVENT)
    assert (answer.status, answer.json) == (201, {"id": "e-1", "callback": LISTENER + path})
    assert suite.changes == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"event": []}, 400),
        ({"eventType": 7}, 400),
        ([EVENT], 400),
        ({**EVENT, "x": "x" * 1000}, 413),
        ({"event": {"serviceOrder": {"externalId": "o\u0000/1/ship"}}}, 400),
        ({}, 201),
    ],
)
def test_what_is_no_event_is_refused(suite: Suite, body: object, status: int) -> None:
    assert suite.post(f"{GATE}{LISTENER}/serviceOrderCreateEvent", body).status == status
    assert suite.get(f"{GATE}{LISTENER}/serviceOrderCreateEvent").status == 405
