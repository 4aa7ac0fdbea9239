"""A chunk of usages taken by several processes at once, each with its share of the products.

Records that name the same product, or the same number where they name none, always go to the same process, which rates
them in the order of their times as one process alone would. Products that share allowances or tiers may be of different
shares; they wait for each other in the database. An answer is given when every share is committed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any
from zlib import crc32

from common.collecting import seldom_collecting
from common.domain.query import Document
from common.errors import BssError, ClientError, Unavailable
from common.exact_json import decode_own, encode
from common.installation import Installation
from common.settings import Settings
from tmf635_usage.feed import Take
from tmf635_usage.ingest import Ingest, Outcome, refused
from tmf635_usage.reading import whose


class ProcessLost(RuntimeError):
    """A process that took a share ended; what it took and did not tell is known by its keys."""


@dataclass
class Processes:
    """So many processes, each with an installation of its own; they end with the one that began them."""

    settings: Settings
    count: int
    assumed: Mapping[str, Any]

    def __enter__(self) -> Processes:
        spawning = multiprocessing.get_context("spawn")
        self._ends: list[Connection] = []
        self._workers = []
        for _ in range(self.count):
            ours, theirs = spawning.Pipe()
            worker = spawning.Process(target=_work, args=(theirs, self.settings, self.assumed), daemon=True)
            worker.start()
            theirs.close()
            self._ends.append(ours)
            self._workers.append(worker)
        return self

    @property
    def pids(self) -> list[int]:
        """Their numbers for the system."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in self._ends:
            end.close()
        for worker in self._workers:
            worker.join()

    def begin(self, records: Sequence[Document | BssError]) -> Callable[[], list[Outcome]]:
        """Have each process take its share; what gives the outcomes of all, in their order.

        Errors: Unavailable when a process could not take its share, once the outcomes are asked for; ProcessLost.
        """
        shares: list[list[int]] = [[] for _ in range(self.count)]
        found: dict[int, Outcome] = {}
        for place, record in enumerate(records):
            if isinstance(record, ClientError):
                found[place] = refused(record)
            else:
                shares[share_of(record, self.count)].append(place)
        for end, places in zip(self._ends, shares, strict=True):
            with _telling():
                end.send([encode(records[place]) for place in places])

        def outcomes() -> list[Outcome]:
            failures: list[str] = []
            for end, places in zip(self._ends, shares, strict=True):
                with _telling():
                    answer = end.recv()
                if isinstance(answer, str):
                    failures.append(answer)
                else:
                    found.update(zip(places, answer, strict=True))
            if failures:
                raise Unavailable(failures[0])
            return [found[place] for place in range(len(records))]

        return outcomes


def share_of(record: Any, count: int) -> int:
    """Which of so many shares a record belongs to: by whom it names first."""
    return crc32(whose(record).encode("utf-8", "replace")) % count if isinstance(record, dict) else 0


@contextmanager
def _telling() -> Any:
    try:
        yield
    except (EOFError, OSError) as error:
        raise ProcessLost("a process that took records in has ended; do the same again") from error


def _work(end: Connection, settings: Settings, assumed: Mapping[str, Any]) -> None:
    """Take shares until nobody sends any more."""
    installation = Installation.assemble(settings)
    installation.open_store()
    take: Take = Ingest.of(installation, assumed=assumed).take
    with seldom_collecting():
        while True:
            try:
                share = end.recv()
            except EOFError:
                return
            try:
                answer: Any = take([decode_own(one) for one in share])
            except BssError as error:
                answer = str(error)
            end.send(answer)
