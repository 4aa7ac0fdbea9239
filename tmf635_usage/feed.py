"""A file of usage taken in, chunk by chunk, so that it can be stopped anywhere and go on from there.

After each chunk's transaction the refused records are appended to the reject file, then the checkpoint says how far
the file was taken. Who dies between the two takes that chunk again: its keys make its records duplicates, and the
reject file is cut to what the checkpoint knows. So received = created + duplicates + refused, however often it died.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from common import exact_json
from common.domain.query import Document
from common.errors import BssError, InvalidBody, MalformedJson, Violation
from tmf635_usage.ingest import CHUNK, REFUSED, Outcome, chunks
from tmf635_usage.reading import source_key
from tmf635_usage.sources import Columns, Place, Read, read_file

# Enough of a file's beginning to tell it from another one.
_HEAD_BYTES = 4_096

Take = Callable[[Sequence[Document | BssError]], list[Outcome]]
# Has records taken; what it gives waits for their outcomes.
Begin = Callable[[Sequence[Document | BssError]], Callable[[], list[Outcome]]]


class OtherFile(ValueError):
    """A checkpoint that is not of this file."""


@dataclass(frozen=True)
class Taken:
    """How far a file was taken, and what became of its records.

    Shapes: `results` counts outcomes (created, duplicate, refused); `states` those of created usages with the code of
            why they wait or were rejected (`rated`, `rejected no.price`); `rejects` is the size of the reject file.
    """

    offset: int = 0
    line: int = 0
    received: int = 0
    results: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    rejects: int = 0
    head: str = ""
    head_bytes: int = 0


@dataclass(frozen=True)
class Feed:
    """A file, where its refused records and its checkpoint go, and what takes its records (`begin`: has them taken)."""

    file: Path
    rejects: Path
    checkpoint: Path
    take: Take
    columns: Columns = field(default_factory=Columns)
    size: int = CHUNK
    begin: Begin | None = None

    def run(self, *, from_start: bool = False) -> Iterator[Taken]:
        """How far it is: at the beginning and after each chunk.

        Errors: OtherFile; MappingRefused; OSError; ServerError, and then the last checkpoint stands.
        """
        taken = Taken() if from_start else self._resumed()
        with self.rejects.open("ab") as rejected:
            rejected.truncate(taken.rejects)
            yield taken
            records = read_file(self.file, self.columns, Place(taken.offset, taken.line))
            for chunk, outcomes in self._in_turn(chunks(records, self.size)):
                taken = self._noted(taken, chunk, outcomes, rejected)
                self._keep(taken)
                yield taken
        if not taken.results.get(REFUSED):
            self.rejects.unlink(missing_ok=True)

    def _in_turn(self, parts: Iterator[list[Read]]) -> Iterator[tuple[list[Read], list[Outcome]]]:
        """Each chunk with what became of it. Where others take it, the next one is read meanwhile."""
        if self.begin is None:
            for chunk in parts:
                yield chunk, self.take([keyed(one.record) for one in chunk])
            return
        present: list[Read] = next(parts, [])
        while present:
            outcomes = self.begin([keyed(one.record) for one in present])
            following = next(parts, [])
            yield present, outcomes()
            present = following

    def _noted(self, taken: Taken, chunk: list[Read], outcomes: list[Outcome], rejected: IO[bytes]) -> Taken:
        results, states = Counter(taken.results), Counter(taken.states)
        for one, outcome in zip(chunk, outcomes, strict=True):
            results[outcome.result] += 1
            if outcome.result == REFUSED:
                rejected.write(exact_json.encode(self._reject(one, outcome)) + b"\n")
            elif outcome.status is not None:
                states[" ".join(filter(None, (outcome.status, outcome.code)))] += 1
        rejected.flush()
        os.fsync(rejected.fileno())
        after = chunk[-1].after
        return replace(
            taken,
            offset=after.offset,
            line=after.line,
            received=taken.received + len(chunk),
            results=dict(results),
            states=dict(states),
            rejects=os.fstat(rejected.fileno()).st_size,
        )

    def _reject(self, one: Read, outcome: Outcome) -> Document:
        """A refused record with its reasons, and as it was written, to be mended and sent again."""
        whole = one.raw.encode("utf-8", "replace").decode()
        told: Document = {"file": self.file.name, "line": one.line, "code": outcome.code, "message": outcome.message}
        if outcome.id is not None:
            told["id"] = outcome.id
        if outcome.violations:
            told["errors"] = [asdict(violation) for violation in outcome.violations]
        return {**told, "record": whole}

    def _resumed(self) -> Taken:
        if not self.checkpoint.exists():
            return Taken()
        try:
            kept: Any = exact_json.decode(self.checkpoint.read_bytes())
            taken = Taken(**kept)
        except (MalformedJson, TypeError) as error:
            raise OtherFile(f"{self.checkpoint} is no checkpoint; remove it, or take from the start") from error
        if _head(self.file, taken.head_bytes) != taken.head or self.file.stat().st_size < taken.offset:
            raise OtherFile(f"{self.checkpoint} is of another file than {self.file}; remove it, or take from the start")
        return taken

    def _keep(self, taken: Taken) -> None:
        """Written beside and moved into place: a checkpoint is there as a whole."""
        size = min(taken.offset, _HEAD_BYTES)
        whole = replace(taken, head=_head(self.file, size), head_bytes=size)
        beside = self.checkpoint.with_name(self.checkpoint.name + ".new")
        with beside.open("wb") as file:
            file.write(exact_json.encode(asdict(whole)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.checkpoint)


def _head(path: Path, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(size)).hexdigest()


def keyed(record: Document | BssError) -> Document | BssError:
    """A record of a file or a stream has a key: without one, taking it again would count it twice."""
    if isinstance(record, BssError) or not isinstance(record.get("externalIdentifier", []), list):
        return record
    if source_key(record) is not None:
        return record
    told = "a record of a file or stream has an externalIdentifier (column externalId), so that it counts once"
    return InvalidBody([Violation("/externalIdentifier", "required", told)])
