"""The files of jobs: written whole or not at all, read one document at a time from any place."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from common.domain.ids import ordered_id

# Larger files are split by whoever has them.
IMPORT_BYTES_MAX = 2**30
_CHUNK_BYTES = 2**16
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_TOKEN = re.compile(rb'["\[\]{},]')
_IN_STRING = re.compile(rb'["\\]')


class Unreadable(Exception):
    """A file that no job can read, or not to its end; the text says why."""


@dataclass(frozen=True)
class Item:
    """One document of a file.

    Shapes: `number` counts lines, or elements of the array, from 1; `content` is None when it is too large;
            `end` is where the next one starts; `is_last` when it is known that there is none.
    """

    number: int
    content: bytes | None
    end: int
    is_last: bool = False


@contextmanager
def new_file(target: Path, mark: str) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `target` when the block ends well and is gone when it does not.

    `mark` names the job: what an earlier, killed attempt of it left is cleared first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    clear_parts(target, mark)
    part = target.with_name(f".{mark}.{ordered_id()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def clear_parts(target: Path, mark: str) -> None:
    """Remove what killed attempts of a job left half-written."""
    for part in target.parent.glob(f".{mark}.*.part"):
        part.unlink(missing_ok=True)


@contextmanager
def open_file(place: Path) -> Iterator[BinaryIO]:
    """Errors: Unreadable when there is no such file, it is too large, or no plain file."""
    try:
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise Unreadable("there is no such file") from None
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("this is no plain file")
        if found.st_size > IMPORT_BYTES_MAX:
            raise Unreadable(f"the file is larger than {IMPORT_BYTES_MAX} bytes; split it")
        yield file


def read_lines(file: BinaryIO, offset: int, number: int, bytes_max: int) -> Iterator[Item]:
    """The lines of an NDJSON file from `offset` on, `number` lines into it; blank ones are passed over."""
    file.seek(offset)
    while line := file.readline(bytes_max + 2):
        number += 1
        is_whole = line.endswith(b"\n") or len(line) < bytes_max + 2
        while line and not line.endswith(b"\n") and not is_whole:
            line = file.readline(_CHUNK_BYTES)
        if number == 1:
            line = line.removeprefix(_BOM)
        content = line.strip(_BLANK) if is_whole else None
        if content != b"":
            yield Item(number, content, file.tell())


def read_elements(file: BinaryIO, offset: int, number: int, bytes_max: int) -> Iterator[Item]:
    """The elements of a JSON array from `offset` on, `number` elements into it.

    Errors: Unreadable when the file is no array, or ends within it.
    """
    offset = offset or _open_array(file)
    file.seek(offset)
    scanner = _Scanner()
    collected = bytearray()
    is_too_large = False
    while chunk := file.read(_CHUNK_BYTES):
        start = 0
        for end, is_last in scanner.ends(chunk):
            content = bytes(collected + chunk[start:end]).strip(_BLANK)
            is_too_large = is_too_large or len(content) > bytes_max
            start, number = end + 1, number + 1
            collected.clear()
            if is_last:
                _check_end(file, offset + end + 1)
            if content or not is_last or number > 1:
                yield Item(number, None if is_too_large else content, offset + end + 1, is_last)
            if is_last:
                return
            is_too_large = False
        collected += chunk[start:]
        if len(collected) > bytes_max + _CHUNK_BYTES:
            is_too_large = True
            collected.clear()
        offset += len(chunk)
    raise Unreadable("the file ends within the array")


class _Scanner:
    """Finds where elements end, across chunks."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._is_escaped = False

    def ends(self, chunk: bytes) -> Iterator[tuple[int, bool]]:
        """The places of commas between elements, and of the bracket that closes the array (True)."""
        at = 1 if self._is_escaped else 0
        self._is_escaped = False
        while at < len(chunk):
            found = (_IN_STRING if self._in_string else _TOKEN).search(chunk, at)
            if found is None:
                return
            at, token = found.end(), found[0]
            if token == b"\\":
                self._is_escaped = at == len(chunk)
                at += 1
            elif token == b'"':
                self._in_string = not self._in_string
            elif token in b"[{":
                self._depth += 1
            elif token == b"," and self._depth == 0:
                yield found.start(), False
            elif token in b"]}":
                self._depth -= 1
                if self._depth < 0:
                    yield found.start(), True
                    return


def _open_array(file: BinaryIO) -> int:
    """The place behind the opening bracket."""
    file.seek(0)
    head = file.read(_CHUNK_BYTES)
    rest = head.removeprefix(_BOM).lstrip(_BLANK)
    if not rest.startswith(b"["):
        raise Unreadable("the file is no JSON array; for one document a line say application/x-ndjson")
    return len(head) - len(rest) + 1


def _check_end(file: BinaryIO, offset: int) -> None:
    file.seek(offset)
    while chunk := file.read(_CHUNK_BYTES):
        if chunk.strip(_BLANK):
            raise Unreadable("something follows the array")


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
