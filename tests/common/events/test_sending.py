"""The client's side of an exchange with listeners that end connections, answer strangely, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from common.events.sending import ANSWER_BYTES_MAX, Attempt, Sender, open_sender
from common.settings import Settings
from tests.common.events.toys import START

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """One request, whole; empty when the client has closed."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return b""
        head += line
    size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    return head + await reader.readexactly(size)


@asynccontextmanager
async def served(answer: Answer, seconds: int = 10) -> AsyncIterator[tuple[Sender, int, list[asyncio.Task[None]]]]:
    """A sender, the port of a listener that answers so, and its connections."""
    tasks: list[asyncio.Task[None]] = []
    settings = Settings(callback_allow_private=True, delivery_timeout_seconds=seconds)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await answer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(handle(reader, writer)))

    async def local(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        async with open_sender(settings, ssl.create_default_context(), local) as sender:
            yield sender, server.sockets[0].getsockname()[1], tasks
        await asyncio.gather(*tasks)


def exchanged(answer: Answer, count: int = 1, seconds: int = 10) -> tuple[list[Attempt], int]:
    """What came of so many posts, one after another, and how many connections they took."""

    async def run() -> tuple[list[Attempt], int]:
        async with served(answer, seconds) as (sender, port, tasks):
            url = f"http://listener.example:{port}/x"
            return [await posted(sender, url) for _ in range(count)], len(tasks)

    return asyncio.run(run())


async def posted(sender: Sender, url: str) -> Attempt:
    attempt = await sender.post(url, b"{}", None, START)
    await asyncio.sleep(0.01)  # what else the listener does arrives
    return attempt


def always(*parts: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await request_of(reader):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)

    return answer


def once(part: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(part)

    return answer


@pytest.mark.parametrize(
    "parts",
    [
        (TAKEN,),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", b"0\r\n\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", TAKEN),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 20", b"4 No Content\r\n\r\n"),
    ],
)
def test_a_connection_is_kept_for_the_next_event(parts: tuple[bytes, ...]) -> None:
    assert exchanged(always(*parts), 3) == ([Attempt()] * 3, 1)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", TAKEN, b"HTTP/1.0 200 OK\r\n\r\nuntil the end"]
)
def test_a_listener_that_closes_after_each_answer_gets_every_event_once(answer: bytes) -> None:
    assert exchanged(once(answer), 3) == ([Attempt()] * 3, 3)


def test_an_event_goes_again_when_the_connection_that_was_kept_ended_without_a_word() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(TAKEN)
        await request_of(reader)  # and closes instead of answering

    assert exchanged(answer, 3) == ([Attempt()] * 3, 3)


def test_a_new_connection_that_ends_without_a_word_is_a_failed_attempt() -> None:
    [attempt], connections = exchanged(once(b""))

    assert attempt.problem == "ConnectionResetError: closed"
    assert connections == 1


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    refused = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"

    assert exchanged(always(TAKEN + refused), 2) == ([Attempt()] * 2, 2)
    assert exchanged(always(TAKEN, refused), 2) == ([Attempt()] * 2, 2)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "ListenerError: no HTTP"),
        (b"HTTP/1.1 204", "ListenerError: closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2 * ANSWER_BYTES_MAX, "ListenerError: no end of the answer's head"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "answered 101"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "answered 302"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\ncut", "answered 500"),
    ],
)
def test_what_is_no_acceptance_is_a_problem(answer: bytes, problem: str) -> None:
    [attempt], _ = exchanged(once(answer))

    assert attempt.problem is not None
    assert attempt.problem.startswith(problem)


def test_a_body_without_end_is_left_there() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 2 * ANSWER_BYTES_MAX

    assert exchanged(always(endless), 2) == ([Attempt()] * 2, 2)


def test_the_time_limit_holds_for_each_exchange_on_a_kept_connection() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(TAKEN)
        await request_of(reader)
        await asyncio.sleep(1.5)

    attempts, _ = exchanged(answer, 2, seconds=1)

    assert attempts == [Attempt(), Attempt("no answer within 1 s")]


def test_who_has_answered_and_never_ends_has_taken_the_event() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        await asyncio.sleep(1.5)

    assert exchanged(answer, 2, seconds=1) == ([Attempt()] * 2, 2)


def test_a_listener_that_changes_the_protocol_is_no_fault_of_ours() -> None:
    faults: list[object] = []

    async def run() -> Attempt:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        switched = once(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx")
        async with served(switched) as (sender, port, _):
            return await posted(sender, f"http://listener.example:{port}/x")

    assert (asyncio.run(run()), faults) == (Attempt("answered 101"), [])


def test_a_listener_behind_tls_has_to_speak_it() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no TLS at all")

    async def run() -> Attempt:
        async with served(answer) as (sender, port, _):
            return await sender.post(f"https://listener.example:{port}/x", b"{}", None, START)

    problem = asyncio.run(run()).problem

    assert problem is not None
    assert problem.startswith("SSLError")
