"""The server under test: requests to it, every exchange kept, and the command that repeats one."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import httpx

from common import exact_json
from common.errors import MalformedJson

JSON = "application/json"
TIMEOUT_SECONDS = 30.0
# Exchanges kept with their bodies; beyond it only the numbers go on.
EXCHANGES_MAX = 100_000
# Bytes of a body that are kept for the report.
BODY_KEPT_MAX = 200_000
_MASK = "***"
# Headers that carry secrets whether they came from --header or from the configuration.
_SECRET = ("authorization", "cookie", "x-api-key", "apikey", "proxy-authorization")


class Unreachable(Exception):
    """Nothing answers at the address, or not in time."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Shapes: headers as (name, value), names in lower case; `seconds` elapsed."""

    number: int
    method: str
    url: str
    sent_headers: tuple[tuple[str, str], ...]
    sent: bytes
    status: int
    headers: httpx.Headers
    content: bytes
    seconds: float

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """The body, exact; None when it is no JSON."""
        try:
            return exact_json.decode(self.content)
        except MalformedJson:
            return None

    @property
    def document(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        value = self.json
        return value if isinstance(value, dict) else {}

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The objects of a body that is an array."""
        value = self.json
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    @property
    def media_type(self) -> str:
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def told(self) -> str:
        """The exchange in one line."""
        return f"{self.method} {self.url}: {self.status} {self.content[:300].decode(errors='replace')}"

    def curl(self) -> str:
        """A command that repeats the request; secrets stand masked."""
        words = ["curl", "-i", "-X", self.method, self.url]
        for name, value in self.sent_headers:
            words += ["-H", f"{name}: {value}"]
        if self.sent:
            words += ["--data-binary", self.sent.decode(errors="replace")]
        return " ".join(shlex.quote(word) for word in words)


class Target:
    """A client of one server that keeps what was said."""

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str] | None = None,
        verify: bool | str = True,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        stopping: threading.Event | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.given = dict(headers or {})
        self._client = httpx.Client(verify=verify, transport=transport, timeout=timeout_seconds, follow_redirects=False)
        self._origin = _origin(self.base)
        # Whether it can be reached by others than this client.
        self.is_network = transport is None
        self.exchanges: list[Exchange] = []
        self._stopping = stopping or threading.Event()
        self._secret = {name.lower() for name in self.given} | set(_SECRET)
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        media_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        last: bool = False,
    ) -> Exchange:
        """One request; `path` is below the base, or a whole URL. `body` goes as exact JSON, `content` as it is.

        Who is told to stop stops before a request, never in it: what it creates would be known to nobody. A `last`
        request, of the cleaning up, is made all the same.

        Errors: Unreachable; KeyboardInterrupt when the run is to stop.
        """
        if self._stopping.is_set() and not last:
            raise KeyboardInterrupt
        url = path if path.startswith(("http://", "https://")) else self.base + path
        if body is not None:
            content = exact_json.encode(body)
        # What was given for this server is not told to another one that an href leads to.
        given = self.given if _origin(url) == self._origin else {}
        typed = {"content-type": media_type} if content is not None else {}
        sent = {"accept": JSON, **given, **typed, **(headers or {})}
        with self._lock:
            started = monotonic()
            try:
                answer = self._client.request(method, url, content=content, headers=sent)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unreachable(f"{method} {url}: {type(error).__name__} {error}") from error
            return self._kept(method, url, sent, content or b"", answer, monotonic() - started)

    def _kept(
        self, method: str, url: str, sent: Mapping[str, str], content: bytes, answer: httpx.Response, seconds: float
    ) -> Exchange:
        shown = tuple((name, _MASK if name.lower() in self._secret else value) for name, value in sent.items())
        exchange = Exchange(
            number=len(self.exchanges),
            method=method,
            url=url,
            sent_headers=shown,
            sent=content[:BODY_KEPT_MAX],
            status=answer.status_code,
            headers=answer.headers,
            content=answer.content,
            seconds=seconds,
        )
        if len(self.exchanges) < EXCHANGES_MAX:
            self.exchanges.append(exchange)
        return exchange

    def absolute(self, url: str) -> str:
        """A Location or href as a whole URL: relative ones lead from the base."""
        return urljoin(self.base + "/", url)

    def close(self) -> None:
        self._client.close()


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL; of something that is none, nothing."""
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL:
        return "", "", None
    return read.scheme, read.host, read.port


def pretty(content: bytes) -> str:
    """A body for people: JSON indented, anything else as text, shortened."""
    text = content[:BODY_KEPT_MAX].decode(errors="replace")
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        return text
