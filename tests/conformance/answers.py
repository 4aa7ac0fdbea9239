"""What every refusal looks like, and requests that no HTTP library would send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx

from tests.client import Answer, Suite

CATALOG = "/tmf-api/productCatalogManagement/v5"
PARTY = "/tmf-api/partyManagement/v5"
ORDERING = "/tmf-api/productOrderingManagement/v5"
CATEGORY = f"{CATALOG}/category"
INDIVIDUAL = f"{PARTY}/individual"
INDIVIDUAL_BODY = {"@type": "Individual", "givenName": "Ada", "familyName": "L"}
_MEMBERS = {"@type", "code", "reason", "message", "status", "referenceError", "errors"}


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The TMF Error body of a refusal that is whole and tells nothing of our insides."""
    assert answer.status == status, answer.content[:2000]
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json
    assert body.keys() <= _MEMBERS
    assert (body["@type"], body["status"], body["code"]) == ("Error", str(status), code)
    assert isinstance(body["reason"], str)
    assert isinstance(body["message"], str)
    assert body["reason"]
    assert body["message"]
    assert body["referenceError"].endswith(f"/docs/errors#{code}")
    for leak in (b"Traceback", b".py", b"sqlalchemy", b"psycopg", b"sqlite3", b"SELECT "):
        assert leak not in answer.content
    return body


def category(name: str = "x", **attributes: Any) -> dict[str, Any]:
    """The least that makes a category: the smallest resource that is versioned, has a lifecycle and a tree."""
    return {"@type": "Category", "name": name, **attributes}


def pointers(body: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in body["errors"]]


def raw(
    suite: Suite,
    method: str,
    path: bytes,
    *,
    query: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
    chunks: Iterable[bytes] = (b"",),
) -> Answer:
    """One request with exactly these bytes, as a server process would hand it over."""
    return asyncio.run(_raw(suite, method, path, query, list(headers), list(chunks)))


async def _raw(
    suite: Suite, method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], chunks: list[bytes]
) -> Answer:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": [(b"host", b"bss.example"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    left = iter([*({"type": "http.request", "body": c, "more_body": True} for c in chunks[:-1])])
    last = {"type": "http.request", "body": chunks[-1] if chunks else b"", "more_body": False}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(left, last)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await suite.application(scope, receive, send)
    start, *parts = sent
    for name, value in start["headers"]:
        assert b"\r" not in name + value
        assert b"\n" not in name + value
    decoded = httpx.Headers(start["headers"])
    return Answer(start["status"], decoded, b"".join(part["body"] for part in parts))
