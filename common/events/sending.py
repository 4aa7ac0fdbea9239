"""One attempt to hand one event to one listener: the HTTP exchange, and nothing of queues."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from ssl import SSLContext

import httpcore
import httpx

from common.events.callbacks import CallbackRefused, JudgingBackend, Resolver
from common.settings import Settings

SIGNATURE_HEADER = "X-BSS-Signature"
# A listener's answer means nothing beyond its status; so much of it is read that the connection can be used again.
ANSWER_BYTES_MAX = 4_096
_CONNECTIONS_MAX = 100
_IDLE_SECONDS = 5.0
# What can go wrong between us and a listener. UnicodeError: a name that cannot be written for DNS.
_EXCHANGE_ERRORS = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
    CallbackRefused,
    OSError,
    TimeoutError,
    UnicodeError,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended; `problem` is None when the listener took the event."""

    problem: str | None = None


def signature(secret: str, body: bytes, now: datetime) -> str:
    """The value of the signature header: the moment, and the HMAC-SHA256 of moment, dot and body."""
    moment = int(now.timestamp())
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def listener_url(callback: str, listener_path: str, settings: Settings) -> str:
    """Where an event is posted: the callback as it was registered, or the listener path under it."""
    if settings.callback_style == "verbatim":
        return callback
    address, mark, query = callback.partition("?")
    return address.rstrip("/") + listener_path + mark + query


class Sender:
    """An HTTP client for callbacks: no redirects, no proxies, no cookies, only judged addresses."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings

    async def post(self, url: str, body: bytes, secret: str | None, now: datetime) -> Attempt:
        """Post one event. Any 2xx is success; everything that HTTP can do to us is an attempt with a problem."""
        headers = [("Content-Type", "application/json"), ("User-Agent", "tmf-bss")]
        if secret is not None:
            headers.append((SIGNATURE_HEADER, signature(secret, body, now)))
        status: int | None = None
        try:
            async with asyncio.timeout(self._settings.delivery_timeout_seconds):
                async with self._pool.stream("POST", _address(url), headers=headers, content=body) as answer:
                    status = answer.status
                    await _read_bounded(answer)
        except _EXCHANGE_ERRORS as error:
            # With a status the listener has answered, and what happened to the rest of the answer changes nothing.
            if status is None:
                return Attempt(_problem(error, self._settings))
        assert status is not None, "an exchange without an error has an answer"
        return Attempt(None if 200 <= status < 300 else f"answered {status}")


@asynccontextmanager
async def open_sender(
    settings: Settings, tls: SSLContext, resolve: Resolver, connections_max: int = _CONNECTIONS_MAX
) -> AsyncIterator[Sender]:
    """A sender for the running event loop; its connections are closed in the end."""
    pool = httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=connections_max,
        keepalive_expiry=_IDLE_SECONDS,
        network_backend=JudgingBackend(resolve, settings.callback_allow_private),
    )
    async with pool:
        yield Sender(pool, settings)


def system_resolver(threads: Executor) -> Resolver:
    """Asks the system's resolver, in threads of its own: a slow name server holds up nothing but names."""

    def look_up(host: str, port: int) -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    async def resolve(host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(threads, look_up, host, port)

    return resolve


def _address(url: str) -> httpcore.URL:
    parsed = httpx.URL(url)
    return httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)


async def _read_bounded(answer: httpcore.Response) -> None:
    size = 0
    async with aclosing(answer.aiter_stream()) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            size += len(chunk)
            if size > ANSWER_BYTES_MAX:
                return


def _problem(error: Exception, settings: Settings) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {settings.delivery_timeout_seconds} s"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
