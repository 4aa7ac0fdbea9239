"""A hub listener that remembers every event in the order it came."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


class Listener:
    """Listens on a free port of 127.0.0.1; `events` are the bodies as they came."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.events.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silence: the test says what it needs to know."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def subscribe(self, api: str) -> None:
        """Register at the hub of an API, given by its address."""
        answer = httpx.post(f"{api}/hub", json={"callback": self.url})
        assert answer.status_code == 201, answer.text

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
