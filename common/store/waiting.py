"""How a statement waits for its answer.

A thread sleeps until the database answers. A call that is carried out by `Together` shares the event loop's thread:
where it waits others go on, and nobody is woken (docs/decisions/0018). Such a call may wait for nothing else. Whatever
would make it, says so (`leave`), and the call is made anew by a thread; so only calls that change nothing are shared.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from greenlet import getcurrent, greenlet

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class NeedsThread(Exception):
    """Only a thread may go on."""


@dataclass
class _Place:
    """Where calls of a loop run. Greenlets are kept: a new one asks the system for a stack of Python's frames."""

    free: asyncio.Semaphore
    idle: list[Any] = field(default_factory=list)


class Together:
    """So many calls at once in the thread of an event loop; each loop has its own."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, _Place] = WeakKeyDictionary()

    async def run(self, call: Callable[[Given], Answer], given: Given) -> Answer:
        """What a call returns or raises.

        Errors: NeedsThread when a thread has to make it from its beginning.
        """
        loop = asyncio.get_running_loop()
        place = self._places.get(loop)
        if place is None:
            place = self._places.setdefault(loop, _Place(asyncio.Semaphore(self._count)))
        async with place.free:
            caller = place.idle.pop() if place.idle else _caller()
            told = caller.switch(call, given)
            while not isinstance(told, _Outcome):  # it is the socket that it waits for
                try:
                    await _readable(loop, told)
                except BaseException as error:  # nobody waits for the answer any more
                    told = caller.throw(error)
                else:
                    told = caller.switch()
            place.idle.append(caller)
        if told.error is not None:
            raise told.error
        answer: Answer = told.answer
        return answer


class _Outcome(NamedTuple):
    answer: Any
    error: BaseException | None


def _caller() -> Any:
    """A greenlet that makes one call after another, and switches to its parent whenever it would wait."""
    caller = greenlet(_call)
    caller.is_shared = True
    return caller


def _call(call: Callable[[Any], Any], given: Any) -> None:
    parent = getcurrent().parent
    while True:
        try:
            told = _Outcome(call(given), None)
        except BaseException as error:  # whoever waits for it is told
            told = _Outcome(None, error)
        del call, given
        call, given = parent.switch(told)


def is_shared() -> bool:
    """Whether this is a call of `Together`."""
    return hasattr(getcurrent(), "is_shared")


def leave() -> None:
    """What comes takes long, or waits for something: not in a shared thread. Errors: NeedsThread."""
    if is_shared():
        raise NeedsThread


def until_readable(socket: int) -> None:
    """Wait until a socket has something to be read."""
    if is_shared():
        getcurrent().parent.switch(socket)
        return
    poller = select.poll()
    poller.register(socket, select.POLLIN)
    poller.poll()


async def _readable(loop: asyncio.AbstractEventLoop, socket: int) -> None:
    future: asyncio.Future[None] = loop.create_future()
    loop.add_reader(socket, _settle, future)
    try:
        await future
    finally:
        loop.remove_reader(socket)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
