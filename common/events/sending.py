"""One attempt to hand one event to one listener: the HTTP exchange, and nothing of queues.

The client is small because what it does is: POST over HTTP/1.1, one exchange at a time on a connection, and of the
answer only the status. `httptools` reads the answers; measured, a library's whole client costs five to ten times as
much of a processor (decision 0014).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ssl import SSLContext
from typing import cast

import httptools
import httpx

from common.events.callbacks import CallbackRefused, Resolver, connected
from common.settings import Settings

SIGNATURE_HEADER = "X-BSS-Signature"
# A listener's answer means nothing beyond its status; so much of it is read that the connection can be used again.
ANSWER_BYTES_MAX = 16_384
_IDLE_SECONDS = 5.0
_URLS_KEPT = 4_096
_USER_AGENT = "tmf-bss"


class ListenerError(Exception):
    """The listener's end of an exchange broke off, or spoke no HTTP."""


# What can go wrong between us and a listener. UnicodeError: a name that cannot be written for DNS.
_EXCHANGE_ERRORS = (ListenerError, CallbackRefused, httpx.InvalidURL, OSError, TimeoutError, UnicodeError)


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


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL taken apart: whom to connect to, and how every request to it begins."""

    host: str
    port: int
    is_tls: bool
    head: bytes


@lru_cache(maxsize=_URLS_KEPT)
def _target(url: str) -> _Target:
    parsed = httpx.URL(url)
    is_tls = parsed.scheme == "https"
    port = parsed.port or (443 if is_tls else 80)
    lines = [
        b"POST %b HTTP/1.1" % parsed.raw_path,
        b"Host: %b" % parsed.netloc,
        b"Content-Type: application/json",
        b"User-Agent: %b" % _USER_AGENT.encode(),
        b"Content-Length: ",
    ]
    return _Target(parsed.raw_host.decode("ascii"), port, is_tls, b"\r\n".join(lines))


class Sender:
    """An HTTP client for callbacks: no redirects, no proxies, no cookies, only judged addresses."""

    def __init__(self, settings: Settings, tls: SSLContext, resolve: Resolver) -> None:
        self._settings = settings
        self._tls = tls
        self._resolve = resolve
        self._loop = asyncio.get_running_loop()
        self._idle: defaultdict[tuple[str, int, bool], list[_Connection]] = defaultdict(list)
        self._closing: asyncio.TimerHandle | None = None

    async def post(self, url: str, body: bytes, secret: str | None, now: datetime) -> Attempt:
        """Post one event. Any 2xx is success; everything that HTTP can do to us is an attempt with a problem."""
        try:
            target = _target(url)
            head = target.head + str(len(body)).encode()
            if secret is not None:
                head += f"\r\n{SIGNATURE_HEADER}: {signature(secret, body, now)}".encode()
            status = await self._exchange(target, head + b"\r\n\r\n" + body)
        except _EXCHANGE_ERRORS as error:
            return Attempt(_problem(error, self._settings))
        return Attempt(None if 200 <= status < 300 else f"answered {status}")

    def close(self) -> None:
        """Close what is idle; exchanges under way close theirs."""
        if self._closing is not None:
            self._closing.cancel()
        for connection in [one for idle in self._idle.values() for one in idle]:
            connection.close()
        self._idle.clear()

    async def _exchange(self, target: _Target, request: bytes) -> int:
        """The status that a listener answers with.

        A connection that was idle may have been closed at the other end just now: when nothing at all came back, the
        request goes again on a fresh one.
        """
        deadline = self._loop.time() + self._settings.delivery_timeout_seconds
        connection = self._kept(target)
        if connection is not None:
            try:
                return await self._ask(connection, target, request, deadline)
            except ConnectionResetError:
                pass
        async with asyncio.timeout_at(deadline):
            connection = await self._open(target)
        return await self._ask(connection, target, request, deadline)

    async def _ask(self, connection: _Connection, target: _Target, request: bytes, deadline: float) -> int:
        try:
            status = await connection.ask(request, deadline)
        except BaseException:
            connection.close()
            raise
        if connection.is_open:
            connection.idle_since = self._loop.time()
            self._idle[target.host, target.port, target.is_tls].append(connection)
            if self._closing is None:
                self._closing = self._loop.call_later(_IDLE_SECONDS, self._close_idle)
        return status

    def _kept(self, target: _Target) -> _Connection | None:
        idle = self._idle.get((target.host, target.port, target.is_tls))
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    def _close_idle(self) -> None:
        self._closing = None
        end = self._loop.time() - _IDLE_SECONDS
        for key, idle in list(self._idle.items()):
            for connection in idle:
                if connection.idle_since <= end:
                    connection.close()
            idle[:] = [connection for connection in idle if connection.is_open]
            if not idle:
                del self._idle[key]
        if self._idle:
            self._closing = self._loop.call_later(_IDLE_SECONDS, self._close_idle)

    async def _open(self, target: _Target) -> _Connection:
        async def connect(address: str, port: int) -> _Connection:
            tls, name = (self._tls, target.host) if target.is_tls else (None, None)
            made: tuple[asyncio.Transport, _Connection] = await self._loop.create_connection(
                lambda: _Connection(self._loop), address, port, ssl=tls, server_hostname=name
            )
            return made[1]

        return await connected(
            target.host,
            target.port,
            resolve=self._resolve,
            allow_private=self._settings.callback_allow_private,
            connect=connect,
        )


class _Connection(asyncio.Protocol):
    """One connection to a listener: a request, its answer, the next."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._status: int | None = None
        self._size = 0
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: bytes, deadline: float) -> int:
        """The status of the answer.

        Errors: ConnectionResetError when the connection was gone before anything came back; ListenerError;
                TimeoutError.
        """
        if not self.is_open:
            raise ConnectionResetError
        assert self._transport is not None, "an open connection has its transport"
        self._status, self._size = None, 0
        self._answer = self._loop.create_future()
        timer = self._loop.call_at(deadline, self._broken, TimeoutError())
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            timer.cancel()
            self._answer = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._broken(ListenerError(f"no HTTP: {error}"))
            return
        if self._size > ANSWER_BYTES_MAX and self._answer is not None and not self._answer.done():
            self._broken(ListenerError("no end of the answer's head"))

    def connection_lost(self, error: Exception | None) -> None:
        self._broken(ListenerError("closed without an answer") if self._size else ConnectionResetError("closed"))

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked: its next answer would be taken for that to another request

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._status = None  # the answer proper comes after it
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._take(status)

    def _broken(self, problem: Exception) -> None:
        """The exchange ends here. With a status the listener has answered, and what became of the rest is nothing."""
        self.close()
        if self._status is None:
            self._fail(problem)
        else:
            self._take(self._status)

    def _take(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)

    def _fail(self, problem: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(problem)


@asynccontextmanager
async def open_sender(settings: Settings, tls: SSLContext, resolve: Resolver) -> AsyncIterator[Sender]:
    """A sender for the running event loop; its connections are closed in the end."""
    sender = Sender(settings, tls, resolve)
    try:
        yield sender
    finally:
        sender.close()


def system_resolver(threads: Executor) -> Resolver:
    """Asks the system's resolver, in threads of its own: a slow name server holds up nothing but names."""

    def look_up(host: str, port: int) -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    async def resolve(host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(threads, look_up, host, port)

    return resolve


def _problem(error: Exception, settings: Settings) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {settings.delivery_timeout_seconds} s"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
