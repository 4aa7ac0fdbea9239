"""What every refusal looks like, and requests that no HTTP library would send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.client import Answer, Suite


@dataclass(frozen=True)
class Major:
    """Where one major has what the tests write, and the least that makes it: only in v5 must an object say its type."""

    number: int
    party: str

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def catalog(self) -> str:
        return f"/tmf-api/productCatalogManagement/{self}"

    @property
    def categories(self) -> str:
        return f"{self.catalog}/category"

    @property
    def specifications(self) -> str:
        return f"{self.catalog}/productSpecification"

    @property
    def offerings(self) -> str:
        return f"{self.catalog}/productOffering"

    @property
    def individuals(self) -> str:
        return f"/tmf-api/{self.party}/{self}/individual"

    def body(self, type_name: str, **attributes: Any) -> dict[str, Any]:
        return {"@type": type_name, **attributes} if self.number == 5 else attributes

    def category(self, name: str = "x", **attributes: Any) -> dict[str, Any]:
        """The smallest resource that is versioned, has a lifecycle and a tree."""
        return self.body("Category", name=name, **attributes)

    def individual(self, **attributes: Any) -> dict[str, Any]:
        return self.body("Individual", givenName="Ada", familyName="L", **attributes)

    def offering(self, specification_id: str) -> dict[str, Any]:
        reference = self.body("ProductSpecificationRef", id=specification_id)
        return self.body("ProductOffering", name="o", isBundle=False, productSpecification=reference)

    def selected(self, *names: str) -> set[str]:
        """What an answer has that was asked for these attributes."""
        return {"id", "href", *names} | ({"@type"} if self.number == 5 else set())


V4, V5 = Major(4, "party"), Major(5, "partyManagement")
both_majors = pytest.mark.parametrize("major", [V5, V4], ids=str)

CATALOG = V5.catalog
PARTY = "/tmf-api/partyManagement/v5"
ORDERING = "/tmf-api/productOrderingManagement/v5"
CATEGORY = V5.categories
INDIVIDUAL = V5.individuals
INDIVIDUAL_BODY = V5.individual()
category = V5.category
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
