"""A TMF641 server in a few lines, which can be told to misbehave; real HTTP is in `test_tmf641_served.py`.

`faults` are answers, or errors, given instead of the server's own: the next ones, in order, by method and resource.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from common.settings import Settings
from tmf622_ordering.adapters.oss import Oss
from tmf622_ordering.adapters.tmf641 import Tmf641

BASE = "https://oss.example/tmf-api/serviceOrdering/v4"
POLL_SECONDS = 60

Fault = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class OssDouble:
    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.cancellations: list[dict[str, Any]] = []
        self.hubs: dict[str, str] = {}
        self.requests: list[httpx.Request] = []
        self.faults: dict[tuple[str, str], list[Fault]] = {}
        self.ignores_filters = False
        self.page_max: int | None = None

    def fulfilment(self, **settings: Any) -> Tmf641:
        return Tmf641(self.client(**settings), POLL_SECONDS)

    def client(self, **settings: Any) -> Oss:
        return Oss(Settings(oss_url=BASE, **settings), httpx.MockTransport(self.handle))

    def fail(self, method: str, resource: str, *faults: Fault) -> None:
        self.faults.setdefault((method, resource), []).extend(faults)

    def made(self, **order: Any) -> dict[str, Any]:
        """An order that is there already."""
        id = f"so-{len(self.orders) + 1}"
        self.orders[id] = {"id": id, "state": "acknowledged", **order}
        return self.orders[id]

    @property
    def only(self) -> dict[str, Any]:
        (order,) = self.orders.values()
        return order

    def sent(self, method: str, resource: str) -> list[Any]:
        """The bodies that came with these requests."""
        return [
            json.loads(one.content or "null")
            for one in self.requests
            if one.method == method and _steps(one)[0] == resource
        ]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        resource, *rest = _steps(request)
        waiting = self.faults.get((request.method, resource))
        if waiting:
            fault = waiting.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault(request) if callable(fault) else fault
        return self.answer(request, resource, rest)

    def answer(self, request: httpx.Request, resource: str, rest: list[str]) -> httpx.Response:
        body = json.loads(request.content or "null")
        if resource == "hub":
            return self._hub(request.method, body, rest)
        if resource == "cancelServiceOrder":
            self.cancellations.append(body)
            return httpx.Response(201, json={"id": "c-1", "state": "accepted", **body})
        if request.method == "POST":
            return httpx.Response(201, json=self.made(**body))
        if not rest:
            return self._listed(request)
        if rest[0] not in self.orders:
            return httpx.Response(404, json={"code": "60", "reason": "Resource not found"})
        if request.method == "PATCH":
            self.orders[rest[0]] |= body
        return httpx.Response(200, json=self.orders[rest[0]])

    def _listed(self, request: httpx.Request) -> httpx.Response:
        wanted = request.url.params["externalId"]
        found = [one for one in self.orders.values() if self.ignores_filters or one.get("externalId") == wanted]
        start, count = int(request.url.params["offset"]), int(request.url.params["limit"])
        shown = found[start : start + min(count, self.page_max or count)]
        return httpx.Response(
            200, json=[{n: one[n] for n in ("id", "externalId", "state") if n in one} for one in shown]
        )

    def _hub(self, method: str, body: Any, rest: list[str]) -> httpx.Response:
        if method == "DELETE":
            del self.hubs[rest[0]]
            return httpx.Response(204)
        id = f"h/{len(self.hubs) + 1}"
        self.hubs[id] = body["callback"]
        return httpx.Response(201, json={"id": id, **body})


def _steps(request: httpx.Request) -> list[str]:
    base = httpx.URL(BASE).raw_path.decode()
    path = request.url.raw_path.decode().partition("?")[0]
    assert path.startswith(base + "/")
    return [httpx.URL("https://x.example/" + step).path[1:] for step in path.removeprefix(base + "/").split("/")]
