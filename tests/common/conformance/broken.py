"""Our application behind something that breaks it on purpose: requests and answers are changed on the way."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from common import exact_json

COLLECTION = "/category"
RESERVED = {"fields", "offset", "limit", "before", "after", "sort", "filter"}


@dataclass(frozen=True)
class Asked:
    """A request. Shapes: `query` raw; header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return exact_json.decode(self.body) if self.body else None

    @property
    def object(self) -> dict[str, Any]:
        """The body as an object; empty when it is none or no JSON."""
        try:
            value = self.json
        except Exception:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The parameters as they are written: name and value, the value with its equals sign in front."""
        pieces = [piece for piece in self.query.split("&") if piece]
        return [(name, mark + value) for name, mark, value in (piece.partition("=") for piece in pieces)]

    @property
    def id(self) -> str:
        return unquote(self.path.rpartition("/")[2])

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and self.path.endswith(COLLECTION)

    @property
    def is_item(self) -> bool:
        return re.search(rf"{COLLECTION}/[^/]+$", self.path) is not None

    @property
    def is_hub(self) -> bool:
        return "/hub" in self.path

    def on(self, method: str) -> bool:
        """Whether it is this method, on the resource."""
        return self.method == method and not self.is_hub

    def with_parts(self, parts: list[tuple[str, str]]) -> Asked:
        return replace(self, query="&".join(name + value for name, value in parts))

    def with_json(self, value: Any) -> Asked:
        return replace(self, body=exact_json.encode(value))

    def without_header(self, name: str) -> Asked:
        return replace(self, headers={key: value for key, value in self.headers.items() if key != name})


@dataclass(frozen=True)
class Answered:
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        return exact_json.decode(self.body) if self.body else None

    def with_json(self, value: Any) -> Answered:
        return replace(
            self, body=exact_json.encode(value), headers={**self.headers, "content-type": "application/json"}
        )

    def with_header(self, name: str, value: str | None) -> Answered:
        kept = {key: text for key, text in self.headers.items() if key != name}
        return replace(self, headers=kept if value is None else {**kept, name: value})

    def each(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answered:
        """Every resource in it changed, of a list or alone."""
        value = self.json
        if isinstance(value, list):
            return self.with_json([change(one) for one in value])
        return self.with_json(change(value)) if isinstance(value, dict) else self


Forward = Callable[[Asked], Awaitable[Answered]]
Behave = Callable[[Asked, Forward], Awaitable[Answered]]


class Broken:
    """An ASGI application that lets `behave` answer; what it forwards goes to the real one."""

    def __init__(self, application: Any, behave: Behave) -> None:
        self._application, self._behave = application, behave

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = await _asked(scope, receive)
        answer = await self._behave(asked, lambda changed: self._forward(scope, changed))
        headers = {**answer.headers, "content-length": str(len(answer.body))}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": answer.body})

    async def _forward(self, scope: Any, asked: Asked) -> Answered:
        headers = {**asked.headers, "content-length": str(len(asked.body))}
        changed = {
            **scope,
            "method": asked.method,
            "path": unquote(asked.path),
            "raw_path": asked.path.encode(),
            "query_string": asked.query.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
        left = [{"type": "http.request", "body": asked.body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._application(changed, receive, send)
        start, *parts = sent
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        return Answered(start["status"], found, b"".join(part.get("body", b"") for part in parts))


async def _asked(scope: Any, receive: Any) -> Asked:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
    return Asked(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body)
