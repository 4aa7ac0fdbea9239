"""The threads that handlers run on, and the way there and back from the event loop.

`loop.run_in_executor` with a ThreadPoolExecutor does the same with two futures and their locks for each call, which
costs as much as asking the database for one document (docs/decisions/0011).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")
_Call = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[Any], Any], Any]


class Threads:
    """So many threads, started when they are first needed. They end with the process."""

    def __init__(self, count: int, name: str) -> None:
        self._count, self._name = count, name
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._started: list[threading.Thread] = []

    async def run(self, call: Callable[[Given], Answer], given: Given) -> Answer:
        """What a call returns or raises, made on one of the threads."""
        if len(self._started) < self._count:
            thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._started)}", daemon=True)
            self._started.append(thread)
            thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._calls.put((loop, future, call, given))
        return await future

    def _work(self) -> None:
        while True:
            loop, future, call, given = self._calls.get()
            try:
                answer, error = call(given), None
            except BaseException as raised:  # whoever waits for it is told
                answer, error = None, raised
            with suppress(RuntimeError):  # the loop was closed meanwhile, and nobody waits
                loop.call_soon_threadsafe(_settle, future, answer, error)
            del loop, future, call, given, answer, error  # nothing is kept until the next call


def _settle(future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
    if future.done():  # whoever waited was cancelled
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(answer)
