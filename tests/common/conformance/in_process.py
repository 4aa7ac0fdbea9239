"""The suite in process as a server for the kit, and a listener that makes its deliveries happen when it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from common.conformance.listener import HttpListener, Received
from common.serving import delivery_worker
from tests.client import Suite

ADDRESS = "http://bss.example"


class InProcess(httpx.BaseTransport):
    """Hands requests to an ASGI application; each in an event loop of its own, from any thread."""

    def __init__(self, application: Any) -> None:
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._handled(request))

    async def _handled(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._transport.handle_async_request(sent)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content, request=request)


class PumpedListener(HttpListener):
    """Takes what the suite's own worker delivers, and has it deliver when somebody waits.

    `mutate` says what becomes of each delivery: the bodies that arrive instead of it.
    """

    def __init__(self, suite: Suite, mutate: Callable[[str, bytes], list[bytes]] = lambda path, body: [body]) -> None:
        super().__init__(seconds=0)
        self._worker = delivery_worker(suite.installation)
        self._mutate = mutate

    def wait(self, name: str, enough: Callable[[list[Received]], bool]) -> list[Received]:
        while asyncio.run(self._worker.step()):
            pass
        return super().wait(name, enough)

    def settle(self) -> None:
        """All is settled once the worker has nothing left to do."""

    def close(self) -> None:
        super().close()
        self._worker.close()

    def _take(self, path: str, content: bytes) -> None:
        for body in self._mutate(path, content):
            super()._take(path, body)
