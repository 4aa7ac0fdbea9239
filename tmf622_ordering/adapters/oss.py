"""The HTTP exchange with one TMF641 API: requests out, exact JSON back, everything that can go wrong as one fact.

Knows nothing of service orders. The address is the operator's own and may be private; redirects and proxies are not
followed, so that the token goes nowhere else.
"""

from __future__ import annotations

import hashlib
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from common import exact_json
from common.errors import ConfigurationError, MalformedJson
from common.settings import Settings

ANSWER_BYTES_MAX = 8_000_000
REASON_CHARACTERS_MAX = 300
_CONNECTIONS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30)
# Errors before anything was sent: the request was certainly not carried out.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


class OssTrouble(Exception):
    """No answer that can be used. `is_unsure`: the request may have been carried out all the same."""

    def __init__(self, reason: str, *, is_unsure: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_unsure = is_unsure


@dataclass(frozen=True)
class Reply:
    """What was answered. `document` is None where no JSON was read; `request` and `status` in words are `what`."""

    status: int
    document: Any
    what: str
    total: int | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def problem(self) -> str:
        """For a person: which request was answered how, and what the other side said of it."""
        body = self.document if isinstance(self.document, Mapping) else {}
        said = [str(body[name]) for name in ("message", "reason") if body.get(name)]
        return (f"{self.what}: {said[0]}" if said else self.what)[:REASON_CHARACTERS_MAX]


class Oss:
    """A client of the API at `BSS_OSS_URL`. Safe to call from several threads."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        """Errors: ConfigurationError for an address or token that cannot be used."""
        self._timeout_seconds = settings.oss_timeout_seconds
        self._client = httpx.Client(
            base_url=_checked_url(settings.oss_url),
            headers={"Accept": "application/json", "User-Agent": "tmf-bss", **_authorization(settings.oss_token)},
            timeout=httpx.Timeout(settings.oss_timeout_seconds),
            limits=_CONNECTIONS,
            verify=httpx.create_ssl_context(),
            trust_env=False,
            transport=transport,
        )
        # Whoever carries out work is not told when it ends; connections go with the last who could use them.
        self.close = weakref.finalize(self, self._client.close)

    def get(self, path: str, **parameters: str) -> Reply:
        return self._exchange("GET", path, parameters=parameters)

    def post(self, path: str, body: Mapping[str, Any], key: str = "") -> Reply:
        """Shapes: posts with the same `key` and body carry the same Idempotency-Key, which helps where it is known."""
        content = exact_json.encode(body)
        once = hashlib.sha256(key.encode() + b"\n" + content).hexdigest()
        return self._exchange("POST", path, content, {"Idempotency-Key": once} if key else {})

    def patch(self, path: str, body: Mapping[str, Any]) -> Reply:
        return self._exchange("PATCH", path, exact_json.encode(body))

    def delete(self, path: str) -> Reply:
        return self._exchange("DELETE", path)

    def _exchange(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Reply:
        """Errors: OssTrouble when nothing was answered, or a success with a body that is no JSON."""
        what = f"{method} {path}"
        sent = {**(headers or {}), **({"Content-Type": "application/json"} if content is not None else {})}
        try:
            with self._client.stream(method, path, content=content, headers=sent, params=parameters or None) as answer:
                body = self._read(answer, what)
        except _UNSENT as error:
            raise OssTrouble(f"the OSS cannot be reached: {_told(error)}", is_unsure=False) from error
        except httpx.TimeoutException as error:
            raise OssTrouble(f"no answer to {what} within {self._timeout_seconds} s") from error
        except (httpx.HTTPError, OSError) as error:
            raise OssTrouble(f"{what} broke off: {_told(error)}") from error
        what = f"the OSS answered {answer.status_code} to {what}"
        total = answer.headers.get("X-Total-Count", "")
        document = self._document(body, what, is_needed=answer.is_success) if body else None
        return Reply(answer.status_code, document, what, int(total) if total.isdecimal() and len(total) < 10 else None)

    def _read(self, answer: httpx.Response, what: str) -> bytes:
        """The body, within limits of size and time: the time-out of the client is for each piece alone."""
        end = time.monotonic() + self._timeout_seconds
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > ANSWER_BYTES_MAX:
                raise OssTrouble(f"the answer to {what} has more than {ANSWER_BYTES_MAX} bytes")
            if time.monotonic() > end:
                raise OssTrouble(f"no whole answer to {what} within {self._timeout_seconds} s")
        return bytes(body)

    @staticmethod
    def _document(body: bytes, what: str, *, is_needed: bool) -> Any:
        try:
            return exact_json.decode(body)
        except MalformedJson as error:
            if is_needed:
                raise OssTrouble(f"{what}, with a body that is no JSON") from error
            return None


def _checked_url(text: str) -> httpx.URL:
    if not text:
        raise ConfigurationError("BSS_FULFILMENT is tmf641: give the address of that API in BSS_OSS_URL")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"BSS_OSS_URL is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ConfigurationError("BSS_OSS_URL is absolute, http or https, and ends with the path of the API")
    if url.userinfo:
        raise ConfigurationError("leave user and password out of BSS_OSS_URL; use BSS_OSS_TOKEN instead")
    return url


def _authorization(token: str) -> dict[str, str]:
    if not token:
        return {}
    # Checked here, because the library would quote a header that it refuses, and the token with it.
    if not all("!" <= character <= "~" for character in token):
        raise ConfigurationError("BSS_OSS_TOKEN has characters that no token has; visible ASCII only")
    return {"Authorization": f"Bearer {token}"}


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:REASON_CHARACTERS_MAX]
