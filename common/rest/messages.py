"""A request and its answer as values, so that an endpoint can be called without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One HTTP request to one operation.

    Shapes: `id` is the decoded last path segment of an item path, else None; `parents` the decoded ids of what a
            nested resource lies below, outermost first; `query` the raw query string;
            `headers` by lower-case name; `origin` is scheme, host and prefix for hrefs (`http://h:1/prefix`);
            `base_path` the path of the API as the client addressed it (an alias stays that alias).
    """

    method: str
    path: str
    base_path: str
    origin: str
    id: str | None = None
    parents: tuple[str, ...] = ()
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    correlation_id: str | None = None
    tenant: str = "default"

    @property
    def base(self) -> str:
        return self.origin + self.base_path


@dataclass(frozen=True)
class Response:
    """An answer: status, headers in order, body bytes (JSON unless a content-type header says otherwise)."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
