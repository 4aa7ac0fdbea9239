"""The threads of handlers."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from common.rest.threads import Threads


def test_calls_run_at_the_same_time_on_so_many_threads() -> None:
    threads, names, meeting = Threads(3, "toy"), set[str](), threading.Barrier(3, timeout=10)

    def meet(number: int) -> int:
        names.add(threading.current_thread().name)
        meeting.wait()
        return number

    async def several() -> list[int]:
        return await asyncio.gather(*(threads.run(meet, number) for number in range(9)))

    assert asyncio.run(several()) == list(range(9))
    assert names == {"toy-0", "toy-1", "toy-2"}


def test_what_a_call_raises_is_raised_where_it_is_awaited() -> None:
    threads = Threads(1, "toy")

    with pytest.raises(ZeroDivisionError):
        asyncio.run(threads.run(lambda number: 1 // number, 0))
    assert asyncio.run(threads.run(lambda number: 1 // number, 1)) == 1


def test_who_no_longer_waits_disturbs_nobody() -> None:
    threads = Threads(1, "toy")

    async def give_up() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(time.sleep, 0.1), 0.01)
        return await threads.run(lambda number: number, 7)

    assert asyncio.run(give_up()) == 7
