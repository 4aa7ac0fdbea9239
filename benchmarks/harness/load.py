"""An HTTP load client: many keep-alive connections in a process of its own, closed loop or at a fixed rate.

What is sent is a script: a generator function that yields whole requests as bytes and is given each answer
(`Answer`). Every connection runs one generator, `script(connection, **arguments)`, so that a script can go on with
what it was answered. At a fixed rate requests start when they are due, whatever the answers; latency counts from then
(no coordinated omission).

    load = drive("benchmarks.http:gets", {"path": "..."}, port=8080, connections=32, seconds=4)
"""

from __future__ import annotations

import asyncio
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

import uvloop


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


Script = Generator[bytes, Answer, None]


@dataclass(frozen=True)
class Load:
    """What a run came to: answers a second, latencies in ms, and how many answers were not 2xx.

    Shapes: `processor_seconds` is what the client itself used, without its start.
    """

    rate: float
    p50: float
    p99: float
    answers: int
    refused: int
    processor_seconds: float


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *headers]
    if body or method in ("POST", "PATCH"):
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def drive(
    script: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    port: int,
    connections: int = 32,
    seconds: float,
    rate: float | None = None,
) -> Load:
    """Run a script in a process of its own. Errors: RuntimeError when an answer was not 2xx."""
    given = {
        **{"script": script, "arguments": dict(arguments or {}), "port": port},
        **{"connections": connections, "seconds": seconds, "rate": rate},
    }
    command = [sys.executable, "-m", "benchmarks.harness.load", json.dumps(given)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    load = Load(**json.loads(ran.stdout.splitlines()[-1]))
    if load.refused:
        raise RuntimeError(f"{load.refused} of {load.answers} answers to {script} were not 2xx")
    return load


class _Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its answer, the next."""

    def __init__(self, run: _Run, script: Script) -> None:
        self._run, self._script = run, script
        self._buffer = b""
        self._begun = 0.0
        self._ended = False
        self.is_idle = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next = next(self._script)
        self._run.ready(self)

    def begin(self, due: float) -> None:
        self.is_idle, self._begun = False, due
        self._transport.write(self._next)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        size = _length(self._buffer[:head])
        if len(self._buffer) < head + 4 + size:
            return
        answer = Answer(int(self._buffer[9:12]), self._buffer[head + 4 : head + 4 + size])
        self._buffer = b""
        self._run.answered(self._begun, answer)
        try:
            self._next = self._script.send(answer)
        except StopIteration:
            self._transport.close()
            return
        self._run.ready(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._run.lost(error)


def _length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    if place < 0:
        return 0
    return int(head[place + 15 : (head + b"\r\n").find(b"\r\n", place)])


class _Run:
    """All connections, and what they were answered."""

    def __init__(self, seconds: float, rate: float | None) -> None:
        self._rate = rate
        self._idle: list[_Connection] = []
        self._due: list[float] = []
        self.latencies: list[float] = []
        self.refused = 0
        self.failure: Exception | None = None
        self._begun = time.perf_counter()
        self._end = self._begun + seconds

    def ready(self, connection: _Connection) -> None:
        now = time.perf_counter()
        if now >= self._end:
            return
        if self._rate is None:
            connection.begin(now)
        elif self._due:
            connection.begin(self._due.pop(0))
        else:
            self._idle.append(connection)

    def answered(self, begun: float, answer: Answer) -> None:
        self.latencies.append(time.perf_counter() - begun)
        self.refused += not 200 <= answer.status < 300

    def lost(self, error: Exception | None) -> None:
        self.failure = self.failure or error

    async def pace(self) -> None:
        """Until the end; at a fixed rate, requests are begun when they are due."""
        assert self._rate is None or self._rate > 0
        count = 0
        if self._rate is not None:  # nothing was due while connections were made
            waited = time.perf_counter() - self._begun
            self._begun, self._end = self._begun + waited, self._end + waited
        while (now := time.perf_counter()) < self._end:
            while self._rate is not None and (due := self._begun + count / self._rate) <= now:
                count += 1
                if self._idle:
                    self._idle.pop(0).begin(due)
                else:
                    self._due.append(due)
            await asyncio.sleep(0.001 if self._rate else self._end - now)


async def _run(given: dict[str, Any]) -> Load:
    module, _, name = given["script"].partition(":")
    script = getattr(importlib.import_module(module), name)
    run = _Run(given["seconds"], given["rate"])
    loop = asyncio.get_running_loop()
    begun, used = time.perf_counter(), time.process_time()
    for number in range(given["connections"]):
        one = script(number, **given["arguments"])
        await loop.create_connection(partial(_Connection, run, one), "127.0.0.1", given["port"])
    await run.pace()
    spent, used = time.perf_counter() - begun, time.process_time() - used
    if run.failure is not None:
        raise run.failure
    times = sorted(run.latencies)
    if not times:
        raise RuntimeError("nothing was answered in time")
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return Load(len(times) / spent, statistics.median(times) * 1000, p99 * 1000, len(times), run.refused, used)


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_run(json.loads(sys.argv[1]))))))
