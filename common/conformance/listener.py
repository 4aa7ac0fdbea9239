"""The kit's own listener: takes events, and looks at once whether what they tell of is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urlsplit

from common import exact_json
from common.domain.query import Document
from common.errors import MalformedJson

# Longest event that is read.
_BYTES_MAX = 5_000_000
# How long it must be quiet until nothing more is expected.
QUIET_SECONDS = 0.4
EVENT_SECONDS = 10.0

Look = Callable[[Document], Any]


@dataclass(frozen=True, slots=True)
class Received:
    """An event: its document (empty when it was no JSON object), and what the look at its arrival saw."""

    document: Document
    seen: Any = None

    @property
    def type(self) -> str:
        return str(self.document.get("eventType", ""))

    @property
    def id(self) -> str:
        return str(self.document.get("eventId", ""))


class Listener(Protocol):
    """Where a server posts events to; each name is a callback of its own."""

    def callback(self, name: str) -> str:
        """The URL to register."""

    def on_arrival(self, look: Look) -> None:
        """What to do with each event as it arrives; its result is kept with the event."""

    def wait(self, name: str, enough: Callable[[list[Received]], bool]) -> list[Received]:
        """What has come for a name once it is enough, or the time is over."""

    def settle(self) -> None:
        """Until nothing more is on its way, as far as one can tell."""

    def close(self) -> None: ...


class HttpListener:
    """A listener on a port of this machine."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, url: str | None = None, seconds: float = EVENT_SECONDS
    ) -> None:
        self._come: dict[str, list[Received]] = {}
        self._changed = threading.Condition()
        self._look: Look = lambda document: None
        self._seconds = seconds
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self._server.daemon_threads = True
        self._url = (url or f"http://{host}:{self._server.server_address[1]}").rstrip("/")
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def callback(self, name: str) -> str:
        return f"{self._url}/{name}"

    def on_arrival(self, look: Look) -> None:
        self._look = look

    def wait(self, name: str, enough: Callable[[list[Received]], bool]) -> list[Received]:
        end = monotonic() + self._seconds
        with self._changed:
            while not enough(self._come.get(name, [])) and (left := end - monotonic()) > 0:
                self._changed.wait(left)
            return list(self._come.get(name, []))

    def settle(self) -> None:
        with self._changed:
            while self._changed.wait(QUIET_SECONDS):
                pass

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str, content: bytes) -> None:
        # A server that is told to may append the listener path: the first segment is the name.
        name = urlsplit(path).path.strip("/").partition("/")[0]
        document = read_event(content)
        received = Received(document, self._look(document))
        with self._changed:
            self._come.setdefault(name, []).append(received)
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("content-length") or 0), _BYTES_MAX)
                listener._take(self.path, self.rfile.read(length))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal: the report tells."""

        return Handler


def read_event(content: bytes) -> Document:
    try:
        value = exact_json.decode(content)
    except MalformedJson:
        return {}
    return value if isinstance(value, dict) else {}
