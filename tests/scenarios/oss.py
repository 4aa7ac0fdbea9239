"""An OSS for stories, over real HTTP: our own server on the official TMF641 file, or a small one in its place.

Stories move its service orders on, take the events that it sends, and have its answers fail.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote

import httpx

from common.domain.clock import Clock
from common.serving import delivery_worker
from common.settings import Settings
from tests.client import Suite
from tests.common.events.listeners import listening
from tests.scenarios.kit import Order, Shop
from tests.tmf622_ordering.adapters.oss_double import BASE, OssDouble

Body = dict[str, Any]
_PATH = "/tmf-api/serviceOrdering/v4"


class Backend(Protocol):
    """What answers behind the front, and what it has to tell listeners."""

    def answer(self, method: str, path: str, content: bytes) -> tuple[int, bytes]: ...

    def listed(self, resource: str) -> list[Body]: ...

    def events(self) -> list[Body]: ...


class Small:
    """The double of the adapter's tests, with events."""

    def __init__(self) -> None:
        self._double = OssDouble()
        self._events: list[Body] = []

    def answer(self, method: str, path: str, content: bytes) -> tuple[int, bytes]:
        before = {id: dict(order) for id, order in self._double.orders.items()}
        request = httpx.Request(method, BASE + path, content=content)
        answer = self._double.handle(request)
        for id, order in self._double.orders.items():
            if before.get(id) != order:
                self._tell(before.get(id), dict(order))
        return answer.status_code, answer.content

    def listed(self, resource: str) -> list[Body]:
        orders, cancellations = self._double.orders.values(), self._double.cancellations
        return [*(orders if resource == "serviceOrder" else cancellations)]

    def events(self) -> list[Body]:
        told, self._events = self._events, []
        return told

    def _tell(self, before: Body | None, order: Body) -> None:
        kind = "Create" if before is None else "StateChange" if before["state"] != order["state"] else ""
        event_type = f"ServiceOrder{kind or 'AttributeValueChange'}Event"
        self._events.append({"eventId": "e", "eventType": event_type, "event": {"serviceOrder": order}})


class Official:
    """A suite of its own, with nothing but the official file; its events are delivered to a listener of ours."""

    def __init__(self, spec_folder: Path, folder: Path, clock: Clock, callback: Any) -> None:
        settings = Settings(
            database_url=f"sqlite:///{folder}/oss.db",
            components="",
            spec_dir=str(spec_folder),
            callback_allow_private=True,
        )
        self._suite = Suite(settings, clock)
        self._worker = delivery_worker(self._suite.installation)
        self._listener = callback

    def answer(self, method: str, path: str, content: bytes) -> tuple[int, bytes]:
        answer = self._suite.request(method, _PATH + path, content=content or None)
        return answer.status, answer.content

    def listed(self, resource: str) -> list[Body]:
        body: list[Body] = json.loads(self.answer("GET", f"/{resource}?limit=1000", b"")[1])
        return body

    def events(self) -> list[Body]:
        while asyncio.run(self._worker.step()):
            pass
        told, self._listener.received = self._listener.bodies, []
        return told

    def close(self) -> None:
        self._worker.close()
        self._suite.close()


class Front:
    """The OSS as the suite and a story see it.

    Shapes: while `is_down` every request is answered with 503; of so many service orders that are created next, the
            answer is lost (`answers_lost`).
    """

    def __init__(self, backend: Backend, callback: str) -> None:
        self.backend, self.callback = backend, callback
        self.is_down = False
        self.answers_lost = 0
        self.url = ""
        self.hubs: list[str] = []

    def answer(self, method: str, path: str, content: bytes) -> tuple[int, bytes] | None:
        """None: the connection breaks off without an answer."""
        if self.is_down:
            return 503, b""
        status, body = self.backend.answer(method, path, content)
        if (method, path) == ("POST", "/hub") and status == 201:
            self.hubs.append(json.loads(body)["id"])
        if (method, path) == ("POST", "/serviceOrder") and self.answers_lost:
            self.answers_lost -= 1
            return None
        return status, body

    def service_orders(self, order: Order) -> dict[str, str]:
        """The state of every service order of a product order, by task; undoing ones end in `/undo`."""
        return {task: shown["state"] for task, shown in self._of(order)}

    def tasks(self, order: Order) -> list[str]:
        """The task of every service order of a product order, twice where there are two."""
        return [task for task, _ in self._of(order)]

    def move(self, order: Order, task: str, state: str, **changes: Any) -> None:
        """Move a service order on."""
        (id,) = (shown["id"] for found, shown in self._of(order) if found == task)
        status, body = self.backend.answer(
            "PATCH", f"/serviceOrder/{id}", json.dumps({"state": state, **changes}).encode()
        )
        assert status == 200, body

    def shown(self, order: Order, task: str) -> Body:
        return next(shown for found, shown in self._of(order) if found == task)

    def cancelled(self, order: Order) -> list[str]:
        """The tasks whose service orders were asked to be cancelled."""
        ids = {shown["id"]: task for task, shown in self._of(order)}
        asked = [one["serviceOrder"]["id"] for one in self.backend.listed("cancelServiceOrder")]
        return [ids[id] for id in asked if id in ids]

    def events(self) -> list[Body]:
        """What was told since this was asked last, in order."""
        return self.backend.events()

    def tidy(self) -> None:
        self.is_down, self.answers_lost = False, 0
        for id in self.hubs:
            self.backend.answer("DELETE", f"/hub/{quote(id, safe='')}", b"")
        self.hubs.clear()
        self.backend.events()

    def _of(self, order: Order) -> list[tuple[str, Body]]:
        found = [(unquote(one.get("externalId", "")), one) for one in self.backend.listed("serviceOrder")]
        return [(key.removeprefix(f"{order.id}/"), one) for key, one in found if key.startswith(f"{order.id}/")]


@contextmanager
def served(front: Front) -> Iterator[Front]:
    """The OSS on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            answer = front.answer(self.command, self.path.removeprefix(_PATH), content)
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if status != 204 else b"")

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *arguments: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    front.url = f"http://127.0.0.1:{server.server_address[1]}{_PATH}"
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def small_oss() -> Iterator[Front]:
    with served(Front(Small(), "http://bss.example/events")) as front:
        yield front


@contextmanager
def official_oss(spec_folder: Path, folder: Path, clock: Clock) -> Iterator[Front]:
    with listening() as listener:
        backend = Official(spec_folder, folder, clock, listener)
        try:
            with served(Front(backend, listener.url)) as front:
                yield front
        finally:
            backend.close()


@dataclass
class Story:
    """A shop, and the OSS that carries out its tasks."""

    shop: Shop
    oss: Front

    def hear(self, *events: Mapping[str, Any]) -> list[int]:
        """Events that reach our listener; the work that they lead to is done."""
        statuses = [self.shop.suite.post(f"{_PATH}/listener", dict(event)).status for event in events]
        self.shop.run()
        return statuses

    def hear_all(self) -> None:
        """Everything that the OSS has told arrives, until it has nothing more to tell."""
        while events := self.oss.events():
            self.hear(*events)
