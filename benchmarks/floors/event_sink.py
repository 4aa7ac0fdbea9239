"""Listeners on one port that check what they get, as cheap as a listener can be.

The path of a callback says how it is answered: `/N/take` at once, `/N/slow` after a while, `/N/refuse` with 503,
`/N/hang` never. Bodies carry `"resource/number"` as their version: the numbers of one resource have to come as
1, 2, 3 ... to each listener; one that came before is a repetition, one that comes too early means that one is missing
or that the order is wrong. `GET /report` says what came so far, as JSON.

    python -m benchmarks.floors.event_sink PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import uvloop

SLOW_SECONDS = 0.2
_MARK = b'"version":"'
_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
_REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Received:
    """What one listener got: how many in order, how many again, how many out of order, and when (s)."""

    count: int = 0
    repeated: int = 0
    disordered: int = 0
    first: float = 0.0
    last: float = 0.0
    numbers: dict[bytes, int] = field(default_factory=dict)

    def note(self, body: bytes) -> None:
        start = body.index(_MARK) + len(_MARK)
        resource, _, number = body[start : body.index(b'"', start)].partition(b"/")
        before, given = self.numbers.get(resource, 0), int(number)
        if given <= before:
            self.repeated += 1
            return
        self.disordered += given != before + 1
        self.numbers[resource] = given
        self.count += 1
        self.last = time.perf_counter()
        self.first = self.first or self.last


class Sink(asyncio.Protocol):
    """One keep-alive connection of a sender."""

    listeners: dict[bytes, Received] = {}  # noqa: RUF012  the sink is one for all connections

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        place = head.lower().find(b"content-length:")
        size = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._buffer) < end + 4 + size:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + size], b""
        self._answer(head.split(b" ", 2)[1].split(b"/"), body)

    def _answer(self, path: list[bytes], body: bytes) -> None:
        if path[-1] == b"report":
            self._report()
            return
        if path[-1] in (b"take", b"slow"):
            self.listeners.setdefault(path[1], Received()).note(body)
        if path[-1] == b"take":
            self._transport.write(_TAKEN)
        elif path[-1] == b"slow":
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._transport.write, _TAKEN)
        elif path[-1] == b"refuse":
            self._transport.write(_REFUSED)

    def _report(self) -> None:
        found: dict[str, Any] = {name.decode(): asdict(one) for name, one in self.listeners.items()}
        for one in found.values():
            del one["numbers"]
        text = json.dumps(found).encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
